/*
 * When a rule decides: about the request, about an address that a name has, about who calls at a BIND, or about whom a
 * hop says has come. Whatever it demands is done or refused, whenever that is.
 *
 * Every row, a rule about PEER with one of the words that a rule can have, is tried at every moment.
 */
#include "actors.h"

#include <string.h>

#include "next_hop.h"

#define PEER SERVER_IP
#define NAME "peer.example"
#define PROBE "allow user probe\n"
#define REST "allow connect\nallow bind any-peer\n"
#define VIA "via socks4a://" HOP_IP ":9050"

static const struct row {
	const char *rule, *userid;
	const char *answer; /* of the client's identd; NULL: it has none */
	bool has_connect;   /* the client has a CONNECT to PEER */
	bool connect;       /* the rule can be about a CONNECT, too */
	uint8_t code;
	const char *words;
} rows[] = {
	{"allow % to " PEER, "user", .connect = true, .code = SOCKS4_GRANTED},
	{"deny % to " PEER, "user", .connect = true, .code = SOCKS4_REJECTED,
		.words = "denied by rule 2"},
	{"deny to " PEER, "user", .connect = true, .code = SOCKS4_REJECTED,
		.words = "denied by rule 2"},
	{"deny % to 203.0.113.0/24", "user", .connect = true, .code = SOCKS4_REJECTED,
		.words = "denied by rule 2"},
	{"deny % to " SERVER_IP2, "user", .connect = true, .code = SOCKS4_GRANTED},
	{"deny % from " CLIENT_IP " to " PEER, "user", .connect = true, .code = SOCKS4_REJECTED,
		.words = "denied by rule 2"},
	{"deny % from " OTHER_IP " to " PEER, "user", .connect = true, .code = SOCKS4_GRANTED},
	{"deny % to " PEER " user fred", "fred", .connect = true, .code = SOCKS4_REJECTED,
		.words = "denied by rule 2"},
	{"deny % to " PEER " user fred", "user", .connect = true, .code = SOCKS4_GRANTED},
	{"allow % to " PEER " ident", "fred", "? : USERID : UNIX : fred\r\n", .connect = true,
		.code = SOCKS4_GRANTED},
	{"allow % to " PEER " ident", "fred", "? : USERID : UNIX : user\r\n", .connect = true,
		.code = SOCKS4_OTHER_USERID, .words = "names another user"},
	{"allow % to " PEER " ident", "fred", "? : ERROR : NO-USER\r\n", .connect = true,
		.code = SOCKS4_NO_IDENTD, .words = "does not know the user"},
	{"allow % to " PEER " ident", "fred", NULL, .connect = true, .code = SOCKS4_NO_IDENTD,
		.words = "identd cannot be reached"},
	{"allow % to " PEER " user fred ident", "user", NULL, .connect = true,
		.code = SOCKS4_GRANTED},
	{"allow bind to " PEER " needs-connect", "user", .has_connect = true,
		.code = SOCKS4_GRANTED},
	{"allow bind to " PEER " needs-connect", "user", .code = SOCKS4_REJECTED,
		.words = "the rule wants a CONNECT to that host first"},
	{"allow bind to " PEER " needs-connect ident", "fred", "? : USERID : UNIX : fred\r\n", true,
		.code = SOCKS4_GRANTED},
	{"allow bind to " PEER " needs-connect ident", "fred", "? : USERID : UNIX : fred\r\n",
		.code = SOCKS4_REJECTED, .words = "the rule wants a CONNECT to that host first"},
	{"allow bind to " PEER " needs-connect ident", "fred", NULL, true, .code = SOCKS4_NO_IDENTD,
		.words = "identd cannot be reached"},
};
#define ROWS (sizeof rows / sizeof rows[0])

static const struct row *row;
static struct client client, caller, first;
static struct server server;
static struct identd identd;
static struct next_hop hop;
static char config[256];

/* ---- Setting up ---- */

/* Lines before the rules; then a rule for the probe, the row's, with the command for '%', and what allows the rest. */
static void use_rules(struct run *run, const char *lines, const char *command)
{
	struct text t;

	text_init(&t, config, sizeof config);
	text_str(&t, lines);
	text_str(&t, PROBE);
	for (const char *c = row->rule; *c != '\0'; c++) {
		if (*c == '%')
			text_str(&t, command);
		else
			text_char(&t, *c);
	}
	text_str(&t, "\n" REST);
	run->config = config;
	run->config_added = true;
}

static void ask_now(struct client *c, unsigned which)
{
	struct address proxy = c->proxy;

	(void)which;
	EXPECT(c->run, client_code(c) == SOCKS4_GRANTED);
	caller_call(&client, &proxy, run_between(c->run, 0, 5000));
}

/* The CONNECT that the row wants, or none: it lives for 20 s, and the client begins when it is granted. */
static void connect_first(struct run *run)
{
	if (!row->has_connect)
		return;
	client_init(&first, run, HOST_CLIENT);
	server_init(&server, run, HOST_SERVER, PEER, 21);
	client_ask(&first, SOCKS4_CONNECT, PEER, 21, row->userid, NULL);
	pair_up(&first, &server, 0, 200);
	server.pattern.piece_max = 10;
	server.pattern.pause_ms = 1000;
	first.on_reply = ask_now;
	client.held = true;
}

static void call_back(struct client *c, unsigned which)
{
	struct address to = client_told(c, 0);

	EXPECT(c->run, ip_parse(PROXY_IP, strlen(PROXY_IP), &to.ip));
	if (which == 0 && client_code(c) == SOCKS4_GRANTED)
		caller_call(&caller, &to, run_between(c->run, 0, 2000));
}

/* PEER calls at the port that the client is told, if it is told one: if it is judged only then, or is permitted. */
static void expect_caller(struct run *run, bool judged_then)
{
	if (row->code != SOCKS4_GRANTED && !(judged_then && row->code == SOCKS4_REJECTED))
		return;
	caller_init(&caller, run, HOST_SERVER);
	EXPECT(run, ip_parse(PEER, strlen(PEER), &caller.from.ip));
	caller_pair(&client, &caller, 100, 100);
	client.on_reply = call_back;
}

static void check(struct run *run)
{
	bool granted = row->code == SOCKS4_GRANTED;

	EXPECT(run, client_code(&client) == row->code);
	EXPECT(run, row->words == NULL || run_logged(run, row->words) == 1);
	EXPECT(run,
		run_logged(run, "granted") == (granted ? 1u : 0u) + (row->has_connect ? 1u : 0u));
	EXPECT(run, granted == (client.talk.in > 0));
	/* What a rule may demand later is done before the client is told anything. */
	EXPECT(run, row->code != SOCKS4_NO_IDENTD || client.replies_in == 1);
	EXPECT(run, row->code != SOCKS4_OTHER_USERID || client.replies_in == 1);
}

static void begin(struct run *run, enum socks4_command command, const char *ip, const char *name)
{
	do
		row = &rows[run_between(run, 0, ROWS - 1)];
	while (command == SOCKS4_CONNECT && !row->connect);
	client_init(&client, run, HOST_CLIENT);
	client_ask(&client, command, ip, 6000, row->userid, name);
	if (command == SOCKS4_BIND)
		client.replies = 2;
	if (row->answer != NULL)
		identd_init(&identd, run, HOST_CLIENT, CLIENT_IP, row->answer);
	connect_first(run);
	run->check = check;
}

static void resolve_name(struct run *run)
{
	static const char *const addresses[] = {PEER, NULL};

	name_add(run, NAME, 0, addresses);
}

/* ---- The moments ---- */

static void connect_by(struct run *run, const char *ip, const char *name)
{
	static struct server reached;

	begin(run, SOCKS4_CONNECT, ip, name);
	use_rules(run, "", "connect");
	server_init(&reached, run, HOST_SERVER, PEER, 6000);
	pair_streams(&client, &reached, 100, 100);
	resolve_name(run);
}

static void request(struct run *run)
{
	connect_by(run, PEER, NULL);
}

static void literal(struct run *run)
{
	connect_by(run, NULL, PEER);
}

static void address_of_a_name(struct run *run)
{
	connect_by(run, NULL, NAME);
}

static void bind_by(struct run *run, const char *ip, const char *name)
{
	begin(run, SOCKS4_BIND, ip, name);
	use_rules(run, "", "bind");
	expect_caller(run, name == NULL && ip != NULL && strcmp(ip, PEER) != 0);
	resolve_name(run);
}

static void bind_request(struct run *run)
{
	bind_by(run, PEER, NULL);
}

static void bind_address_of_a_name(struct run *run)
{
	bind_by(run, NULL, NAME);
}

static void who_calls(struct run *run)
{
	bind_by(run, "0.0.0.0", NULL);
}

static void whom_a_hop_names(struct run *run)
{
	begin(run, SOCKS4_BIND, "0.0.0.0", NULL);
	use_rules(run, "route to 0.0.0.0 " VIA "\n", "bind");
	next_hop_init(&hop, run, HOST_OTHER, HOP_IP, HOP_PORT);
	next_hop_says(&hop, 0, SOCKS4_GRANTED, HOP_IP, 4711);
	next_hop_says(&hop, 1, SOCKS4_GRANTED, PEER, 40000);
	next_hop_pair(&client, &hop, 100, 100);
}

static const struct scenario scenarios[] = {
	{"request", request},
	{"literal", literal},
	{"address_of_a_name", address_of_a_name},
	{"bind_request", bind_request},
	{"bind_address_of_a_name", bind_address_of_a_name},
	{"who_calls", who_calls},
	{"whom_a_hop_names", whom_a_hop_names},
};

int main(int argc, char **argv)
{
	return scenario_main(argc, argv, scenarios, sizeof scenarios / sizeof *scenarios);
}
