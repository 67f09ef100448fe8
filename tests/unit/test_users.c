/*
 * users: the file and its mistakes, passwords, and who guesses.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "guard.h"
#include "policy/users.h"
#include "room.h"
#include "tls/tls.h"

static struct users users;
static char words[200];

/* Reads the file flush against a page that cannot be read. */
static bool read_text(const void *text, size_t len)
{
	uint8_t *file = guard_copy(text, len);
	struct text why;
	bool right;

	text_init(&why, words, sizeof words);
	right = users_read(&users, file, len, &why);
	guard_free(file, len);
	return right;
}

static bool read_str(const char *text)
{
	return read_text(text, strlen(text));
}

/* As a request holds them: there is room for the longest. */
static bool prove(const char *name, const char *password)
{
	char userid[CONFIG_ANKLET_USERID_MAX + 1] = {0}, passwd[CONFIG_ANKLET_NAME_MAX + 1] = {0};

	memcpy(userid, name, strlen(name));
	memcpy(passwd, password, strlen(password));
	return users_prove(&users, userid, strlen(name), passwd, strlen(password));
}

static void the_right_password_and_no_other(void **state)
{
	(void)state;
	needs(CONFIG_ANKLET_PASSWORDS);
	assert_true(read_str("# who may in\n\nfred:secret\nwilma:\nbam:a:b c\n"));
	assert_true(users.given);
	assert_true(prove("fred", "secret"));
	assert_true(prove("wilma", ""));
	assert_true(prove("bam", "a:b c"));
	assert_false(prove("fred", ""));
	assert_false(prove("fred", "secre"));
	assert_false(prove("fred", "secret1"));
	assert_false(prove("fred", "Secret"));
	assert_false(prove("wilma", "secret"));
	assert_false(prove("barney", ""));
	assert_false(prove("", ""));
	assert_false(prove("fre", "dsecret"));
	assert_false(prove("freds", "ecret"));
}

/* Lengths count, not NULs: what a client sends after one is part of it. */
static void a_nul_ends_nothing(void **state)
{
	char userid[CONFIG_ANKLET_USERID_MAX + 1] = "fred";
	char passwd[CONFIG_ANKLET_NAME_MAX + 1] = "secret\0x";

	(void)state;
	needs(CONFIG_ANKLET_PASSWORDS);
	assert_true(read_str("fred:secret"));
	assert_true(users_prove(&users, userid, 4, passwd, 6));
	assert_false(users_prove(&users, userid, 4, passwd, 8));
	assert_false(users_prove(&users, userid, 5, passwd, 6));
}

static void whose_name_it_is(void **state)
{
	(void)state;
	needs(CONFIG_ANKLET_PASSWORDS);
	assert_true(read_str("fred:secret\nwilma:"));
	assert_true(users_hold(&users, "fred", 4));
	assert_true(users_hold(&users, "wilma", 5));
	assert_false(users_hold(&users, "wilm", 4));
	assert_false(users_hold(&users, "", 0));
	assert_true(read_str(""));
	assert_true(users.given);
	assert_false(users_hold(&users, "fred", 4));
}

static void mistakes(void **state)
{
	static const struct {
		const char *text, *words;
	} rows[] = {
		{"fred\n", "line 1: there is no ':': write NAME:PASSWORD"},
		{"a:b\n\n#c\n:secret\n", "line 4: there is no name: write NAME:PASSWORD"},
		{"fred:secret\r\n",
			"line 1: a control character: write NAME:PASSWORD, and end lines "
			"with LF alone"},
		{"fr\ted:secret", "line 1: a control character: write NAME:PASSWORD, and end lines "
				  "with LF alone"},
		{"fred:a\nwilma:b\nfred:c\n",
			"line 3: that user stands there twice: leave one line"},
	};

	(void)state;
	needs(CONFIG_ANKLET_PASSWORDS);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		assert_false(read_str(rows[i].text));
		assert_string_equal(words, rows[i].words);
	}
}

static void lengths(void **state)
{
	char line[CONFIG_ANKLET_USERID_MAX + CONFIG_ANKLET_NAME_MAX + 3];

	(void)state;
	needs(CONFIG_ANKLET_PASSWORDS && CONFIG_ANKLET_USERS >= 1024);
	memset(line, 'n', sizeof line);
	line[CONFIG_ANKLET_USERID_MAX] = ':';
	assert_true(read_text(line, CONFIG_ANKLET_USERID_MAX + 1 + CONFIG_ANKLET_NAME_MAX));
	assert_true(users_prove(&users, line, CONFIG_ANKLET_USERID_MAX,
		line + CONFIG_ANKLET_USERID_MAX + 1, CONFIG_ANKLET_NAME_MAX));
	assert_false(read_text(line, CONFIG_ANKLET_USERID_MAX + 1 + CONFIG_ANKLET_NAME_MAX + 1));
	assert_non_null(strstr(words, "the password is longer than"));
	memmove(line + 1, line, sizeof line - 1);
	assert_false(read_text(line, sizeof line));
	assert_non_null(strstr(words, "the name is longer than"));
}

static void no_room(void **state)
{
	char text[2 * (CONFIG_ANKLET_USERS + 1) + 16];
	size_t len = 0;
	unsigned fit = CONFIG_ANKLET_USERS / (2 + 3);

	(void)state;
	needs(CONFIG_ANKLET_PASSWORDS && CONFIG_ANKLET_USERS / 5 < 26 * 26 * 26);
	for (unsigned i = 0; i <= fit; i++) {
		char name[] = {(char)('a' + i % 26), (char)('a' + i / 26 % 26),
			(char)('a' + i / 26 / 26), ':', '\n'};

		if (i == fit) {
			assert_true(read_text(text, len));
			assert_true(prove("aaa", ""));
		}
		memcpy(text + len, name, sizeof name);
		len += sizeof name;
	}
	assert_false(read_text(text, len));
	assert_non_null(
		strstr(words, ": no room for so many: they are more than CONFIG_ANKLET_USERS"));
}

/* ---- Hashes ---- */

#define HASHED \
	"sha256$NaCl$1ae64ea46f1b1656b372cb1fc25e17402040909e093a7640a11f2039b073a3d5" /* of "secret" */

static const char file_of_hashes[] = "fred:sha256$NaCl$"
				     "1ae64ea46f1b1656b372cb1fc25e17402040909e093a7640a11f2039b073a"
				     "3d5\n"
				     "wilma:sha256$$"
				     "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b"
				     "855\n" /* of nothing, without a salt */
				     "bam:sha256$"
				     "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
				     "xxx$"
				     "0BFFD69BB3196A42E5489C494869C16A136812753AB64F6B47351246C94B3"
				     "9CA\n"; /* of "p w:" */

static void a_hash_stands_for_a_password(void **state)
{
	(void)state;
	needs(CONFIG_ANKLET_PASSWORDS && CONFIG_ANKLET_NAME_MAX >= 140 &&
		CONFIG_ANKLET_USERS >= 512);
	if (!ANKLET_HAS_TLS || !tls_built) {
		assert_false(read_str(file_of_hashes));
		assert_string_equal(words, "line 1: a hash needs TLS, which is not built in: write "
					   "the password itself");
		return;
	}
	assert_true(read_str(file_of_hashes));
	assert_true(prove("fred", "secret"));
	assert_false(prove("fred", "Secret"));
	assert_false(prove("fred", "secret "));
	assert_false(prove("fred", "secre"));
	assert_false(prove("fred", ""));
	assert_false(prove("wilma", "secret"));
	assert_true(prove("wilma", ""));
	assert_true(prove("bam", "p w:"));
	assert_false(prove("barney", "secret"));
}

/* The hash itself is no password. */
static void a_hash_is_not_what_is_sent(void **state)
{
	(void)state;
	needs(CONFIG_ANKLET_PASSWORDS && CONFIG_ANKLET_NAME_MAX >= 140 &&
		CONFIG_ANKLET_USERS >= 512 && ANKLET_HAS_TLS && CONFIG_ANKLET_TLS_STREAMS > 0);
	assert_true(read_str(file_of_hashes));
	assert_false(prove("fred", HASHED));
	assert_false(prove("fred", &HASHED[sizeof "sha256$NaCl$" - 1]));
}

static void broken_hashes(void **state)
{
	static const char *const lines[] = {"a:sha256$", "a:sha256$NaCl$",
		"a:sha256$"
		"1ae64ea46f1b1656b372cb1fc25e17402040909e093a7640a11f2039b073a3d5",
		"a:sha256$NaCl$"
		"1ae64ea46f1b1656b372cb1fc25e17402040909e093a7640a11f2039b073a3d5"
		"0",
		"a:sha256$Na$Cl$"
		"1ae64ea46f1b1656b372cb1fc25e17402040909e093a7640a11f2039b073a3d5",
		"a:sha256$xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx$"
		"1ae64ea46f1b1656b372cb1fc25e17402040909e093a7640a11f2039b073a3d5",
		"a:sha256$NaCl$g"
		"ae64ea46f1b1656b372cb1fc25e17402040909e093a7640a11f2039b073a3d5"};

	(void)state;
	needs(CONFIG_ANKLET_PASSWORDS && CONFIG_ANKLET_NAME_MAX >= 140);
	if (!ANKLET_HAS_TLS || !tls_built)
		return;
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		assert_false(read_str(lines[i]));
		assert_string_equal(words, "line 1: a hash is 'sha256$', a salt, '$' and 64 "
					   "hexadecimal digits");
	}
}

/* ---- Guessing ---- */

static struct ip host(unsigned n)
{
	return ip_v4(192, 0, 2, (uint8_t)n);
}

static void wrong(unsigned from, unsigned times, uint64_t now)
{
	struct ip key = host(from);

	for (unsigned i = 0; i < times; i++)
		users_note_wrong(&users, &key, now);
}

static bool guesses(unsigned from, uint64_t now)
{
	struct ip key = host(from);

	return users_is_guessing(&users, &key, now);
}

static void five_in_a_minute_and_none_for_a_minute(void **state)
{
	(void)state;
	needs(CONFIG_ANKLET_PASSWORDS);
	assert_true(read_str(""));
	wrong(1, 4, 1000);
	assert_false(guesses(1, 1000));
	wrong(1, 1, 50000);
	assert_true(guesses(1, 50000) && guesses(1, 50000 + USERS_GUESSES_MS - 1));
	assert_false(guesses(2, 50000));
	assert_false(guesses(1, 50000 + USERS_GUESSES_MS));
	wrong(1, 4, 200000); /* they begin anew */
	assert_false(guesses(1, 200000));
	wrong(1, 1, 200000);
	assert_true(guesses(1, 200000));
}

static void four_in_a_minute_are_forgotten(void **state)
{
	(void)state;
	needs(CONFIG_ANKLET_PASSWORDS);
	assert_true(read_str(""));
	for (uint64_t now = 1000; now < 1000000; now += USERS_GUESSES_MS) {
		wrong(1, 4, now);
		assert_false(guesses(1, now));
	}
}

/* The oldest of eight is forgotten for a ninth, and nobody else. */
static void the_oldest_gives_way(void **state)
{
	(void)state;
	needs(CONFIG_ANKLET_PASSWORDS);
	assert_true(read_str(""));
	for (unsigned i = 0; i < USERS_GUESSERS; i++)
		wrong(10 + i, USERS_GUESSES, 1000 + i);
	for (unsigned i = 0; i < USERS_GUESSERS; i++)
		assert_true(guesses(10 + i, 2000));
	wrong(99, USERS_GUESSES, 2000);
	assert_true(guesses(99, 2000));
	assert_false(guesses(10, 2000));
	for (unsigned i = 1; i < USERS_GUESSERS; i++)
		assert_true(guesses(10 + i, 2000));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_right_password_and_no_other),
		cmocka_unit_test(a_nul_ends_nothing),
		cmocka_unit_test(whose_name_it_is),
		cmocka_unit_test(mistakes),
		cmocka_unit_test(lengths),
		cmocka_unit_test(no_room),
		cmocka_unit_test(a_hash_stands_for_a_password),
		cmocka_unit_test(a_hash_is_not_what_is_sent),
		cmocka_unit_test(broken_hashes),
		cmocka_unit_test(five_in_a_minute_and_none_for_a_minute),
		cmocka_unit_test(four_in_a_minute_are_forgotten),
		cmocka_unit_test(the_oldest_gives_way),
	};

	return cmocka_run_group_tests_name("users", tests, NULL, NULL);
}
