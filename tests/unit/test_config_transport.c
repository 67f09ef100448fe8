/*
 * config: listeners with TLS, next hops, routes and forwards: what their lines mean, and what is said
 * of every mistake in them.
 */
#include "config_reading.h"

#include "../skip.h"
#include "protocol/starttls.h"
#include "tls/tls.h"

#define LISTEN ": expected tcp:// or tls:// and HOST:PORT"
#define HOST ": expected an IPv4 address without leading zeros, [IPv6], [fe80::1%eth0] or a name"
#define PORT_OR_0 ": expected a port up to 65535; 0 is any free one"
#define PORT ": expected a port from 1 to 65535"
#define PATTERN ": expected ADDRESS/BITS, [IPv6/BITS], NAME, *.DOMAIN or *, and perhaps :PORTS"
#define TIME ": expected a time from 10ms to 480h: 30s, 5min, 2h"
#define HOP                                                                                    \
	ANKLET_TEXT(CONFIG_ANKLET_SOCKS5,                                                      \
		": expected socks4://, socks4a://, socks4+tls://, socks4a+tls://, socks5://, " \
		"socks5h://, socks5+tls:// or socks5h+tls:// and HOST:PORT",                   \
		": expected socks4://, socks4a://, socks4+tls:// or socks4a+tls:// and HOST:PORT")
#define FORWARD ": expected tcp://, udp:// or tls:// and HOST:PORT"
#define TARGET                                                                                     \
	": expected tcp://, udp://, tls://, smtp+starttls://, imap+starttls://, pop3+starttls:// " \
	"or nntp+starttls:// and HOST:PORT"
#define FILE ": expected the name of a file; %20 is a blank, %25 a '%'"
#define NO_PASSWORD ": expected password= only with a next hop by SOCKS5"
#define NO_OPTIONS ": expected options only where there is TLS; those of an endpoint after its '?'"
#define CERT ": expected ?cert=FILE&key=FILE or ?psk=FILE after the port"
#define STARTTLS ": expected smtp, imap, pop3 or nntp"
#define LINE_END ": expected one value a line; a comment begins with #"
#define SERVER_OPTIONS                                                      \
	": expected cert=, key=, ca=, psk=, alpn=, min=, truncated=eof or " \
	"halfclose=defer"

static const struct mistake listen_mistakes[] = {
	{"listen tls://*:1", 17, "'tls://*:1' needs a value" CERT},
	{"listen ssl://*:1?cert=", 23, "'cert=' needs a value" FILE},
	{"listen tls://*:1?cert", 18, "unexpected 'cert': did you mean 'cert='?"},
	{"listen tls://*:1?cert=a&", 24, "unexpected '&'" SERVER_OPTIONS},
	{"listen tls://*:1?", 17, "unexpected '?'" SERVER_OPTIONS},
	{"listen tls://*:1?=a", 18, "unexpected '=a'" SERVER_OPTIONS},
	{"listen tls://*:1?crt=a", 18, "unexpected 'crt=a': did you mean 'cert='?"},
	{"listen tls://*:1?bogus=a", 18, "unexpected 'bogus=a'" SERVER_OPTIONS},
	{"listen tls://*:1?cert=a&cert=b", 25, "'cert=' is there twice"},
	{"listen tls://*:1?cert=a%2", 24, "'%2' is invalid" FILE},
	{"listen tls://*:1?cert=a%zz", 24, "'%zz' is invalid" FILE},
	{"listen tls://*:1?cert=a%00", 24, "'%00' is invalid" FILE},
	{"listen tls://*:1?cert=a%0Ab", 24, "'%0A' is invalid" FILE},
	{"listen tls://*:1?cert=a&min=1.1", 29, "'1.1' is invalid: expected 1.2 or 1.3"},
	{"listen tls://*:1?cert=a&name=x", 25, "unexpected 'name=x'" SERVER_OPTIONS},
	{"listen tls://*:1?cert=a&verify=none", 25, "unexpected 'verify=none'" SERVER_OPTIONS},
	{"listen tls://*:1?key=a&psk=b", 18, "'key=' needs 'cert='"},
	{"listen tls://*:1?ca=a&psk=b", 18, "'ca=' needs 'cert='"},
	{"listen tls://*:1?key=b", 18, "'key=' needs 'cert='"},
	{"listen tls://*:1?cert=a&alpn=h2,,x", 30,
		"'h2,,x' is invalid: expected protocols with commas between, best first: "
		"h2,http/1.1"},
	{"listen tls://*:1?cert=a&alpn=,h2", 30,
		"',h2' is invalid: expected protocols with commas between, best first: "
		"h2,http/1.1"},
	{"listen tls://*:1?cert=a&alpn=,", 30,
		"',' is invalid: expected protocols with commas between, best first: h2,http/1.1"},
	{"listen tls://*:1?cert=a&truncated=no", 25,
		"unexpected 'truncated=no': did you mean 'truncated=eof'?"},
	{"listen tls://*:1?cert=a&halfclose=x", 25,
		"unexpected 'halfclose=x': did you mean 'halfclose=defer'?"},
	{"listen udp://*:1", 8, "'udp' is invalid" LISTEN},
	{"listen socks4://*:1", 8, "'socks4' is invalid" LISTEN},
	{"listen socks5://*:1", 8, "'socks5' is invalid" LISTEN},
	{"listen socks5+tls://*:1", 8, "'socks5+tls' is invalid" LISTEN},
	{"listen https://*", 8, "'https' is invalid" LISTEN},
	{"listen smpt+starttls://*:1", 8, "'smpt+starttls' is invalid" LISTEN},
	{"listen tsl://*:1", 8, "'tsl' is invalid" LISTEN},
	{"listen tcp://*?a=://", 15, "unexpected '?a=://'" NO_OPTIONS},
	{"listen tls://*:5?min=1.2&cert=c&min=1.3", 33, "'min=' is there twice"},
	{"listen 99999", 8, "'99999' is invalid" HOST},
	{"listen *:1 *:2", 12, "unexpected '*:2'" LINE_END},
};

static const struct mistake endpoint_mistakes[] = {
	{"listen htp://127.0.0.1:1080", 8, "'htp' is invalid" LISTEN},
	{"listen tcp4://x", 8, "'tcp4' is invalid" LISTEN},
	{"listen tc://x", 8, "'tc' is invalid" LISTEN},
	{"listen http://x", 8, "'http' is invalid" LISTEN},
	{"listen ://x", 9, "'//x' is invalid" PORT_OR_0},
	{"listen socks5://x:1", 8, "'socks5' is invalid" LISTEN},
	{"listen Socks5+TLS://x:1", 8, "'Socks5+TLS' is invalid" LISTEN},
	{"listen sock4a://x", 8, "'sock4a' is invalid" LISTEN},
	{"listen smtp+startls://x", 8, "'smtp+startls' is invalid" LISTEN},
	{"listen sslv2://x:1", 8, "'sslv2' is prohibited (RFC 6176, RFC 7568)" LISTEN},
	{"listen sslv3://x:1", 8, "'sslv3' is prohibited (RFC 6176, RFC 7568)" LISTEN},
	{"listen SSLv3://x:1", 8, "'SSLv3' is prohibited (RFC 6176, RFC 7568)" LISTEN},
	{"listen tcp://x:1?a=b", 17, "unexpected '?a=b'" NO_OPTIONS},
	{"listen x?", 9, "unexpected '?'" NO_OPTIONS},
	{"listen ?", 8, "'?' is invalid" HOST},
	{"listen ?cert=a", 8, "'?cert=a' is invalid" HOST},
	{"listen tls://?cert=a", 8, "'tls://?cert=a' is invalid" HOST},
	{"listen tls://x?cert=a%1", 22, "'%1' is invalid" FILE},
	{"listen tls://x?cert=%", 21, "'%' is invalid" FILE},
	{"listen tls://x?cert=a%7fb", 22, "'%7f' is invalid" FILE},
	{"listen tls://x?Cert=a", 16, "unexpected 'Cert=a': did you mean 'cert='?"},
	{"listen tls://x?cert=a&", 22, "unexpected '&'" SERVER_OPTIONS},
	{"listen tls://x?cert=", 21, "'cert=' needs a value" FILE},
	{"listen tcp://", 8, "'tcp://' is invalid" HOST},
	{"listen tcp://:80", 14, "':80' is invalid" HOST},
	{"listen :80", 8, "':80' is invalid" HOST},
	{"listen :", 9, "':' needs a value" PORT},
	{"listen host:", 13, "':' needs a value" PORT},
	{"listen [::1]:", 14, "':' needs a value" PORT},
	{"listen host:65536", 13, "'65536' is invalid" PORT_OR_0},
	{"listen host:http", 13, "'http' is invalid" PORT_OR_0},
	{"listen host:-1", 13, "'-1' is invalid" PORT_OR_0},
	{"listen host:80/", 13, "'80/' is invalid" PORT_OR_0},
	{"listen [::1]:99999999999", 14, "'99999999999' is invalid" PORT_OR_0},
	{"listen [::1", 8, "'[::1' is invalid" HOST},
	{"listen tcp://[", 14, "'[' is invalid" HOST},
	{"listen [::1]x", 8, "'[::1]x' is invalid" HOST},
	{"listen [::1]]:80", 8, "'[::1]]:80' is invalid" HOST},
	{"listen []:80", 8, "'[]' is invalid" HOST},
	{"listen [1.2.3.4]:80", 8, "'[1.2.3.4]' is invalid" HOST},
	{"listen [host]:80", 8, "'[host]' is invalid" HOST},
	{"listen [1:2]:80", 8, "'[1:2]' is invalid" HOST},
	{"listen ::1", 8, "'::1' is invalid" HOST},
	{"listen 2001:db8::1:80", 8, "'2001:db8::1:80' is invalid" HOST},
	{"listen a:80:80", 8, "'a:80:80' is invalid" HOST},
	{"listen [fe80::1%]:80", 8, "'[fe80::1%]' is invalid" HOST},
	{"listen [fe80::1%0123456789abcdef]", 8, "'[fe80::1%0123456789abcdef]' is invalid" HOST},
	{"listen [2001:db8::1%eth0]:80", 8, "'[2001:db8::1%eth0]' is invalid" HOST},
	{"listen [169.254.1.1%eth0]:80", 8, "'[169.254.1.1%eth0]' is invalid" HOST},
	{"listen [%eth0]:80", 8, "'[%eth0]' is invalid" HOST},
	{"listen [fe80::1%a%b]:80", 8, "'[fe80::1%a%b]' is invalid" HOST},
	{"listen 1.2.3:80", 8, "'1.2.3' is invalid" HOST},
	{"listen 1.2.3.256", 8, "'1.2.3.256' is invalid" HOST},
	{"listen 010.0.0.1", 8, "'010.0.0.1' is invalid" HOST},
	{"listen 127.1", 8, "'127.1' is invalid" HOST},
	{"listen 2130706433", 8, "'2130706433' is invalid" HOST},
	{"listen 10.0.0.1.", 8, "'10.0.0.1.' is invalid" HOST},
	{"listen a..b", 8, "'a..b' is invalid" HOST},
	{"listen .a", 8, "'.a' is invalid" HOST},
	{"listen .", 8, "'.' is invalid" HOST},
	{"listen user@host:80", 8, "'user@host' is invalid" HOST},
	{"listen *.example.com:80", 8, "'*.example.com' is invalid" HOST},
	{"listen **", 8, "'**' is invalid" HOST},
	{"listen 10.0.0.0/8", 8, "'10.0.0.0/8' is invalid" HOST},
	{"listen aaaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffggg", 8,
		"'aaaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeee...' is invalid" HOST},
};

static const struct mistake route_mistakes[] = {
	{"route", 6,
		"'route' needs a value: expected one of direct, via ENDPOINT, tls and "
		"starttls=PROTOCOL"},
	{"route via", 10, "'via' needs a value" HOP},
	{"route via x:1", 11, "'x:1' is invalid" HOP},
	{"route via tcp://x:1", 11, "'tcp' is invalid" HOP},
	{"route via socks4a://", 11, "'socks4a://' is invalid" HOST},
	{"route via socks4a://*", 21, "'*' is invalid" HOST},
	{"route via socks4a://x:0", 23, "'0' is invalid" PORT},
	{"route via socks4a://x:", 23, "':' needs a value" PORT},
	{"route via socks4a://x?ca=y", 22, "unexpected '?ca=y'" NO_OPTIONS},
	{"route via socks4a://x?password=y", 22, "unexpected '?password=y'" NO_OPTIONS},
#if ANKLET_HAS_HOP_PASSWORDS
	{"route via socks4+tls://x?password=y", 25, "unexpected '?password=y'" NO_PASSWORD},
	{"route via socks5://x?ca=y", 22, "unexpected 'ca=y': expected password="},
	{"route via socks5://x?password=", 31, "'password=' needs a value" FILE},
#endif
	{"route via socks4a+tls://x?key=y", 27, "'key=' needs 'cert='"},
	{"route via socks4a+tls://x?verify=none&ca=y", 39,
		"'ca=' cannot be combined with 'verify=none'"},
	{"route via socks4a+tls://x?verify=maybe", 27,
		"unexpected 'verify=maybe': did you mean 'verify=none'?"},
	{"route via socks4a+tls://x?name=1.2.3", 32, "'1.2.3' is invalid" HOST},
	{"route via socks4a://x tls", 23, "'tls' cannot be combined with 'via'"},
	{"route tls direct", 11, "'direct' cannot be combined with 'tls'"},
	{"route direct direct", 14, "'direct' is there twice"},
	{"route to * to *", 12, "'to' is there twice"},
	{"route tls name=x name=y", 18, "'name=' is there twice"},
	{"route direct name=x", 14, "unexpected 'name='" NO_OPTIONS},
	{"route via socks4a+tls://x name=x", 27, "unexpected 'name='" NO_OPTIONS},
	{"route tls key=x", 11, "'key=' needs 'cert='"},
	{"route tls ca=x verify=none", 16, "'verify=none' cannot be combined with 'ca='"},
	{"route tls resolve", 11, "'resolve' needs 'via'"},
	{"route direct unresolved", 14, "'unresolved' needs 'via'"},
	{"route via socks4a://x resolve unresolved", 31,
		"'unresolved' cannot be combined with 'resolve'"},
	{"route via socks4://x unresolved", 22, "'unresolved' cannot be combined with 'socks4://'"},
#if CONFIG_ANKLET_SOCKS5
	{"route via socks5://x unresolved", 22, "'unresolved' cannot be combined with 'socks5://'"},
#endif
	{"route to 10.0.0.0/8 via socks4a://x unresolved", 37,
		"'unresolved' cannot be combined with 'to ADDRESS'"},
	{"route starttls", 7, "unexpected 'starttls': did you mean 'starttls='?"},
	{"route starttls=", 16, "'starttls=' needs a value" STARTTLS},
	{"route starttls=ftp", 16, "'ftp' is invalid" STARTTLS},
	{"route starttls=SMTP", 16, "'SMTP' is invalid" STARTTLS},
	{"route drect", 7, "unexpected 'drect': did you mean 'direct'?"},
	{"route bogus", 7,
		"unexpected 'bogus': expected from, to, direct, via, tls, starttls=, "
		"resolve, unresolved, cert=, key=, ca=, psk=, alpn=, name=, min=, verify=none, "
		"truncated=eof or halfclose=defer"},
	{"route to", 9, "'to' needs a value" PATTERN},
	{"route tls nam=x", 11, "unexpected 'nam=x': did you mean 'name='?"},
	{"route tls ca", 11, "unexpected 'ca': did you mean 'ca='?"},
	{"route tls verify", 11, "unexpected 'verify': did you mean 'verify=none'?"},
	{"route tls min=1.1", 15, "'1.1' is invalid: expected 1.2 or 1.3"},
	{"route starttls=smtp starttls=imap", 21, "'starttls=' is there twice"},
	{"route resolve=x via socks4a://x", 7, "unexpected 'resolve=x': did you mean 'resolve'?"},
	{"route via socks6://x", 11, "'socks6' is invalid" HOP},
	{"route via socks5a+tls://x", 11, "'socks5a+tls' is invalid" HOP},
	{"route via=socks4a://x", 7, "unexpected 'via=socks4a://x': did you mean 'via'?"},
	{"route starttls smtp", 7, "unexpected 'starttls': did you mean 'starttls='?"},
	{"route direct tls=1", 14, "unexpected 'tls=1': did you mean 'tls'?"},
};

static const struct mistake forward_mistakes[] = {
	{"forward", 8, "'forward' needs a value" FORWARD},
	{"forward *:1", 12, "'*:1' needs a value" TARGET},
	{"forward * y:1", 10, "'*' needs a value" PORT},
	{"forward *:1 y", 14, "'y' needs a value" PORT},
	{"forward *:1 y:", 15, "':' needs a value" PORT},
	{"forward *:1 *:1", 13, "'*:1' is invalid" HOST},
	{"forward *:1 y:0", 15, "'0' is invalid" PORT},
	{"forward *:1 y:99999", 15, "'99999' is invalid" PORT},
	{"forward socks4://x:1 y:1", 9, "'socks4' is invalid" FORWARD},
	{"forward *:1 socks4://y:1", 13, "'socks4' is invalid" TARGET},
	{"forward *:1 udp://[::9]:1", 13,
		"unexpected 'udp://[::9]:1': expected udp:// on both sides, or on neither"},
	{"forward udp://*:1 [::9]:1", 19,
		"unexpected '[::9]:1': expected udp:// on both sides, or on neither"},
	{"forward *:1 y:1 z", 17, "unexpected 'z'" LINE_END},
	{"forward tls://*:1 y:1", 18, "'tls://*:1' needs a value" CERT},
	{"ca", 3, "'ca' needs a value" FILE},
	{"ca a%00", 5, "'%00' is invalid" FILE},
	{"limit-datagrams 0", 17, "'0' is invalid" TIME},
	{"forward 5", 10, "'5' needs a value" TARGET},
	{"forward 5 6", 11, "'6' is invalid" HOST},
	{"ca a b", 6, "unexpected 'b'" LINE_END},
};

/* Where TLS is disabled. */
static const struct mistake without_tls[] = {
	{"listen tls://*:1?cert=a", 8, "'tls' is disabled: this program is built without Mbed TLS"},
	{"listen tls://*", 8, "'tls' is disabled: this program is built without Mbed TLS"},
	{"route via socks4+tls://x", 11,
		"'socks4+tls' is disabled: this program is built without Mbed TLS"},
	{"route tls", 7, "'tls' is disabled: this program is built without Mbed TLS"},
	{"route tls name=y", 7, "'tls' is disabled: this program is built without Mbed TLS"},
	{"route starttls=smtp", 7,
		"'starttls=' is disabled: this program is built without Mbed TLS"},
	{"route starttls=ftp", 7,
		"'starttls=' is disabled: this program is built without Mbed TLS"},
	{"forward *:1 tls://y:1", 13, "'tls' is disabled: this program is built without Mbed TLS"},
	{"forward *:1 pop3+starttls://y:1", 13,
		"'pop3+starttls' is disabled: this program is built without Mbed TLS"},
	{"forward tls://*:1?cert=a y:1", 9,
		"'tls' is disabled: this program is built without Mbed TLS"},
	{"ca /etc/ca.pem", 1, "'ca' is disabled: this program is built without Mbed TLS"},
};

static void mistakes_in_listeners(void **state)
{
	(void)state;
	check_mistakes(listen_mistakes, COUNT(listen_mistakes), true);
}

static void mistakes_in_endpoints(void **state)
{
	(void)state;
	check_mistakes(endpoint_mistakes, COUNT(endpoint_mistakes), true);
}

/* Without TLS its options are no words of a route, and what is expected is something else. */
static void mistakes_in_routes(void **state)
{
	(void)state;
	needs(ANKLET_HAS_TLS);
	check_mistakes(route_mistakes, COUNT(route_mistakes), true);
}

static void mistakes_in_forwards(void **state)
{
	(void)state;
	check_mistakes(forward_mistakes, COUNT(forward_mistakes), true);
}

static void where_tls_is_disabled(void **state)
{
	(void)state;
	check_mistakes(without_tls, COUNT(without_tls), false);
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
	assert_int_equal(b->how, ROUTE_STARTTLS + STARTTLS_POP3);
	assert_string_equal(string_of(b->tls.psk), "p");
	assert_true(b->tls.truncated_eof && b->tls.halfclose_defer);
	b = &config.routes.route[3];
	assert_int_equal(b->how, ROUTE_VIA);
	assert_int_equal(b->lookup, ROUTE_RESOLVE);
	assert_int_equal(b->hop.scheme, ENDPOINT_SOCKS4_TLS);
	assert_int_equal(b->hop.port, 1080);
	assert_string_equal(string_of(b->hop.tls.ca), "x");
	b = &config.routes.route[4];
	assert_int_equal(b->lookup, ROUTE_UNRESOLVED);
	assert_int_equal(b->hop.port, 9050);
	assert_int_equal(config.routes.route[5].how, ROUTE_DIRECT);
}

static void both_sides_of_a_forward(void **state)
{
	static const uint8_t targets[] = {ENDPOINT_SMTP_STARTTLS, ENDPOINT_UDP, ENDPOINT_TLS};
	static const uint8_t listens[] = {ENDPOINT_TCP, ENDPOINT_UDP, ENDPOINT_TLS};

	(void)state;
	needs(ANKLET_HAS_TLS && CONFIG_ANKLET_FORWARDS >= 3 && CONFIG_ANKLET_UDP_FLOWS > 0);
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
	char line[64];

	(void)state;
	needs(ANKLET_HAS_ROUTES && ANKLET_HAS_FORWARDS);
	for (int i = 0; i < CONFIG_ANKLET_ROUTES; i++)
		read_good("route direct\n");
	read_text("route direct\n");
	assert_error("", 1,
		"no room for 'route' with CONFIG_ANKLET_ROUTES=" NUMBER(CONFIG_ANKLET_ROUTES));
	for (int i = 0; i < CONFIG_ANKLET_FORWARDS; i++) {
		snprintf(line, sizeof line, "forward *:%d [::9]:1\n", i + 1);
		read_good(line);
	}
	read_text("forward *:99 [::9]:1\n");
	assert_error("", 1,
		"no room for 'forward' with CONFIG_ANKLET_FORWARDS=" NUMBER(
			CONFIG_ANKLET_FORWARDS));
}

/* A value has 255 bytes at most; what takes more room printed than a line has is refused too. */
static void values_up_to_their_limit(void **state)
{
	static const char too_long[] =
		"...' is too long: printed in full it has more than 1024 bytes\n";
	char line[CONFIG_LINE_MAX + 1] = "route tls ca=";
	size_t start = strlen(line);

	(void)state;
	needs(ANKLET_HAS_TLS && CONFIG_ANKLET_ROUTES >= 2 && CONFIG_ANKLET_CONFIG_TEXT >= 2048);
	memset(line + start, 'a', 255);
	read_good(line);
	assert_int_equal(strlen(string_of(config.routes.route[0].tls.ca)), 255);
	line[start + 255] = 'a';
	assert_int_equal(read_text(line), 1);
	assert_non_null(strstr(reported, ":1:14: 'aaa"));
	assert_non_null(strstr(reported, "...' is longer than 255 bytes\n"));
	memset(line + start, '"', 255); /* printed, each takes three */
	line[start + 255] = '\0';
	read_good(line);
	memcpy(line + start + 255, " cert=", 6);
	memset(line + start + 261, '<', 100);
	assert_int_equal(read_text(line), 1);
	assert_non_null(strstr(reported, too_long));
	memcpy(line, "listen tls://*?key=", 19);
	memset(line + 19, '<', 250);
	strcpy(line + 269, "&cert=<<<<<");
	read_good(line);
	memset(line + 275, '>', 100);
	line[375] = '\0';
	assert_int_equal(read_text(line), 1);
	assert_non_null(strstr(reported, ":1:1: 'listen tls"));
	assert_non_null(strstr(reported, too_long));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mistakes_in_listeners),
		cmocka_unit_test(mistakes_in_endpoints),
		cmocka_unit_test(mistakes_in_routes),
		cmocka_unit_test(mistakes_in_forwards),
		cmocka_unit_test(where_tls_is_disabled),
		cmocka_unit_test_setup(the_options_of_a_listener, with_tls),
		cmocka_unit_test_setup(the_words_of_a_route_in_any_order, with_tls),
		cmocka_unit_test_setup(both_sides_of_a_forward, with_tls),
		cmocka_unit_test_setup(more_than_the_tables_hold, with_tls),
		cmocka_unit_test_setup(values_up_to_their_limit, with_tls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
