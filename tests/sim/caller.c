/*
 * The peer of a BIND: a client that asks nothing, and calls where it is told. See actors.h.
 */
#include "actors.h"

#include <assert.h>
#include <string.h>

struct address client_told(const struct client *client, unsigned which)
{
	const uint8_t *reply = client->reply[which];
	struct address at = {.port = (uint16_t)(reply[8] << 8 | reply[9])};

	if (client->socks5 && reply[3] == 4) {
		memcpy(at.ip.byte, reply + 4, sizeof at.ip.byte);
		at.port = (uint16_t)(reply[20] << 8 | reply[21]);
		return at;
	}
	if (client->socks5) {
		at.ip = ip_v4(reply[4], reply[5], reply[6], reply[7]);
		return at;
	}
	return (struct address){
		.ip = ip_v4(reply[4], reply[5], reply[6], reply[7]),
		.port = (uint16_t)(reply[2] << 8 | reply[3]),
	};
}

void caller_init(struct client *caller, struct run *run, enum run_host host)
{
	client_init(caller, run, host);
	caller->replies = 0;
	caller->held = true;
}

void caller_call(struct client *caller, const struct address *to, uint32_t ms)
{
	assert(caller->held);
	caller->held = false;
	caller->proxy = *to;
	caller->start_ms = ms;
	sim_timer(&caller->actor, 0);
}

void caller_pair(struct client *client, struct client *caller, uint32_t up, uint32_t down)
{
	uint32_t key = run_between(client->run, 1, UINT32_MAX - 1);

	client->talk.out_key = caller->talk.in_key = key;
	client->talk.in_key = caller->talk.out_key = ~key;
	client->talk.out_len = up;
	caller->talk.out_len = down;
}
