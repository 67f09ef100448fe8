/*
 * A next hop that is dead, refuses, talks nonsense, is silent or is ourselves: always 91, and in time.
 */
#include "next_hop.h"

#include <string.h>

static struct client client;
static struct next_hop hop;
static struct next_hop_word *bad; /* the word that is not as it should be */
static unsigned stage;            /* the reply to the client that it prevents, from 0 */
static uint8_t whole;             /* bytes of that word */
static const char *words;         /* why the client is refused */
static uint32_t limit_ms;         /* 0: long before any limit */

/* ---- What is true of all of them ---- */

/* A reply that refuses, with nothing in it; then the end in order. */
static void check_told(struct run *run)
{
	struct address nothing = {.ip = ip_v4(0, 0, 0, 0)};
	struct address told = client_told(&client, client.replies_in - 1);

	EXPECT(run, client_code(&client) == SOCKS4_REJECTED);
	EXPECT(run, client.replies_in == stage + 1);
	EXPECT(run, address_equal(&told, &nothing));
	EXPECT(run, client.end == PORT_EOF && client.talk.in == 0);
}

static void check_in_time(struct run *run)
{
	uint64_t waited = client.replied_at[stage] - client.connected_at;
	uint64_t latency = 10 * run->sim.latency_max_ms; /* some for each segment */

	if (limit_ms == 0) {
		EXPECT(run, waited < 10000);
		return;
	}
	EXPECT(run, waited >= limit_ms && waited <= limit_ms + latency);
}

static void check_refused(struct run *run)
{
	const struct anklet_status *status = &run->anklet->sessions.loop.status;

	check_told(run);
	check_in_time(run);
	EXPECT(run, run_logged(run, words) == 1);
	EXPECT(run, run->log_count == 1 + stage);
	EXPECT(run, status->granted == 0 && status->refused == 1);
	EXPECT(run, status->bytes_up == 0 && status->bytes_down == 0);
	for (unsigned i = 0; i < hop.accepted; i++)
		EXPECT(run, hop.asked[i].talk.in == 0);
}

static void begin(struct run *run, const char *why)
{
	bool bind = run_between(run, 0, 1) == 1;

	hop_way_begin(run, &client, &hop, bind ? SOCKS4_BIND : SOCKS4_CONNECT);
	next_hop_says(&hop, 0, SOCKS4_GRANTED, "203.0.113.9", 4711);
	next_hop_says(&hop, 1, SOCKS4_GRANTED, SERVER_IP, 40000);
	next_hop_pair(&client, &hop, run_between(run, 0, 20000), run_between(run, 0, 20000));
	client.early = run_between(run, 0, 1) == 1;
	stage = bind ? run_between(run, 0, 1) : 0;
	bad = &hop.word[stage];
	if (hop.version == 5 && stage == 0 && run_between(run, 0, 1) == 0)
		bad = &hop.method;
	whole = bad->len;
	words = why;
	limit_ms = 0;
	run->check = check_refused;
}

/* What is said in place of one of the replies. */
static void begin_bad_word(struct run *run, const char *why)
{
	begin(run, why);
	next_hop_expect(&hop, 1);
	bad->after_ms = run_between(run, 0, 1) * run_between(run, 0, 3000);
	hop.cut_max = run_between(run, 0, 7);
	hop.cut_pause_ms = run_between(run, 0, 100);
	if (run_between(run, 0, 3) == 0)
		run_rough(run);
}

/* A request for which nobody is asked. */
static void begin_unasked(struct run *run, const char *config, const char *why)
{
	begin(run, why);
	stage = 0;
	run->config = config;
	client_ask(&client, (enum socks4_command)client.request[1], SERVER_IP, HOP_TARGET_PORT,
		"fred", NULL);
}

/* ---- What a hop says ---- */

/* Every code but one refuses; 92 and 93 as well, for its identd is not ours to speak of. */
static void refuses(struct run *run)
{
	static const struct {
		uint8_t code;
		const char *words;
	} answers[] = {
		{91, ": refused with 91, the next hop refused with 91, via socks4"},
		{92, ": refused with 91, the next hop refused with 92, via socks4"},
		{93, ": refused with 91, the next hop refused with 93, via socks4"},
		{0, ": refused with 91, the next hop refused with 0, via socks4"},
		{89, ": refused with 91, the next hop refused with 89, via socks4"},
		{94, ": refused with 91, the next hop refused with 94, via socks4"},
		{255, ": refused with 91, the next hop refused with 255, via socks4"},
	};
	static const struct {
		uint8_t code;
		const char *words;
	} reps[] = {
		{1, ": refused with 91, the next hop refused with 1, via socks5"},
		{2, ": refused with 91, the next hop's rules deny it: REP 2, via socks5"},
		{3, ": refused with 91, no network from the next hop: REP 3, via socks5"},
		{5, ": refused with 91, connection refused to the next hop: REP 5, via socks5"},
		{7, ": refused with 91, the next hop does not know the command: REP 7, via"},
		{8, ": refused with 91, the next hop does not know that type of address: REP 8, "
		    "via"},
		{255, ": refused with 91, the next hop refused with 255, via socks5"},
	};
	unsigned i = run_between(run, 0, sizeof answers / sizeof *answers - 1);

	begin_bad_word(run, answers[i].words);
	if (hop.version == 4) {
		bad->byte[0] = run_between(run, 0, 1) == 0 ? 0 : 4;
		bad->byte[1] = answers[i].code;
	} else if (bad == &hop.method) {
		words = ": refused with 91, the next hop accepts none of the methods of auth";
		bad->byte[1] = run_between(run, 0, 1) == 0 ? 2 : 255;
	} else {
		words = reps[i].words;
		bad->byte[1] = reps[i].code;
		whole = 2; /* more of a refusal nobody needs */
	}
	bad->len = (uint8_t)run_between(run, whole, sizeof bad->byte);
	bad->then = (uint8_t)run_between(run, HOP_STAYS, HOP_CLOSES);
	if (bad->then == HOP_CLOSES)
		client.early = false; /* unread, it would make of the close a reset */
}

static void odd_version(struct run *run)
{
	static const uint8_t versions[] = {1, 2, 3, 5, 90, 'H', 255};

	begin_bad_word(run, ": refused with 91, the next hop's reply is none of SOCKS");
	bad->byte[0] = versions[run_between(run, 0, sizeof versions - 1)];
	if (hop.version == 5 && bad->byte[0] == 5)
		bad->byte[0] = 4;
	bad->len = (uint8_t)run_between(run, 1, sizeof bad->byte);
	bad->then = (uint8_t)run_between(run, HOP_STAYS, HOP_SHUTS_DOWN);
}

/* It ends in the middle of a reply, or without any. */
static void short_reply(struct run *run)
{
	begin_bad_word(run, ": refused with 91, the next hop ended before its reply was whole");
	bad->len = (uint8_t)run_between(run, 0, whole - 1u);
	bad->then = (uint8_t)run_between(run, HOP_SHUTS_DOWN, HOP_RESETS);
	if (stage == 1)
		bad->after_ms += 1000; /* a reset would overtake the first reply */
}

/* ---- What takes too long ---- */

static void expect_limit(struct run *run)
{
	static const struct {
		uint32_t ms;
		const char *line;
	} limits[] = {{120000, ""}, {7000, "limit-establish 7s\n"}};
	static char config[256];
	unsigned i = run_between(run, 0, 1);
	struct text t;

	text_init(&t, config, sizeof config);
	text_str(&t, run->config);
	text_str(&t, limits[i].line);
	run->config = config;
	limit_ms = limits[i].ms;
}

#define TOO_LATE ": refused with 91, not established within limit-establish"

/* Not a word, or half of one. */
static void silence(struct run *run)
{
	begin(run, TOO_LATE);
	next_hop_expect(&hop, 1);
	bad->len = (uint8_t)run_between(run, 0, whole - 1u);
	bad->then = HOP_STAYS;
	expect_limit(run);
}

/* Byte by byte, each of them a sign of life, which extends nothing. */
static void drips(struct run *run)
{
	begin(run, TOO_LATE);
	next_hop_expect(&hop, 1);
	hop.cut_max = 1;
	expect_limit(run);
	bad->after_ms = limit_ms - 10;
	hop.cut_pause_ms = 200;
	bad->len = (uint8_t)(whole - 1);
	bad->then = HOP_STAYS;
}

/* Each step is quick enough by itself: the lookup, the connection, both replies. */
static void all_slow(struct run *run)
{
	static const char *const hops[] = {HOP_IP, NULL};

	begin(run, TOO_LATE);
	next_hop_expect(&hop, 1);
	run->config = hop.version == 4 ? "route to 203.0.113.5 via "
					 "socks4a://slow.example:9050\nlimit-establish 7s\n"
				       : "route to 203.0.113.5 via "
					 "socks5h://slow.example:9050\nlimit-establish 7s\n";
	client_ask(&client, (enum socks4_command)client.request[1], SERVER_IP, HOP_TARGET_PORT,
		"fred", NULL);
	/* Below what a first question is given. */
	name_add(run, "slow.example", 0, hops)->delay_v4_ms = run_between(run, 1500, 1900);
	run->peer[HOST_OTHER].host->answer_ms = run_between(run, 1500, 2500);
	hop.word[0].after_ms = stage == 0 ? 5000 : 1000;
	hop.word[1].after_ms = 5000;
	limit_ms = 7000;
}

/* The last moment is not too late. */
static void check_late(struct run *run)
{
	EXPECT(run, client_code(&client) == SOCKS4_GRANTED);
	EXPECT(run, client.talk.in == hop.pattern.out_len);
	EXPECT(run, hop.asked[0].talk.in == client.talk.out_len);
}

static void late(struct run *run)
{
	begin(run, NULL);
	next_hop_expect(&hop, 1);
	bad->after_ms = 115000;
	run->check = check_late;
}

/* ---- Who is not there ---- */

static void check_dead(struct run *run)
{
	check_refused(run);
	EXPECT(run, hop.accepted == 0);
}

static void nobody_listens(struct run *run)
{
	begin(run, ": refused with 91, next hop: connection refused");
	stage = 0;
	next_hop_stop(&hop);
	run->check = check_dead;
}

static void unreachable(struct run *run)
{
	begin_unasked(run, "route to 203.0.113.5 via socks4://192.0.2.1:9050\n",
		": refused with 91, next hop: unreachable");
	run->check = check_dead;
}

static void black_hole(struct run *run)
{
	begin_unasked(run, "route to 203.0.113.5 via socks4://198.51.100.1:9050\n", TOO_LATE);
	sim_route(&run->sim, "198.51.100.0/24", SIM_FATE_BLACK_HOLE);
	expect_limit(run);
	run->check = check_dead;
}

/* The connection is made, and reset at once: that may be seen in the one step or the other. */
static void resets_at_once(struct run *run)
{
	begin(run, ": refused with 91, ");
	stage = 0;
	hop.resets = true;
	run->check = check_dead;
}

static void hop_has_no_name(struct run *run)
{
	static const char *const nowhere[] = {NULL};
	static const struct {
		int outcome;
		const char *words;
	} outcomes[] = {
		{PORT_NO_NAME, ": refused with 91, next hop: the name has no address"},
		{PORT_NAME_FAILED, ": refused with 91, next hop: the name could not be looked up"},
		{PORT_AGAIN, TOO_LATE},
	};
	unsigned i = run_between(run, 0, 2);

	begin_unasked(run, "route to 203.0.113.5 via socks4a://nowhere.example:9050\n",
		outcomes[i].words);
	name_add(run, "nowhere.example", outcomes[i].outcome, nowhere);
	name_patience(run);
	if (outcomes[i].outcome == PORT_AGAIN)
		expect_limit(run);
	run->check = check_dead;
}

/* ---- The port fails ---- */

#define CALLS 60 /* more than a run makes of any kind that matters */

/* Granted and exact, or granted and visibly aborted, or refused: nothing in between. */
static void check_failed_call(struct run *run)
{
	const struct talk *talk = &client.talk;
	bool broken = talk->in_end == PORT_RESET || talk->out_end == PORT_RESET;

	if (client_code(&client) == SOCKS4_GRANTED && client.replies_in == client.replies)
		EXPECT(run,
			broken || (talk->in_end == PORT_EOF && talk->in == hop.pattern.out_len &&
					  talk->out == talk->out_len));
	else if (client_code(&client) == SOCKS4_REJECTED)
		EXPECT(run, client.end == PORT_EOF && talk->in == 0);
	else
		EXPECT(run, client.end == PORT_RESET && talk->in == 0);
}

/* Seed by seed: each answer at each call. Nobody waits for the hop: it is not always asked. */
static void nth_call(struct run *run)
{
	unsigned answers = PORT_RESET - PORT_FAILED + 1;

	begin(run, NULL);
	run->start_fails = true;
	run->proxy.faults.fail_with = PORT_RESET - (int)(run->seed % answers);
	run->proxy.faults.fail_at = 1 + (uint32_t)(run->seed / answers) % CALLS;
	run->check = check_failed_call;
}

/* ---- Loops ---- */

static void check_loop(struct run *run)
{
	check_dead(run);
	EXPECT(run, run->anklet->sessions.loop.status.accepted == 1);
}

/* What is known at the start is an error then. */
static void ourselves(struct run *run)
{
	static const char *const own[] = {PROXY_IP, PROXY_IP6, "127.0.0.1", NULL};

	begin_unasked(run, "route to 203.0.113.5 via socks4a://ourselves.example\n",
		"the proxy itself listens there");
	name_add(run, "ourselves.example", 0, own);
	run->check = check_loop;
}

static void the_client(struct run *run)
{
	static const char *const configs[] = {
		"route to 203.0.113.5 via socks4://10.0.0.2:1080\n",
		"route to 203.0.113.5 via socks4a://10.0.0.2:9050\n",
		"route to 203.0.113.5 via socks4a://client.example\n",
	};
	static const char *const addresses[] = {CLIENT_IP, NULL};

	begin_unasked(run, configs[run_between(run, 0, 2)],
		": refused with 91, the next hop is the client itself");
	name_add(run, "client.example", 0, addresses);
	run->check = check_loop;
}

static const struct scenario scenarios[] = {
	{"refuses", refuses},
	{"odd_version", odd_version},
	{"short_reply", short_reply},
	{"silence", silence},
	{"drips", drips},
	{"all_slow", all_slow},
	{"late", late},
	{"nobody_listens", nobody_listens},
	{"unreachable", unreachable},
	{"black_hole", black_hole},
	{"resets_at_once", resets_at_once},
	{"hop_has_no_name", hop_has_no_name},
	{"nth_call", nth_call},
	{"ourselves", ourselves},
	{"the_client", the_client},
};

int main(int argc, char **argv)
{
	return scenario_main(argc, argv, scenarios, sizeof scenarios / sizeof *scenarios);
}
