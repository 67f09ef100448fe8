/*
 * Name servers that come and go: names are found while one of them lives, and again as soon as one does; nobody else
 * waits meanwhile.
 *
 * The other faults of name servers are in sim_names.c (silence, wrong ids, ports, questions and addresses, floods,
 * garbage, loops of aliases, names of more than 255 bytes, truncation, TCP that stalls or closes) and in sim_storm.c
 * (a client that asks for dead names beside one that does not).
 */
#include "actors.h"

#include <stdio.h>
#include <string.h>

#define ASKERS 4 /* of two clients, so that nobody waits for a place */
#define LITERALS 4
#define GO_UNTIL_MS 40000 /* from then on they stay */
#define ASK_UNTIL_MS 60000
#define FIRST_TRY_MS 2000
#define GIVEN_UP_MS 14000 /* two servers: 2 s each, then 5 s each */

static struct client asker[ASKERS], literal[LITERALS];
static struct server server;
static char name[ASKERS][24];

/* ---- Servers that come and go ---- */

enum flap_state { FLAP_LIVES, FLAP_REFUSES, FLAP_SILENT };

static struct flapper {
	struct sim_actor actor; /* first */
	struct run *run;
	unsigned address;
	enum flap_state state;
	uint64_t next; /* when it becomes another */
} flapper[2];

static void flap(struct flapper *f, enum flap_state state)
{
	struct name_server *s = &f->run->names;

	if (f->state == FLAP_REFUSES && state != FLAP_REFUSES)
		name_server_start(s, f->address);
	else if (f->state != FLAP_REFUSES && state == FLAP_REFUSES)
		name_server_stop(s, f->address);
	s->deaf[f->address] = state == FLAP_SILENT;
	f->state = state;
}

static void flapper_run(struct sim_actor *actor)
{
	struct flapper *f = (struct flapper *)actor;
	uint64_t now = f->run->sim.now;

	if (now >= GO_UNTIL_MS) {
		flap(f, FLAP_LIVES);
		return;
	}
	if (now >= f->next) {
		flap(f, (enum flap_state)run_between(f->run, FLAP_LIVES, FLAP_SILENT));
		f->next = now + run_between(f->run, 1, 6000);
	}
	actor_wake(actor, f->next < GO_UNTIL_MS ? f->next : GO_UNTIL_MS);
}

static void flapper_init(struct run *run, unsigned address)
{
	struct flapper *f = &flapper[address];

	memset(f, 0, sizeof *f);
	f->run = run;
	f->address = address;
	f->state = FLAP_LIVES;
	sim_act(&f->actor, &run->peer[HOST_NAMES], flapper_run);
}

/* ---- Who asks ---- */

static const char *conf_both(struct run *run, bool tcp)
{
	static char conf[160];
	bool turned = run_between(run, 0, 1) == 1;

	snprintf(conf, sizeof conf, "nameserver %s\nnameserver %s\n%s",
		turned ? NAMES_IP2 : NAMES_IP, turned ? NAMES_IP : NAMES_IP2,
		tcp ? "options use-vc timeout:2\n" : "");
	return conf;
}

static void ask(struct run *run, struct client *client, enum run_host host, const char *wanted)
{
	client_init(client, run, host);
	client_ask(client, SOCKS4_CONNECT, wanted == NULL ? SERVER_IP : NULL, 7000, "user", wanted);
	client->start_ms = run_between(run, 0, ASK_UNTIL_MS);
}

static void begin(struct run *run, bool tcp)
{
	static const char *const addresses[] = {SERVER_IP, NULL};
	const char *conf = conf_both(run, tcp);

	sim_file(&run->sim, SIM_RESOLV_CONF, conf, strlen(conf));
	server_init(&server, run, HOST_SERVER, SERVER_IP, 7000);
	for (unsigned i = 0; i < ASKERS; i++) {
		snprintf(name[i], sizeof name[i], "host%u.example", i);
		name_add(run, name[i], 0, addresses);
		ask(run, &asker[i], i % 2 == 0 ? HOST_CLIENT : HOST_OTHER, name[i]);
	}
	for (unsigned i = 0; i < LITERALS; i++)
		ask(run, &literal[i], HOST_CLIENT, NULL);
	run->config = "allow\n";
	run->config_added = true;
}

_Static_assert(ASKERS / 2 <= CONFIG_ANKLET_LOOKUPS / 2, "a client's share is what it asks for");

static uint64_t slack(const struct run *run)
{
	return 500 + 20 * (uint64_t)run->sim.latency_max_ms;
}

static bool is_granted(const struct client *client, uint64_t within_ms)
{
	return client_code(client) == SOCKS4_GRANTED &&
	       client->granted_at - client->connected_at <= within_ms;
}

static void check_others(struct run *run)
{
	for (unsigned i = 0; i < LITERALS; i++)
		EXPECT(run, is_granted(&literal[i], slack(run)));
}

/* ---- One of them lives ---- */

static void check_found(struct run *run)
{
	for (unsigned i = 0; i < ASKERS; i++)
		EXPECT(run, is_granted(&asker[i], FIRST_TRY_MS + slack(run)));
	check_others(run);
}

/* Whichever of the two comes and goes, and whichever is asked first. */
static void one_lives(struct run *run)
{
	begin(run, false);
	flapper_init(run, run_between(run, 0, 1));
	run->check = check_found;
}

static void one_lives_over_tcp(struct run *run)
{
	begin(run, true);
	flapper_init(run, run_between(run, 0, 1));
	run->check = check_found;
}

/* ---- Neither does at times ---- */

static void check_came_back(struct run *run)
{
	for (unsigned i = 0; i < ASKERS; i++) {
		bool granted = client_code(&asker[i]) == SOCKS4_GRANTED;
		uint64_t over_at = granted ? asker[i].granted_at : asker[i].replied_at[0];

		EXPECT(run, asker[i].replies_in == 1);
		EXPECT(run, over_at - asker[i].connected_at <= GIVEN_UP_MS + slack(run));
		/* Nobody has to be told that they are back. */
		EXPECT(run, asker[i].start_ms < GO_UNTIL_MS || is_granted(&asker[i], slack(run)));
	}
	check_others(run);
}

static void both_go(struct run *run)
{
	begin(run, run_between(run, 0, 1) == 1);
	flapper_init(run, 0);
	flapper_init(run, 1);
	run->check = check_came_back;
}

static const struct scenario scenarios[] = {
	{"one_lives", one_lives},
	{"one_lives_over_tcp", one_lives_over_tcp},
	{"both_go", both_go},
};

int main(int argc, char **argv)
{
	return scenario_main(argc, argv, scenarios, sizeof scenarios / sizeof *scenarios);
}
