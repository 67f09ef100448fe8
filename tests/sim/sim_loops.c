/*
 * Proxies in a circle and in a chain, and the sessions that one client address may have: limit-client.
 */
#include "actors.h"

#include <string.h>

#define CLIENTS 6

/* ---- A second proxy, which knows nothing of the first ---- */

static struct second {
	struct sim_actor actor; /* first */
	struct run *run;
	bool done;
	struct anklet *anklet;
	struct port port;
	max_align_t memory[ANKLET_MEMORY / sizeof(max_align_t) + 1];
} second;

static void second_run(struct sim_actor *actor)
{
	struct anklet_status status;

	anklet_tick(second.anklet);
	sim_timer(actor, anklet_next(second.anklet));
	anklet_status(second.anklet, &status);
	if (status.sessions == 0 && status.accepted > 0 && !second.done) {
		second.done = true;
		run_actor_done(second.run);
	}
}

static void no_report(void *ctx, const char *text, size_t len)
{
	(void)ctx;
	(void)text;
	(void)len;
}

static void start_second(struct run *run, const char *config)
{
	struct anklet_failure failure;

	second.run = run;
	second.done = false;
	run->actors_left++; /* its sessions have to end, too */
	sim_attach(&run->sim, &second.port, run->peer[HOST_OTHER].host);
	memset(second.memory, 0, sizeof second.memory);
	second.anklet = anklet_init(second.memory, sizeof second.memory, &second.port);
	EXPECT(run, anklet_configure(
			    second.anklet, "second", config, strlen(config), no_report, NULL) == 0);
	EXPECT(run, anklet_start(second.anklet, &failure) == 0);
	sim_act(&second.actor, &second.port, second_run);
}

/* ---- Somebody who asks each of them for the other one, again and again ---- */

#define NEST_MAX 100
#define REQUEST_LEN 9

static struct nest {
	struct sim_actor actor; /* first */
	struct run *run;
	port_sock sock;
	unsigned asked, granted;
	bool refused, done;
	uint8_t request[REQUEST_LEN];
	size_t request_sent;
	uint8_t reply[SOCKS4_REPLY_LEN];
	size_t reply_len;
} nest;

static void ask_for_other(void)
{
	static const uint8_t ask[2][REQUEST_LEN] = {
		{4, SOCKS4_CONNECT, PROXY_PORT >> 8, PROXY_PORT & 0xff, 203, 0, 113, 77, 0},
		{4, SOCKS4_CONNECT, PROXY_PORT >> 8, PROXY_PORT & 0xff, 10, 0, 0, 1, 0},
	};

	memcpy(nest.request, ask[nest.asked++ % 2], REQUEST_LEN);
	nest.request_sent = 0;
}

/* That sending fails is seen by reading, too. */
static void send_request(void)
{
	while (nest.request_sent < REQUEST_LEN) {
		int n = port_send(nest.actor.port, nest.sock, nest.request + nest.request_sent,
			REQUEST_LEN - nest.request_sent);

		if (n < 0)
			return;
		nest.request_sent += (size_t)n;
	}
}

static void end_nest(void)
{
	port_close(nest.actor.port, &nest.sock);
	nest.done = true;
	run_actor_done(nest.run);
}

static void take_reply(void)
{
	nest.reply_len = 0;
	nest.refused = nest.reply[1] != SOCKS4_GRANTED;
	nest.granted += !nest.refused;
	if (nest.refused || nest.granted == NEST_MAX)
		end_nest();
	else
		ask_for_other();
}

/* Reads on in the reply; false: there is nothing to be read now. */
static bool read_reply(void)
{
	int n = port_read(nest.actor.port, nest.sock, nest.reply + nest.reply_len,
		sizeof nest.reply - nest.reply_len);

	if (n == PORT_AGAIN)
		return false;
	if (n < 0) {
		end_nest();
		return false;
	}
	nest.reply_len += (size_t)n;
	if (nest.reply_len == sizeof nest.reply)
		take_reply();
	return !nest.done;
}

static void nest_run(struct sim_actor *actor)
{
	struct address proxy = {.ip = ip_v4(10, 0, 0, 1), .port = PROXY_PORT};

	if (nest.sock == PORT_NONE && !nest.done)
		EXPECT(nest.run, port_connect(actor->port, NULL, &proxy, &nest.sock) == 0);
	if (nest.done || port_connected(actor->port, nest.sock) == PORT_AGAIN)
		return;
	if (nest.asked == 0)
		ask_for_other();
	do
		send_request();
	while (read_reply());
}

static void begin_nest(struct run *run)
{
	memset(&nest, 0, sizeof nest);
	nest.run = run;
	nest.sock = PORT_NONE;
	sim_act(&nest.actor, &run->peer[HOST_CLIENT], nest_run);
	run->actors_left++;
}

/* ---- Two in a circle ---- */

static unsigned limit;

static const char *limited(unsigned n, const char *const lines[])
{
	limit = n;
	return lines[n - 1];
}

static void check_circle(struct run *run)
{
	struct anklet_status status;

	/*
	 * Each round takes a session of both proxies, from the other one's address. The
	 * second one has all it may have first: the connection is made, and closed.
	 */
	EXPECT(run, nest.granted == 2 * limit + 1 && !nest.refused);
	EXPECT(run, run->anklet->sessions.loop.status.sessions_peak == limit + 1);
	EXPECT(run, run->anklet->sessions.loop.status.over_limit == 0);
	anklet_status(second.anklet, &status);
	EXPECT(run, status.sessions_peak == limit && status.over_limit == 1);
	EXPECT(run, status.accepted == limit + 1);
	EXPECT(run, run->sim.now < 10000);
}

/* Everything that was nested is gone again, in the second proxy too. */
static void check_unwound(struct run *run)
{
	struct anklet_status status;

	check_circle(run);
	anklet_status(second.anklet, &status);
	EXPECT(run, status.sessions == 0);
	EXPECT(run, sim_open_sockets(&second.port, SIM_STREAM) == 0);
	anklet_fini(second.anklet);
}

static void circle(struct run *run)
{
	static const char *const first[] = {"limit-client 1\nallow\n", "limit-client 2\nallow\n",
		"limit-client 3\nallow\n", "limit-client 4\nallow\n", "limit-client 5\nallow\n",
		"allow\n"};
	static const char *const other[] = {"listen 203.0.113.77\nlimit-client 1\n",
		"listen 203.0.113.77\nlimit-client 2\n", "listen 203.0.113.77\nlimit-client 3\n",
		"listen 203.0.113.77\nlimit-client 4\n", "listen 203.0.113.77\nlimit-client 5\n",
		"listen 203.0.113.77\n"};
	unsigned n = run_between(run, 1, 6);

	run->config_added = true;
	run->config = limited(n, first);
	start_second(run, limited(n, other));
	begin_nest(run);
	run->check = check_unwound;
	if (run_between(run, 0, 2) == 0)
		run_rough(run);
}

/* Without rules the second one's public address is not served at all. */
static void check_not_served(struct run *run)
{
	EXPECT(run, nest.granted == 2 && nest.refused);
	EXPECT(run, run_logged(run, "only loopback and private networks are served") == 1);
	EXPECT(run, run->anklet->sessions.loop.status.accepted == 2);
	anklet_fini(second.anklet);
}

static void circle_by_default(struct run *run)
{
	start_second(run, "listen 203.0.113.77\n");
	begin_nest(run);
	run->check = check_not_served;
}

/* ---- Too many of one client ---- */

static struct client client[CLIENTS], stranger;
static struct server server;
static unsigned served_count, closed_count;

static void check_counts(struct run *run)
{
	EXPECT(run, served_count == limit && closed_count == CLIENTS - 1 - limit);
	EXPECT(run, run->anklet->sessions.loop.status.over_limit == closed_count);
	EXPECT(run, run_logged(run, CLIENT_IP) >= closed_count);
	EXPECT(run,
		run_logged(run, ": closed at once, this client has all of its ") == closed_count);
}

static void check_limit(struct run *run)
{
	served_count = closed_count = 0;
	for (unsigned i = 0; i < CLIENTS - 1; i++) {
		served_count += client_code(&client[i]) == SOCKS4_GRANTED;
		closed_count += client[i].replies_in == 0 &&
				(client[i].end == PORT_EOF || client[i].end == PORT_RESET);
		EXPECT(run, client[i].replies_in == 1 || client[i].over_at < 1000);
	}
	check_counts(run);
	EXPECT(run, client_code(&stranger) == SOCKS4_GRANTED);
	EXPECT(run, client_code(&client[CLIENTS - 1]) == SOCKS4_GRANTED);
}

static void keep(struct run *run, struct client *c, enum run_host host)
{
	client_init(c, run, host);
	client_ask(c, SOCKS4_CONNECT, SERVER_IP, 7000, "user", NULL);
	c->start_ms = run_between(run, 0, 100);
	c->talk.out_key = server.pattern.in_key;
	c->talk.in_key = server.pattern.out_key;
	c->talk.out_len = 20;
	c->talk.piece_max = 1;
	c->talk.pause_ms = 1000; /* it stays for 20 s */
}

/* What is more than the limit is closed at accept; others are not concerned, and later there is room. */
static void too_many(struct run *run)
{
	static const char *const configs[] = {"limit-client 1\nallow\n", "limit-client 2\nallow\n",
		"limit-client 3\nallow\n", "limit-client 4\nallow\n", "limit-client 5\nallow\n"};

	run->config = limited(run_between(run, 1, 5), configs);
	run->config_added = true;
	server_init(&server, run, HOST_SERVER, SERVER_IP, 7000);
	server.pattern.in_key = 3;
	server.pattern.out_key = 4;
	for (unsigned i = 0; i < CLIENTS; i++)
		keep(run, &client[i], HOST_CLIENT);
	client[CLIENTS - 1].start_ms = 60000;
	keep(run, &stranger, HOST_OTHER);
	run->check = check_limit;
}

/* ---- The second one as the next hop of the first ---- */

#define VIA_SECOND "allow\nroute to 203.0.113.5 via socks4a://203.0.113.77\n"

static struct client caller;

static void ask_first(struct run *run, enum socks4_command command)
{
	run->config_added = true;
	run->config = VIA_SECOND;
	client_init(&client[0], run, HOST_CLIENT);
	client_ask(&client[0], command, SERVER_IP, 7000, "user", NULL);
}

static void check_handed_back(struct run *run)
{
	struct anklet_status status;

	EXPECT(run, client_code(&client[0]) == SOCKS4_REJECTED && client[0].end == PORT_EOF);
	EXPECT(run, run_logged(run,
			    ": refused with 91, the next hop refused with 91, via socks4") == 1);
	EXPECT(run, run->anklet->sessions.loop.status.accepted == 1);
	anklet_status(second.anklet, &status);
	EXPECT(run, status.accepted == 1 && status.refused == 1);
	EXPECT(run, sim_open_sockets(&second.port, SIM_STREAM) == 0);
	EXPECT(run, run->sim.now < 10000);
	anklet_fini(second.anklet);
}

/* Each is the other's hop: the second one does not hand back what it was handed. */
static void hops_of_each_other(struct run *run)
{
	static const char *const second_ones[] = {
		"listen 203.0.113.77\nallow\nroute to 203.0.113.5 via socks4://10.0.0.1\n",
		"listen 203.0.113.77\nallow\nroute via socks4a://first.example\n",
	};
	static const char *const addresses[] = {PROXY_IP, NULL};

	ask_first(run, run_between(run, 0, 1) == 0 ? SOCKS4_CONNECT : SOCKS4_BIND);
	name_add(run, "first.example", 0, addresses);
	start_second(run, second_ones[run_between(run, 0, 1)]);
	run->check = check_handed_back;
}

static void check_chain(struct run *run)
{
	const struct talk *there = client[0].replies == 1 ? &server.talk[0] : &caller.talk;
	struct address peer = client_told(&client[0], 1);

	EXPECT(run, client_code(&client[0]) == SOCKS4_GRANTED);
	EXPECT(run, there->in == client[0].talk.out_len && there->in_end == PORT_EOF);
	EXPECT(run, client[0].talk.in == there->out_len && client[0].talk.in_end == PORT_EOF);
	if (client[0].replies == 2)
		EXPECT(run, address_equal(&peer, &caller.at));
	anklet_fini(second.anklet);
}

static void call_second(struct client *c, unsigned which)
{
	struct address to = client_told(c, 0);
	struct ip second_one = ip_v4(203, 0, 113, 77);

	EXPECT(c->run, client_code(c) == SOCKS4_GRANTED);
	if (which > 0)
		return;
	EXPECT(c->run, ip_equal(&to.ip, &second_one));
	caller_call(&caller, &to, run_between(c->run, 0, 1000));
}

/* One speaks to the other as to any client, and both grant; for a BIND it is the second one that listens. */
static void chain(struct run *run)
{
	uint32_t up = run_between(run, 0, 9000), down = run_between(run, 0, 9000);

	ask_first(run, run_between(run, 0, 1) == 0 ? SOCKS4_CONNECT : SOCKS4_BIND);
	start_second(run, "listen 203.0.113.77\nallow\n");
	client[0].early = run_between(run, 0, 1) == 0;
	run->check = check_chain;
	if (run_between(run, 0, 2) == 0)
		run_rough(run);
	if (client[0].request[1] == SOCKS4_CONNECT) {
		server_init(&server, run, HOST_SERVER, SERVER_IP, 7000);
		pair_up(&client[0], &server, up, down);
		return;
	}
	client[0].replies = 2;
	client[0].on_reply = call_second;
	caller_init(&caller, run, HOST_SERVER);
	caller_pair(&client[0], &caller, up, down);
}

static const struct scenario scenarios[] = {
	{"circle", circle},
	{"circle_by_default", circle_by_default},
	{"hops_of_each_other", hops_of_each_other},
	{"chain", chain},
	{"too_many", too_many},
};

int main(int argc, char **argv)
{
	return scenario_main(argc, argv, scenarios, sizeof scenarios / sizeof *scenarios);
}
