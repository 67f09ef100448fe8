/*
 * Forwards of datagrams: upstreams that are late, gone or elsewhere, and those who may not.
 */
#include "askers.h"

#include <string.h>

static const char to_both[] =
	FORWARD_TO("server.example:53\nforward udp://" PROXY_IP ":5354 udp://" SERVER_IP ":53");

static const char to_late[] =
	FORWARD_TO(SERVER_IP ":53\nforward udp://" PROXY_IP ":5354 udp://server.example:53");

/* ---- The upstream ---- */

static void check_refused_at_first(struct run *run)
{
	EXPECT(run, asker[0].sent == 10);
	EXPECT(run, asker[0].pause_ms < 300 || (asker[0].replies >= 3 && asker[0].replies <= 7));
	EXPECT(run, run->anklet->udp->number == 1); /* one flow, all the time */
	EXPECT(run, run->anklet->sessions.loop.status.datagrams_up == 10);
}

/* Nobody listens there at first, which ICMP says; that ends nothing. */
static void refused_at_first(struct run *run)
{
	askers_begin(run, FORWARD_TO_IP);
	echo_add(run, SERVER_IP, 1550);
	asker_add(run, HOST_CLIENT, PROXY_IP)->count = 10;
	asker[0].pause_ms = run_between(run, 0, 1) == 0 ? 300 : run_between(run, 0, 20);
	run->check = check_refused_at_first;
}

static unsigned times_failed;

static void check_late(struct run *run)
{
	/* Said once, however often it is tried. */
	EXPECT(run, run_logged(run, "datagrams to udp://server.example:53: the name ") ==
			    (times_failed > 0));
	EXPECT(run, run_logged(run, "; tried again") == (times_failed > 0));
	EXPECT(run, asker[0].replies == 4 && asker[1].replies == 1);
	EXPECT(run,
		run->proxy.waits < 200); /* what waits in the queue makes nobody run in circles */
	EXPECT(run, run->anklet->sessions.loop.status.datagrams_dropped == 0);
}

/* The name is found after seconds, or after failures; the system keeps what the client has sent. */
static void late(struct run *run)
{
	static const char *const addresses[] = {SERVER_IP, NULL};

	static const char once[] = "nameserver " NAMES_IP "\noptions attempts:1 timeout:30\n";

	times_failed = run_between(run, 0, 2);
	askers_begin(run, to_both);
	sim_file(&run->sim, SIM_RESOLV_CONF, once, sizeof once - 1);
	for (unsigned i = 0; i < times_failed; i++)
		name_add(run, "server.example",
			run_between(run, 0, 1) == 0 ? PORT_NO_NAME : PORT_NAME_FAILED, NULL);
	name_add(run, "server.example", 0, addresses)->delay_v4_ms = run_between(run, 10, 8000);
	echo_add(run, SERVER_IP, 0);
	asker_add(run, HOST_CLIENT, PROXY_IP)->count = 4;
	asker[0].patience_ms = 40000;
	asker_add(run, HOST_OTHER, PROXY_IP)->proxy.port = LISTENER_PORT + 1;
	asker[1].start_ms = run_between(run, 0, 20000);
	run->check = check_late;
}

static void check_moved(struct run *run)
{
	EXPECT(run, run_logged(run, "other addresses now") == 1);
	EXPECT(run, asker[0].sent == 3 && asker[0].replies >= 1);
	EXPECT(run, echo.asked == asker[0].replies);
}

/*
 * The upstream has other addresses since the last lookup: the first datagram goes astray, and no more. They
 * may be fewer than before, when the first one was not permitted.
 */
static void moved(struct run *run)
{
	static const char *const before[] = {"198.51.100.9", "198.51.100.1", NULL},
				 *const after[] = {SERVER_IP, NULL};
	bool fewer = run_between(run, 0, 1) == 1;

	askers_begin(run, fewer ? "deny to 198.51.100.9\n" FORWARD_TO_NAME : FORWARD_TO_NAME);
	sim_route(&run->sim, "198.51.100.0/24", SIM_FATE_BLACK_HOLE);
	name_add(run, "server.example", 0, fewer ? before : before + 1);
	name_add(run, "server.example", 0, after);
	echo_add(run, SERVER_IP, 0);
	asker_add(run, HOST_CLIENT, PROXY_IP)->count = 3;
	asker[0].start_ms = run_between(run, 61000, 90000);
	asker[0].pause_ms = 200;
	run->check = check_moved;
}

static void check_stayed(struct run *run)
{
	EXPECT(run, run_logged(run, "other addresses now") == 0);
	EXPECT(run, run->anklet->udp->number == 1);
	EXPECT(run, asker[0].sent == 3 && asker[0].replies == 0);
}

/* The upstream says nothing, but its address is still one of the name's, in whatever place: nobody begins again. */
static void stayed(struct run *run)
{
	static const char *const before[] = {"198.51.100.1", SERVER_IP, NULL},
				 *const after[] = {SERVER_IP, "198.51.100.1", NULL};

	askers_begin(run, FORWARD_TO_NAME);
	sim_route(&run->sim, "198.51.100.0/24", SIM_FATE_BLACK_HOLE);
	name_add(run, "server.example", 0, before);
	name_add(run, "server.example", 0, run_between(run, 0, 1) == 0 ? before : after);
	asker_add(run, HOST_CLIENT, PROXY_IP)->count = 3;
	asker[0].start_ms = run_between(run, 61000, 90000);
	asker[0].pause_ms = 200;
	run->check = check_stayed;
}

static struct bell moves;
static bool falls_silent; /* or else refuses */

static void move(struct run *run)
{
	port_sock nobody_reads;

	port_close(echo.actor.port, &echo.sock);
	if (falls_silent)
		EXPECT(run, port_datagram(echo.actor.port, &echo.at, NULL, &nobody_reads) == 0);
	ip_parse(SERVER_IP2, strlen(SERVER_IP2), &echo.at.ip);
	EXPECT(run, port_datagram(echo.actor.port, &echo.at, NULL, &echo.sock) == 0);
	sim_timer(&echo.actor, 0);
}

/* Silence is believed after five seconds, a refusal at once; then the name is asked for, and that takes no second. */
static void check_moves(struct run *run)
{
	unsigned lost = asker[0].sent - asker[0].replies;

	EXPECT(run, run_logged(run, "other addresses now") == 1);
	EXPECT(run, run->anklet->udp->number == 2);
	EXPECT(run, lost >= 1 && lost <= (falls_silent ? 13 : 4));
}

/* A client that has been served goes on while the name's address changes: it is served from there. */
static void moves_on(struct run *run)
{
	static const char *const before[] = {SERVER_IP, NULL}, *const after[] = {SERVER_IP2, NULL};

	askers_begin(run, FORWARD_TO_NAME);
	falls_silent = run_between(run, 0, 1) == 1;
	name_add(run, "server.example", 0, before);
	name_add(run, "server.example", 0, after);
	echo_add(run, SERVER_IP, 0);
	asker_add(run, HOST_CLIENT, PROXY_IP)->count = 80;
	asker[0].pause_ms = 500;
	bell_init(&moves, run, run_between(run, 8000, 20000), move);
	run->check = check_moves;
}

static void check_silent(struct run *run)
{
	EXPECT(run, run->anklet->udp->number == 1);
	EXPECT(run, asker[0].sent == 80 && echo.asked == 80 && asker[0].replies == 0);
	EXPECT(run, name_last(run)->asked <= 2 * (1 + 40 / 5));
}

/* Who only listens, as a log's server does, is still the one: nobody begins again, nor asks all the time. */
static void silent(struct run *run)
{
	static const char *const addresses[] = {SERVER_IP, NULL};

	askers_begin(run, FORWARD_TO_NAME);
	name_add(run, "server.example", 0, addresses)->ttl_s = 0;
	echo_add(run, SERVER_IP, 0);
	echo.silent = true;
	asker_add(run, HOST_CLIENT, PROXY_IP)->count = 80;
	asker[0].pause_ms = 500;
	run->check = check_silent;
}

/* ---- Strangers ---- */

static struct bell strangers;

/* Somebody who is not the upstream writes to the sockets of flows. */
static void write_to_flows(struct run *run)
{
	struct port *port = &run->peer[HOST_OTHER];
	struct address any = {.ip = ip_v4(0, 0, 0, 0)};
	uint8_t bytes[8];
	port_sock s;

	EXPECT(run, run->anklet->sessions.loop.status.udp_flows == askers);
	EXPECT(run, port_datagram(port, &any, NULL, &s) == 0);
	for (unsigned i = 0; i < SLOTS; i++) {
		if (flows(run)[i].kind == 0)
			continue;
		asker_datagram(bytes, sizeof bytes, 1, 0);
		(void)port_sendto(port, s, bytes, sizeof bytes, NULL,
			&run->proxy.socket[flows(run)[i].sock].at);
	}
	port_close(port, &s);
}

static void forged(struct run *run)
{
	askers_begin(run, FORWARD_TO_IP);
	echo_add(run, SERVER_IP, 0);
	for (unsigned i = 0; i < SHARE; i++) {
		asker_add(run, HOST_CLIENT, PROXY_IP)->count = 10;
		asker[i].pause_ms = 200;
	}
	bell_init(&strangers, run, 1000, write_to_flows);
	run->check = askers_check_served;
}

/* ---- Who may not ---- */

static void check_denied(struct run *run)
{
	EXPECT(run, echo.asked == 0);
	EXPECT(run, run_logged(run, "refused, ") == 1); /* of fifteen */
	EXPECT(run, run->anklet->sessions.loop.status.datagrams_dropped ==
			    asker[0].sent + asker[1].sent);
	EXPECT(run, run->anklet->udp->number == 0);
}

static void denied(struct run *run)
{
	static const char *const configs[] = {
		"deny to " SERVER_IP "\nallow\nforward udp://*:5353 udp://" SERVER_IP ":53\n",
		"allow to " OTHER_IP "\nforward udp://*:5353 udp://" SERVER_IP ":53\n",
		"allow ident\nforward udp://*:5353 udp://" SERVER_IP ":53\n",
		"allow\nforward udp://*:5353 udp://127.0.0.1:53\n", /* protected */
		"allow to " PROXY_IP "\nforward udp://*:5353 udp://" PROXY_IP
		":5353\n", /* a loop */
	};

	askers_begin(run, configs[run_between(run, 0, sizeof configs / sizeof *configs - 1)]);
	echo_add(run, SERVER_IP, 0);
	asker_add(run, HOST_CLIENT, PROXY_IP)->count = 10;
	asker_add(run, HOST_CLIENT, PROXY_IP)->count = 5;
	run->no_probe = true;
	run->check = check_denied;
}

/* A server beside the proxy, where the rules allow that: at the address the proxy listens at, but not its port. */
static void beside(struct run *run)
{
	askers_begin(run, "limit-datagrams 5s\nallow to " PROXY_IP
			  "\nforward udp://*:5353 udp://" PROXY_IP ":53\n");
	echo_add(run, PROXY_IP, 0);
	asker_add(run, HOST_CLIENT, PROXY_IP)->count = 10;
	run->no_probe = true;
	run->check = askers_check_served;
}

/* ---- Stopped ---- */

static struct bell stops;
static bool stop_now;
static uint64_t sent_on; /* before the stop */

static void ring(struct run *run)
{
	stop_now = true;
	sim_interrupt(&run->sim);
}

static void look_stop(struct run *run)
{
	if (!stop_now)
		return;
	stop_now = false;
	anklet_stop(run->anklet);
	EXPECT(run, sim_open_sockets(&run->proxy, SIM_DATAGRAMS) == 0);
	EXPECT(run, run->anklet->sessions.names.used == 0);
	EXPECT(run, run->anklet->sessions.loop.status.udp_flows == 0);
	sent_on = run->anklet->sessions.loop.status.datagrams_up;
}

/* What was under way arrives, be it a whole queue that had waited for the name; and nothing else is sent. */
static void check_stopped(struct run *run)
{
	EXPECT(run, run->anklet->sessions.loop.status.datagrams_up == sent_on);
	EXPECT(run, echo.asked == sent_on);
}

static void stopped(struct run *run)
{
	static const char *const addresses[] = {SERVER_IP, NULL};
	static const char *const configs[] = {FORWARD_TO_IP, FORWARD_TO_NAME, to_late};

	askers_begin(run, configs[run_between(run, 0, 2)]);
	(void)name_add(run, "server.example", 0, addresses);
	name_last(run)->delay_v4_ms = run_between(run, 0, 3000);
	echo_add(run, SERVER_IP, 0);
	askers_add(run, SHARE);
	run->no_probe = true;
	stop_now = false;
	bell_init(&stops, run, run_between(run, 0, 2500), ring);
	crowd_before_wait(run, look_stop);
	run->check = check_stopped;
}

/* ---- One call fails ---- */

static void check_failing(struct run *run)
{
	const struct asker *k = &asker[askers - 1];

	EXPECT(run, k->sent == 3 && k->replies >= 2); /* one failure costs one datagram */
}

static void failing(struct run *run)
{
	static const int failures[] = {PORT_REFUSED, PORT_UNREACHABLE, PORT_NO_RESOURCES,
		PORT_FAILED, PORT_FAILED, PORT_NO_NAME, PORT_NAME_FAILED, PORT_IN_USE};
	static const char *const addresses[] = {SERVER_IP, NULL};

	askers_begin(run, run_between(run, 0, 1) == 0 ? FORWARD_TO_IP : FORWARD_TO_NAME);
	name_add(run, "server.example", 0, addresses);
	echo_add(run, SERVER_IP, 0);
	askers_add(run, 2);
	asker_add(run, HOST_CLIENT, PROXY_IP)->count = 3;
	asker[2].start_ms = 20000;
	asker[2].pause_ms = 2000;
	asker[2].patience_ms = 15000;
	run->start_fails = true;
	run->proxy.faults.fail_with =
		failures[run_between(run, 0, sizeof failures / sizeof *failures - 1)];
	run->proxy.faults.fail_at = run_between(run, 1, 60);
	run->check = check_failing;
}

static const struct scenario scenarios[] = {
	{"refused_at_first", refused_at_first},
	{"late", late},
	{"moved", moved},
	{"stayed", stayed},
	{"moves_on", moves_on},
	{"silent", silent},
	{"forged", forged},
	{"denied", denied},
	{"beside", beside},
	{"stopped", stopped},
	{"failing", failing},
};

int main(int argc, char **argv)
{
	return scenario_main(argc, argv, scenarios, sizeof scenarios / sizeof *scenarios);
}
