/*
 * config_print: the lines for the defaults and for everything, and that they read back the same.
 */
#include "config_reading.h"

static char printed[65536];
static size_t printed_len;

/* Each call brings one whole line. */
static void take_line(void *ctx, const char *text, size_t len)
{
	assert_ptr_equal(ctx, printed);
	assert_true(len > 0 && memchr(text, '\n', len) == text + len - 1);
	assert_true(printed_len + len < sizeof printed);
	memcpy(printed + printed_len, text, len);
	printed_len += len;
	printed[printed_len] = '\0';
}

static const char *print(const struct config *c)
{
	printed_len = 0;
	config_print(c, take_line, printed);
	return printed;
}

/* The same without its comments, where this build has none. */
static const char *as_built(const char *text)
{
	static char built[sizeof printed];
	size_t len = 0;

	while (*text != '\0') {
		size_t line_len = strcspn(text, "\n") + 1;

		if (CONFIG_ANKLET_HINTS || text[0] != '#') {
			memcpy(built + len, text, line_len);
			len += line_len;
		}
		text += line_len;
	}
	built[len] = '\0';
	return built;
}

/* Reads what was printed into a new configuration, which must be the same: printing says all of it. */
static void assert_read_back(void)
{
	struct config before = config;
	char text[sizeof printed];

	strcpy(text, print(&config));
	config_init(&config);
	config.tls = before.tls;
	read_good(text);
	assert_string_equal(print(&config), text);
	assert_memory_equal(&config.routes, &before.routes, sizeof config.routes);
	assert_memory_equal(config.forward, before.forward, sizeof config.forward);
	assert_memory_equal(&config.rules, &before.rules, sizeof config.rules);
	assert_memory_equal(config.listen, before.listen, sizeof config.listen);
	assert_int_equal(config.strings.len, before.strings.len);
	assert_memory_equal(config.strings.text, before.strings.text, before.strings.len);
}

#define DEFAULT_RATES                                                                        \
	ANKLET_IF_RATES(                                                                     \
		"# limit-rate: no limit (default)\n# limit-rate-total: no limit (default)\n" \
		"# limit-new: no limit (default)\n")
#define DEFAULT_BIND                                   \
	ANKLET_IF_BIND("# bind-ports: any (default)\n" \
		       "# bind-address: the one from which the peer is reached (default)\n")
#define DEFAULT_STATUS                                    \
	ANKLET_IF_STATUS("# status: nowhere (default)\n") \
	ANKLET_IF_CONTROL("# control: none (default)\n")
#define DEFAULT_SPIN ANKLET_TEXT(CONFIG_ANKLET_FAST, "# spin: it sleeps at once (default)\n", "")
#define DEFAULT_DNS ANKLET_IF_NAMES("# dns: the system's name servers (default)\n")
#if CONFIG_ANKLET_LOG_LEVELS > 2
#define DEFAULT_LOG "log info\n"
#elif CONFIG_ANKLET_LOG_LEVELS > 1
#define DEFAULT_LOG "log warning\n"
#elif CONFIG_ANKLET_LOG_LEVELS > 0
#define DEFAULT_LOG "log error\n"
#else
#define DEFAULT_LOG ""
#endif

#if CONFIG_ANKLET_PASSWORDS && CONFIG_ANKLET_HINTS
#define DEFAULT_USERS "# users: nobody (default)\nlimit-user 0\n"
#else
#define DEFAULT_USERS ANKLET_IF_PASSWORDS("limit-user 0\n")
#endif
#define USERS ANKLET_IF_PASSWORDS("users /etc/users\nlimit-user 2\nallow user \"fred\" password\n")

static void the_defaults_are_all_said(void **state)
{
	char expected[sizeof printed];

	(void)state;
	config.tls = false;
	snprintf(expected, sizeof expected,
		"# listen: tcp://127.0.0.1:1080 and tcp://[::1]:1080 (default)\n" DEFAULT_USERS
		"# allow: clients on loopback and private networks, and nobody else (default)\n"
		"limit-handshake 30s\n"
		"limit-establish 2m\n"
		"limit-idle 15m\n"
		"limit-half-closed 2m\n"
		"%s"
		"limit-client %d\n" DEFAULT_RATES ANKLET_IF_LOG_LEVELS("limit-log 1000\n")
			DEFAULT_SPIN DEFAULT_BIND
		"# source: the system chooses (default)\n" DEFAULT_DNS DEFAULT_LOG DEFAULT_STATUS
		"# user: the one who starts it (default)\n",
		CONFIG_ANKLET_UDP_FLOWS > 0 ? "limit-datagrams 2m\n" : "",
		(CONFIG_ANKLET_SESSIONS + 1) / 2);
	assert_string_equal(print(&config), as_built(expected));
	assert_read_back();
	config.tls = true;
	if (ANKLET_HAS_TLS && CONFIG_ANKLET_HINTS)
		assert_non_null(strstr(print(&config), "\n# ca: the system's list (default)\n"));
	assert_read_back();
}

static void everything_that_can_be_set(void **state)
{
	static const char text[] =
		"listen tcp://127.0.0.1:1080\n"
		"listen tcp://[2001:db8::1]:0\n"
		"listen tcp://*:1081\n"
		"listen tcp://proxy.example:1082\n"
		"listen tcp://[fe80::1%eth0]:1083\n"
		"listen tls://10.0.0.1:1084?cert=/c&key=/k&ca=/clients&alpn=a,b&min=1.3\n"
		"listen tls://[::1]:1085?psk=/p\n" USERS "deny bind from 2001:db8::/32\n"
		"allow from 192.168.1.0/24 to *:80,443,6660-6669\n"
		"deny to 10.0.0.1:0\n"
		"deny to 10.0.0.0/8\n"
		"deny to [::1]\n"
		"deny to [fc00::/7]:1-65535\n"
		"deny from 0.0.0.0/0 to www.Example.com.:80\n"
		"deny to *.example.com\n"
		"allow connect from 10.1.2.3 to 192.0.2.1 user \"a \\\"b\\\" \\\\ \\x01\\xff#\" "
		"ident\n"
		"deny to 0.0.0.0/0\n"
		"deny to [::/0]\n"
		"allow connect\n"
		"allow bind any-peer needs-connect\n"
		"allow\n"
		"# the hop looks names up: no address after 'to' matches them\n"
		"route to *.onion via socks4a://127.0.0.1:9050\n"
		"route to [2001:db8::/32] via socks4a://[2001:db8::9]:1080\n"
		"route from 10.0.0.0/8 to *:21 via socks4://hop.example:1081 resolve\n"
		"route via socks4a+tls://hop.example:1082?cert=/c&key=/k&alpn=a,b&name=hop&min=1.3"
		"&verify=none&truncated=eof&halfclose=defer resolve\n"
		"# the hop looks names up: no address after 'to' matches them\n"
		"route via socks4a+tls://hop.example:1083?psk=/p unresolved\n"
		"route to *:465,993 tls\n"
		"route to old.example tls name=10.0.0.1 verify=none\n"
		"route starttls=smtp ca=/etc/a%20b%26%25%23%FF?=/c min=1.2\n"
		"route starttls=imap\n"
		"route starttls=pop3\n"
		"route starttls=nntp\n"
		"route direct\n"
		"forward tcp://127.0.0.1:2525 smtp+starttls://mail.example.com:587\n"
		"forward udp://*:53 udp://9.9.9.9:53\n"
		"forward tls://*:0?cert=/c&key=/k&ca=/clients tls://h:1?verify=none\n"
		"forward tcp://[fe80::1%eth0]:1 imap+starttls://h:2\n"
		"ca /etc/my%20ca.pem\n"
		"limit-handshake 10ms\n"
		"limit-establish 1500ms\n"
		"limit-idle 0\n"
		"limit-half-closed 480h\n"
		"limit-datagrams 90s\n"
		"limit-client 0\n"
		"limit-rate from 192.168.1.66\n"
		"limit-rate down 2MB/s up 500kB/s from 192.168.1.0/24\n"
		"limit-rate up 300kbit/s from 2001:db8::/32\n"
		"limit-rate down 4000MB/s up 1kB/s\n"
		"limit-rate-total down 2125kB/s up 1001B/s\n"
		"limit-new 65535/10ms\n"
		"limit-log 60000\n" ANKLET_TEXT(CONFIG_ANKLET_FAST, "spin 1000us\n",
			"") "bind-ports 5000-5010\n"
			    "bind-address 203.0.113.1\n"
			    "source 10.0.0.1\n"
			    "source 2001:db8::2\n"
			    "dns 9.9.9.9:53\n"
			    "dns [2620:fe::fe]:5353\n"
			    "log debug\n" ANKLET_IF_STATUS(
				    "status tcp://[::1]:1086 sessions from 10.0.0.0/8\n")
				    ANKLET_IF_CONTROL(
					    "control /run/anklet/control.sock\n") "user nobody\n";

	(void)state;
	needs(ANKLET_HAS_TLS && CONFIG_ANKLET_LISTENERS >= 8 && CONFIG_ANKLET_RULES >= 15 &&
		CONFIG_ANKLET_ROUTES >= 12 && CONFIG_ANKLET_FORWARDS >= 4 &&
		CONFIG_ANKLET_UDP_FLOWS > 0 && CONFIG_ANKLET_NAME_SERVERS >= 2 &&
		CONFIG_ANKLET_RATES >= 4 && CONFIG_ANKLET_CONFIG_TEXT >= 1024);
	config.tls = true;
	if (!read_if_built(text))
		return;
	assert_string_equal(print(&config), as_built(text));
	assert_read_back();
}

/* Where the comments speak of what is not a value. */
static void what_one_may_not_have_thought_of(void **state)
{
	static const char *const cases[][2] = {
		/* nothing but names and ports: nothing to be said */
		{"allow to a:80\nroute via socks4a://[::9]\nroute to b direct\n",
			"\nroute via socks4a://[::9]:1080\nroute to b direct\nlimit-"},
		{"allow to ::1\nroute via socks4a://[::9] resolve\n",
			"\nallow to [::1]\nroute via socks4a://[::9]:1080 resolve\n"},
		{"allow to ::1\nroute via socks4a://[::9]\n",
			"\nallow to [::1]\n# the hop looks names up: "},
		{"route to 10.0.0.1 direct\nroute via socks4a://[::9]\n",
			"\nroute to 10.0.0.1 direct\n# the hop looks names up: "},
		{"forward *:1 [::9]:1", "# listen: nowhere; there are forwards only\n"},
		{"listen *\nforward *:1 [::9]:1",
			"listen tcp://*:1080\n" DEFAULT_USERS "# allow: "},
	};

	(void)state;
	needs(CONFIG_ANKLET_ROUTES >= 2 && ANKLET_HAS_FORWARDS && CONFIG_ANKLET_HINTS);
	for (size_t i = 0; i < COUNT(cases); i++) {
		config_init(&config);
		config.tls = false; /* whatever it is built with */
		if (!read_if_built(cases[i][0]))
			continue;
		if (strstr(print(&config), cases[i][1]) == NULL)
			fail_msg("%s: %s", cases[i][0], printed);
		assert_read_back();
	}
}

/* A rule that decides nothing is said to; the number is that of the rule before. */
static void rules_that_never_decide(void **state)
{
	static const struct {
		const char *rules;
		int covered_by; /* a later one, by that number; 0: none is; -1: one changes nothing */
	} cases[] = {
		{"allow connect to *:80\ndeny to 10.0.0.0/8\n", -1},
		{"deny to 10.0.0.0/8\nallow connect to *:80\n", 0},
		{"allow to *:80\ndeny to 10.0.0.0/8:80\nallow\n", 1},
		{"allow to *:80\ndeny to 10.0.0.0/8:80\n", 1},
		{"allow to *:80-90\nallow to *:80,85-90\n", 1},
		{"allow to *:80-90\nallow to *:80,91\n", 0},
		{"allow to *:80\nallow\n", 0},
		{"allow\nallow to *:80\n", 1},
		{"allow to *:0-65535\nallow to 10.0.0.1\n", 1},
		{"deny\nallow\n", 1},
		{"deny from 10.0.0.0/8\nallow from 10.1.0.0/16\n", 1},
		{"deny from 10.1.0.0/16\nallow from 10.0.0.0/8\n", 0},
		{"deny to 10.0.0.0/8\nallow to 10.1.2.3:80\n", 1},
		{"deny to 10.0.0.0/8\nallow to a.example\n", 0},
		{"deny to *.example\nallow to a.example\n", 1},
		{"deny to *.example\nallow to *.a.example\n", 1},
		{"deny to a.example\nallow to *.example\n", 0},
		{"deny to a.example\nallow to A.example.\n", 1},
		{"deny to example\nallow to *.example\n", 0},
		{"deny user a\nallow user b\n", 0},
		{"deny user a\nallow user a to *:1\n", 1},
		{"deny user a\nallow\n", 0},
		{"allow connect\ndeny bind\n", -1},
		{"allow connect\nallow bind\n", 0},
		{"allow connect\nallow ident\n", 0},
		{"allow ident\nallow connect\n", 1},
		{"deny to a:1\nallow to a:2\nallow to a:1\n", 1},
		{"allow\ndeny\n", 1},
		{"allow to *:80\ndeny\n", 0},
		{"deny to *:80\n", -1},
		{"deny\n", 0},
	};

	(void)state;
	needs(CONFIG_ANKLET_RULES >= 3 && CONFIG_ANKLET_HINTS);
	for (size_t i = 0; i < COUNT(cases); i++) {
		char covered[64];

		config_init(&config);
		if (!read_if_built(cases[i].rules))
			continue;
		snprintf(covered, sizeof covered, "# the next rule never decides: rule %d matches",
			cases[i].covered_by);
		print(&config);
		if ((strstr(printed, covered) != NULL) != (cases[i].covered_by > 0) ||
			(strstr(printed, "never decides") != NULL) != (cases[i].covered_by > 0) ||
			(strstr(printed, "# the next rule changes nothing: ") != NULL) !=
				(cases[i].covered_by < 0))
			fail_msg("%s%s", cases[i].rules, printed);
		assert_read_back();
	}
}

struct noted {
	const char *lines, *note; /* what stands before the last of the lines, if anything */
};

static void assert_noted(const struct noted *noted)
{
	config_init(&config);
	read_good(noted->lines);
	print(&config);
	if (noted->note != NULL ? strstr(printed, noted->note) == NULL
				: strstr(printed, "# the next line") != NULL)
		fail_msg("%s%s", noted->lines, printed);
	assert_read_back();
}

static void rates_that_may_not_be_meant(void **state)
{
	static const char covered[] = "# the next line never decides: limit-rate 1 matches";
	static const struct noted cases[] = {
		{"limit-rate down 1MB/s from 10.0.0.0/8\nlimit-rate from 10.1.0.0/16\n", covered},
		{"limit-rate down 1MB/s\nlimit-rate from ::1\n", covered},
		{"limit-rate from 10.1.0.0/16\nlimit-rate down 1MB/s from 10.0.0.0/8\n", NULL},
		{"limit-rate from 10.0.0.0/8\nlimit-rate down 1MB/s from 11.0.0.0/8\n", NULL},
	};

	(void)state;
	needs(CONFIG_ANKLET_HINTS && ANKLET_HAS_RATES);
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_noted(&cases[i]);
}

static void a_status_that_may_not_be_meant(void **state)
{
	static const char seen[] = "# the next line shows to whoever gets there";
	static const char here[] = "# the next line answers loopback alone";
	static const struct noted cases[] = {
		{"status tcp://127.0.0.1:1 sessions from 0.0.0.0/0\n", seen},
		{"status tcp://127.0.0.1:1 sessions from ::/0\n", seen},
		{"status tcp://127.0.0.1:1 from ::/0\n", NULL},
		{"status tcp://*:1 sessions from 10.0.0.0/8\n", NULL},
		{"status tcp://*:1\n", here},
		{"status tcp://192.0.2.1:1\n", here},
		{"status tcp://[::1]:1\n", NULL},
		{"status tcp://localhost:1\n", NULL},
	};

	(void)state;
	needs(CONFIG_ANKLET_HINTS && CONFIG_ANKLET_STATUS);
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_noted(&cases[i]);
}

static void printed_in_one_form_whatever_was_written(void **state)
{
	static const char *const cases[][2] = {
		{"listen LOCALHOST", "listen tcp://LOCALHOST:1080\n"},
		{"listen *", "listen tcp://*:1080\n"},
		{"allow to 2001:DB8::/32", "\nallow to [2001:db8::/32]\n"},
		{"allow to [2001:DB8::/32]:1-1,2", "\nallow to [2001:db8::/32]:1,2\n"},
		{"allow ident user bob from 10.1.1.1/8 bind",
			"\nallow bind from 10.0.0.0/8 user \"bob\" ident\n"},
		{"deny to * from ::/0", "\ndeny\n"},
		{"deny to [::ffff:10.0.0.0/104]", "\ndeny to 10.0.0.0/8\n"},
		{"limit-idle 3600", "\nlimit-idle 1h\n"},
		{"limit-idle 90min", "\nlimit-idle 90m\n"},
		{"limit-idle 120000ms", "\nlimit-idle 2m\n"},
		{"limit-idle 61", "\nlimit-idle 61s\n"},
		{"bind-ports 7-7", "\nbind-ports 7\n"},
		{"dns ::1", "\ndns [::1]:53\n"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		config_init(&config);
		config.tls = false; /* whatever it is built with */
		if (!read_if_built(cases[i][0]))
			continue;
		print(&config);
		if (strstr(printed, cases[i][1]) == NULL &&
			strncmp(printed, cases[i][1] + 1, strlen(cases[i][1]) - 1) != 0)
			fail_msg("%s: %s", cases[i][0], printed);
		assert_read_back();
	}
}

/* The longest rule that is accepted still fits the line that is printed. */
static void the_longest_rule_reads_back(void **state)
{
	char line[CONFIG_LINE_MAX + 1] = "allow to 1:2::4:5:6:7:8 user \"";
	unsigned longest = 0;

	(void)state;
	needs(CONFIG_ANKLET_USERID_MAX == 255 && CONFIG_ANKLET_CONFIG_TEXT >= 1024);
	while (strlen(line) + 5 <= CONFIG_LINE_MAX) {
		char closed[CONFIG_LINE_MAX + 2];

		strcat(line, "\\x01");
		snprintf(closed, sizeof closed, "%s\"", line);
		config_init(&config);
		if (read_text(closed) == 0) {
			longest++;
			assert_read_back();
		} else {
			assert_non_null(strstr(reported, "printed in full it has more than"));
		}
	}
	assert_in_range(longest, 240, 255);
}

static void add_bytes(char *line, char byte, size_t count)
{
	size_t len = strlen(line);

	memset(line + len, byte, count);
	line[len + count] = '\0';
}

/* Likewise the longest route: printed, it has the port that goes without saying. */
static void the_longest_route_reads_back(void **state)
{
	char line[CONFIG_LINE_MAX + 1] = "route to a";
	size_t longest = 0;

	(void)state;
	needs(ANKLET_HAS_ROUTES && ANKLET_HAS_TLS && CONFIG_ANKLET_CONFIG_TEXT >= 1024 &&
		CONFIG_ANKLET_NAME_MAX >= 215);
	for (unsigned i = 0; i < 107; i++)
		strcat(line, ".a");
	strcat(line, " via socks4a+tls://[2001:db8::1]?cert=");
	add_bytes(line, 'c', 250);
	strcat(line, "&key=");
	add_bytes(line, 'k', 250);
	strcat(line, "&ca=");
	add_bytes(line, 'a', 240);
	while (strlen(line) < CONFIG_LINE_MAX) {
		add_bytes(line, 'a', 1);
		config_init(&config);
		if (read_text(line) == 0) {
			longest = strlen(line);
			assert_read_back();
		} else {
			assert_non_null(strstr(reported, "printed in full it has more than"));
		}
	}
	assert_int_equal(longest, CONFIG_LINE_MAX - strlen(":1080"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_defaults_are_all_said, defaults),
		cmocka_unit_test_setup(everything_that_can_be_set, defaults),
		cmocka_unit_test_setup(what_one_may_not_have_thought_of, defaults),
		cmocka_unit_test_setup(rules_that_never_decide, defaults),
		cmocka_unit_test_setup(rates_that_may_not_be_meant, defaults),
		cmocka_unit_test_setup(a_status_that_may_not_be_meant, defaults),
		cmocka_unit_test_setup(printed_in_one_form_whatever_was_written, defaults),
		cmocka_unit_test_setup(the_longest_rule_reads_back, defaults),
		cmocka_unit_test_setup(the_longest_route_reads_back, defaults),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
