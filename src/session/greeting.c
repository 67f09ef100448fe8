/*
 * What comes before a request: a client of SOCKS5 offers ways to say who it is, and is told which one is taken; then it
 * says who it is, where that is the one with a password.
 *
 * Its messages may all have come at once. Each is read to its last byte and answered before the next one is looked
 * at; what is not read yet waits in the socket.
 */
#include "session/session.h"

#include <string.h>

#define WRONG_MS 2000 /* that a wrong password waits for its answer */

/* Whoever may not guess any more has to do without; the reason, where that does not do. */
static enum method choose_method(struct sessions *all, struct session *s)
{
	const struct config *c = all->settings->config;
	const struct users *users = SESSION_USERS(all);
	bool none = (s->reader.offered & METHOD_BIT(METHOD_NONE)) != 0;
	bool password = (s->reader.offered & METHOD_BIT(METHOD_PASSWORD)) != 0;
	struct rules_proof proof;

	s->reason = REASON_NO_METHOD;
	if (!CONFIG_ANKLET_PASSWORDS || !users->given)
		return none ? METHOD_NONE : METHOD_UNACCEPTABLE;
	proof = rules_proof(&c->rules, &c->strings, users, &s->from.ip);
	if (password && (proof.wanted || !none)) {
		if (!users_is_guessing(
			    users, &all->loop.clients.client[s->holder].key, loop_time(&all->loop)))
			return METHOD_PASSWORD;
		s->reason = REASON_GUESSING;
	}
	return none && (proof.unwanted || !proof.wanted) ? METHOD_NONE : METHOD_UNACCEPTABLE;
}

/* The next message begins. */
static void clear_reader(struct session *s)
{
	memset(&s->reader, 0, sizeof s->reader);
}

static enum session_next greeted(struct sessions *all, struct session *s, size_t len)
{
	enum method method;

	if (len == 0)
		return session_enter(all, s, SESSION_REQUEST);
	method = choose_method(all, s);
	if (method == METHOD_UNACCEPTABLE)
		return NEXT_REFUSE;
	clear_reader(s);
	s->reader.offered = (uint8_t)method; /* this one is taken */
	return session_enter(all, s, SESSION_METHOD);
}

/* Sends an answer. NEXT_STATE: all of it was taken. */
static enum session_next answer(
	struct sessions *all, struct session *s, const uint8_t *bytes, size_t len)
{
	int r = session_send(all, s, &s->client, bytes, len);

	if (r == PORT_AGAIN)
		return NEXT_WAIT;
	return r == 0 ? NEXT_STATE : session_ended(s, REASON_CLIENT_RESET, NEXT_RESET);
}

enum session_next session_method(struct sessions *all, struct session *s)
{
	enum method method = (enum method)s->reader.offered;
	uint8_t reply[METHOD_REPLY_LEN];
	enum session_next next;

	method_reply(reply, method);
	next = answer(all, s, reply, sizeof reply);
	if (next != NEXT_STATE)
		return next;
	clear_reader(s);
	return session_enter(
		all, s, method == METHOD_PASSWORD ? SESSION_PASSWORD : SESSION_REQUEST);
}

/* ---- Passwords ---- */

/*
 * Nothing of it stays: where it stands the name of the request will. Whoever has guessed too often meanwhile, by other
 * connections that were asked for a password at the same time, is wrong whatever it is.
 */
static enum session_next prove(struct sessions *all, struct session *s)
{
	struct users *users = SESSION_USERS(all);
	const struct ip *key = &all->loop.clients.client[s->holder].key;
	struct request *r = &s->request;

	s->proven = !users_is_guessing(users, key, loop_time(&all->loop)) &&
		    users_prove(users, r->userid, r->userid_len, r->name, r->name_len);
	memset(r->name, 0, sizeof r->name);
	r->name_len = 0;
	clear_reader(s);
	if (s->proven)
		return session_enter(all, s, SESSION_PROVEN);
	users_note_wrong(users, key, loop_time(&all->loop));
	session_enter(all, s, SESSION_WRONG_PASSWORD);
	session_set_step(all, s, TIMER_WRONG_PASSWORD, WRONG_MS);
	return NEXT_STATE;
}

enum session_next session_wrong_password(struct sessions *all, struct session *s)
{
	/* One that has ended its direction waits all the same: it would be told at once. */
	if (port_peer_closed(all->loop.port, s->client.sock) == PORT_RESET)
		return session_ended(s, REASON_CLIENT_RESET, NEXT_RESET);
	return s->step_due ? session_refuse(s, REASON_WRONG_PASSWORD) : NEXT_WAIT;
}

enum session_next session_proven(struct sessions *all, struct session *s)
{
	enum session_next next = answer(all, s, password_reply, sizeof password_reply);

	return next == NEXT_STATE ? session_enter(all, s, SESSION_REQUEST) : next;
}

/* Those that only drain, or linger, are none any more. */
static bool counts(const struct session *other, const struct session *s)
{
	return other != s && other->proven && other->request_whole &&
	       other->state <= SESSION_RELAY &&
	       other->request.userid_len == s->request.userid_len &&
	       memcmp(other->request.userid, s->request.userid, s->request.userid_len) == 0;
}

bool session_is_over_limit_user(const struct sessions *all, const struct session *s)
{
	unsigned count = 0, limit = all->settings->config->limit_user;

	for (unsigned i = 0; limit > 0 && i < all->used; i++)
		count += counts(&all->session[i], s);
	return limit > 0 && count >= limit;
}

/* ---- For request.c ---- */

enum parse session_read_early(struct session *s, const uint8_t *data, size_t len, size_t *used)
{
	return (s->state == SESSION_GREETING ? greeting_read : password_read)(
		&s->reader, &s->request, data, len, used);
}

enum session_next session_early(struct sessions *all, struct session *s, size_t len)
{
	return s->state == SESSION_GREETING ? greeted(all, s, len) : prove(all, s);
}
