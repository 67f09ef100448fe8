/*
 * accounts_files: every account of this system is found as libc finds it, and what is
 * none is not.
 */
#define _DEFAULT_SOURCE /* getgrouplist() */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <grp.h>
#include <pwd.h>

#include "../../app/accounts_files.h"
#include "../skip.h"

#define ACCOUNTS_MAX 1000 /* compared at most */

static void same_account(const struct passwd *entry)
{
	struct user by_name, by_number = {.uid = entry->pw_uid};

	assert_int_equal(accounts_find(entry->pw_name, &by_name), 1);
	assert_string_equal(by_name.name, entry->pw_name);
	assert_int_equal(by_name.uid, entry->pw_uid);
	assert_int_equal(by_name.gid, entry->pw_gid);
	assert_int_equal(accounts_find(NULL, &by_number), 1);
	assert_string_equal(by_number.name, getpwuid(entry->pw_uid)->pw_name);
}

static void finds_each_as_libc_does(void **state)
{
	char name[ACCOUNTS_MAX][sizeof((struct user *)0)->name];
	const struct passwd *entry;
	size_t count = 0;

	(void)state;
	setpwent();
	while (count < ACCOUNTS_MAX && (entry = getpwent()) != NULL)
		if (strlen(entry->pw_name) < sizeof name[0])
			strcpy(name[count++], entry->pw_name);
	endpwent();
	assert_true(count > 0);
	for (size_t i = 0; i < count; i++)
		same_account(getpwnam(name[i]));
}

static bool has(const gid_t *group, int count, gid_t wanted)
{
	for (int i = 0; i < count; i++)
		if (group[i] == wanted)
			return true;
	return false;
}

/* The same groups, each once; a libc may name the user's own twice. */
static void same_groups(const gid_t *ours, int our_count, const gid_t *theirs, int their_count)
{
	for (int i = 0; i < our_count; i++) {
		assert_true(has(theirs, their_count, ours[i]));
		assert_false(has(ours, i, ours[i]));
	}
	for (int i = 0; i < their_count; i++)
		assert_true(has(ours, our_count, theirs[i]));
}

static void finds_the_groups_that_libc_finds(void **state)
{
	gid_t ours[ACCOUNTS_GROUPS_MAX], theirs[ACCOUNTS_GROUPS_MAX];
	const struct group *entry;
	int compared = 0;

	(void)state;
	setgrent();
	while ((entry = getgrent()) != NULL && compared < ACCOUNTS_MAX)
		for (char **member = entry->gr_mem; *member != NULL; member++) {
			struct user user;
			int count, expected = ACCOUNTS_GROUPS_MAX;

			if (accounts_find(*member, &user) != 1)
				continue;
			getgrouplist(*member, user.gid, theirs, &expected);
			count = accounts_groups(&user, ours, ACCOUNTS_GROUPS_MAX);
			assert_true(count > 0);
			assert_int_equal(ours[0], user.gid);
			same_groups(ours, count, theirs, expected);
			errno = 0;
			assert_int_equal(accounts_groups(&user, ours, 1), count == 1 ? 1 : -1);
			assert_int_equal(errno, count == 1 ? 0 : E2BIG);
			compared++;
		}
	endgrent();
	if (compared == 0)
		skip_because("nobody here is in a second group");
}

static void what_is_no_account_is_not_found(void **state)
{
	static const char *const none[] = {
		"", "no-such-user", "roo", "root:", "root:x", "x", "0", "#"};
	struct user user = {.uid = 0};

	(void)state;
	for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
		assert_int_equal(accounts_find(none[i], &user), 0);
	user.uid = 4123456789u;
	assert_int_equal(accounts_find(NULL, &user), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_each_as_libc_does),
		cmocka_unit_test(finds_the_groups_that_libc_finds),
		cmocka_unit_test(what_is_no_account_is_not_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
