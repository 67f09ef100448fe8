/*
 * config: the exact text of every error, and that a line in error changes nothing.
 */
#include "config_reading.h"

#define AT(where) "anklet.conf:" where ": "
#define RIGHT_PORTS "    write PORT or LOW-HIGH, several with commas between, up to 65535\n"
#define RIGHT_QUOTES "    write \"NAME\"; within quotes \\\" \\\\ and \\xHH stand for one octet\n"
#define RIGHT_TIME "    write 250ms, 90s, 2m, 1h, or a number of seconds\n"
#define RIGHT_RANGE "    write a time from 10ms to 480h (20 days)\n"
#define RIGHT_BRACKETS "    write [ADDRESS] or [ADDRESS]:PORT\n"
#define RIGHT_RULE                                                                              \
	"    a rule is made of connect, " ANKLET_IF_BIND(                                       \
		"bind, ") "from ADDRESS/BITS, to PATTERN, user NAME" ANKLET_IF_IDENT(", ident") \
		ANKLET_IF_BIND(", any-peer, needs-connect") "\n"

static const char *const line_errors[][2] = {
	{"listen htp://127.0.0.1:1080\n",
		AT("1:8") "'htp' is no place to serve SOCKS\n"
			  "    listen htp://127.0.0.1:1080\n"
			  "           ^~~\n"
			  "    write tcp://HOST:PORT or tls://HOST:PORT?cert=FILE\n"},
	{"lisen x\n", AT("1:1") "unknown keyword 'lisen'\n"
				"    lisen x\n"
				"    ^~~~~\n"
				"    did you mean 'listen'?\n"},
	{"\n\n bogus\n", AT("3:2") "unknown keyword 'bogus'\n"
				   "     bogus\n"
				   "     ^~~~~\n"
				   "    the keywords are listen, allow, deny, route, forward, ca, "
				   "limit-handshake, "
				   "limit-establish, limit-idle, limit-half-closed, "
				   "limit-datagrams, limit-client, "
				   "bind-ports, bind-address, source, dns, log, user\n"},
	{"\tlog\tloud\t#\xc3\xa4\r\n", AT("1:6") "'loud' is no level\n"
						 "     log loud #??\n"
						 "         ^~~~\n"
						 "    write " ANKLET_LOG_WORDS "\n"},
	{"log info debug", AT("1:10") "'debug' is too much\n"
				      "    log info debug\n"
				      "             ^~~~~\n"
				      "    write one value a line; a comment begins with #\n"},
	{"listen  # nothing", AT("1:7") "'listen' needs a value\n"
					"    listen  # nothing\n"
					"          ^\n"
					"    write tcp://HOST:PORT\n"},
	{"user i\x1b"
	 "fo",
		AT("1:7") "a control octet is in the line\n"
			  "    user i?fo\n"
			  "          ^\n"
			  "    remove it\n"},
	{"# \x7f", AT("1:3") "a control octet is in the line\n"
			     "    # ?\n"
			     "      ^\n"
			     "    remove it\n"},
	{"user bob\ruser bob\n", AT("1:9") "a control octet is in the line\n"
					   "    user bob?user bob\n"
					   "            ^\n"
					   "    remove it\n"},
	{"listen \xc3\xb6",
		AT("1:8") "'\?\?' is neither an address nor a name\n"
			  "    listen ??\n"
			  "           ^~\n"
			  "    write four numbers up to 255 without leading zeros, [IPv6], "
			  "or a name of letters, digits, '-', '_' and dots\n"},
};

static const char *const endpoint_errors[][2] = {
	{"listen sslv2://x:1", AT("1:8") "sslv2:// is prohibited (RFC 6176)\n"
					 "    listen sslv2://x:1\n"
					 "           ^~~~~\n"
					 "    write tls://HOST:PORT\n"},
	{"listen sslv3://x:1", AT("1:8") "sslv3:// is prohibited (RFC 7568)\n"
					 "    listen sslv3://x:1\n"
					 "           ^~~~~\n"
					 "    write tls://HOST:PORT\n"},
	{"listen tls://x:1", AT("1:8") "tls:// is not built into this program\n"
				       "    listen tls://x:1\n"
				       "           ^~~\n"
				       "    build with Mbed TLS\n"},
	{"listen ://x:1", AT("1:8") "'://x:1' is no endpoint\n"
				    "    listen ://x:1\n"
				    "           ^~~~~~\n"
				    "    write tcp://HOST:PORT\n"},
	{"listen tcp://x:1?a=b", AT("1:17") "tcp takes no options\n"
					    "    listen tcp://x:1?a=b\n"
					    "                    ^~~~\n"
					    "    leave out the '?' and what follows it\n"},
	{"listen :80", AT("1:8") "the host is missing\n"
				 "    listen :80\n"
				 "           ^~~\n"
				 "    write SCHEME://HOST:PORT; to listen, '*' is every address of "
				 "this host\n"},
	{"listen x:", AT("1:9") "the port is missing\n"
				"    listen x:\n"
				"            ^\n"
				"    write it behind the ':', or leave the ':' out\n"},
	{"listen x:70000", AT("1:10") "'70000' is no port\n"
				      "    listen x:70000\n"
				      "             ^~~~~\n"
				      "    write a number up to 65535; 0 is any free one\n"},
	{"listen [::1", AT("1:8") "']' is missing\n"
				  "    listen [::1\n"
				  "           ^~~~\n" RIGHT_BRACKETS},
	{"listen [::1]80", AT("1:13") "'80' cannot follow ']'\n"
				      "    listen [::1]80\n"
				      "                ^~\n" RIGHT_BRACKETS},
	{"listen [x]", AT("1:8") "'[x]' is no IPv6 address\n"
				 "    listen [x]\n"
				 "           ^~~\n"
				 "    only an IPv6 address stands in brackets\n"},
	{"listen ::1", AT("1:8") "an IPv6 address stands in brackets\n"
				 "    listen ::1\n"
				 "           ^~~\n"
				 "    write [ADDRESS]:PORT\n"},
	{"listen [::1%x]", AT("1:9") "'::1%x' is no link-local address with a zone\n"
				     "    listen [::1%x]\n"
				     "            ^~~~~\n"
				     "    a zone is the name of an interface, behind an address of "
				     "fe80::/10\n"},
};

static const char *const rule_errors[][2] = {
	{"allow form 10.0.0.0/8", AT("1:7") "unknown word 'form'\n"
					    "    allow form 10.0.0.0/8\n"
					    "          ^~~~\n"
					    "    did you mean 'from'?\n"},
	{"allow 10.0.0.0/8", AT("1:7") "unknown word '10.0.0.0/8'\n"
				       "    allow 10.0.0.0/8\n"
				       "          ^~~~~~~~~~\n" RIGHT_RULE},
	{"allow ident ident", AT("1:13") "'ident' is there twice\n"
					 "    allow ident ident\n"
					 "                ^~~~~\n"
					 "    write another rule for the other one\n"},
	{"allow bind connect", AT("1:12") "'connect' is the second command of the rule\n"
					  "    allow bind connect\n"
					  "               ^~~~~~~\n"
					  "    leave connect and bind out to speak of both\n"},
	{"allow from", AT("1:11") "'from' needs a value\n"
				  "    allow from\n"
				  "              ^\n"
				  "    write ADDRESS or ADDRESS/BITS\n"},
	{"allow from a.example", AT("1:12") "'a.example' is no address of clients\n"
					    "    allow from a.example\n"
					    "               ^~~~~~~~~\n"
					    "    write ADDRESS or ADDRESS/BITS\n"},
	{"deny to 10.0.0/8",
		AT("1:9") "'10.0.0/8' is neither an address nor a name\n"
			  "    deny to 10.0.0/8\n"
			  "            ^~~~~~~~\n"
			  "    write ADDRESS/BITS, [IPv6/BITS], NAME, *.DOMAIN or *, and :PORTS "
			  "where not every port is meant\n"},
	{"deny to *.",
		AT("1:9") "'*.' is neither an address nor a name\n"
			  "    deny to *.\n"
			  "            ^~\n"
			  "    write ADDRESS/BITS, [IPv6/BITS], NAME, *.DOMAIN or *, and :PORTS "
			  "where not every port is meant\n"},
	{"deny to ::1:80:", AT("1:9") "'::1:80:' is no IPv6 address\n"
				      "    deny to ::1:80:\n"
				      "            ^~~~~~~\n"
				      "    write ADDRESS/BITS, or [ADDRESS/BITS]:PORTS\n"},
	{"deny to *:80,,81", AT("1:14") "',' is no port\n"
					"    deny to *:80,,81\n"
					"                 ^\n" RIGHT_PORTS},
	{"deny to *:80,", AT("1:13") "',' is no port\n"
				     "    deny to *:80,\n"
				     "                ^\n" RIGHT_PORTS},
	{"deny to *:", AT("1:10") "the port is missing\n"
				  "    deny to *:\n"
				  "             ^\n"
				  "    write it behind the ':', or leave the ':' out\n"},
	{"deny to *:90-80", AT("1:11") "'90-80' is no port\n"
				       "    deny to *:90-80\n"
				       "              ^~~~~\n" RIGHT_PORTS},
	{"deny to [::1]:-", AT("1:15") "'-' is no port\n"
				       "    deny to [::1]:-\n"
				       "                  ^\n" RIGHT_PORTS},
	{"deny to *:1,2,3,4,5,6,7,8,9,10", AT("1:27") "these are more than 8 ports or ranges\n"
						      "    deny to *:1,2,3,4,5,6,7,8,9,10\n"
						      "                              ^~~~\n"
						      "    write another rule for the rest\n"},
	{"deny ident",
		AT("1:6") "'ident' has no use in a deny rule\n"
			  "    deny ident\n"
			  "         ^~~~~\n"
			  "    leave it out; 'allow ... ident' serves only those whose identd "
			  "agrees\n"},
	{"deny bind any-peer", AT("1:11") "'any-peer' has no use in a deny rule\n"
					  "    deny bind any-peer\n"
					  "              ^~~~~~~~\n"
					  "    leave it out; it belongs to 'allow bind'\n"},
	{"allow needs-connect connect",
		AT("1:7") "'needs-connect' has no use in a rule for connect\n"
			  "    allow needs-connect connect\n"
			  "          ^~~~~~~~~~~~~\n"
			  "    leave it out; it belongs to 'allow bind'\n"},
	{"allow bind any-peer to x",
		AT("1:12") "'any-peer' has no use in a rule for certain peers\n"
			   "    allow bind any-peer to x\n"
			   "               ^~~~~~~~\n"
			   "    leave it out, or leave the address or name out of "
			   "'to'\n"},
	{"allow user", AT("1:11") "'user' needs a value\n"
				  "    allow user\n"
				  "              ^\n" RIGHT_QUOTES},
	{"allow user \"a b", AT("1:12") "the closing quote is missing\n"
					"    allow user \"a b\n"
					"               ^~~~\n" RIGHT_QUOTES},
	{"allow user \"a\"b ident", AT("1:15") "'b' cannot follow the closing quote\n"
					       "    allow user \"a\"b ident\n"
					       "                  ^\n" RIGHT_QUOTES},
	{"allow user \"a\"#", AT("1:15") "'#' cannot follow the closing quote\n"
					 "    allow user \"a\"#\n"
					 "                  ^\n" RIGHT_QUOTES},
	{"allow user \"\"", AT("1:12") "the name is empty\n"
				       "    allow user \"\"\n"
				       "               ^~\n"
				       "    write one, or leave 'user' out\n"},
	{"allow user \"\\x00\"",
		AT("1:13") "'\\x00' stands for no octet\n"
			   "    allow user \"\\x00\"\n"
			   "                ^~~~\n"
			   "    write \\\" for a quote, \\\\ for a backslash, \\x01 to "
			   "\\xff for any octet\n"},
	{"allow user \"\\",
		AT("1:13") "'\\' stands for no octet\n"
			   "    allow user \"\\\n"
			   "                ^\n"
			   "    write \\\" for a quote, \\\\ for a backslash, \\x01 to \\xff "
			   "for any octet\n"},
};

static const char *const value_errors[][2] = {
	{"limit-idle 90x", AT("1:12") "'90x' is no time\n"
				      "    limit-idle 90x\n"
				      "               ^~~\n" RIGHT_TIME},
	{"limit-idle ms", AT("1:12") "'ms' is no time\n"
				     "    limit-idle ms\n"
				     "               ^~\n" RIGHT_TIME},
	{"limit-idle 1.5s", AT("1:12") "'1.5s' is no time\n"
				       "    limit-idle 1.5s\n"
				       "               ^~~~\n" RIGHT_TIME},
	{"limit-handshake", AT("1:16") "'limit-handshake' needs a value\n"
				       "    limit-handshake\n"
				       "                   ^\n" RIGHT_TIME},
	{"limit-handshake 0", AT("1:17") "this limit cannot be left out\n"
					 "    limit-handshake 0\n"
					 "                    ^\n" RIGHT_RANGE},
	{"limit-establish 0ms", AT("1:17") "this limit cannot be left out\n"
					   "    limit-establish 0ms\n"
					   "                    ^~~\n" RIGHT_RANGE},
	{"limit-idle 9ms", AT("1:12") "'9ms' is out of range\n"
				      "    limit-idle 9ms\n"
				      "               ^~~\n" RIGHT_RANGE},
	{"limit-idle 1728001", AT("1:12") "'1728001' is out of range\n"
					  "    limit-idle 1728001\n"
					  "               ^~~~~~~\n" RIGHT_RANGE},
	{"limit-idle 4294967295h", AT("1:12") "'4294967295h' is out of range\n"
					      "    limit-idle 4294967295h\n"
					      "               ^~~~~~~~~~~\n" RIGHT_RANGE},
	/* in milliseconds it is 2^32 and an hour */
	{"limit-idle 1194h", AT("1:12") "'1194h' is out of range\n"
					"    limit-idle 1194h\n"
					"               ^~~~~\n" RIGHT_RANGE},
	{"limit-client 99999", AT("1:14") "'99999' is no number of sessions\n"
					  "    limit-client 99999\n"
					  "                 ^~~~~\n"
					  "    write a number up to " NUMBER(
						  CONFIG_ANKLET_SESSIONS) "; 0 is no limit\n"},
	{"bind-ports 0", AT("1:12") "'0' is no range of ports\n"
				    "    bind-ports 0\n"
				    "               ^\n"
				    "    write LOW-HIGH or PORT, from 1 to 65535, or any\n"},
	{"bind-ports 2-1", AT("1:12") "'2-1' is no range of ports\n"
				      "    bind-ports 2-1\n"
				      "               ^~~\n"
				      "    write LOW-HIGH or PORT, from 1 to 65535, or any\n"},
	{"bind-address ::1", AT("1:14") "'::1' is no IPv4 address\n"
					"    bind-address ::1\n"
					"                 ^~~\n"
					"    write the IPv4 address that clients are told\n"},
	{"source 0.0.0.0", AT("1:8") "'0.0.0.0' is no address to connect from\n"
				     "    source 0.0.0.0\n"
				     "           ^~~~~~~\n"
				     "    write an IPv4 or IPv6 address of this host\n"},
	{"source fe80::1", AT("1:8") "'fe80::1' is no address to connect from\n"
				     "    source fe80::1\n"
				     "           ^~~~~~~\n"
				     "    write an IPv4 or IPv6 address of this host\n"},
	{"dns ns.example", AT("1:5") "'ns.example' is no address of a name server\n"
				     "    dns ns.example\n"
				     "        ^~~~~~~~~~\n"
				     "    write ADDRESS, IPv4:PORT or [IPv6]:PORT\n"},
	{"dns [1.1.1.1]:53", AT("1:5") "'[1.1.1.1]:53' is no address of a name server\n"
				       "    dns [1.1.1.1]:53\n"
				       "        ^~~~~~~~~~~~\n"
				       "    write ADDRESS, IPv4:PORT or [IPv6]:PORT\n"},
	{"dns 224.0.0.1", AT("1:5") "'224.0.0.1' is no address of a name server\n"
				    "    dns 224.0.0.1\n"
				    "        ^~~~~~~~~\n"
				    "    write ADDRESS, IPv4:PORT or [IPv6]:PORT\n"},
	{"dns 1.1.1.1:", AT("1:12") "the port is missing\n"
				    "    dns 1.1.1.1:\n"
				    "               ^\n"
				    "    write it behind the ':', or leave the ':' out\n"},
	{"dns 1.1.1.1:0", AT("1:13") "'0' is no port\n"
				     "    dns 1.1.1.1:0\n"
				     "                ^\n"
				     "    write a number from 1 to 65535\n"},
	{"user \"x\"", AT("1:6") "'\"x\"' is no user\n"
				 "    user \"x\"\n"
				 "         ^~~\n"
				 "    write the name of a user of this system\n"},
};

/* What is good where it is built in, and what is said where it is not. */
static const struct {
	bool built;
	const char *line, *refusal;
} features[] = {
	{CONFIG_ANKLET_BIND, "allow bind",
		AT("1:7") "'bind' is not built into this program\n"
			  "    allow bind\n"
			  "          ^~~~\n"
			  "    build with CONFIG_ANKLET_BIND\n"},
	{CONFIG_ANKLET_BIND, "allow any-peer",
		AT("1:7") "'any-peer' is not built into this program\n"
			  "    allow any-peer\n"
			  "          ^~~~~~~~\n"
			  "    build with CONFIG_ANKLET_BIND\n"},
	{CONFIG_ANKLET_BIND, "allow needs-connect",
		AT("1:7") "'needs-connect' is not built into this program\n"
			  "    allow needs-connect\n"
			  "          ^~~~~~~~~~~~~\n"
			  "    build with CONFIG_ANKLET_BIND\n"},
	{CONFIG_ANKLET_BIND, "bind-ports any",
		AT("1:1") "'bind-ports' is not built into this program\n"
			  "    bind-ports any\n"
			  "    ^~~~~~~~~~\n"
			  "    build with CONFIG_ANKLET_BIND\n"},
	{CONFIG_ANKLET_BIND, "bind-address 192.0.2.1",
		AT("1:1") "'bind-address' is not built into this program\n"
			  "    bind-address 192.0.2.1\n"
			  "    ^~~~~~~~~~~~\n"
			  "    build with CONFIG_ANKLET_BIND\n"},
	{CONFIG_ANKLET_IDENT, "allow ident",
		AT("1:7") "'ident' is not built into this program\n"
			  "    allow ident\n"
			  "          ^~~~~\n"
			  "    build with CONFIG_ANKLET_IDENT\n"},
	{CONFIG_ANKLET_NAMES, "dns 9.9.9.9",
		AT("1:1") "'dns' is not built into this program\n"
			  "    dns 9.9.9.9\n"
			  "    ^~~\n"
			  "    build with CONFIG_ANKLET_NAMES\n"},
	{CONFIG_ANKLET_NAMES, "listen a.example:1",
		AT("1:8") "'a.example' would have to be looked up, which is not built into this "
			  "program\n"
			  "    listen a.example:1\n"
			  "           ^~~~~~~~~\n"
			  "    write an address, or build with CONFIG_ANKLET_NAMES\n"},
	{CONFIG_ANKLET_NAMES, "listen [fe80::1%lo]:1",
		AT("1:9") "'fe80::1%lo' would have to be looked up, which is not built into this "
			  "program\n"
			  "    listen [fe80::1%lo]:1\n"
			  "            ^~~~~~~~~~\n"
			  "    write an address, or build with CONFIG_ANKLET_NAMES\n"},
	{CONFIG_ANKLET_LOG_LEVELS > 0, "log error",
		AT("1:1") "'log' is not built into this program\n"
			  "    log error\n"
			  "    ^~~\n"
			  "    build with CONFIG_ANKLET_LOG_LEVELS above 0\n"},
	{CONFIG_ANKLET_LOG_LEVELS > 3 || CONFIG_ANKLET_LOG_LEVELS == 0, "log debug",
		AT("1:5") "'debug' is not built into this program\n"
			  "    log debug\n"
			  "        ^~~~~\n"
			  "    build with a larger CONFIG_ANKLET_LOG_LEVELS\n"},
};

static void what_is_left_out_is_an_error(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(features); i++) {
		config_init(&config);
		if (features[i].built) {
			(void)read_if_built(features[i].line);
			continue;
		}
		assert_int_equal(read_text(features[i].line), 1);
		assert_reported(features[i].refusal);
	}
}

/* Of "anklet.conf:1:17: ..." the 17. */
static size_t column_of(const char *expected)
{
	unsigned line, column;

	assert_int_equal(sscanf(expected, "anklet.conf:%u:%u:", &line, &column), 2);
	return column;
}

/* Each is the only error, and changes nothing at all, even where strings were added. */
static void check_errors(const char *const errors[][2], size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct config before;

		config_init(&config);
		config.tls = false;
		read_good("listen *\nallow to a.example user bob\nuser nobody\n");
		memcpy(&before, &config, sizeof before);
		assert_int_equal(read_text(errors[i][0]), 1);
		if (refused_before(errors[i][0], column_of(errors[i][1])))
			assert_string_equal(reported, refusals);
		else
			assert_reported(errors[i][1]);
		memset(config.strings.text + config.strings.len, 0,
			sizeof config.strings.text - config.strings.len);
		assert_memory_equal(&config, &before, sizeof config);
	}
}

static void errors_in_any_line(void **state)
{
	(void)state;
	check_errors(line_errors, COUNT(line_errors));
}

static void errors_in_endpoints(void **state)
{
	(void)state;
	check_errors(endpoint_errors, COUNT(endpoint_errors));
}

static void errors_in_rules(void **state)
{
	(void)state;
	check_errors(rule_errors, COUNT(rule_errors));
}

static void errors_in_values(void **state)
{
	(void)state;
	check_errors(value_errors, COUNT(value_errors));
}

/* Every text of this file, cut off everywhere, and the same with one octet changed. */
static void broken_lines_are_read_to_their_end(void **state)
{
	static const struct {
		const char *const (*errors)[2];
		size_t count;
	} tables[] = {{line_errors, COUNT(line_errors)}, {endpoint_errors, COUNT(endpoint_errors)},
		{rule_errors, COUNT(rule_errors)}, {value_errors, COUNT(value_errors)}};

	(void)state;
	for (size_t i = 0; i < COUNT(tables); i++) {
		for (size_t j = 0; j < tables[i].count; j++) {
			char text[128];
			size_t whole = strlen(tables[i].errors[j][0]);

			memcpy(text, tables[i].errors[j][0], whole);
			for (size_t len = 0; len < whole; len++) {
				config_init(&config);
				read_octets(text, len);
				text[len] = (char)(text[len] ^ 0x13);
				read_octets(text, whole);
				text[len] = (char)(text[len] ^ 0x13);
			}
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(errors_in_any_line, defaults),
		cmocka_unit_test_setup(errors_in_endpoints, defaults),
		cmocka_unit_test_setup(errors_in_rules, defaults),
		cmocka_unit_test_setup(errors_in_values, defaults),
		cmocka_unit_test(what_is_left_out_is_an_error),
		cmocka_unit_test_setup(broken_lines_are_read_to_their_end, defaults),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
