/*
 * Why the program cannot start. See failure.h.
 */
#include "failure.h"

#include <string.h>

#include "base/word.h"
#include "holder.h"
#include "port.h"

#define FIRST_FREE_PORT 1024 /* those below are root's on most systems */

/* The address as the failure prints it, tcp://HOST:PORT?OPTIONS; a HOST that is no address becomes '::'. */
static struct address address_of(const char *at)
{
	struct word rest = {at, strlen(at)}, host = word_split(&rest, '?'), port;
	struct address to = {.port = 0};
	uint32_t number = 0;

	for (port = host; port.len > 0 && port.at[port.len - 1] != ':';)
		port.len--;
	if (number_parse(host.at + port.len, host.len - port.len, 65535, &number))
		to.port = (uint16_t)number;
	if (!CONFIG_ANKLET_HINTS || port.len < sizeof "tcp://")
		return to;
	host = (struct word){at + sizeof "tcp://" - 1, port.len - sizeof "tcp://"};
	if (host.len > 2 && host.at[0] == '[')
		host = (struct word){host.at + 1, host.len - 2};
	ip_parse(host.at, host.len, &to.ip);
	return to;
}

static void text_in_use(struct text *t, const struct address *at)
{
	text_str(t, "it is in use");
	if (CONFIG_ANKLET_HINTS)
		text_holder(t, at);
	text_str(t, ". Stop what listens there, or choose another port with --listen, --forward or "
		    "--status, whichever it was.");
}

static void text_denied(struct text *t, const struct address *at)
{
	text_str(t, "the system does not permit it.");
	if (at->port < FIRST_FREE_PORT)
		text_str(t,
			" Ports below 1024 are root's: start it as root with --user NAME, or take"
			" a higher one.");
}

void text_failure(struct text *t, const struct anklet_failure *failure)
{
	struct address at = address_of(failure->at);

	if (failure->words[0] != '\0') {
		text_str_str(t, failure->at, ": ");
		text_str(t, failure->words);
		return;
	}
	text_str_str(t, "cannot ", failure->at[0] != '\0' ? "listen on " : "start");
	text_str_str(t, failure->at, ": ");
	if (failure->why == PORT_IN_USE)
		text_in_use(t, &at);
	else if (failure->why == PORT_DENIED)
		text_denied(t, &at);
	else
		text_str(t, anklet_strerror(failure->why));
}
