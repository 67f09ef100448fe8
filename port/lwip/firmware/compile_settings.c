/*
 * compile_settings CONFIG NETWORK: a program of the host's, which reads a board's two texts and writes what they say as
 * C. The image that is linked with that reads none: struct config config_compiled, struct network network_compiled.
 * With a third word, 'sizes', it writes how long the tables of the configuration have to be for that, and what of the
 * program nobody can ever ask for then.
 *
 * It has the board's sizes and the board's readers; so what is wrong is said as ever, and nothing is written then. What
 * is written are names and numbers: how a struct lies in memory is for the board's compiler alone.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/word.h"
#include "config/config.h"
#include "config/keywords.h"
#include "network.h"

#define TEXT_MOST 65536

/* ---- Writing: a line for each member that is not zero ---- */

/* What all structs are made of: the type, and its name as a part of another one. */
/* clang-format off */
#define TYPES(X) \
	X(uint8_t, byte) X(uint16_t, number) X(uint32_t, long_number) \
	X(struct ip, ip) X(ip_of_families, ips) X(struct ip_prefix, prefix) X(struct address, address) \
	X(struct port_range, ports) X(struct pattern, pattern) X(struct tls_options, tls) \
	X(struct endpoint, endpoint) X(struct rule, rule) X(struct route, route) X(struct forward, forward) \
	X(struct rate_limit, rate_limit) X(struct begin_limit, begin_limit) X(struct status_endpoint, status)
/* clang-format on */
#define DECLARED(type, name) static void write_##name(const void *at);
#define CHOSEN(type, name) const type * : write_##name,

TYPES(DECLARED)
static void write_bool(const void *at);

/* Of a type that is not among them there is none: it does not compile. */
#define WRITER(at) _Generic(at, TYPES(CHOSEN) const bool * : write_bool)
#define MEMBER(s, field) write_member("." #field, &(s)->field, WRITER(&(s)->field));
#define MEMBERS(s, table, count)               \
	for (unsigned i = 0; i < (count); i++) \
		write_element("." #table "[", i, &(s)->table[i], WRITER(&(s)->table[i]));

/* The designator of what is being written: ".rules.rule[2].to.kind". */
static char designator_text[128];
static struct text designator;

static void write_below(size_t before, const void *at, void (*write)(const void *))
{
	write(at);
	designator.len = before;
	designator.buf[before] = '\0';
}

static void write_member(const char *name, const void *at, void (*write)(const void *))
{
	size_t before = designator.len;

	text_str(&designator, name);
	write_below(before, at, write);
}

static void write_element(const char *name, unsigned i, const void *at, void (*write)(const void *))
{
	size_t before = designator.len;

	text_str_num(&designator, name, i);
	text_char(&designator, ']');
	write_below(before, at, write);
}

static void write_value(unsigned long n)
{
	if (n > 0)
		printf("\t%s = %lu,\n", designator.buf, n);
}

static void write_bytes(const char *name, const uint8_t *bytes, size_t count)
{
	printf("\t%s.%s = {%u", designator.buf, name, bytes[0]);
	for (size_t i = 1; i < count; i++)
		printf(", %u", bytes[i]);
	printf("},\n");
}

static void write_byte(const void *at)
{
	write_value(*(const uint8_t *)at);
}

static void write_number(const void *at)
{
	write_value(*(const uint16_t *)at);
}

static void write_long_number(const void *at)
{
	write_value(*(const uint32_t *)at);
}

static void write_bool(const void *at)
{
	write_value(*(const bool *)at);
}

static void write_ip(const void *at)
{
	const struct ip *ip = at;

	if (!ip_is_zero(ip))
		write_bytes("byte", ip->byte, sizeof ip->byte);
}

static void write_ips(const void *at)
{
	write_element("[", 0, at, write_ip);
	write_element("[", 1, (const struct ip *)at + 1, write_ip);
}

static void write_prefix(const void *at)
{
	const struct ip_prefix *prefix = at;

	MEMBER(prefix, ip)
	MEMBER(prefix, bits)
}

static void write_address(const void *at)
{
	const struct address *address = at;

	MEMBER(address, ip)
	MEMBER(address, port)
	MEMBER(address, scope)
}

static void write_ports(const void *at)
{
	const struct port_range *ports = at;

	MEMBER(ports, low)
	MEMBER(ports, high)
}

static void write_pattern(const void *at)
{
	const struct pattern *pattern = at;

	MEMBER(pattern, kind)
	MEMBER(pattern, ports_count)
	MEMBER(pattern, prefix)
	MEMBER(pattern, name)
	MEMBERS(pattern, ports, pattern->ports_count)
}

static void write_tls(const void *at)
{
	const struct tls_options *tls = at;

	MEMBER(tls, cert)
	MEMBER(tls, key)
	MEMBER(tls, ca)
	MEMBER(tls, psk)
	MEMBER(tls, alpn)
	MEMBER(tls, name)
	MEMBER(tls, password)
	MEMBER(tls, min)
	MEMBER(tls, verify_none)
	MEMBER(tls, truncated_eof)
	MEMBER(tls, halfclose_defer)
}

static void write_endpoint(const void *at)
{
	const struct endpoint *endpoint = at;

	MEMBER(endpoint, scheme)
	MEMBER(endpoint, host)
	MEMBER(endpoint, port)
	MEMBER(endpoint, name)
	MEMBER(endpoint, ip)
	MEMBER(endpoint, tls)
}

static void write_rule(const void *at)
{
	const struct rule *rule = at;

	MEMBER(rule, from)
	MEMBER(rule, to)
	MEMBER(rule, user)
	MEMBER(rule, command)
	MEMBER(rule, allow)
	MEMBER(rule, ident)
	MEMBER(rule, any_peer)
	MEMBER(rule, password)
	MEMBER(rule, needs_connect)
}

static void write_route(const void *at)
{
	const struct route *route = at;

	MEMBER(route, from)
	MEMBER(route, to)
	MEMBER(route, how)
	MEMBER(route, lookup)
	MEMBER(route, hop)
	MEMBER(route, tls)
}

static void write_forward(const void *at)
{
	const struct forward *forward = at;

	MEMBER(forward, listen)
	MEMBER(forward, target)
}

static void write_rate_limit(const void *at)
{
	const struct rate_limit *limit = at;

	MEMBER(limit, from)
	MEMBERS(limit, rate, RATE_WAYS)
}

static void write_begin_limit(const void *at)
{
	const struct begin_limit *limit = at;

	MEMBER(limit, ms)
	MEMBER(limit, count)
}

static void write_status(const void *at)
{
	const struct status_endpoint *status = at;

	MEMBER(status, at)
	MEMBER(status, sessions)
	MEMBER(status, anywhere)
	MEMBER(status, from)
}

/* Each string as one of C's, whose own NUL is that of the last. */
static void write_strings(const struct string_table *strings)
{
	if (strings->len == 0)
		return;
	printf("\t.strings.len = %u,\n\t.strings.text = \"", strings->len);
	for (unsigned i = 0; i + 1 < strings->len; i++) {
		unsigned char c = (unsigned char)strings->text[i];

		/* A number of three digits ends by itself, whatever follows. */
		if (c < ' ' || c > '~' || strchr("\"\\?", c) != NULL)
			printf("\\%03o", c);
		else
			putchar(c);
		if (c == '\0')
			printf("\"\n\t\t\"");
	}
	printf("\",\n");
}

#define ONE(type, field) MEMBER(c, field)
#define PART(field) MEMBER(c, field)
#define MANY(table, count) MEMBERS(c, table, c->count) MEMBER(c, count)
/* The rules stand in one table, which is written as that of allow. */
#define KEYWORD_WRITTEN(id, name, type, setting, place, ...) \
	if (VALUE_##type != VALUE_DENY) {                    \
		place                                        \
	}

static void write_config(const struct config *c)
{
	printf("_Static_assert(NAMES == %d, \"words have the numbers of a build with the same "
	       "features\");\n\n"
	       "const struct config config_compiled = {\n",
		(int)NAMES);
	KEYWORDS(KEYWORD_WRITTEN)
	MEMBER(c, tls)
	MEMBER(c, port.listen_early)
	write_strings(&c->strings);
	printf("};\n\n");
}

static void write_network(const struct network *network)
{
	printf("const struct network network_compiled = {\n");
	write_bytes("mac", network->mac, sizeof network->mac);
	MEMBER(network, dhcp)
	MEMBER(network, bits)
	MEMBER(network, address)
	MEMBER(network, gateway)
	printf("};\n");
}

/* What is built in stays so: no table becomes one of none. */
static void write_size(const char *table, unsigned count)
{
	printf("#define CONFIG_ANKLET_%s %u\n", table, count > 0 ? count : 1);
}

/* Lines that are never logged, unless somebody may ask for them while it runs. */
static void write_log_levels(const struct config *c)
{
	int levels = c->log < LEVEL_INFO ? c->log + 1 : c->log; /* 'refused' is of PORT_INFO's */

	if (!CONFIG_ANKLET_CONTROL && levels < CONFIG_ANKLET_LOG_LEVELS)
		printf("#define CONFIG_ANKLET_LOG_LEVELS %d\n", levels);
}

static void write_ident(const struct rules *rules)
{
	for (unsigned i = 0; i < rules->count; i++)
		if (rules->rule[i].ident)
			return;
	printf("#define CONFIG_ANKLET_IDENT 0\n");
}

static void write_sizes(const struct config *c)
{
	write_log_levels(c);
	write_ident(&c->rules);
	write_size("RULES", c->rules.count);
	if (ANKLET_HAS_ROUTES)
		write_size("ROUTES", c->routes.count);
	if (ANKLET_HAS_FORWARDS)
		write_size("FORWARDS", c->forward_count);
	write_size("CONFIG_TEXT", c->strings.len);
}

/* ---- Reading ---- */

static void complain(void *ctx, const char *text, size_t len)
{
	(void)ctx;
	(void)fwrite(text, 1, len, stderr);
}

/* The keywords of network.conf, and what stands after each. */
static const char *const expected[][2] = {
	{"mac", "the address of one host, as 52:54:00:12:34:56"},
	{"address",
		"dhcp, or an IPv4 address and the bits of its network, up to 30: 192.168.1.10/24"},
	{"gateway", "an IPv4 address"},
};

/* What may be wrong with a line that the reader does not take, in words; *at becomes where. */
static const char *mistake(struct word line, struct word *at, const char **expects)
{
	struct word rest = line, keyword = {line.at, 0}, value, more;

	(void)word_next(&rest, &keyword);
	*at = keyword;
	*expects = "mac, address or gateway";
	for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
		if (!word_is(keyword, expected[i][0]))
			continue;
		*expects = expected[i][1];
		if (!word_next(&rest, &value) || value.at[0] == '#')
			return "needs a value";
		*at = value;
		if (!word_next(&rest, &more) || more.at[0] == '#')
			return "is invalid";
		*at = more;
		*expects = "one value a line; a comment begins with #";
		return "is unexpected";
	}
	return "is unexpected";
}

/* Says what is wrong in the form of error_report(). */
static void report_network(const char *name, const char *text, size_t len, unsigned number)
{
	struct word rest = {text, len}, line = {NULL, 0}, at;
	const char *what, *expects;

	for (unsigned i = 0; i < number; i++)
		line = rest.at != NULL ? word_split(&rest, '\n') : (struct word){text + len, 0};
	what = mistake(line, &at, &expects);
	if (at.len == 0) { /* the line after the last one */
		fprintf(stderr, "%s:%u:1: expected a line with mac and one with address\n", name,
			number);
		return;
	}
	fprintf(stderr, "%s:%u:%d: '%.*s' %s: expected %s\n    %.*s\n    %*s", name, number,
		(int)(at.at - line.at) + 1, (int)at.len, at.at, what, expects, (int)line.len,
		line.at, (int)(at.at - line.at) + 1, "^");
	for (size_t i = 1; i < at.len; i++)
		putc('~', stderr);
	putc('\n', stderr);
}

/* The whole text, or NULL: it was said why. */
static const char *text_of(const char *name, char buf[TEXT_MOST], size_t *len)
{
	FILE *file = fopen(name, "rb");
	bool failed = file == NULL;

	if (!failed) {
		*len = fread(buf, 1, TEXT_MOST, file);
		failed = ferror(file) != 0;
		(void)fclose(file);
	}
	if (failed)
		fprintf(stderr, "%s: %s\n", name, strerror(errno));
	else if (*len == TEXT_MOST)
		fprintf(stderr, "%s: longer than %d bytes\n", name, TEXT_MOST - 1);
	return failed || *len == TEXT_MOST ? NULL : buf;
}

int main(int argc, char **argv)
{
	static char buf[TEXT_MOST];
	static struct config config;
	struct network network;
	const char *text;
	unsigned errors, wrong;
	size_t len;

	if (argc < 3) {
		fprintf(stderr, "usage: compile_settings CONFIG NETWORK [sizes]\n");
		return 64;
	}
	text = text_of(argv[1], buf, &len);
	if (text == NULL)
		return 1;
	config_init(&config);
	config.tls = ANKLET_HAS_TLS; /* of the image, whatever this program has */
	errors = config_read(&config, argv[1], text, len, complain, NULL);
	text = text_of(argv[2], buf, &len);
	if (text == NULL)
		return 1;
	wrong = network_read(&network, text, len);
	if (wrong > 0)
		report_network(argv[2], text, len, wrong);
	if (errors > 0 || wrong > 0)
		return 1;
	printf("/* The settings. Written by compile_settings: change the texts, not this. */\n");
	if (argc > 3) {
		write_sizes(&config);
	} else {
		printf("#include \"config/config.h\"\n#include \"network.h\"\n\n");
		text_init(&designator, designator_text, sizeof designator_text);
		write_config(&config);
		write_network(&network);
	}
	return fflush(stdout) == 0 && ferror(stdout) == 0 ? 0 : 1;
}
