/*
 * BIND: whom it may announce, by name or by address, and where its socket listens.
 */
#include "actors.h"

#include <string.h>

#define OUTSIDE_IP "198.51.100.7"
#define PROBE "allow user probe\n"

static struct client client, caller, other;
static struct server server;
static uint16_t low, high; /* the ports it may listen on */

static struct ip ip_of(struct run *run, const char *text)
{
	struct ip ip = {{0}};

	EXPECT(run, ip_parse(text, strlen(text), &ip));
	return ip;
}

/* The caller connects to the port that it is told, at the proxy's own address. */
static void call_back(struct client *c, unsigned which)
{
	struct address to = client_told(c, 0);

	to.ip = ip_of(c->run, PROXY_IP);
	if (which == 0 && client_code(c) == SOCKS4_GRANTED)
		caller_call(&caller, &to, run_between(c->run, 0, 2000));
}

static void ask(struct run *run, const char *ip, const char *name)
{
	client_init(&client, run, HOST_CLIENT);
	client_ask(&client, SOCKS4_BIND, ip, 6000, "user", name);
	client.replies = 2;
	client.on_reply = call_back;
	client.early = run_between(run, 0, 1) == 1;
	client.cut_max = run_between(run, 0, 10);
	run->config_added = true;
}

static void expect_caller(struct run *run, enum run_host host, const char *from)
{
	caller_init(&caller, run, host);
	caller.from.ip = ip_of(run, from);
	caller_pair(&client, &caller, run_between(run, 0, 5000), run_between(run, 0, 5000));
	if (run_between(run, 0, 2) == 0)
		run_rough(run);
}

static void check_granted(struct run *run)
{
	struct address peer = client_told(&client, 1);

	EXPECT(run, client.replies_in == 2 && client_code(&client) == SOCKS4_GRANTED);
	EXPECT(run, address_equal(&peer, &caller.at));
	EXPECT(run, caller.talk.in == client.talk.out_len && caller.talk.in_end == PORT_EOF);
	EXPECT(run, client.talk.in == caller.talk.out_len && client.talk.in_end == PORT_EOF);
}

/* Refused by the first reply, and no socket was ever opened for it. */
static void check_refused(struct run *run, const char *why)
{
	EXPECT(run, client.replies_in == 1 && client_code(&client) == SOCKS4_REJECTED);
	EXPECT(run, client.end == PORT_EOF);
	EXPECT(run, client_told(&client, 0).port == 0);
	EXPECT(run, run_logged(run, why) == 1);
	EXPECT(run, run_logged(run, "waits for the peer") == 0);
	EXPECT(run, client.over_at < 60000);
}

/* ---- Names ---- */

static struct served_name *several(struct run *run)
{
	static const char *const addresses[] = {
		"192.0.2.1", SERVER_IP, SERVER_IP6, SERVER_IP2, NULL};

	return name_add(run, "ftp.example", 0, addresses);
}

/* Any of the name's addresses is the right one, and that of IPv6 is not waited for. */
static void by_name(struct run *run)
{
	ask(run, NULL, "ftp.example");
	several(run)->delay_v6_ms = 1000000;
	expect_caller(run, HOST_SERVER, run_between(run, 0, 1) == 0 ? SERVER_IP : SERVER_IP2);
	run->check = check_granted;
}

static void check_wrong(struct run *run)
{
	EXPECT(run, client.replies_in == 2 && client_code(&client) == SOCKS4_REJECTED);
	EXPECT(run, client.talk.in == 0 && caller.talk.in == 0);
	EXPECT(run, run_logged(run, "another host than the one announced") == 1);
}

static void not_the_named(struct run *run)
{
	ask(run, NULL, "ftp.example");
	several(run);
	expect_caller(run, HOST_OTHER, OTHER_IP);
	run->check = check_wrong;
}

static void check_no_ipv4(struct run *run)
{
	check_refused(run, ": refused with 91, BIND needs a peer with an IPv4 address");
}

/* The replies have no room for any other. */
static void no_ipv4(struct run *run)
{
	static const char *const v6[] = {SERVER_IP6, NULL};
	static const char *const names[] = {
		"six.example", "none.example", SERVER_IP6, "[" SERVER_IP6 "]"};

	ask(run, NULL, names[run_between(run, 0, 3)]);
	name_add(run, "six.example", 0, v6);
	run->check = check_no_ipv4;
}

/* An address that is written as a name, which is not looked up. */
static void literal(struct run *run)
{
	static const char *const names[] = {
		SERVER_IP, "::ffff:203.0.113.5", "[::ffff:203.0.113.5]"};

	ask(run, NULL, names[run_between(run, 0, 2)]);
	expect_caller(run, HOST_SERVER, SERVER_IP);
	run->check = check_granted;
}

/* ---- Rules ---- */

static void any_peer(struct run *run)
{
	ask(run, "0.0.0.0", NULL);
	run->config = PROBE "allow bind any-peer\n";
	if (run_between(run, 0, 1) == 0)
		expect_caller(run, HOST_OTHER, OTHER_IP);
	else
		expect_caller(run, HOST_SERVER, SERVER_IP2);
	run->check = check_granted;
}

static const char *words;
static uint8_t code;

static void check_not_any(struct run *run)
{
	EXPECT(run, client.replies_in == 2 && client_code(&client) == SOCKS4_REJECTED);
	EXPECT(run, client.end == PORT_EOF && client.talk.in == 0 && caller.talk.in == 0);
	EXPECT(run, run_logged(run, words) == 1 && run_logged(run, "granted") == 0);
}

/* Any peer is any that the rules allow: whoever comes is judged. */
static void any_peer_but(struct run *run)
{
	ask(run, "0.0.0.0", NULL);
	run->check = check_not_any;
	switch (run_between(run, 0, 2)) {
	case 0:
		run->config = PROBE "deny to " OTHER_IP "\nallow bind any-peer\n";
		words = ": refused with 91, denied by rule 2 after ";
		expect_caller(run, HOST_OTHER, OTHER_IP);
		break;
	case 1:
		run->config = PROBE "allow bind any-peer needs-connect\n";
		words = ": refused with 91, the rule wants a CONNECT to that host first";
		expect_caller(run, HOST_SERVER, SERVER_IP);
		break;
	default:
		run->config = PROBE "allow bind any-peer\n";
		words = ": refused with 91, an address of this host";
		expect_caller(run, HOST_LOCAL, PROXY_IP);
		break;
	}
}

static struct identd identd;

static void check_unproven(struct run *run)
{
	EXPECT(run, client.replies_in == 1 && client_code(&client) == code);
	EXPECT(run, client.end == PORT_EOF);
	EXPECT(run, run_logged(run, "waits for the peer") == 0 && run_logged(run, "granted") == 0);
}

/* A rule that can decide about who comes wants the client's identd asked: it is, before anything is said. */
static void any_peer_with_ident(struct run *run)
{
	static const struct {
		const char *answer;
		uint8_t code;
	} row[] = {
		{"? : USERID : UNIX : user\r\n", SOCKS4_GRANTED},
		{"? : USERID : UNIX : other\r\n", SOCKS4_OTHER_USERID},
		{"? : USERID : OTHER : user\r\n", SOCKS4_OTHER_USERID},
		{"? : ERROR : NO-USER\r\n", SOCKS4_NO_IDENTD},
	};
	unsigned i = run_between(run, 0, sizeof row / sizeof row[0] - 1);

	ask(run, "0.0.0.0", NULL);
	run->config = PROBE "allow bind to " OTHER_IP " ident\nallow bind any-peer\n";
	identd_init(&identd, run, HOST_CLIENT, CLIENT_IP, row[i].answer);
	code = row[i].code;
	if (code == SOCKS4_GRANTED)
		expect_caller(run, HOST_OTHER, OTHER_IP);
	run->check = code == SOCKS4_GRANTED ? check_granted : check_unproven;
}

static void check_any_peer(struct run *run)
{
	check_refused(run, ": refused with 91, nobody may reach that address");
}

static void any_peer_without_a_rule(struct run *run)
{
	static const char *const configs[] = {
		NULL, PROBE "allow bind\n", PROBE "allow bind to 203.0.113.0/24\nallow bind\n"};

	ask(run, "0.0.0.0", NULL);
	run->config = configs[run_between(run, 0, 2)];
	run->check = check_any_peer;
}

static void check_no_right(struct run *run)
{
	check_refused(run, ": refused with 91, no allow line matches");
}

/* The right to connect is none to bind, nor the other way round. */
static void own_right(struct run *run)
{
	bool bind = run_between(run, 0, 1) == 1;

	ask(run, SERVER_IP, NULL);
	if (!bind)
		client_ask(&client, SOCKS4_CONNECT, SERVER_IP, 6000, "user", NULL);
	run->config = bind ? PROBE "allow connect\n" : PROBE "allow bind\n";
	run->check = check_no_right;
}

static void bind_only(struct run *run)
{
	ask(run, SERVER_IP, NULL);
	run->config = PROBE "deny connect\nallow bind to " SERVER_IP ":6000\n";
	expect_caller(run, HOST_SERVER, SERVER_IP);
	run->check = check_granted;
}

/* ---- A CONNECT that must be there ---- */

static void check_needs_connect(struct run *run)
{
	check_refused(run, ": refused with 91, the rule wants a CONNECT to that host first");
}

/* The other session is established: now, or later, comes the BIND. */
static uint32_t bind_ms;

static void bind_now(struct client *c, unsigned which)
{
	struct address proxy = c->proxy;

	(void)which;
	EXPECT(c->run, client_code(c) == SOCKS4_GRANTED);
	caller_call(&client, &proxy, bind_ms);
}

/* A CONNECT from a host to ip, which lives for 20 s. */
static void connect_first(struct run *run, enum run_host host, const char *ip)
{
	client_init(&other, run, host);
	server_init(&server, run, HOST_SERVER, ip, 21);
	client_ask(&other, SOCKS4_CONNECT, ip, 21, "user", NULL);
	pair_up(&other, &server, 0, 200);
	server.pattern.piece_max = 10;
	server.pattern.pause_ms = 1000;
	other.on_reply = bind_now;
	client.held = true;
}

static void needs_connect(struct run *run)
{
	ask(run, SERVER_IP, NULL);
	run->config = PROBE "allow connect\nallow bind needs-connect\n";
	connect_first(run, HOST_CLIENT, SERVER_IP);
	bind_ms = run_between(run, 0, 10000);
	expect_caller(run, HOST_SERVER, SERVER_IP);
	run->check = check_granted;
}

static void needs_connect_in_vain(struct run *run)
{
	ask(run, SERVER_IP, NULL);
	run->config = PROBE "allow connect\nallow bind needs-connect\n";
	bind_ms = run_between(run, 0, 10000);
	run->check = check_needs_connect;
	switch (run_between(run, 0, 3)) {
	case 0: /* it has ended */
		connect_first(run, HOST_CLIENT, SERVER_IP);
		bind_ms = 30000;
		break;
	case 1: /* it is another client's */
		connect_first(run, HOST_OTHER, SERVER_IP);
		break;
	case 2: /* it goes to another host */
		connect_first(run, HOST_CLIENT, SERVER_IP2);
		break;
	default:
		break;
	}
}

/* ---- Where it listens ---- */

static void check_range(struct run *run)
{
	struct address told = client_told(&client, 0);

	check_granted(run);
	EXPECT(run, told.port >= low && told.port <= high);
	EXPECT(run, run_logged(run, "waits for the peer on " PROXY_IP ":30") == 1);
}

static void check_no_port(struct run *run)
{
	check_refused(run, ": refused with 91, no port of bind-ports is free");
}

static port_sock take_port(struct run *run, struct port *process, uint16_t number)
{
	struct address at = {.ip = ip_of(run, PROXY_IP), .port = number};
	port_sock taken;

	EXPECT(run, port_listen(process, &at, 1, &taken) == 0);
	return taken;
}

/* Three ports, of which some are taken. */
static void few_ports(struct run *run)
{
	unsigned taken = run_between(run, 0, 7);

	ask(run, SERVER_IP, NULL);
	run->config = "bind-ports 30000-30002\n";
	low = 30000;
	high = 30002;
	for (unsigned i = 0; i < 3; i++)
		if ((taken & 1u << i) != 0)
			take_port(run, &run->peer[HOST_LOCAL], (uint16_t)(30000 + i));
	if (taken == 7) {
		run->check = check_no_port;
		return;
	}
	expect_caller(run, HOST_SERVER, SERVER_IP);
	run->check = check_range;
}

#define SQUATTERS 4
#define MANY 100

/* So many are taken that they cannot all be tried in one tick. */
static void many_ports(struct run *run)
{
	static struct port squatter[SQUATTERS];
	unsigned good = run_between(run, 0, 2 * MANY); /* from MANY on: none */

	ask(run, SERVER_IP, NULL);
	run->config = "bind-ports 30000-30099\n";
	low = high = (uint16_t)(30000 + good);
	for (unsigned i = 0; i < SQUATTERS; i++)
		sim_attach(&run->sim, &squatter[i], run->proxy_host);
	for (unsigned i = 0; i < MANY; i++)
		if (i != good)
			take_port(run, &squatter[i % SQUATTERS], (uint16_t)(30000 + i));
	run->check = check_no_port;
	if (good < MANY) {
		expect_caller(run, HOST_SERVER, SERVER_IP);
		run->check = check_range;
	}
}

static const char *shown;

static void check_shown(struct run *run)
{
	struct address told = client_told(&client, 0);
	struct ip expected = ip_of(run, shown);

	check_granted(run);
	EXPECT(run, ip_equal(&told.ip, &expected));
}

/* Behind NAT another address is told; 0.0.0.0 stands for the one at which the client found the proxy. */
static void told_another(struct run *run)
{
	bool any = run_between(run, 0, 1) == 0;

	ask(run, SERVER_IP, NULL);
	shown = any ? "0.0.0.0" : OUTSIDE_IP;
	run->config = any ? "bind-address 0.0.0.0\n" : "bind-address " OUTSIDE_IP "\n";
	expect_caller(run, HOST_SERVER, SERVER_IP);
	run->check = check_shown;
}

static void check_one_address(struct run *run)
{
	check_granted(run);
	EXPECT(run, other.end == PORT_REFUSED);
}

/* Somebody tries the port at another address of the proxy first. */
static void call_both(struct client *c, unsigned which)
{
	struct run *run = c->run;
	struct address to = client_told(c, 0);

	to.ip = ip_of(run, run_between(run, 0, 1) == 0 ? "127.0.0.1" : PROXY_IP6);
	if (which == 0)
		caller_call(&other, &to, 0);
	call_back(c, which);
}

/* It listens where the peer would be reached from, and nowhere else. */
static void one_address(struct run *run)
{
	ask(run, SERVER_IP, NULL);
	client.on_reply = call_both;
	expect_caller(run, HOST_SERVER, SERVER_IP);
	caller_init(&other, run, HOST_LOCAL);
	run->check = check_one_address;
}

static const struct scenario scenarios[] = {
	{"by_name", by_name},
	{"not_the_named", not_the_named},
	{"no_ipv4", no_ipv4},
	{"literal", literal},
	{"any_peer", any_peer},
	{"any_peer_but", any_peer_but},
	{"any_peer_with_ident", any_peer_with_ident},
	{"any_peer_without_a_rule", any_peer_without_a_rule},
	{"own_right", own_right},
	{"bind_only", bind_only},
	{"needs_connect", needs_connect},
	{"needs_connect_in_vain", needs_connect_in_vain},
	{"few_ports", few_ports},
	{"many_ports", many_ports},
	{"told_another", told_another},
	{"one_address", one_address},
};

int main(int argc, char **argv)
{
	return scenario_main(argc, argv, scenarios, sizeof scenarios / sizeof *scenarios);
}
