/*
 * A configuration that is replaced under way: who was permitted goes by what permitted him, until he is granted; all
 * others go by what is in force. Nothing of the one before is looked at once nobody holds it.
 */
#include "crowd.h"

#include <string.h>

#define NAME "slow.example"
#define PORT 7000
#define REPLACED_MS 1000
#define LIMIT_IDLE_MS 5000

static struct client client, caller;
static struct server server;
static struct setup next;
static struct bell replaces;
static const char *lines; /* of the one that comes */
static unsigned held_then;

static void report(void *ctx, const char *text, size_t len)
{
	(void)text;
	EXPECT((struct run *)ctx, len == 0);
}

/* What is read of it from now on is nonsense, but for what the listeners are counted by. */
static void spoil(struct config *c)
{
	memset(&c->rules, 0xa5, sizeof c->rules);
	memset(&c->strings, 0xa5, sizeof c->strings);
	memset(&c->forward, 0xa5, sizeof c->forward);
	memset(&c->routes.route, 0xa5, sizeof c->routes.route);
	c->limit_idle_ms = c->limit_half_closed_ms = c->limit_establish_ms = c->limit_handshake_ms =
		1;
}

/* The one that was in force at the start. */
static struct setup *first(const struct run *run)
{
	return &run->anklet->setup[0];
}

static void look(struct run *run)
{
	if (instance_setup(run->anklet) == &next && first(run)->settings.held == 0)
		spoil(&first(run)->config);
}

static void replace(struct run *run)
{
	EXPECT(run, first(run)->settings.held == held_then);
	memset(&next, 0, sizeof next);
	config_init(&next.config);
	EXPECT(run, config_read(&next.config, "next", lines, strlen(lines), report, run) == 0);
	next.settings.config = &next.config;
	instance_use(run->anklet, &next.settings);
	look(run);
}

/* ---- Scenarios ---- */

static void check_granted(struct run *run)
{
	EXPECT(run, client_code(&client) == SOCKS4_GRANTED);
	EXPECT(run, client.talk.in > 0 && run_logged(run, "granted") == 1);
	EXPECT(run, first(run)->settings.held == 0 && next.settings.held == 0);
}

static void check_refused(struct run *run)
{
	EXPECT(run, client_code(&client) == SOCKS4_REJECTED);
	EXPECT(run, run_logged(run, "denied by rule 2") == 1);
	EXPECT(run, first(run)->settings.held == 0 && next.settings.held == 0);
}

/* held: how many are between permission and grant when it is replaced. */
static void begin(struct run *run, enum socks4_command command, const char *ip, const char *name,
	unsigned held)
{
	client_init(&client, run, HOST_CLIENT);
	client_ask(&client, command, ip, PORT, "user", name);
	crowd_before_wait(run, look);
	bell_init(&replaces, run, REPLACED_MS, replace);
	held_then = held;
	lines = "allow user probe\ndeny\n";
	run->check = check_granted;
}

static void serve(struct run *run)
{
	server_init(&server, run, HOST_SERVER, SERVER_IP, PORT);
	pair_up(&client, &server, 2000, 2000);
}

static void resolving(struct run *run)
{
	static const char *const addresses[] = {SERVER_IP, NULL};

	begin(run, SOCKS4_CONNECT, NULL, NAME, 1);
	name_add(run, NAME, 0, addresses)->delay_v4_ms =
		run_between(run, REPLACED_MS + 100, REPLACED_MS + 2000);
	serve(run);
}

/* Whoever calls is judged by the rules under which the client was told to wait. */
static void call_back(struct client *c, unsigned which)
{
	struct address to = client_told(c, 0);

	EXPECT(c->run, ip_parse(PROXY_IP, strlen(PROXY_IP), &to.ip));
	if (which == 0)
		caller_call(&caller, &to, REPLACED_MS + run_between(c->run, 0, 2000));
}

static void waiting_for_a_peer(struct run *run)
{
	begin(run, SOCKS4_BIND, "0.0.0.0", NULL, 1);
	run->config = "allow bind any-peer\nallow\n";
	run->config_added = true;
	client.replies = 2;
	client.on_reply = call_back;
	caller_init(&caller, run, HOST_OTHER);
	caller_pair(&client, &caller, 100, 100);
}

/* The rest of the request comes when there are other rules. */
static void half_asked(struct run *run)
{
	begin(run, SOCKS4_CONNECT, SERVER_IP, NULL, 0);
	client.cut_max = 1;
	client.cut_pause_ms = 400;
	client.start_ms = REPLACED_MS - 30;
	run->check = check_refused;
}

/* It goes on, with the limit in force. */
static void check_relayed(struct run *run)
{
	check_granted(run);
	EXPECT(run, client.talk.in == 2000 && run_logged(run, "idle for limit-idle") == 1);
	EXPECT(run, client.over_at >= REPLACED_MS + LIMIT_IDLE_MS && client.over_at < 20000);
}

static void relayed(struct run *run)
{
	begin(run, SOCKS4_CONNECT, SERVER_IP, NULL, 0);
	serve(run);
	client.talk.last = TALK_STAY;
	server.pattern.last = TALK_STAY;
	server.pattern.piece_max = 100;
	server.pattern.pause_ms = 100;
	lines = "limit-idle 5s\nallow user probe\ndeny\n";
	run->check = check_relayed;
}

static const struct scenario scenarios[] = {
	{"resolving", resolving},
	{"waiting_for_a_peer", waiting_for_a_peer},
	{"half_asked", half_asked},
	{"relayed", relayed},
};

int main(int argc, char **argv)
{
	return scenario_main(argc, argv, scenarios, sizeof scenarios / sizeof *scenarios);
}
