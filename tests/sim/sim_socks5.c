/*
 * SOCKS5, from the greeting on: in any pieces, all at once, with whoever leaves or falls silent, and every refusal.
 */
#include "secure.h"

#include <string.h>

#define HOLE_IP "198.51.100.1" /* never answers */
#define NOBODY_IP "192.0.2.1"
#define NAME "server.example"

static struct client client, caller;
static struct server server;

/* Whole messages, or pieces of them; each when the one before it was answered, or whenever it likes. */
static void any_manner(struct run *run)
{
	client.polite = run_between(run, 0, 1) == 1;
	if (run_between(run, 0, 2) > 0) {
		client.cut_max = run_between(run, 1, 12);
		client.cut_pause_ms = run_between(run, 0, 20);
	}
	client.early = run_between(run, 0, 1) == 1;
	if (run_between(run, 0, 3) == 0) {
		run_rough(run);
		client.talk.out_len %= 2000;
		server.pattern.out_len %= 2000;
	}
}

/* ---- CONNECT ---- */

/* Every byte both ways, both ends in order, and each message answered once. */
static void check_exact(struct run *run)
{
	EXPECT(run, client.answers_in == 1 && memcmp(client.answer[0], "\x05\x00", 2) == 0);
	EXPECT(run, client.replies_in == 1 && client_granted(&client));
	EXPECT(run, memcmp(client.reply[0], "\x05\x00\x00\x01\0\0\0\0\0\0", 10) == 0);
	EXPECT(run, client.talk.in == server.talk[0].out_len);
	EXPECT(run, server.talk[0].in == client.talk.out_len);
	EXPECT(run, client.talk.in_end == PORT_EOF && server.talk[0].in_end == PORT_EOF);
	EXPECT(run, run->anklet->sessions.loop.status.bytes_up == client.talk.out_len);
	EXPECT(run, run_logged(run, "granted, ") == 1 &&
			    run_logged(run, ": closed, both sides ended") == 1);
	EXPECT(run, run->log_count == 2);
}

/* Nobody waits for the server. */
static void ask_for(struct run *run, const char *server_ip, const char *ip, const char *name)
{
	client_init(&client, run, HOST_CLIENT);
	server_init(&server, run, HOST_SERVER, server_ip, 7000);
	client_ask5(&client, SOCKS4_CONNECT, ip, 7000, name);
	pair_streams(&client, &server, run_between(run, 0, 20000), run_between(run, 0, 20000));
	run->check = check_exact;
	any_manner(run);
}

static void connect_to(struct run *run, const char *server_ip, const char *ip, const char *name)
{
	ask_for(run, server_ip, ip, name);
	server_expect(&server, 1);
}

static void by_address(struct run *run)
{
	const char *ip = run_between(run, 0, 1) == 0 ? SERVER_IP : SERVER_IP6;

	connect_to(run, ip, ip, NULL);
}

static void by_name(struct run *run)
{
	static const char *const v4[] = {SERVER_IP, NULL}, *const v6[] = {SERVER_IP6, NULL};
	bool six = run_between(run, 0, 1) == 1;

	connect_to(run, six ? SERVER_IP6 : SERVER_IP, NULL, NAME);
	name_add(run, NAME, 0, six ? v6 : v4);
}

/* A name that is an address is one, and nobody is asked for it: there is no name server. */
static void by_literal(struct run *run)
{
	static const char *const names[] = {SERVER_IP, SERVER_IP6, "[" SERVER_IP6 "]"};
	uint32_t which = run_between(run, 0, 2);

	connect_to(run, which == 0 ? SERVER_IP : SERVER_IP6, NULL, names[which]);
}

/* Greeting, request and data in one segment, and not a byte of it is lost. */
static void one_segment(struct run *run)
{
	connect_to(run, SERVER_IP, SERVER_IP, NULL);
	client.polite = false;
	client.cut_max = 0;
	client.early = true;
	client.talk.out_len = run_between(run, 1, 400);
}

static void over_tls(struct run *run)
{
	secure_world(run);
	connect_to(run, SERVER_IP, SERVER_IP, NULL);
	run->config = "listen tls://" PROXY_IP ":1443?cert=server.pem&key=server.key\n";
	run->config_added = true;
	client.proxy.port = 1443;
	client.talk.tls = secure_client(run);
	client.talk.tls_name = SECURE_NAME;
	secure_make_room(run);
}

/* A client of SOCKS4 is served at the same place as ever. */
static void check_both(struct run *run)
{
	EXPECT(run, client_granted(&client) && client_granted(&caller));
	EXPECT(run, server.accepted == 2 && run_logged(run, "granted, ") == 2);
}

static void beside_socks4(struct run *run)
{
	ask_for(run, SERVER_IP, SERVER_IP, NULL);
	server_expect(&server, 2);
	client_init(&caller, run, HOST_CLIENT);
	client_ask(&caller, SOCKS4_CONNECT, SERVER_IP, 7000, "user", NULL);
	client.talk.out_len = server.pattern.out_len = 0;
	caller.cut_max = run_between(run, 0, 3);
	caller.cut_pause_ms = run_between(run, 0, 5);
	run->check = check_both;
}

/* ---- BIND ---- */

static bool same_ip(const struct ip *ip, const char *text)
{
	struct ip other;

	return ip_parse(text, strlen(text), &other) && ip_equal(ip, &other);
}

static const char *listens_at;

static void call_back(struct client *c, unsigned which)
{
	struct address to = client_told(c, 0);

	if (which == 0 && client_granted(c))
		caller_call(&caller, &to, run_between(c->run, 0, 2000));
}

static void check_bound(struct run *run)
{
	struct address told = client_told(&client, 0), peer = client_told(&client, 1);

	EXPECT(run, client.replies_in == 2 && client_granted(&client));
	EXPECT(run, same_ip(&told.ip, listens_at) && told.port >= 1024);
	EXPECT(run, address_equal(&peer, &caller.at));
	EXPECT(run, caller.talk.in == client.talk.out_len);
	EXPECT(run, client.talk.in == caller.talk.out_len);
	EXPECT(run, client.talk.in_end == PORT_EOF && caller.talk.in_end == PORT_EOF);
	EXPECT(run, run->log_count == 3 && run_logged(run, ": waits for the peer on ") == 1);
}

static void bind_for(struct run *run, const char *ip, const char *name, const char *at)
{
	client_init(&client, run, HOST_CLIENT);
	client_ask5(&client, SOCKS4_BIND, ip, 0, name);
	client.replies = 2;
	client.on_reply = call_back;
	caller_init(&caller, run, HOST_SERVER);
	caller_pair(&client, &caller, run_between(run, 0, 9000), run_between(run, 0, 9000));
	listens_at = at;
	run->check = check_bound;
	any_manner(run);
	client.talk.out_len %= 9000;
}

static void bind_by_address(struct run *run)
{
	bool six = run_between(run, 0, 1) == 1;

	bind_for(run, six ? SERVER_IP6 : SERVER_IP, NULL, six ? PROXY_IP6 : PROXY_IP);
}

/* Of a host with both families the one is taken by which the client has come. */
static void bind_by_name(struct run *run)
{
	static const char *const both[] = {SERVER_IP6, SERVER_IP, NULL};
	static const char *const v6[] = {SERVER_IP6, NULL};
	bool six = run_between(run, 0, 1) == 1;

	bind_for(run, NULL, NAME, six ? PROXY_IP6 : PROXY_IP);
	name_add(run, NAME, 0, six ? v6 : both);
}

/* Whoever comes: the client is told where, and not 0.0.0.0, for which it would have to know more. */
static void bind_for_any_peer(struct run *run)
{
	bool six = run_between(run, 0, 1) == 1;

	bind_for(run, six ? "::" : "0.0.0.0", NULL, six ? PROXY_IP6 : PROXY_IP);
	run->config = "allow any-peer\n";
	run->config_added = true;
	if (six) {
		bool right = ip_parse(PROXY_IP6, sizeof PROXY_IP6 - 1, &client.proxy.ip);

		EXPECT(run, right);
	}
}

static void check_wrong_peer(struct run *run)
{
	EXPECT(run, client.replies_in == 2 && client_code(&client) == SOCKS5_DENIED);
	EXPECT(run, memcmp(client.reply[1], "\x05\x02\x00\x01\0\0\0\0\0\0", 10) == 0);
	EXPECT(run, client.end == PORT_EOF);
	EXPECT(run, run_logged(run, ": refused with 2, another host than the one announced "
				    "connected") == 1);
}

static void bind_wrong_peer(struct run *run)
{
	bind_for(run, SERVER_IP, NULL, PROXY_IP);
	caller.actor.port = caller.talk.port = &run->peer[HOST_OTHER];
	run->check = check_wrong_peer;
}

/* ---- Refusals ---- */

#define HELLO "\x05\x01\x00"

static const struct refusal {
	const char *said;
	size_t len;
	uint8_t code; /* 255: of the method */
	const char *words;
} refusals[] = {
#define SAID(text) text, sizeof(text) - 1
	{SAID("\x05\x00"), 255, "offers no way to say who it is that is accepted"},
	{SAID("\x05\x02\x01\x02"), 255, "offers no way to say who it is that is accepted"},
	{SAID("\x05\x01\x02\x01\x01u\x01p"), 255, "offers no way to say who it is"},
	{SAID(HELLO "\x05\x03\x00\x01\0\0\0\0\0\0"), 7, "is neither CONNECT nor BIND"},
	{SAID(HELLO "\x05\xf0\x00\x03\x01x\0\0"), 7, "is neither CONNECT nor BIND"},
	{SAID(HELLO "\x05\x01\x00\x02\x01\x02"), 8, "the type of the address is not known"},
	{SAID(HELLO "\x05\x01\x00\x03\x00\x1b\x58"), 1, "the name is empty"},
	{SAID(HELLO "\x05\x01\x00\x03\x02 x\x1b\x58"), 1, "has a blank or a control character"},
	{SAID(HELLO "\x05\x01\x00\x03\x07"
		    "0x7f.01\x1b\x58"),
		1, "the name could be taken for an address"},
	{SAID(HELLO "\x05\x01\x00\x01\xcb\x00\x71\x05\x00\x00"), 1, "nobody can connect to port 0"},
	{SAID(HELLO "\x05\x01\x00\x01\xcb\x00\x71\x05\x00\x08"), 2, "denied by rule 1"},
	{SAID(HELLO "\x05\x01\x00\x01\xcb\x00\x71\x05\x00\x07"), 5, "connection refused"},
	{SAID(HELLO "\x05\x01\x00\x01\xc0\x00\x02\x01\x00\x07"), 4, "unreachable"},
	{SAID(HELLO "\x05\x01\x00\x01\xc6\x33\x64\x01\x00\x07"), 6,
		"not established within limit-establish"},
	{SAID(HELLO "\x05\x01\x00\x03\x0cnone.example\x00\x07"), 4, "the name has no address"},
	{SAID(HELLO "\x05\x02\x00\x01\0\0\0\0\0\0"), 2, "nobody may reach that address"},
	{SAID(HELLO "\x05\x02\x00\x04\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), 2,
		"nobody may reach that address"},
#undef SAID
};

static const struct refusal *refusal;

/* Each is told in two or in ten bytes, then comes the end; and nothing comes for what is after it. */
static void check_refused(struct run *run)
{
	EXPECT(run, client.end == PORT_EOF);
	EXPECT(run,
		run_logged(run, ": refused with ") == 1 && run_logged(run, refusal->words) == 1);
	if (refusal->code == SOCKS5_METHOD_UNACCEPTABLE) {
		EXPECT(run, client.replies_in == 0 &&
				    client.answer[0][1] == SOCKS5_METHOD_UNACCEPTABLE);
		return;
	}
	EXPECT(run, client.answers_in == 1 && client.replies_in == 1);
	EXPECT(run, client_code(&client) == refusal->code);
	EXPECT(run, memcmp(client.reply[0] + 2, "\x00\x01\0\0\0\0\0\0", 8) == 0);
}

static void say(struct run *run, const void *said, size_t len)
{
	client_init(&client, run, HOST_CLIENT);
	client_ask5(&client, SOCKS4_CONNECT, SERVER_IP, 7000, NULL);
	memcpy(client.request, said, len);
	client.request_len = len;
	if (client.ends[0] > len)
		client.ends[0] = len;
}

static void refused(struct run *run)
{
	refusal = &refusals[run_between(run, 0, sizeof refusals / sizeof *refusals - 1)];
	say(run, refusal->said, refusal->len);
	client.talk.out_len = run_between(run, 0, 100);
	any_manner(run);
	client.polite = client.polite && refusal->code != SOCKS5_METHOD_UNACCEPTABLE;
	run->config = "deny to *:8\nallow\n";
	run->config_added = true;
	sim_route(&run->sim, "198.51.100.0/24", SIM_FATE_BLACK_HOLE);
	run->check = check_refused;
}

/* A message of another version than the one before it gets no reply. */
static void check_silence(struct run *run)
{
	EXPECT(run, client.end == PORT_EOF && client.replies_in == 0 && client.answers_in == 1);
	EXPECT(run, run_logged(run, ": refused, a message of this client is not of the version "
				    "that it began with") == 1);
}

static void other_version(struct run *run)
{
	uint8_t said[] = {5, 1, 0, 4, 1, 0, 1, 203, 0, 113, 5, 0, 7};

	said[3] = (uint8_t)(run_between(run, 0, 1) == 0 ? 4 : run_between(run, 6, 255));
	say(run, said, sizeof said);
	any_manner(run);
	run->check = check_silence;
}

/* Of all that the addresses of a name have come to it is told what says most. */
static void check_most_telling(struct run *run)
{
	EXPECT(run, client_code(&client) == SOCKS5_REFUSED);
	EXPECT(run, run_logged(run, ": refused with 5, connection refused") == 1);
}

static void most_telling(struct run *run)
{
	static const char *const orders[][4] = {{SERVER_IP, NOBODY_IP, NULL},
		{NOBODY_IP, SERVER_IP, NULL}, {NOBODY_IP, SERVER_IP, "192.0.2.2", NULL}};

	client_init(&client, run, HOST_CLIENT);
	client_ask5(&client, SOCKS4_CONNECT, NULL, 7000, NAME);
	name_add(run, NAME, 0, orders[run_between(run, 0, 2)]);
	any_manner(run);
	run->peer[HOST_SERVER].host->answer_ms = run_between(run, 0, 600);
	run->check = check_most_telling;
}

/* ---- Whoever leaves, or says no more ---- */

/* At the beginning of a message it is no news; in the middle of one it is. */
static void check_left(struct run *run)
{
	bool between = client.leave_at == client.ends[0] && client.leaves == CLIENT_SHUTS_DOWN;

	EXPECT(run, server.accepted <= 1);
	EXPECT(run, run->sim.now < 60000);
	if (between)
		EXPECT(run, run->anklet->sessions.loop.status.left == 1 && run->log_count == 0);
	else if (client.leave_at < client.request_len && client.leaves == CLIENT_SHUTS_DOWN)
		EXPECT(run, run->log_count == 1); /* of a reset nothing else may have been heard */
}

static void leaves(struct run *run)
{
	ask_for(run, SERVER_IP, SERVER_IP, NULL);
	client.polite = client.early = false;
	client.leaves = (uint8_t)run_between(run, CLIENT_SHUTS_DOWN, CLIENT_RESETS);
	client.leave_at = run_between(run, 1, (uint32_t)client.request_len);
	client.talk.last = TALK_CLOSE;
	run->check = check_left;
}

static void check_silent(struct run *run)
{
	uint64_t lived = client.over_at - client.connected_at;

	EXPECT(run, client.replies_in == 0 && client.end == PORT_EOF);
	EXPECT(run, client.answers_in == (client.sent >= 3));
	EXPECT(run, lived >= 29900 && lived < 40000);
	EXPECT(run, run_logged(run, ": refused, no whole request within limit-handshake") == 1);
}

/* The limit is one for all that comes before the request is whole. */
static void silent(struct run *run)
{
	ask_for(run, SERVER_IP, SERVER_IP, NULL);
	client.early = false;
	client.request_len = run_between(run, 1, (uint32_t)client.request_len - 1);
	if (client.ends[0] > client.request_len)
		client.ends[0] = client.request_len;
	client.cut_pause_ms = client.cut_pause_ms * 500;
	run->check = check_silent;
}

/* ---- Calls that fail ---- */

static void check_faults(struct run *run)
{
	const struct talk *talk = &client.talk;
	bool broken = talk->in_end == PORT_RESET || talk->out_end == PORT_RESET;

	EXPECT(run, client.done);
	if (client_granted(&client))
		EXPECT(run,
			broken || (talk->in_end == PORT_EOF && talk->in == server.pattern.out_len));
	else
		EXPECT(run, client.end == PORT_EOF || client.end == PORT_RESET);
}

/* Seed by seed: each answer at each call. */
static void nth_call(struct run *run)
{
	unsigned answers = PORT_RESET - PORT_ANSWER_LAST + 1;

	ask_for(run, SERVER_IP, SERVER_IP, NULL);
	run->start_fails = true;
	run->proxy.faults.fail_with = PORT_RESET - (int)(run->seed % answers);
	run->proxy.faults.fail_at = 1 + (uint32_t)(run->seed / answers) % 60;
	run->check = check_faults;
}

static void check_no_network(struct run *run)
{
	EXPECT(run, client_code(&client) == SOCKS5_NO_NETWORK);
	EXPECT(run, run_logged(run, ": refused with 3, no way to that network from here") == 1);
}

/* The proxy's host has no address of IPv6. */
static void no_network(struct run *run)
{
	client_init(&client, run, HOST_CLIENT);
	client_ask5(&client, SOCKS4_CONNECT, SERVER_IP6, 7000, NULL);
	any_manner(run);
	run->proxy_host->addresses = 1;
	run->config = "listen " PROXY_IP ":1080\n";
	run->check = check_no_network;
}

static const struct scenario scenarios[] = {
	{"by_address", by_address},
	{"by_name", by_name},
	{"by_literal", by_literal},
	{"one_segment", one_segment},
	{"over_tls", over_tls},
	{"beside_socks4", beside_socks4},
	{"bind_by_address", bind_by_address},
	{"bind_by_name", bind_by_name},
	{"bind_for_any_peer", bind_for_any_peer},
	{"bind_wrong_peer", bind_wrong_peer},
	{"refused", refused},
	{"other_version", other_version},
	{"most_telling", most_telling},
	{"leaves", leaves},
	{"silent", silent},
	{"nth_call", nth_call},
	{"no_network", no_network},
};

int main(int argc, char **argv)
{
	return scenario_main(argc, argv, scenarios, sizeof scenarios / sizeof *scenarios);
}
