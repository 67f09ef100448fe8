/*
 * BIND: who may connect to the socket that the first reply names, and when it is gone again.
 */
#include "actors.h"

#include <string.h>

#define PAIRS 3

static struct client client[PAIRS], caller[PAIRS];
static unsigned pairs;
static uint32_t call_ms[PAIRS]; /* from the first reply to the call */
static uint32_t limit_ms;

/* The caller is told where to connect as soon as the first reply is there. */
static void call_back(struct client *c, unsigned which)
{
	unsigned i = (unsigned)(c - client);
	struct address to = client_told(c, 0);

	if (which != 0 || client_code(c) != SOCKS4_GRANTED)
		return;
	caller_call(&caller[i], &to, call_ms[i]);
}

/* A client that announces ip, and a caller on that host; nothing is sent yet. */
static void add_pair(struct run *run, enum run_host host, const char *ip)
{
	unsigned i = pairs++;
	uint16_t hint = run_between(run, 0, 1) == 0 ? 0 : (uint16_t)run_between(run, 1, 65535);

	client_init(&client[i], run, HOST_CLIENT);
	client_ask(&client[i], SOCKS4_BIND, ip, hint, "user", NULL);
	client[i].replies = 2;
	client[i].on_reply = call_back;
	caller_init(&caller[i], run, host);
	call_ms[i] = run_between(run, 0, 1) == 0 ? 0 : run_between(run, 0, 3000);
}

static void begin(struct run *run, void (*check)(struct run *))
{
	pairs = 0;
	add_pair(run, HOST_SERVER, SERVER_IP);
	run->check = check;
	client[0].early = run_between(run, 0, 1) == 1;
	if (run_between(run, 0, 1) == 1) {
		client[0].cut_max = run_between(run, 1, 12);
		client[0].cut_pause_ms = run_between(run, 0, 20);
	}
}

static void talk(struct run *run, unsigned i, uint32_t most)
{
	caller_pair(&client[i], &caller[i], run_between(run, 0, most), run_between(run, 0, most));
}

static void from_address(struct client *c, uint8_t last)
{
	c->from = (struct address){.ip = ip_v4(203, 0, 113, last)};
}

static bool same_ip(const struct address *at, const char *text)
{
	struct address other = {.port = 0};

	return ip_parse(text, strlen(text), &other.ip) && ip_equal(&at->ip, &other.ip);
}

static uint64_t between_replies(const struct client *c)
{
	return c->replied_at[1] - c->replied_at[0];
}

/* ---- The right caller ---- */

/* Both replies and their fields. */
static void check_replies(struct run *run, unsigned i)
{
	struct address told = client_told(&client[i], 0), peer = client_told(&client[i], 1);

	EXPECT(run, client[i].replies_in == 2 && client_code(&client[i]) == SOCKS4_GRANTED);
	EXPECT(run, same_ip(&told, PROXY_IP));
	EXPECT(run, told.port >= 1024 && told.port != PROXY_PORT);
	EXPECT(run, address_equal(&peer, &caller[i].at));
}

static void check_bytes(struct run *run, unsigned i)
{
	EXPECT(run, caller[i].talk.in == client[i].talk.out_len);
	EXPECT(run, client[i].talk.in == caller[i].talk.out_len);
	EXPECT(run, client[i].talk.in_end == PORT_EOF && caller[i].talk.in_end == PORT_EOF);
	EXPECT(run, client[i].talk.out_end == 0 && caller[i].talk.out_end == 0);
}

static void check_served(struct run *run)
{
	check_replies(run, 0);
	check_bytes(run, 0);
	EXPECT(run, run->anklet->sessions.loop.status.granted == 1 &&
			    run->anklet->sessions.loop.status.refused == 0);
	EXPECT(run, run_logged(run, ": waits for the peer on " PROXY_IP ":") == 1);
	EXPECT(run, run_logged(run, ": granted, " SERVER_IP ":") == 1);
	EXPECT(run, run_logged(run, ": closed, both sides ended") == 1);
	EXPECT(run, run->log_count == 3);
}

static void right_caller(struct run *run)
{
	begin(run, check_served);
	talk(run, 0, 20000);
}

static void rough(struct run *run)
{
	begin(run, check_served);
	talk(run, 0, 2000);
	run_rough(run);
}

/* It listens already when the first reply arrives: who connects at that moment is not refused. */
static void on_first_reply(struct client *c, unsigned which)
{
	struct run *run = c->run;

	if (which == 0)
		EXPECT(run, sim_open_sockets(&run->proxy, SIM_LISTENER) ==
				    run->anklet->listener_count + 1u);
	call_back(c, which);
}

static void at_the_reply(struct run *run)
{
	begin(run, check_served);
	talk(run, 0, 1000);
	run->sim.latency_max_ms = run_between(run, 0, 2);
	run->proxy.faults.hasty = (uint16_t)run_between(run, 0, 300);
	run->proxy.faults.short_sends = (uint16_t)run_between(run, 0, 1000);
	client[0].on_reply = on_first_reply;
	call_ms[0] = 0;
}

/* More than the network holds is sent before anybody is there to take it. */
static void early(struct run *run)
{
	begin(run, check_served);
	talk(run, 0, 30000);
	client[0].early = true;
	call_ms[0] = run_between(run, 0, 100000);
}

static void half_closed(struct run *run)
{
	struct client *late = run_between(run, 0, 1) == 0 ? &client[0] : &caller[0];

	begin(run, check_served);
	talk(run, 0, 20000);
	late->talk.last = TALK_FIN_AFTER_FIN;
	client[0].talk.piece_max = caller[0].talk.piece_max = run_between(run, 100, 700);
	client[0].talk.pause_ms = run_between(run, 0, 1000);
	caller[0].talk.pause_ms = run_between(run, 0, 1000);
}

static void check_reset(struct run *run)
{
	bool by_client = client[0].talk.reset_at != 0;

	if (!by_client && client[0].replies_in == 1) {
		EXPECT(run, client[0].end == PORT_RESET); /* it overtook the second reply */
	} else {
		check_replies(run, 0);
		EXPECT(run, (by_client ? caller : client)[0].talk.in_end == PORT_RESET);
	}
	EXPECT(run, run_logged(run, by_client ? ": aborted, the client reset the connection"
					      : ": aborted, the server reset the connection") == 1);
	EXPECT(run, run->sim.now < 60000);
}

/* In the relay either side aborts: so does the other. */
static void reset(struct run *run)
{
	struct client *aborting = run_between(run, 0, 1) == 0 ? &client[0] : &caller[0];

	begin(run, check_reset);
	caller_pair(&client[0], &caller[0], 40000, 40000);
	client[0].talk.last = caller[0].talk.last = TALK_STAY;
	aborting->talk.reset_at = run_between(run, 1, 30000);
}

static void check_reset_at_once(struct run *run)
{
	const struct client *c = &client[0];

	EXPECT(run, caller[0].talk.in == 0);
	if (c->replies_in == 2 && client_code(c) == SOCKS4_REJECTED) {
		/* It was gone before anybody looked: no one has come. */
		EXPECT(run, between_replies(c) > 110000);
		EXPECT(run, run_logged(run, "not established within limit-establish") == 1);
		return;
	}
	/* The second reply may be lost: a reset overtakes it. */
	EXPECT(run, c->replies_in == 1 ? c->end == PORT_RESET : c->talk.in_end == PORT_RESET);
	EXPECT(run, run_logged(run, "the server reset the connection") == 1);
	EXPECT(run, c->over_at - c->replied_at[0] < 10000);
}

/* The right one connects, and aborts at once. */
static void caller_resets(struct run *run)
{
	begin(run, check_reset_at_once);
	client[0].talk.last = TALK_STAY;
	caller[0].talk.last = TALK_RESET;
	caller[0].talk.out_len = run_between(run, 0, 100);
	caller[0].talk.out_key = client[0].talk.in_key = 7;
	if (run_between(run, 0, 1) == 1)
		run->proxy.faults.slow_accept = 900;
}

/* ---- The wrong caller ---- */

static bool broken(const struct client *c)
{
	return c->talk.in_end == PORT_RESET || c->talk.in_end == PORT_EOF || c->end == PORT_RESET ||
	       c->end == PORT_REFUSED;
}

/* The second reply refuses; the client then sees the end in order, and no byte has gone anywhere. */
static void check_refused(struct run *run)
{
	struct address nothing = {.ip = ip_v4(0, 0, 0, 0)}, shown = client_told(&client[0], 1);

	EXPECT(run, client[0].replies_in == 2 && client_code(&client[0]) == SOCKS4_REJECTED);
	EXPECT(run, address_equal(&shown, &nothing));
	EXPECT(run, client[0].end == PORT_EOF && client[0].talk.in == 0);
	EXPECT(run, run->anklet->sessions.loop.status.granted == 0 &&
			    run->anklet->sessions.loop.status.refused == 1);
	EXPECT(run, run->anklet->sessions.loop.status.bytes_up == 0 &&
			    run->anklet->sessions.loop.status.bytes_down == 0);
	for (unsigned i = 0; i < pairs; i++)
		EXPECT(run, broken(&caller[i]) && caller[i].talk.in == 0);
}

static void check_wrong(struct run *run)
{
	check_refused(run);
	EXPECT(run,
		run_logged(run,
			": refused with 91, another host than the one announced connected") == 1);
	EXPECT(run, between_replies(&client[0]) < call_ms[0] + 1000);
}

static void wrong_caller(struct run *run)
{
	begin(run, check_wrong);
	if (run_between(run, 0, 1) == 0) {
		from_address(&caller[0], 6); /* a neighbour of the right one */
	} else {
		caller[0].actor.port = caller[0].talk.port = &run->peer[HOST_OTHER];
	}
	talk(run, 0, 5000);
	if (run_between(run, 0, 2) == 0)
		run_rough(run);
}

/* Both callers are told; caller 1 is the wrong one. */
static void call_both(struct client *c, unsigned which)
{
	struct address to = client_told(c, 0);

	if (which != 0)
		return;
	caller_call(&caller[0], &to, call_ms[0]);
	caller_call(&caller[1], &to, call_ms[1]);
}

static void two(struct run *run, void (*check)(struct run *))
{
	begin(run, check);
	client[0].on_reply = call_both;
	talk(run, 0, 5000);
	caller_init(&caller[1], run, HOST_OTHER);
	caller[1].talk.out_key = 99;
	caller[1].talk.out_len = run_between(run, 0, 500);
	pairs = 2;
}

static void check_right_was_first(struct run *run)
{
	check_served(run);
	EXPECT(run, broken(&caller[1]) && caller[1].talk.in == 0);
}

static void right_first(struct run *run)
{
	two(run, check_right_was_first);
	call_ms[1] = call_ms[0] + run_between(run, 20, 200);
}

static void check_wrong_was_first(struct run *run)
{
	check_refused(run);
	EXPECT(run, between_replies(&client[0]) < call_ms[1] + 1000);
}

static void wrong_first(struct run *run)
{
	two(run, check_wrong_was_first);
	call_ms[1] = call_ms[0];
	call_ms[0] += run_between(run, 20, 200);
}

/* Whoever is first decides, and the other one is nothing. */
static void check_either(struct run *run)
{
	if (client_code(&client[0]) == SOCKS4_GRANTED)
		check_right_was_first(run);
	else
		check_wrong_was_first(run);
}

static void both_at_once(struct run *run)
{
	two(run, check_either);
	call_ms[1] = call_ms[0];
}

/* ---- Nobody, and nobody any more ---- */

static void check_nobody(struct run *run)
{
	uint64_t waited = client[0].replied_at[1] - client[0].connected_at;

	EXPECT(run, client[0].replies_in == 2 && client_code(&client[0]) == SOCKS4_REJECTED);
	EXPECT(run, waited >= limit_ms);
	EXPECT(run, waited <= limit_ms + 10 * run->sim.latency_max_ms); /* some for each segment */
	EXPECT(run, client[0].end == PORT_EOF);
	EXPECT(run, run_logged(run, "not established within limit-establish") == 1);
}

/* The limit runs from the whole request, and nothing extends it. */
static void nobody(struct run *run)
{
	static const char *const addresses[] = {SERVER_IP, NULL};
	bool other = run_between(run, 0, 1) == 1;

	pairs = 0;
	client_init(&client[0], run, HOST_CLIENT);
	client_ask(&client[0], SOCKS4_BIND, SERVER_IP, 0, "user",
		run_between(run, 0, 1) == 0 ? "slow.example" : NULL);
	name_add(run, "slow.example", 0, addresses)->delay_v4_ms = run_between(run, 1, 4500);
	client[0].replies = 2;
	client[0].early = run_between(run, 0, 1) == 1;
	client[0].talk.out_len = run_between(run, 0, 30000);
	client[0].talk.piece_max = 300;
	client[0].talk.pause_ms = 1000;
	if (run_between(run, 0, 1) == 0)
		run->sim.latency_max_ms = 0;
	limit_ms = other ? 7000 : 120000;
	run->config = other ? "limit-establish 7s\n" : NULL;
	run->config_added = true;
	run->check = check_nobody;
}

static void check_left(struct run *run)
{
	const struct client *c = &client[0];

	EXPECT(run, c->left && caller[0].end == PORT_REFUSED);
	EXPECT(run, run->anklet->sessions.loop.status.refused == 1 &&
			    run->anklet->sessions.loop.status.granted == 0);
	if (c->leaves == CLIENT_SHUTS_DOWN) {
		EXPECT(run, c->replies_in == 2 && client_code(c) == SOCKS4_REJECTED);
		EXPECT(run, c->end == PORT_EOF);
	}
}

/* A second after the client has left the port is closed: who calls then is refused. */
static void client_leaves(struct run *run)
{
	begin(run, check_left);
	client[0].cut_max = 0;
	client[0].leaves = (uint8_t)run_between(run, CLIENT_SHUTS_DOWN, CLIENT_RESETS);
	client[0].leave_ms = run_between(run, 50, 100000);
	client[0].talk.out_len = run_between(run, 0, 1) == 0 ? 0 : run_between(run, 1, 20000);
	call_ms[0] = client[0].leave_ms + 1000 + run->sim.latency_max_ms;
	run->proxy.faults.late_hangup = (uint16_t)run_between(run, 0, 1000);
}

/* ---- Three at once ---- */

static unsigned liar; /* whose caller is a wrong one; PAIRS: nobody's */

static void check_three(struct run *run)
{
	for (unsigned i = 0; i < PAIRS; i++) {
		struct address told = client_told(&client[i], 0);

		EXPECT(run, client[i].replies_in == 2);
		for (unsigned j = 0; j < i; j++) {
			struct address other = client_told(&client[j], 0);

			EXPECT(run, told.port != other.port ||
					    client[j].replied_at[1] < client[i].replied_at[0]);
		}
		if (i == liar) {
			EXPECT(run, client_code(&client[i]) == SOCKS4_REJECTED);
			EXPECT(run, caller[i].talk.in == 0 && client[i].talk.in == 0);
		} else {
			check_replies(run, i);
			check_bytes(run, i);
		}
	}
}

static void three(struct run *run)
{
	begin(run, check_three);
	add_pair(run, HOST_SERVER, SERVER_IP2);
	from_address(&caller[1], 6);
	add_pair(run, HOST_OTHER, OTHER_IP);
	liar = run_between(run, 0, PAIRS);
	if (liar < 2)
		from_address(&caller[liar], liar == 0 ? 6 : 5);
	else if (liar == 2)
		client_ask(&client[2], SOCKS4_BIND, SERVER_IP, 0, "user", NULL);
	for (unsigned i = 0; i < PAIRS; i++) {
		talk(run, i, 3000);
		client[i].start_ms = run_between(run, 0, 50);
	}
	if (run_between(run, 0, 2) == 0)
		run_rough(run);
}

static const struct scenario scenarios[] = {
	{"right_caller", right_caller},
	{"rough", rough},
	{"at_the_reply", at_the_reply},
	{"early", early},
	{"half_closed", half_closed},
	{"reset", reset},
	{"caller_resets", caller_resets},
	{"wrong_caller", wrong_caller},
	{"right_first", right_first},
	{"wrong_first", wrong_first},
	{"both_at_once", both_at_once},
	{"nobody", nobody},
	{"client_leaves", client_leaves},
	{"three", three},
};

int main(int argc, char **argv)
{
	return scenario_main(argc, argv, scenarios, sizeof scenarios / sizeof *scenarios);
}
