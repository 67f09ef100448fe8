/*
 * Each state's limit while the clock wraps or jumps: no session ends early, and none is immortal.
 */
#include "crowd.h"

#define DRAIN_MS 2000
#define IDENT_MS 15000
#define KIND_GRANT CROWD_KINDS /* GRANT: the client takes half of the reply */
#define KINDS (CROWD_KINDS + 1)
#define LONG_MS 1728000000u /* 480 hours, the longest limit there is */

static struct client client;
static enum crowd_kind kind;
static enum session_state stays_in;
static uint32_t limit_ms;

/* How it went, by sim.now; 0: not yet. */
static uint64_t entered_at[SESSION_DRAIN + 1];
static uint64_t asked_at, half_at, left_at;
static bool jumpy;

static bool counts_from_request(void)
{
	return stays_in >= SESSION_RESOLVE && stays_in <= SESSION_GRANT;
}

/* When the limit of the state began to run; 0: not yet. */
static uint64_t begun_at(void)
{
	if (counts_from_request())
		return asked_at;
	/* One limit for the greeting and what comes after it. */
	if (stays_in == SESSION_REQUEST && entered_at[SESSION_GREETING] != 0)
		return entered_at[SESSION_GREETING];
	if (kind == CROWD_IDENT_ANSWER)
		return entered_at[SESSION_IDENT] != 0 ? entered_at[SESSION_IDENT]
						      : entered_at[SESSION_IDENT_ANSWER];
	return kind == CROWD_HALF_CLOSED ? half_at : entered_at[stays_in];
}

static void mark(uint64_t *at, uint64_t now)
{
	if (*at == 0)
		*at = now;
}

/* The only session there is, or NULL. */
static const struct session *the_session(const struct run *run)
{
	for (unsigned i = 0; i < CONFIG_ANKLET_SESSIONS; i++)
		if (run->anklet->sessions.session[i].state != SESSION_FREE)
			return &run->anklet->sessions.session[i];
	return NULL;
}

static void note_state(const struct session *s, uint64_t now)
{
	mark(&entered_at[s->state], now);
	if (s->state > SESSION_REQUEST)
		mark(&asked_at, now);
	if (s->relay.up.ended)
		mark(&half_at, now);
}

/* Virtual time stands still in a tick, so what is seen after it happened now. */
static void look(struct run *run)
{
	const struct session *s = the_session(run);
	uint64_t now = run->sim.now, due;

	if (left_at != 0 || client.done)
		return;
	if (s != NULL)
		note_state(s, now);
	if (begun_at() == 0 || entered_at[stays_in] == 0)
		return;
	due = begun_at() + limit_ms;
	if (s != NULL && s->state == stays_in) {
		EXPECT(run, now < due);
		return;
	}
	left_at = now;
	EXPECT(run, jumpy ? now >= due : now == due);
}

static void check_clock(struct run *run)
{
	bool by_ident = kind == CROWD_IDENT || kind == CROWD_IDENT_ANSWER;

	EXPECT(run, client.done);
	if (jumpy)
		return; /* another limit may have passed before the state was entered */
	EXPECT(run, left_at != 0);
	if (by_ident)
		EXPECT(run, client_code(&client) == SOCKS4_NO_IDENTD);
	else if (counts_from_request() && stays_in != SESSION_GRANT)
		EXPECT(run, client_code(&client) == SOCKS4_REJECTED);
}

static uint32_t limit_of(const struct run *run)
{
	static const uint32_t limits[KINDS] = {
		[CROWD_SILENT] = 30000,
		[CROWD_HALF_REQUEST] = 30000,
		[CROWD_IDENT] = IDENT_MS,
		[CROWD_IDENT_ANSWER] = IDENT_MS,
		[CROWD_RESOLVE] = 120000,
		[CROWD_CONNECT] = 120000,
		[CROWD_WAIT_PEER] = 120000,
		[CROWD_RESOLVE_HOP] = 120000,
		[CROWD_HOP] = 120000,
		[CROWD_HOP_PEER] = 120000,
		[CROWD_RELAY] = 900000,
		[CROWD_HALF_CLOSED] = 120000,
		[CROWD_DRAIN] = DRAIN_MS,
		[KIND_GRANT] = 120000,
	};

	if (kind == CROWD_RELAY && run->seed % 2 == 0)
		return LONG_MS;
	return limits[kind];
}

static void half_granted(struct run *run)
{
	run->sim.window_min = run->sim.window_max = run_between(run, 1, SOCKS4_REPLY_LEN - 1);
	client.deaf = true;
	stays_in = SESSION_GRANT;
}

static void begin(struct run *run)
{
	kind = (enum crowd_kind)(run->seed / 2 % KINDS);
	for (unsigned i = 0; i <= SESSION_DRAIN; i++)
		entered_at[i] = 0;
	asked_at = half_at = left_at = 0;
	jumpy = false;
	limit_ms = limit_of(run);
	crowd_world(run);
	if (limit_ms == LONG_MS)
		run->config = CROWD_CONFIG "limit-idle 480h\n";
	crowd_client(&client, run, kind == KIND_GRANT ? CROWD_RELAY : kind);
	client.start_ms = run_between(run, 1, 50); /* 0 stands for 'not yet' */
	if (kind == KIND_GRANT)
		half_granted(run);
	else
		stays_in = crowd_state(kind);
	if (client.deaf)
		crowd_leave(&client, limit_ms + 10000); /* it hears no FIN */
	run->limit_ms = UINT32_MAX;
	crowd_before_wait(run, look);
	run->check = check_clock;
}

/* The wrap is anywhere in the session's life, or just where it ends. */
static void wrap(struct run *run)
{
	uint32_t before;

	begin(run);
	before = run_between(run, 0, limit_ms);
	if (run_between(run, 0, 1) == 1)
		before = limit_ms + run_between(run, 0, 100);
	run->sim.clock_at = 0u - before;
}

/* A wait may end later than was asked for, by up to a day, and the wrap be skipped by that. */
static void jumps(struct run *run)
{
	wrap(run);
	jumpy = true;
	run->proxy.faults.jumps = (uint16_t)run_between(run, 1, 500);
	run->proxy.faults.jump_ms =
		run_between(run, 1, run_between(run, 0, 1) == 1 ? 1000 : 86400000);
}

/* ---- Sessions of months ---- */

#define DAY_MS UINT64_C(86400000)

static struct server server;

static void check_months(struct run *run)
{
	EXPECT(run, client_code(&client) == SOCKS4_GRANTED && server.talk[0].in == 2);
	EXPECT(run, run_logged(run, "closed, both sides ended, up 2 down 0 in 1440h00m") == 1);
}

/* Longer than the clock can count, without a byte in between. */
static void months(struct run *run)
{
	client_init(&client, run, HOST_CLIENT);
	client_ask(&client, SOCKS4_CONNECT, SERVER_IP, 7000, "user", NULL);
	server_init(&server, run, HOST_SERVER, SERVER_IP, 7000);
	pair_up(&client, &server, 2, 0);
	client.talk.piece_max = 1;
	client.talk.pause_ms = 60 * DAY_MS;
	client.talk.last = TALK_FIN;
	server.pattern.last = TALK_FIN_AFTER_FIN;
	run->sim.clock_at = run_between(run, 1, UINT32_MAX);
	run->config = "limit-idle 0\nlimit-half-closed 0\n";
	run->config_added = true;
	run->limit_ms = 61 * DAY_MS;
	run->check = check_months;
}

static const struct scenario scenarios[] = {
	{"months", months},
	{"wrap", wrap},
	{"jumps", jumps},
};

int main(int argc, char **argv)
{
	return scenario_main(argc, argv, scenarios, sizeof scenarios / sizeof *scenarios);
}
