/*
 * Passwords of SOCKS5: whom they are asked of, right ones and wrong ones, and whoever guesses.
 */
#include "actors.h"

#include <string.h>

#define USERS "/etc/users"
#define CLIENTS 7

static const char file[] = "fred:secret\nwilma:\n";

static struct client client[CLIENTS];
static struct server server;

/* The greeting offers both ways, or a password only; then come the name and the password. */
static void say_who(struct client *c, bool only, const char *name, const char *password)
{
	uint8_t said[CLIENT_REQUEST_MAX], *at = said;
	size_t name_len = strlen(name), password_len = strlen(password);
	size_t rest = c->request_len - 3; /* the request, after the greeting of client_ask5() */

	*at++ = 5;
	*at++ = only ? 1 : 2;
	if (!only)
		*at++ = SOCKS5_METHOD_NONE;
	*at++ = SOCKS5_METHOD_PASSWORD;
	c->ends[0] = (size_t)(at - said);
	*at++ = 1;
	*at++ = (uint8_t)name_len;
	memcpy(at, name, name_len);
	at += name_len;
	*at++ = (uint8_t)password_len;
	memcpy(at, password, password_len);
	at += password_len;
	c->ends[1] = (size_t)(at - said);
	c->answers = 2;
	memcpy(at, c->request + 3, rest);
	c->request_len = c->ends[1] + rest;
	memcpy(c->request, said, c->request_len);
}

static void any_manner(struct run *run, struct client *c)
{
	c->polite = run_between(run, 0, 1) == 1;
	if (run_between(run, 0, 2) > 0) {
		c->cut_max = run_between(run, 1, 12);
		c->cut_pause_ms = run_between(run, 0, 20);
	}
	c->early = run_between(run, 0, 1) == 1;
}

static void begin(struct run *run, const char *config)
{
	sim_file(&run->sim, USERS, file, sizeof file - 1);
	run->config = config;
	run->config_added = true;
	run->no_probe = true;
	client_init(&client[0], run, HOST_CLIENT);
	client_ask5(&client[0], SOCKS4_CONNECT, SERVER_IP, 7000, NULL);
	server_init(&server, run, HOST_SERVER, SERVER_IP, 7000);
	pair_streams(&client[0], &server, run_between(run, 0, 3000), run_between(run, 0, 3000));
}

#define WANTED "users " USERS "\nallow password\n"
#define WANTED_OF_SOME "users " USERS "\nallow password to *:7000\nallow connect to *:7000\n"

static void check_granted(struct run *run)
{
	EXPECT(run, client[0].answers_in == client[0].answers);
	EXPECT(run, client_granted(&client[0]));
	EXPECT(run, client[0].talk.in == server.talk[0].out_len);
	EXPECT(run, server.talk[0].in == client[0].talk.out_len);
}

/* ---- Right ones ---- */

static void check_proven(struct run *run)
{
	check_granted(run);
	EXPECT(run, client[0].answer[0][1] == SOCKS5_METHOD_PASSWORD);
	EXPECT(run, memcmp(client[0].answer[1], "\x01\x00", 2) == 0);
	EXPECT(run, run_logged(run, " connect " SERVER_IP ":7000 user \"") == 2);
	/* Where the password stood nothing is left of it. */
	EXPECT(run, run_logged(run, "secret") == 0);
}

static void right(struct run *run)
{
	bool wilma = run_between(run, 0, 1) == 1;

	begin(run, run_between(run, 0, 1) == 0 ? WANTED : WANTED_OF_SOME);
	say_who(&client[0], run_between(run, 0, 1) == 1, wilma ? "wilma" : "fred",
		wilma ? "" : "secret");
	server_expect(&server, 1);
	any_manner(run, &client[0]);
	if (run_between(run, 0, 2) == 0)
		run_rough(run);
	run->check = check_proven;
}

/* A name after a password is read as if nothing had stood there. */
static void then_by_name(struct run *run)
{
	static const char *const addresses[] = {SERVER_IP, NULL};

	begin(run, "users " USERS "\nallow password to a.b\n");
	client_ask5(&client[0], SOCKS4_CONNECT, NULL, 7000, "a.b"); /* shorter than the password */
	say_who(&client[0], false, "fred", "secret");
	name_add(run, "a.b", 0, addresses);
	server_expect(&server, 1);
	any_manner(run, &client[0]);
	run->check = check_granted;
}

/* ---- Who is not asked ---- */

static void check_unasked(struct run *run)
{
	check_granted(run);
	EXPECT(run, client[0].answer[0][1] == SOCKS5_METHOD_NONE);
}

/* No rule could need one; or some could, and this client has none. */
static void unasked(struct run *run)
{
	static const char *const configs[] = {"users " USERS "\nallow\n",
		"users " USERS "\nallow password from 192.168.0.0/16\nallow\n",
		"users " USERS "\nallow to *:7000\nallow\n"};
	uint32_t which = run_between(run, 0, 3);

	begin(run, which < 3 ? configs[which] : WANTED_OF_SOME);
	if (which < 3) {
		/* It offers both, and is let in without: nothing else of a password comes. */
		client[0].request[1] = 2;
		memmove(client[0].request + 4, client[0].request + 3, client[0].request_len - 3);
		client[0].request[3] = SOCKS5_METHOD_PASSWORD;
		client[0].request_len++;
		client[0].ends[0] = 4;
	}
	server_expect(&server, 1);
	any_manner(run, &client[0]);
	run->check = check_unasked;
}

/* ---- Wrong ones ---- */

static void check_wrong(struct run *run)
{
	const struct client *c = &client[0];

	EXPECT(run, c->answers_in == 1 && c->answer[0][1] == SOCKS5_METHOD_PASSWORD);
	EXPECT(run, memcmp(c->answer[1], "\x01\x01", 2) == 0 && c->replies_in == 0);
	EXPECT(run, c->end == PORT_EOF && server.accepted == 0);
	EXPECT(run, c->over_at - c->connected_at >= 2000 && c->over_at - c->connected_at < 5000);
	EXPECT(run, run_logged(run, ": refused with 1, wrong name or password after ") == 1);
	EXPECT(run, run->log_count == 2); /* and that passwords come in the clear */
}

static void wrong(struct run *run)
{
	static const char *const pairs[][2] = {
		{"fred", "Secret"}, {"fred", ""}, {"barney", "secret"}, {"", ""}, {"wilma", "x"}};
	uint32_t which = run_between(run, 0, 4);

	begin(run, WANTED);
	say_who(&client[0], false, pairs[which][0], pairs[which][1]);
	any_manner(run, &client[0]);
	if (run_between(run, 0, 1) == 1) {
		client[0].leaves = CLIENT_SHUTS_DOWN; /* that is no way to be told at once */
		client[0].leave_at = client[0].ends[1];
	}
	run->check = check_wrong;
}

static void check_without(struct run *run)
{
	EXPECT(run,
		client[0].end == PORT_EOF && client[0].answer[0][1] == SOCKS5_METHOD_UNACCEPTABLE);
	EXPECT(run, run_logged(run, "offers no way to say who it is that is accepted") == 1);
}

/* All rules that allow something need one. */
static void without(struct run *run)
{
	begin(run, WANTED);
	any_manner(run, &client[0]);
	client[0].polite = false;
	run->check = check_without;
}

static void check_claim(struct run *run)
{
	EXPECT(run, client_code(&client[0]) == SOCKS4_REJECTED);
	EXPECT(run, run_logged(run, "user \"fred\": refused with 91, no allow line matches") == 1);
}

/* SOCKS4's fred is whoever says so. */
static void claimed(struct run *run)
{
	begin(run, run_between(run, 0, 1) == 0 ? WANTED : "users " USERS "\nallow user fred\n");
	client[0].socks5 = false;
	client[0].answers = 0;
	client_ask(&client[0], SOCKS4_CONNECT, SERVER_IP, 7000, "fred", NULL);
	run->check = check_claim;
}

/* ---- Guessing ---- */

/* The first five are told that it is wrong, the sixth is not even asked, though it knows the password. */
static void check_guessing(struct run *run)
{
	for (unsigned i = 0; i < 5; i++)
		EXPECT(run, client[i].answer[1][1] == 1);
	EXPECT(run, client[5].answer[0][1] == SOCKS5_METHOD_UNACCEPTABLE);
	EXPECT(run, run_logged(run, "too many wrong passwords from this address") == 1);
	EXPECT(run, client[6].answers_in == 2 && client_granted(&client[6]));
}

static void guessing(struct run *run)
{
	begin(run, WANTED);
	for (unsigned i = 0; i < CLIENTS; i++) {
		client_init(&client[i], run, HOST_CLIENT);
		run->actors_left -= i == 0; /* begin() has counted it */
		client_ask5(&client[i], SOCKS4_CONNECT, SERVER_IP, 7000, NULL);
		say_who(&client[i], true, "fred", i < 5 ? "guess" : "secret");
		client[i].start_ms = i < 5 ? 100 * i : i == 5 ? 10000 : 90000;
		client[i].talk.out_key = client[6].talk.in_key = 0;
	}
	server.pattern.out_len = server.pattern.in_key = server.pattern.out_key = 0;
	run->limit_ms = 1000000;
	run->check = check_guessing;
}

/* ---- How many sessions a user may have ---- */

/*
 * Two of fred's go on, the third is refused; wilma is somebody else; and when one has ended there is room for a fourth.
 */
static void check_limit_user(struct run *run)
{
	EXPECT(run, client_granted(&client[0]) && client_granted(&client[1]));
	EXPECT(run, client_code(&client[2]) == SOCKS5_DENIED && client[2].end == PORT_EOF);
	EXPECT(run, client_granted(&client[3]) && client_granted(&client[4]));
	EXPECT(run, run_logged(run, "as many sessions as limit-user allows") == 1);
}

static void limit_user(struct run *run)
{
	begin(run, WANTED "limit-user 2\n");
	run->actors_left--; /* begin() has counted the first */
	server.pattern = (struct talk){.run = run, .port = server.actor.port};
	for (unsigned i = 0; i < 5; i++) {
		client_init(&client[i], run, HOST_CLIENT);
		client_ask5(&client[i], SOCKS4_CONNECT, SERVER_IP, 7000, NULL);
		say_who(&client[i], true, i == 3 ? "wilma" : "fred", i == 3 ? "" : "secret");
		client[i].start_ms = i < 2 ? i : 1000 * i;
		client[i].talk.last = i == 0 ? TALK_HOLD : TALK_FIN;
		client[i].talk.reset_ms = i == 0 ? 20000 : 0;
	}
	client[1].talk.last = TALK_HOLD;
	client[1].talk.reset_ms = 3500; /* before the fourth */
	run->check = check_limit_user;
}

static void check_left(struct run *run)
{
	EXPECT(run, run->sim.now < 60000);
	EXPECT(run, server.accepted <= 1);
}

/* At any byte, and while a wrong one waits. */
static void leaves(struct run *run)
{
	begin(run, WANTED);
	say_who(&client[0], false, "fred", run_between(run, 0, 1) == 0 ? "secret" : "guess");
	client[0].leaves = (uint8_t)run_between(run, CLIENT_SHUTS_DOWN, CLIENT_RESETS);
	if (run_between(run, 0, 1) == 0)
		client[0].leave_at = run_between(run, 1, (uint32_t)client[0].request_len);
	else
		client[0].leave_ms = run_between(run, 1, 3000);
	client[0].talk.last = TALK_CLOSE;
	run->check = check_left;
}

/* ---- The start ---- */

static const char *complaint;

static void check_start(struct run *run)
{
	EXPECT(run, strstr(run->failure.words, complaint) != NULL);
}

static void bad_file(struct run *run)
{
	static const char spoilt[] = "fred:secret\nwilma\n";
	uint32_t which = run_between(run, 0, 3);

	begin(run, which == 3 ? "allow password\n" : WANTED);
	run->start_fails = true;
	if (which == 0) {
		sim_file(&run->sim, USERS, file, sizeof file - 1)->public = true;
		complaint = "others can read it";
	} else if (which == 1) {
		sim_file(&run->sim, USERS, spoilt, sizeof spoilt - 1);
		complaint = "line 2: there is no ':'";
	} else if (which == 2) {
		sim_file(&run->sim, USERS, file, 0)->answer = PORT_NO_NAME;
		complaint = "no such file";
	} else {
		complaint = "it wants a password, which nobody has";
	}
	run->check = check_start;
}

static const struct scenario scenarios[] = {
	{"right", right},
	{"then_by_name", then_by_name},
	{"unasked", unasked},
	{"wrong", wrong},
	{"without", without},
	{"claimed", claimed},
	{"guessing", guessing},
	{"limit_user", limit_user},
	{"leaves", leaves},
	{"bad_file", bad_file},
};

int main(int argc, char **argv)
{
	return scenario_main(argc, argv, scenarios, sizeof scenarios / sizeof *scenarios);
}
