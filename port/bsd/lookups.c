/*
 * Look-ups: Zephyr's resolver asks, and answers in a thread of its own; a bell tells ours.
 *
 * A callback is given the number of a look-up, which is not soon used again, and not a
 * pointer: an answer that comes behind a cancellation finds nobody. What both threads
 * touch is touched under 'lock'. No call of the resolver's is made under it, for the
 * resolver calls back under a lock of its own, and at once when it knows the answer.
 * The bell is an eventfd among the descriptors that the port waits for.
 */
#include "internal.h"

#include <errno.h>
#include <net/if.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <zephyr/kernel.h>
#include <zephyr/net/dns_resolve.h>

#include "base/check.h"
#include "names_known.h"

#define LOOKUPS CONFIG_ANKLET_POSIX_LOOKUPS
#define TIMEOUT_MS 10000        /* for one family's answer, retries included */
#define FIRST_FAMILY_WAIT_MS 50 /* for the other family's answer (port.h) */
#define NUMBERS 0x1000000u      /* a number has 24 bits, its ticket a place and a family as well */

_Static_assert(LOOKUPS <= 64, "a look-up's place is told to the resolver in 6 bits");
_Static_assert(CONFIG_DNS_NUM_CONCUR_QUERIES >= 2 * LOOKUPS,
	"the resolver has a place for each family of each look-up");
_Static_assert(CONFIG_DNS_RESOLVER_MAX_NAME_LEN >= CONFIG_ANKLET_NAME_MAX,
	"the resolver takes every name");

enum { V6, V4, FAMILIES }; /* in the order in which addresses are handed on */

struct lookup {
	struct port *port; /* NULL: a free place */
	port_sock sock;
	uint32_t number;   /* of this look-up; the next one here has the next */
	uint8_t open;      /* families that have not answered, as bits 1 << V6, 1 << V4 */
	bool failed;       /* a family had no usable answer */
	uint32_t found_at; /* when the first address came, if there is one */
	uint8_t count[FAMILIES];
	struct address address[FAMILIES][CONFIG_ANKLET_ADDRESSES];
	uint16_t id[FAMILIES]; /* the resolver's, to cancel by */
	char name[CONFIG_ANKLET_NAME_MAX + 1];
};

static struct lookup lookups[LOOKUPS];
static K_MUTEX_DEFINE(lock);

static void take(void)
{
	(void)k_mutex_lock(&lock, K_FOREVER);
}

static void release(void)
{
	(void)k_mutex_unlock(&lock);
}

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
		l->found_at = k_uptime_get_32();
	l->address[family][l->count[family]++] = *at;
}

/* Milliseconds that the first address still waits for the other family; 0: no longer. */
static int32_t wait_left(const struct lookup *l)
{
	int32_t left = (int32_t)(l->found_at + FIRST_FAMILY_WAIT_MS - k_uptime_get_32());

	return left > 0 ? left : 0;
}

static bool is_over(const struct lookup *l)
{
	return l->open == 0 || (has_found(l) && wait_left(l) == 0);
}

static struct lookup *lookup_of(const struct port *p, port_sock s)
{
	for (struct lookup *l = lookups; l < lookups + LOOKUPS; l++)
		if (l->port == p && l->sock == s)
			return l;
	return NULL;
}

static struct lookup *free_place(void)
{
	for (struct lookup *l = lookups; l < lookups + LOOKUPS; l++)
		if (l->port == NULL)
			return l;
	return NULL;
}

static uintptr_t ticket_of(const struct lookup *l, unsigned family)
{
	return (uintptr_t)l->number << 7 | (uintptr_t)(l - lookups) << 1 | family;
}

/* ---- In the resolver's thread, or in ours when it knows the answer ---- */

static void take_address(struct lookup *l, unsigned family, const struct dns_addrinfo *info)
{
	struct sockaddr_storage system;
	struct address at;
	size_t len = sizeof info->ai_addr < sizeof system ? sizeof info->ai_addr : sizeof system;

	memset(&system, 0, sizeof system);
	memcpy(&system, &info->ai_addr, len);
	if (!address_from_system(&system, &at) || ip_is_v4(&at.ip) != (family == V4))
		return;
	at.port = 0;
	add(l, family, &at);
}

static bool is_lack(enum dns_resolve_status status)
{
	return status == DNS_EAI_ALLDONE || status == DNS_EAI_NONAME || status == DNS_EAI_NODATA ||
	       status == DNS_EAI_ADDRFAMILY;
}

static void on_answer(enum dns_resolve_status status, struct dns_addrinfo *info, void *ticket)
{
	uintptr_t number = (uintptr_t)ticket;
	struct lookup *l = &lookups[(number >> 1) % 64 % LOOKUPS];
	unsigned family = number & 1;

	take();
	if (l->port != NULL && ticket_of(l, family) == number && (l->open & 1u << family) != 0) {
		if (status == DNS_EAI_INPROGRESS && info != NULL) {
			take_address(l, family, info);
		} else {
			l->open &= (uint8_t) ~(1u << family);
			l->failed |= !is_lack(status);
		}
		(void)eventfd_write(socket_fd(l->port, l->port->resolver.bell), 1);
	}
	release();
}

/* ---- In ours ---- */

static bool zone_index(const char *zone, size_t len, uint32_t *scope)
{
	char name[IF_NAMESIZE];

	if (number_parse(zone, len, UINT8_MAX, scope))
		return *scope != 0;
	if (len == 0 || len >= sizeof name)
		return false;
	memcpy(name, zone, len);
	name[len] = '\0';
	*scope = if_nametoindex(name);
	return *scope != 0;
}

void resolve_init(struct port *p, const struct port_config *config)
{
	static const char no_servers[] = "dns: name servers are Zephyr's to know; not used";
	int fd = eventfd(0, EFD_NONBLOCK);

	if (config->name_servers > 0)
		port_log(p, PORT_WARNING, no_servers, sizeof no_servers - 1);
	p->resolver.bell = fd < 0 ? -1 : (int16_t)socket_new_query(p, fd);
	if (p->resolver.bell >= 0)
		socket_want_read(p, p->resolver.bell);
}

/* Forgets it and, without the lock, tells the resolver. */
static void forget(struct lookup *l)
{
	struct lookup was;

	take();
	was = *l;
	*l = (struct lookup){.number = (l->number + 1) % NUMBERS};
	release();
	for (unsigned family = 0; family < FAMILIES; family++)
		if (was.open & 1u << family)
			(void)dns_cancel_addr_info(was.id[family]);
}

void resolve_fini(struct port *p)
{
	for (struct lookup *l = lookups; l < lookups + LOOKUPS; l++)
		if (l->port == p)
			forget(l);
	if (p->resolver.bell >= 0)
		socket_close_query(p, p->resolver.bell);
	p->resolver.bell = -1;
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
	int known = names_known(l->name, strlen(l->name), zone_index, at);
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

/* Asks for one family, if it is of use. False: the resolver has no place. */
static bool ask(struct lookup *l, unsigned family, enum dns_query_type type)
{
	void *ticket =
		(void *)ticket_of(l, family); // NOLINT(performance-no-int-to-ptr): never followed
	int answer;

	if ((l->open & 1u << family) == 0)
		return true;
	answer = dns_get_addr_info(l->name, type, &l->id[family], on_answer, ticket, TIMEOUT_MS);
	if (answer >= 0)
		return true;
	take();
	l->open &= (uint8_t) ~(1u << family);
	l->failed = true;
	release();
	return answer != -EAGAIN;
}

/* Takes a place for the look-up s. NULL: there is none. */
static struct lookup *begin(struct port *p, port_sock s, enum port_families families)
{
	struct lookup *l;

	take();
	l = free_place();
	if (l != NULL) {
		l->port = p;
		l->sock = s;
		l->open = (uint8_t)((families & PORT_IPV6 ? 1u << V6 : 0) |
				    (families & PORT_IPV4 ? 1u << V4 : 0));
	}
	release();
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
		has_place = ask(l, V6, DNS_QUERY_TYPE_AAAA);
		has_place &= ask(l, V4, DNS_QUERY_TYPE_A);
	}
	if (has_place || l->open != 0)
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
	if (e->wants & WANT_READ)
		return PORT_AGAIN;
	take();
	l = lookup_of(p, s);
	if (l == NULL || !is_over(l))
		answer = PORT_AGAIN;
	else if (has_found(l))
		answer = merge(l, addresses, max);
	else
		answer = l->failed ? PORT_NAME_FAILED : PORT_NO_NAME;
	release();
	check(l != NULL);
	if (answer == PORT_AGAIN)
		socket_want_read(p, s);
	return answer;
}

/* The bell: it is silenced, and resolve_expire(), which follows, finds out what it was for. */
void resolve_ready(struct port *p, int entry)
{
	eventfd_t rung;

	(void)eventfd_read(socket_fd(p, entry), &rung);
	socket_want_read(p, entry);
}

/* cppcheck-suppress constParameter ; as internal.h has it */
int32_t resolve_next(struct port *p)
{
	int32_t next = -1;

	take();
	for (const struct lookup *l = lookups; l < lookups + LOOKUPS; l++) {
		if (l->port != p || !has_found(l) || is_over(l))
			continue;
		if (next < 0 || wait_left(l) < next)
			next = wait_left(l);
	}
	release();
	return next;
}

/* Which look-ups are over is found out first: what becomes ready is told without the lock. */
void resolve_expire(struct port *p)
{
	bool over[LOOKUPS];

	take();
	for (unsigned i = 0; i < LOOKUPS; i++)
		over[i] = lookups[i].port == p && is_over(&lookups[i]);
	release();
	for (unsigned i = 0; i < LOOKUPS; i++)
		if (over[i])
			socket_lookup_ready(p, lookups[i].sock);
}
