/*
 * Those who ask for the status while sessions go on: they get whole answers, and whatever they do nobody else loses
 * a byte by it, nor does the next one who asks wait for ever.
 */
#include "actors.h"

#include <string.h>

#define PORT 7000
#define STATUS_PORT 1081
#define STATUS "status tcp://" PROXY_IP ":1081 sessions from 10.0.0.0/8\n"
#define GET(path) "GET " path " HTTP/1.1\r\nHost: " PROXY_IP ":1081\r\n\r\n"
#define CLIENTS 3
#define ASKERS 6
#define BYTES 20000u
#define ANSWER_MAX 16384

struct asker {
	struct sim_actor actor; /* first */
	struct run *run;
	/* What to do. */
	const char *request;
	size_t cut_max;     /* bytes of it in one go */
	uint32_t pause_ms;  /* after each of them, up to so much */
	size_t reset_after; /* bytes of the answer; 0: it does not */
	uint32_t deaf_ms;   /* it never reads, and is gone then; 0: it reads */
	/* How it went. */
	port_sock sock;
	bool connected;
	uint64_t go_at;
	size_t sent, len;
	int end;
	bool over;
	uint64_t over_at;
	char answer[ANSWER_MAX];
};

static struct client client[CLIENTS];
static struct server server[CLIENTS];
static struct asker asker[ASKERS], late;

static void asker_over(struct asker *a, int end)
{
	if (end == 0)
		port_reset(a->actor.port, &a->sock);
	else
		port_close(a->actor.port, &a->sock);
	a->end = end;
	a->over = true;
	a->over_at = a->run->sim.now;
	run_actor_done(a->run);
}

static void send_on(struct asker *a)
{
	size_t len = strlen(a->request);

	while (a->sent < len && a->run->sim.now >= a->go_at) {
		size_t piece = len - a->sent < a->cut_max ? len - a->sent : a->cut_max;
		int n = port_send(a->actor.port, a->sock, a->request + a->sent, piece);

		if (n <= 0)
			return; /* reading tells why */
		a->sent += (size_t)n;
		a->go_at = a->run->sim.now + run_between(a->run, 0, a->pause_ms);
		actor_wake(&a->actor, a->go_at);
	}
}

static void read_on(struct asker *a)
{
	int n;

	while ((n = port_read(a->actor.port, a->sock, a->answer + a->len, ANSWER_MAX - a->len)) >
		0) {
		a->len += (size_t)n;
		EXPECT(a->run, a->len < ANSWER_MAX);
		if (a->reset_after > 0 && a->len >= a->reset_after) {
			asker_over(a, 0);
			return;
		}
	}
	if (n != PORT_AGAIN)
		asker_over(a, n);
}

static void ask(struct sim_actor *actor)
{
	struct asker *a = (struct asker *)actor;
	struct address at = {.ip = ip_v4(10, 0, 0, 1), .port = STATUS_PORT};

	if (a->over || (a->sock == PORT_NONE && a->run->sim.now < a->go_at))
		return;
	if (a->sock == PORT_NONE)
		EXPECT(a->run, port_connect(actor->port, NULL, &at, &a->sock) == 0);
	if (!a->connected) {
		int connected = port_connected(actor->port, a->sock);

		if (connected == PORT_AGAIN)
			return;
		if (connected != 0) {
			asker_over(a, connected);
			return;
		}
		a->connected = true;
	}
	send_on(a);
	if (a->deaf_ms == 0)
		read_on(a);
	else if (a->run->sim.now >= a->deaf_ms)
		asker_over(a, 0);
	else
		actor_wake(&a->actor, a->deaf_ms);
}

static void asker_init(struct asker *a, struct run *run, const char *request, uint32_t ms)
{
	memset(a, 0, sizeof *a);
	a->run = run;
	a->request = request;
	a->cut_max = SIZE_MAX;
	a->sock = PORT_NONE;
	a->go_at = ms;
	sim_act(&a->actor, &run->peer[HOST_CLIENT], ask);
	actor_wake(&a->actor, ms);
	run->actors_left++;
}

static void begin(struct run *run)
{
	run->config = STATUS;
	run->config_added = true;
	run->sim.steps_max = 1000000;
	for (uint16_t i = 0; i < CLIENTS; i++) {
		client_init(&client[i], run, HOST_CLIENT);
		server_init(&server[i], run, HOST_SERVER, SERVER_IP, (uint16_t)(PORT + i));
		client_ask(
			&client[i], SOCKS4_CONNECT, SERVER_IP, (uint16_t)(PORT + i), "user", NULL);
		pair_up(&client[i], &server[i], BYTES, BYTES);
		server[i].pattern.in_max = client[i].talk.in_max = run_between(run, 1, 4000);
		server[i].pattern.pause_ms = client[i].talk.pause_ms = run_between(run, 0, 50);
	}
}

static void check_sessions(struct run *run)
{
	for (unsigned i = 0; i < CLIENTS; i++) {
		EXPECT(run, client_granted(&client[i]) && client[i].talk.in == BYTES);
		EXPECT(run, client[i].talk.in_end == PORT_EOF && server[i].talk[0].in == BYTES);
	}
}

/* Whole, which the last of its chunks says. */
static bool answered(const struct asker *a)
{
	static const char head[] = "HTTP/1.1 200 OK\r\n", last[] = "\r\n0\r\n\r\n";

	return a->end == PORT_EOF && a->len > sizeof head + sizeof last &&
	       memcmp(a->answer, head, sizeof head - 1) == 0 &&
	       memcmp(a->answer + a->len - (sizeof last - 1), last, sizeof last - 1) == 0;
}

/* ---- Answers, while all that they tell of changes ---- */

static void check_answers(struct run *run)
{
	check_sessions(run);
	for (unsigned i = 0; i < ASKERS; i++)
		EXPECT(run, answered(&asker[i]));
}

static void answers(struct run *run)
{
	static const char *const requests[] = {
		GET("/status"), GET("/sessions"), GET("/refusals"), GET("/metrics")};

	begin(run);
	for (unsigned i = 0; i < ASKERS; i++) {
		asker_init(
			&asker[i], run, requests[run_between(run, 0, 3)], run_between(run, 0, 200));
		asker[i].cut_max = run_between(run, 1, 100);
		asker[i].pause_ms = run_between(run, 0, 20);
	}
	run->check = check_answers;
}

/* What the program itself goes through is what there is. */
static void go_through(struct run *run)
{
	struct anklet_session session;
	struct anklet_status status;
	unsigned count = 0;

	anklet_status(run->anklet, &status);
	for (uint32_t after = 0; anklet_session(run->anklet, after, &session);
		after = session.number) {
		EXPECT(run, session.number > after && session.state[0] != '\0');
		EXPECT(run, strncmp(session.client, CLIENT_IP ":", strlen(CLIENT_IP ":")) == 0);
		EXPECT(run, session.bytes_up == 0 || strcmp(session.command, "connect") == 0);
		EXPECT(run, session.bytes_up == 0 || strncmp(session.to, "203.0.113.", 10) == 0);
		EXPECT(run, session.bytes_up <= BYTES && session.bytes_down <= BYTES);
		count++;
	}
	EXPECT(run, count == status.sessions);
}

static void gone_through(struct run *run)
{
	begin(run);
	run->after_poll = go_through;
	run->check = check_sessions;
}

/* Through the smallest windows an answer may take longer than its 5 seconds. */
static void rough_answers(struct run *run)
{
	answers(run);
	run_rough(run);
	run->check = check_sessions;
}

/* ---- Those who harm nobody ---- */

static void check_harmless(struct run *run)
{
	check_sessions(run);
	EXPECT(run, answered(&late));
}

/* Silent, never at an end of the head, never reading, gone in midst of the answer, and what is no HTTP. */
static void harmless(struct run *run)
{
	static const char *const requests[] = {
		"", "GET /status HT", GET("/metrics"), "\x04\x01\r\n\r\n"};

	begin(run);
	asker_init(&asker[0], run, GET("/metrics"), 0);
	asker[0].deaf_ms = 20000;
	for (unsigned i = 1; i < ASKERS; i++) {
		asker_init(
			&asker[i], run, requests[run_between(run, 0, 3)], run_between(run, 0, 200));
		asker[i].cut_max = run_between(run, 1, 100);
		if (run_between(run, 0, 2) == 0)
			asker[i].reset_after = run_between(run, 1, 3000);
	}
	asker_init(&late, run, GET("/status"), 60000);
	run->check = check_harmless;
}

/* ---- Those who are silent while others wait ---- */

#define SILENT (ASKERS - 1)
#define ITS_HEAD_MS 200 /* at most, of the 250 that everybody has */

static void check_silent(struct run *run)
{
	unsigned evicted = 0;

	check_sessions(run);
	EXPECT(run, answered(&asker[SILENT]) && answered(&late));
	EXPECT(run, late.over_at < 2000);
	for (unsigned i = 0; i < SILENT; i++)
		evicted += asker[i].over_at < 2000;
	EXPECT(run, evicted >= SILENT - 2);
}

/* They are evicted for the next one, but nobody is whose head is on its way; those that nobody waits for have 5 s. */
static void silent(struct run *run)
{
	static const char request[] = GET("/status");

	begin(run);
	for (unsigned i = 0; i < SILENT; i++)
		asker_init(&asker[i], run, run_between(run, 0, 1) ? "" : "GET /st",
			run_between(run, 0, 100));
	asker_init(&asker[SILENT], run, request, 0);
	asker[SILENT].cut_max = sizeof request / 4;
	asker[SILENT].pause_ms = ITS_HEAD_MS / 5;
	asker_init(&late, run, request, 101);
	run->check = check_silent;
}

static const struct scenario scenarios[] = {
	{"answers", answers},
	{"rough_answers", rough_answers},
	{"gone_through", gone_through},
	{"harmless", harmless},
	{"silent", silent},
};

int main(int argc, char **argv)
{
	return scenario_main(argc, argv, scenarios, sizeof scenarios / sizeof *scenarios);
}
