/*
 * Why the program cannot start. See failure.h.
 */
#include "failure.h"

#include <string.h>

#include "holder.h"
#include "port.h"

#define FIRST_FREE_PORT 1024 /* those below are root's on most systems */

/* The place as the failure prints it, tcp://HOST:PORT; a HOST that is no address becomes '::'. */
static struct address place(const char *at)
{
	const char *host = at + sizeof "tcp://" - 1;
	const char *colon = strrchr(at, ':');
	struct address place = {.port = 0};
	uint32_t port = 0;
	size_t len;

	if (colon == NULL || !number_parse(colon + 1, strlen(colon + 1), 65535, &port))
		return place;
	place.port = (uint16_t)port;
	len = colon > host ? (size_t)(colon - host) : 0;
	if (len >= 2 && host[0] == '[') {
		host++;
		len -= 2;
	}
	ip_parse(host, len, &place.ip);
	return place;
}

static void text_in_use(struct text *t, const struct address *at)
{
	char buf[128];
	struct text who;

	text_init(&who, buf, sizeof buf);
	text_str(t, "it is in use");
	if (CONFIG_ANKLET_HINTS && holder_find(at, &who)) {
		text_str(t, " by ");
		text_str(t, who.buf);
	}
	text_str(t, ". Stop what listens there, or choose another port with --listen.");
}

static void text_denied(struct text *t, const struct address *at)
{
	text_str(t, "the system does not permit it.");
	if (at->port < FIRST_FREE_PORT)
		text_str(t,
			" Ports below 1024 are root's: start it as root with --user NAME, or take"
			" a port from 1024 on.");
}

static const char *words(int why)
{
	switch ((enum port_answer)why) {
	case PORT_NOT_LOCAL:
		return "this host has no such address. '*' stands for all that it has.";
	case PORT_UNREACHABLE:
		return "this host has no addresses of that family.";
	case PORT_NO_RESOURCES:
		return "the system, or the table of listeners, has no room for it (ulimit -n says "
		       "how"
		       " many descriptors there may be).";
	case PORT_NO_NAME:
		return "the name has no address.";
	case PORT_NAME_FAILED:
		return "the name could not be looked up: no name server answered.";
	case PORT_NO_RANDOM:
		return "the system gives no random numbers.";
	case PORT_IN_USE:
	case PORT_DENIED:
	case PORT_AGAIN:
	case PORT_EOF:
	case PORT_RESET:
	case PORT_REFUSED:
	case PORT_TIMEOUT:
	case PORT_FAILED:
		break;
	}
	return "the system denies it without a reason.";
}

void text_failure(struct text *t, const struct anklet_failure *failure)
{
	struct address at = place(failure->at);

	if (failure->words[0] != '\0') {
		text_str(t, failure->at);
		text_str(t, ": ");
		text_str(t, failure->words);
		return;
	}
	text_str(t, "cannot ");
	text_str(t, failure->at[0] != '\0' ? "listen on " : "start");
	text_str(t, failure->at);
	text_str(t, ": ");
	if (failure->why == PORT_IN_USE)
		text_in_use(t, &at);
	else if (failure->why == PORT_DENIED)
		text_denied(t, &at);
	else
		text_str(t, words(failure->why));
}
