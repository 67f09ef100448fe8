/*
 * Accounts as /etc/passwd and /etc/group have them. See accounts.h, and passwd(5)
 * and group(5) for the lines; one that is longer than LINES_LINE_MAX or has not
 * all its fields is no account.
 */
#define _DEFAULT_SOURCE /* setgroups() is in no standard */
#include "accounts_files.h"

#include <errno.h>
#include <grp.h>
#include <string.h>
#include <unistd.h>

#include "base/address.h"
#include "base/text.h"
#include "lines.h"

#define FILE_MAX (4u << 20) /* bytes read of each: some 50,000 accounts */
#define FIELDS 4            /* name, password, then uid and gid, or gid and members */

/* Takes what stands before the next 'end', or all there is; *rest begins after it. */
static struct word take(struct word *rest, char end)
{
	const char *at = memchr(rest->at, end, rest->len);
	struct word field = {rest->at, at != NULL ? (size_t)(at - rest->at) : rest->len};
	size_t taken = field.len + (at != NULL);

	*rest = (struct word){rest->at + taken, rest->len - taken};
	return field;
}

/* The next line with all its fields; the last of them ends where the next would begin. */
static bool next_entry(struct lines *lines, struct word field[FIELDS])
{
	struct word line;

	/* Bounded by what lines_open() lets be read. */
	while (lines_next(lines, &line)) {
		int count = 0;

		while (count < FIELDS && line.len > 0)
			field[count++] = take(&line, ':');
		if (count == FIELDS - 1) /* a group without members ends in a colon */
			field[count++] = line;
		if (count == FIELDS && field[0].len > 0)
			return true;
	}
	return false;
}

static bool id_parse(struct word field, uint32_t *id)
{
	/* (uid_t)-1 is what setuid() and others take for 'leave it'. */
	return number_parse(field.at, field.len, UINT32_MAX - 1, id);
}

int accounts_find(const char *name, struct user *user)
{
	struct word field[FIELDS];
	struct lines lines;
	uint32_t uid, gid;
	struct text t;
	int found = 0;

	if (!lines_open(&lines, "/etc/passwd", FILE_MAX))
		return errno == ENOENT ? 0 : -1;
	while (found == 0 && next_entry(&lines, field)) {
		if (!id_parse(field[2], &uid) || !id_parse(field[3], &gid) ||
			!(name != NULL ? word_is(field[0], name) : uid == user->uid))
			continue;
		*user = (struct user){.uid = uid, .gid = gid};
		text_init(&t, user->name, sizeof user->name);
		text_bytes(&t, field[0].at, field[0].len);
		found = t.cut ? -1 : 1;
	}
	lines_close(&lines);
	if (found < 0)
		errno = ENAMETOOLONG;
	return found;
}

static bool has_member(struct word members, const char *name)
{
	while (members.len > 0) /* each round takes a name or a comma */
		if (word_is(take(&members, ','), name))
			return true;
	return false;
}

int accounts_groups(const struct user *user, gid_t *group, int max)
{
	struct word field[FIELDS];
	struct lines lines;
	uint32_t gid;
	int count = 0;

	group[count++] = user->gid;
	if (!lines_open(&lines, "/etc/group", FILE_MAX))
		return errno == ENOENT ? count : -1;
	while (count >= 0 && next_entry(&lines, field)) {
		if (!id_parse(field[2], &gid) || gid == user->gid ||
			!has_member(field[3], user->name))
			continue;
		if (count == max)
			errno = E2BIG;
		count = count < max ? count + 1 : -1;
		if (count > 0)
			group[count - 1] = gid;
	}
	lines_close(&lines);
	return count;
}

int accounts_join_groups(const struct user *user)
{
	gid_t group[ACCOUNTS_GROUPS_MAX];
	int count = 0;

	if (user->name[0] != '\0')
		count = accounts_groups(user, group, ACCOUNTS_GROUPS_MAX);
	return count < 0 ? -1 : setgroups((size_t)count, group);
}
