/*
 * config: what is said of every mistake in a line, and that a line in error changes nothing.
 */
#include "config_reading.h"

#define LISTEN ": expected tcp:// or tls:// and HOST:PORT"
#define HOST ": expected an IPv4 address without leading zeros, [IPv6], [fe80::1%eth0] or a name"
#define PORT ": expected a port from 1 to 65535"
#define PATTERN ": expected ADDRESS/BITS, [IPv6/BITS], NAME, *.DOMAIN or *, and perhaps :PORTS"
#define USERID ": expected NAME, or \"NAME\" in which \\\" \\\\ and \\xHH are one byte each"
#define RANGES ": expected PORT or LOW-HIGH up to 65535, with commas between at most 8"
#define TIME_OR_0 ": expected a time from 10ms to 480h: 30s, 5min, 2h; 0 is no limit"
#define TIME ": expected a time from 10ms to 480h: 30s, 5min, 2h"
#define RATE ": expected a rate from 1kB/s to 4000MB/s, in B/s, kB/s, MB/s, kbit/s or Mbit/s"
#define BEGIN_LIMIT ": expected COUNT/TIME, as 20/10s; 0 is no limit"
#define NETWORK ": expected ADDRESS or ADDRESS/BITS; without 'from' it is anybody"
#define PORTS ": expected LOW-HIGH or PORT, from 1 to 65535, or any"
#define SERVER ": expected ADDRESS, IPv4:PORT or [IPv6]:PORT"
#define STATUS ": expected tcp://HOST:PORT, and perhaps 'sessions' and 'from NETWORK'"
#define SOURCE ": expected an IPv4 or IPv6 address of this host"
#define BYTE ": expected printable ASCII; in a user's \"NAME\" any text"
#define LINE_END ": expected one value a line; a comment begins with #"
#define ALLOW_WORDS                                                       \
	": expected connect, bind, from, to, user, " ANKLET_IF_PASSWORDS( \
		"password, ") "ident, any-peer or needs-connect, or nothing"
#define DENY_WORDS ": expected connect, bind, from, to or user, or nothing"

static const struct mistake line_mistakes[] = {
	{"listen htp://127.0.0.1:1080\n", 8, "'htp' is invalid" LISTEN},
	{"lisen x\n", 1, "unknown keyword 'lisen': did you mean 'listen'?"},
	{"limit-idle=5s", 1, "unknown keyword 'limit-idle=5s': did you mean 'limit-idle'?"},
	{"\tlog\tloud\t#\xc3\xa4\r\n", 6, "'loud' is invalid: expected " ANKLET_LOG_WORDS},
	{"log info debug", 10, "unexpected 'debug'" LINE_END},
	{"listen  # nothing", 7, "'listen' needs a value" LISTEN},
	{"user i\x1b"
	 "fo",
		7, "unexpected byte" BYTE},
	{"# \x7f", 3, "unexpected byte" BYTE},
	{"user bob\ruser bob\n", 9, "unexpected byte" BYTE},
	{"listen \xc3\xb6", 8, "unexpected byte" BYTE},
	{"user \xc3\xbc", 6, "unexpected byte" BYTE},
	{"allow user \xe2\x80\x9cx\xe2\x80\x9d", 12, "unexpected byte" BYTE},
	{"deny user x\"\xe2\x80\x9cy\xe2\x80\x9d\"", 13, "unexpected byte" BYTE},
	{"\xef\xbb\xbflisten", 7, "'listen' needs a value" LISTEN},
	{"user \xef\xbb\xbf", 6, "unexpected byte" BYTE},
};

static const struct mistake rule_mistakes[] = {
	{"allow form 10.0.0.0/8", 7, "unexpected 'form': did you mean 'from'?"},
	{"allow 10.0.0.0/8", 7, "unexpected '10.0.0.0/8'" ALLOW_WORDS},
	{"allow ident ident", 13, "'ident' is there twice"},
	{"allow bind connect", 12, "'connect' cannot be combined with 'bind'"},
	{"allow from", 11, "'from' needs a value" NETWORK},
	{"allow from a.example", 12, "'a.example' is invalid" NETWORK},
	{"deny to 10.0.0/8", 9, "'10.0.0/8' is invalid" PATTERN},
	{"deny to *.", 9, "'*.' is invalid" PATTERN},
	{"deny to ::1:80:", 9, "'::1:80:' is invalid" PATTERN},
	{"deny to *:80,,81", 11, "'80,,81' is invalid" RANGES},
	{"deny to *:80,", 11, "'80,' is invalid" RANGES},
	{"deny to *:", 11, "':' needs a value" PORT},
	{"deny to *:90-80", 11, "'90-80' is invalid" RANGES},
	{"deny to [::1]:-", 15, "'-' is invalid" RANGES},
	{"deny to *:1,2,3,4,5,6,7,8,9,10", 27, "'9,10' is invalid" RANGES},
	{"deny ident", 6, "unexpected 'ident'" DENY_WORDS},
	{"deny bind any-peer", 11, "unexpected 'any-peer'" DENY_WORDS},
	{"allow needs-connect connect", 21, "'connect' cannot be combined with 'needs-connect'"},
	{"allow bind any-peer to x", 12, "'any-peer' cannot be combined with 'to ADDRESS'"},
	{"allow user", 11, "'user' needs a value" USERID},
	{"allow user \"a b", 12, "'\"a b' is invalid" USERID},
	{"allow user \"a\"b ident", 12, "'\"a\"b' is invalid" USERID},
	{"allow user \"a\"#", 12, "'\"a\"#' is invalid" USERID},
	{"allow user \"\"", 12, "'\"\"' is invalid" USERID},
	{"allow user \"\\x00\"", 13, "'\\x00' is invalid" USERID},
	{"allow user \"\\", 13, "'\\' is invalid" USERID},
	{"allow from any", 12, "'any' is invalid" NETWORK},
	{"allow from=10.0.0.0/8", 7, "unexpected 'from=10.0.0.0/8': did you mean 'from'?"},
	{"allow to", 9, "'to' needs a value" PATTERN},
	{"allow user \"\\q\"", 13, "'\\q' is invalid" USERID},
	{"allow user \"\\xg0\"", 13, "'\\xg0' is invalid" USERID},
	{"deny to []", 9, "'[]' is invalid" PATTERN},
	{"deny to :80", 9, "':80' is invalid" PATTERN},
	{"deny to [10.0.0.0/8]", 9, "'[10.0.0.0/8]' is invalid" PATTERN},
	{"deny to [fe80::1%eth0]", 9, "'[fe80::1%eth0]' is invalid" PATTERN},
	{"deny to 1.2.3.4/33:80", 9, "'1.2.3.4/33' is invalid" PATTERN},
	{"deny to a:80:90", 9, "'a:80:90' is invalid" PATTERN},
	{"allow bind bind", 12, "'bind' is there twice"},
	{"allow user=bob", 7, "unexpected 'user=bob': did you mean 'user'?"},
};

#if CONFIG_ANKLET_RATES > 0
#define RATE_MISTAKES                                                                              \
	{"limit-rate", 11, "'limit-rate' needs a value: expected down, up or from"},               \
		{"limit-rate down", 16, "'down' needs a value" RATE},                              \
		{"limit-rate down 5", 17, "'5' is invalid" RATE},                                  \
		{"limit-rate down 5mb/s", 17, "'5mb/s' is invalid" RATE},                          \
		{"limit-rate down 5MB", 17, "'5MB' is invalid" RATE},                              \
		{"limit-rate down MB/s", 17, "'MB/s' is invalid" RATE},                            \
		{"limit-rate down 1.5MB/s", 17, "'1.5MB/s' is invalid" RATE},                      \
		{"limit-rate down 999B/s", 17, "'999B/s' is invalid" RATE},                        \
		{"limit-rate down 4001MB/s", 17, "'4001MB/s' is invalid" RATE},                    \
		{"limit-rate down 0kB/s", 17, "'0kB/s' is invalid" RATE},                          \
		{"limit-rate down 18446744073710kB/s", 17,                                         \
			"'18446744073710kB/s' is invalid" RATE},                                   \
		{"limit-rate donw 1MB/s", 12, "unexpected 'donw': did you mean 'down'?"},          \
		{"limit-rate 1MB/s", 12, "unexpected '1MB/s': expected down, up or from"},         \
		{"limit-rate up 1MB/s up 1MB/s", 21, "'up' is there twice"},                       \
		{"limit-rate up 1MB/s from 10.0.0/8", 26, "'10.0.0/8' is invalid" NETWORK},        \
		{"limit-rate-total", 17, "'limit-rate-total' needs a value: expected down or up"}, \
		{"limit-rate-total up 1MB/s from ::/0", 27,                                        \
			"unexpected 'from': expected down or up"},                                 \
		{"limit-new 20", 11, "'20' is invalid" BEGIN_LIMIT},                               \
		{"limit-new 0/10s", 11, "'0/10s' is invalid" BEGIN_LIMIT},                         \
		{"limit-new 20/", 11, "'20/' is invalid" BEGIN_LIMIT},                             \
		{"limit-new 20/0", 11, "'20/0' is invalid" BEGIN_LIMIT},                           \
		{"limit-new 65536/1s", 11, "'65536/1s' is invalid" BEGIN_LIMIT},
#else
#define RATE_MISTAKES
#endif

static const struct mistake value_mistakes[] = {
	{"limit-idle 90x", 12, "'90x' is invalid" TIME_OR_0},
	{"limit-idle ms", 12, "'ms' is invalid" TIME_OR_0},
	{"limit-idle 1.5s", 12, "'1.5s' is invalid" TIME_OR_0},
	{"limit-handshake", 16, "'limit-handshake' needs a value" TIME},
	{"limit-handshake 0", 17, "'0' is invalid" TIME},
	{"limit-establish 0ms", 17, "'0ms' is invalid" TIME},
	{"limit-idle 9ms", 12, "'9ms' is invalid" TIME_OR_0},
	{"limit-idle 1728001", 12, "'1728001' is invalid" TIME_OR_0},
	{"limit-idle 4294967295h", 12, "'4294967295h' is invalid" TIME_OR_0},
	{"limit-idle 1194h", 12, "'1194h' is invalid" TIME_OR_0},
	{"limit-client 99999", 14,
		"'99999' is invalid: expected a number up to " NUMBER(
			CONFIG_ANKLET_SESSIONS) "; 0 is no limit"},
	RATE_MISTAKES{"bind-ports 0", 12, "'0' is invalid" PORTS},
	{"bind-ports 2-1", 12, "'2-1' is invalid" PORTS},
	{"bind-address ::1", 14, "'::1' is invalid: expected an IPv4 address"},
	{"source 0.0.0.0", 8, "'0.0.0.0' is invalid" SOURCE},
	{"source fe80::1", 8, "'fe80::1' is invalid" SOURCE},
	{"dns ns.example", 5, "'ns.example' is invalid" SERVER},
	{"dns [1.1.1.1]:53", 5, "'[1.1.1.1]' is invalid" SERVER},
	{"dns 224.0.0.1", 5, "'224.0.0.1' is invalid" SERVER},
	{"dns 1.1.1.1:", 13, "':' needs a value" PORT},
	{"dns 1.1.1.1:0", 13, "'0' is invalid" PORT},
	{"user \"x\"", 6,
		"'\"x\"' is invalid: expected the name or number of a user of this system"},
	{"limit-idle 5mi", 12, "'5mi' is invalid" TIME_OR_0},
	{"log", 4, "'log' needs a value: expected " ANKLET_LOG_WORDS},
	{"log verbose", 5, "'verbose' is invalid: expected " ANKLET_LOG_WORDS},
	{"bind-ports", 11, "'bind-ports' needs a value" PORTS},
	{"bind-ports any-", 12, "'any-' is invalid" PORTS},
	{"source", 7, "'source' needs a value" SOURCE},
	{"dns [::1]:0", 11, "'0' is invalid" PORT},
	{"dns x:53", 5, "'x:53' is invalid" SERVER},
	{"dns 9.9.9.9/8", 5, "'9.9.9.9/8' is invalid" SERVER},
	{"dns *", 5, "'*' is invalid" SERVER},
	{"dns [fe80::1%eth0]", 5, "'[fe80::1%eth0]' is invalid" SERVER},
	{"user", 5, "'user' needs a value: expected the name or number of a user of this system"},
#if CONFIG_ANKLET_STATUS
	{"status", 7, "'status' needs a value" STATUS},
	{"status udp://[::1]:1", 8, "'udp://[::1]:1' is invalid" STATUS},
	{"status socks4://[::1]:1", 8, "'socks4' is invalid" STATUS},
	{"status [::1]:1 session", 16, "unexpected 'session'" STATUS},
	{"status [::1]:1 sessions sessions", 25, "'sessions' is there twice"},
	{"status [::1]:1 from ::1 from ::2", 25, "'from' is there twice"},
	{"status [::1]:1 from", 20,
		"'from' needs a value: expected ADDRESS or ADDRESS/BITS; "
		"without 'from' it is this host alone"},
	{"status 127.0.0.1", 17, "'127.0.0.1' needs a value" PORT},
#endif
#if CONFIG_ANKLET_CONTROL
	{"control", 8,
		"'control' needs a value: expected the name of a file; %20 is a blank, %25 a '%'"},
#endif
};

static void mistakes_in_any_line(void **state)
{
	(void)state;
	check_mistakes(line_mistakes, COUNT(line_mistakes), true);
}

/* All of them, but for those that are disabled. */
static void an_unknown_keyword_is_told_the_others(void **state)
{
	char expected[1024] = "unknown keyword 'bogus': expected ";
	unsigned count = 0, said = 0;

	(void)state;
	config.tls = true;
	for (unsigned i = WORDS; i < KEYWORDS_END; i++)
		count += name_is_built(i, true);
	for (unsigned i = WORDS; i < KEYWORDS_END; i++) {
		if (!name_is_built(i, true))
			continue;
		said++;
		strcat(expected, name_text(i));
		strcat(expected, said == count ? "" : said + 1 == count ? " or " : ", ");
	}
	read_text("\n\n bogus\n");
	if (CONFIG_ANKLET_HINTS)
		assert_non_null(strstr(reported, expected));
	assert_error("\n\n bogus\n", 2, expected);
}

static void mistakes_in_rules(void **state)
{
	(void)state;
	check_mistakes(rule_mistakes, COUNT(rule_mistakes), true);
}

static void mistakes_in_values(void **state)
{
	(void)state;
	check_mistakes(value_mistakes, COUNT(value_mistakes), true);
}

/* What is right where it is built in, and what is said where it is not. */
static void what_is_disabled_is_an_error(void **state)
{
	static const struct {
		bool built;
		struct mistake disabled;
	} features[] = {
#define WITHOUT(word, setting) "'" word "' is disabled: this program is built without " setting
#define ROW(setting, text, column, word)                                       \
	{                                                                      \
		CONFIG_ANKLET_##setting > 0,                                   \
		{                                                              \
			text, column, WITHOUT(word, "CONFIG_ANKLET_" #setting) \
		}                                                              \
	}
		ROW(BIND, "allow bind", 7, "bind"),
		ROW(BIND, "allow any-peer", 7, "any-peer"),
		ROW(BIND, "allow needs-connect", 7, "needs-connect"),
		ROW(BIND, "bind-ports any", 1, "bind-ports"),
		ROW(BIND, "bind-address 192.0.2.1", 1, "bind-address"),
		ROW(IDENT, "allow ident", 7, "ident"),
		ROW(NAMES, "dns 9.9.9.9", 1, "dns"),
		ROW(NAMES, "listen a.example:1", 8, "a.example"),
		ROW(NAMES, "listen [fe80::1%lo]:1", 8, "[fe80::1%lo]"),
		ROW(ROUTES, "route direct", 1, "route"),
		ROW(FORWARDS, "forward *:1 [::9]:1", 1, "forward"),
		ROW(UDP_FLOWS, "limit-datagrams 90s", 1, "limit-datagrams"),
		ROW(LOG_LEVELS, "log error", 1, "log"),
		{CONFIG_ANKLET_LOG_LEVELS > 3 || CONFIG_ANKLET_LOG_LEVELS == 0,
			{"log debug", 5, WITHOUT("debug", "CONFIG_ANKLET_LOG_LEVELS")}},
		{CONFIG_ANKLET_LOG_LEVELS > 2 || CONFIG_ANKLET_LOG_LEVELS == 0,
			{"log refused", 5, WITHOUT("refused", "CONFIG_ANKLET_LOG_LEVELS")}},
		{CONFIG_ANKLET_UDP_FLOWS > 0 || !ANKLET_HAS_FORWARDS,
			{"forward udp://*:1 udp://[::9]:1", 9,
				WITHOUT("udp", "CONFIG_ANKLET_UDP_FLOWS")}},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(features); i++) {
		const struct mistake *m = &features[i].disabled;
		char start[200];

		config_init(&config);
		snprintf(start, sizeof start, "anklet.conf:1:%u: %s\n", m->column, m->sentence);
		if (features[i].built)
			(void)read_if_built(m->text);
		else if (read_text(m->text) != 1 || strncmp(reported, start, strlen(start)) != 0)
			fail_msg("%s: %s", m->text, reported);
	}
}

/* Two that cannot both be listened on, and two that can. */
static void listeners_that_are_taken(void **state)
{
	static const struct {
		const char *text;
		unsigned column;
		const char *taken; /* NULL: no mistake */
	} cases[] = {
		{"listen 10.0.0.1:5\nlisten tcp://10.0.0.1:5", 8,
			"'tcp://10.0.0.1:5' is taken by an earlier listen, line 1"},
		{"listen *:5\n\n# and\nlisten 10.0.0.1:5", 8,
			"'10.0.0.1:5' is taken by an earlier listen, line 1"},
		{"listen 10.0.0.1:5\nlisten *:5", 8, "'*:5' is taken by an earlier listen, line 1"},
		{"listen 0.0.0.0:5\nlisten 10.0.0.1:5", 8,
			"'10.0.0.1:5' is taken by an earlier listen, line 1"},
		{"listen [::1]:5\nlisten [::]:5", 8,
			"'[::]:5' is taken by an earlier listen, line 1"},
		{"listen a:5\nlisten a:5", 8, "'a:5' is taken by an earlier listen, line 1"},
		{"listen *:5\nlisten a:5", 8, "'a:5' is taken by an earlier listen, line 1"},
		{"listen *:5\nforward 10.0.0.1:5 [::9]:1", 9,
			"'10.0.0.1:5' is taken by an earlier listen, line 1"},
		{"forward 10.0.0.1:5 [::9]:1\nlisten *:5", 8,
			"'*:5' is taken by an earlier forward, line 1"},
		{"forward udp://*:5 udp://[::9]:1\nforward udp://10.0.0.1:5 udp://[::9]:1", 9,
			"'udp://10.0.0.1:5' is taken by an earlier forward, line 1"},
		{"listen 1080\nlisten 127.0.0.1", 8,
			"'127.0.0.1' is taken by an earlier listen, line 1"},
		{"listen *:0\nlisten 10.0.0.1:0", 0, NULL},
		{"listen *:5\nlisten 10.0.0.1:6", 0, NULL},
		{"listen *:5\nforward udp://*:5 udp://[::9]:1", 0, NULL},
		{"listen 0.0.0.0:5\nlisten [::1]:5", 0, NULL},
		{"listen 10.0.0.1:5\nlisten 10.0.0.2:5", 0, NULL},
		{"listen a:5\nlisten b:5", 0, NULL},
		{"listen a:5\nlisten 10.0.0.1:5", 0, NULL},
	};

	(void)state;
	needs(CONFIG_ANKLET_LISTENERS >= 4 && CONFIG_ANKLET_FORWARDS != 1);
	for (size_t i = 0; i < COUNT(cases); i++) {
		config_init(&config);
		read_text(cases[i].text);
		if (cases[i].taken != NULL)
			assert_error(cases[i].text, cases[i].column, cases[i].taken);
		else if (reports > 0 && !all_disabled(reported, "anklet.conf:"))
			fail_msg("%s: %s", cases[i].text, reported);
	}
	/* Lines are counted in one text; of an earlier one nobody knows them any more. */
	config_init(&config);
	read_good("listen *:5");
	read_text("listen 10.0.0.1:5");
	assert_error("listen 10.0.0.1:5", 8, "'10.0.0.1:5' is taken by an earlier listen");
	assert_int_equal(config.listen_count, 1);
}

static void seventeen_mistakes_in_one_file(void **state)
{
	char text[2048] = "", expected[8192] = "";

	(void)state;
	for (unsigned i = 0; i < 17; i++) {
		const struct mistake *m = &rule_mistakes[i];
		int shown = (int)strlen(m->text);

		sprintf(text + strlen(text), "%s\n# and\n", m->text);
		sprintf(expected + strlen(expected), "anklet.conf:%u:%u: %.*s\n    %.*s\n",
			2 * i + 1, m->column, (int)sentence_len(m->sentence), m->sentence, shown,
			m->text);
	}
	needs(ALL_IS_BUILT);
	assert_int_equal(read_text(text), 17);
	/* The carets aside, which are compared in test_config_report.c. */
	for (const char *at = reported, *want = expected; *want != '\0';) {
		for (unsigned line = 0; line < 2; line++) {
			size_t len = strcspn(want, "\n") + 1;

			assert_memory_equal(at, want, len);
			at += len;
			want += len;
		}
		at = strchr(at, '\n') + 1;
	}
}

/* Every text of this file, cut off everywhere, and the same with one byte changed. */
static void broken_lines_are_read_to_their_end(void **state)
{
	static const struct {
		const struct mistake *mistakes;
		size_t count;
	} tables[] = {{line_mistakes, COUNT(line_mistakes)}, {rule_mistakes, COUNT(rule_mistakes)},
		{value_mistakes, COUNT(value_mistakes)}};

	(void)state;
	for (size_t i = 0; i < COUNT(tables); i++) {
		for (size_t j = 0; j < tables[i].count; j++) {
			char text[128];
			size_t whole = strlen(tables[i].mistakes[j].text);

			memcpy(text, tables[i].mistakes[j].text, whole);
			for (size_t len = 0; len < whole; len++) {
				config_init(&config);
				read_bytes(text, len);
				text[len] = (char)(text[len] ^ 0x13);
				read_bytes(text, whole);
				text[len] = (char)(text[len] ^ 0x13);
			}
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mistakes_in_any_line),
		cmocka_unit_test_setup(an_unknown_keyword_is_told_the_others, defaults),
		cmocka_unit_test(mistakes_in_rules),
		cmocka_unit_test(mistakes_in_values),
		cmocka_unit_test(what_is_disabled_is_an_error),
		cmocka_unit_test(listeners_that_are_taken),
		cmocka_unit_test_setup(seventeen_mistakes_in_one_file, defaults),
		cmocka_unit_test_setup(broken_lines_are_read_to_their_end, defaults),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
