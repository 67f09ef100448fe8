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
static enum verdict choose(struct sessions *all, struct session *s)
{
	const struct config *c = all->settings->config;
	const struct users *users = SESSION_USERS(all);
	bool nothing = (s->reader.offered & OFFER_NOTHING) != 0;
	bool password = (s->reader.offered & OFFER_PASSWORD) != 0;
	struct rules_proof proof;

	s->reason = REASON_NO_METHOD;
	if (!CONFIG_ANKLET_PASSWORDS || !users->given)
		return nothing ? VERDICT_GRANTED : VERDICT_FAILED;
	proof = rules_proof(&c->rules, &c->strings, users, &s->from.ip);
	if (password && (proof.wanted || !nothing)) {
		if (!users_is_guessing(
			    users, &all->loop.clients.client[s->holder].key, loop_time(&all->loop)))
			return VERDICT_PASSWORD;
		s->reason = REASON_GUESSING;
	}
	return nothing && (proof.unwanted || !proof.wanted) ? VERDICT_GRANTED : VERDICT_FAILED;
}

/* The next message begins. */
static enum session_next begin_message(
	struct sessions *all, struct session *s, enum stage stage, enum session_state state)
{
	memset(&s->reader, 0, sizeof s->reader);
	s->stage = (uint8_t)stage;
	return session_enter(all, s, state);
}

static enum session_next greeted(struct sessions *all, struct session *s, size_t len)
{
	enum verdict verdict;

	if (len == 0)
		return begin_message(all, s, STAGE_REQUEST, SESSION_REQUEST);
	verdict = choose(all, s);
	if (verdict == VERDICT_FAILED)
		return NEXT_REFUSE;
	s->reader.offered =
		verdict == VERDICT_PASSWORD ? OFFER_PASSWORD : OFFER_NOTHING; /* it is taken */
	return session_enter(all, s, SESSION_METHOD);
}

/* Sends an answer. NEXT_STATE: all of it was taken. */
static enum session_next answer(struct sessions *all, struct session *s, enum verdict verdict)
{
	int r = session_send_reply(all, s, verdict, NULL);

	if (r == PORT_AGAIN)
		return NEXT_WAIT;
	return r == 0 ? NEXT_STATE : session_broken(s, r, REASON_CLIENT_RESET);
}

enum session_next session_method(struct sessions *all, struct session *s)
{
	bool password = CONFIG_ANKLET_PASSWORDS && s->reader.offered == OFFER_PASSWORD;
	enum session_next next = answer(all, s, password ? VERDICT_PASSWORD : VERDICT_GRANTED);

	if (next != NEXT_STATE)
		return next;
	if (password)
		return begin_message(all, s, STAGE_PASSWORD, SESSION_PASSWORD);
	return begin_message(all, s, STAGE_REQUEST, SESSION_REQUEST);
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
	int r = port_peer_closed(all->loop.port, s->client.sock);

	if (r != PORT_AGAIN && r != PORT_EOF)
		return session_broken(s, r, REASON_CLIENT_RESET);
	return s->step_due ? session_refuse(s, REASON_WRONG_PASSWORD) : NEXT_WAIT;
}

enum session_next session_proven(struct sessions *all, struct session *s)
{
	enum session_next next = answer(all, s, VERDICT_GRANTED);

	return next == NEXT_STATE ? begin_message(all, s, STAGE_REQUEST, SESSION_REQUEST) : next;
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

enum session_next session_early(struct sessions *all, struct session *s, size_t len)
{
	bool greeting = !CONFIG_ANKLET_PASSWORDS || s->stage == STAGE_GREETING;

	return greeting ? greeted(all, s, len) : prove(all, s);
}
