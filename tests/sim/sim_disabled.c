/*
 * Without BIND, IDENT, names and IPv6: what is disabled is refused with a reason of its own, and all
 * else works as ever. The one program of the simulator that is built so.
 */
#include "next_hop.h"

#include <string.h>

_Static_assert(!CONFIG_ANKLET_BIND, "it is refused");
_Static_assert(!CONFIG_ANKLET_IDENT, "it is refused");
_Static_assert(!CONFIG_ANKLET_NAMES, "they are refused");
_Static_assert(CONFIG_ANKLET_SOCKS5 && !CONFIG_ANKLET_IPV6, "the type of its addresses is refused");

#define NAME "host.example"
#define VIA_HOP "route to *.example via socks4a://" HOP_IP ":9050"

static struct client client;
static struct server server;
static struct next_hop hop;
static const char *words;

static void ask(struct run *run, enum socks4_command command, const char *ip, const char *name)
{
	client_init(&client, run, HOST_CLIENT);
	client_ask(&client, command, ip, 7000, "user", name);
	client.cut_max = run_between(run, 0, 9);
	run->config_added = true;
	run_rough(run);
}

/* ---- What is refused ---- */

static void check_refused(struct run *run)
{
	EXPECT(run, client.replies_in == 1 && client_code(&client) == SOCKS4_REJECTED);
	EXPECT(run, client.end == PORT_EOF);
	EXPECT(run, run_logged(run, words) == 1);
	EXPECT(run, run->log_count == 1 && run->anklet->sessions.loop.status.refused == 1);
	EXPECT(run, run->sim.now < 60000); /* nobody waits for what is not there */
}

static void expect_refusal(struct run *run, const char *why)
{
	client.replies = 1;
	words = why;
	run->check = check_refused;
}

static void bind_by_address(struct run *run)
{
	ask(run, SOCKS4_BIND, run_between(run, 0, 1) == 0 ? SERVER_IP : "0.0.0.0", NULL);
	expect_refusal(run, ":7000 user \"user\": refused with 91, BIND is not built in after ");
}

static void bind_by_name(struct run *run)
{
	ask(run, SOCKS4_BIND, NULL, NAME);
	run->config = VIA_HOP "\n";
	expect_refusal(run,
		" bind " NAME ":7000 user \"user\": refused with 91, BIND is not built in after ");
}

/* There would be an answer, had anybody asked. */
static void by_name(struct run *run)
{
	static const char *const addresses[] = {SERVER_IP, NULL};

	ask(run, SOCKS4_CONNECT, NULL, NAME);
	name_add(run, NAME, 0, addresses);
	expect_refusal(run, " connect " NAME ":7000 user \"user\": refused with 91, "
			    "looking names up is not built in after ");
}

/* A hop that has to be given an address, and one that is for other names. */
static void by_name_past_hops(struct run *run)
{
	ask(run, SOCKS4_CONNECT, NULL, NAME);
	run->config = "route to *.example via socks4://" HOP_IP ":9050\n"
		      "route to other.example via socks4a://" HOP_IP ":9050 unresolved\n";
	expect_refusal(run, ": refused with 91, looking names up is not built in after ");
}

/* Whoever may not have the name is told no more than that. */
static void by_name_denied(struct run *run)
{
	ask(run, SOCKS4_CONNECT, NULL, NAME);
	run->config = "deny to *.example\nallow\n";
	expect_refusal(run, ": refused with 91, denied by rule 1 after ");
}

static uint8_t code;

static void check_code(struct run *run)
{
	EXPECT(run, client.replies_in == 1 && client_code(&client) == code);
	EXPECT(run, client.end == PORT_EOF);
	EXPECT(run, run_logged(run, words) == 1 && run->log_count == 1);
}

/* The type of the address comes after the command, so of one that nobody takes it is not looked at. */
static void by_ipv6(struct run *run)
{
	enum socks4_command command = SOCKS4_CONNECT + run_between(run, 0, 2);
	bool known = command <= SOCKS4_BIND;
	uint8_t *type = client.request + 6;

	ask(run, SOCKS4_CONNECT, SERVER_IP, NULL);
	client_ask5(&client, command, SERVER_IP, 7000, NULL);
	memset(type + 1, 0, 18);
	memcpy(type, "\x04\x20\x01\x0d\xb8", 5);
	client.request_len = 6 + 1 + 16 + 2;
	code = known ? SOCKS5_NO_ADDRESS_TYPE : SOCKS5_NO_COMMAND;
	words = known ? ": refused with 8, the type of the address is not known after "
		      : ": refused with 7, the command is neither CONNECT nor BIND after ";
	run->check = check_code;
}

/* ---- What works ---- */

static void check_granted(struct run *run, const struct talk *there)
{
	EXPECT(run, client_code(&client) == SOCKS4_GRANTED);
	EXPECT(run, there->in == client.talk.out_len && client.talk.in == there->out);
	EXPECT(run, client.talk.in_end == PORT_EOF && there->in_end == PORT_EOF);
	EXPECT(run, run_logged(run, words) == 1);
	EXPECT(run, run_logged(run, ": closed, both sides ended") == 1);
}

static void check_served(struct run *run)
{
	check_granted(run, &server.talk[0]);
}

static void serve(struct run *run, const char *ip)
{
	server_init(&server, run, HOST_SERVER, ip, 7000);
	pair_up(&client, &server, run_between(run, 0, 3000), run_between(run, 0, 3000));
	client.early = run_between(run, 0, 1) == 1;
	run->check = check_served;
}

static void by_address(struct run *run)
{
	words = ": granted, " SERVER_IP ":7000 after ";
	ask(run, SOCKS4_CONNECT, SERVER_IP, NULL);
	serve(run, SERVER_IP);
}

/* A NAME that is an address needs nobody to look it up. */
static void by_literal(struct run *run)
{
	words = ": granted, " SERVER_IP ":7000 after ";
	ask(run, SOCKS4_CONNECT, NULL, SERVER_IP);
	serve(run, SERVER_IP);
}

static void check_passed_on(struct run *run)
{
	const struct next_hop_asked *asked = &hop.asked[0];

	check_granted(run, &asked->talk);
	EXPECT(run, asked->whole && strcmp(asked->request.name, NAME) == 0);
}

/* A hop is given the name as it is: where it looks names up, or gets those that nobody here can. */
static void by_name_through_hop(struct run *run)
{
	words = ": granted, through " HOP_IP ":9050 after ";
	ask(run, SOCKS4_CONNECT, NULL, NAME);
	run->config = run_between(run, 0, 1) == 0 ? VIA_HOP "\n" : VIA_HOP " unresolved\n";
	next_hop_init(&hop, run, HOST_OTHER, HOP_IP, HOP_PORT);
	next_hop_expect(&hop, 1);
	next_hop_pair(&client, &hop, run_between(run, 0, 3000), run_between(run, 0, 3000));
	run->check = check_passed_on;
}

static const struct scenario scenarios[] = {
	{"bind_by_address", bind_by_address},
	{"bind_by_name", bind_by_name},
	{"by_name", by_name},
	{"by_name_past_hops", by_name_past_hops},
	{"by_name_denied", by_name_denied},
	{"by_ipv6", by_ipv6},
	{"by_address", by_address},
	{"by_literal", by_literal},
	{"by_name_through_hop", by_name_through_hop},
};

int main(int argc, char **argv)
{
	return scenario_main(argc, argv, scenarios, sizeof scenarios / sizeof *scenarios);
}
