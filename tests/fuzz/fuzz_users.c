/*
 * The file of users, whatever is in it: who is in it is let in with the password that stands there, and with no other.
 *
 * And a name and a password as a client sends them, in pieces: the first byte says how long these are.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "policy/users.h"
#include "protocol/request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void expect(bool holds)
{
	if (!holds)
		abort();
}

/* ---- The file ---- */

static struct users users;

static bool proves(
	const uint8_t *name, size_t name_len, const uint8_t *password, size_t len, char last)
{
	char userid[CONFIG_ANKLET_USERID_MAX + 1] = {0}, passwd[CONFIG_ANKLET_NAME_MAX + 1] = {0};

	memcpy(userid, name, name_len);
	memcpy(passwd, password, len);
	if (last != '\0')
		passwd[len > 0 ? len - 1 : len++] ^= last;
	return users_prove(&users, userid, name_len, passwd, len);
}

static void check_line(const uint8_t *line, size_t len)
{
	const uint8_t *colon = memchr(line, ':', len);
	size_t name_len;

	if (len == 0 || line[0] == '#')
		return;
	expect(colon != NULL && colon > line);
	name_len = (size_t)(colon - line);
	len -= name_len + 1;
	expect(users_hold(&users, (const char *)line, name_len));
	if (len >= sizeof USERS_HASH - 1 &&
		memcmp(colon + 1, USERS_HASH, sizeof USERS_HASH - 1) == 0)
		return; /* of which nobody here knows the password */
	expect(proves(line, name_len, colon + 1, len, '\0'));
	expect(len == 0 || !proves(line, name_len, colon + 1, len - 1, '\0'));
	expect(len == CONFIG_ANKLET_NAME_MAX || !proves(line, name_len, colon + 1, len, '\x01'));
}

static void check_file(const uint8_t *data, size_t len)
{
	char words[160];
	struct text why;

	text_init(&why, words, sizeof words);
	if (!users_read(&users, data, len, &why)) {
		expect(why.len > 0 && !why.cut);
		return;
	}
	while (len > 0) {
		const uint8_t *end = memchr(data, '\n', len);
		size_t line = end != NULL ? (size_t)(end - data) : len;

		check_line(data, line);
		line += end != NULL;
		data += line;
		len -= line;
	}
}

/* ---- The message ---- */

struct outcome {
	struct request_reader reader;
	struct request r;
	size_t used;
	enum parse answer;
};

static void read_in_pieces(struct outcome *o, const uint8_t *data, size_t len, size_t piece)
{
	memset(o, 0, sizeof *o);
	o->r.version = SOCKS5;
	o->answer = PARSE_MORE;
	while (o->answer == PARSE_MORE && o->used < len) {
		size_t n = len - o->used < piece ? len - o->used : piece, used;

		o->answer =
			request_read(STAGE_PASSWORD, &o->reader, &o->r, data + o->used, n, &used);
		expect(used <= n && (o->answer != PARSE_MORE || used == n));
		o->used += used;
	}
}

static void check_message(const uint8_t *data, size_t len, size_t piece)
{
	struct outcome whole, cut;

	read_in_pieces(&whole, data, len, len);
	read_in_pieces(&cut, data, len, piece);
	expect(whole.answer == cut.answer && whole.used == cut.used);
	expect(memcmp(&whole.r, &cut.r, sizeof whole.r) == 0);
	expect((whole.answer == PARSE_MALFORMED) == (whole.reader.error != REQUEST_OK));
	if (whole.answer != PARSE_DONE)
		return;
	expect(whole.r.userid_len == data[1] && whole.r.name_len == data[2 + data[1]]);
	expect(whole.used == 3u + whole.r.userid_len + whole.r.name_len);
	expect(memcmp(whole.r.userid, data + 2, whole.r.userid_len) == 0);
	expect(memcmp(whole.r.name, data + 3 + whole.r.userid_len, whole.r.name_len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	if (len < 2)
		return 0;
	if (!CONFIG_ANKLET_PASSWORDS)
		return 0;
	check_file(data + 1, len - 1);
	check_message(data + 1, len - 1, data[0] % 32u + 1u);
	return 0;
}
