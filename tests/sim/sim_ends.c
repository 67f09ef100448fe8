/*
 * One side leaves: with a FIN, a close or a reset, in every state, at every byte.
 */
#include "actors.h"

#define SOON_MS 1100 /* a second, and what the messages take */

static struct client client;
static struct server server;

static const char *const addresses[] = {SERVER_IP, NULL};

static void begin(struct run *run)
{
	client_init(&client, run, HOST_CLIENT);
	server_init(&server, run, HOST_SERVER, SERVER_IP, 7000);
	name_add(run, "server.example", 0, addresses);
	client_ask(&client, SOCKS4_CONNECT, SERVER_IP, 7000, "user",
		run_between(run, 0, 1) == 0 ? NULL : "server.example");
	pair_streams(&client, &server, run_between(run, 0, 9000), run_between(run, 0, 9000));
}

/* ---- Before the grant ---- */

static void check_left(struct run *run)
{
	EXPECT(run, client.done && client.left);
	EXPECT(run, run->sim.now - client.left_at <= SOON_MS);
	if (client.leaves == CLIENT_SHUTS_DOWN)
		EXPECT(run, client_code(&client) == SOCKS4_REJECTED && client.end == PORT_EOF);
}

/* A request that ends too early, seed by seed at every byte and in each way. */
static void truncated(struct run *run)
{
	begin(run);
	client.leaves = (uint8_t)(CLIENT_SHUTS_DOWN + run->seed % 3);
	client.leave_at = 1 + (size_t)(run->seed / 3 % (client.request_len - 1));
	client.cut_max = run_between(run, 1, 20);
	run->check = check_left;
}

static void check_silent(struct run *run)
{
	uint64_t lived = client.over_at - client.start_at;

	EXPECT(run, client.replies_in == 0 && client.reply_len == 0 && client.end == PORT_EOF);
	EXPECT(run, lived >= instance_config(run->anklet)->limit_handshake_ms);
	EXPECT(run, lived <= instance_config(run->anklet)->limit_handshake_ms + SOON_MS);
}

/* A request that is never whole, however slowly it drips. */
static void silent(struct run *run)
{
	begin(run);
	client.request_len = (size_t)(run->seed % client.request_len);
	if (run_between(run, 0, 1) == 1) {
		client.cut_max = 1;
		client.cut_pause_ms = 2000;
	}
	run->check = check_silent;
}

/* What takes its time while the client leaves. */
static void slow_down(struct run *run)
{
	struct served_name *slow = name_last(run);

	slow->delay_v4_ms = slow->delay_v6_ms = 300;
	run->peer[HOST_SERVER].host->answer_ms = 300;
}

static void check_cancelled(struct run *run)
{
	EXPECT(run, client.done);
	if (run->anklet->sessions.loop.status.granted != 0)
		return; /* it was too late to leave, or the grant was on its way */
	check_left(run);
	/* The lookup and the connection were given up with it. */
	EXPECT(run, server.accepted == 0 || server.talk[0].in == 0);
}

/* While it waits: for a name, for the server; also after early data that nobody has read yet. */
static void cancelled(struct run *run)
{
	begin(run);
	slow_down(run);
	client.early = run_between(run, 0, 1) == 1;
	client.leaves = (uint8_t)run_between(run, CLIENT_SHUTS_DOWN, CLIENT_RESETS);
	client.leave_ms = run_between(run, 1, 500);
	run->proxy.faults.late_hangup = (uint16_t)(run_between(run, 0, 1) * 1000);
	run->check = check_cancelled;
}

/* ---- After it ---- */

static struct talk *breaker, *broken;

static void check_broken(struct run *run)
{
	EXPECT(run, client_code(&client) == SOCKS4_GRANTED);
	EXPECT(run, broken->over && broken->reset);
	EXPECT(run, run->sim.now - breaker->over_at <= SOON_MS);
}

/* Whose role is which: the one that aborts, and the one that is to hear of it. */
static void choose_breaker(struct run *run)
{
	bool at_client = run_between(run, 0, 1) == 0;

	breaker = at_client ? &client.talk : &server.talk[0];
	broken = at_client ? &server.talk[0] : &client.talk;
	client.talk.last = server.pattern.last = TALK_STAY;
	server_expect(&server, 1);
	run->check = check_broken;
}

static struct talk *plan_of(struct talk *talk)
{
	return talk == &client.talk ? talk : &server.pattern;
}

/* Both talk, and nobody is slow. */
static void broken_off(struct run *run)
{
	begin(run);
	choose_breaker(run);
	plan_of(breaker)->reset_at = run_between(run, 1, 2000);
	plan_of(broken)->out_len = 2000 + run_between(run, 0, 30000);
}

/* The other one does not read: what was sent to it lies unread in the proxy. */
static void broken_off_deaf(struct run *run)
{
	begin(run);
	choose_breaker(run);
	plan_of(breaker)->reset_at = run_between(run, 1, 2000);
	plan_of(breaker)->out_len = 60000;
	plan_of(broken)->out_len = 2000;
	plan_of(broken)->deaf = true;
	run->proxy.faults.late_hangup = (uint16_t)(run_between(run, 0, 1) * 1000);
}

static struct talk *ender;

static void check_broken_half(struct run *run)
{
	const struct talk *other = ender == breaker ? broken : breaker;

	check_broken(run);
	EXPECT(run, ender->shut && other->in_end == PORT_EOF && other->in == ender->out);
}

/* One direction has ended in order, and then the same side aborts, or the other. */
static void broken_off_half(struct run *run)
{
	begin(run);
	choose_breaker(run);
	plan_of(breaker)->out_len = run_between(run, 1, 3000);
	plan_of(breaker)->reset_ms = run_between(run, 200, 1000);
	plan_of(broken)->out_len = run_between(run, 1, 3000);
	plan_of(breaker)->last = plan_of(broken)->last = TALK_HOLD;
	ender = run_between(run, 0, 1) == 0 ? breaker : broken;
	plan_of(ender)->last = TALK_FIN;
	run->sim.window_min = 4096; /* so that the FIN is there before the reset */
	run->check = check_broken_half;
	run->proxy.faults.late_hangup = (uint16_t)(run_between(run, 0, 1) * 1000);
}

/* ---- Limits ---- */

static void check_half_told(struct run *run)
{
	EXPECT(run, run->anklet->sessions.loop.status.granted == 0);
	EXPECT(run, client.end == PORT_RESET);
	EXPECT(run, run_logged(run, "not established within limit-establish") == 1);
}

/* The client takes half of the grant and no more: no other reply can follow that. */
static void half_told(struct run *run)
{
	begin(run);
	run->sim.window_min = run->sim.window_max = run_between(run, 1, SOCKS4_REPLY_LEN - 1);
	client.deaf = true;
	server.pattern.last = TALK_STAY;
	server.pattern.out_len = 0;
	server_expect(&server, 1);
	run->check = check_half_told;
}

static void begin_idle(struct run *run, const char *limit)
{
	begin(run);
	run->config = limit;
	run->config_added = true;
	client.talk.last = server.pattern.last = TALK_STAY;
	server_expect(&server, 1);
}

static void check_idle_cut(struct run *run)
{
	EXPECT(run, client_code(&client) == SOCKS4_GRANTED);
	EXPECT(run, client.talk.reset && server.talk[0].reset);
	EXPECT(run, run_logged(run, "idle for limit-idle") == 1);
}

/* Bytes still wait for one that never reads: what is cut off does not look whole. */
static void idle_while_bytes_wait(struct run *run)
{
	begin_idle(run, "limit-idle 60s\n");
	client.talk.out_len = 60000;
	server.pattern.deaf = true;
	run->check = check_idle_cut;
}

static void check_idle_in_order(struct run *run)
{
	EXPECT(run, client_code(&client) == SOCKS4_GRANTED);
	EXPECT(run, client.talk.in_end == PORT_EOF && server.talk[0].in_end == PORT_EOF);
	EXPECT(run, client.talk.in == server.talk[0].out && server.talk[0].in == client.talk.out);
}

/* Nothing waits: both are closed in order. */
static void idle(struct run *run)
{
	begin_idle(run, "limit-idle 60s\n");
	run->check = check_idle_in_order;
}

static const struct scenario scenarios[] = {
	{"truncated", truncated},
	{"silent", silent},
	{"cancelled", cancelled},
	{"broken_off", broken_off},
	{"broken_off_deaf", broken_off_deaf},
	{"broken_off_half", broken_off_half},
	{"half_told", half_told},
	{"idle_while_bytes_wait", idle_while_bytes_wait},
	{"idle", idle},
};

int main(int argc, char **argv)
{
	return scenario_main(argc, argv, scenarios, sizeof scenarios / sizeof *scenarios);
}
