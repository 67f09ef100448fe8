/*
 * Giving up root. See user.h.
 */
#define _GNU_SOURCE /* O_PATH */
#include "user.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "accounts.h"
#include "base/address.h"

const char *user_find(const char *name, struct user *user)
{
	uint32_t uid;
	int found = accounts_find(name, user);

	/* (uid_t)-1 is what setuid() and others take for 'leave it'. */
	if (found == 0 && number_parse(name, strlen(name), UINT32_MAX - 1, &uid)) {
		*user = (struct user){.uid = (uid_t)uid, .gid = (gid_t)uid};
		(void)accounts_find(NULL, user);
		return NULL; /* a number needs no account; its group then has the same one */
	}
	if (found > 0)
		return NULL;
	return found == 0 ? "there is no such user" : strerror(errno);
}

#ifdef O_PATH
/* Whoever may write to the directory could put something else there: so it is looked at and given by its descriptor. */
const char *user_give(const struct user *user, const char *path)
{
	int fd = geteuid() == 0 ? open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC) : -1;
	struct stat status;
	const char *why = NULL;

	if (fd < 0)
		return geteuid() == 0 ? strerror(errno) : NULL;
	if (fstat(fd, &status) != 0 || !S_ISSOCK(status.st_mode) || status.st_nlink != 1)
		why = "the socket of control was replaced by something else";
	else if (fchownat(fd, "", user->uid, user->gid, AT_EMPTY_PATH) != 0)
		why = strerror(errno);
	close(fd);
	return why;
}
#else
/* It stays root's, who is the only one to use it: nothing here is sure to give away just that. */
const char *user_give(const struct user *user, const char *path)
{
	(void)user;
	(void)path;
	return NULL;
}
#endif

const char *user_become(const struct user *user)
{
	uid_t now = geteuid();

	if (now != 0)
		return getuid() == user->uid && now == user->uid
			       ? NULL
			       : "only root can become another user";
	if (user->uid == 0)
		return NULL;
	/* The groups first: who is not root any more cannot change them. */
	if (accounts_join_groups(user) != 0 || setgid(user->gid) != 0 || setuid(user->uid) != 0)
		return strerror(errno);
	if (getgid() != user->gid)
		return "the system has left the group as it was";
	if (setuid(0) == 0) /* which whoever still is root, or can be it again, may do */
		return "root could still be regained";
	return NULL;
}
