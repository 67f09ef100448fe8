/*
 * config: what its lines mean, and how much of it there may be.
 */
#include "config_reading.h"

#include <stdlib.h>

static const char *string_of(uint16_t offset)
{
	return string_table_at(&config.strings, offset);
}

static void the_defaults(void **state)
{
	(void)state;
	assert_int_equal(config.listen_count, 0);
	assert_int_equal(config.rules.count, 0);
	assert_int_equal(config.port.name_servers, 0);
	assert_int_equal(config.limit_handshake_ms, 30000);
	assert_int_equal(config.limit_establish_ms, 120000);
	assert_int_equal(config.limit_idle_ms, 900000);
	assert_int_equal(config.limit_half_closed_ms, 120000);
	assert_int_equal(config.limit_client, (CONFIG_ANKLET_SESSIONS + 1) / 2);
	assert_int_equal(config.limit_log, 1000);
	assert_int_equal(config.limit_datagrams_ms, 120000);
	assert_int_equal(config.bind_ports.low, 0);
	assert_int_equal(config.bind_ports.high, 0);
	assert_true(ip_is_zero(&config.bind_address));
	assert_true(ip_is_zero(&config.source[0]) && ip_is_zero(&config.source[1]));
	assert_int_equal(config.log, CONFIG_ANKLET_LOG_LEVELS > PORT_INFO ? LEVEL_INFO
				     : CONFIG_ANKLET_LOG_LEVELS > 0 ? CONFIG_ANKLET_LOG_LEVELS - 1
								    : LEVEL_ERROR);
	assert_int_equal(config.user, STRING_NONE);
}

static void lines_blanks_and_comments(void **state)
{
	struct config before;

	(void)state;
	config_init(&before);
	read_good("");
	read_good("\n\n \t \n\r\n#\n# listen nonsense\n  # x\n\t#\xc3\xa4\xff\n#no end");
	assert_memory_equal(&before, &config, sizeof config);

	read_good("limit-idle 1s");
	assert_int_equal(config.limit_idle_ms, 1000);
	read_good("limit-idle 2s\r\n");
	assert_int_equal(config.limit_idle_ms, 2000);
	read_good("limit-idle 3s\r");
	assert_int_equal(config.limit_idle_ms, 3000);
	read_good("\t limit-idle \t 4s \t # and why");
	assert_int_equal(config.limit_idle_ms, 4000);
	read_good("limit-idle 1s #");
	assert_int_equal(config.limit_idle_ms, 1000);
	read_good("user a\nuser b\r\n\nuser c");
	assert_string_equal(string_of(config.user), "c");
}

static void levels_of_the_log(void **state)
{
	static const struct {
		const char *line;
		int level, most; /* the port's: what is logged */
	} cases[] = {{"log error", LEVEL_ERROR, PORT_ERROR},
		{"log warning", LEVEL_WARNING, PORT_WARNING},
		{"log refused", LEVEL_REFUSED, PORT_WARNING}, {"log info", LEVEL_INFO, PORT_INFO},
		{"log debug", LEVEL_DEBUG, PORT_DEBUG}};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		config_init(&config);
		if (!read_if_built(cases[i].line))
			continue;
		assert_int_equal(config.log, cases[i].level);
		for (int level = PORT_ERROR; level <= PORT_DEBUG; level++)
			assert_int_equal(log_wants((enum log_level)config.log, level),
				level <= cases[i].most);
	}
}

/* What editors of some systems write before a text in UTF-8. */
static void a_byte_order_mark_is_skipped(void **state)
{
	(void)state;
	read_good("\xef\xbb\xbflimit-idle 1s");
	assert_int_equal(config.limit_idle_ms, 1000);
	read_good("\xef\xbb\xbf");
	read_text("limit-idle 2s\n\xef\xbb\xbflimit-idle 3s");
	assert_error("limit-idle 2s\nx", 1,
		"unexpected byte: expected printable ASCII; in a user's \"NAME\" any text");
	read_text("\xef\xbb");
	assert_int_equal(reports, 1);
}

/* A port alone is that of this host, and for itself. */
static void a_port_to_listen_on(void **state)
{
	struct ip loopback = ip_v4(127, 0, 0, 1);

	(void)state;
	read_good("listen 1081\n");
	assert_int_equal(config.listen[0].host, ENDPOINT_IP);
	assert_true(ip_equal(&config.listen[0].ip, &loopback));
	assert_int_equal(config.listen[0].port, 1081);
	read_good("listen tcp://0\n");
	assert_true(ip_equal(&config.listen[1].ip, &loopback));
	assert_int_equal(config.listen[1].port, 0);
}

#if CONFIG_ANKLET_RATES > 1
/* Each line adds to the clients'; those of the total set each what they name. */
static void rates(void **state)
{
	const struct rate_limits *r = &config.rates;

	(void)state;
	read_good("limit-rate down 2MB/s up 500kbit/s from 10.0.0.0/8\nlimit-rate up 1Mbit/s\n"
		  "limit-rate-total down 3kB/s\nlimit-rate-total up 4000B/s\nlimit-new 20/10s\n");
	assert_int_equal(r->count, 2);
	assert_int_equal(r->line[0].rate[RATE_DOWN], 2000000);
	assert_int_equal(r->line[0].rate[RATE_UP], 62500);
	assert_int_equal(r->line[0].from.bits, 96 + 8);
	assert_int_equal(r->line[1].rate[RATE_DOWN], 0);
	assert_int_equal(r->line[1].rate[RATE_UP], 125000);
	assert_int_equal(r->line[1].from.bits, 0);
	assert_int_equal(r->total.rate[RATE_DOWN], 3000);
	assert_int_equal(r->total.rate[RATE_UP], 4000);
	assert_int_equal(r->begin.count, 20);
	assert_int_equal(r->begin.ms, 10000);
	read_good("limit-new 0\n");
	assert_int_equal(r->begin.count, 0);
}
#endif

static void scalars_are_replaced(void **state)
{
	static const uint8_t source[4] = {10, 0, 0, 2};

	(void)state;
	read_good("limit-handshake 250ms\nlimit-establish 90s\nlimit-idle 2min\n"
		  "limit-half-closed 1h\nlimit-client 1\n" ANKLET_IF_LOG_LEVELS(
			  "limit-log 9\n") "source 10.0.0.1\nsource 2001:db8::1\nuser one\n");
	assert_int_equal(config.limit_handshake_ms, 250);
	assert_int_equal(config.limit_establish_ms, 90000);
	assert_int_equal(config.limit_idle_ms, 120000);
	assert_int_equal(config.limit_half_closed_ms, 3600000);
	assert_int_equal(config.limit_client, 1);
	assert_int_equal(config.limit_log, CONFIG_ANKLET_LOG_LEVELS > 0 ? 9 : 1000);
	assert_string_equal(string_of(config.user), "one");
	read_good("limit-handshake 5\nlimit-idle 0\nlimit-half-closed 0s\nlimit-client 0\n"
		  "source ::ffff:10.0.0.2\nuser DOMAIN\\two\n");
	assert_int_equal(config.limit_handshake_ms, 5000);
	assert_int_equal(config.limit_idle_ms, 0);
	assert_int_equal(config.limit_half_closed_ms, 0);
	assert_int_equal(config.limit_client, 0);
	assert_memory_equal(config.source[0].byte + 12, source, 4);
	assert_int_equal(config.source[1].byte[0], 0x20);
	assert_string_equal(string_of(config.user), "DOMAIN\\two");
	read_good("limit-establish 10ms\nlimit-idle 480h\n");
	assert_int_equal(config.limit_establish_ms, 10);
	assert_int_equal(config.limit_idle_ms, 480 * 3600000);
}

static void what_bind_shows(void **state)
{
	struct ip shown = ip_v4(192, 0, 2, 1);

	(void)state;
	if (!read_if_built("bind-ports 5000-5010\nbind-address 192.0.2.1\n"))
		return;
	assert_int_equal(config.bind_ports.low, 5000);
	assert_int_equal(config.bind_ports.high, 5010);
	assert_true(ip_equal(&config.bind_address, &shown));
	read_good("bind-ports 4000\n");
	assert_int_equal(config.bind_ports.low, 4000);
	assert_int_equal(config.bind_ports.high, 4000);
	read_good("bind-ports any\n");
	assert_int_equal(config.bind_ports.low, 0);
	assert_int_equal(config.bind_ports.high, 0);
}

/* Names to listen on take room once; the last one is the last one. */
static void names_of_listeners(void **state)
{
	(void)state;
	needs(CONFIG_ANKLET_LISTENERS >= 3);
	if (!read_if_built("listen a\nlisten b\r\n\nlisten c"))
		return;
	assert_int_equal(config.listen_count, 3);
	assert_string_equal(string_of(config.listen[2].name), "c");
}

static void name_servers(void **state)
{
	static const char *const printed[] = {
		"9.9.9.9:53", "[2620:fe::fe]:5353", "[2620:fe::9]:53"};

	(void)state;
	needs(CONFIG_ANKLET_NAME_SERVERS >= 3);
	if (!read_if_built("dns 9.9.9.9\ndns [2620:fe::fe]:5353\ndns 2620:fe::9\n"))
		return;
	assert_int_equal(config.port.name_servers, 3);
	for (size_t i = 0; i < COUNT(printed); i++) {
		char buf[ADDRESS_TEXT_SIZE];
		struct text t;

		text_init(&t, buf, sizeof buf);
		text_address(&t, &config.port.name_server[i]);
		assert_string_equal(buf, printed[i]);
	}
}

static void the_words_of_a_rule_in_any_order(void **state)
{
	const struct rule *a = &config.rules.rule[0], *b = &config.rules.rule[1];

	(void)state;
	if (!read_if_built(
		    "allow bind from 10.0.0.0/8 to 192.0.2.0/24:21,1024-65535 user bob ident "
		    "needs-connect\n"
		    "allow needs-connect ident user \"bob\" to 192.0.2.0/24:21,1024-65535 from "
		    "10.0.0.0/8 bind # the same\n"
		    "deny\n"))
		return;
	assert_int_equal(config.rules.count, 3);
	assert_memory_equal(a, b, sizeof *a);
	assert_true(a->allow && a->ident && a->needs_connect && !a->any_peer);
	assert_int_equal(a->command, RULE_BIND);
	assert_int_equal(a->from.bits, 96 + 8);
	assert_int_equal(a->to.kind, PATTERN_PREFIX);
	assert_int_equal(a->to.prefix.bits, 96 + 24);
	assert_int_equal(a->to.ports_count, 2);
	assert_int_equal(a->to.ports[0].low, 21);
	assert_int_equal(a->to.ports[0].high, 21);
	assert_int_equal(a->to.ports[1].low, 1024);
	assert_int_equal(a->to.ports[1].high, 65535);
	assert_string_equal(string_of(a->user), "bob");
	b = &config.rules.rule[2];
	assert_true(!b->allow);
	assert_int_equal(b->command, RULE_EVERY);
	assert_int_equal(b->from.bits, 0);
	assert_int_equal(b->to.kind, PATTERN_ANY);
	assert_int_equal(b->user, STRING_NONE);
}

static void userids_of_any_bytes(void **state)
{
	static const struct {
		const char *line, *userid;
	} cases[] = {{"allow user bob", "bob"}, {"allow user bo\\x62", "bo\\x62"},
		{"allow user b#b", "b#b"}, {"allow user \"j\xc3\xbcrgen\"", "j\xc3\xbcrgen"},
		{"allow user \"a b\" ident", "a b"}, {"allow user \"#\"", "#"},
		{"allow user \"a # b\" # c \" d", "a # b"}, {"allow user \"\ta\"", "\ta"},
		{"allow user \"\\\"\\\\\\x01\\xfF\\x20\"", "\"\\\x01\xff "},
		{"allow user \"ident\" ident", "ident"}};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		config_init(&config);
		if (!read_if_built(cases[i].line))
			continue;
		assert_string_equal(string_of(config.rules.rule[0].user), cases[i].userid);
	}
}

/* ---- How much there may be ---- */

static void fill(char *text, size_t size, const char *line, unsigned count)
{
	size_t len = 0;

	for (unsigned i = 0; i < count; i++)
		len += (size_t)snprintf(text + len, size - len, line, i);
}

#define NO_ROOM(word, setting) \
	"no room for '" word "' with CONFIG_ANKLET_" #setting "=" NUMBER(CONFIG_ANKLET_##setting)

static void more_than_the_tables_hold(void **state)
{
	char text[8192];

	(void)state;
	fill(text, sizeof text, "listen *:%u\n", CONFIG_ANKLET_LISTENERS / 2);
	read_good(text);
	assert_int_equal(config.listen_count, CONFIG_ANKLET_LISTENERS / 2);
	read_text("listen *");
	assert_error("", 1, NO_ROOM("listen", LISTENERS));
	config_init(&config);
	fill(text, sizeof text, "listen 10.0.0.1:%u\n", CONFIG_ANKLET_LISTENERS - 1);
	read_good(text);
	assert_int_equal(read_text("listen *"), 1);
	assert_int_equal(read_text("listen 10.0.0.1"), 0);

	fill(text, sizeof text, "allow to *:%u\n", CONFIG_ANKLET_RULES);
	read_good(text);
	read_text("deny");
	assert_error("", 1, NO_ROOM("deny", RULES));
	assert_int_equal(config.rules.count, CONFIG_ANKLET_RULES);

	fill(text, sizeof text, "dns 10.0.0.%u\n", CONFIG_ANKLET_NAME_SERVERS);
	if (!read_if_built(text))
		return;
	read_text("dns 1.1.1.1");
	assert_error("", 1, NO_ROOM("dns", NAME_SERVERS));
}

static void more_names_than_fit(void **state)
{
	char text[128];
	unsigned names = 0;

	(void)state;
	do {
		snprintf(text, sizeof text, "user %015u", names++);
	} while (read_text(text) == 0);
	assert_int_equal(names - 1, (CONFIG_ANKLET_CONFIG_TEXT - 1) / 16);
	read_text("user name-0123456789");
	assert_error("", 6, NO_ROOM("name-0123456789", CONFIG_TEXT));
	assert_int_equal(strtoul(string_of(config.user), NULL, 10), names - 2);
	/* A name that is there already takes no more room. */
	read_good("allow user 000000000000001\n");
}

/* Names of lines in error are given back: else these would fill the table. */
static void lines_in_error_use_no_room(void **state)
{
	char text[128];

	(void)state;
	for (unsigned i = 0; i < CONFIG_ANKLET_CONFIG_TEXT; i++) {
		snprintf(text, sizeof text, "allow user %015u to name%u bogus", i, i);
		assert_int_equal(read_text(text), 1);
		assert_non_null(strstr(reported, "unexpected 'bogus'"));
	}
	assert_int_equal(config.strings.len, 0);
}

static void lines_up_to_their_limit(void **state)
{
	char text[CONFIG_LINE_MAX + 100];

	(void)state;
	memset(text, ' ', sizeof text);
	memcpy(text, "user a", 6);
	assert_int_equal(read_bytes(text, CONFIG_LINE_MAX), 0);
	assert_string_equal(string_of(config.user), "a");
	text[CONFIG_LINE_MAX] = '\r';
	text[CONFIG_LINE_MAX + 1] = '\n';
	assert_int_equal(read_bytes(text, CONFIG_LINE_MAX + 2), 0);
	memcpy(text, "user b", 6);
	text[CONFIG_LINE_MAX] = ' ';
	assert_int_equal(read_bytes(text, CONFIG_LINE_MAX + 1), 1);
	assert_reported(
		"anklet.conf:1:1025: 'user b                                          ...' is "
		"longer than 1024 bytes\n"
		"    ...                                                                        \n"
		"                                                                              "
		"^\n");
	assert_string_equal(string_of(config.user), "a");
	memset(text, '#', sizeof text);
	assert_int_equal(read_bytes(text, sizeof text), 1);
}

static void userids_up_to_their_limit(void **state)
{
	char line[CONFIG_LINE_MAX + 1] = "allow user ";
	size_t start = strlen(line);

	(void)state;
	needs(CONFIG_ANKLET_CONFIG_TEXT > 4 * CONFIG_ANKLET_USERID_MAX);
	memset(line + start, 'a', CONFIG_ANKLET_USERID_MAX);
	read_good(line);
	assert_int_equal(strlen(string_of(config.rules.rule[0].user)), CONFIG_ANKLET_USERID_MAX);
	line[start + CONFIG_ANKLET_USERID_MAX] = 'a';
	assert_int_equal(read_text(line), 1);
	assert_non_null(
		strstr(reported, "' is longer than " NUMBER(CONFIG_ANKLET_USERID_MAX) " bytes\n"));
	line[start] = line[start + CONFIG_ANKLET_USERID_MAX + 1] = '"';
	read_good(line);
	line[start + CONFIG_ANKLET_USERID_MAX + 1] = 'a';
	line[start + CONFIG_ANKLET_USERID_MAX + 2] = '"';
	assert_int_equal(read_text(line), 1);
	assert_non_null(strstr(reported, ":1:12: '\"aaa"));
	assert_non_null(
		strstr(reported, "' is longer than " NUMBER(CONFIG_ANKLET_USERID_MAX) " bytes\n"));
}

/* Printed, each byte from 0x80 on takes four: more than a line may have. */
static void a_rule_that_could_not_be_printed(void **state)
{
	char line[CONFIG_LINE_MAX + 1] = "allow user \"";
	size_t start = strlen(line);

	(void)state;
	needs(CONFIG_ANKLET_USERID_MAX == 255 && CONFIG_ANKLET_CONFIG_TEXT >= 1024);
	memset(line + start, '\xff', 252);
	strcpy(line + start + 252, "\"");
	read_good(line);
	memset(line + start, '\xff', 255);
	strcpy(line + start + 255, "\"");
	assert_int_equal(read_text(line), 1);
	assert_non_null(strstr(
		reported, "...' is too long: printed in full it has more than 1024 bytes\n"));
	assert_int_equal(config.rules.count, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_defaults, defaults),
		cmocka_unit_test_setup(lines_blanks_and_comments, defaults),
#if CONFIG_ANKLET_RATES > 1
		cmocka_unit_test_setup(rates, defaults),
#endif
		cmocka_unit_test_setup(scalars_are_replaced, defaults),
		cmocka_unit_test_setup(levels_of_the_log, defaults),
		cmocka_unit_test_setup(a_byte_order_mark_is_skipped, defaults),
		cmocka_unit_test_setup(a_port_to_listen_on, defaults),
		cmocka_unit_test_setup(what_bind_shows, defaults),
		cmocka_unit_test_setup(names_of_listeners, defaults),
		cmocka_unit_test_setup(name_servers, defaults),
		cmocka_unit_test_setup(the_words_of_a_rule_in_any_order, defaults),
		cmocka_unit_test_setup(userids_of_any_bytes, defaults),
		cmocka_unit_test_setup(more_than_the_tables_hold, defaults),
		cmocka_unit_test_setup(more_names_than_fit, defaults),
		cmocka_unit_test_setup(lines_in_error_use_no_room, defaults),
		cmocka_unit_test_setup(lines_up_to_their_limit, defaults),
		cmocka_unit_test_setup(userids_up_to_their_limit, defaults),
		cmocka_unit_test_setup(a_rule_that_could_not_be_printed, defaults),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
