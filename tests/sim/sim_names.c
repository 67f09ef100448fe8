/*
 * Names: one lookup, whatever comes of it, and a connection to an address that was judged.
 */
#include "actors.h"

#include <string.h>

#define NAME "host.example"
#define LIMIT_MS 120000

static struct client client, other;
static struct server server, inside[2];
static const char *words;

/* ---- What is watched whenever the proxy waits ---- */

static void (*wait_before)(void *ctx);
static unsigned streams_max; /* connections that the proxy may have while the client is there */

static void watch(void *ctx)
{
	struct run *run = client.run;

	wait_before(ctx);
	if (!client.done)
		EXPECT(run, sim_open_sockets(&run->proxy, SIM_STREAM) <= streams_max);
}

/* ---- Setting up ---- */

static void ask(struct run *run, const char *name)
{
	client_init(&client, run, HOST_CLIENT);
	client_ask(&client, SOCKS4_CONNECT, NULL, 7000, "user", name);
	client.early = run_between(run, 0, 1) == 1;
	client.cut_max = run_between(run, 0, 9);
	run->config_added = true;
	streams_max = 3; /* the client, and two attempts at most */
	wait_before = run->proxy.before_wait;
	run->proxy.before_wait = watch;
}

static void ask_for_good(struct run *run, const char *name, const char *ip)
{
	ask(run, name);
	server_init(&server, run, HOST_SERVER, ip, 7000);
	pair_up(&client, &server, run_between(run, 0, 5000), run_between(run, 0, 5000));
}

/* So that times are known to the millisecond. */
static void at_once(struct run *run)
{
	run->sim.latency_max_ms = 0;
	client.cut_max = 0;
}

static uint64_t took(const struct client *c)
{
	return c->granted_at - c->connected_at;
}

static void check_granted(struct run *run)
{
	EXPECT(run, client_code(&client) == SOCKS4_GRANTED);
	EXPECT(run, server.talk[0].in == client.talk.out_len);
	EXPECT(run, client.talk.in == server.pattern.out_len);
	EXPECT(run, client.talk.in_end == PORT_EOF && server.talk[0].in_end == PORT_EOF);
}

/* One question for each family. */
static void check_one_look_up(struct run *run)
{
	check_granted(run);
	EXPECT(run, run->names.questions == 2);
}

static void check_refused(struct run *run)
{
	EXPECT(run, client.replies_in == 1 && client_code(&client) == SOCKS4_REJECTED);
	EXPECT(run, client.end == PORT_EOF);
	EXPECT(run, words == NULL || run_logged(run, words) == 1);
}

static void expect_refusal(struct run *run, const char *why)
{
	words = why;
	run->check = check_refused;
}

static struct served_name *answer(struct run *run, const char *one, const char *two)
{
	const char *const addresses[] = {one, two, NULL};

	return name_add(run, NAME, 0, addresses);
}

/* ---- Answers ---- */

static void found(struct run *run)
{
	ask_for_good(run, run_between(run, 0, 1) == 0 ? NAME : "HOST.example.", SERVER_IP);
	answer(run, SERVER_IP, NULL);
	if (run_between(run, 0, 2) == 0)
		run_rough(run);
	run->check = check_one_look_up;
}

static unsigned questions;

static void check_no_name(struct run *run)
{
	check_refused(run);
	EXPECT(run, run->names.questions == questions);
	EXPECT(run, client.over_at < 5000);
}

static void no_name(struct run *run)
{
	unsigned how = run_between(run, 0, 3);

	ask(run, NAME);
	questions = how == 3 ? 4 : 2; /* a server that fails is asked twice */
	streams_max = 1;
	if (how == 1)
		name_add(run, NAME, PORT_NO_NAME, NULL);
	else if (how == 2)
		name_add(run, NAME, 0, NULL);
	else if (how == 3)
		name_add(run, NAME, PORT_NAME_FAILED, NULL);
	expect_refusal(run, how == 3 ? ": refused with 91, the name could not be looked up"
				     : ": refused with 91, the name has no address");
	run->check = check_no_name;
	if (run_between(run, 0, 2) == 0)
		run_rough(run);
}

#define SILENCE_MS 7000 /* one server, asked twice: 2 s, and the 5 s of resolv.conf(5) */

static void check_silence(struct run *run)
{
	uint64_t waited = client.replied_at[0] - client.connected_at;

	check_refused(run);
	EXPECT(run, waited >= SILENCE_MS && waited <= SILENCE_MS + 10 * run->sim.latency_max_ms);
	EXPECT(run, client_code(&other) == SOCKS4_GRANTED);
	EXPECT(run, took(&other) < 1000 && other.over_at - other.start_at < 5000);
	EXPECT(run, other.talk.in == server.pattern.out_len);
}

/* No answer, until every server was asked often enough; in the meantime others are served. */
static void silence(struct run *run)
{
	ask(run, NAME);
	client.cut_max = 0;
	name_add(run, NAME, PORT_AGAIN, NULL);
	if (run_between(run, 0, 1) == 0)
		at_once(run);
	client_init(&other, run, HOST_CLIENT);
	other.start_ms = run_between(run, 0, SILENCE_MS - 100);
	server_init(&server, run, HOST_SERVER, SERVER_IP, 7000);
	client_ask(&other, SOCKS4_CONNECT, SERVER_IP, 7000, "user", NULL);
	pair_up(&other, &server, run_between(run, 0, 5000), run_between(run, 0, 5000));
	expect_refusal(run, ": refused with 91, the name could not be looked up");
	run->check = check_silence;
}

static uint32_t late_ms;

static void check_late(struct run *run)
{
	check_one_look_up(run);
	EXPECT(run, took(&client) == late_ms);
}

/* Of IPv4 and IPv6 one may be late: it is waited for, but no longer than 50 ms. */
static void late(struct run *run)
{
	bool only_v4 = run_between(run, 0, 1) == 0;
	struct served_name *name;
	uint32_t v4, v6;

	ask_for_good(run, NAME, only_v4 ? SERVER_IP : SERVER_IP6);
	name = answer(run, only_v4 ? SERVER_IP : SERVER_IP6, NULL);
	v4 = name->delay_v4_ms =
		run_between(run, 0, 1) == 0 ? run_between(run, 1, 100) : run_between(run, 1, 1900);
	v6 = name->delay_v6_ms =
		run_between(run, 0, 1) == 0 ? run_between(run, 1, 100) : run_between(run, 1, 1900);
	late_ms = v4 > v6 ? v4 : v6;
	if (late_ms > (only_v4 ? v4 : v6) + 50)
		late_ms = (only_v4 ? v4 : v6) + 50;
	at_once(run);
	run->check = check_late;
}

/* ---- Servers that lie, and those that can do no better ---- */

static void check_trick(struct run *run)
{
	check_granted(run);
	EXPECT(run, run->names.at_once_max == 1);
}

/* Whatever else comes, the answer that is the question's own counts; over TCP where UDP had no room. */
static void tricks(struct run *run)
{
	static const uint8_t harmless[] = {NAME_WRONG_ID, NAME_WRONG_QUESTION, NAME_WRONG_PORT,
		NAME_WRONG_ADDRESS, NAME_FLOOD, NAME_ALIAS, NAME_TRUNCATED, NAME_TCP_CLOSES};

	ask_for_good(run, NAME, SERVER_IP);
	answer(run, SERVER_IP, NULL)->trick = harmless[run_between(run, 0, sizeof harmless - 1)];
	streams_max = 4; /* one to the name server */
	if (run_between(run, 0, 2) == 0)
		run_rough(run);
	run->check = check_trick;
}

static void check_bad_trick(struct run *run)
{
	check_refused(run);
	EXPECT(run, client.over_at < 60000);
}

/* Loops, names that are too long, and a server that stalls: refused in time, and nothing else waits. */
static void bad_tricks(struct run *run)
{
	static const uint8_t bad[] = {NAME_ALIAS_LOOP, NAME_ALIAS_LONG, NAME_TCP_STALLS};

	ask(run, NAME);
	answer(run, SERVER_IP, NULL)->trick = bad[run_between(run, 0, sizeof bad - 1)];
	expect_refusal(run, ": refused with 91, the name could not be looked up");
	if (run_between(run, 0, 2) == 0)
		run_rough(run);
	run->check = check_bad_trick;
}

static void garbage(struct run *run)
{
	ask_for_good(run, NAME, SERVER_IP);
	answer(run, SERVER_IP, NULL)->trick = NAME_GARBAGE;
	streams_max = 4;
	run->check = check_granted;
}

/* ---- Which addresses ---- */

static struct served_name *second;

static void check_rebinding(struct run *run)
{
	check_one_look_up(run);
	EXPECT(run, !second->used && inside[0].accepted == 0);
}

/* A second lookup would find an address that was never judged: there is none. */
static void rebinding(struct run *run)
{
	ask_for_good(run, NAME, SERVER_IP);
	answer(run, SERVER_IP, NULL);
	second = answer(run, "127.0.0.1", PROXY_IP);
	server_init(&inside[0], run, HOST_LOCAL, "127.0.0.1", 7000);
	run->check = check_rebinding;
}

static void check_rebinding_back(struct run *run)
{
	check_no_name(run);
	EXPECT(run, !second->used);
}

static void rebinding_back(struct run *run)
{
	ask(run, NAME);
	questions = 2;
	streams_max = 1;
	answer(run, "127.0.0.1", NULL);
	second = answer(run, SERVER_IP, NULL);
	expect_refusal(run, "an allow line must name it");
	run->check = check_rebinding_back;
}

/* What a client that is not on this host must not reach by any name. */
static const char *forbidden(struct run *run)
{
	static const char *const ips[] = {"127.0.0.1", "127.9.9.9", "::1", PROXY_IP, PROXY_IP6,
		"169.254.169.254", "fe80::1", "224.0.0.1", "ff02::1", "0.0.0.0", "::", "0.1.2.3",
		"240.0.0.1", "255.255.255.255", "::ffff:127.0.0.1"};

	return ips[run_between(run, 0, sizeof ips / sizeof *ips - 1)];
}

static void listen_inside(struct run *run)
{
	server_init(&inside[0], run, HOST_LOCAL, "0.0.0.0", 7000);
	server_init(&inside[1], run, HOST_LOCAL, "::", 7000);
}

static void check_inside(struct run *run)
{
	if (server.run != NULL)
		check_one_look_up(run);
	else
		check_no_name(run);
	EXPECT(run, inside[0].accepted == 0 && inside[1].accepted == 0);
}

/* Such addresses are passed over; where there is no other one, nothing is connected to. */
static void forbidden_answers(struct run *run)
{
	static const char *addresses[7];
	unsigned count = run_between(run, 1, 6);
	bool good = run_between(run, 0, 1) == 1;

	memset(&server, 0, sizeof server);
	for (unsigned i = 0; i < count; i++)
		addresses[i] = forbidden(run);
	addresses[count] = NULL;
	if (good) {
		addresses[run_between(run, 0, count - 1)] = SERVER_IP;
		ask_for_good(run, NAME, SERVER_IP);
		streams_max = 2;
	} else {
		ask(run, NAME);
		questions = 2;
		streams_max = 1;
		words = NULL;
	}
	name_add(run, NAME, 0, addresses);
	listen_inside(run);
	run->check = check_inside;
}

/* ---- The name itself ---- */

static char long_name[257];

static void check_long(struct run *run)
{
	if (strlen(long_name) <= 253) {
		check_one_look_up(run);
		return;
	}
	check_refused(run);
	EXPECT(run, run->names.questions == 0);
}

/* 253 bytes are a name (RFC 1035), more are not, and of 256 not even the first ones are read as one. */
static void longest(struct run *run)
{
	static const char *const addresses[] = {SERVER_IP, NULL};
	bool too_long = run_between(run, 0, 1) == 1;
	size_t len = too_long ? run_between(run, 254, 256) : run_between(run, 251, 253);

	for (size_t i = 0; i < len; i++)
		long_name[i] = i % 50 == 49 ? '.' : (char)run_between(run, 'a', 'z');
	long_name[len] = '\0';
	if (too_long) {
		ask(run, long_name);
		expect_refusal(run, len > CONFIG_ANKLET_NAME_MAX
					    ? ": refused with 91, the name is too long"
					    : ": refused with 91, the name has no address");
	} else {
		ask_for_good(run, long_name, SERVER_IP);
		name_add(run, long_name, 0, addresses);
	}
	run->check = check_long;
}

static void check_literal(struct run *run)
{
	check_granted(run);
	EXPECT(run, run->names.questions == 0);
}

/* An address is one however it is spelt, and is not looked up. */
static void literal(struct run *run)
{
	static const char *const names[][2] = {
		{SERVER_IP, SERVER_IP},
		{"::ffff:" SERVER_IP, SERVER_IP},
		{"[::ffff:cb00:7105]", SERVER_IP},
		{SERVER_IP6, SERVER_IP6},
		{"[" SERVER_IP6 "]", SERVER_IP6},
		{"2001:DB8:0:0::5", SERVER_IP6},
	};
	unsigned i = run_between(run, 0, 5);

	ask_for_good(run, names[i][0], names[i][1]);
	run->check = check_literal;
}

/* ---- No lookup is left ---- */

static struct sim_actor relief;
static uint32_t relief_ms;

static void relieve(struct sim_actor *actor)
{
	struct sim *sim = actor->port->sim;

	if (sim->now < relief_ms)
		sim_timer(actor, (int32_t)(relief_ms - sim->now));
	else
		client.run->proxy.faults.sockets_max = 0;
}

static void check_relieved(struct run *run)
{
	check_granted(run);
	EXPECT(run, client.granted_at >= relief_ms);
	EXPECT(run, client.granted_at <= relief_ms + 200 + 20 * run->sim.latency_max_ms);
}

/* The proxy has room for its three listeners and the client, and later for more. */
static void all_taken(struct run *run)
{
	ask_for_good(run, NAME, SERVER_IP);
	answer(run, SERVER_IP, NULL);
	client.cut_max = 0;
	relief_ms = run_between(run, 1000, 100000);
	sim_act(&relief, &run->peer[HOST_OTHER], relieve);
	run->proxy.faults.sockets_max = 4;
	run->check = check_relieved;
}

static void check_left(struct run *run)
{
	EXPECT(run, client.left);
	EXPECT(run, run->sim.now <= client.left_at + 1000 + 10 * run->sim.latency_max_ms);
	EXPECT(run, run_logged(run, "the client left") + run_logged(run, "the client reset") == 1);
}

/* The client leaves while its name is looked up, or waits to be. */
static void client_leaves(struct run *run)
{
	ask(run, NAME);
	streams_max = 1;
	client.cut_max = 0;
	name_add(run, NAME, PORT_AGAIN, NULL);
	if (run_between(run, 0, 1) == 0)
		run->proxy.faults.sockets_max = 4;
	client.leaves = (uint8_t)run_between(run, CLIENT_SHUTS_DOWN, CLIENT_RESETS);
	/* And is known to have left, before the servers are given up. */
	client.leave_ms = run_between(run, 100, SILENCE_MS - 1500);
	client.talk.out_len = run_between(run, 0, 20000);
	run->proxy.faults.late_hangup = (uint16_t)run_between(run, 0, 1000);
	run->check = check_left;
}

/* ---- The name of a listener ---- */

#define LISTENER_NAME "proxy.example"
#define NAME_LIMIT_MS 5000

static int listener_answer; /* what the name servers say; PORT_AGAIN: nothing */

static void listen_at_name(struct run *run)
{
	run->config = "listen tcp://" LISTENER_NAME ":1090\n";
	run->config_added = true;
}

static void check_listener_name(struct run *run)
{
	EXPECT(run, client_code(&client) == SOCKS4_GRANTED);
	EXPECT(run, server.talk[0].in == client.talk.out_len);
	EXPECT(run, client.talk.in == server.pattern.out_len);
}

static void listener_name(struct run *run)
{
	static const char *const addresses[] = {PROXY_IP, NULL};
	struct served_name *name = name_add(run, LISTENER_NAME, 0, addresses);

	name->delay_v4_ms = name->delay_v6_ms = run_between(run, 0, NAME_LIMIT_MS - 2100);
	listen_at_name(run);
	client_init(&client, run, HOST_CLIENT);
	client_ask(&client, SOCKS4_CONNECT, SERVER_IP, 7000, "user", NULL);
	client.proxy.port = 1090;
	client.start_ms = NAME_LIMIT_MS;
	server_init(&server, run, HOST_SERVER, SERVER_IP, 7000);
	pair_up(&client, &server, run_between(run, 0, 5000), run_between(run, 0, 5000));
	run->check = check_listener_name;
}

/* Also checked where the start did not fail. */
static void check_no_listener_name(struct run *run)
{
	bool silent = listener_answer == PORT_AGAIN;

	EXPECT(run, run->failure.why == (silent ? PORT_NAME_FAILED : listener_answer));
	EXPECT(run, strcmp(run->failure.at, "tcp://" LISTENER_NAME ":1090") == 0);
	EXPECT(run, !silent || run->sim.now == NAME_LIMIT_MS);
}

/* It has no address, or that cannot be found out in time: then there is no start. */
static void no_listener_name(struct run *run)
{
	static const int answers[] = {PORT_NO_NAME, PORT_NAME_FAILED, PORT_AGAIN};

	listener_answer = answers[run_between(run, 0, 2)];
	name_add(run, LISTENER_NAME, listener_answer, NULL);
	listen_at_name(run);
	run->start_fails = true;
	run->clean_up = check_no_listener_name;
}

static const struct scenario scenarios[] = {
	{"found", found},
	{"no_name", no_name},
	{"silence", silence},
	{"late", late},
	{"tricks", tricks},
	{"bad_tricks", bad_tricks},
	{"garbage", garbage},
	{"rebinding", rebinding},
	{"rebinding_back", rebinding_back},
	{"forbidden_answers", forbidden_answers},
	{"longest", longest},
	{"literal", literal},
	{"all_taken", all_taken},
	{"client_leaves", client_leaves},
	{"listener_name", listener_name},
	{"no_listener_name", no_listener_name},
};

int main(int argc, char **argv)
{
	return scenario_main(argc, argv, scenarios, sizeof scenarios / sizeof *scenarios);
}
