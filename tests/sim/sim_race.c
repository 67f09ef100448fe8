/*
 * A name with several addresses: when each is tried, and how many at once (RFC 8305, section 5).
 *
 * Without latency these times are known to the millisecond: the second attempt
 * begins 250 ms after the first, and from then on each has 10 s to itself.
 */
#include "actors.h"

#define NAME "host.example"
#define NEXT_MS 250
#define SHARE_MS 10000
#define ALONE_MS 500 /* without a socket for a second one */
#define HOLES 6
#define LIMIT_MS 120000
#define OTHERS CONFIG_ANKLET_SPARE_SOCKETS

static struct client client, other[OTHERS];
static struct server server, second;
static struct served_name *name;
static unsigned holes;

static const char *const hole[HOLES] = {"198.51.100.1", "198.51.100.2", "198.51.100.3",
	"198.51.100.4", "198.51.100.5", "198.51.100.6"};

/* ---- What is watched whenever the proxy waits ---- */

static void (*wait_before)(void *ctx);
static unsigned streams_max, streams_most;

static void watch(void *ctx)
{
	struct run *run = client.run;
	unsigned streams = sim_open_sockets(&run->proxy, SIM_STREAM);

	wait_before(ctx);
	if (client.done)
		return;
	EXPECT(run, streams <= streams_max);
	if (streams > streams_most)
		streams_most = streams;
}

/* ---- Setting up ---- */

static void ask(struct run *run, struct client *c, const char *wanted)
{
	client_init(c, run, HOST_CLIENT);
	client_ask(c, SOCKS4_CONNECT, NULL, 7000, "user", wanted);
}

static void begin(struct run *run)
{
	ask(run, &client, NAME);
	client.early = run_between(run, 0, 1) == 1;
	run->sim.latency_max_ms = 0;
	sim_route(&run->sim, "198.51.100.0/24", SIM_FATE_BLACK_HOLE);
	sim_route(&run->sim, "2001:db8:dead::/48", SIM_FATE_BLACK_HOLE);
	streams_max = 3;
	streams_most = 0;
	wait_before = run->proxy.before_wait;
	run->proxy.before_wait = watch;
}

static void serve(struct run *run, const char *ip)
{
	server_init(&server, run, HOST_SERVER, ip, 7000);
	pair_up(&client, &server, run_between(run, 0, 3000), run_between(run, 0, 3000));
}

/* So many holes, the first perhaps an IPv6 one, and then perhaps one address that is served. */
static void fill(struct run *run, bool good)
{
	const char *addresses[HOLES + 3];
	unsigned count = 0;

	if (holes > 0 && run_between(run, 0, 1) == 0)
		addresses[count++] = "2001:db8:dead::1";
	while (count < holes) {
		addresses[count] = hole[count];
		count++;
	}
	if (good)
		addresses[count++] = SERVER_IP;
	addresses[count] = NULL;
	name = name_add(run, NAME, 0, addresses);
	name->delay_v6_ms = name->delay_v4_ms;
}

static void check_granted(struct run *run)
{
	EXPECT(run, client_code(&client) == SOCKS4_GRANTED);
	EXPECT(run, server.talk[0].in == client.talk.out_len);
	EXPECT(run, client.talk.in == server.pattern.out_len);
	EXPECT(run, client.talk.in_end == PORT_EOF && server.talk[0].in_end == PORT_EOF);
}

/* From the answer of the name servers to the grant. */
static uint64_t raced(void)
{
	return client.granted_at - client.connected_at - name->delay_v4_ms;
}

/* ---- Two at once ---- */

static void check_turns(struct run *run)
{
	check_granted(run);
	EXPECT(run, raced() == holes / 2 * SHARE_MS + holes % 2 * NEXT_MS);
	EXPECT(run, streams_most == (holes == 0 ? 2 : 3));
	EXPECT(run, run_logged(run, ": granted, " SERVER_IP ":7000 after") == 1);
}

/* The good address stands after some that never answer. */
static void turns(struct run *run)
{
	begin(run);
	holes = run_between(run, 0, HOLES);
	serve(run, SERVER_IP);
	fill(run, true);
	run->check = check_turns;
}

static void check_refusing(struct run *run)
{
	check_granted(run);
	EXPECT(run, raced() == NEXT_MS);
}

/* After one that never answers come some that refuse: none of them is given any time. */
static void refusing(struct run *run)
{
	const char *addresses[] = {hole[0], SERVER_IP2, "192.0.2.1", SERVER_IP, NULL};

	begin(run);
	serve(run, SERVER_IP);
	if (run_between(run, 0, 1) == 0)
		addresses[1] = "2001:db8::99";
	name = name_add(run, NAME, 0, addresses);
	name->delay_v6_ms = name->delay_v4_ms;
	run->check = check_refusing;
}

static void check_limit(struct run *run)
{
	EXPECT(run, client_code(&client) == SOCKS4_REJECTED && client.end == PORT_EOF);
	EXPECT(run, client.replied_at[0] - client.connected_at == LIMIT_MS);
	EXPECT(run,
		run_logged(run, ": refused with 91, not established within limit-establish") == 1);
}

static void only_holes(struct run *run)
{
	begin(run);
	holes = run_between(run, 1, HOLES);
	fill(run, false);
	run->check = check_limit;
}

static unsigned told; /* what says more of what has happened */

static void check_dead(struct run *run)
{
	static const char *const words[] = {": refused with 91, unreachable after ",
		": refused with 91, connection refused after "};

	EXPECT(run, client_code(&client) == SOCKS4_REJECTED && client.end == PORT_EOF);
	EXPECT(run, client.replied_at[0] - client.connected_at == name->delay_v4_ms);
	EXPECT(run, run_logged(run, words[told]) == 1);
	EXPECT(run, streams_most == 2);
}

/* Each refuses, or is not there: the next one is tried at once, and it is told that one refused, if one has. */
static void all_dead(struct run *run)
{
	static const char *const dead[][3] = {
		{"192.0.2.1", "192.0.2.2", "192.0.2.3"}, {SERVER_IP, SERVER_IP2, OTHER_IP}};
	const char *addresses[4] = {NULL};
	unsigned count = run_between(run, 1, 3);

	begin(run);
	told = 0;
	for (unsigned i = 0; i < count; i++) {
		unsigned why = run_between(run, 0, 1);

		addresses[i] = dead[why][i];
		told |= why;
	}
	name = name_add(run, NAME, 0, addresses);
	name->delay_v6_ms = name->delay_v4_ms;
	run->check = check_dead;
}

static struct server *winner, *loser;
static uint32_t won_ms;

static void check_slow(struct run *run)
{
	EXPECT(run, client_code(&client) == SOCKS4_GRANTED);
	EXPECT(run, raced() == won_ms);
	EXPECT(run, won_ms == NEXT_MS || streams_most == (won_ms < NEXT_MS ? 2 : 3));
	EXPECT(run, winner->talk[0].in == client.talk.out_len);
	EXPECT(run, run_logged(run, winner == &server ? ": granted, " SERVER_IP ":7000"
						      : ": granted, " OTHER_IP ":7000") == 1);
	EXPECT(run, loser->talk[0].in == 0);
}

/* Two that answer, each in its own time: the first to be connected wins, the other one gets nothing. */
static void slow(struct run *run)
{
	const char *const addresses[] = {SERVER_IP, OTHER_IP, NULL};
	uint32_t first_ms = run_between(run, 0, 1000), second_ms = run_between(run, 0, 500);
	bool first_wins = first_ms <= NEXT_MS + second_ms;

	begin(run);
	name = name_add(run, NAME, 0, addresses);
	name->delay_v6_ms = name->delay_v4_ms;
	server_init(&server, run, HOST_SERVER, SERVER_IP, 7000);
	server_init(&second, run, HOST_OTHER, OTHER_IP, 7000);
	run->peer[HOST_SERVER].host->answer_ms = first_ms;
	run->peer[HOST_OTHER].host->answer_ms = second_ms;
	winner = first_wins ? &server : &second;
	loser = first_wins ? &second : &server;
	won_ms = first_wins ? first_ms : NEXT_MS + second_ms;
	server_expect(winner, 1);
	client.talk.out_key = server.pattern.in_key = second.pattern.in_key = 5;
	client.talk.out_len = run_between(run, 1, 3000);
	run->check = check_slow;
}

/* ---- No spare sockets ---- */

static void check_one_by_one(struct run *run)
{
	check_granted(run);
	EXPECT(run, raced() == holes * ALONE_MS);
	for (unsigned i = 0; i < OTHERS; i++)
		EXPECT(run, client_code(&other[i]) == SOCKS4_REJECTED);
}

/* Others hold every spare socket for their second attempts; then one comes with so many holes. */
static void occupy(struct run *run, unsigned count)
{
	const char *const two_holes[] = {hole[0], hole[1], NULL};

	begin(run);
	run->config = "limit-client 0\nallow\n";
	run->config_added = true;
	streams_max = 3 * OTHERS + 2;
	name_add(run, "holes.example", 0, two_holes);
	for (unsigned i = 0; i < OTHERS; i++)
		ask(run, &other[i], "holes.example");
	holes = count;
	serve(run, SERVER_IP);
	fill(run, true);
}

/* Then one address is tried after the other. */
static void one_by_one(struct run *run)
{
	occupy(run, run_between(run, 0, HOLES));
	client.start_ms = run_between(run, 1000, 20000);
	run->check = check_one_by_one;
}

static void check_freed(struct run *run)
{
	uint64_t freed = other[0].left_at - client.connected_at - name->delay_v4_ms;

	check_granted(run);
	EXPECT(run, raced() == (freed <= NEXT_MS ? NEXT_MS : ALONE_MS));
}

/* One of them goes: its spare socket is there when the second attempt is due, or comes too late to be of use. */
static void spare_is_freed(struct run *run)
{
	occupy(run, 1);
	client.start_ms = 1000;
	other[0].leaves = CLIENT_RESETS;
	other[0].leave_ms = client.start_ms + name->delay_v4_ms +
			    (run_between(run, 0, 1) == 1 ? run_between(run, 20, NEXT_MS - 10)
							 : run_between(run, NEXT_MS + 10, 9000));
	run->check = check_freed;
}

static const struct scenario scenarios[] = {
	{"turns", turns},
	{"refusing", refusing},
	{"only_holes", only_holes},
	{"all_dead", all_dead},
	{"slow", slow},
	{"one_by_one", one_by_one},
	{"spare_is_freed", spare_is_freed},
};

int main(int argc, char **argv)
{
	return scenario_main(argc, argv, scenarios, sizeof scenarios / sizeof *scenarios);
}
