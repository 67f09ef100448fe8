/*
 * Somebody on the way, who carries bytes from one side to the other, and does harm. See secure.h.
 */
#include "secure.h"

#include <assert.h>
#include <string.h>

#define PIECE 512

/* ---- Records ---- */

/* Every byte belongs to a record of TLS (RFC 8446, section 5.1); nothing may come in the clear. */
static void look_at(struct tap *tap, unsigned from, uint8_t byte)
{
	uint8_t *header = tap->header[from];

	if (tap->body[from] > 0) {
		tap->body[from]--;
		return;
	}
	header[tap->header_len[from]++] = byte;
	if (tap->header_len[from] < sizeof tap->header[from])
		return;
	EXPECT(tap->run, header[0] >= 20 && header[0] <= 23);
	/* An alert has the version that the other one seems to have named. */
	EXPECT(tap->run, header[1] == 3 || tap->does == TAP_CHANGES);
	tap->header_len[from] = 0;
	tap->body[from] = (uint32_t)(header[3] << 8 | header[4]);
	tap->records[from]++;
	tap->alerts[from] += header[0] == 21;
}

/* ---- Carrying ---- */

static void close_both(struct tap *tap, bool reset)
{
	for (unsigned i = 0; i < 2; i++) {
		if (reset)
			port_reset(tap->actor.port, &tap->sock[i]);
		else
			port_close(tap->actor.port, &tap->sock[i]);
	}
}

/* How many of n bytes may go by before it is time. */
static uint32_t before_time(const struct tap *tap, unsigned from, uint32_t n)
{
	bool waits = tap->does != TAP_NOTHING && !tap->done && tap->where == from;

	return waits && tap->at - tap->carried[from] < n ? tap->at - tap->carried[from] : n;
}

/* It is time. False: nothing is carried any more. */
static bool act(struct tap *tap)
{
	tap->done = true;
	if (tap->does == TAP_RESETS)
		close_both(tap, true);
	if (tap->does != TAP_ENDS)
		return tap->does == TAP_CHANGES;
	for (unsigned i = 0; i < 2; i++) {
		port_shutdown(tap->actor.port, tap->sock[i]);
		tap->ended[i] = true;
	}
	return false;
}

/* The side ends, or aborts. */
static void pass_end(struct tap *tap, unsigned from, int end)
{
	if (end == PORT_EOF) {
		port_shutdown(tap->actor.port, tap->sock[1 - from]);
		tap->ended[from] = true;
	} else if (end != PORT_AGAIN) {
		close_both(tap, true);
	}
}

/* One piece of a direction. False: no more of it for now. */
static bool carry(struct tap *tap, unsigned from)
{
	bool changes = tap->done && tap->does == TAP_CHANGES && tap->where == from &&
		       tap->carried[from] == tap->at;
	uint8_t piece[PIECE], change = changes ? 0x20 : 0;
	const uint8_t *data;
	int sent, n = port_peek(tap->actor.port, tap->sock[from], &data);

	if (n < 0) {
		pass_end(tap, from, n);
		return false;
	}
	n = n < PIECE ? n : PIECE;
	n = changes ? 1 : (int)before_time(tap, from, (uint32_t)n);
	if (n == 0)
		return act(tap);
	memcpy(piece, data, (size_t)n);
	piece[0] = (uint8_t)(piece[0] ^ change);
	sent = port_send(tap->actor.port, tap->sock[1 - from], piece, (size_t)n);
	if (sent < 0) {
		pass_end(tap, 1 - from, sent);
		return false;
	}
	port_consume(tap->actor.port, tap->sock[from], (size_t)sent);
	piece[0] = (uint8_t)(piece[0] ^ change);
	for (int i = 0; i < sent && tap->only_tls[from]; i++)
		look_at(tap, from, piece[i]);
	tap->carried[from] += (uint32_t)sent;
	return true;
}

static bool is_stalled(const struct tap *tap, unsigned from)
{
	return tap->done && tap->does == TAP_STALLS && tap->where == from;
}

static void carry_all(struct tap *tap)
{
	for (unsigned from = 0; from < 2; from++) {
		while (tap->sock[0] != PORT_NONE && !tap->ended[from] && !is_stalled(tap, from) &&
			carry(tap, from))
			continue;
	}
	if (tap->sock[0] == PORT_NONE)
		return;
	/* A reset is to be heard of where nothing is carried, too. */
	for (unsigned i = 0; i < 2; i++)
		if (tap->sock[i] != PORT_NONE &&
			port_peer_closed(tap->actor.port, tap->sock[i]) == PORT_RESET)
			close_both(tap, true);
	if (tap->sock[0] != PORT_NONE && tap->ended[0] && tap->ended[1])
		close_both(tap, false);
}

/* ---- The script ---- */

static void tap_run(struct sim_actor *actor)
{
	struct tap *tap = (struct tap *)actor;
	struct address from;
	int r;

	if (tap->listener != PORT_NONE &&
		port_accept(actor->port, tap->listener, &tap->sock[0], &from) == 0) {
		port_close(actor->port, &tap->listener);
		r = port_connect(actor->port, NULL, &tap->to, &tap->sock[1]);
		EXPECT(tap->run, r == 0);
	}
	if (tap->sock[0] == PORT_NONE || tap->run->failed)
		return;
	if (!tap->connected) {
		r = port_connected(actor->port, tap->sock[1]);
		if (r == PORT_AGAIN)
			return;
		if (r < 0) {
			close_both(tap, true);
			return;
		}
		tap->connected = true;
	}
	carry_all(tap);
}

void tap_init(struct tap *tap, struct run *run, enum run_host host, const char *ip, uint16_t port,
	const char *to)
{
	struct address at = {.port = port};
	int r;

	memset(tap, 0, sizeof *tap);
	tap->run = run;
	tap->to.port = port;
	ip_parse(ip, strlen(ip), &at.ip);
	ip_parse(to, strlen(to), &tap->to.ip);
	tap->sock[0] = tap->sock[1] = PORT_NONE;
	r = port_listen(&run->peer[host], &at, 1, &tap->listener);
	assert(r == 0);
	(void)r;
	sim_act(&tap->actor, &run->peer[host], tap_run);
}
