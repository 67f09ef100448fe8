/*
 * Accounts as libc knows them, from whatever directory the system is set up with.
 * See accounts.h.
 */
#define _DEFAULT_SOURCE /* initgroups() and setgroups() are in no standard */
#include "accounts.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stddef.h>
#include <unistd.h>

#include "base/text.h"

int accounts_find(const char *name, struct user *user)
{
	const struct passwd *entry;
	struct text t;

	errno = 0;
	entry = name != NULL ? getpwnam(name) : getpwuid(user->uid);
	if (entry == NULL)
		return errno == 0 || errno == ENOENT ? 0 : -1;
	*user = (struct user){.uid = entry->pw_uid, .gid = entry->pw_gid};
	text_init(&t, user->name, sizeof user->name);
	text_str(&t, entry->pw_name);
	if (!t.cut)
		return 1;
	errno = ENAMETOOLONG;
	return -1;
}

int accounts_join_groups(const struct user *user)
{
	return user->name[0] != '\0' ? initgroups(user->name, user->gid) : setgroups(0, NULL);
}
