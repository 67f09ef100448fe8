/*
 * A next hop. See next_hop.h.
 */
#include "next_hop.h"

#include <assert.h>
#include <string.h>

static uint64_t now(const struct next_hop *hop)
{
	return hop->run->sim.now;
}

static void finish(struct next_hop *hop, struct next_hop_asked *asked, int end)
{
	asked->end = end;
	talk_close(&asked->talk, false);
	asked->over = true;
	asked->over_at = now(hop);
	hop->over++;
}

/* ---- The request ---- */

/* How long the message is, as far as that is known; its first byte is 5. */
static size_t message_whole(const struct next_hop_asked *asked)
{
	if (!asked->greeted)
		return asked->message_len < 2 ? 2 : 2u + asked->message[1];
	if (asked->message_len < 5)
		return 5;
	return asked->message[3] == 3 ? 7u + asked->message[4] : asked->message[3] == 4 ? 22 : 10;
}

static void take_request(struct next_hop *hop, struct next_hop_asked *asked)
{
	const uint8_t *at = asked->message + 4;
	struct request *r = &asked->request;

	*r = (struct request){.version = 5, .command = asked->message[1]};
	switch (asked->message[3]) {
	case 1:
		r->ip = ip_v4(at[0], at[1], at[2], at[3]);
		at += 4;
		break;
	case 3:
		r->name_len = *at;
		memcpy(r->name, at + 1, r->name_len);
		at += 1 + r->name_len;
		break;
	default:
		EXPECT(hop->run, asked->message[3] == 4);
		memcpy(r->ip.byte, at, 16);
		at += 16;
	}
	r->port = (uint16_t)(at[0] << 8 | at[1]);
}

/* Whoever waits for each answer, as all should, sends nothing after a message before its last. */
static enum parse read_socks5(struct next_hop *hop, struct next_hop_asked *asked,
	const uint8_t *data, size_t len, size_t *used)
{
	for (*used = 0; *used < len && asked->message_len < message_whole(asked); ++*used)
		asked->message[asked->message_len++] = data[*used];
	EXPECT(hop->run, asked->message[0] == 5);
	if (asked->message_len < message_whole(asked))
		return PARSE_MORE;
	if (asked->greeted) {
		take_request(hop, asked);
		return PARSE_DONE;
	}
	EXPECT(hop->run, asked->message_len == 3 && asked->message[2] == 0 && *used == len);
	asked->greeted = true;
	asked->message_len = 0;
	asked->word_at = now(hop) + hop->method.after_ms;
	return PARSE_MORE;
}

/* Has it been greeted, and has to answer that first? */
static bool is_greeted(const struct next_hop_asked *asked)
{
	return asked->greeted && !asked->answered;
}

static void read_request(struct next_hop *hop, struct next_hop_asked *asked)
{
	while (!asked->whole && !is_greeted(asked)) {
		const uint8_t *data;
		size_t used;
		enum parse parsed;
		int n = stream_peek(hop->actor.port, &asked->talk.stream, &data);

		if (n == TLS_TICK)
			continue;
		if (n == PORT_AGAIN)
			return;
		if (n < 0) {
			finish(hop, asked, n);
			return;
		}
		parsed = hop->version == 5 ? read_socks5(hop, asked, data, (size_t)n, &used)
					   : request_read(STAGE_REQUEST, &asked->reader,
						     &asked->request, data, (size_t)n, &used);
		stream_consume(hop->actor.port, &asked->talk.stream, used);
		EXPECT(hop->run, parsed != PARSE_MALFORMED);
		if (parsed == PARSE_MORE)
			continue;
		asked->whole = true;
		asked->whole_at = now(hop);
		asked->word_at = now(hop) + hop->word[0].after_ms;
	}
}

/* ---- The replies ---- */

static unsigned words_of(const struct next_hop *hop, const struct next_hop_asked *asked)
{
	if (hop->words != 0)
		return hop->words;
	return asked->request.command == COMMAND_BIND ? 2 : 1;
}

static void go_on(struct next_hop *hop, struct next_hop_asked *asked, enum next_hop_then then)
{
	switch (then) {
	case HOP_GOES_ON:
		if (asked->said < words_of(hop, asked))
			asked->word_at = now(hop) + hop->word[asked->said].after_ms;
		break;
	case HOP_STAYS:
		asked->word_at = UINT64_MAX;
		break;
	case HOP_SHUTS_DOWN:
		asked->word_at = UINT64_MAX;
		(void)stream_shutdown(hop->actor.port, &asked->talk.stream, true);
		break;
	case HOP_CLOSES:
		finish(hop, asked, 0);
		break;
	case HOP_RESETS:
		talk_close(&asked->talk, true);
		finish(hop, asked, 0);
		break;
	}
}

/* Sends on in the next word. False: not all of it was taken. */
static bool send_word(
	struct next_hop *hop, struct next_hop_asked *asked, const struct next_hop_word *word)
{
	while (asked->sent < word->len) {
		size_t len = word->len - asked->sent;
		int n;

		if (hop->cut_max != 0 && len > hop->cut_max)
			len = hop->cut_max;
		n = stream_send(
			hop->actor.port, &asked->talk.stream, word->byte + asked->sent, len);
		if (n < 0)
			return false; /* a failure is seen by listening, too */
		asked->sent += (size_t)n;
		if (hop->cut_max != 0 && asked->sent < word->len) {
			asked->word_at = now(hop) + run_between(hop->run, 0, hop->cut_pause_ms);
			if (asked->word_at > now(hop))
				return false;
		}
	}
	return stream_flush(hop->actor.port, &asked->talk.stream) == 0;
}

static const struct next_hop_word *next_word(
	const struct next_hop *hop, const struct next_hop_asked *asked)
{
	static const struct next_hop_word refusal = {
		.byte = {0, SOCKS4_REJECTED}, .len = SOCKS4_REPLY_LEN, .then = HOP_STAYS};

	return asked < hop->asked + hop->refuses ? &refusal : &hop->word[asked->said];
}

static void say(struct next_hop *hop, struct next_hop_asked *asked, uint64_t *wake)
{
	/* Each round says a word whole. */
	while (!asked->over && asked->said < words_of(hop, asked) && now(hop) >= asked->word_at) {
		const struct next_hop_word *word = next_word(hop, asked);

		if (!send_word(hop, asked, word))
			break;
		asked->said++;
		asked->sent = 0;
		go_on(hop, asked, (enum next_hop_then)word->then);
	}
	if (!asked->over && asked->word_at > now(hop) && asked->word_at < *wake)
		*wake = asked->word_at;
}

static void answer_greeting(struct next_hop *hop, struct next_hop_asked *asked, uint64_t *wake)
{
	if (now(hop) >= asked->word_at && send_word(hop, asked, &hop->method)) {
		asked->sent = 0;
		go_on(hop, asked, (enum next_hop_then)hop->method.then);
		asked->answered = !asked->over && asked->word_at != UINT64_MAX;
	}
	if (!asked->over && asked->word_at > now(hop) && asked->word_at < *wake)
		*wake = asked->word_at;
}

/* Has all been said that comes before talking? */
static bool talks(const struct next_hop *hop, const struct next_hop_asked *asked)
{
	return asked->said == words_of(hop, asked) && asked->word_at != UINT64_MAX;
}

/* Whoever asked may go before he has heard everything, after bytes that nobody reads. */
static void listen_for_end(struct next_hop *hop, struct next_hop_asked *asked)
{
	int r = port_peer_closed(hop->actor.port, asked->talk.stream.sock);

	if (r != PORT_AGAIN)
		finish(hop, asked, r);
}

/* ---- The script ---- */

static void go_on_with(struct next_hop *hop, struct next_hop_asked *asked, uint64_t *wake)
{
	int r = talk_secure(&asked->talk);

	if (r == PORT_AGAIN)
		return;
	if (r < 0)
		finish(hop, asked, r);
	else if (!asked->whole)
		read_request(hop, asked);
	if (!asked->over && is_greeted(asked)) {
		answer_greeting(hop, asked, wake);
		if (asked->answered)
			read_request(hop, asked);
		else if (!asked->over)
			listen_for_end(hop, asked);
	}
	if (!asked->over && asked->whole && !talks(hop, asked))
		say(hop, asked, wake);
	if (asked->over || !asked->whole)
		return;
	if (!talks(hop, asked)) {
		listen_for_end(hop, asked);
		return;
	}
	if (talk_run(&asked->talk, wake))
		finish(hop, asked, 0);
}

static void take(struct next_hop *hop, port_sock sock, const struct address *from)
{
	struct next_hop_asked *asked = &hop->asked[hop->accepted];

	if (hop->resets || hop->accepted == NEXT_HOP_ASKED) {
		port_reset(hop->actor.port, &sock);
		hop->over++;
		return;
	}
	hop->accepted++;
	asked->from = *from;
	asked->talk = hop->pattern;
	asked->talk.stream.sock = sock;
}

static void next_hop_run(struct sim_actor *actor)
{
	struct next_hop *hop = (struct next_hop *)actor;
	uint64_t wake = UINT64_MAX;
	struct address from;
	port_sock sock;

	while (hop->listener != PORT_NONE &&
		port_accept(actor->port, hop->listener, &sock, &from) == 0)
		take(hop, sock, &from);
	for (unsigned i = 0; i < hop->accepted; i++)
		if (!hop->asked[i].over)
			go_on_with(hop, &hop->asked[i], &wake);
	actor_wake(actor, wake);
	if (!hop->done && hop->expected != 0 && hop->over >= hop->expected) {
		hop->done = true;
		run_actor_done(hop->run);
	}
}

void next_hop_init(
	struct next_hop *hop, struct run *run, enum run_host host, const char *ip, uint16_t port)
{
	struct address at = {.port = port};
	bool parsed = ip_parse(ip, strlen(ip), &at.ip);
	int r;

	memset(hop, 0, sizeof *hop);
	hop->run = run;
	next_hop_speaks(hop, 4);
	hop->pattern.run = run;
	hop->pattern.port = &run->peer[host];
	r = port_listen(&run->peer[host], &at, NEXT_HOP_ASKED, &hop->listener);
	assert(parsed && r == 0);
	(void)parsed;
	(void)r;
	sim_act(&hop->actor, &run->peer[host], next_hop_run);
}

void next_hop_expect(struct next_hop *hop, unsigned connections)
{
	assert(hop->expected == 0 && connections > 0);
	hop->expected = connections;
	hop->run->actors_left++;
}

void next_hop_stop(struct next_hop *hop)
{
	port_close(hop->actor.port, &hop->listener);
}

void next_hop_says(
	struct next_hop *hop, unsigned which, uint8_t code, const char *ip, uint16_t port)
{
	struct address at = {.port = port};
	uint8_t *byte = hop->word[which].byte, reply[REPLY_ROOM];

	if (ip != NULL)
		ip_parse(ip, strlen(ip), &at.ip);
	socks4_reply(STAGE_REQUEST, code, &at, reply);
	hop->word[which].len = SOCKS4_REPLY_LEN;
	memcpy(byte, reply, SOCKS4_REPLY_LEN);
	if (hop->version == 4)
		return;
	hop->word[which].len = NEXT_HOP_REPLY_MAX;
	memmove(byte + 8, byte + 2, 2);
	memcpy(byte + 4, at.ip.byte + IP_V4_AT, 4);
	memcpy(byte, "\x05\x00\x00\x01", 4);
	byte[1] = code != SOCKS4_GRANTED;
}

void next_hop_speaks(struct next_hop *hop, uint8_t version)
{
	hop->version = version;
	hop->method = (struct next_hop_word){.byte = {5, 0}, .len = 2};
	next_hop_says(hop, 0, SOCKS4_GRANTED, NULL, 0);
	next_hop_says(hop, 1, SOCKS4_GRANTED, NULL, 0);
}

void next_hop_pair(struct client *client, struct next_hop *hop, uint32_t up, uint32_t down)
{
	uint32_t key = run_between(client->run, 1, UINT32_MAX - 1);

	client->talk.out_key = hop->pattern.in_key = key;
	client->talk.in_key = hop->pattern.out_key = ~key;
	client->talk.out_len = up;
	hop->pattern.out_len = down;
}

/* ---- Ways to a hop ---- */

#define NAMED "server.example"
#define FAR "far.example" /* known to the hop alone */

const struct hop_way hop_ways[HOP_WAYS] = {
	{"route to 203.0.113.5 via socks4://203.0.113.77:9050\n", NULL, NULL, false, NULL},
	{"route to 203.0.113.5 via socks4a://203.0.113.77:9050\n", NULL, NULL, false, NULL},
	{"route to *.example via socks4a://203.0.113.77:9050\n", FAR, FAR, false, NULL},
	{"route to *.example via socks4a://203.0.113.77:9050 resolve\n", NAMED, NULL, false, NULL},
	{"route to *.example via socks4://203.0.113.77:9050\n", NAMED, NULL, false, NULL},
	{"route to 203.0.113.5 via socks4a://hop.example:9050\n", NULL, NULL, false, NULL},
	{"route to *.example via socks4a://203.0.113.77:9050 unresolved\n", FAR, FAR, false, NULL},
	{"route to 203.0.113.0/29 via socks4a://hop.example:9050\n", NAMED, NULL, false, NULL},
	{"route to 2001:db8::/32 via socks4a://203.0.113.77:9050\n", SERVER_IP6, SERVER_IP6, true,
		NULL},
	{"route to 203.0.113.5 via socks5://203.0.113.77:9050\n", NULL, NULL, false, NULL},
	{"route to 203.0.113.5 via socks5h://hop.example:9050\n", NULL, NULL, false, NULL},
	{"route to *.example via socks5h://203.0.113.77:9050\n", FAR, FAR, false, NULL},
	{"route to *.example via socks5://203.0.113.77:9050\n", NAMED, NULL, false, NULL},
	{"route to *.example via socks5h://203.0.113.77:9050 unresolved\n", FAR, FAR, false, NULL},
	{"route to 2001:db8::/32 via socks5://203.0.113.77:9050\n", SERVER_IP6, NULL, true,
		SERVER_IP6},
};

static const char *any_userid(struct run *run)
{
	static char userid[CONFIG_ANKLET_USERID_MAX + 1];
	size_t len =
		run_between(run, 0, 1) == 0 ? run_between(run, 0, 12) : CONFIG_ANKLET_USERID_MAX;

	for (size_t i = 0; i < len; i++)
		userid[i] = (char)run_between(run, 1, UINT8_MAX);
	userid[len] = '\0';
	return userid;
}

const struct hop_way *hop_way_begin(
	struct run *run, struct client *client, struct next_hop *hop, enum socks4_command command)
{
	static const char *const server[] = {SERVER_IP, NULL}, *const hops[] = {HOP_IP, NULL};
	bool bind = command == SOCKS4_BIND;
	const struct hop_way *way = &hop_ways[run_between(run, 0, HOP_WAYS - 1)];

	while (bind && way->connect_only)
		way = &hop_ways[run_between(run, 0, HOP_WAYS - 1)];
	run->config = way->config;
	run->config_added = true;
	name_add(run, NAMED, 0, server)->delay_v4_ms = run_between(run, 0, 300);
	name_add(run, "hop.example", 0, hops)->delay_v4_ms = run_between(run, 0, 300);
	client_init(client, run, HOST_CLIENT);
	client_ask(client, command, SERVER_IP, HOP_TARGET_PORT, any_userid(run), way->name);
	client->replies = bind ? 2 : 1;
	next_hop_init(hop, run, HOST_OTHER, HOP_IP, HOP_PORT);
	next_hop_speaks(hop, strstr(way->config, "socks5") != NULL ? 5 : 4);
	return way;
}

void hop_way_check(
	const struct client *client, const struct next_hop_asked *asked, const struct hop_way *way)
{
	const struct request *r = &asked->request;
	struct ip server = ip_v4(203, 0, 113, 5), named = ip_v4(0, 0, 0, 1);
	struct ip proxy = ip_v4(10, 0, 0, 1);
	bool by_name = way->passed != NULL;

	EXPECT(client->run, asked->whole && r->command == client->request[1]);
	EXPECT(client->run, r->port == HOP_TARGET_PORT);
	if (way->passed_ip != NULL)
		ip_parse(way->passed_ip, strlen(way->passed_ip), &server);
	if (r->version == 4)
		EXPECT(client->run, strcmp(r->userid, (const char *)client->request + 8) == 0);
	EXPECT(client->run, strcmp(r->name, by_name ? way->passed : "") == 0);
	if (r->version == 4 || !by_name)
		EXPECT(client->run, ip_equal(&r->ip, by_name ? &named : &server));
	EXPECT(client->run, ip_equal(&asked->from.ip, &proxy));
}
