/*
 * Giving up root: becoming another user for good.
 */
#ifndef ANKLET_POSIX_USER_H
#define ANKLET_POSIX_USER_H

#include <sys/types.h>

struct user {
	char name[64]; /* as the system has it; "": it has a number only, and no groups */
	uid_t uid;
	gid_t gid;
};

/* Looks up a user of this system by its name, or else its number. Returns NULL, or why not. */
const char *user_find(const char *name, struct user *user);

/*
 * Root gives him the socket at that path, if there is one, so that he can open it, and remove it where its directory is
 * his, too. Nothing but a socket with that one name is ever given away. Returns NULL, or why not.
 */
const char *user_give(const struct user *user, const char *path);

/*
 * Becomes that user with its groups, and makes sure that there is no way back.
 * Who is that user already stays as it is. Returns NULL, or why not: the process
 * may then have given up a part, and is to end.
 */
const char *user_become(const struct user *user);

#endif
