/*
 * The simulator's name servers. See sim_name() in sim.h.
 */
#include "internal.h"

#include <assert.h>
#include <string.h>

#include "literal.h"

#define FIRST_FAMILY_WAIT_MS 50 /* for the other family's answer (port.h) */

static bool same_name(const char *a, const char *b, size_t len)
{
	if (len > 0 && b[len - 1] == '.')
		len--;
	for (size_t i = 0; i < len; i++) {
		char low = b[i] >= 'A' && b[i] <= 'Z' ? (char)(b[i] + 'a' - 'A') : b[i];

		if (a[i] != low) /* the NUL of a shorter name, too: b holds none */
			return false;
	}
	return a[len] == '\0';
}

struct sim_name *sim_name(
	struct sim *sim, const char *name, int outcome, const char *const *addresses)
{
	struct sim_name *entry = &sim->name[sim->names++];

	assert(sim->names <= SIM_NAMES);
	*entry = (struct sim_name){.name = name, .outcome = outcome};
	entry->delay_v4_ms = entry->delay_v6_ms = 1 + sim_random(sim, 20);
	for (; addresses != NULL && *addresses != NULL; addresses++) {
		bool parsed = ip_parse(
			*addresses, strlen(*addresses), &entry->address[entry->addresses++]);

		assert(parsed && entry->addresses <= SIM_NAME_ADDRESSES);
		(void)parsed;
	}
	return entry;
}

/* The entry that answers next for a name, or NULL: there is no such name. */
static struct sim_name *next_entry(struct sim *sim, const char *name, size_t len)
{
	struct sim_name *entry = NULL;

	for (unsigned i = 0; i < sim->names; i++) {
		if (!same_name(sim->name[i].name, name, len))
			continue;
		entry = &sim->name[i];
		if (!entry->used)
			break;
	}
	return entry;
}

uint32_t literal_zone(const char *name)
{
	return strcmp(name, "eth0") == 0 ? 1 : 0;
}

static bool has_addresses(const struct sim_name *entry, bool v4)
{
	for (unsigned i = 0; i < entry->addresses; i++)
		if (ip_is_v4(&entry->address[i]) == v4)
			return true;
	return false;
}

/* Milliseconds until the look-up is over, by the rule of port_resolved(). */
static uint64_t takes_ms(const struct sim_name *entry, unsigned families)
{
	uint64_t v4 = (families & PORT_IPV4) != 0 ? entry->delay_v4_ms : 0;
	uint64_t v6 = (families & PORT_IPV6) != 0 ? entry->delay_v6_ms : 0;
	uint64_t both = v4 > v6 ? v4 : v6;

	if ((families & PORT_IPV4) != 0 && has_addresses(entry, true) &&
		v4 + FIRST_FAMILY_WAIT_MS < both)
		both = v4 + FIRST_FAMILY_WAIT_MS;
	if ((families & PORT_IPV6) != 0 && has_addresses(entry, false) &&
		v6 + FIRST_FAMILY_WAIT_MS < both)
		both = v6 + FIRST_FAMILY_WAIT_MS;
	return both;
}

int port_resolve(
	struct port *p, const char *name, size_t len, enum port_families families, port_sock *s)
{
	static struct sim_name no_such_name = {
		.outcome = PORT_NO_NAME, .delay_v4_ms = 5, .delay_v6_ms = 5};
	struct sim_socket *socket;
	int failure;

	socket_enter(p);
	assert(len > 0 && len <= CONFIG_ANKLET_NAME_MAX);
	*s = PORT_NONE;
	failure = fault(p, SIM_CALL_RESOLVE);
	if (failure != 0)
		return failure;
	*s = socket_new(p, SIM_LOOKUP);
	if (*s == PORT_NONE)
		return PORT_NO_RESOURCES;
	socket = &p->socket[*s];
	socket->families = (uint8_t)families;
	socket->asked_at = p->sim->now;
	socket->answered_at = p->sim->now;
	if (literal_parse(name, len, &socket->literal))
		return 0;
	socket->name = next_entry(p->sim, name, len);
	if (socket->name == NULL)
		socket->name = &no_such_name;
	else
		socket->name->used = true;
	if (socket->name->outcome == PORT_AGAIN) {
		socket->answered_at = UINT64_MAX;
	} else {
		socket->answered_at += takes_ms(socket->name, families);
		event_add(p->sim, socket->answered_at, SIM_EVENT_WAKE, -1, 0);
	}
	return 0;
}

/* The entry's address number n of a family, if its answer has come; false: there is none. */
static bool nth(const struct sim_socket *socket, bool v4, unsigned n, struct ip *ip)
{
	const struct sim_name *entry = socket->name;
	uint32_t delay_ms = v4 ? entry->delay_v4_ms : entry->delay_v6_ms;

	if ((socket->families & (v4 ? PORT_IPV4 : PORT_IPV6)) == 0 ||
		socket->asked_at + delay_ms > socket->answered_at)
		return false;
	for (unsigned i = 0; i < entry->addresses; i++) {
		if (ip_is_v4(&entry->address[i]) != v4 || n-- > 0)
			continue;
		*ip = entry->address[i];
		return true;
	}
	return false;
}

int port_resolved(struct port *p, port_sock s, struct address *addresses, size_t max)
{
	const struct sim_socket *socket = &p->socket[s];
	size_t count = 0;
	int failure;

	socket_enter(p);
	assert(socket->kind == SIM_LOOKUP && max > 0);
	if ((socket->interest & SIM_READ) != 0 || p->sim->now < socket->answered_at)
		return socket_await(p, s, SIM_READ);
	failure = fault(p, SIM_CALL_RESOLVED);
	if (failure != 0)
		return failure;
	if (socket->name == NULL) {
		bool v4 = ip_is_v4(&socket->literal.ip);

		addresses[0] = socket->literal;
		return (socket->families & (v4 ? PORT_IPV4 : PORT_IPV6)) != 0 ? 1 : PORT_NO_NAME;
	}
	if (socket->name->outcome != 0)
		return socket->name->outcome;
	for (unsigned n = 0; n < SIM_NAME_ADDRESSES; n++) {
		for (unsigned v4 = 0; v4 < 2 && count < max; v4++) {
			addresses[count] = (struct address){.port = 0};
			if (nth(socket, v4 == 1, n, &addresses[count].ip))
				count++;
		}
	}
	return count > 0 ? (int)count : PORT_NO_NAME;
}
