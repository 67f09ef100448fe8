/*
 * The value of 'status': a place of TCP, and who sees what there. See value.h.
 */
#include "config/value.h"

#include "config/config.h"
#include "config/keywords.h"

#if CONFIG_ANKLET_STATUS

static bool from_read(
	struct reading *r, struct word from, struct word network, struct ip_prefix *prefix)
{
	if (network.at == NULL)
		return error_set(r, ERROR_MISSING, from, VALUE_STATUS_FROM);
	return ip_prefix_parse(network.at, network.len, prefix) ||
	       error_set(r, ERROR_INVALID, network, VALUE_STATUS_FROM);
}

/* A place without a port, or with another scheme, is none. */
bool status_read(struct reading *r, struct word place, struct status_place *status)
{
	struct word word;

	*status = (struct status_place){0};
	if (!endpoint_read(r, VALUE_FORWARD, place, &status->at)) {
		if (r->error.about == VALUE_FORWARD)
			r->error.about = (uint8_t)VALUE_STATUS;
		return false;
	}
	if (status->at.scheme != ENDPOINT_TCP)
		return error_set(r, ERROR_INVALID, place, VALUE_STATUS);
	while ((word = word_take(r)).at != NULL) {
		bool from = word_is(word, "from");

		if (from ? status->anywhere : word_is(word, "sessions") && status->sessions)
			return error_set(r, ERROR_TWICE, word, VALUE_NONE);
		if (!from && !word_is(word, "sessions"))
			return error_set(r, ERROR_UNEXPECTED, word, VALUE_STATUS);
		if (from && !from_read(r, word, word_take(r), &status->from))
			return false;
		status->anywhere = status->anywhere || from;
		status->sessions = status->sessions || !from;
	}
	return true;
}

bool text_status(
	struct text *t, const struct status_place *status, const struct string_table *strings)
{
	text_endpoint(t, &status->at, strings);
	text_str(t, status->sessions ? " sessions" : "");
	if (status->anywhere) {
		text_str(t, " from ");
		text_ip_prefix(t, &status->from);
	}
	return status->at.scheme == ENDPOINT_TCP;
}

const char *status_note(const struct status_place *status)
{
	const struct endpoint *at = &status->at;

	if (status->anywhere && status->sessions && status->from.bits <= 96 &&
		ip_class(&status->from.ip) == IP_UNSPECIFIED)
		return "# the next line shows to whoever gets there who is connected to what";
	if (at->scheme == ENDPOINT_TCP && !status->anywhere && at->host != ENDPOINT_NAME &&
		ip_class(&at->ip) != IP_LOOPBACK)
		return "# the next line answers loopback alone, for it has no 'from'";
	return "";
}

#endif
