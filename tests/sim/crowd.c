/*
 * Sessions that stay where they are, and bells. See crowd.h.
 */
#include "crowd.h"

#include "next_hop.h"

#include <assert.h>
#include <string.h>

#define QUIET_PORT 7001 /* ends when the other one does */
#define HOLD_PORT 7003  /* never ends */
#define IDENT_RULE_PORT 7113
#define NAMED_HOP_PORT 7114 /* these three are routed */
#define SILENT_HOP_PORT 7115
#define LONELY_HOP_PORT 7116
#define DOUBLES 2 /* of each server: all slots may be of one kind */

static struct server quiet[DOUBLES], hold[DOUBLES];
static struct identd silent_identd;
static struct next_hop silent_hop, lonely_hop;
static unsigned clients;

static void full_identd(struct run *run)
{
	struct address at = {.port = IDENT_PORT};
	port_sock listener;

	ip_parse(CLIENT_IP6, strlen(CLIENT_IP6), &at.ip);
	EXPECT(run, port_listen(&run->peer[HOST_CLIENT], &at, 0, &listener) == 0);
}

/* One says nothing, the other says where it waits for a peer that never comes. */
static void silent_hops(struct run *run)
{
	next_hop_init(&silent_hop, run, HOST_OTHER, OTHER_IP, 9050);
	next_hop_init(&lonely_hop, run, HOST_OTHER, OTHER_IP, 9051);
	silent_hop.word[0].len = lonely_hop.word[1].len = 0;
	silent_hop.word[0].then = lonely_hop.word[1].then = HOP_STAYS;
}

void crowd_world(struct run *run)
{
	static const char *const nowhere[] = {NULL};

	clients = 0;
	run->config = CROWD_CONFIG;
	run->config_added = true;
	for (uint16_t i = 0; i < DOUBLES; i++) {
		server_init(&quiet[i], run, HOST_SERVER, SERVER_IP, (uint16_t)(QUIET_PORT + i));
		server_init(&hold[i], run, HOST_SERVER, SERVER_IP, (uint16_t)(HOLD_PORT + i));
		quiet[i].pattern.last = TALK_STAY;
		hold[i].pattern.last = TALK_HOLD;
	}
	identd_init(&silent_identd, run, HOST_CLIENT, CLIENT_IP, NULL);
	full_identd(run);
	silent_hops(run);
	name_add(run, "never.example", PORT_AGAIN, nowhere);
	name_patience(run);
	sim_route(&run->sim, "198.51.100.0/24", SIM_FATE_BLACK_HOLE);
}

static const struct {
	uint8_t state;
	uint8_t command;
	const char *ip; /* NULL: a name that nobody answers for */
	uint16_t port;
} kinds[CROWD_KINDS] = {
	[CROWD_SILENT] = {SESSION_GREETING, SOCKS4_CONNECT, SERVER_IP, QUIET_PORT},
	[CROWD_HALF_REQUEST] = {SESSION_REQUEST, SOCKS4_CONNECT, SERVER_IP, QUIET_PORT},
	[CROWD_IDENT] = {SESSION_IDENT, SOCKS4_CONNECT, SERVER_IP, IDENT_RULE_PORT},
	[CROWD_IDENT_ANSWER] = {SESSION_IDENT_ANSWER, SOCKS4_CONNECT, SERVER_IP, IDENT_RULE_PORT},
	[CROWD_RESOLVE] = {SESSION_RESOLVE, SOCKS4_CONNECT, NULL, 80},
	[CROWD_CONNECT] = {SESSION_CONNECT, SOCKS4_CONNECT, "198.51.100.1", 80},
	[CROWD_WAIT_PEER] = {SESSION_WAIT_PEER, SOCKS4_BIND, SERVER_IP, 0},
	[CROWD_RESOLVE_HOP] = {SESSION_RESOLVE_HOP, SOCKS4_CONNECT, SERVER_IP, NAMED_HOP_PORT},
	[CROWD_HOP] = {SESSION_HOP, SOCKS4_CONNECT, SERVER_IP, SILENT_HOP_PORT},
	[CROWD_HOP_PEER] = {SESSION_HOP_PEER, SOCKS4_BIND, SERVER_IP, LONELY_HOP_PORT},
	[CROWD_RELAY] = {SESSION_RELAY, SOCKS4_CONNECT, SERVER_IP, QUIET_PORT},
	[CROWD_HALF_CLOSED] = {SESSION_RELAY, SOCKS4_CONNECT, SERVER_IP, HOLD_PORT},
	[CROWD_DRAIN] = {SESSION_DRAIN, SOCKS4_CONNECT, SERVER_IP, 0},
};

enum session_state crowd_state(enum crowd_kind kind)
{
	return (enum session_state)kinds[kind].state;
}

void crowd_by_v6(struct client *client)
{
	ip_parse(PROXY_IP6, strlen(PROXY_IP6), &client->proxy.ip);
}

void crowd_client(struct client *client, struct run *run, enum crowd_kind kind)
{
	uint16_t port = kinds[kind].port;

	if (port == QUIET_PORT || port == HOLD_PORT)
		port = (uint16_t)(port + clients++ % DOUBLES);
	client_init(client, run, HOST_CLIENT);
	client_ask(client, (enum socks4_command)kinds[kind].command, kinds[kind].ip, port, "user",
		kinds[kind].ip == NULL ? "never.example" : NULL);
	client->talk.last = kind == CROWD_HALF_CLOSED ? TALK_FIN : TALK_STAY;
	client->deaf = kind == CROWD_DRAIN;
	if (kind == CROWD_SILENT)
		client->request_len = 0;
	if (kind == CROWD_HALF_REQUEST)
		client->request_len = run_between(run, 1, (uint32_t)client->request_len - 1);
	if (kind == CROWD_WAIT_PEER || kind == CROWD_HOP_PEER)
		client->replies = 2;
	if (kind == CROWD_IDENT)
		crowd_by_v6(client);
}

void crowd_leave(struct client *client, uint32_t ms)
{
	client->leaves = CLIENT_RESETS;
	client->leave_ms = ms;
	client->talk.reset_ms = ms; /* where it was granted */
}

/* ---- Bells ---- */

static void bell_run(struct sim_actor *actor)
{
	struct bell *bell = (struct bell *)actor;
	uint64_t at = bell->at;

	if (at == UINT64_MAX)
		return;
	if (bell->run->sim.now < at) {
		actor_wake(actor, at);
		return;
	}
	bell->at = UINT64_MAX;
	bell->ring(bell->run);
}

void bell_init(struct bell *bell, struct run *run, uint64_t at, void (*ring)(struct run *run))
{
	memset(bell, 0, sizeof *bell);
	bell->run = run;
	bell->at = at;
	bell->ring = ring;
	sim_act(&bell->actor, &run->peer[HOST_LOCAL], bell_run);
}

/* ---- Looking at the proxy ---- */

static struct {
	struct run *run;
	void (*framework)(void *ctx);
	void (*look)(struct run *run);
} watch;

static void look_before_wait(void *ctx)
{
	watch.framework(ctx);
	if (!watch.run->failed)
		watch.look(watch.run);
}

void crowd_before_wait(struct run *run, void (*look)(struct run *run))
{
	assert(run->proxy.before_wait != look_before_wait);
	watch.run = run;
	watch.framework = run->proxy.before_wait;
	watch.look = look;
	run->proxy.before_wait = look_before_wait;
}
