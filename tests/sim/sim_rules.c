/*
 * Who is served and what can be reached: the defaults, what is protected, and the rules.
 */
#include "actors.h"

#include <string.h>

#define PROBE "allow user probe\n"
#define INSIDE "inside.example"

static struct client client;
static struct server server, inside[2];
static const char *words;

/* ---- Setting up ---- */

static struct ip ip_of(struct run *run, const char *text)
{
	struct ip ip = {{0}};

	EXPECT(run, ip_parse(text, strlen(text), &ip));
	return ip;
}

/* A client that has this address, and reaches the proxy by the same family. */
static void come_from(struct run *run, enum run_host from, const char *ip)
{
	struct sim_host *host = run->peer[from].host;

	client_init(&client, run, from);
	client.from.ip = ip_of(run, ip);
	if (ip_class(&client.from.ip) == IP_LOOPBACK)
		client.proxy.ip = client.from.ip;
	else if (!ip_is_v4(&client.from.ip))
		client.proxy.ip = ip_of(run, PROXY_IP6);
	if (from == HOST_CLIENT)
		host->address[host->addresses++] = client.from.ip;
	client.early = run_between(run, 0, 1) == 1;
	client.cut_max = run_between(run, 0, 9);
	run->config_added = true;
	memset(&server, 0, sizeof server);
	memset(inside, 0, sizeof inside);
}

/* The ways to write a destination: as an address, as a name that is one, as a name that has it. */
static void ask_for(struct run *run, const char *ip, uint16_t port, const char *userid)
{
	static char mapped[64];
	const char *const addresses[] = {ip, NULL};
	bool v4 = strchr(ip, ':') == NULL;

	switch (run_between(run, v4 ? 0 : 2, 3)) {
	case 0:
		client_ask(&client, SOCKS4_CONNECT, ip, port, userid, NULL);
		break;
	case 1:
		strcpy(mapped, "::ffff:");
		client_ask(&client, SOCKS4_CONNECT, NULL, port, userid, strcat(mapped, ip));
		break;
	case 2:
		client_ask(&client, SOCKS4_CONNECT, NULL, port, userid, ip);
		break;
	default:
		client_ask(&client, SOCKS4_CONNECT, NULL, port, userid, INSIDE);
		name_add(run, INSIDE, 0, addresses);
		break;
	}
}

static void serve(struct run *run, enum run_host host, const char *ip, uint16_t port)
{
	server_init(&server, run, host, ip, port);
	pair_up(&client, &server, run_between(run, 0, 3000), run_between(run, 0, 3000));
}

static void check_granted(struct run *run)
{
	EXPECT(run, client_code(&client) == SOCKS4_GRANTED);
	EXPECT(run, server.talk[0].in == client.talk.out_len);
	EXPECT(run, client.talk.in == server.pattern.out_len);
	EXPECT(run, client.talk.in_end == PORT_EOF && server.talk[0].in_end == PORT_EOF);
}

static void check_refused(struct run *run)
{
	EXPECT(run, client.replies_in == 1 && client_code(&client) == SOCKS4_REJECTED);
	EXPECT(run, client.end == PORT_EOF && client.over_at < 10000);
	EXPECT(run, run_logged(run, words) == 1 && run->log_count == 1);
	EXPECT(run, server.accepted + inside[0].accepted + inside[1].accepted == 0);
	EXPECT(run, run->anklet->sessions.loop.status.accepted == 1);
}

static void expect_refusal(struct run *run, const char *why)
{
	words = why;
	run->check = check_refused;
	if (run_between(run, 0, 2) == 0)
		run_rough(run);
}

/* ---- Where nobody wrote rules ---- */

static void served(struct run *run)
{
	static const char *const from[] = {CLIENT_IP, "10.255.255.254", "172.16.0.1",
		"172.31.255.254", "192.168.0.1", "192.168.255.254", "169.254.1.1", "fd12::1",
		"fc00::1", "fe80::9"};

	come_from(run, HOST_CLIENT, from[run_between(run, 0, 9)]);
	client_ask(&client, SOCKS4_CONNECT, SERVER_IP, 7000, "user", NULL);
	serve(run, HOST_SERVER, SERVER_IP, 7000);
	run->check = check_granted;
}

static void not_served(struct run *run)
{
	static const char *const from[] = {"9.255.255.255", "11.0.0.1", "172.15.255.254",
		"172.32.0.1", "192.167.1.1", "192.169.0.1", "169.253.1.1", "169.255.1.1",
		"100.64.0.1", "198.51.100.9", "2001:db8:1::9", "fbff::1", "fec0::1"};

	come_from(run, HOST_CLIENT, from[run_between(run, 0, 12)]);
	server_init(&server, run, HOST_SERVER, SERVER_IP, 7000);
	ask_for(run, SERVER_IP, 7000, "user");
	expect_refusal(run, ": refused with 91, only loopback and private networks are served");
}

/* ---- What is protected ---- */

static void listen_inside(struct run *run)
{
	server_init(&inside[0], run, HOST_LOCAL, "0.0.0.0", 7000);
	server_init(&inside[1], run, HOST_LOCAL, "::", 7000);
}

/* A client that is not on this host does not get at it, by no spelling, and not by '*' or a name. */
static void protected(struct run *run)
{
	static const char *const to[] = {"127.0.0.1", "127.1.2.3", "::1", PROXY_IP, PROXY_IP6,
		"169.254.169.254", "fe80::1", "224.0.0.1", "ff02::1", ("64:ff9b::" PROXY_IP),
		"64:ff9b::127.0.0.1"};
	static const char *const configs[] = {NULL, "allow\n", PROBE "allow connect to *:7000\n",
		"allow to 0.0.0.0/0\nallow to ::/0\n", PROBE "allow to 96.0.0.0/3\nallow\n",
		PROBE "allow to " INSIDE "\nallow\n", "allow to 10.0.0.0/24\nallow\n"};

	come_from(run, HOST_CLIENT, CLIENT_IP);
	run->config = configs[run_between(run, 0, 6)];
	listen_inside(run);
	ask_for(run, to[run_between(run, 0, 10)], 7000, "user");
	expect_refusal(run, ": refused with 91, an address of this host, loopback or link-local");
}

/* Unless a rule names the address. */
static void named_by_a_rule(struct run *run)
{
	static const char *const pairs[][2] = {
		{"127.0.0.1", PROBE "allow to 127.0.0.1\n"},
		{"127.0.0.1", PROBE "allow to 127.0.0.0/8:7000\n"},
		{"127.0.0.9", PROBE "deny to 127.0.0.1\nallow to 127.0.0.0/24\n"},
		{PROXY_IP, PROBE "allow to " PROXY_IP "\n"},
		{PROXY_IP, PROBE "deny to *:1-6999\nallow to ::ffff:" PROXY_IP "\n"},
		{"::1", PROBE "allow to ::1\n"},
		{PROXY_IP6, PROBE "allow to [" PROXY_IP6 "]:7000\n"},
	};
	unsigned i = run_between(run, 0, 6);

	come_from(run, HOST_CLIENT, CLIENT_IP);
	run->config = pairs[i][1];
	serve(run, HOST_LOCAL, pairs[i][0], 7000);
	ask_for(run, pairs[i][0], 7000, "user");
	run->check = check_granted;
}

#define OWN_LINK_LOCAL "169.254.7.7"

/* A rule for all of a special range is none for our own address in it. */
static void own_link_local(struct run *run)
{
	struct sim_host *host = run->proxy_host;
	bool single = run_between(run, 0, 1) == 1;

	come_from(run, HOST_CLIENT, CLIENT_IP);
	host->address[host->addresses++] = ip_of(run, OWN_LINK_LOCAL);
	run->config = single ? PROBE "allow to " OWN_LINK_LOCAL "\n"
			     : PROBE "allow to 169.254.0.0/16\nallow to 169.254.7.0/24\n";
	ask_for(run, OWN_LINK_LOCAL, 7000, "user");
	if (single) {
		serve(run, HOST_LOCAL, OWN_LINK_LOCAL, 7000);
		run->check = check_granted;
	} else {
		server_init(&server, run, HOST_LOCAL, OWN_LINK_LOCAL, 7000);
		expect_refusal(run, ": refused with 91, an address of this host");
	}
}

/* Who is on this host may reach it. */
static void on_loopback(struct run *run)
{
	static const char *const to[] = {"127.0.0.1", "127.0.0.2", "::1", PROXY_IP, PROXY_IP6};
	const char *ip = to[run_between(run, 0, 4)];

	come_from(run, HOST_LOCAL, "127.0.0.1");
	serve(run, HOST_LOCAL, ip, 7000);
	ask_for(run, ip, 7000, "user");
	run->check = check_granted;
}

/* Where nobody is, and nobody gets, whatever the rules say. */
static void never(struct run *run)
{
	static const char *const to[] = {
		"0.0.0.0", "0.0.0.1", "0.1.2.3", "240.0.0.1", "255.255.255.255", "::"};
	static const char *const configs[] = {
		NULL, "allow\n", PROBE "allow to 0.0.0.0/8\nallow to 240.0.0.0/4\nallow\n"};
	const char *ip = to[run_between(run, 0, 5)];

	come_from(run, run_between(run, 0, 1) == 0 ? HOST_CLIENT : HOST_LOCAL, "127.0.0.1");
	if (client.actor.port == &run->peer[HOST_CLIENT]) {
		client.from = (struct address){.port = 0};
		client.proxy.ip = ip_of(run, PROXY_IP);
		run->peer[HOST_CLIENT].host->addresses--;
	}
	run->config = configs[run_between(run, 0, 2)];
	listen_inside(run);
	client_ask(&client, SOCKS4_CONNECT, NULL, 7000, "user", ip);
	expect_refusal(run, ": refused with 91, nobody may reach that address");
}

/* ---- Where it listens itself ---- */

static void itself(struct run *run)
{
	static const char *const to[] = {PROXY_IP, "127.0.0.1", PROXY_IP6};
	static const char *const configs[] = {NULL, "allow\n",
		PROBE "allow to 127.0.0.0/8\nallow to " PROXY_IP "\nallow to " PROXY_IP6 "\n"};

	if (run_between(run, 0, 1) == 0)
		come_from(run, HOST_CLIENT, CLIENT_IP);
	else
		come_from(run, HOST_LOCAL, "127.0.0.1");
	run->config = configs[run_between(run, 0, 2)];
	ask_for(run, to[run_between(run, 0, 2)], PROXY_PORT, "user");
	expect_refusal(run, ": refused with 91, the proxy itself listens there");
}

/* Listening everywhere, it is everywhere itself. */
static void itself_everywhere(struct run *run)
{
	static const char *const to[] = {PROXY_IP, PROXY_IP6, "127.0.0.1", "127.200.3.4", "::1"};

	come_from(run, HOST_LOCAL, "127.0.0.1");
	run->config = "listen *\n";
	run->config_added = false;
	ask_for(run, to[run_between(run, 0, 4)], PROXY_PORT, "user");
	expect_refusal(run, ": refused with 91, the proxy itself listens there");
}

/* ---- Rules ---- */

/* The first one that matches decides. */
static void first_match(struct run *run)
{
	static const uint16_t ports[] = {6999, 7000, 7005, 7010, 7011, 25};
	static const char *const users[] = {"fred", "Fred", "fre", "fredd", ""};
	uint16_t port = ports[run_between(run, 0, 5)];
	const char *user = users[run_between(run, 0, 4)];
	bool fred = strcmp(user, "fred") == 0;

	come_from(run, HOST_CLIENT, CLIENT_IP);
	run->config =
		PROBE "deny to *:7005\nallow user fred to *:7000-7010\nallow to 192.0.2.0/24\n";
	if (fred && (port == 7000 || port == 7010)) {
		serve(run, HOST_SERVER, SERVER_IP, port);
		run->check = check_granted;
	} else {
		server_init(&server, run, HOST_SERVER, SERVER_IP, port);
		expect_refusal(run, port == 7005
					    ? ": refused with 91, denied by rule 2 after "
					    : ": refused with 91, no allow line matches after ");
	}
	ask_for(run, SERVER_IP, port, user);
}

static const struct scenario scenarios[] = {
	{"served", served},
	{"not_served", not_served},
	{"protected", protected},
	{"named_by_a_rule", named_by_a_rule},
	{"own_link_local", own_link_local},
	{"on_loopback", on_loopback},
	{"never", never},
	{"itself", itself},
	{"itself_everywhere", itself_everywhere},
	{"first_match", first_match},
};

int main(int argc, char **argv)
{
	return scenario_main(argc, argv, scenarios, sizeof scenarios / sizeof *scenarios);
}
