/*
 * What comes before a request: a client of SOCKS5 offers ways to say who it is, and is told which one is taken.
 *
 * Its messages may all have come at once. Each is read to its last byte and answered before the next one is looked
 * at; what is not read yet waits in the socket.
 */
#include "session/session.h"

#include <string.h>

enum session_next session_greeted(struct sessions *all, struct session *s, size_t len)
{
	return session_enter(all, s, len > 0 ? SESSION_METHOD : SESSION_REQUEST);
}

enum session_next session_method(struct sessions *all, struct session *s)
{
	uint8_t reply[METHOD_REPLY_LEN];
	int r;

	if ((s->reader.offered & METHOD_BIT(METHOD_NONE)) == 0)
		return session_refuse(s, REASON_NO_METHOD);
	method_reply(reply, METHOD_NONE);
	r = session_send(all, s, &s->client, reply, sizeof reply);
	if (r == PORT_AGAIN)
		return NEXT_WAIT;
	if (r < 0)
		return session_ended(s, REASON_CLIENT_RESET, NEXT_RESET);
	memset(&s->reader, 0, sizeof s->reader);
	return session_enter(all, s, SESSION_REQUEST);
}
