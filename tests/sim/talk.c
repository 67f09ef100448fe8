/*
 * Either side of a connection, while bytes go over it. See actors.h.
 */
#include "actors.h"

#include <assert.h>
#include <string.h>

void actor_wake(struct sim_actor *actor, uint64_t at)
{
	const struct sim *sim = actor->port->sim;
	uint64_t ms = at > sim->now ? at - sim->now : 0;

	if (at != UINT64_MAX) /* too early is only for nothing */
		sim_timer(actor, ms < INT32_MAX ? (int32_t)ms : INT32_MAX);
}

static void lower(uint64_t *wake, uint64_t at)
{
	if (at < *wake)
		*wake = at;
}

static uint64_t now(const struct talk *talk)
{
	return talk->run->sim.now;
}

/* A pause holds, whatever else wakes the actor meanwhile. */
static bool paused(const struct talk *talk, uint64_t until, uint64_t *wake)
{
	if (now(talk) >= until)
		return false;
	lower(wake, until);
	return true;
}

uint8_t talk_byte(uint32_t key, uint32_t position)
{
	uint32_t x = (key ^ position) * 0x9e3779b1u;

	return (uint8_t)((x ^ x >> 15) >> 8);
}

/* How much may be sent by now. */
static uint32_t out_limit(const struct talk *talk)
{
	if (talk->out_wait != 0 && talk->in == 0 && talk->out_wait < talk->out_len)
		return talk->out_wait;
	return talk->out_len;
}

/* The next TALK_PIECE bytes that go out. */
static const uint8_t *piece(struct talk *talk)
{
	if (!talk->has_made || talk->out - talk->made_at > TALK_PIECE) {
		for (uint32_t i = 0; i < sizeof talk->made; i++)
			talk->made[i] = talk_byte(talk->out_key, talk->out + i);
		talk->made_at = talk->out;
		talk->has_made = true;
	}
	return talk->made + (talk->out - talk->made_at);
}

void talk_send(struct talk *talk, uint64_t *wake)
{
	if (paused(talk, talk->out_at, wake))
		return;
	while (talk->out_end == 0 && talk->out < out_limit(talk)) {
		uint32_t len = out_limit(talk) - talk->out;
		int n;

		if (talk->piece_max != 0 && len > talk->piece_max)
			len = talk->piece_max;
		if (len > TALK_PIECE)
			len = TALK_PIECE;
		n = stream_send(talk->port, &talk->stream, piece(talk), len);
		if (n == PORT_AGAIN)
			return;
		if (n < 0)
			talk->out_end = n;
		else
			talk->out += (uint32_t)n;
		if (talk->piece_max != 0) {
			talk->out_at = now(talk) + talk->pause_ms;
			if (talk->out < out_limit(talk))
				lower(wake, talk->out_at);
			return;
		}
	}
}

/* What comes in is the greeting, and after it the stream. */
static void verify(struct talk *talk, const uint8_t *data, uint32_t len)
{
	uint32_t greeting = talk->greeting != NULL ? (uint32_t)strlen(talk->greeting) : 0;
	uint32_t at = 0;
	unsigned wrong = 0;

	for (; at < len && talk->in + at < greeting; at++)
		wrong |= data[at] ^ (uint8_t)talk->greeting[talk->in + at];
	for (; at < len; at++)
		wrong |= data[at] ^ talk_byte(talk->in_key, talk->in + at - greeting);
	EXPECT(talk->run, wrong == 0);
}

static void read_on(struct talk *talk, uint64_t *wake)
{
	if (paused(talk, talk->in_at, wake))
		return;
	while (talk->in_end == 0 && !talk->run->failed) {
		const uint8_t *data;
		int n = stream_peek(talk->port, &talk->stream, &data);

		if (n == TLS_TICK)
			continue;
		if (n == PORT_AGAIN)
			return;
		if (n < 0) {
			talk->in_end = n;
			return;
		}
		if (talk->in_max != 0 && (uint32_t)n > talk->in_max)
			n = (int)talk->in_max;
		verify(talk, data, (uint32_t)n);
		stream_consume(talk->port, &talk->stream, (size_t)n);
		talk->in += (uint32_t)n;
		if (talk->reset_at != 0 && talk->in >= talk->reset_at)
			return;
		if (talk->in_max != 0) {
			talk->in_at = now(talk) + talk->pause_ms;
			lower(wake, talk->in_at);
			return;
		}
	}
}

static void echo(struct talk *talk)
{
	while (talk->in_end == 0 && talk->out_end == 0 && !talk->run->failed) {
		const uint8_t *data;
		int sent, n;

		if (stream_flush(talk->port, &talk->stream) == PORT_AGAIN)
			return;
		n = stream_peek(talk->port, &talk->stream, &data);
		if (n == TLS_TICK)
			continue;
		if (n == PORT_AGAIN)
			return;
		if (n < 0) {
			talk->in_end = n;
			return;
		}
		verify(talk, data, (uint32_t)n);
		sent = stream_send(talk->port, &talk->stream, data, (size_t)n);
		if (sent == PORT_AGAIN)
			return;
		if (sent < 0) {
			talk->out_end = sent;
			return;
		}
		stream_consume(talk->port, &talk->stream, (size_t)sent);
		talk->in += (uint32_t)sent;
		talk->out += (uint32_t)sent;
	}
}

/* A reset is heard of even where nobody reads, or after a FIN. */
static void listen_for_reset(struct talk *talk)
{
	if (talk->deaf || talk->in_end == PORT_EOF)
		talk->reset = port_peer_closed(talk->port, talk->stream.sock) == PORT_RESET;
	talk->reset = talk->reset || talk->in_end == PORT_RESET || talk->out_end == PORT_RESET;
	if (talk->reset && talk->deaf)
		talk->in_end = PORT_RESET;
}

static bool all_sent(const struct talk *talk)
{
	return talk->echo ? talk->in_end != 0 : talk->out == talk->out_len;
}

static bool is_flushed(struct talk *talk)
{
	int r = stream_flush(talk->port, &talk->stream);

	if (r < 0 && r != PORT_AGAIN)
		talk->out_end = r;
	return r == 0;
}

void talk_close(struct talk *talk, bool reset)
{
	tls_close(&talk->stream.tls);
	if (reset)
		port_reset(talk->port, &talk->stream.sock);
	else
		port_close(talk->port, &talk->stream.sock);
}

/* Ends our direction, before which TLS may still have to get rid of something. */
static void end_direction(struct talk *talk)
{
	int r = stream_shutdown(talk->port, &talk->stream, talk->in_end == 0);

	talk->shut = r == 0;
	if (r < 0 && r != PORT_AGAIN)
		talk->out_end = r;
}

/* What is to be done now that everything was sent; false: the connection is over. */
static bool do_last(struct talk *talk)
{
	switch ((enum talk_last)talk->last) {
	case TALK_FIN_AFTER_FIN:
		if (talk->in_end == 0)
			break;
		/* fall through */
	case TALK_FIN:
		end_direction(talk);
		break;
	case TALK_CUT:
		port_shutdown(talk->port, talk->stream.sock);
		talk->shut = true;
		break;
	case TALK_CLOSE:
	case TALK_RESET:
		talk_close(talk, talk->last == TALK_RESET);
		return false;
	case TALK_STAY:
	case TALK_HOLD:
		break;
	}
	return true;
}

static bool is_over(const struct talk *talk)
{
	bool out_done =
		talk->shut || talk->out_end != 0 || (talk->last == TALK_STAY && all_sent(talk));

	if (talk->reset || (talk->in_end != 0 && talk->in_end != PORT_EOF))
		return true;
	return out_done && talk->in_end != 0;
}

static bool time_to_reset(const struct talk *talk)
{
	return (talk->reset_at != 0 && talk->in >= talk->reset_at) ||
	       (talk->reset_ms != 0 && now(talk) >= talk->begun_at + talk->reset_ms);
}

/* One visit; true: the connection is over, and closed. */
static bool visit(struct talk *talk, uint64_t *wake)
{
	int r = talk_secure(talk);

	if (r < 0) {
		bool resets = r == PORT_AGAIN && time_to_reset(talk);

		if (r != PORT_AGAIN || resets)
			talk_close(talk, resets);
		return talk->stream.sock == PORT_NONE;
	}
	if (talk->echo)
		echo(talk);
	else if (!talk->deaf)
		read_on(talk, wake);
	if (time_to_reset(talk)) {
		talk_close(talk, true);
		return true;
	}
	if (!talk->echo)
		talk_send(talk, wake);
	if (all_sent(talk) && is_flushed(talk) && !talk->shut && talk->out_end == 0 &&
		!do_last(talk))
		return true;
	listen_for_reset(talk);
	if (is_over(talk))
		talk_close(talk, false);
	return talk->stream.sock == PORT_NONE;
}

bool talk_run(struct talk *talk, uint64_t *wake)
{
	if (talk->over)
		return true;
	if (!talk->begun) {
		talk->begun = true;
		talk->begun_at = now(talk);
	}
	if (talk->reset_ms != 0)
		lower(wake, talk->begun_at + talk->reset_ms);
	talk->over = visit(talk, wake);
	if (talk->over)
		talk->over_at = now(talk);
	return talk->over;
}
