/*
 * Lookups by the system's own resolver, which answers from another thread. See lookups.h.
 *
 * The resolver is given the number of a lookup, which is not soon used again, and not a
 * pointer: an answer that comes after a cancellation finds nobody. What both threads
 * touch is touched under the lock. Nobody wakes the thread that waits: while a lookup
 * is open the wait ends every POLL_MS, and looks. That takes no descriptor and no
 * call that could fail, and costs nothing when no name is looked up.
 */
#include "internal.h"

#include <string.h>

#include "base/check.h"
#include "names_known.h"

#define POLL_MS 10
#define FIRST_FAMILY_WAIT_MS 50 /* for the other family's answer (port.h) */
#define NUMBERS 0x1000000u      /* a number has 24 bits, its ticket a place and a family as well */

_Static_assert(PORT_LOOKUPS > 0 && PORT_LOOKUPS <= 64, "a ticket tells a lookup's place in 6 bits");

enum { V6, V4, FAMILIES }; /* in the order in which addresses are handed on */

struct lookup {
	struct port *port; /* NULL: a free place */
	port_sock sock;
	uint32_t number;   /* of this lookup; the next one here has the next */
	uint8_t open;      /* families that have not answered, as bits 1 << V6, 1 << V4 */
	bool failed;       /* a family had no usable answer */
	uint32_t found_at; /* when the first address came, if there is one */
	uint8_t count[FAMILIES];
	struct address address[FAMILIES][CONFIG_ANKLET_ADDRESSES];
	uint16_t question[FAMILIES]; /* the resolver's, to cancel by */
	char name[CONFIG_ANKLET_NAME_MAX + 1];
};

static struct lookup lookups[PORT_LOOKUPS];

/* ---- Under the lock ---- */

static bool has_found(const struct lookup *l)
{
	return l->count[V4] + l->count[V6] > 0;
}

static void add(struct lookup *l, unsigned family, const struct address *at)
{
	if (l->count[family] == CONFIG_ANKLET_ADDRESSES)
		return;
	if (!has_found(l))
		l->found_at = system_now_ms();
	l->address[family][l->count[family]] = *at;
	l->address[family][l->count[family]++].port = 0;
}

/* Milliseconds that the first address still waits for the other family; 0: no longer. */
static int32_t wait_left(const struct lookup *l)
{
	int32_t left = (int32_t)(l->found_at + FIRST_FAMILY_WAIT_MS - system_now_ms());

	return left > 0 ? left : 0;
}

static bool is_over(const struct lookup *l)
{
	return l->open == 0 || (has_found(l) && wait_left(l) == 0);
}

static struct lookup *lookup_of(const struct port *p, port_sock s)
{
	for (struct lookup *l = lookups; l < lookups + PORT_LOOKUPS; l++)
		if (l->port == p && l->sock == s)
			return l;
	return NULL;
}

static struct lookup *free_place(void)
{
	for (struct lookup *l = lookups; l < lookups + PORT_LOOKUPS; l++)
		if (l->port == NULL)
			return l;
	return NULL;
}

static uintptr_t ticket_of(const struct lookup *l, unsigned family)
{
	return (uintptr_t)l->number << 7 | (uintptr_t)(l - lookups) << 1 | family;
}

/* The lookup that waits for this ticket, or NULL. */
static struct lookup *holder_of(uintptr_t ticket)
{
	struct lookup *l = &lookups[(ticket >> 1) % 64 % PORT_LOOKUPS];
	unsigned family = ticket & 1;

	return l->port != NULL && ticket_of(l, family) == ticket && (l->open & 1u << family) != 0
		       ? l
		       : NULL;
}

/* ---- In the resolver's thread, or in ours when it knows the answer ---- */

void lookups_found(uintptr_t ticket, const struct address *at)
{
	struct lookup *l;

	system_lock();
	l = holder_of(ticket);
	if (l != NULL && ip_is_v4(&at->ip) == ((ticket & 1) == V4))
		add(l, ticket & 1, at);
	system_unlock();
}

void lookups_over(uintptr_t ticket, bool failed)
{
	struct lookup *l;

	system_lock();
	l = holder_of(ticket);
	if (l != NULL) {
		l->open &= (uint8_t) ~(1u << (ticket & 1));
		l->failed |= failed;
	}
	system_unlock();
}

/* ---- In ours ---- */

void resolve_init(struct port *p, const struct port_config *config)
{
	system_name_servers(p, config);
}

/* Forgets it and, without the lock, tells the resolver. */
static void forget(struct lookup *l)
{
	struct lookup was;

	system_lock();
	was = *l;
	*l = (struct lookup){.number = (l->number + 1) % NUMBERS};
	system_unlock();
	was.port->resolver.open--;
	for (unsigned family = 0; family < FAMILIES; family++)
		if (was.open & 1u << family)
			system_forget(was.question[family]);
}

/* cppcheck-suppress constParameter ; as internal.h has it */
void resolve_fini(struct port *p)
{
	for (struct lookup *l = lookups; l < lookups + PORT_LOOKUPS; l++)
		if (l->port == p)
			forget(l);
}

void resolve_cancel(struct port *p, port_sock s)
{
	struct lookup *l = lookup_of(p, s);

	if (l != NULL)
		forget(l);
}

/* Settles a name that nobody is asked for. False: it has to be asked for. */
static bool settle(struct lookup *l)
{
	struct address at[NAMES_KNOWN_MAX];
	int known = names_known(l->name, strlen(l->name), at);
	unsigned family;

	for (int i = 0; i < known; i++) {
		family = ip_is_v4(&at[i].ip) ? V4 : V6;
		if (l->open & 1u << family)
			add(l, family, &at[i]);
	}
	if (known >= 0)
		l->open = 0;
	return known >= 0;
}

/* That no question is taken is said once, until one is. */
static void tell(struct port *p, bool refused)
{
	static const char words[] = "names cannot be looked up: the system takes no question (does "
				    "it know a name server?)";

	if (refused && !p->resolver.silent)
		port_log(p, PORT_WARNING, words, sizeof words - 1);
	p->resolver.silent = refused;
}

/* Asks for one family, if it is of use. False: the resolver has no place. */
static bool ask(struct port *p, struct lookup *l, unsigned family)
{
	int answer;

	if ((l->open & 1u << family) == 0)
		return true;
	answer = system_ask(l->name, family == V4, ticket_of(l, family), &l->question[family]);
	if (answer != 0)
		lookups_over(ticket_of(l, family), true);
	if (answer != PORT_NO_RESOURCES)
		tell(p, answer != 0);
	return answer != PORT_NO_RESOURCES;
}

/* Takes a place for the lookup s. NULL: there is none. */
static struct lookup *begin(struct port *p, port_sock s, enum port_families families)
{
	struct lookup *l;

	system_lock();
	l = free_place();
	if (l != NULL) {
		l->port = p;
		l->sock = s;
		l->open = (uint8_t)((families & PORT_IPV6 ? 1u << V6 : 0) |
				    (families & PORT_IPV4 ? 1u << V4 : 0));
		p->resolver.open++;
	}
	system_unlock();
	return l;
}

int port_resolve(
	struct port *p, const char *name, size_t len, enum port_families families, port_sock *s)
{
	int entry = socket_new_lookup(p);
	bool has_place = true;
	struct lookup *l;

	check(len > 0 && len <= CONFIG_ANKLET_NAME_MAX);
	*s = entry < 0 ? PORT_NONE : (port_sock)entry;
	l = entry < 0 ? NULL : begin(p, *s, families);
	if (l == NULL) {
		port_close(p, s);
		return PORT_NO_RESOURCES;
	}
	if (len > 1 && name[len - 1] == '.') /* the root, which is not expected there */
		len--;
	if (memchr(name, '\0', len) != NULL)
		len = 0; /* the name of no host */
	memcpy(l->name, name, len);
	l->name[len] = '\0';
	if (!settle(l)) {
		has_place = ask(p, l, V6);
		has_place &= ask(p, l, V4);
	}
	system_lock();
	has_place |= has_found(l);
	system_unlock();
	if (has_place)
		return 0;
	port_close(p, s);
	return PORT_NO_RESOURCES;
}

/* The families in turn, IPv6 first. */
static int merge(const struct lookup *l, struct address *addresses, size_t max)
{
	size_t n = 0;

	for (unsigned i = 0; i < CONFIG_ANKLET_ADDRESSES; i++)
		for (unsigned family = 0; family < FAMILIES; family++)
			if (i < l->count[family] && n < max)
				addresses[n++] = l->address[family][i];
	return (int)n;
}

int port_resolved(struct port *p, port_sock s, struct address *addresses, size_t max)
{
	struct port_entry *e = socket_entry(p, s);
	struct lookup *l;
	int answer;

	check(e->kind == ENTRY_LOOKUP && max > 0);
	if (e->interests & INTEREST_READ)
		return PORT_AGAIN;
	system_lock();
	l = lookup_of(p, s);
	if (l == NULL || !is_over(l))
		answer = PORT_AGAIN;
	else if (has_found(l))
		answer = merge(l, addresses, max);
	else
		answer = l->failed ? PORT_NAME_FAILED : PORT_NO_NAME;
	system_unlock();
	check(l != NULL);
	if (answer == PORT_AGAIN)
		socket_await_read(p, s);
	return answer;
}

int32_t resolve_next(struct port *p)
{
	return p->resolver.open > 0 ? POLL_MS : -1;
}

/* Which lookups are over is found out first: what becomes ready is told without the lock. */
void resolve_expire(struct port *p)
{
	bool over[PORT_LOOKUPS];

	if (p->resolver.open == 0)
		return;
	system_lock();
	for (unsigned i = 0; i < PORT_LOOKUPS; i++)
		over[i] = lookups[i].port == p && is_over(&lookups[i]);
	system_unlock();
	for (unsigned i = 0; i < PORT_LOOKUPS; i++)
		if (over[i])
			socket_lookup_ready(p, lookups[i].sock);
}
