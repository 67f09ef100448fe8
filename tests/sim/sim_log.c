/*
 * The log: one clean line for each event, whatever clients put into it, and none is ever waited for.
 */
#include "crowd.h"

#include <stdio.h>
#include <string.h>

#define SHOWN_MAX CONFIG_ANKLET_LOG_LINE

static struct client client;
static struct server server;
static char userid[256], name[256];
static char shown_userid[SHOWN_MAX], shown_name[SHOWN_MAX], asked[SHOWN_MAX + 16];

/* ---- What clients put into it ---- */

/* The kinds of bytes that have done harm in logs. */
static char nasty(struct run *run)
{
	static const char bytes[] = "%%%\r\n\033\b\t\"\\'`$;<>\177\200\233\377";

	switch (run_between(run, 0, 3)) {
	case 0:
		return (char)run_between(run, 1, 255);
	case 1:
		return (char)run_between(run, 0x20, 0x7e);
	case 2:
		return "%snxd\033[2J\n"[run_between(run, 0, 9)];
	default:
		return bytes[run_between(run, 0, sizeof bytes - 2)];
	}
}

static void fill(struct run *run, char *text, size_t low, bool is_name)
{
	size_t len = run_between(run, 0, 2) == 0 ? 255 : run_between(run, (uint32_t)low, 255);

	for (size_t i = 0; i < len; i++) {
		unsigned char c;

		do
			c = (unsigned char)nasty(run);
		while (is_name && (c <= 0x20 || c == 0x7f));
		text[i] = (char)c;
	}
	text[len] = '\0';
}

/* As the log is to show it: printable ASCII, the rest as \xHH, and no more than there is room for. */
static void show(const char *text, char *shown, size_t room)
{
	size_t used = 0;

	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;
		char byte[5] = {(char)c};

		if (c == '"' || c == '\\')
			snprintf(byte, sizeof byte, "\\%c", c);
		else if (c < 0x20 || c > 0x7e)
			snprintf(byte, sizeof byte, "\\x%02x", (unsigned)c);
		if (used + strlen(byte) >= room) {
			strcpy(shown + used, "\\...");
			return;
		}
		strcpy(shown + used, byte);
		used += strlen(byte);
	}
	shown[used] = '\0';
}

static void begin(struct run *run, const char *wanted)
{
	fill(run, userid, 0, false);
	client_init(&client, run, HOST_CLIENT);
	client_ask(&client, SOCKS4_CONNECT, SERVER_IP, 7000, userid, wanted);
	client.cut_max = run_between(run, 0, 100);
	server_init(&server, run, HOST_SERVER, SERVER_IP, 7000);
	run->config_added = true;
}

static void serve(struct run *run)
{
	pair_up(&client, &server, run_between(run, 0, 3000), run_between(run, 0, 3000));
}

/* ---- The lines ---- */

/* A line about the session: who, what, userid, and the event, to which a time may be added. */
static void expect_line(struct run *run, unsigned n, const char *wanted, const char *event)
{
	static char line[3 * CONFIG_ANKLET_LOG_LINE];
	size_t len;

	len = (size_t)snprintf(line, sizeof line, "session 1 " CLIENT_IP ":%u%s%s%s",
		(unsigned)client.at.port, wanted, wanted[0] == '\0' ? "" : ":7000",
		userid[0] == '\0' ? "" : " user \"");
	show(userid, shown_userid, CONFIG_ANKLET_LOG_LINE - 176 - len);
	snprintf(line + len, sizeof line - len, "%s%s: %s", shown_userid,
		userid[0] == '\0' ? "" : "\"", event);
	len = strlen(line);
	EXPECT(run, strncmp(run->log[n], line, len) == 0);
	EXPECT(run, strlen(run->log[n]) > len && strlen(run->log[n]) < len + 40);
}

static void check_granted(struct run *run)
{
	EXPECT(run, client_code(&client) == SOCKS4_GRANTED);
	EXPECT(run, server.talk[0].in == client.talk.out_len);
	EXPECT(run, client.talk.in == server.pattern.out_len);
	EXPECT(run, client.talk.in_end == PORT_EOF && server.talk[0].in_end == PORT_EOF);
}

static void check_two_lines(struct run *run)
{
	check_granted(run);
	EXPECT(run, run->log_count == 2);
	expect_line(run, 0, " connect " SERVER_IP, "granted, " SERVER_IP ":7000 after ");
	expect_line(run, 1, " connect " SERVER_IP, "closed, both sides ended, up ");
}

static void userids(struct run *run)
{
	begin(run, NULL);
	serve(run);
	run->check = check_two_lines;
}

static void check_one_line(struct run *run)
{
	EXPECT(run, client_code(&client) == SOCKS4_REJECTED);
	EXPECT(run, run->log_count == 1);
	snprintf(asked, sizeof asked, " connect %s", shown_name);
	expect_line(run, 0, asked, "refused with 91, the name has no address after ");
}

/* Both at their longest make one line, and do not push the reason out of it. */
static void names(struct run *run)
{
	do
		fill(run, name, 1, true);
	while (ip_may_be_meant(name, strlen(name)));
	show(name, shown_name, (CONFIG_ANKLET_LOG_LINE - 256) / 2);
	begin(run, name);
	run->check = check_one_line;
}

static void check_bad_name(struct run *run)
{
	EXPECT(run, client_code(&client) == SOCKS4_REJECTED);
	EXPECT(run, run->log_count == 1 && strchr(run->log[0], '\n') == NULL);
	expect_line(
		run, 0, "", "refused with 91, the name has a blank or a control character after ");
}

/* A name with such a byte is refused, and the line says no more of it. */
static void bad_name(struct run *run)
{
	static const char bad[] = " \r\n\t\033\001\177";

	fill(run, name, 1, true);
	name[run_between(run, 0, (uint32_t)strlen(name) - 1)] = bad[run_between(run, 0, 6)];
	begin(run, name);
	run->check = check_bad_name;
}

/* ---- The budget ---- */

#define FLOODERS 30
#define FLOOD_LIMIT 8

static struct client flood[FLOODERS], other;
static struct bell minutes_later;

static void over(struct run *run)
{
	run_actor_done(run);
}

static void check_flood(struct run *run)
{
	unsigned refused = run_logged(run, "refused with 91, denied by rule 1");

	EXPECT(run, refused == FLOOD_LIMIT);
	EXPECT(run,
		run_logged(run, "10.0.0.2: and 22 more, the same again or beyond limit-log") == 1);
	EXPECT(run, run_logged(run, "session") == FLOOD_LIMIT + 2);
	EXPECT(run, client_code(&other) == SOCKS4_GRANTED);
	EXPECT(run, run_logged(run, "granted, ") == 1 &&
			    run_logged(run, "closed, both sides ended") == 1);
}

/* One client's refusals do not fill the log; what is said of another is all there, and how much was not said. */
static void flooded(struct run *run)
{
	run->config = "limit-log 8\ndeny from " CLIENT_IP "\nallow\n";
	run->config_added = true;
	run->no_probe = true;
	for (unsigned i = 0; i < FLOODERS; i++) {
		client_init(&flood[i], run, HOST_CLIENT);
		client_ask(&flood[i], SOCKS4_CONNECT, SERVER_IP, 7000, "user", NULL);
		flood[i].start_ms = run_between(run, 1, 50000);
	}
	client_init(&other, run, HOST_OTHER);
	client_ask(&other, SOCKS4_CONNECT, SERVER_IP, 7000, "user", NULL);
	server_init(&server, run, HOST_SERVER, SERVER_IP, 7000);
	pair_up(&other, &server, 1, 0);
	other.talk.last = TALK_FIN;
	other.start_ms = run_between(run, 50001, 55000);
	other.talk.piece_max = 1;
	server.pattern.last = TALK_FIN_AFTER_FIN;
	bell_init(&minutes_later, run, 120000, over);
	run->actors_left++;
	run->check = check_flood;
}

/* ---- Levels, and no log at all ---- */

static void check_silent(struct run *run)
{
	check_granted(run);
	EXPECT(run, run->log_count == 0);
}

static void level(struct run *run)
{
	begin(run, NULL);
	serve(run);
	run->config = run_between(run, 0, 1) == 0 ? "log warning\n" : "log error\n";
	run->check = check_silent;
}

static void check_unavailable(struct run *run)
{
	check_granted(run);
	EXPECT(run, run->log_count <= 4); /* two, and one about lost ones before each */
	EXPECT(run, run->anklet->sessions.loop.status.granted == 1);
}

/* Lines that cannot be taken change nothing. */
static void unavailable(struct run *run)
{
	begin(run, NULL);
	serve(run);
	run->proxy.faults.no_log = (uint16_t)run_between(run, 1, 1000);
	if (run_between(run, 0, 1) == 0)
		run_rough(run);
	run->check = check_unavailable;
}

static const struct scenario scenarios[] = {
	{"userids", userids},
	{"names", names},
	{"bad_name", bad_name},
	{"flooded", flooded},
	{"level", level},
	{"unavailable", unavailable},
};

int main(int argc, char **argv)
{
	return scenario_main(argc, argv, scenarios, sizeof scenarios / sizeof *scenarios);
}
