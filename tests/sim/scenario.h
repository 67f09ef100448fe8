/*
 * Scenarios: what happens to a proxy between scripts, a thousand times over with other seeds.
 *
 * A scenario is a function that sets a run up: the configuration, the faults, the
 * names, and the actors (actors.h). The framework starts the proxy and goes on
 * until every actor is done and every session has ended. Then it checks that
 * nothing is left over, and that one more good session works.
 *
 *	build/sim/NAME                                  every scenario, SIM_SEEDS seeds each
 *	build/sim/NAME --scenario S --seed N --verbose  one run again, exactly
 */
#ifndef ANKLET_TESTS_SCENARIO_H
#define ANKLET_TESTS_SCENARIO_H

#include "name_server.h"
#include "proxy/instance.h"
#include "sim.h"

#define RUN_LOG_LINES 24

/* Where everybody is. The proxy's host has 127.0.0.1 and ::1 besides. */
#define PROXY_IP "10.0.0.1"
#define PROXY_IP6 "fd00::1"
#define PROXY_PORT 1080
#define CLIENT_IP "10.0.0.2"
#define CLIENT_IP6 "fd00::2"
#define SERVER_IP "203.0.113.5"
#define SERVER_IP2 "203.0.113.6"
#define SERVER_IP6 "2001:db8::5"
#define OTHER_IP "203.0.113.77" /* a host that is neither */

enum run_host { HOST_CLIENT, HOST_SERVER, HOST_OTHER, HOST_NAMES, HOST_LOCAL, RUN_HOSTS };

struct run {
	/* To be set by the scenario. */
	const char *config; /* instead of the default: listen on PROXY_IP, no rules */
	bool config_added;  /* config comes in addition to it */
	bool no_probe;      /* no good session at the end: the configuration would refuse it */
	bool start_fails;   /* anklet_start() may fail: that ends the run, and failure says why */
	uint64_t limit_ms;  /* the run may take so long; default an hour */
	void (*after_poll)(struct run *run); /* what its program does then */
	void (*check)(struct run *run);      /* called when everything is over */
	void (*clean_up)(struct run *run);   /* called at the end, however the run went */

	/* Of use to it. */
	uint64_t seed;
	struct anklet_failure failure; /* of the start */
	struct sim_host *proxy_host;
	struct anklet *anklet;
	unsigned actors_left;
	bool failed;
	uint32_t log_count; /* lines so far */
	struct port proxy;  /* the process under test */
	struct name_server names;
	struct port peer[RUN_HOSTS]; /* processes for actors; HOST_LOCAL is on the proxy's host */
	char log[RUN_LOG_LINES][CONFIG_ANKLET_LOG_LINE + 1]; /* line n is at n % RUN_LOG_LINES */
	max_align_t memory[ANKLET_MEMORY / sizeof(max_align_t) + 1];
	struct sim sim; /* last, for sim_init() clears it and leaves its bytes alone */
};

struct scenario {
	const char *name;
	void (*set_up)(struct run *run);
};

/* Runs what the command line or the environment ask for; returns what main() is to return. */
int scenario_main(int argc, char **argv, const struct scenario *scenarios, size_t count);

/* The run goes wrong unless 'truth'; the first sentence is the one that is shown. */
void run_expect(struct run *run, bool truth, const char *sentence, const char *file, int line);
#define EXPECT(run, truth) run_expect(run, truth, #truth, __FILE__, __LINE__)

/* An actor of the run is done. */
void run_actor_done(struct run *run);

/* How often 'text' stands in the lines of the log that are kept. */
unsigned run_logged(const struct run *run, const char *text);

/* A number from low to high, both possible. */
uint32_t run_between(struct run *run, uint32_t low, uint32_t high);

/*
 * For the proxy bytes come in small pieces, sockets are ready without a cause,
 * and time passes where none is expected. What comes of it all is the same.
 */
void run_rough(struct run *run);

/* Is every session either runnable, or waiting for something that is recorded? (invariants.c) */
void run_check_waiting(struct run *run);

/* Nothing is left of any session. (invariants.c) */
void run_check_empty(struct run *run);

#endif
