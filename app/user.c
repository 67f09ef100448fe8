/*
 * Giving up root. See user.h.
 */
#define _DEFAULT_SOURCE /* initgroups() and setgroups() are in no standard */
#include "user.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "base/address.h"
#include "base/text.h"

const char *user_find(const char *name, struct user *user)
{
	const struct passwd *entry;
	struct text t;
	uint32_t uid;

	errno = 0;
	entry = getpwnam(name);
	/* (uid_t)-1 is what setuid() and others take for 'leave it'. */
	if (entry == NULL && number_parse(name, strlen(name), UINT32_MAX - 1, &uid)) {
		*user = (struct user){.uid = (uid_t)uid, .gid = (gid_t)uid};
		entry = getpwuid(user->uid);
		if (entry == NULL)
			return NULL; /* a number needs no entry; its group then has the same one */
	}
	if (entry == NULL)
		return errno == 0 || errno == ENOENT ? "there is no such user" : strerror(errno);
	*user = (struct user){.uid = entry->pw_uid, .gid = entry->pw_gid};
	text_init(&t, user->name, sizeof user->name);
	text_str(&t, entry->pw_name);
	return t.cut ? "its name is too long" : NULL;
}

const char *user_become(const struct user *user)
{
	if (geteuid() != 0)
		return getuid() == user->uid && geteuid() == user->uid
			       ? NULL
			       : "only root can become another user";
	if (user->uid == 0)
		return NULL;
	/* The groups first: who is not root any more cannot change them. */
	if ((user->name[0] != '\0' ? initgroups(user->name, user->gid) : setgroups(0, NULL)) != 0 ||
		setgid(user->gid) != 0 || setuid(user->uid) != 0)
		return strerror(errno);
	if (getuid() != user->uid || geteuid() != user->uid || getgid() != user->gid ||
		getegid() != user->gid)
		return "the system says it has been done, but it has not";
	if (setuid(0) == 0 || seteuid(0) == 0)
		return "root could still be regained";
	return NULL;
}
