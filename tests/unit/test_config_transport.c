/*
 * config: listeners with TLS, next hops, routes and forwards: what their lines mean, and the exact
 * text of every error in them.
 */
#include "config_reading.h"

#include "../skip.h"
#include "protocol/starttls.h"
#include "tls/tls.h"

/* A line, the place of what is wrong in it, and what is said. */
struct mistake {
	const char *line;
	int column, len;
	const char *message, *remedy;
};

static const struct mistake listen_mistakes[] = {
	{"listen tls://*:1", 8, 9, "TLS needs a certificate to serve clients with",
		"write ?cert=FILE&key=FILE behind the port, or ?psk=FILE"},
	{"listen ssl://*:1?cert=", 23, 1, "'cert' needs a value",
		"write OPTION=VALUE, in an endpoint with '&' between several"},
	{"listen tls://*:1?cert", 22, 1, "'cert' needs a value",
		"write OPTION=VALUE, in an endpoint with '&' between several"},
	{"listen tls://*:1?cert=a&", 24, 1, "'&' is no option",
		"write OPTION=VALUE, in an endpoint with '&' between several"},
	{"listen tls://*:1?", 17, 1, "'?' is no option",
		"write OPTION=VALUE, in an endpoint with '&' between several"},
	{"listen tls://*:1?=a", 18, 2, "'=a' is no option",
		"write OPTION=VALUE, in an endpoint with '&' between several"},
	{"listen tls://*:1?crt=a", 18, 3, "unknown option 'crt'", "did you mean 'cert'?"},
	{"listen tls://*:1?bogus=a", 18, 5, "unknown option 'bogus'",
		"the options are cert, key, ca, psk, alpn, name, min, verify, truncated, "
		"halfclose"},
	{"listen tls://*:1?cert=a&cert=b", 25, 4, "'cert' is there twice", "leave one of them out"},
	{"listen tls://*:1?cert=a%2", 24, 2, "'%2' stands for no octet",
		"write %25 for a percent sign"},
	{"listen tls://*:1?cert=a%zz", 24, 3, "'%zz' stands for no octet",
		"write %25 for a percent sign"},
	{"listen tls://*:1?cert=a%00", 24, 3, "'%00' is a control octet", "leave it out"},
	{"listen tls://*:1?cert=a%0Ab", 24, 3, "'%0A' is a control octet", "leave it out"},
	{"listen tls://*:1?cert=a&min=1.1", 29, 3, "'1.1' is no value of this option",
		"write min=1.2 or min=1.3"},
	{"listen tls://*:1?cert=a&name=x", 25, 6, "'name=x' has no use where clients are served",
		"leave it out; a ca asks them for a certificate"},
	{"listen tls://*:1?cert=a&verify=none", 25, 11,
		"'verify=none' has no use where clients are served",
		"leave it out; a ca asks them for a certificate"},
	{"listen tls://*:1?key=a&psk=b", 18, 5, "'key=a' has no use without a certificate",
		"write cert=FILE too, or leave it out"},
	{"listen tls://*:1?ca=a&psk=b", 18, 4, "'ca=a' has no use without a certificate",
		"write cert=FILE too, or leave it out"},
	{"listen tls://*:1?key=b", 8, 15, "TLS needs a certificate to serve clients with",
		"write ?cert=FILE&key=FILE behind the port, or ?psk=FILE"},
	{"listen tls://*:1?cert=a&alpn=h2,,x", 30, 5, "'h2,,x' is no list of protocols",
		"write them with commas between, best first: alpn=h2,http/1.1"},
	{"listen tls://*:1?cert=a&alpn=,h2", 30, 3, "',h2' is no list of protocols",
		"write them with commas between, best first: alpn=h2,http/1.1"},
	{"listen tls://*:1?cert=a&alpn=,", 30, 1, "',' is no list of protocols",
		"write them with commas between, best first: alpn=h2,http/1.1"},
	{"listen tls://*:1?cert=a&truncated=no", 35, 2, "'no' is no value of this option",
		"write truncated=eof"},
	{"listen tls://*:1?cert=a&halfclose=x", 35, 1, "'x' is no value of this option",
		"write halfclose=defer"},
	{"listen udp://*:1", 8, 3, "'udp' is no place to serve SOCKS",
		"write tcp://HOST:PORT or tls://HOST:PORT?cert=FILE"},
	{"listen socks4://*:1", 8, 6, "'socks4' is no place to serve SOCKS",
		"write tcp://HOST:PORT or tls://HOST:PORT?cert=FILE"},
	{"listen socks5://*:1", 8, 6, "socks5:// is not built into this program",
		"write socks4a://HOST:PORT"},
	{"listen socks5+tls://*:1", 8, 10, "socks5+tls:// is not built into this program",
		"write socks4a://HOST:PORT"},
	{"listen https://*", 8, 5, "'https' is no place to serve SOCKS",
		"write tcp://HOST:PORT or tls://HOST:PORT?cert=FILE"},
	{"listen smpt+starttls://*:1", 8, 13,
		ANKLET_TEXT(CONFIG_ANKLET_REMEDIES, "unknown scheme 'smpt+starttls'",
			"'smpt+starttls' is no place to serve SOCKS"),
		"did you mean 'smtp+starttls'?"},
	{"listen tsl://*:1", 8, 3, "'tsl' is no place to serve SOCKS",
		"write tcp://HOST:PORT or tls://HOST:PORT?cert=FILE"},
	{"listen tcp://*?a=://", 15, 6, "tcp takes no options",
		"leave out the '?' and what follows it"},
};

static const struct mistake route_mistakes[] = {
	{"route", 1, 5, "the route does not say how",
		"write one of via ENDPOINT, tls, starttls=PROTOCOL and direct"},
	{"route via", 10, 1, "'via' needs a value",
		"write socks4a://HOST:PORT or socks4://HOST:PORT, with +tls in front of the ':' "
		"where it speaks TLS"},
	{"route via x:1", 11, 3, "'x:1' is no next hop",
		"write socks4a://HOST:PORT or socks4://HOST:PORT, with +tls in front of the ':' "
		"where it speaks TLS"},
	{"route via tcp://x:1", 11, 3, "'tcp' is no next hop",
		"write socks4a://HOST:PORT or socks4://HOST:PORT, with +tls in front of the ':' "
		"where it speaks TLS"},
	{"route via socks4a://", 11, 10, "the host is missing",
		"write SCHEME://HOST:PORT; to listen, '*' is every address of this host"},
	{"route via socks4a://*", 21, 1, "'*' is no host to connect to",
		"write an address or a name"},
	{"route via socks4a://x:0", 23, 1, "'0' is no port", "write a number from 1 to 65535"},
	{"route via socks4a://x:", 22, 1, "the port is missing",
		"write it behind the ':', or leave the ':' out"},
	{"route via socks4a://x?ca=y", 22, 5, "socks4a takes no options",
		"leave out the '?' and what follows it"},
	{"route via socks4a+tls://x?key=y", 27, 5, "'key=y' has no use without a certificate",
		"write cert=FILE too, or leave it out"},
	{"route via socks4a+tls://x?verify=none&ca=y", 39, 4,
		"'ca=y' has no use beside verify=none",
		"leave verify=none out: then the other side has to prove who it is"},
	{"route via socks4a+tls://x?verify=maybe", 34, 5, "'maybe' is no value of this option",
		"write verify=none"},
	{"route via socks4a+tls://x?name=1.2.3", 32, 5, "'1.2.3' is neither an address nor a name",
		"write four numbers up to 255 without leading zeros, [IPv6], or a name of letters, "
		"digits, '-', '_' and dots"},
	{"route via socks4a://x tls", 23, 3, "'tls' cannot be combined with another way",
		"write one of via, tls, starttls and direct"},
	{"route tls direct", 11, 6, "'direct' cannot be combined with another way",
		"write one of via, tls, starttls and direct"},
	{"route direct direct", 14, 6, "'direct' is there twice",
		"write another route for the other one"},
	{"route to * to *", 12, 2, "'to' is there twice", "write another route for the other one"},
	{"route tls name=x name=y", 18, 4, "'name' is there twice", "leave one of them out"},
	{"route direct name=x", 14, 6, "'name=x' has no use in this route",
		"leave it out; it belongs to tls and starttls, and to a hop with +tls behind the "
		"'?' of its endpoint"},
	{"route via socks4a+tls://x name=x", 27, 6, "'name=x' has no use in this route",
		"leave it out; it belongs to tls and starttls, and to a hop with +tls behind the "
		"'?' of its endpoint"},
	{"route tls key=x", 11, 5, "'key=x' has no use without a certificate",
		"write cert=FILE too, or leave it out"},
	{"route tls ca=x verify=none", 11, 4, "'ca=x' has no use beside verify=none",
		"leave verify=none out: then the other side has to prove who it is"},
	{"route tls resolve", 11, 7, "'resolve' has no use in this route",
		"leave it out; it belongs to via"},
	{"route direct unresolved", 14, 10, "'unresolved' has no use in this route",
		"leave it out; it belongs to via"},
	{"route via socks4a://x resolve unresolved", 31, 10, "'unresolved' contradicts 'resolve'",
		"leave one out: what could not be looked up has no address to be given"},
	{"route via socks4://x unresolved", 22, 10,
		"'unresolved' has no use with socks4, which takes no names",
		"write socks4a://HOST:PORT"},
	{"route to 10.0.0.0/8 via socks4a://x unresolved", 37, 10,
		"'unresolved' has no use in a route to addresses",
		"write names or '*' behind 'to': what could not be looked up has no address"},
	{"route starttls", 15, 1, "'starttls' needs a value",
		"write starttls=smtp, imap, pop3 or nntp"},
	{"route starttls=", 16, 1, "'starttls' needs a value",
		"write starttls=smtp, imap, pop3 or nntp"},
	{"route starttls=ftp", 16, 3, "'ftp' is no protocol that asks for TLS",
		"write starttls=smtp, imap, pop3 or nntp"},
	{"route starttls=SMTP", 16, 4, "'SMTP' is no protocol that asks for TLS",
		"write starttls=smtp, imap, pop3 or nntp"},
	{"route drect", 7, 5, "unknown word 'drect'", "did you mean 'direct'?"},
	{"route bogus", 7, 5, "unknown word 'bogus'",
		"a route is made of to PATTERN, from ADDRESS/BITS, and one of via ENDPOINT, tls, "
		"starttls=PROTOCOL and direct"},
	{"route to", 9, 1, "'to' needs a value",
		"write ADDRESS/BITS, [IPv6/BITS], NAME, *.DOMAIN or *, and :PORTS where not every "
		"port is meant"},
	{"route tls nam=x", 11, 3, "unknown option 'nam'", "did you mean 'name'?"},
	{"route tls ca", 11, 2, "unknown word 'ca'",
		"a route is made of to PATTERN, from ADDRESS/BITS, and one of via ENDPOINT, tls, "
		"starttls=PROTOCOL and direct"},
};

static const struct mistake forward_mistakes[] = {
	{"forward", 8, 1, "'forward' needs a value",
		"write tcp://HOST:PORT, tls://HOST:PORT?cert=FILE or udp://HOST:PORT"},
	{"forward *:1", 12, 1, "'forward' needs a value",
		"write HOST:PORT behind tcp://, tls://, udp://, or smtp+starttls:// and the like "
		"for imap, pop3, nntp"},
	{"forward * y:1", 9, 1, "the port is missing", "write HOST:PORT"},
	{"forward *:1 y", 13, 1, "the port is missing", "write HOST:PORT"},
	{"forward *:1 y:", 14, 1, "the port is missing", "write HOST:PORT"},
	{"forward *:1 *:1", 13, 1, "'*' is no host to connect to", "write an address or a name"},
	{"forward *:1 y:0", 15, 1, "'0' is no port", "write a number from 1 to 65535"},
	{"forward *:1 y:99999", 15, 5, "'99999' is no port", "write a number from 1 to 65535"},
	{"forward socks4://x:1 y:1", 9, 6, "'socks4' is no place to forward from",
		"write tcp://HOST:PORT, tls://HOST:PORT?cert=FILE or udp://HOST:PORT"},
	{"forward *:1 socks4://y:1", 13, 6, "'socks4' is no place to forward to",
		"write HOST:PORT behind tcp://, tls://, udp://, or smtp+starttls:// and the like "
		"for imap, pop3, nntp"},
	{"forward *:1 udp://[::9]:1", 13, 13, "udp is forwarded to udp only",
		"write udp:// on both sides, or on neither"},
	{"forward udp://*:1 [::9]:1", 19, 7, "udp is forwarded to udp only",
		"write udp:// on both sides, or on neither"},
	{"forward *:1 y:1 z", 17, 1, "'z' is too much",
		"write one value a line; a comment begins with #"},
	{"forward tls://*:1 y:1", 9, 9, "TLS needs a certificate to serve clients with",
		"write ?cert=FILE&key=FILE behind the port, or ?psk=FILE"},
	{"ca", 3, 1, "'ca' needs a value", "write the name of a file of certificates"},
	{"ca a%00", 5, 3, "'%00' is a control octet", "leave it out"},
	{"limit-datagrams 0", 17, 1, "this limit cannot be left out",
		"write a time from 10ms to 480h (20 days)"},
};

/* Where TLS is not built in. */
static const struct mistake absent[] = {
	{"listen tls://*:1?cert=a", 8, 3, "tls:// is not built into this program",
		"build with Mbed TLS"},
	{"listen tls://*", 8, 3, "tls:// is not built into this program", "build with Mbed TLS"},
	{"route via socks4+tls://x", 11, 10, "socks4+tls:// is not built into this program",
		"build with Mbed TLS"},
	{"route tls", 7, 3, "'tls' is not built into this program", "build with Mbed TLS"},
	{"route tls name=y", 7, 3, "'tls' is not built into this program", "build with Mbed TLS"},
	{"route starttls=smtp", 7, 8, "'starttls' is not built into this program",
		"build with Mbed TLS"},
	{"forward *:1 tls://y:1", 13, 3, "tls:// is not built into this program",
		"build with Mbed TLS"},
	{"forward *:1 pop3+starttls://y:1", 13, 13,
		"pop3+starttls:// is not built into this program", "build with Mbed TLS"},
	{"forward tls://*:1?cert=a y:1", 9, 3, "tls:// is not built into this program",
		"build with Mbed TLS"},
	{"ca /etc/ca.pem", 1, 2, "'ca' is not built into this program", "build with Mbed TLS"},
};

/* Is it about what has no place in this build, and is refused for that? Which word was meant is known with remedies only. */
static bool is_left_out(const struct mistake *m)
{
	return (!CONFIG_ANKLET_REMEDIES && strncmp(m->message, "unknown scheme", 14) == 0) ||
	       (!ANKLET_HAS_ROUTES && strncmp(m->line, "route", 5) == 0) ||
	       (!ANKLET_HAS_FORWARDS && strncmp(m->line, "forward", 7) == 0) ||
	       (CONFIG_ANKLET_ASSOCIATIONS == 0 &&
		       (strstr(m->line, "udp") != NULL || strstr(m->line, "datagrams") != NULL));
}

/* Each is the only error, and changes nothing at all, even where strings were added. */
static void check_mistakes(const struct mistake *mistakes, size_t count, bool tls)
{
	for (size_t i = 0; i < count; i++) {
		const struct mistake *m = &mistakes[i];
		char expected[1024], caret[80] = "^";
		struct config before;

		memset(caret + 1, '~', sizeof caret - 2);
		snprintf(expected, sizeof expected,
			"anklet.conf:1:%d: %s\n    %s\n%*s%.*s\n    %s\n", m->column, m->message,
			m->line, m->column + 3, "", m->len, caret, m->remedy);
		config_init(&config);
		config.tls = tls;
		if (is_left_out(m))
			continue;
		read_good("listen *\n");
		if (ANKLET_HAS_ROUTES)
			read_good("route to b.example via socks4a://10.0.0.1\n");
		if (ANKLET_HAS_FORWARDS)
			read_good("forward *:1 10.0.0.1:2\n");
		memcpy(&before, &config, sizeof before);
		assert_int_equal(read_text(m->line), 1);
		if (refused_before(m->line, (size_t)m->column))
			assert_string_equal(reported, refusals);
		else
			assert_reported(expected);
		memset(config.strings.text + config.strings.len, 0,
			sizeof config.strings.text - config.strings.len);
		assert_memory_equal(&config, &before, sizeof config);
	}
}

static void mistakes_in_listeners(void **state)
{
	(void)state;
	if (!ANKLET_HAS_TLS)
		skip_because("built without TLS");
	check_mistakes(listen_mistakes, COUNT(listen_mistakes), true);
}

static void mistakes_in_routes(void **state)
{
	(void)state;
	if (!ANKLET_HAS_TLS)
		skip_because("built without TLS");
	check_mistakes(route_mistakes, COUNT(route_mistakes), true);
}

static void mistakes_in_forwards(void **state)
{
	(void)state;
	if (!ANKLET_HAS_TLS)
		skip_because("built without TLS");
	check_mistakes(forward_mistakes, COUNT(forward_mistakes), true);
}

static void where_tls_is_not_built_in(void **state)
{
	(void)state;
	check_mistakes(absent, COUNT(absent), false);
	config_init(&config);
	assert_int_equal(config.tls, tls_built);
}

static const char *string_of(uint16_t offset)
{
	return string_table_at(&config.strings, offset);
}

static int with_tls(void **state)
{
	defaults(state);
	config.tls = true;
	return 0;
}

static void the_options_of_a_listener(void **state)
{
	const struct tls_options *o = &config.listen[0].tls;

	(void)state;
	if (!ANKLET_HAS_TLS)
		skip_because("built without TLS");
	read_good("listen ssl://*?cert=/etc/c%26d.pem&key=k&ca=a/b=?c&min=1.2&alpn=h2,x"
		  "&truncated=eof&halfclose=defer\n");
	assert_int_equal(config.listen[0].scheme, ENDPOINT_TLS);
	assert_int_equal(config.listen[0].port, 1080);
	assert_string_equal(string_of(o->cert), "/etc/c&d.pem");
	assert_string_equal(string_of(o->key), "k");
	assert_string_equal(string_of(o->ca), "a/b=?c");
	assert_string_equal(string_of(o->alpn), "h2,x");
	assert_int_equal(o->psk, STRING_NONE);
	assert_int_equal(o->name, STRING_NONE);
	assert_int_equal(o->min, TLS_1_2);
	assert_true(o->truncated_eof && o->halfclose_defer && !o->verify_none);
}

static void the_words_of_a_route_in_any_order(void **state)
{
	const struct route *a = &config.routes.route[0], *b = &config.routes.route[1];

	(void)state;
	needs(ANKLET_HAS_TLS && CONFIG_ANKLET_ROUTES >= 6);
	if (!read_if_built(
		    "route to *.example:465,993 from 10.0.0.0/8 tls name=x.example verify=none "
		    "min=1.3\n"
		    "route min=1.3 tls verify=none from 10.0.0.0/8 name=x%2eexample to "
		    "*.example:465,993\n"
		    "route starttls=pop3 cert=c psk=p alpn=a truncated=eof halfclose=defer\n"
		    "route via socks4+tls://h?ca=x\n"
		    "route unresolved via socks4a://h:9050 # and why\n"
		    "route direct\n"))
		return;
	assert_int_equal(config.routes.count, 6);
	assert_memory_equal(a, b, sizeof *a);
	assert_int_equal(a->how, ROUTE_TLS);
	assert_int_equal(a->to.kind, PATTERN_NAME);
	assert_int_equal(a->to.ports_count, 2);
	assert_int_equal(a->from.bits, 96 + 8);
	assert_string_equal(string_of(a->tls.name), "x.example");
	assert_int_equal(a->tls.min, TLS_1_3);
	assert_true(a->tls.verify_none);
	b = &config.routes.route[2];
	assert_int_equal(b->how, ROUTE_STARTTLS);
	assert_int_equal(b->starttls, STARTTLS_POP3);
	assert_string_equal(string_of(b->tls.psk), "p");
	assert_true(b->tls.truncated_eof && b->tls.halfclose_defer);
	b = &config.routes.route[3];
	assert_int_equal(b->how, ROUTE_VIA);
	assert_true(b->resolve && !b->unresolved);
	assert_int_equal(b->hop.scheme, ENDPOINT_SOCKS4_TLS);
	assert_int_equal(b->hop.port, 1080);
	assert_string_equal(string_of(b->hop.tls.ca), "x");
	b = &config.routes.route[4];
	assert_true(!b->resolve && b->unresolved);
	assert_int_equal(b->hop.port, 9050);
	assert_int_equal(config.routes.route[5].how, ROUTE_DIRECT);
}

static void both_sides_of_a_forward(void **state)
{
	static const uint8_t targets[] = {ENDPOINT_SMTP_STARTTLS, ENDPOINT_UDP, ENDPOINT_TLS};
	static const uint8_t listens[] = {ENDPOINT_TCP, ENDPOINT_UDP, ENDPOINT_TLS};

	(void)state;
	needs(ANKLET_HAS_TLS && CONFIG_ANKLET_FORWARDS >= 3 && CONFIG_ANKLET_ASSOCIATIONS > 0);
	assert_true(config_listens_by_default(&config));
	if (!read_if_built("forward 127.0.0.1:2525 smtp+starttls://mail.example.com:587\n"
			   "forward udp://*:0 udp://9.9.9.9:53\n"
			   "forward tls://*:0?psk=p tls://h:1\n"
			   "ca /etc/a%20b.pem\nlimit-datagrams 90s\n"))
		return;
	assert_int_equal(config.forward_count, 3);
	for (size_t i = 0; i < COUNT(targets); i++) {
		assert_int_equal(config.forward[i].listen.scheme, listens[i]);
		assert_int_equal(config.forward[i].target.scheme, targets[i]);
	}
	assert_string_equal(string_of(config.ca), "/etc/a b.pem");
	assert_int_equal(config.limit_datagrams_ms, 90000);
	assert_false(config_listens_by_default(&config));
}

static void more_than_the_tables_hold(void **state)
{
	(void)state;
	needs(ANKLET_HAS_ROUTES && ANKLET_HAS_FORWARDS);
	for (int i = 0; i < CONFIG_ANKLET_ROUTES; i++)
		read_good("route direct\n");
	assert_int_equal(read_text("route direct\n"), 1);
	assert_reported("anklet.conf:1:1: these are more than " NUMBER(
		CONFIG_ANKLET_ROUTES) " routes\n"
				      "    route direct\n"
				      "    ^~~~~\n"
				      "    use fewer, or build with a larger "
				      "CONFIG_ANKLET_ROUTES\n");
	for (int i = 0; i < CONFIG_ANKLET_FORWARDS; i++)
		read_good("forward *:1 [::9]:1\n");
	assert_int_equal(read_text("forward *:1 [::9]:1\n"), 1);
	assert_reported("anklet.conf:1:1: these are more than " NUMBER(
		CONFIG_ANKLET_FORWARDS) " forwards\n"
					"    forward *:1 [::9]:1\n"
					"    ^~~~~~~\n"
					"    use fewer, or build with a larger "
					"CONFIG_ANKLET_FORWARDS\n");
}

/* Each feature whose size is 0 is named, with the size that would bring it. */
static void what_is_left_out_is_refused(void **state)
{
	(void)state;
	needs(!ANKLET_HAS_ROUTES || !ANKLET_HAS_FORWARDS || CONFIG_ANKLET_ASSOCIATIONS == 0);
	if (!ANKLET_HAS_ROUTES) {
		assert_int_equal(read_text("route direct\n"), 1);
		assert_reported("anklet.conf:1:1: 'route' is not built into this program\n"
				"    route direct\n"
				"    ^~~~~\n"
				"    build with CONFIG_ANKLET_ROUTES above 0\n");
	}
	if (!ANKLET_HAS_FORWARDS) {
		assert_int_equal(read_text("forward *:1 [::9]:1\n"), 1);
		assert_reported("anklet.conf:1:1: 'forward' is not built into this program\n"
				"    forward *:1 [::9]:1\n"
				"    ^~~~~~~\n"
				"    build with CONFIG_ANKLET_FORWARDS above 0\n");
	}
	if (ANKLET_HAS_FORWARDS && CONFIG_ANKLET_ASSOCIATIONS == 0) {
		assert_int_equal(read_text("forward udp://*:1 udp://[::9]:1\n"), 1);
		assert_reported("anklet.conf:1:9: udp:// is not built into this program\n"
				"    forward udp://*:1 udp://[::9]:1\n"
				"            ^~~\n"
				"    build with CONFIG_ANKLET_ASSOCIATIONS above 0\n");
	}
	if (CONFIG_ANKLET_ASSOCIATIONS == 0) {
		assert_int_equal(read_text("limit-datagrams 90s\n"), 1);
		assert_reported(
			"anklet.conf:1:1: 'limit-datagrams' is not built into this program\n"
			"    limit-datagrams 90s\n"
			"    ^~~~~~~~~~~~~~~\n"
			"    build with CONFIG_ANKLET_ASSOCIATIONS above 0\n");
	}
	assert_int_equal(config.routes.count, 0);
	assert_int_equal(config.forward_count, 0);
}

/* A value has 255 octets at most; what takes more room printed than a line has is refused too. */
static void values_up_to_their_limit(void **state)
{
	char line[CONFIG_LINE_MAX + 1] = "route tls ca=";
	size_t start = strlen(line);

	(void)state;
	needs(ANKLET_HAS_TLS && CONFIG_ANKLET_ROUTES >= 2 && CONFIG_ANKLET_CONFIG_TEXT >= 2048);
	memset(line + start, 'a', 255);
	read_good(line);
	assert_int_equal(strlen(string_of(config.routes.route[0].tls.ca)), 255);
	line[start + 255] = 'a';
	assert_int_equal(read_text(line), 1);
	assert_non_null(strstr(reported, ":1:14: the value is longer than 255 octets\n"));
	memset(line + start, '\xff', 255);
	line[start + 255] = '\0';
	read_good(line);
	memcpy(line + start + 255, " cert=", 6);
	memset(line + start + 261, '\xff', 100);
	assert_int_equal(read_text(line), 1);
	assert_non_null(strstr(reported, "printed in full this is longer than a line may be\n"));
	memcpy(line, "listen tls://*?key=", 19);
	memset(line + 19, '\xff', 250);
	strcpy(line + 269, "&cert=\xfe\xfe\xfe\xfe\xfe");
	read_good(line);
	memset(line + 275, '\xfe', 100);
	line[375] = '\0';
	assert_int_equal(read_text(line), 1);
	assert_non_null(
		strstr(reported, ":1:1: printed in full this is longer than a line may be\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mistakes_in_listeners),
		cmocka_unit_test(mistakes_in_routes),
		cmocka_unit_test(mistakes_in_forwards),
		cmocka_unit_test(where_tls_is_not_built_in),
		cmocka_unit_test_setup(the_options_of_a_listener, with_tls),
		cmocka_unit_test_setup(the_words_of_a_route_in_any_order, with_tls),
		cmocka_unit_test_setup(both_sides_of_a_forward, with_tls),
		cmocka_unit_test_setup(more_than_the_tables_hold, with_tls),
		cmocka_unit_test_setup(what_is_left_out_is_refused, with_tls),
		cmocka_unit_test_setup(values_up_to_their_limit, with_tls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
