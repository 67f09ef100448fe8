/*
 * The client of a proxy. See actors.h.
 */
#include "actors.h"

#include <assert.h>
#include <string.h>

enum client_state { TO_START, TO_CONNECT, CONNECTING, ASKING, TALKING, REFUSED };

static uint64_t now(const struct client *client)
{
	return client->run->sim.now;
}

static void finish(struct client *client, int end)
{
	if (client->done)
		return;
	client->end = client->end != 0 ? client->end : end;
	talk_close(&client->talk, false);
	client->done = true;
	client->over_at = now(client);
	run_actor_done(client->run);
}

/* ---- Leaving before the grant ---- */

static bool time_to_leave(const struct client *client)
{
	if (client->leaves == CLIENT_STAYS || client->left)
		return false;
	if (client->leave_ms != 0)
		return now(client) >= client->connected_at + client->leave_ms;
	if (client->leave_at != 0)
		return client->sent >= client->leave_at;
	return client->sent == client->request_len;
}

static void leave(struct client *client)
{
	client->left = true;
	client->left_at = now(client);
	if (client->leaves == CLIENT_SHUTS_DOWN) {
		port_shutdown(client->actor.port, client->talk.stream.sock);
		return;
	}
	if (client->leaves == CLIENT_RESETS)
		talk_close(&client->talk, true);
	finish(client, 0);
}

/* ---- Asking ---- */

static size_t next_piece(const struct client *client)
{
	size_t len = client->request_len - client->sent;
	size_t cut = len;

	if (client->polite && client->answers_in < client->answers)
		len = cut = client->ends[client->answers_in] - client->sent;
	if (client->cut_max != 0)
		cut = run_between(client->run, 1, (uint32_t)client->cut_max);
	if (client->leave_at > client->sent && cut > client->leave_at - client->sent)
		cut = client->leave_at - client->sent;
	return cut < len ? cut : len;
}

/* Sends on in the request, unless a pause is not yet over or the client has said its last word. */
static void send_request(struct client *client)
{
	while (client->sent < client->request_len && now(client) >= client->send_at &&
		!client->left && !time_to_leave(client)) {
		size_t piece = next_piece(client);
		int n;

		if (piece == 0)
			return;
		n = stream_send(client->actor.port, &client->talk.stream,
			client->request + client->sent, piece);
		if (n == PORT_AGAIN)
			return;
		if (n < 0) {
			client->send_end = n;
			client->sent = client->request_len;
			return;
		}
		client->sent += (size_t)n;
		if (client->cut_pause_ms != 0)
			client->send_at =
				now(client) + run_between(client->run, 0, client->cut_pause_ms);
	}
}

static void reply_is_whole(struct client *client)
{
	const uint8_t *reply = client->reply[client->replies_in];

	if (client->socks5) {
		EXPECT(client->run, reply[0] == 5 && reply[2] == 0);
		EXPECT(client->run, reply[1] <= SOCKS5_NO_ADDRESS_TYPE);
	} else {
		EXPECT(client->run, reply[0] == 0);
		EXPECT(client->run, reply[1] >= SOCKS4_GRANTED && reply[1] <= SOCKS4_OTHER_USERID);
	}
	client->replied_at[client->replies_in++] = now(client);
	client->reply_len = 0;
	if (!client_granted(client)) {
		client->state = REFUSED;
	} else if (client->replies_in == client->replies) {
		client->state = TALKING;
		client->granted_at = now(client);
	}
	if (client->on_reply != NULL)
		client->on_reply(client, client->replies_in - 1);
}

/* As port_read(). */
static int stream_read(struct client *client, uint8_t *buf, size_t size)
{
	struct stream *stream = &client->talk.stream;
	const uint8_t *data;
	int n;

	do
		n = stream_peek(client->actor.port, stream, &data);
	while (n == TLS_TICK);
	if (n <= 0)
		return n;
	if ((size_t)n > size)
		n = (int)size;
	memcpy(buf, data, (size_t)n);
	stream_consume(client->actor.port, stream, (size_t)n);
	return n;
}

/* An answer to the greeting, or to what comes after it: the last byte of it refuses or does not. */
static void answer_is_whole(struct client *client)
{
	const uint8_t *answer = client->answer[client->answers_in];

	memcpy(client->answer[client->answers_in], client->reply[0], 2);
	client->reply_len = 0;
	if (client->answers_in == 0)
		EXPECT(client->run, answer[0] == 5);
	else
		EXPECT(client->run, answer[0] == 1 && answer[1] <= 1);
	if (answer[1] == (client->answers_in == 0 ? SOCKS5_METHOD_UNACCEPTABLE : 1))
		client->state = REFUSED;
	else
		client->answers_in++;
}

/* How long what is being read is, as far as is known. */
static size_t expected_len(const struct client *client)
{
	const uint8_t *reply = client->reply[client->replies_in];

	if (!client->socks5)
		return SOCKS4_REPLY_LEN;
	if (client->answers_in < client->answers)
		return 2;
	return client->reply_len < 4 ? 4 : reply[3] == 4 ? 22 : 10;
}

static void take_reply(struct client *client)
{
	if (client->reply_len < expected_len(client))
		return;
	if (client->answers_in < client->answers)
		answer_is_whole(client);
	else
		reply_is_whole(client);
}

static void read_replies(struct client *client)
{
	if (client->deaf) {
		if (port_peer_closed(client->actor.port, client->talk.stream.sock) == PORT_RESET)
			finish(client, PORT_RESET);
		return;
	}
	while (client->state == ASKING) {
		int n = stream_read(client, client->reply[client->replies_in] + client->reply_len,
			expected_len(client) - client->reply_len);

		if (n == PORT_AGAIN)
			return;
		if (n < 0) {
			finish(client, n);
			return;
		}
		client->reply_len += (size_t)n;
		take_reply(client);
	}
}

static void ask(struct client *client, uint64_t *wake)
{
	int r = talk_secure(&client->talk);

	if (r == 0) {
		send_request(client);
		(void)stream_flush(client->actor.port, &client->talk.stream);
	}
	if (time_to_leave(client))
		leave(client);
	if (client->done || r == PORT_AGAIN)
		return;
	if (r < 0) {
		finish(client, r);
		return;
	}
	if (client->early && client->sent == client->request_len && !client->left)
		talk_send(&client->talk, wake);
	for (unsigned answers = client->answers_in;; answers = client->answers_in) {
		read_replies(client);
		if (client->done || client->state != ASKING || client->answers_in == answers)
			return;
		send_request(client);
		(void)stream_flush(client->actor.port, &client->talk.stream);
	}
}

/* After a refusal comes the end, and nothing else; then we go, too. */
static void read_end(struct client *client)
{
	uint8_t byte;
	int n = stream_read(client, &byte, 1);

	EXPECT(client->run, n < 0);
	if (n != PORT_AGAIN)
		finish(client, n);
}

/* ---- The script ---- */

static void begin(struct client *client)
{
	const struct address *from = ip_is_zero(&client->from.ip) ? NULL : &client->from;
	int r = port_connect(client->actor.port, from, &client->proxy, &client->talk.stream.sock);

	client->state = CONNECTING;
	if (r < 0)
		finish(client, r);
}

static void check_connected(struct client *client)
{
	int r = port_connected(client->actor.port, client->talk.stream.sock);

	if (r == PORT_AGAIN)
		return;
	client->connected_at = now(client);
	client->state = client->replies == 0 ? TALKING : ASKING;
	if (r < 0)
		finish(client, r);
	else
		port_local(client->actor.port, client->talk.stream.sock, &client->at);
}

static void set_timer(struct client *client, uint64_t wake)
{
	uint64_t leave_at = client->connected_at + client->leave_ms;

	if (client->state == ASKING && client->sent < client->request_len &&
		client->send_at > now(client) && client->send_at < wake)
		wake = client->send_at;
	if (client->state == ASKING && client->leaves != CLIENT_STAYS && !client->left &&
		client->leave_ms != 0 && leave_at < wake)
		wake = leave_at;
	actor_wake(&client->actor, wake);
}

static void client_run(struct sim_actor *actor)
{
	struct client *client = (struct client *)actor;
	uint64_t wake = UINT64_MAX;

	if (client->done || client->held)
		return;
	if (client->state == TO_START) {
		client->state = TO_CONNECT;
		client->start_at = now(client) + client->start_ms;
	}
	if (client->state == TO_CONNECT) {
		if (now(client) < client->start_at) {
			actor_wake(actor, client->start_at);
			return;
		}
		begin(client);
	}
	if (client->state == CONNECTING && !client->done)
		check_connected(client);
	if (client->state == ASKING && !client->done)
		ask(client, &wake);
	if (client->state == TALKING && !client->done && talk_run(&client->talk, &wake))
		finish(client, 0);
	if (client->state == REFUSED && !client->done)
		read_end(client);
	if (!client->done)
		set_timer(client, wake);
}

void client_init(struct client *client, struct run *run, enum run_host host)
{
	memset(client, 0, sizeof *client);
	client->run = run;
	client->proxy = (struct address){.ip = ip_v4(10, 0, 0, 1), .port = PROXY_PORT};
	client->replies = 1;
	client->talk.run = run;
	client->talk.port = &run->peer[host];
	client->talk.stream.sock = PORT_NONE;
	sim_act(&client->actor, &run->peer[host], client_run);
	run->actors_left++;
}

static void put(struct client *client, const void *bytes, size_t len)
{
	assert(client->request_len + len <= CLIENT_REQUEST_MAX);
	memcpy(client->request + client->request_len, bytes, len);
	client->request_len += len;
}

void client_ask(struct client *client, enum socks4_command command, const char *ip, uint16_t port,
	const char *userid, const char *name)
{
	uint8_t head[8] = {4, (uint8_t)command, (uint8_t)(port >> 8), (uint8_t)port, 0, 0, 0, 1};
	struct ip parsed;

	if (name == NULL) {
		bool right = ip_parse(ip, strlen(ip), &parsed);

		assert(right && ip_is_v4(&parsed));
		(void)right;
		memcpy(head + 4, parsed.byte + IP_V4_AT, 4);
	}
	client->request_len = 0;
	put(client, head, sizeof head);
	put(client, userid, strlen(userid) + 1);
	if (name != NULL)
		put(client, name, strlen(name) + 1);
}

void client_ask5(struct client *client, enum socks4_command command, const char *ip, uint16_t port,
	const char *name)
{
	const uint8_t head[] = {5, 1, 0, 5, (uint8_t)command, 0};
	const uint8_t tail[] = {(uint8_t)(port >> 8), (uint8_t)port};
	size_t name_len = name != NULL ? strlen(name) : 0;
	struct ip parsed;

	client->socks5 = true;
	client->answers = 1;
	client->ends[0] = 3;
	client->request_len = 0;
	put(client, head, sizeof head);
	if (name != NULL) {
		put(client, (const uint8_t[]){3, (uint8_t)name_len}, 2);
		put(client, name, name_len);
	} else {
		bool right = ip_parse(ip, strlen(ip), &parsed), v4 = ip_is_v4(&parsed);

		assert(right);
		(void)right;
		put(client, v4 ? "\x01" : "\x04", 1);
		put(client, parsed.byte + (v4 ? IP_V4_AT : 0), v4 ? 4 : IP_BYTES);
	}
	put(client, tail, sizeof tail);
}

bool client_granted(const struct client *client)
{
	return client->replies_in > 0 && client->reply[client->replies_in - 1][1] ==
						 (client->socks5 ? SOCKS5_GRANTED : SOCKS4_GRANTED);
}

uint8_t client_code(const struct client *client)
{
	return client->replies_in == 0 ? 0 : client->reply[client->replies_in - 1][1];
}
