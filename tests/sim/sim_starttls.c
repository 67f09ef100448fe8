/*
 * STARTTLS on the way: routes and forwards that ask a server for TLS in its own protocol.
 */
#include "secure.h"

#include <string.h>

static struct client client;
static struct server server;
static struct tap tap;

static const char *const addresses[] = {SERVER_IP, NULL};
static const char *const by_the_tap[] = {SERVER_IP2, NULL};

/* ---- What servers say ---- */

struct dialogue {
	const char *protocol;
	const char *greeting; /* as the client is to see it */
	struct talk_line line[4];
};

#define SMTP "220-mail.example\r\n220 at your service\r\n"
#define IMAP "* OK IMAP4rev2 ready\r\n"
#define POP3 "+OK pop.example\r\n"
#define NNTP "201 news.example, no posting\r\n"

static const struct dialogue dialogues[] = {
	{"smtp", SMTP,
		{{NULL, SMTP}, {"EHLO ", "250-mail.example\r\n250-SIZE\r\n250 STARTTLS\r\n"},
			{"STARTTLS\r\n", "220 go ahead\r\n"}}},
	{"imap", IMAP,
		{{NULL, "* OK [CAPABILITY IMAP4rev2 STARTTLS LOGINDISABLED] IMAP4rev2 ready\r\n"},
			{"a001 STARTTLS\r\n", "* OK still here\r\na001 OK begin\r\n"}}},
	{"pop3", POP3, {{NULL, POP3}, {"STLS\r\n", "+OK begin\r\n"}}},
	{"nntp", NNTP, {{NULL, NNTP}, {"STARTTLS\r\n", "382 go on\r\n"}}},
};

#define DIALOGUES (sizeof dialogues / sizeof dialogues[0])

/* ---- What is in all of them ---- */

static char config[160];
static const struct dialogue *dialogue;

static void configure(struct run *run, const char *a, const char *b, const char *c)
{
	struct text t;

	text_init(&t, config, sizeof config - 1);
	text_str(&t, a);
	text_str(&t, b);
	text_str(&t, c);
	config[t.len] = '\0';
	run->config = config;
	run->config_added = true;
}

static void begin_script(struct run *run, const struct talk_line *script)
{
	secure_world(run);
	client_init(&client, run, HOST_CLIENT);
	server_init(&server, run, HOST_SERVER, SERVER_IP, 7000);
	name_add(run, SECURE_NAME, 0, addresses);
	client_ask(&client, SOCKS4_CONNECT, NULL, 7000, "user", SECURE_NAME);
	pair_streams(&client, &server, run_between(run, 0, 5000), run_between(run, 0, 5000));
	configure(run, "route to *:7000 starttls=", dialogue->protocol, "\n");
	client.talk.greeting = dialogue->greeting;
	server.pattern.script = script;
	server.pattern.said_max = run_between(run, 0, 1);
	server.pattern.tls = secure_server(run);
	if (run_between(run, 0, 1) == 1)
		run_rough(run);
}

static void begin(struct run *run)
{
	dialogue = &dialogues[run->seed % DIALOGUES];
	begin_script(run, dialogue->line);
}

/* The client does not speak SOCKS, and is the client of a forward. */
static void by_forward(struct run *run)
{
	struct address to = {.ip = client.proxy.ip, .port = 2525};

	configure(run, "forward tcp://" PROXY_IP ":2525 ", dialogue->protocol,
		"+starttls://" SECURE_NAME ":7000\n");
	client.replies = 0;
	client.held = true;
	caller_call(&client, &to, run_between(run, 0, 50));
}

/* ---- Everything goes well ---- */

static void check_served(struct run *run)
{
	size_t greeting = strlen(dialogue->greeting);

	EXPECT(run, client_code(&client) == SOCKS4_GRANTED || client.replies == 0);
	EXPECT(run, client.talk.in == server.talk[0].out_len + greeting);
	EXPECT(run, server.talk[0].in == client.talk.out_len);
	EXPECT(run, client.talk.in_end == PORT_EOF && server.talk[0].in_end == PORT_EOF);
	EXPECT(run, server.talk[0].secured);
}

/* The greeting, once; then what the server says when there is TLS. */
static void served(struct run *run)
{
	begin(run);
	server_expect(&server, 1);
	if (run_between(run, 0, 1) == 1)
		by_forward(run);
	run->check = check_served;
}

/* ---- What is not ---- */

static void check_refused(struct run *run)
{
	const struct talk *talk = &server.talk[0];

	EXPECT(run, client.talk.in == 0);
	if (client.replies == 0)
		EXPECT(run, client.talk.reset || client.end == PORT_RESET);
	else
		EXPECT(run, client_code(&client) == SOCKS4_REJECTED);
	EXPECT(run, server.accepted == 1 && talk->in == 0);
}

static void begin_refused(struct run *run, const struct talk_line *script)
{
	begin_script(run, script);
	client.talk.last = TALK_STAY;
	if (run_between(run, 0, 1) == 1)
		by_forward(run);
	run->check = check_refused;
}

/* Not this protocol, no TLS, or nothing that can be read. */
static void refused(struct run *run)
{
	static const struct talk_line lines[][4] = {
		{{NULL, "554 go away\r\n"}},
		{{NULL, SMTP}, {"EHLO ", "500 what?\r\n"}},
		{{NULL, SMTP}, {"EHLO ", "250 mail\r\n"}, {"STARTTLS\r\n", "454 not now\r\n"}},
		{{NULL, SMTP}, {"EHLO ", "250 mail\n"}},
		{{NULL, POP3}},
	};

	dialogue = &dialogues[0];
	begin_refused(run, lines[run->seed % (sizeof lines / sizeof lines[0])]);
}

/* Bytes in the clear after the server's word (CVE-2011-0411) reach nobody, whenever they come. */
static void injected(struct run *run)
{
	static const struct talk_line lines[][4] = {
		{{NULL, SMTP}, {"EHLO ", "250 STARTTLS\r\n"},
			{"STARTTLS\r\n", "220 go\r\n250 injected\r\n"}},
		{{NULL, IMAP}, {"a001 ", "a001 OK begin\r\n* OK injected\r\n"}},
		{{NULL, POP3}, {"STLS", "+OK begin\r\n+"}},
		{{NULL, NNTP}, {"STARTTLS", "382 go on\r\n\x16\x03"}},
	};

	dialogue = &dialogues[run->seed % DIALOGUES];
	begin_refused(run, lines[run->seed % DIALOGUES]);
}

static void unverified(struct run *run)
{
	static const char *const impostors[] = {"expired", "self", "other"};

	begin(run);
	client.talk.last = TALK_STAY;
	server.pattern.tls = secure_impostor(run, impostors[run_between(run, 0, 2)]);
	run->check = check_refused;
}

static void check_stalled(struct run *run)
{
	check_refused(run);
	EXPECT(run, client.over_at - client.start_at >= 5000);
	EXPECT(run, client.over_at - client.start_at <= 5500);
	EXPECT(run, run_logged(run, "not established within limit-establish") == 1);
}

/* A server that falls silent: before its greeting, in the dialogue, in the handshake. */
static void stalled(struct run *run)
{
	struct text t;

	begin(run);
	run->names.names = 0;
	name_add(run, SECURE_NAME, 0, by_the_tap);
	tap_init(&tap, run, HOST_SERVER, SERVER_IP2, 7000, SERVER_IP);
	tap.does = TAP_STALLS;
	tap.where = (uint8_t)run_between(run, TAP_UP, TAP_DOWN);
	/* POP3's dialogue has 6 bytes up and 28 down, and then comes a hello, or much more. */
	tap.at = run_between(run, tap.where == TAP_UP ? 0 : 1, tap.where == TAP_UP ? 100 : 300);
	dialogue = &dialogues[2];
	server.pattern.script = dialogue->line;
	text_init(&t, config, sizeof config - 1);
	text_str(&t, "limit-establish 5s\nroute to *:7000 starttls=pop3\n");
	config[t.len] = '\0';
	client.talk.last = TALK_STAY;
	run->check = check_stalled;
}

static void check_cut(struct run *run)
{
	const struct talk *talk = &client.talk;
	bool granted = client_code(&client) == SOCKS4_GRANTED;

	EXPECT(run, client.done);
	EXPECT(run, client.replies_in == 1 || client.end == PORT_RESET);
	EXPECT(run, granted || talk->in == 0);
	EXPECT(run, server.talk[0].secured || server.talk[0].in == 0);
	/* An end that looks whole is one. */
	EXPECT(run, talk->in_end != PORT_EOF ||
			    talk->in == server.pattern.out_len + strlen(dialogue->greeting));
	EXPECT(run, server.talk[0].in_end != PORT_EOF || server.talk[0].in == talk->out_len);
}

/* At any byte of the dialogue or of the handshake. */
static void cut(struct run *run)
{
	begin(run);
	run->names.names = 0;
	name_add(run, SECURE_NAME, 0, by_the_tap);
	tap_init(&tap, run, HOST_SERVER, SERVER_IP2, 7000, SERVER_IP);
	tap.does = (uint8_t)run_between(run, TAP_RESETS, TAP_ENDS);
	tap.where = (uint8_t)run_between(run, TAP_UP, TAP_DOWN);
	tap.at = run_between(run, 0, tap.where == TAP_UP ? 400 : 1300);
	run->check = check_cut;
}

static const struct scenario scenarios[] = {
	{"served", served},
	{"refused", refused},
	{"injected", injected},
	{"unverified", unverified},
	{"stalled", stalled},
	{"cut", cut},
};

int main(int argc, char **argv)
{
	return scenario_main(argc, argv, scenarios, sizeof scenarios / sizeof scenarios[0]);
}
