/*
 * Runs scenarios. See scenario.h.
 */
#include "scenario.h"
#include "actors.h"

#include <assert.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SEEDS_DEFAULT 1000
#define SCENARIOS_MAX 64
#define LIMIT_MS 3600000u
#define PROBE_MS 5000u
#define PROBE_BYTES 3000

static struct run run;

static struct {
	const char *program;
	uint64_t first, count;
	bool verbose;
	const struct scenario *scenario; /* the one that runs */
} options;

static const char default_config[] =
	"listen tcp://" PROXY_IP ":1080\n" ANKLET_TEXT(CONFIG_ANKLET_IPV6,
		"listen tcp://[" PROXY_IP6 "]:1080\n", "") "listen tcp://127.0.0.1:1080\n";

static const char resolv_conf[] = "nameserver " NAMES_IP "\n";

/* ---- What went wrong ---- */

static void print_replay(void)
{
	fprintf(stderr, "replay: %s --scenario %s --seed %llu --verbose\n", options.program,
		options.scenario->name, (unsigned long long)run.seed);
}

static void print_failure(const char *what, const char *file, int line)
{
	uint32_t first = run.log_count > RUN_LOG_LINES ? run.log_count - RUN_LOG_LINES : 0;

	fprintf(stderr, "%s, seed %llu, at %llu ms: %s\n  (%s:%d)\n", options.scenario->name,
		(unsigned long long)run.seed, (unsigned long long)run.sim.now, what, file, line);
	for (uint32_t i = first; i < run.log_count && !options.verbose; i++)
		fprintf(stderr, "  | %s\n", run.log[i % RUN_LOG_LINES]);
	print_replay();
}

void run_expect(struct run *r, bool truth, const char *sentence, const char *file, int line)
{
	if (truth || r->failed)
		return;
	r->failed = true;
	sim_interrupt(&r->sim);
	print_failure(sentence, file, line);
}

/* An assertion or a sanitizer ends the process: say at least which run it was. */
static void on_death(void)
{
	if (options.scenario != NULL)
		print_replay();
}

static void on_abort(int number)
{
	(void)number;
	on_death();
}

void __sanitizer_set_death_callback(void (*callback)(void)) __attribute__((weak));

/* ---- What a scenario may call ---- */

void run_actor_done(struct run *r)
{
	assert(r->actors_left > 0);
	r->actors_left--;
	sim_interrupt(&r->sim);
}

unsigned run_logged(const struct run *r, const char *text)
{
	unsigned count = 0;

	for (uint32_t i = 0; i < RUN_LOG_LINES && i < r->log_count; i++)
		count += strstr(r->log[i], text) != NULL;
	return count;
}

uint32_t run_between(struct run *r, uint32_t low, uint32_t high)
{
	return low + sim_random(&r->sim, high - low + 1);
}

void run_rough(struct run *r)
{
	r->sim.window_min = run_between(r, 1, 64);
	r->sim.window_max = r->sim.window_min + run_between(r, 0, 2000);
	r->proxy.faults.short_peeks = (uint16_t)run_between(r, 0, 700);
	r->proxy.faults.short_sends = (uint16_t)run_between(r, 0, 700);
	r->proxy.faults.spurious = (uint16_t)run_between(r, 0, 300);
	r->proxy.faults.slow_accept = (uint16_t)run_between(r, 0, 700);
	r->proxy.faults.hasty = (uint16_t)run_between(r, 0, 300);
	r->proxy.faults.late_hangup = (uint16_t)run_between(r, 0, 1000);
}

/* ---- One run ---- */

static void take_line(void *ctx, enum port_level level, const char *line, size_t len)
{
	char *kept = run.log[run.log_count++ % RUN_LOG_LINES];

	(void)ctx;
	EXPECT(&run, level >= PORT_ERROR && level <= PORT_DEBUG);
	EXPECT(&run, len > 0 && len < CONFIG_ANKLET_LOG_LINE);
	for (size_t i = 0; i < len; i++)
		EXPECT(&run, line[i] >= 0x20 && line[i] < 0x7f);
	memcpy(kept, line, len);
	kept[len] = '\0';
	if (options.verbose)
		fprintf(stderr, "%8llu ms  %s\n", (unsigned long long)run.sim.now, kept);
}

static void before_wait(void *ctx)
{
	(void)ctx;
	if (!run.failed && run.anklet->listener_count > 0)
		run_check_waiting(&run);
}

static void build_world(uint64_t seed)
{
	static const char *const addresses[][3] = {
		[HOST_CLIENT] = {CLIENT_IP, ANKLET_TEXT(CONFIG_ANKLET_IPV6, CLIENT_IP6, NULL),
			NULL},
		[HOST_SERVER] = {SERVER_IP, SERVER_IP2,
			ANKLET_TEXT(CONFIG_ANKLET_IPV6, SERVER_IP6, NULL)},
		[HOST_OTHER] = {OTHER_IP, NULL, NULL},
		[HOST_NAMES] = {NAMES_IP, NAMES_IP2, NULL},
		[HOST_LOCAL] = {PROXY_IP, ANKLET_TEXT(CONFIG_ANKLET_IPV6, PROXY_IP6, NULL), NULL},
	};

	memset(&run, 0, offsetof(struct run, memory));
	run.seed = seed;
	run.limit_ms = LIMIT_MS;
	sim_init(&run.sim, seed);
	for (unsigned i = 0; i < RUN_HOSTS; i++) {
		const char *list[4] = {addresses[i][0], addresses[i][1], addresses[i][2], NULL};
		struct sim_host *host = sim_host(&run.sim, list);

		sim_attach(&run.sim, &run.peer[i], host);
		run.proxy_host = host; /* the last one */
	}
	sim_attach(&run.sim, &run.proxy, run.proxy_host);
	name_server_init(&run.names, &run, &run.peer[HOST_NAMES]);
	sim_file(&run.sim, SIM_RESOLV_CONF, resolv_conf, sizeof resolv_conf - 1);
	run.proxy.before_wait = before_wait;
	run.proxy.log = take_line;
}

static void print_text(void *ctx, const char *text, size_t len)
{
	(void)ctx;
	fprintf(stderr, "%.*s", (int)len, text);
}

static void configure(const char *text)
{
	unsigned errors =
		anklet_configure(run.anklet, "scenario", text, strlen(text), print_text, NULL);

	EXPECT(&run, errors == 0);
}

static bool start(void)
{
	int r;

	memset(run.memory, 0, sizeof run.memory);
	run.anklet = anklet_init(run.memory, sizeof run.memory, &run.proxy);
	if (run.config == NULL || run.config_added)
		configure(default_config);
	if (run.config != NULL)
		configure(run.config);
	r = anklet_start(run.anklet, &run.failure);
	EXPECT(&run, r == 0 || run.start_fails);
	return r == 0;
}

/* Until every actor is done and every session has ended. */
static void go_on(uint64_t limit)
{
	struct anklet_status status;

	do {
		anklet_poll(run.anklet, -1);
		if (run.after_poll != NULL && !run.failed)
			run.after_poll(&run);
		if (run.sim.failure != NULL)
			run_expect(&run, false, run.sim.failure, __FILE__, __LINE__);
		EXPECT(&run, run.sim.now <= limit);
		anklet_status(run.anklet, &status);
	} while (!run.failed && (run.actors_left > 0 || status.sessions > 0));
}

/* Whatever has happened: a good session works. */
static void probe(void)
{
	static struct client client;
	static struct server server;
	uint64_t begun = run.sim.now;

	memset(&run.proxy.faults, 0, sizeof run.proxy.faults);
	memset(&run.peer[HOST_CLIENT].faults, 0, sizeof run.proxy.faults);
	memset(&run.peer[HOST_OTHER].faults, 0, sizeof run.proxy.faults);
	run.sim.window_min = run.sim.window_max = SIM_WINDOW_MAX;
	client_init(&client, &run, HOST_CLIENT);
	server_init(&server, &run, HOST_OTHER, OTHER_IP, 9);
	client_ask(&client, SOCKS4_CONNECT, OTHER_IP, 9, "probe", NULL);
	pair_up(&client, &server, PROBE_BYTES, PROBE_BYTES);
	go_on(begun + PROBE_MS);
	EXPECT(&run, client_code(&client) == SOCKS4_GRANTED);
	EXPECT(&run, client.talk.in == PROBE_BYTES && client.talk.in_end == PORT_EOF);
	EXPECT(&run, server.talk[0].in == PROBE_BYTES && server.talk[0].in_end == PORT_EOF);
}

/* Returns whether the run went well. */
static bool run_one(const struct scenario *scenario, uint64_t seed)
{
	build_world(seed);
	scenario->set_up(&run);
	if (!run.failed && start()) {
		go_on(run.limit_ms);
		if (!run.failed)
			run_check_empty(&run);
		if (run.check != NULL && !run.failed)
			run.check(&run);
		if (!run.no_probe && !run.failed)
			probe();
		if (!run.failed)
			run_check_empty(&run);
		anklet_fini(run.anklet);
	}
	if (run.clean_up != NULL)
		run.clean_up(&run);
	EXPECT(&run, sim_open_sockets(&run.proxy, SIM_LISTENER) == 0);
	EXPECT(&run, sim_open_sockets(&run.proxy, SIM_STREAM) == 0);
	EXPECT(&run, sim_open_sockets(&run.proxy, SIM_DATAGRAMS) == 0);
	return !run.failed;
}

/* ---- All of them ---- */

static void test_scenario(void **state)
{
	options.scenario = *state;
	for (uint64_t i = 0; i < options.count; i++)
		if (!run_one(options.scenario, options.first + i))
			fail();
	options.scenario = NULL;
}

static uint64_t number(const char *text)
{
	return text == NULL ? 0 : strtoull(text, NULL, 10);
}

/* Reads the command line: the scenario that is wanted, or NULL for all; exits over a mistake. */
static const char *read_options(int argc, char **argv)
{
	const char *wanted = NULL;
	const char *seeds = getenv("SIM_SEEDS"), *first = getenv("SIM_FIRST");

	options.program = argv[0];
	options.first = first != NULL ? number(first) : 1;
	options.count = seeds != NULL ? number(seeds) : SEEDS_DEFAULT;
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--verbose") == 0) {
			options.verbose = true;
		} else if (i + 1 < argc && strcmp(argv[i], "--scenario") == 0) {
			wanted = argv[++i];
		} else if (i + 1 < argc && strcmp(argv[i], "--seed") == 0) {
			options.first = number(argv[++i]);
			options.count = 1;
		} else if (i + 1 < argc && strcmp(argv[i], "--count") == 0) {
			options.count = number(argv[++i]);
		} else {
			fprintf(stderr,
				"usage: %s [--scenario NAME] [--seed N] [--count N] [--verbose]\n",
				argv[0]);
			exit(2);
		}
	}
	return wanted;
}

int scenario_main(int argc, char **argv, const struct scenario *scenarios, size_t count)
{
	const char *wanted = read_options(argc, argv);
	struct CMUnitTest tests[SCENARIOS_MAX];
	size_t used = 0;

	assert(count <= SCENARIOS_MAX);
	signal(SIGABRT, on_abort);
	if (__sanitizer_set_death_callback != NULL)
		__sanitizer_set_death_callback(on_death);
	for (size_t i = 0; i < count; i++) {
		if (wanted == NULL || strcmp(wanted, scenarios[i].name) == 0)
			tests[used++] = (struct CMUnitTest){
				.name = scenarios[i].name,
				.test_func = test_scenario,
				.initial_state = (void *)(uintptr_t)&scenarios[i],
			};
	}
	if (used == 0) {
		fprintf(stderr, "%s: no scenario has that name\n", argv[0]);
		return 2;
	}
	return _cmocka_run_group_tests(argv[0], tests, used, NULL, NULL);
}
