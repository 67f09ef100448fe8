/*
 * The configuration is read again, once and a thousand times: who is there loses nothing, and what cannot be had
 * changes nothing.
 */
#include "askers.h"
#include "crowd.h"
#include "secure.h"

#include <string.h>

#define NAME "slow.example"
#define PORT 7000
#define CLIENTS 6
#define MANY 1000 /* reloads, with one seed of FEW_OF */
#define FEW 25
#define FEW_OF 50

static struct client client[CLIENTS];
static struct server server[CLIENTS];
static struct bell bell;
static const char *const
	*texts; /* the configurations, in turn; an '!' before one that is not taken */
static unsigned text_count, wanted, asked, begun, waited;
static uint32_t pause_ms; /* at most, between two of them */

static void report(void *ctx, const char *text, size_t len)
{
	(void)ctx;
	(void)text;
	(void)len;
}

static struct anklet_config_status status_of(struct run *run)
{
	struct anklet_config_status status;

	anklet_config_status(run->anklet, &status);
	return status;
}

/* As the program does it. */
static void after_poll(struct run *run)
{
	const char *text = texts[begun % text_count];
	struct anklet_failure failure;
	unsigned errors, listeners = run->anklet->listener_count;
	bool good = text[0] != '!';

	waited += status_of(run).waiting && status_of(run).old_sessions > 0;
	if (!anklet_reload_begin(run->anklet))
		return;
	begun++;
	text += !good;
	errors = anklet_configure(run->anklet, "again", text, strlen(text), report, run);
	EXPECT(run, (anklet_reload_end(run->anklet, errors, &failure) == 0) == good);
	EXPECT(run, status_of(run).last_ok == good);
	EXPECT(run, good || errors > 0 || failure.words[0] != '\0' || failure.at[0] != '\0');
	EXPECT(run, good || run->anklet->listener_count == listeners);
	EXPECT(run, !run->anklet->reload.under_way);
}

static void ring(struct run *run)
{
	asked++;
	anklet_reload(run->anklet);
	sim_interrupt(&run->sim);
	if (asked == wanted)
		return;
	bell.at = run->sim.now + run_between(run, 0, pause_ms);
	actor_wake(&bell.actor, bell.at);
}

static void begin(struct run *run, const char *const *configurations, unsigned count, uint32_t at)
{
	texts = configurations;
	text_count = count;
	wanted = 1;
	asked = begun = waited = 0;
	bell_init(&bell, run, at, ring);
	run->after_poll = after_poll;
}

static void check_counts(struct run *run)
{
	struct anklet_config_status status = status_of(run);

	EXPECT(run, status.reloads + status.failed == begun && !status.waiting);
	EXPECT(run, status.generation == status.reloads + 1 && status.old_sessions == 0);
	EXPECT(run, !run->anklet->reload.replaced); /* all of the old one was given back */
}

/* ---- Who holds the one before ---- */

static void ask_slowly(struct run *run, unsigned which, const char *userid, uint32_t ms)
{
	static const char *const addresses[] = {SERVER_IP, NULL};

	client_init(&client[which], run, HOST_CLIENT);
	client_ask(&client[which], SOCKS4_CONNECT, NULL, PORT, userid, NAME);
	if (which == 0) {
		name_add(run, NAME, 0, addresses)->delay_v4_ms = ms;
		server_init(&server[0], run, HOST_SERVER, SERVER_IP, PORT);
	}
	pair_up(&client[which], &server[0], 2000, 2000);
}

/* Three were asked for; one went by what was before, and the two that came meanwhile were one. */
static void check_waits(struct run *run)
{
	check_counts(run);
	EXPECT(run, client_code(&client[0]) == SOCKS4_GRANTED && run_logged(run, "granted") == 1);
	EXPECT(run, begun == 2 && waited > 0);
}

static void waits(struct run *run)
{
	static const char *const next[] = {"listen " PROXY_IP ":1080\nallow user probe\n"};

	begin(run, next, 1, 500);
	ask_slowly(run, 0, "user", run_between(run, 1500, 3000));
	wanted = 3;
	pause_ms = 400;
	run->check = check_waits;
}

/* ---- A storm ---- */

#define BEFORE "listen " PROXY_IP ":1080\nlisten [" PROXY_IP6 "]:1080\nlisten 127.0.0.1:1080\n"

static const char *const changes[] = {
	BEFORE "allow\nforward udp://" PROXY_IP ":5300 udp://" SERVER_IP ":53\n",
	"!listen *:1080\nlisten " PROXY_IP
	":1090\nallow\n", /* where somebody listens: all goes back */
	"listen *:1080\nallow\nlimit-idle 0\n",
	"!listen *:1080\nfrog\n",
	"!" BEFORE "allow\nuser nobody\n",
	"listen " PROXY_IP ":1080\nlisten 127.0.0.1:1081\nallow\nlimit-idle 5min\n"
	"forward " PROXY_IP ":8080 " SERVER_IP ":80\nforward udp://*:5300 udp://" SERVER_IP ":54\n",
	"!listen tls://" PROXY_IP ":1080?cert=none.pem\nallow\n",
	"!listen " PROXY_IP ":1080\nlisten nowhere.example:1085\nallow\n",
};

static void occupy(struct run *run)
{
	struct address at = {.port = 1090};
	port_sock listener;

	ip_parse(PROXY_IP, strlen(PROXY_IP), &at.ip);
	EXPECT(run, port_listen(&run->peer[HOST_LOCAL], &at, 0, &listener) == 0);
}

static void check_storm(struct run *run)
{
	check_counts(run);
	EXPECT(run, begun + 1 >= wanted / 2 && status_of(run).failed > 0);
	for (unsigned i = 0; i < CLIENTS; i++) {
		EXPECT(run, client_code(&client[i]) == SOCKS4_GRANTED);
		EXPECT(run, client[i].talk.in == 20000 && client[i].talk.in_end == PORT_EOF);
	}
}

static void storm(struct run *run)
{
	begin(run, changes, sizeof changes / sizeof changes[0], 1);
	wanted = run->seed % FEW_OF == 1 ? MANY : FEW;
	pause_ms = 20;
	for (uint16_t i = 0; i < CLIENTS; i++) {
		client_init(&client[i], run, HOST_CLIENT);
		server_init(&server[i], run, HOST_SERVER, SERVER_IP, (uint16_t)(PORT + i));
		client_ask(
			&client[i], SOCKS4_CONNECT, SERVER_IP, (uint16_t)(PORT + i), "user", NULL);
		pair_up(&client[i], &server[i], 20000, 20000);
		client[i].start_ms = run_between(run, 0, wanted * pause_ms / 2);
		server[i].pattern.pause_ms = run_between(run, 0, 50);
	}
	/* The run lasts as long as they do. */
	client[CLIENTS - 1].start_ms = wanted * pause_ms / 2;
	occupy(run);
	run->config = changes[0];
	run->no_probe = true;
	run->check = check_storm;
}

/* ---- Keys ---- */

#define KEPT "?cert=server.pem&key=server.key"

/* It is the same, but nobody can know that without reading it. */
static void renew(struct run *run, const char *name)
{
	for (unsigned i = 0; i < run->sim.files; i++)
		if (strcmp(run->sim.file[i].name, name) == 0)
			sim_file(&run->sim, name, run->sim.file[i].data, run->sim.file[i].len);
}

static bool has_changed;

static void after_poll_renewed(struct run *run)
{
	const struct tls_context *before = instance_setup(run->anklet)->listen_tls[0];
	unsigned reloads = status_of(run).reloads;

	if (run->anklet->reload.wanted && run_between(run, 0, 3) == 0) {
		renew(run, run_between(run, 0, 1) == 0 ? "server.pem" : "server.key");
		has_changed = true;
	}
	after_poll(run);
	if (reloads == status_of(run).reloads)
		return;
	/* What has not changed is not read again, and what has is. */
	EXPECT(run, has_changed == (instance_setup(run->anklet)->listen_tls[0] != before));
	has_changed = false;
}

static void check_renewed(struct run *run)
{
	check_counts(run);
	EXPECT(run, client_code(&client[0]) == SOCKS4_GRANTED);
	EXPECT(run, client[0].talk.in == 3000 && client[0].talk.in_end == PORT_EOF);
}

/* Streams on either side go on with what they began with; in the end all memory is given back (secure.h). */
static void renewed(struct run *run)
{
	static const char *const addresses[] = {SERVER_IP, NULL};
	static const char *const next[] = {
		"listen tls://" PROXY_IP ":1443" KEPT "\nlisten " PROXY_IP
		":1080\nroute to *:7000 tls\n",
		"listen tls://" PROXY_IP ":1443" KEPT "\nlisten " PROXY_IP
		":1080\nroute to *:7000 tls ca=ca.pem\nlog debug\n",
		"!listen tls://" PROXY_IP ":1443" KEPT "\nlisten tls://" PROXY_IP
		":1444?cert=server.pem&key=other.key\n",
	};

	secure_world(run);
	begin(run, next, sizeof next / sizeof next[0], 1);
	run->after_poll = after_poll_renewed;
	has_changed = false;
	wanted = 30;
	pause_ms = 40;
	run->config = next[0];
	client_init(&client[0], run, HOST_CLIENT);
	server_init(&server[0], run, HOST_SERVER, SERVER_IP, PORT);
	name_add(run, SECURE_NAME, 0, addresses);
	client_ask(&client[0], SOCKS4_CONNECT, NULL, PORT, "user", SECURE_NAME);
	pair_up(&client[0], &server[0], 3000, 3000);
	client[0].proxy.port = 1443;
	client[0].talk.tls = secure_client(run);
	client[0].talk.tls_name = SECURE_NAME;
	server[0].pattern.tls = secure_server(run);
	server[0].pattern.pause_ms = 40;
	server[0].pattern.piece_max = 300;
	run->check = check_renewed;
}

/* ---- Limits act at once ---- */

#define AT_MS 10000

static void check_sooner(struct run *run)
{
	check_counts(run);
	EXPECT(run, client[0].over_at >= 60000 && client[0].over_at < 61000);
	EXPECT(run, run_logged(run, "idle for limit-idle") == 1);
}

/* It is idle from the beginning, so the shorter limit passes when it would have passed had it been so from there on. */
static void sooner(struct run *run)
{
	static const char *const next[] = {BEFORE "limit-idle 60s\n"};

	begin(run, next, 1, AT_MS);
	crowd_world(run);
	run->config = run_between(run, 0, 1) == 0 ? BEFORE "limit-idle 15min\nallow\n"
						  : BEFORE "limit-idle 15s\nallow\n";
	run->config_added = false;
	crowd_client(&client[0], run, CROWD_RELAY);
	run->no_probe = true;
	run->check = check_sooner;
}

/* There was none, and it begins. */
static void from_none(struct run *run)
{
	static const char *const next[] = {BEFORE "limit-idle 50s\n"};

	sooner(run);
	texts = next;
	run->config = BEFORE "limit-idle 0\nallow\n";
}

/* ---- Datagrams ---- */

static void check_flows(struct run *run)
{
	check_counts(run);
	EXPECT(run, run_logged(run, "begun with") == 1);
	EXPECT(run, asker[0].replies == asker[0].count);
}

#define ANOTHER "forward udp://" PROXY_IP ":5301 udp://" OTHER_IP ":53\n"

/* The forward and its listeners have other numbers then, and a flow goes on. */
static void flow_stays(struct run *run)
{
	static const char *const next[] = {BEFORE FORWARD_TO_IP, BEFORE ANOTHER FORWARD_TO_IP};

	askers_begin(run, ANOTHER FORWARD_TO_IP);
	echo_add(run, SERVER_IP, 0);
	askers_add(run, 1);
	asker[0].count = asker[0].slow = 6; /* while it is reloaded */
	asker[0].pause_ms = 20;
	asker[0].start_ms = 0;
	begin(run, next, 2, run_between(run, 0, 90));
	wanted = 3;
	pause_ms = 10;
	run->check = check_flows;
}

static void check_flow_ends(struct run *run)
{
	check_counts(run);
	EXPECT(run, run_logged(run, "the configuration was replaced") <= 1);
	EXPECT(run, run->anklet->udp->listener_count == 0);
}

static void flow_ends(struct run *run)
{
	static const char *const next[] = {BEFORE};

	flow_stays(run);
	texts = next;
	text_count = 1;
	wanted = 1;
	run->check = check_flow_ends;
}

static const struct scenario scenarios[] = {
	{"waits", waits},
	{"storm", storm},
	{"renewed", renewed},
	{"sooner", sooner},
	{"from_none", from_none},
	{"flow_stays", flow_stays},
	{"flow_ends", flow_ends},
};

int main(int argc, char **argv)
{
	return scenario_main(argc, argv, scenarios, sizeof scenarios / sizeof *scenarios);
}
