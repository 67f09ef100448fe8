/*
 * config: how an error is shown, whatever the line and the source look like.
 */
#include "config_reading.h"

static void every_error_of_a_file_in_its_place(void **state)
{
	(void)state;
	assert_int_equal(read_text("user a\"b\nuser bob\nlimit-idle\n"), 2);
	assert_reported(
		"anklet.conf:1:6: 'a\"b' is invalid: expected the name or number of a user "
		"of this system\n"
		"    user a\"b\n"
		"         ^~~\n"
		"anklet.conf:3:11: 'limit-idle' needs a value: expected a time from 10ms to "
		"480h: 30s, 5min, 2h; 0 is no limit\n"
		"    limit-idle\n"
		"              ^\n");
	assert_string_equal(string_table_at(&config.strings, config.user), "bob");
}

static void a_nul_is_an_error_and_ends_nothing(void **state)
{
	static const char text[] = "user bobb\0\nuser \"\n";

	(void)state;
	assert_int_equal(read_bytes(text, sizeof text - 1), 2);
	assert_non_null(strstr(reported, "anklet.conf:1:10: unexpected byte"));
	assert_non_null(strstr(reported, "\n    user bobb?\n"
					 "             ^\n"));
	assert_int_equal(config.user, STRING_NONE);
}

/* A long line is shown around the caret: its start, its middle, its end. */
static void windows_of_long_lines(void **state)
{
	(void)state;
	read_text("bogus 6789012345678901234567890123456789012345678901234567890123456789012345");
	assert_non_null(strstr(reported, "\n    bogus 67890123456789012345678901234567890123456789"
					 "0123456789012345678901...\n    ^~~~~\n"));
	read_text("allow                                                         oops"
		  "                                                                  to it");
	assert_non_null(strstr(reported, "anklet.conf:1:63: "));
	assert_non_null(strstr(reported, "\n    ...                                oops          "
					 "                          ...\n"
					 "                                       ^~~~\n"));
	/* 32 bytes before the caret, where there are more */
	read_text(
		"allow                            oops                                          ");
	assert_non_null(strstr(reported, "\n    ...llow                            oops"));
	read_text(
		"allow                           oops                                           ");
	assert_non_null(strstr(reported, "\n    allow                           oops"));
	read_text("allow                                                         to it"
		  "                                                                  oops");
	assert_non_null(strstr(reported,
		"\n    ...it"
		"                                                                  oops\n"
		"         "
		"                                                                  ^~~~\n"));
	read_text("listen 345678901234567890123456789012345678901234567890123456789012345678901"
		  "234567890");
	assert_non_null(strstr(reported,
		"\n    listen 34567890123456789012345678901234567890123456789012345678901234567..."
		"\n           "
		"^~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~\n"));
}

static void long_words_are_cut_in_the_message(void **state)
{
	(void)state;
	read_text("source aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeee");
	assert_non_null(
		strstr(reported, " 'aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeee' is invalid"));
	read_text("source aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeee");
	assert_non_null(strstr(
		reported, " 'aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeee...' is invalid"));
}

/* A source's name is somebody's too: no escape sequence of it reaches a terminal. */
static void the_name_of_the_source(void **state)
{
	char long_name[5000];

	(void)state;
	reported_len = 0;
	assert_int_equal(config_read(&config, "--ca\x1b\n", "user a\"b", 8, collect, &reports), 1);
	assert_int_equal(strncmp(reported, "--ca??:1:6: 'a\"b' is invalid", 28), 0);
	memset(long_name, 'n', sizeof long_name);
	long_name[sizeof long_name - 1] = '\0';
	reported_len = 0;
	config_read(&config, long_name, "bogus", 5, collect, &reports);
	assert_int_equal(strncmp(reported, "...nnn", 6), 0);
	assert_non_null(strstr(reported, "nnn:1:1: unknown keyword 'bogus'"));
	if (CONFIG_ANKLET_HINTS)
		assert_non_null(
			strstr(reported, CONFIG_ANKLET_CONTROL  ? "log, status, control or user\n"
					 : CONFIG_ANKLET_STATUS ? "log, status or user\n"
								: "log or user\n"));
}

static bool is_built(const char *keyword)
{
	int found = name_find(IS(KEYWORD), (struct word){keyword, strlen(keyword)});

	assert_true(found >= 0);
	return name_is_built((unsigned)found, config.tls);
}

static void the_nearest_word(void **state)
{
	static const char *const cases[][2] = {{"Listen", "listen"}, {"listne", "listen"},
		{"listenn", "listen"}, {"alow", "allow"}, {"allows", "allow"}, {"Deny", "deny"},
		{"limit_idle", "limit-idle"}, {"limit-halfclosed", "limit-half-closed"},
		{"bindports", "bind-ports"}, {"dnss", "dns"}, {"use", "user"}, {"ln", NULL},
		{"x", NULL}, {"listening", NULL}, {"limit", NULL},
		{"abcdefghijklmnopqrstuvwxyz", NULL}};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char expected[64];
		bool found;

		read_text(cases[i][0]);
		snprintf(expected, sizeof expected, "': did you mean '%s'?\n",
			cases[i][1] != NULL ? cases[i][1] : "");
		found = CONFIG_ANKLET_HINTS && cases[i][1] != NULL && is_built(cases[i][1]);
		if ((strstr(reported, expected) != NULL) != found)
			fail_msg("%s", reported);
		assert_int_equal(strstr(reported, "did you mean") != NULL, found);
	}
}

/* There is room for the longest of them, or a sanitizer says so. */
static void every_name_is_near_to_itself(void **state)
{
	(void)state;
	for (unsigned i = 0; i < NAMES; i++) {
		struct word word = {name_text(i), strlen(name_text(i))};

		assert_int_equal(name_distance(name_text(i), word), 0);
		assert_in_range(word.len, 2, 24);
	}
}

/* Every kind and every type has its text, and the longest report fits. */
static void every_error_has_its_texts(void **state)
{
	char wrong[200];

	(void)state;
	memset(wrong, 'w', sizeof wrong);
	for (int kind = ERROR_NONE + 1; kind <= ERROR_TAKEN_BEFORE; kind++) {
		bool expects = kind <= ERROR_PROHIBITED,
		     setting = kind == ERROR_DISABLED || kind == ERROR_FULL;
		int most = expects ? VALUE_ASCII : setting ? SETTING_CONFIG_TEXT : NAMES - 1;

		for (int about = 1; about <= most; about++) {
			struct config_error error = {.kind = (uint8_t)kind,
				.about = (uint8_t)about,
				.at = {wrong, sizeof wrong},
				.word = {wrong, sizeof wrong},
				.tls = true,
				.number = UINT32_MAX};
			char buf[512];
			struct text t;

			text_init(&t, buf, sizeof buf);
			text_error(&t, &error);
			assert_true(t.len > 5 && !t.cut);
			reported_len = 0;
			error_report("anklet.conf", 1, error.at, &error, collect, &reports);
			assert_int_equal(reported[reported_len - 1], '\n');
			assert_true(strstr(reported, buf) != NULL);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(every_error_of_a_file_in_its_place, defaults),
		cmocka_unit_test_setup(a_nul_is_an_error_and_ends_nothing, defaults),
		cmocka_unit_test_setup(windows_of_long_lines, defaults),
		cmocka_unit_test_setup(long_words_are_cut_in_the_message, defaults),
		cmocka_unit_test_setup(the_name_of_the_source, defaults),
		cmocka_unit_test_setup(the_nearest_word, defaults),
		cmocka_unit_test(every_name_is_near_to_itself),
		cmocka_unit_test_setup(every_error_has_its_texts, defaults),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
