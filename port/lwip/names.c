/*
 * Look-ups: lwIP's dns.c asks, once for each family; here the two answers meet.
 *
 * dns.c cannot be told to stop, so its callback is given the number of a look-up,
 * which is never used again, and not a pointer. It keeps one address of each
 * family. The table is the stack's, as dns.c's own is, and serves all ports.
 */
#include "internal.h"

/* Where names are left out dns.c is too, and its header declares nothing. */
#if CONFIG_ANKLET_NAMES

#include <assert.h>
#include <string.h>

#include "lwip/dns.h"

#include "board.h"
#include "literal.h"
#include "names_known.h"

#define FIRST_FAMILY_WAIT_MS 50 /* for the other family's answer (port.h) */

/* dns.c gives up after so long at the earliest; what comes sooner was said by a server. */
#define GIVE_UP_MS (DNS_MAX_RETRIES * DNS_TMR_INTERVAL)

_Static_assert(LWIP_DNS, "names are looked up by lwIP");
_Static_assert(DNS_TABLE_SIZE >= LWIP_LOOKUPS * (LWIP_IPV4 + LWIP_IPV6),
	"dns.c has a place for each family of each look-up");
_Static_assert(CONFIG_ANKLET_NAME_MAX < DNS_MAX_NAME_LENGTH, "dns.c takes every name");
_Static_assert(LWIP_LOOKUPS <= 64, "a look-up's place is told to dns.c in 6 bits");

enum { V4, V6, FAMILIES };

/* The families that lwIP was built with. */
#define BUILT ((LWIP_IPV4 ? 1u << V4 : 0) | (LWIP_IPV6 ? 1u << V6 : 0))

struct lookup {
	struct port *port; /* NULL: a free place */
	port_sock sock;
	uint32_t number;   /* of this look-up, in 24 bits; the next one here has the next */
	uint8_t open;      /* families that have not answered, as bits 1 << V4, 1 << V6 */
	uint8_t found;     /* families that have an address */
	bool failed;       /* a family had no answer at all */
	uint32_t asked_at; /* at that port_now() */
	uint32_t found_at; /* when the first address came */
	struct address address[FAMILIES];
};

static struct lookup lookups[LWIP_LOOKUPS];

void names_init(const struct port_config *config)
{
	ip_addr_t ip;

	/* Those given by hand replace what DHCP brought, if any are. */
	for (uint8_t i = 0; i < config->name_servers && i < DNS_MAX_SERVERS; i++)
		if (address_to_lwip(&config->name_server[i], &ip))
			dns_setserver(i, &ip);
}

/* ---- Answers ---- */

static void answered(struct lookup *l, unsigned family, const struct address *at)
{
	if ((l->open & 1u << family) == 0)
		return;
	l->open &= (uint8_t) ~(1u << family);
	if (at == NULL)
		return;
	if (l->found == 0)
		l->found_at = board_now();
	l->found |= (uint8_t)(1u << family);
	l->address[family] = *at;
	l->address[family].port = 0;
}

/* What dns.c hands back in place of a pointer: which look-up, at which place, which family. */
static uintptr_t ticket_of(const struct lookup *l, unsigned family)
{
	return (uintptr_t)l->number << 7 | (uintptr_t)(l - lookups) << 1 | family;
}

/* An answer; no address is a failure, and why is not said. */
static void on_found(const char *name, const ip_addr_t *ip, void *arg)
{
	uintptr_t ticket = (uintptr_t)arg;
	struct lookup *l = &lookups[(ticket >> 1) % 64];
	unsigned family = ticket & 1;
	struct address at;

	(void)name;
	if (l->port == NULL || ticket_of(l, family) != ticket)
		return; /* it was cancelled */
	if (ip == NULL) {
		l->failed |= board_now() - l->asked_at >= GIVE_UP_MS;
		answered(l, family, NULL);
		return;
	}
	address_from_lwip(ip, 0, &at);
	answered(l, family, &at);
}

/* ---- The calls ---- */

static struct lookup *lookup_of(const struct port *p, port_sock s)
{
	for (unsigned i = 0; i < LWIP_LOOKUPS; i++)
		if (lookups[i].port == p && lookups[i].sock == s)
			return &lookups[i];
	return NULL;
}

/* Asks for one family, if it is of use. *full: dns.c has no room. */
static void ask(struct lookup *l, const char *name, unsigned family, bool *full)
{
	ip_addr_t ip;
	struct address at;
	err_t err;

	if ((l->open & 1u << family) == 0)
		return;
	err = dns_gethostbyname_addrtype(name, &ip, on_found,
		(void *)ticket_of(l, family), // NOLINT(performance-no-int-to-ptr): never followed
		family == V4 ? LWIP_DNS_ADDRTYPE_IPV4 : LWIP_DNS_ADDRTYPE_IPV6);
	if (err == ERR_OK) { /* known from earlier: no callback comes */
		address_from_lwip(&ip, 0, &at);
		answered(l, family, &at);
	} else if (err != ERR_INPROGRESS) {
		l->failed = true;
		answered(l, family, NULL);
	}
	if (err == ERR_MEM)
		*full = true;
}

/* Answers at once what is not asked for. True: it was that. */
static bool answer_here(struct lookup *l, const char *name, size_t len)
{
	struct address at[NAMES_KNOWN_MAX];
	int count = names_known(name, len, at);

	for (int i = 0; i < count; i++)
		answered(l, ip_is_v4(&at[i].ip) ? V4 : V6, &at[i]);
	if (count >= 0)
		l->open = 0;
	return count >= 0;
}

uint32_t literal_zone(const char *name)
{
	return address_zone(name);
}

static struct lookup *begin(struct port *p, port_sock s, enum port_families families)
{
	struct lookup *l = lookups;

	while (l < lookups + LWIP_LOOKUPS && l->port != NULL)
		l++;
	if (l == lookups + LWIP_LOOKUPS)
		return NULL;
	l->port = p;
	l->sock = s;
	l->open = (uint8_t)((families & PORT_IPV4 ? 1u << V4 : 0) |
			    (families & PORT_IPV6 ? 1u << V6 : 0));
	l->asked_at = board_now();
	return l;
}

int port_resolve(
	struct port *p, const char *name, size_t len, enum port_families families, port_sock *s)
{
	char text[CONFIG_ANKLET_NAME_MAX + 1];
	struct lookup *l;
	bool full = false;

	assert(len > 0 && len <= CONFIG_ANKLET_NAME_MAX);
	*s = socket_new(p, ENTRY_LOOKUP);
	if (*s == PORT_NONE)
		return PORT_NO_RESOURCES;
	l = begin(p, *s, families);
	if (l == NULL) {
		port_close(p, s);
		return PORT_NO_RESOURCES;
	}
	if (len > 1 && name[len - 1] == '.') /* the root, which dns.c does not expect */
		len--;
	if (answer_here(l, name, len))
		return 0;
	l->open &= BUILT; /* an answer of another family could not be used */
	memcpy(text, name, len);
	text[len] = '\0';
	ask(l, text, V6, &full);
	ask(l, text, V4, &full);
	if (!full || l->open != 0 || l->found != 0)
		return 0;
	port_close(p, s);
	return PORT_NO_RESOURCES;
}

/* Milliseconds that the first address still waits for the other family; 0: no longer. */
static int32_t wait_left(const struct lookup *l)
{
	int32_t left = (int32_t)(l->found_at + FIRST_FAMILY_WAIT_MS - board_now());

	return left > 0 ? left : 0;
}

static bool is_over(const struct lookup *l)
{
	return l->open == 0 || (l->found != 0 && wait_left(l) == 0);
}

int port_resolved(struct port *p, port_sock s, struct address *addresses, size_t max)
{
	static const uint8_t order[] = {V6, V4};
	struct port_entry *e = socket_entry(p, s);
	const struct lookup *l = lookup_of(p, s);
	size_t count = 0;

	assert(e->kind == ENTRY_LOOKUP && l != NULL && max > 0);
	if (e->wants & WANT_READ || !is_over(l))
		return socket_await(e, WANT_READ);
	for (size_t i = 0; i < FAMILIES && count < max; i++)
		if (l->found & 1u << order[i])
			addresses[count++] = l->address[order[i]];
	if (count > 0)
		return (int)count;
	return l->failed ? PORT_NAME_FAILED : PORT_NO_NAME;
}

/* ---- For the other files ---- */

bool names_ready(const struct port *p, port_sock s)
{
	return is_over(lookup_of(p, s));
}

void names_cancel(const struct port *p, port_sock s)
{
	struct lookup *l = lookup_of(p, s);

	if (l != NULL)
		*l = (struct lookup){.number = (l->number + 1) & 0xffffff};
}

int32_t names_next(const struct port *p)
{
	int32_t next = -1;

	for (unsigned i = 0; i < LWIP_LOOKUPS; i++) {
		const struct lookup *l = &lookups[i];

		if (l->port != p || l->found == 0 || is_over(l))
			continue;
		if (next < 0 || wait_left(l) < next)
			next = wait_left(l);
	}
	return next;
}

#endif
