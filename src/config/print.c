/*
 * The configuration in force, as lines that config_read() reads. See config.h.
 *
 * What was not given and cannot be written as a value is said in a comment.
 */
#include "config/config.h"

#include <string.h>

#include "config/line.h"
#include "config/values.h"

/* One line, handed over by line_end(). */
struct line {
	anklet_print *print;
	void *ctx;
	struct text t;
	char buf[CONFIG_LINE_MAX + 2]; /* with its end and a NUL */
};

static struct text *line_begin(struct line *line, const char *start)
{
	text_init(&line->t, line->buf, sizeof line->buf);
	text_str(&line->t, start);
	return &line->t;
}

static void line_end(struct line *line)
{
	text_char(&line->t, '\n');
	line->print(line->ctx, line->t.buf, line->t.len);
}

static void print_str(struct line *line, const char *start, const char *value)
{
	text_str(line_begin(line, start), value);
	line_end(line);
}

static void print_num(struct line *line, const char *start, unsigned value)
{
	text_num(line_begin(line, start), value);
	line_end(line);
}

static void print_listen(struct line *line, const struct config *c)
{
	if (config_listens_by_default(c)) {
		print_str(line, "# listen tcp://127.0.0.1:1080", " (default)");
		print_str(line, "# listen tcp://[::1]:1080", " (default)");
	}
	for (unsigned i = 0; i < c->listen_count; i++) {
		text_endpoint(line_begin(line, "listen "), &c->listen[i], &c->strings);
		line_end(line);
	}
	if (c->listen_count == 0 && !config_listens_by_default(c))
		print_str(line, "# listen: ", "nowhere; there are forwards only");
}

static void print_rules(struct line *line, const struct config *c)
{
	if (c->rules.count == 0)
		print_str(line, "# no allow or deny: ",
			"clients on loopback and private networks are served, all others refused");
	for (unsigned i = 0; i < c->rules.count; i++) {
		text_rule(line_begin(line, ""), &c->rules.rule[i], &c->strings);
		line_end(line);
	}
}

/* Does a rule or a route speak of addresses? */
static bool has_addresses(const struct config *c)
{
	for (unsigned i = 0; i < c->rules.count; i++) {
		if (c->rules.rule[i].to.kind == PATTERN_PREFIX)
			return true;
	}
	for (unsigned i = 0; i < c->routes.count; i++) {
		if (c->routes.route[i].to.kind == PATTERN_PREFIX)
			return true;
	}
	return false;
}

/* What one may not have thought of stands in front of the line that brings it. */
static void print_unverified(struct line *line, const struct tls_options *options)
{
	if (options->verify_none)
		print_str(line,
			"# verify=none: ", "whoever answers there is believed to be the right one");
}

static void print_routes(struct line *line, const struct config *c)
{
	for (unsigned i = 0; i < c->routes.count; i++) {
		const struct route *route = &c->routes.route[i];

		if (route_is_remote(route) && route->to.kind != PATTERN_PREFIX && has_addresses(c))
			print_str(line, "# the hop looks names up: ",
				"an address behind 'to', of a rule or a route, matches none of "
				"them");
		print_unverified(line, &route->tls);
		print_unverified(line, &route->hop.tls);
		text_route(line_begin(line, ""), route, &c->strings);
		line_end(line);
	}
}

static void print_forwards(struct line *line, const struct config *c)
{
	for (unsigned i = 0; i < c->forward_count; i++) {
		const struct forward *f = &c->forward[i];

		print_unverified(line, &f->target.tls);
		text_endpoint(line_begin(line, "forward "), &f->listen, &c->strings);
		text_char(&line->t, ' ');
		text_endpoint(&line->t, &f->target, &c->strings);
		line_end(line);
	}
}

static void print_ca(struct line *line, const struct config *c)
{
	if (c->ca != STRING_NONE) {
		text_tls_value(line_begin(line, "ca "), string_table_at(&c->strings, c->ca));
		line_end(line);
	} else if (c->tls) {
		print_str(line, "# ca: ", "the system's list (default)");
	}
}

/* In the largest unit that says it exactly. */
static void print_time(struct line *line, const char *start, uint32_t ms)
{
	static const struct {
		uint32_t ms;
		char name[4];
	} units[] = {{3600000, "h"}, {60000, "m"}, {1000, "s"}, {1, "ms"}};
	unsigned unit = 0;

	while (ms % units[unit].ms != 0)
		unit++;
	text_num(line_begin(line, start), ms / units[unit].ms);
	text_str(&line->t, ms > 0 ? units[unit].name : "");
	line_end(line);
}

static void print_limits(struct line *line, const struct config *c)
{
	print_time(line, "limit-handshake ", c->limit_handshake_ms);
	print_time(line, "limit-establish ", c->limit_establish_ms);
	print_time(line, "limit-idle ", c->limit_idle_ms);
	print_time(line, "limit-half-closed ", c->limit_half_closed_ms);
	if (CONFIG_ANKLET_ASSOCIATIONS > 0)
		print_time(line, "limit-datagrams ", c->limit_datagrams_ms);
	print_num(line, "limit-client ", c->limit_client);
}

static void print_bind_ports(struct line *line, const struct config *c)
{
	struct text *t;

	if (c->bind_port_low == 0) {
		print_str(line, "bind-ports ", "any");
		return;
	}
	t = line_begin(line, "bind-ports ");
	text_num(t, c->bind_port_low);
	text_char(t, '-');
	text_num(t, c->bind_port_high);
	line_end(line);
}

static void print_ip(struct line *line, const char *start, const struct ip *ip)
{
	text_ip(line_begin(line, start), ip);
	line_end(line);
}

static void print_bind_address(struct line *line, const struct config *c)
{
	if (ip_is_zero(&c->bind_address))
		print_str(line, "# bind-address: ", "the one that faces the peer (default)");
	else
		print_ip(line, "bind-address ", &c->bind_address);
}

static void print_sources(struct line *line, const struct config *c)
{
	if (!ip_is_zero(&c->source_v4))
		print_ip(line, "source ", &c->source_v4);
	if (!ip_is_zero(&c->source_v6))
		print_ip(line, "source ", &c->source_v6);
	if (ip_is_zero(&c->source_v4) && ip_is_zero(&c->source_v6))
		print_str(line, "# source: ", "the system chooses (default)");
}

static void print_dns(struct line *line, const struct config *c)
{
	if (c->port.name_servers == 0)
		print_str(line, "# dns: ", "the system's name servers (default)");
	for (unsigned i = 0; i < c->port.name_servers; i++) {
		text_address(line_begin(line, "dns "), &c->port.name_server[i]);
		line_end(line);
	}
}

static void print_user(struct line *line, const struct config *c)
{
	if (c->user != STRING_NONE)
		print_str(line, "user ", string_table_at(&c->strings, c->user));
	else
		print_str(line, "# user: ", "the one who starts it (default)");
}

void config_print(const struct config *c, anklet_print *print, void *ctx)
{
	struct line line = {.print = print, .ctx = ctx};

	print_listen(&line, c);
	print_rules(&line, c);
	if (CONFIG_ANKLET_ROUTES > 0)
		print_routes(&line, c);
	if (CONFIG_ANKLET_FORWARDS > 0)
		print_forwards(&line, c);
	print_ca(&line, c);
	print_limits(&line, c);
	if (CONFIG_ANKLET_BIND) {
		print_bind_ports(&line, c);
		print_bind_address(&line, c);
	}
	print_sources(&line, c);
	if (CONFIG_ANKLET_NAMES)
		print_dns(&line, c);
	if (CONFIG_ANKLET_LOG_LEVELS > 0)
		print_str(&line, "log ", config_level_name(c->log));
	print_user(&line, c);
}
