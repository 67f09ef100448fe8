/*
 * The accounts of this system, for --user: libc's (accounts_system.c), or read
 * from /etc by ourselves (accounts_files.c), where a static libc brings ten
 * kilobytes for it and knows no more than these files.
 */
#ifndef ANKLET_ACCOUNTS_H
#define ANKLET_ACCOUNTS_H

#include "user.h"

/*
 * The account of that name or, where name is NULL, of user->uid. 1: *user is its
 * name, its number and its group. 0: there is none. -1: it could not be found
 * out, and errno says why.
 */
int accounts_find(const char *name, struct user *user);

/*
 * Gives the process user's groups: its own and those that list its name; without
 * a name, none but its own. 0, or -1 and errno. Root's to do.
 */
int accounts_join_groups(const struct user *user);

#endif
