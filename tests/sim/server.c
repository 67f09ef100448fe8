/*
 * Servers and identd. See actors.h.
 */
#include "actors.h"

#include <assert.h>
#include <string.h>

static port_sock listen_at(struct port *port, const char *ip, uint16_t number, int backlog)
{
	struct address at = {.port = number};
	port_sock listener;
	bool parsed = ip_parse(ip, strlen(ip), &at.ip);
	int r = port_listen(port, &at, backlog, &listener);

	assert(parsed && r == 0);
	(void)parsed;
	(void)r;
	return listener;
}

/* ---- A server ---- */

static void begin_talk(struct server *server, port_sock sock, const struct address *from)
{
	unsigned i = server->accepted++;

	if (server->resets || i >= SERVER_TALKS) {
		port_reset(server->actor.port, &sock);
		server->over++;
		return;
	}
	server->from[i] = *from;
	server->talk[i] = server->pattern;
	server->talk[i].stream.sock = sock;
}

static void accept_all(struct server *server, uint64_t *wake)
{
	struct address from;
	port_sock sock;

	if (server->listener == PORT_NONE)
		return;
	if (server->run->sim.now < server->accept_ms) {
		*wake = server->accept_ms;
		return;
	}
	while (port_accept(server->actor.port, server->listener, &sock, &from) == 0)
		begin_talk(server, sock, &from);
}

static void server_run(struct sim_actor *actor)
{
	struct server *server = (struct server *)actor;
	uint64_t wake = UINT64_MAX;

	accept_all(server, &wake);
	for (unsigned i = 0; i < server->accepted && i < SERVER_TALKS; i++) {
		struct talk *talk = &server->talk[i];

		if (talk->run != NULL && !talk->over && talk_run(talk, &wake))
			server->over++;
	}
	actor_wake(actor, wake);
	if (!server->done && server->expected != 0 && server->over >= server->expected) {
		server->done = true;
		server_stop(server);
		run_actor_done(server->run);
	}
}

void server_init(
	struct server *server, struct run *run, enum run_host host, const char *ip, uint16_t port)
{
	memset(server, 0, sizeof *server);
	server->run = run;
	server->pattern.run = run;
	server->pattern.port = &run->peer[host];
	server->listener = listen_at(&run->peer[host], ip, port, SERVER_TALKS);
	sim_act(&server->actor, &run->peer[host], server_run);
}

void server_expect(struct server *server, unsigned connections)
{
	assert(server->expected == 0 && connections > 0);
	server->expected = connections;
	server->run->actors_left++;
}

void server_stop(struct server *server)
{
	port_close(server->actor.port, &server->listener);
}

void pair_streams(struct client *client, struct server *server, uint32_t up, uint32_t down)
{
	uint32_t key = run_between(client->run, 1, UINT32_MAX - 1);

	client->talk.out_key = server->pattern.in_key = key;
	client->talk.in_key = server->pattern.out_key = ~key;
	client->talk.out_len = up;
	server->pattern.out_len = down;
}

void pair_up(struct client *client, struct server *server, uint32_t up, uint32_t down)
{
	pair_streams(client, server, up, down);
	server_expect(server, 1);
}

/* ---- identd ---- */

static void compose(struct identd *identd)
{
	size_t question = identd->question_len;

	while (question > 0 &&
		(identd->question[question - 1] == '\n' || identd->question[question - 1] == '\r'))
		question--;
	for (const char *from = identd->answer; *from != '\0'; from++) {
		size_t len = *from == '?' ? question : 1;

		assert(identd->text_len + len <= sizeof identd->text);
		memcpy(identd->text + identd->text_len, *from == '?' ? identd->question : from,
			len);
		identd->text_len += len;
	}
}

static void read_question(struct identd *identd)
{
	while (identd->text_len == 0) {
		int n = port_read(identd->actor.port, identd->sock,
			identd->question + identd->question_len,
			sizeof identd->question - identd->question_len);

		if (n == PORT_AGAIN)
			return;
		if (n < 0) {
			port_close(identd->actor.port, &identd->sock);
			return;
		}
		identd->question_len += (size_t)n;
		EXPECT(identd->run, identd->question_len < sizeof identd->question);
		if (identd->question[identd->question_len - 1] != '\n')
			continue;
		identd->asked++;
		if (identd->answer == NULL)
			return;
		compose(identd);
		identd->answer_at = identd->run->sim.now + identd->pause_ms;
	}
}

/* Sends on in the answer, and then in the byte that is to be repeated. */
static void send_answer(struct identd *identd)
{
	while (identd->text_sent < identd->text_len + identd->repeat) {
		size_t at = identd->text_sent < identd->text_len ? identd->text_sent
								 : identd->text_len - 1;
		size_t len = identd->text_len - at;
		int n;

		if (identd->cut_max != 0 && len > identd->cut_max)
			len = identd->cut_max;
		n = port_send(identd->actor.port, identd->sock, identd->text + at, len);
		if (n == PORT_AGAIN)
			return;
		if (n < 0) {
			port_close(identd->actor.port, &identd->sock);
			return;
		}
		identd->text_sent += (size_t)n;
		if (identd->cut_max != 0 && identd->text_sent < identd->text_len) {
			identd->answer_at = identd->run->sim.now + 1;
			return;
		}
	}
	if (identd->resets)
		port_reset(identd->actor.port, &identd->sock);
	else if (identd->closes)
		port_close(identd->actor.port, &identd->sock);
}

static void answer_question(struct identd *identd)
{
	uint8_t byte;

	read_question(identd);
	if (identd->sock == PORT_NONE || identd->text_len == 0)
		return;
	if (identd->run->sim.now >= identd->answer_at)
		send_answer(identd);
	if (identd->sock == PORT_NONE)
		return;
	if (identd->run->sim.now < identd->answer_at)
		actor_wake(&identd->actor, identd->answer_at);
	if (port_read(identd->actor.port, identd->sock, &byte, 1) != PORT_AGAIN)
		port_close(identd->actor.port, &identd->sock);
}

/* One connection at a time. */
static void identd_run(struct sim_actor *actor)
{
	struct identd *identd = (struct identd *)actor;

	if (identd->sock != PORT_NONE)
		answer_question(identd);
	while (identd->sock == PORT_NONE &&
		port_accept(actor->port, identd->listener, &identd->sock, &identd->from) == 0) {
		identd->question_len = identd->text_len = identd->text_sent = 0;
		answer_question(identd);
	}
}

void identd_init(struct identd *identd, struct run *run, enum run_host host, const char *ip,
	const char *answer)
{
	memset(identd, 0, sizeof *identd);
	identd->run = run;
	identd->answer = answer;
	identd->sock = PORT_NONE;
	identd->listener = listen_at(&run->peer[host], ip, IDENT_PORT, SERVER_TALKS);
	sim_act(&identd->actor, &run->peer[host], identd_run);
}
