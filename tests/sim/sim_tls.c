/*
 * TLS on either side: with the client, with the server, and how each of its ends is passed on.
 */
#include "crowd.h"
#include "secure.h"

#include <string.h>

#define KEPT "?cert=server.pem&key=server.key"
#define TLS_LISTEN "listen tls://" PROXY_IP ":1443" KEPT
#define SLOW_MS 20

static struct client client;
static struct server server;
static struct tap tap;

static const char *const addresses[] = {SERVER_IP, NULL};
static const char *const by_the_tap[] = {SERVER_IP2, NULL};

/* Where TLS is spoken. */
enum leg { WITH_CLIENT, WITH_SERVER, WITH_BOTH };

static enum leg leg;

/* ---- The two legs ---- */

static void begin(struct run *run, const char *config)
{
	secure_world(run);
	run->config = config;
	run->config_added = true;
	client_init(&client, run, HOST_CLIENT);
	server_init(&server, run, HOST_SERVER, SERVER_IP, 7000);
	name_add(run, SECURE_NAME, 0, addresses);
	client_ask(&client, SOCKS4_CONNECT, NULL, 7000, "user", SECURE_NAME);
	pair_up(&client, &server, run_between(run, 0, 9000), run_between(run, 0, 9000));
	leg = WITH_CLIENT;
}

static void encrypt_client(struct run *run)
{
	client.proxy.port = 1443;
	client.talk.tls = secure_client(run);
	client.talk.tls_name = SECURE_NAME;
}

static void encrypt_server(struct run *run)
{
	server.pattern.tls = secure_server(run);
}

static void begin_either(struct run *run, const char *with_client, const char *with_server)
{
	bool at_client = run_between(run, 0, 1) == 0;

	begin(run, at_client ? with_client : with_server);
	if (at_client)
		encrypt_client(run);
	else
		encrypt_server(run);
	leg = at_client ? WITH_CLIENT : WITH_SERVER;
}

static void perhaps_rough(struct run *run)
{
	if (run_between(run, 0, 1) == 1)
		run_rough(run);
}

/* One of the two ends first, the other one when it has heard of that; or each when it likes. */
static void any_order(struct run *run)
{
	uint32_t order = run_between(run, 0, 2);

	if (order == 1)
		client.talk.last = TALK_FIN_AFTER_FIN;
	if (order == 2)
		server.pattern.last = TALK_FIN_AFTER_FIN;
}

static void check_exact(struct run *run)
{
	EXPECT(run, client_code(&client) == SOCKS4_GRANTED || client.replies == 0);
	EXPECT(run, client.talk.in == server.talk[0].out_len);
	EXPECT(run, server.talk[0].in == client.talk.out_len);
	EXPECT(run, client.talk.in_end == PORT_EOF && server.talk[0].in_end == PORT_EOF);
	EXPECT(run, client.talk.out_end == 0 && server.talk[0].out_end == 0);
	EXPECT(run, run_logged(run, "both sides ended") > 0);
}

/* ---- Everything goes well ---- */

static void socks(struct run *run)
{
	begin(run, TLS_LISTEN "\n");
	encrypt_client(run);
	client.cut_max = run_between(run, 0, 20);
	client.cut_pause_ms = 2;
	client.early = run_between(run, 0, 1) == 1;
	any_order(run);
	perhaps_rough(run);
	if (client.early)
		secure_make_room(run);
	run->check = check_exact;
}

static void route(struct run *run)
{
	begin(run, "route to *:7000 tls\n");
	encrypt_server(run);
	client.early = run_between(run, 0, 1) == 1;
	any_order(run);
	perhaps_rough(run);
	run->check = check_exact;
}

static void both(struct run *run)
{
	begin(run, TLS_LISTEN "\nroute to *:7000 tls ca=ca.pem min=1.2\n");
	encrypt_client(run);
	encrypt_server(run);
	any_order(run);
	perhaps_rough(run);
	run->check = check_exact;
}

/* A client of a forward, which asks for nothing. */
static void forward(struct run *run)
{
	struct address to = {.ip = client.proxy.ip, .port = 2525};

	begin_either(run, "forward tls://" PROXY_IP ":2525" KEPT " tcp://" SERVER_IP ":7000\n",
		"forward tcp://" PROXY_IP ":2525 tls://" SECURE_NAME ":7000\n");
	to.ip = client.proxy.ip;
	client.replies = 0;
	client.held = true;
	caller_call(&client, &to, run_between(run, 0, 50));
	any_order(run);
	perhaps_rough(run);
	run->check = check_exact;
}

/* Each byte is a record. */
static void tiny_records(struct run *run)
{
	begin_either(run, TLS_LISTEN "\n", "route to *:7000 tls\n");
	client.talk.out_len = run_between(run, 1, 400);
	server.pattern.out_len = run_between(run, 1, 400);
	client.talk.piece_max = server.pattern.piece_max = 1;
	any_order(run);
	perhaps_rough(run);
	run->check = check_exact;
}

static struct client second;

static void check_resumed(struct run *run)
{
	check_exact(run);
	EXPECT(run, client_code(&second) == SOCKS4_GRANTED);
	EXPECT(run, second.talk.in == server.talk[1].out_len && second.talk.in_end == PORT_EOF);
	EXPECT(run, server.talk[1].in == second.talk.out_len);
	EXPECT(run, run_logged(run, ", resumed") == 1);
}

/* To whom one has been before one comes as a friend. */
static void resumed(struct run *run)
{
	begin(run, "route to *:7000 tls\n");
	encrypt_server(run);
	server.expected = 2;
	client_init(&second, run, HOST_CLIENT);
	client_ask(&second, SOCKS4_CONNECT, NULL, 7000, "user", SECURE_NAME);
	second.start_ms = 300000;
	second.talk.out_key = client.talk.out_key;
	second.talk.in_key = client.talk.in_key;
	second.talk.out_len = client.talk.out_len;
	perhaps_rough(run);
	run->sim.steps_max *=
		2; /* of two sessions, one after the other, perhaps a byte at a time */
	run->check = check_resumed;
}

/* ---- Ends ---- */

/* Whom the client or the proxy believes to be the server is the tap. */
static void tap_leg(struct run *run)
{
	if (leg == WITH_CLIENT) {
		tap_init(&tap, run, HOST_CLIENT, CLIENT_IP, 1443, PROXY_IP);
		client.proxy.ip = ip_v4(10, 0, 0, 2);
	} else {
		tap_init(&tap, run, HOST_SERVER, SERVER_IP2, 7000, SERVER_IP);
		run->names.names = 0;
		name_add(run, SECURE_NAME, 0, by_the_tap);
	}
	tap.only_tls[TAP_UP] = tap.only_tls[TAP_DOWN] = true;
}

/* One close_notify each way, and not a second one; in TLS 1.3 it looks like any other record. */
static void check_half_closed(struct run *run)
{
	check_exact(run);
	EXPECT(run, tap.alerts[TAP_UP] <= 1 && tap.alerts[TAP_DOWN] <= 1);
	EXPECT(run, tap.alerts[TAP_UP] == tap.alerts[TAP_DOWN]);
}

/* One side has ended long before the other one has sent everything. */
static void half_closed(struct run *run)
{
	struct talk *slow;

	begin_either(run, TLS_LISTEN "\n", "route to *:7000 tls\n");
	tap_leg(run);
	slow = run_between(run, 0, 1) == 0 ? &client.talk : &server.pattern;
	slow->out_len = 2000;
	slow->piece_max = 400;
	slow->pause_ms = 300;
	perhaps_rough(run);
	run->check = check_half_closed;
}

static void look_at_deferral(struct run *run)
{
	const struct talk *encrypted = leg == WITH_CLIENT ? &client.talk : &server.talk[0];

	EXPECT(run, encrypted->in_end != PORT_EOF || encrypted->shut);
}

/* Our close_notify waits for the other's. */
static void deferred(struct run *run)
{
	begin_either(run, TLS_LISTEN "&halfclose=defer\n", "route to *:7000 tls halfclose=defer\n");
	if (leg == WITH_CLIENT) {
		client.talk.out_len = 2000;
		client.talk.piece_max = 400;
		client.talk.pause_ms = 300;
	} else {
		server.pattern.out_len = 2000;
		server.pattern.piece_max = 400;
		server.pattern.pause_ms = 300;
	}
	perhaps_rough(run);
	crowd_before_wait(run, look_at_deferral);
	run->check = check_exact;
}

/* ---- What is cut off ---- */

static struct talk *encrypted_talk(void)
{
	return leg == WITH_CLIENT ? &client.talk : &server.talk[0];
}

static struct talk *plain_talk(void)
{
	return leg == WITH_CLIENT ? &server.talk[0] : &client.talk;
}

static void check_truncated(struct run *run)
{
	EXPECT(run, encrypted_talk()->reset || encrypted_talk()->in_end != 0);
	/* A reset can overtake the reply. */
	EXPECT(run, plain_talk()->reset || client.end == PORT_RESET);
	EXPECT(run, plain_talk()->in_end != PORT_EOF);
	EXPECT(run, plain_talk()->in <= encrypted_talk()->out_len);
	EXPECT(run, run_logged(run, "without close_notify") == 1);
}

static void truncate(struct run *run, const char *with_client, const char *with_server)
{
	begin_either(run, with_client, with_server);
	if (leg == WITH_CLIENT)
		client.talk.last = TALK_CUT;
	else
		server.pattern.last = TALK_CUT;
	perhaps_rough(run);
}

/* The plain side hears of no end where there was none. */
static void truncated(struct run *run)
{
	truncate(run, TLS_LISTEN "\n", "route to *:7000 tls\n");
	if (leg == WITH_CLIENT)
		server.pattern.last = TALK_STAY;
	else
		client.talk.last = TALK_STAY;
	run->check = check_truncated;
}

/* Unless it is said that this peer ends so. */
static void truncated_eof(struct run *run)
{
	truncate(run, TLS_LISTEN "&truncated=eof\n", "route to *:7000 tls truncated=eof\n");
	run->check = check_exact;
}

static void check_reset(struct run *run)
{
	const struct talk *talk = plain_talk();
	bool ended = encrypted_talk()->in_end == PORT_EOF;

	EXPECT(run, client.done);
	/* An end that looks whole is one. */
	EXPECT(run, !ended || (encrypted_talk()->in == talk->out_len && talk->shut));
	EXPECT(run, talk->in_end != PORT_EOF ||
			    (talk->in == encrypted_talk()->out_len && encrypted_talk()->shut));
	/* The probe may come at the end. */
	EXPECT(run, run->anklet->sessions.loop.status.sessions == 0);
}

/* Either side, plain or encrypted, aborts: in the middle of the handshake, of the relay, or of the ends. */
static void reset(struct run *run)
{
	begin_either(run, TLS_LISTEN "\n", "route to *:7000 tls\n");
	run->peer[HOST_SERVER].host->answer_ms = run_between(run, 0, 30);
	run->sim.latency_max_ms = run_between(run, 1, 40);
	server.done = true; /* nobody waits for it: it may never be asked */
	run->actors_left--;
	if (run_between(run, 0, 1) == 0)
		client.talk.reset_ms = run_between(run, 1, 600);
	else
		server.pattern.reset_ms = run_between(run, 1, 400);
	perhaps_rough(run);
	run->check = check_reset;
}

/* Before the grant a client can abort, too, and leave in other ways. */
static void leave(struct run *run)
{
	begin_either(run, TLS_LISTEN "\n", "route to *:7000 tls\n");
	run->sim.latency_max_ms = run_between(run, 1, 40);
	server.done = true;
	run->actors_left--;
	client.leaves = (uint8_t)run_between(run, CLIENT_SHUTS_DOWN, CLIENT_RESETS);
	client.leave_ms = run_between(run, 1, 400);
	perhaps_rough(run);
}

static void check_tail(struct run *run)
{
	const struct talk *talk = leg == WITH_CLIENT ? &client.talk : &server.talk[0];

	check_exact(run);
	EXPECT(run, talk->in > 0);
}

/* The one whose words are still to be read has long said its own. */
static void slow_tail(struct run *run)
{
	struct talk *slow;

	begin_either(run, TLS_LISTEN "\n", "route to *:7000 tls\n");
	slow = leg == WITH_CLIENT ? &client.talk : &server.pattern;
	slow->out_len = run_between(run, 0, 100);
	slow->in_max = run_between(run, 300, 1000);
	slow->pause_ms = SLOW_MS;
	if (leg == WITH_CLIENT)
		server.pattern.out_len = run_between(run, 6000, 12000);
	else
		client.talk.out_len = run_between(run, 6000, 12000);
	run->check = check_tail;
}

#define SOON_MS 1000 /* a stream that lingers in vain does so for two seconds */

/* Checked as soon as no session is left. */
static void check_freed(struct run *run)
{
	uint64_t over_at = client.talk.over_at;

	if (server.talk[0].over_at > over_at)
		over_at = server.talk[0].over_at;
	check_exact(run);
	EXPECT(run, run->sim.now < over_at + SOON_MS);
}

/* The side in the clear does not linger, and nobody waits for it: with the other one the session is over. */
static void one_side_lingers(struct run *run)
{
	begin_either(run, TLS_LISTEN "\n", "route to *:7000 tls\n");
	run->sim.latency_max_ms = run_between(run, 0, 20);
	any_order(run);
	run->check = check_freed;
}

static void check_idle(struct run *run)
{
	const struct talk *talk = encrypted_talk();

	EXPECT(run, client_code(&client) == SOCKS4_GRANTED);
	EXPECT(run, run_logged(run, "idle for limit-idle") == 1);
	EXPECT(run, talk->in == plain_talk()->out_len && talk->in_end == PORT_EOF);
	EXPECT(run, !talk->reset && talk->out_end == 0 && talk->out == talk->out_len);
}

/*
 * The session is over, and one who speaks TLS has not yet heard of it: what it still says is
 * read and dropped, and it finds an end in order.
 */
static void idle(struct run *run)
{
	struct talk *late;

	begin_either(run, TLS_LISTEN "\nlimit-idle 3s\n", "limit-idle 3s\nroute to *:7000 tls\n");
	client.talk.last = server.pattern.last = TALK_STAY;
	late = leg == WITH_CLIENT ? &client.talk : &server.pattern;
	late->out_len = run_between(run, 1, 3000);
	late->out_at = run_between(run, 3200, 4500);
	late->last = TALK_FIN_AFTER_FIN;
	run->check = check_idle;
}

static const struct scenario scenarios[] = {
	{"socks", socks},
	{"route", route},
	{"both", both},
	{"forward", forward},
	{"tiny_records", tiny_records},
	{"resumed", resumed},
	{"half_closed", half_closed},
	{"deferred", deferred},
	{"truncated", truncated},
	{"truncated_eof", truncated_eof},
	{"reset", reset},
	{"leave", leave},
	{"slow_tail", slow_tail},
	{"one_side_lingers", one_side_lingers},
	{"idle", idle},
};

int main(int argc, char **argv)
{
	return scenario_main(argc, argv, scenarios, sizeof scenarios / sizeof scenarios[0]);
}
