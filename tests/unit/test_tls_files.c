/*
 * Settings and files of TLS: each error by its exact text.
 */
#define _XOPEN_SOURCE 700
#include "tls_pair.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tls/mbedtls.h"

#define AS_TEXT(number) #number
#define TEXT_OF(macro) AS_TEXT(macro)
#define LIMIT TEXT_OF(MBEDTLS_SSL_OUT_CONTENT_LEN)
#define RUN(test) cmocka_unit_test_setup_teardown(test, start_port, stop_port)

/* Written below 'scratch', a directory of the test's own. */
static char scratch[] = "/tmp/test_tls.XXXXXX";

static const char *scratch_name(const char *name)
{
	static char path[8][80];
	static unsigned next;
	char *at = path[next++ % 8];

	(void)snprintf(at, sizeof path[0], "%s/%s", scratch, name);
	return at;
}

static void write_file(const char *name, const char *text, size_t len)
{
	FILE *file = fopen(scratch_name(name), "w");

	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, len, file), len);
	assert_int_equal(fclose(file), 0);
}

/* Loads what cannot be loaded: the answer, and what it says in 'said'. */
static char said[300];

static int refused(const struct tls_settings *settings)
{
	struct tls_context *context = (struct tls_context *)said;
	struct text why;
	int answer;

	text_init(&why, said, sizeof said);
	answer = tls_load(&context, &port, settings, &why);
	assert_int_not_equal(answer, 0);
	assert_ptr_equal(context, said);
	assert_false(why.cut);
	return answer;
}

struct bad {
	const char *cert, *key, *ca, *psk, *alpn;
	const char *words;
};

#define CRITICAL "a critical extension that is not known, or a broken one"
#define KIND "a key or a signature of a kind that is not supported"
#define OWN FILES "server.pem", FILES "server.key"

static const struct bad bads[] = {
	{"", "", "", "", "", "a server needs cert, or psk"},
	{"", FILES "server.key", "", "", "", "key is given without cert"},
	{FILES "none.pem", "", "", "", "", FILES "none.pem: no such file"},
	{FILES "server.pem", FILES "none.key", "", "", "", FILES "none.key: no such file"},
	{FILES "server.pem/x", "", "", "", "", FILES "server.pem/x: no such file"},
	{"tests/tls", "", "", "", "", "tests/tls: the file cannot be read"},
	{"no\nsuch", "", "", "", "", "no\\x0asuch: no such file"},
	{FILES "server.key", "", "", "", "", FILES "server.key: no certificate in it"},
	{FILES "server.pem", "", "", "", "",
		FILES "server.pem: no private key in it that can be read"},
	{FILES "server.pem", FILES "psk.txt", "", "", "",
		FILES "psk.txt: no private key in it that can be read"},
	{FILES "server.pem", FILES "locked.key", "", "", "",
		FILES
		"locked.key: the key is protected by a password, for which nobody can be asked"},
	{FILES "server.pem", FILES "other.key", "", "", "",
		FILES "other.key: the key does not belong to the certificate in " FILES
		      "server.pem"},
	{OWN, FILES "none.pem", "", "", FILES "none.pem: no such file"},
	{OWN, FILES "server.key", "", "", FILES "server.key: no certificate in it"},
	{FILES "spoilt.pem", FILES "server.key", "", "", "",
		FILES "spoilt.pem: certificate number 2 in it cannot be read"},
	{OWN, FILES "critical_ca.pem", "", "",
		FILES "critical_ca.pem: certificate number 1 in it has " CRITICAL},
	{OWN, FILES "ed25519_ca.pem", "", "",
		FILES "ed25519_ca.pem: certificate number 1 in it has " KIND},
	{FILES "ed25519_ca.pem", FILES "server.key", "", "", "",
		FILES "ed25519_ca.pem: certificate number 1 in it has " KIND},
	{"", "", "", FILES "none.txt", "", FILES "none.txt: no such file"},
	{"", "", "", FILES "server.pem", "",
		FILES
		"server.pem: not a line IDENTITY:KEY with a key of 16 to 64 bytes in hexadecimal"},
	{OWN, FILES "ca.pem", FILES "psk.txt", "",
		"ca and psk exclude each other: who uses the psk shows no certificate"},
	{OWN, "", "", "a,,b", "alpn: names of 1 to 255 bytes with commas between them"},
	{OWN, "", "", "a,", "alpn: names of 1 to 255 bytes with commas between them"},
	{OWN, "", "", "1,2,3,4,5,6,7,8,9", "alpn: more than 8 protocols"},
};

static void bad_settings_are_named(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof bads / sizeof bads[0]; i++) {
		const struct bad *bad = &bads[i];
		struct tls_settings settings = {.server = true,
			.cert = bad->cert,
			.key = bad->key,
			.ca = bad->ca,
			.psk = bad->psk,
			.alpn = bad->alpn};

		assert_int_equal(refused(&settings), TLS_BAD_SETTINGS);
		assert_string_equal(said, bad->words);
	}
}

static void a_file_that_may_not_be_read(void **state)
{
	struct tls_settings settings = server_settings;
	char words[200];

	(void)state;
	write_file("secret", "x", 1);
	settings.cert = scratch_name("secret");
	(void)snprintf(words, sizeof words, "%s: permission denied", settings.cert);
	assert_int_equal(chmod(settings.cert, 0), 0);
	/* Root may read everything: then somebody else tries. */
	if (geteuid() == 0) {
		assert_int_equal(chmod(scratch, 0755), 0);
		assert_int_equal(seteuid(65534), 0);
	}
	assert_int_equal(refused(&settings), TLS_BAD_SETTINGS);
	if (getuid() == 0)
		assert_int_equal(seteuid(0), 0);
	assert_string_equal(said, words);
}

/* ---- Shared keys ---- */

#define KEY16 "000102030405060708090a0b0c0d0e0f"
#define KEY48 KEY16 KEY16 KEY16
#define NOT_A_KEY "not a line IDENTITY:KEY with a key of 16 to 64 bytes in hexadecimal"

static void shared_keys(void **state)
{
	static const struct {
		const char *text;
		bool good;
	} files[] = {
		{"me:" KEY16 "\n", true},
		{"me:" KEY16, true},
		{"me:" KEY16 " \r\nanything", true},
		{"me:" KEY48, true},
		{"m:e:" KEY16, true},
		{"me:000102030405060708090A0B0C0D0E0F", true},
		{"", false},
		{"\n", false},
		{":" KEY16, false},
		{"me:", false},
		{"me:000102030405060708090a0b0c0d0e", false},
		{"me:" KEY16 "0", false},
		{"me:" KEY16 "0g", false},
		{"me: " KEY16, false},
		{"me:" KEY48 KEY16 "10", false},
		{KEY16, false},
	};
	struct tls_settings settings = {
		.server = true, .cert = "", .key = "", .ca = "", .alpn = ""};
	char words[200];

	(void)state;
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		struct tls_context *context;

		write_file("psk", files[i].text, strlen(files[i].text));
		settings.psk = scratch_name("psk");
		if (files[i].good) {
			context = load(&settings);
			tls_unload(&context);
			continue;
		}
		(void)snprintf(words, sizeof words, "%s: %s", settings.psk, NOT_A_KEY);
		assert_int_equal(refused(&settings), TLS_BAD_SETTINGS);
		assert_string_equal(said, words);
	}
}

/* ---- Lists ---- */

/* One certificate of ours after many bytes that are none, so that it lies across what is shown at once. */
static void a_certificate_anywhere(void **state)
{
	static char text[140000];
	struct tls_settings settings = client_settings;
	char pem[2000];
	FILE *file = fopen(FILES "ca.pem", "r");
	size_t len;

	(void)state;
	assert_non_null(file);
	len = fread(pem, 1, sizeof pem, file);
	(void)fclose(file);
	memset(text, '#', sizeof text);
	for (size_t at = 64000; at < 66500; at += 7) {
		struct tls_context *context;

		memset(text + at - 7, '#', len + 7);
		memcpy(text + at, pem, len);
		write_file("list", text, sizeof text);
		settings.ca = scratch_name("list");
		context = load(&settings);
		tls_unload(&context);
	}
	write_file("list", text, 66492 + 100); /* cut in the middle */
	assert_int_equal(refused(&settings), TLS_BAD_SETTINGS);
	assert_non_null(strstr(said, "list: certificate number 1 in it cannot be read"));
}

/* Many of them, over several pieces; the last one counts too. */
static void a_long_list(void **state)
{
	static char text[400000];
	struct tls_settings settings = client_settings;
	FILE *other = fopen(FILES "other_ca.pem", "r"), *own = fopen(FILES "ca.pem", "r");
	size_t len, at = 0;
	struct pair pair;

	(void)state;
	assert_true(other != NULL && own != NULL);
	len = fread(text, 1, 2000, other);
	for (at = len; at < sizeof text - 2 * len; at += len)
		memcpy(text + at, text, len);
	at += fread(text + at, 1, len + 100, own);
	(void)fclose(other);
	(void)fclose(own);
	write_file("long", text, at);
	settings.ca = scratch_name("long");
	pair = (struct pair){.context = {load(&settings), load(&server_settings)}};
	make_pair(&pair, "server.test");
	close_pair(&pair);
	unload_pair(&pair);
}

/* The files one after the other. */
static size_t put_together(char *text, size_t size, const char *const *names)
{
	size_t len = 0;

	for (; *names != NULL; names++) {
		FILE *file = fopen(*names, "r");

		assert_non_null(file);
		len += fread(text + len, 1, size - len, file);
		(void)fclose(file);
	}
	return len;
}

/* What cannot be used among authorities is passed over and told; the others count. */
static void some_that_cannot_be_read(void **state)
{
	static const struct {
		const char *names[6];
		const char *words;
	} lists[] = {
		{{FILES "critical_ca.pem", FILES "ca.pem"},
			"number 1 in it has " CRITICAL "; it is not used"},
		{{FILES "other_ca.pem", FILES "ed25519_ca.pem", FILES "ca.pem"},
			"number 2 in it has " KIND "; it is not used"},
		{{FILES "ca.pem", FILES "ed25519_ca.pem", FILES "critical_ca.pem",
			 FILES "spoilt.pem"},
			"number 2 in it has " KIND "; it and 2 more are not used"},
		{{FILES "ca.pem", FILES "spoilt.pem"},
			"number 3 in it cannot be read; it is not used"},
	};
	struct tls_settings settings = client_settings;
	char text[8000], warned[300], expected[300];

	(void)state;
	settings.ca = scratch_name("ca");
	for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
		struct pair pair = {.context = {NULL, load(&server_settings)}};
		size_t len = put_together(text, sizeof text, lists[i].names);
		struct text why;

		write_file("ca", text, len);
		text_init(&why, warned, sizeof warned);
		assert_int_equal(tls_load(&pair.context[0], &port, &settings, &why), 0);
		(void)snprintf(expected, sizeof expected, "%s: certificate %s", settings.ca,
			lists[i].words);
		assert_string_equal(warned, expected);
		make_pair(&pair, "server.test");
		close_pair(&pair);
		unload_pair(&pair);
	}
}

/* As many of one's own as can be sent are sent, in one message; with one more there is no start. */
static void a_long_chain_of_our_own(void **state)
{
	static char text[64000];
	struct tls_settings settings = server_settings;
	size_t len = put_together(text, sizeof text, (const char *[]){FILES "server.pem", NULL});
	struct pair pair = {.context = {load(&client_settings), NULL}};
	struct text why;
	int answer;

	(void)state;
	settings.cert = scratch_name("cert");
	for (int n = 0;; n++) {
		write_file("cert", text, len);
		text_init(&why, said, sizeof said);
		answer = tls_load(&pair.context[1], &port, &settings, &why);
		if (answer != 0)
			break;
		assert_true(n < 50);
		for (int v = 0; v < 2; v++) {
			mbedtls_ssl_conf_max_tls_version(&pair.context[1]->conf,
				v ? MBEDTLS_SSL_VERSION_TLS1_3 : MBEDTLS_SSL_VERSION_TLS1_2);
			make_pair(&pair, "server.test");
			close_pair(&pair);
		}
		tls_unload(&pair.context[1]);
		len += put_together(
			text + len, sizeof text - len, (const char *[]){FILES "ca.pem", NULL});
	}
	assert_int_equal(answer, TLS_BAD_SETTINGS);
	assert_non_null(strstr(said, "/cert: its certificates take "));
	assert_non_null(strstr(said, " bytes, and no more than " LIMIT " can be sent"));
	tls_unload(&pair.context[0]);
}

/* ---- Text ---- */

/* A file of ours as it comes out of an editor or a mail: with 'before' and 'after' each line's content. */
static const char *as_edited(
	const char *from, const char *name, const char *before, const char *after)
{
	static char text[8000];
	char line[200];
	size_t len = 0;
	FILE *file = fopen(from, "r");

	assert_non_null(file);
	while (fgets(line, sizeof line, file) != NULL) {
		int n = snprintf(text + len, sizeof text - len, "%s%.*s%s", before,
			(int)strcspn(line, "\n"), line, after);

		assert_true(n > 0 && (size_t)n < sizeof text - len);
		len += (size_t)n;
	}
	(void)fclose(file);
	write_file(name, text, len);
	return scratch_name(name);
}

/* RFC 7468, section 2: certificates, authorities, keys. */
static void blanks_and_ends_of_lines(void **state)
{
	static const char *const ends[] = {"\n", " \n", "  \n", "\t\n", " \t \n", "\r\n", "   \r\n",
		"\t\r\n", "\r", " \r", "\v\f\n", "\n\n", " \n \t\n"};

	(void)state;
	for (size_t i = 0; i < 2 * sizeof ends / sizeof ends[0]; i++) {
		const char *before = i % 2 == 0 ? "" : " \t", *after = ends[i / 2];
		struct tls_settings server = server_settings, client = client_settings;
		struct pair pair;

		server.cert = as_edited(FILES "chain.pem", "cert", before, after);
		server.key = as_edited(FILES "chain.key", "key", before, after);
		client.ca = as_edited(FILES "bundle.pem", "ca", before, after);
		pair = (struct pair){.context = {load(&client), load(&server)}};
		make_pair(&pair, "server.test");
		close_pair(&pair);
		unload_pair(&pair);
		server.cert = as_edited(FILES "both.pem", "cert", before, after);
		server.key = "";
		pair.context[1] = load(&server);
		tls_unload(&pair.context[1]);
	}
}

static int make_scratch(void **state)
{
	(void)state;
	return mkdtemp(scratch) != NULL ? 0 : -1;
}

static int remove_scratch(void **state)
{
	static const char *const names[] = {"secret", "psk", "list", "long", "cert", "key", "ca"};

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		(void)unlink(scratch_name(names[i]));
	return rmdir(scratch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RUN(bad_settings_are_named),
		RUN(a_file_that_may_not_be_read),
		RUN(shared_keys),
		RUN(a_certificate_anywhere),
		RUN(a_long_list),
		RUN(some_that_cannot_be_read),
		RUN(a_long_chain_of_our_own),
		RUN(blanks_and_ends_of_lines),
	};

	return cmocka_run_group_tests(tests, make_scratch, remove_scratch);
}
