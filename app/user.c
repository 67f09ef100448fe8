/*
 * Giving up root. See user.h.
 */
#define _DEFAULT_SOURCE /* initgroups() is in no standard */
#include "user.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

const char *user_find(const char *name, struct user *user)
{
	const struct passwd *entry;

	errno = 0;
	entry = getpwnam(name);
	if (entry == NULL)
		return errno == 0 || errno == ENOENT ? "there is no such user" : strerror(errno);
	*user = (struct user){.name = name, .uid = entry->pw_uid, .gid = entry->pw_gid};
	return NULL;
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
	if (initgroups(user->name, user->gid) != 0 || setgid(user->gid) != 0 ||
		setuid(user->uid) != 0)
		return strerror(errno);
	if (getuid() != user->uid || geteuid() != user->uid || getgid() != user->gid ||
		getegid() != user->gid)
		return "the system says it has been done, but it has not";
	if (setuid(0) == 0 || seteuid(0) == 0)
		return "root could still be regained";
	return NULL;
}
