/*
 * IDENT: the client's identd is asked before anything else is done, and what comes of its answers.
 */
#include "actors.h"

#include <stdio.h>
#include <string.h>

#define ALIAS_IP "10.0.0.3" /* another address of the proxy's host */
#define RULES "allow user probe\nallow ident\n"
#define RIGHT "? : USERID : UNIX : fred\r\n"
#define IDENT_MS 15000

static struct client client, caller;
static struct server server;
static struct identd identd;
static struct served_name *name;
static bool bind;
static uint8_t code; /* expected, with these words in the log */
static const char *words;

/* ---- Nothing is touched before the verdict ---- */

static void (*wait_before)(void *ctx);

static void expect_untouched(struct run *run)
{
	EXPECT(run, run->names.questions == 0);
	EXPECT(run, sim_open_sockets(&run->proxy, SIM_LISTENER) == run->anklet->listener_count);
	EXPECT(run, server.accepted == 0 && !name->used);
}

/* Each time the proxy waits: until the answer is out, there are the client, its identd and nobody else. */
static void watch(void *ctx)
{
	struct run *run = client.run;

	wait_before(ctx);
	if (client.done || (identd.text_len > 0 && identd.text_sent >= identd.text_len))
		return;
	EXPECT(run, sim_open_sockets(&run->proxy, SIM_STREAM) <= 2);
	expect_untouched(run);
}

/* ---- Setting up ---- */

static void call_back(struct client *c, unsigned which)
{
	struct address to = client_told(c, 0);

	if (which == 0 && client_code(c) == SOCKS4_GRANTED)
		caller_call(&caller, &to, 0);
}

/* CONNECT or BIND, by address or by name. */
static void ask(struct run *run)
{
	static const char *const addresses[] = {SERVER_IP, NULL};
	bool named = run_between(run, 0, 1) == 1;

	bind = run_between(run, 0, 2) == 0;
	client_init(&client, run, HOST_CLIENT);
	client_ask(&client, bind ? SOCKS4_BIND : SOCKS4_CONNECT, SERVER_IP, 7000, "fred",
		named ? "server.example" : NULL);
	server_init(&server, run, HOST_SERVER, SERVER_IP, 7000);
	name = name_add(run, "server.example", 0, addresses);
	client.early = run_between(run, 0, 1) == 1;
	run->config = RULES;
	run->config_added = true;
	wait_before = run->proxy.before_wait;
	run->proxy.before_wait = watch;
	memset(&identd, 0, sizeof identd);
}

static void answer_with(struct run *run, const char *answer)
{
	identd_init(&identd, run, HOST_CLIENT, CLIENT_IP, answer);
	identd.pause_ms = run_between(run, 0, 1000);
	if (run_between(run, 0, 1) == 1)
		identd.cut_max = run_between(run, 1, 9);
}

static void ask_for_good(struct run *run)
{
	uint32_t up = run_between(run, 0, 5000), down = run_between(run, 0, 5000);

	ask(run);
	if (bind) {
		client.replies = 2;
		client.on_reply = call_back;
		caller_init(&caller, run, HOST_SERVER);
		caller_pair(&client, &caller, up, down);
	} else {
		pair_up(&client, &server, up, down);
	}
}

static void check_asked(struct run *run)
{
	char question[32];

	snprintf(question, sizeof question, "%u , %u\r\n", (unsigned)client.at.port,
		(unsigned)PROXY_PORT);
	EXPECT(run, identd.asked == 1);
	EXPECT(run, identd.question_len == strlen(question));
	EXPECT(run, memcmp(identd.question, question, identd.question_len) == 0);
	EXPECT(run, ip_equal(&identd.from.ip, &client.proxy.ip));
}

static void check_granted(struct run *run)
{
	const struct talk *talk = bind ? &caller.talk : &server.talk[0];
	uint32_t down = bind ? caller.talk.out_len : server.pattern.out_len;

	EXPECT(run, client_code(&client) == SOCKS4_GRANTED);
	EXPECT(run, talk->in == client.talk.out_len && talk->in_end == PORT_EOF);
	EXPECT(run, client.talk.in == down && client.talk.in_end == PORT_EOF);
}

static void check_right(struct run *run)
{
	check_asked(run);
	check_granted(run);
	EXPECT(run, client.granted_at - client.connected_at >= identd.pause_ms);
}

/* The client is told, and nobody was asked for but its identd. */
static void check_refused(struct run *run)
{
	EXPECT(run, client.replies_in == 1 && client_code(&client) == code);
	EXPECT(run, client.end == PORT_EOF);
	EXPECT(run, words == NULL || run_logged(run, words) == 1);
	EXPECT(run, run->anklet->sessions.loop.status.refused == 1 && run->log_count == 1);
	expect_untouched(run);
}

static void expect_refusal(struct run *run, uint8_t with, const char *why)
{
	code = with;
	words = why;
	run->check = check_refused;
	if (run_between(run, 0, 2) == 0)
		run_rough(run);
}

/* ---- Answers ---- */

static void right(struct run *run)
{
	ask_for_good(run);
	answer_with(run, RIGHT);
	if (run_between(run, 0, 2) == 0)
		run_rough(run);
	run->check = check_right;
}

static void byte_by_byte(struct run *run)
{
	ask_for_good(run);
	answer_with(run, RIGHT);
	identd.cut_max = 1;
	identd.pause_ms = run_between(run, 0, 13000);
	client.cut_max = 1;
	run->check = check_right;
}

/* The question comes from where the client connected to, not from where the client is reached. */
static void from_that_address(struct run *run)
{
	struct ip alias = ip_v4(10, 0, 0, 3);

	ask_for_good(run);
	run->proxy_host->address[run->proxy_host->addresses++] = alias;
	run->config = RULES "listen tcp://" ALIAS_IP ":1080\n";
	client.proxy.ip = alias;
	answer_with(run, RIGHT);
	run->check = check_right;
}

static void over_ipv6(struct run *run)
{
	bool parsed;

	ask_for_good(run);
	parsed = ip_parse(PROXY_IP6, strlen(PROXY_IP6), &client.proxy.ip);
	EXPECT(run, parsed);
	identd_init(&identd, run, HOST_CLIENT, CLIENT_IP6, RIGHT);
	run->check = check_right;
}

static void other_user(struct run *run)
{
	static const char *const answers[] = {
		"? : USERID : UNIX : mallory\r\n",
		"? : USERID : UNIX : fre\r\n",
		"? : USERID : UNIX : fredd\r\n",
		"? : USERID : UNIX : Fred\r\n",
		"? : USERID : OTHER : fred \n",
	};

	ask(run);
	answer_with(run, answers[run_between(run, 0, 4)]);
	expect_refusal(run, SOCKS4_OTHER_USERID,
		": refused with 93, the client's identd names another user");
}

static void error(struct run *run)
{
	static const char *const answers[] = {
		"? : ERROR : NO-USER\r\n", "?:ERROR:HIDDEN-USER\n", "? : error : X-fred\r\n"};

	ask(run);
	answer_with(run, answers[run_between(run, 0, 2)]);
	expect_refusal(run, SOCKS4_NO_IDENTD,
		": refused with 92, the client's identd does not know the user");
}

#define INVALID ": refused with 92, the client's identd gave no valid answer"

/* Other ports, no answer at all, or only the beginning of one. */
static void malformed(struct run *run)
{
	static const char *const answers[] = {
		"1 , 1080 : USERID : UNIX : fred\r\n",
		"?0 : USERID : UNIX : fred\r\n",
		"1080 , 1 : USERID : UNIX : fred\r\n",
		"? : USERNAME : UNIX : fred\r\n",
		"? : USERID : UNIX\r\n",
		"? : USERID : UNIX :\r\n",
		"? : USERID : UNIX : fred\rfred\n",
		"fred\r\n",
		"\r\n",
	};

	ask(run);
	answer_with(run, answers[run_between(run, 0, 8)]);
	expect_refusal(run, SOCKS4_NO_IDENTD, INVALID);
}

static void ends_early(struct run *run)
{
	static const char *const answers[] = {"? : USERID : UNIX : fred", "? : USERID", "1", "?"};

	ask(run);
	answer_with(run, answers[run_between(run, 0, 3)]);
	identd.closes = true;
	identd.resets = run_between(run, 0, 1) == 1;
	expect_refusal(run, SOCKS4_NO_IDENTD, INVALID);
}

static void check_long(struct run *run)
{
	check_refused(run);
	EXPECT(run, identd.text_sent < identd.repeat / 2);
}

/* A line without an end is not read for long. */
static void long_line(struct run *run)
{
	static const char *const answers[] = {
		"? : USERID : UNIX : fredx", "? : ERROR : NO", "? : USERID :  "};

	ask(run);
	answer_with(run, answers[run_between(run, 0, 2)]);
	identd.cut_max = 0;
	identd.repeat = 65536;
	expect_refusal(run, SOCKS4_NO_IDENTD, INVALID);
	run->check = check_long;
}

/* ---- No answers ---- */

static void nobody_listens(struct run *run)
{
	ask(run);
	expect_refusal(
		run, SOCKS4_NO_IDENTD, ": refused with 92, the client's identd cannot be reached");
}

static void resets_at_once(struct run *run)
{
	static struct server resetting;

	ask(run);
	server_init(&resetting, run, HOST_CLIENT, CLIENT_IP, IDENT_PORT);
	resetting.resets = true;
	expect_refusal(run, SOCKS4_NO_IDENTD, NULL);
}

static uint32_t limit_ms;

static void check_in_time(struct run *run)
{
	uint64_t waited = client.replied_at[0] - client.connected_at;

	check_refused(run);
	EXPECT(run, waited >= limit_ms);
	EXPECT(run, waited <= limit_ms + 10 * run->sim.latency_max_ms);
}

static void expect_silence(struct run *run)
{
	code = SOCKS4_NO_IDENTD;
	words = ": refused with 92, the client's identd did not answer in time";
	limit_ms = IDENT_MS;
	run->check = check_in_time;
	if (run_between(run, 0, 1) == 0)
		run->sim.latency_max_ms = 0;
}

/* 15 s, whether it does not answer, does not even let us in, or answers byte by byte for too long. */
static void silence(struct run *run)
{
	ask(run);
	switch (run_between(run, 0, 3)) {
	case 0:
		identd_init(&identd, run, HOST_CLIENT, CLIENT_IP, NULL);
		run->peer[HOST_CLIENT].host->answer_ms = run_between(run, 0, 14000);
		break;
	case 1:
		answer_with(run, RIGHT);
		run->peer[HOST_CLIENT].host->answer_ms = run_between(run, 16000, 100000);
		break;
	case 2:
		answer_with(run, RIGHT);
		identd.cut_max = 1;
		identd.pause_ms = 14985;
		break;
	default:
		answer_with(run, "? : USERID : UNIX : fred");
		break;
	}
	expect_silence(run);
}

/* The limit on establishing holds for IDENT, too. */
static void establish_limit(struct run *run)
{
	ask(run);
	identd_init(&identd, run, HOST_CLIENT, CLIENT_IP, NULL);
	expect_silence(run);
	run->config = RULES "limit-establish 5s\n";
	code = SOCKS4_REJECTED;
	words = ": refused with 91, not established within limit-establish";
	limit_ms = 5000;
}

static void check_left(struct run *run)
{
	EXPECT(run, client.left);
	EXPECT(run, run->sim.now <= client.left_at + 1000 + 10 * run->sim.latency_max_ms);
	EXPECT(run, run->anklet->sessions.loop.status.refused == 1 && run->log_count == 1);
	EXPECT(run, run_logged(run, "the client left") + run_logged(run, "the client reset") == 1);
	expect_untouched(run);
}

/* The client goes while its identd is asked: so does everything else, within a second. */
static void client_leaves(struct run *run)
{
	ask(run);
	identd_init(&identd, run, HOST_CLIENT, CLIENT_IP, NULL);
	if (run_between(run, 0, 1) == 0)
		run->peer[HOST_CLIENT].host->answer_ms = 20000;
	client.leaves = (uint8_t)run_between(run, CLIENT_SHUTS_DOWN, CLIENT_RESETS);
	client.leave_ms = run_between(run, 100, 13000);
	client.talk.out_len = run_between(run, 0, 20000);
	run->proxy.faults.late_hangup = (uint16_t)run_between(run, 0, 1000);
	run->check = check_left;
}

/* ---- Who is asked ---- */

static void check_not_asked(struct run *run)
{
	EXPECT(run, identd.asked == 0 && identd.from.port == 0);
	check_granted(run);
}

/* The rule that decides says nothing of identd. */
static void no_need(struct run *run)
{
	static const char *const configs[] = {
		"allow user probe\nallow user fred\nallow ident\n",
		"allow user probe\nallow from " CLIENT_IP "\nallow ident\n",
		"allow user probe\nallow to *:1 ident\nallow\n",
	};

	ask_for_good(run);
	run->proxy.before_wait = wait_before;
	run->config = configs[run_between(run, 0, 2)];
	answer_with(run, "? : USERID : UNIX : mallory\r\n");
	run->check = check_not_asked;
}

static void check_denied(struct run *run)
{
	check_refused(run);
	EXPECT(run, identd.asked == 0 && identd.from.port == 0);
}

static void denied(struct run *run)
{
	ask(run);
	run->config = "allow user probe\ndeny user fred\nallow ident\n";
	answer_with(run, RIGHT);
	expect_refusal(run, SOCKS4_REJECTED, ": refused with 91, denied by rule 2");
	run->check = check_denied;
}

#define POSSIBLE "allow user probe\nallow to " OTHER_IP " ident\nallow\n"

/* A rule that may match, once the name's address is known, has its identd asked before the lookup. */
static void possible_match(struct run *run)
{
	bool same = run_between(run, 0, 1) == 1;

	if (same)
		ask_for_good(run);
	else
		ask(run);
	client_ask(
		&client, bind ? SOCKS4_BIND : SOCKS4_CONNECT, NULL, 7000, "fred", "server.example");
	run->config = POSSIBLE;
	answer_with(run, same ? RIGHT : "? : USERID : UNIX : mallory\r\n");
	run->check = check_right;
	if (!same)
		expect_refusal(run, SOCKS4_OTHER_USERID, "names another user");
}

static const struct scenario scenarios[] = {
	{"right", right},
	{"byte_by_byte", byte_by_byte},
	{"from_that_address", from_that_address},
	{"over_ipv6", over_ipv6},
	{"other_user", other_user},
	{"error", error},
	{"malformed", malformed},
	{"ends_early", ends_early},
	{"long_line", long_line},
	{"nobody_listens", nobody_listens},
	{"resets_at_once", resets_at_once},
	{"silence", silence},
	{"establish_limit", establish_limit},
	{"client_leaves", client_leaves},
	{"no_need", no_need},
	{"denied", denied},
	{"possible_match", possible_match},
};

int main(int argc, char **argv)
{
	return scenario_main(argc, argv, scenarios, sizeof scenarios / sizeof *scenarios);
}
