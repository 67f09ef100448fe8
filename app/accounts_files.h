/*
 * What only the files' reader of accounts has, for its test.
 */
#ifndef ANKLET_ACCOUNTS_FILES_H
#define ANKLET_ACCOUNTS_FILES_H

#include "accounts.h"

#define ACCOUNTS_GROUPS_MAX 256 /* of one user: a kilobyte of stack, once */

/*
 * The groups of a user with a name: its own first, then in the order of /etc/group.
 * How many there are; or -1 and errno, which is E2BIG where more than max have it.
 */
int accounts_groups(const struct user *user, gid_t *group, int max);

#endif
