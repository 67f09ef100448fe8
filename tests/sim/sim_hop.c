/*
 * Through a next hop: both commands, both replies, and every byte after them.
 */
#include "next_hop.h"

#include <string.h>

#define LISTENS_IP "203.0.113.9" /* where a hop says it waits for the peer */
#define LISTENS_PORT 4711
#define PEER_PORT 40000

static struct client client;
static struct next_hop hop;
static const struct hop_way *way;

static bool is_at(const struct address *at, const char *ip, uint16_t port)
{
	struct address other = {.port = port};

	return ip_parse(ip, strlen(ip), &other.ip) && address_equal(at, &other);
}

/* ---- What is true of all that works ---- */

static void check_bytes(struct run *run)
{
	const struct talk *there = &hop.asked[0].talk;

	EXPECT(run, client.talk.in == hop.pattern.out_len && there->in == client.talk.out_len);
	EXPECT(run, client.talk.in_end == PORT_EOF && there->in_end == PORT_EOF);
	EXPECT(run, client.talk.out_end == 0 && there->out_end == 0);
	EXPECT(run, run->anklet->sessions.loop.status.bytes_up == client.talk.out);
	EXPECT(run, run->anklet->sessions.loop.status.bytes_down == client.talk.in);
}

/* Where it went as far as that is known here, and through whom. */
static const char *granted_words(void)
{
	if (client.replies == 2)
		return ": granted, 203.0.113.5:40000 through 203.0.113.77:9050 after ";
	if (way->connect_only)
		return ": granted, [2001:db8::5]:7000 through 203.0.113.77:9050 after ";
	if (way->passed != NULL)
		return ": granted, through 203.0.113.77:9050 after ";
	return ": granted, 203.0.113.5:7000 through 203.0.113.77:9050 after ";
}

static void check_log(struct run *run)
{
	bool bind = client.replies == 2;

	EXPECT(run, run->anklet->sessions.loop.status.granted == 1 &&
			    run->anklet->sessions.loop.status.refused == 0);
	EXPECT(run, run_logged(run, granted_words()) == 1);
	EXPECT(run, run_logged(run, ": closed, both sides ended") == 1);
	EXPECT(run, run_logged(run, ": waits for the peer on ") == bind);
	EXPECT(run, run->log_count == 2u + bind);
}

static void check_served(struct run *run)
{
	struct address first = client_told(&client, 0), last = client_told(&client, 1);

	EXPECT(run, hop.accepted == 1 && hop.over == 1);
	hop_way_check(&client, &hop.asked[0], way);
	EXPECT(run, client_code(&client) == SOCKS4_GRANTED);
	EXPECT(run, client.replies_in == client.replies);
	if (client.replies == 1) {
		EXPECT(run, is_at(&first, "0.0.0.0", 0));
	} else {
		bool named = hop.word[0].byte[4] != 0;

		EXPECT(run, is_at(&first, named ? LISTENS_IP : HOP_IP, LISTENS_PORT));
		EXPECT(run, is_at(&last, SERVER_IP, PEER_PORT));
	}
	check_bytes(run);
	check_log(run);
}

static void begin(struct run *run, enum socks4_command command)
{
	way = hop_way_begin(run, &client, &hop, command);
	next_hop_expect(&hop, 1);
	next_hop_pair(&client, &hop, run_between(run, 0, 20000), run_between(run, 0, 20000));
	run->peer[HOST_OTHER].host->answer_ms = run_between(run, 0, 1) * run_between(run, 0, 600);
	for (unsigned i = 0; i < 2; i++) {
		hop.word[i].after_ms = run_between(run, 0, 1) * run_between(run, 0, 3000);
		if (hop.version == 4)
			hop.word[i].byte[0] = run_between(run, 0, 1) == 0 ? 0 : 4;
	}
	if (command == SOCKS4_BIND) {
		next_hop_says(&hop, 0, SOCKS4_GRANTED,
			run_between(run, 0, 1) == 0 ? NULL : LISTENS_IP, LISTENS_PORT);
		next_hop_says(&hop, 1, SOCKS4_GRANTED, SERVER_IP, PEER_PORT);
	}
	if (run_between(run, 0, 1) == 1) {
		client.cut_max = run_between(run, 1, 12);
		client.cut_pause_ms = run_between(run, 0, 20);
	}
	run->check = check_served;
}

static void begin_either(struct run *run)
{
	begin(run, run_between(run, 0, 1) == 0 ? SOCKS4_CONNECT : SOCKS4_BIND);
}

/* ---- What works ---- */

static void by_connect(struct run *run)
{
	begin(run, SOCKS4_CONNECT);
}

static void by_bind(struct run *run)
{
	begin(run, SOCKS4_BIND);
}

/* The replies, byte by byte. */
static void cut_replies(struct run *run)
{
	begin_either(run);
	hop.cut_max = run_between(run, 1, 7);
	hop.cut_pause_ms = run_between(run, 0, 1) * run_between(run, 0, 400);
}

static void rough(struct run *run)
{
	begin_either(run);
	client.talk.out_len %= 3000;
	hop.pattern.out_len %= 3000;
	hop.cut_max = run_between(run, 0, 7);
	run_rough(run);
}

/* Bytes stand after both the client's request and the hop's replies, before anybody waits for them. */
static void early(struct run *run)
{
	begin_either(run);
	client.early = true;
	hop.word[0].after_ms = run_between(run, 0, 1) * run_between(run, 0, 100000);
	hop.word[1].after_ms = 0;
	client.talk.out_len = run_between(run, 0, 30000);
}

/* Both replies to a BIND in one piece, as from a hop to which the peer has come at once. */
static void both_replies(struct run *run)
{
	begin(run, SOCKS4_BIND);
	memcpy(hop.word[0].byte + hop.word[0].len, hop.word[1].byte, hop.word[1].len);
	hop.word[0].len = (uint8_t)(hop.word[0].len + hop.word[1].len);
	hop.words = 1;
	run->sim.latency_max_ms = run_between(run, 0, 30);
}

static void half_closed(struct run *run)
{
	begin_either(run);
	if (run_between(run, 0, 1) == 0) {
		client.talk.last = TALK_FIN_AFTER_FIN;
		client.talk.out_wait = 1;
	} else {
		hop.pattern.last = TALK_FIN_AFTER_FIN;
	}
	client.talk.piece_max = hop.pattern.piece_max = run_between(run, 100, 700);
	client.talk.pause_ms = run_between(run, 0, 1000);
	hop.pattern.pause_ms = run_between(run, 0, 1000);
}

static void check_reset(struct run *run)
{
	bool by_client = client.talk.reset_at != 0;

	EXPECT(run, client_code(&client) == SOCKS4_GRANTED);
	if (by_client)
		EXPECT(run, hop.asked[0].talk.in_end == PORT_RESET);
	else
		EXPECT(run, client.talk.in_end == PORT_RESET || client.end == PORT_RESET);
	EXPECT(run, run_logged(run, by_client ? ": aborted, the client reset the connection"
					      : ": aborted, the server reset the connection") == 1);
	EXPECT(run, run->sim.now < 60000);
}

static void reset(struct run *run)
{
	begin_either(run);
	client.talk.out_len = hop.pattern.out_len = 40000;
	client.talk.last = hop.pattern.last = TALK_STAY;
	if (run_between(run, 0, 1) == 0)
		client.talk.reset_at = run_between(run, 1, 30000);
	else
		hop.pattern.reset_at = run_between(run, 1, 30000);
	run->check = check_reset;
}

/* ---- A hop with several addresses ---- */

static const struct hop_way named_ways[] = {
	{"route to 203.0.113.5 via socks4a://hops.example:9050\n", NULL, NULL, false, NULL},
	{"route to 203.0.113.5 via socks5h://hops.example:9050\n", NULL, NULL, false, NULL}};

/* Some refuse, are not there, never answer or are the client itself; one is right. */
static void race(struct run *run)
{
	static const char *const choice[] = {SERVER_IP2, "192.0.2.1", "198.51.100.1", CLIENT_IP};
	static const char *addresses[5];
	unsigned count = run_between(run, 1, 4), good = run_between(run, 0, count - 1);

	for (unsigned i = 0; i < count; i++)
		addresses[i] = i == good ? HOP_IP : choice[run_between(run, 0, 3)];
	addresses[count] = NULL;
	begin_either(run);
	way = &named_ways[hop.version == 5];
	client_ask(&client, (enum socks4_command)client.request[1], SERVER_IP, HOP_TARGET_PORT,
		"fred", NULL);
	run->config = way->config;
	name_add(run, "hops.example", 0, addresses);
	sim_route(&run->sim, "198.51.100.0/24", SIM_FATE_BLACK_HOLE);
}

static const struct scenario scenarios[] = {
	{"by_connect", by_connect},
	{"by_bind", by_bind},
	{"cut_replies", cut_replies},
	{"rough", rough},
	{"early", early},
	{"both_replies", both_replies},
	{"half_closed", half_closed},
	{"reset", reset},
	{"race", race},
};

int main(int argc, char **argv)
{
	return scenario_main(argc, argv, scenarios, sizeof scenarios / sizeof *scenarios);
}
