/*
 * Look-ups: lwIP's dns.c asks, in its own thread, and rings a bell for ours.
 *
 * dns.c cannot be told to stop, so its callback is given the number of a look-up,
 * which is never used again, and not a pointer. It keeps one address of each family.
 *
 * Who may do what: a look-up begins and ends in lwIP's thread alone, so that no
 * answer comes in between; its answers are written there under lwIP's lock, and
 * read anywhere under the same. The bell is a socket on which nothing arrives:
 * it is made readable as lwIP itself makes sockets readable, which select() sees,
 * and which no full queue or loopback interface that is not built in can lose.
 */
#include "internal.h"

#include <string.h>

#include "lwip/opt.h"
#include "lwip/dns.h"
#include "lwip/sys.h"

#include "addresses.h"
#include "base/check.h"
#include "names_known.h"
#include "system.h"
#include "system_lwip_stack.h"

#define LOOKUPS CONFIG_ANKLET_LWIP_LOOKUPS
#define FIRST_FAMILY_WAIT_MS 50 /* for the other family's answer (port.h) */

/* dns.c gives up after so long at the earliest; what comes sooner was said by a server. */
#define GIVE_UP_MS (DNS_MAX_RETRIES * DNS_TMR_INTERVAL)

_Static_assert(LWIP_DNS, "names are looked up by lwIP");
_Static_assert(DNS_TABLE_SIZE >= 2 * LOOKUPS, "dns.c has a place for each family of each look-up");
_Static_assert(CONFIG_ANKLET_NAME_MAX < DNS_MAX_NAME_LENGTH, "dns.c takes every name");
_Static_assert(LOOKUPS <= 64, "a look-up's place is told to dns.c in 6 bits");

enum { V4, V6, FAMILIES };

struct lookup {
	struct port *port; /* NULL: a free place */
	port_sock sock;
	uint32_t number;   /* of this look-up, in 24 bits; the next one here has the next */
	uint8_t open;      /* families that have not answered, as bits 1 << V4, 1 << V6 */
	uint8_t found;     /* families that have an address */
	bool failed;       /* a family had no answer at all */
	uint32_t asked_at; /* of sys_now(), as is the next */
	uint32_t found_at; /* when the first address came */
	struct address address[FAMILIES];
};

static struct lookup lookups[LOOKUPS];

/* ---- In lwIP's thread ---- */

static void set_servers(void *arg)
{
	const struct port_config *config = arg;
	ip_addr_t ip;

	for (uint8_t i = 0; i < config->name_servers && i < DNS_MAX_SERVERS; i++)
		if (address_to_lwip(&config->name_server[i], &ip))
			dns_setserver(i, &ip);
}

static void ring(struct port *p)
{
	SYS_ARCH_DECL_PROTECT(lev);
	bool rang;

	SYS_ARCH_PROTECT(lev);
	rang = p->resolver.ringing;
	p->resolver.ringing = true;
	SYS_ARCH_UNPROTECT(lev);
	if (!rang)
		stack_ring(socket_fd(p, p->resolver.bell), 1);
}

/* at NULL: none; no_answer: and nobody said so. */
static void answered(struct lookup *l, unsigned family, const struct address *at, bool no_answer)
{
	SYS_ARCH_DECL_PROTECT(lev);

	if ((l->open & 1u << family) == 0)
		return;
	SYS_ARCH_PROTECT(lev);
	l->open &= (uint8_t) ~(1u << family);
	l->failed |= no_answer;
	if (at != NULL) {
		if (l->found == 0)
			l->found_at = sys_now();
		l->found |= (uint8_t)(1u << family);
		l->address[family] = *at;
		l->address[family].port = 0;
	}
	SYS_ARCH_UNPROTECT(lev);
}

/* What dns.c hands back in place of a pointer: which look-up, at which place, which family. */
static uintptr_t ticket_of(const struct lookup *l, unsigned family)
{
	return (uintptr_t)l->number << 7 | (uintptr_t)(l - lookups) << 1 | family;
}

static void on_found(const char *name, const ip_addr_t *ip, void *arg)
{
	uintptr_t ticket = (uintptr_t)arg;
	struct lookup *l = &lookups[(ticket >> 1) % 64];
	unsigned family = ticket & 1;
	struct address at;

	(void)name;
	if (l->port == NULL || ticket_of(l, family) != ticket)
		return; /* it was cancelled */
	if (ip != NULL)
		address_from_lwip(ip, 0, &at);
	answered(l, family, ip != NULL ? &at : NULL,
		ip == NULL && sys_now() - l->asked_at >= GIVE_UP_MS);
	ring(l->port);
}

struct begin {
	struct port *port;
	port_sock sock;
	const char *name;
	size_t len;
	enum port_families families;
	bool full; /* there is no place, here or in dns.c */
};

/* Asks for one family, if it is of use. */
static void ask(struct lookup *l, struct begin *b, unsigned family)
{
	ip_addr_t ip;
	struct address at;
	err_t err;

	if ((l->open & 1u << family) == 0)
		return;
	err = dns_gethostbyname_addrtype(b->name, &ip, on_found,
		(void *)ticket_of(l, family), // NOLINT(performance-no-int-to-ptr): never followed
		family == V4 ? LWIP_DNS_ADDRTYPE_IPV4 : LWIP_DNS_ADDRTYPE_IPV6);
	if (err == ERR_OK) { /* known from earlier: no callback comes */
		address_from_lwip(&ip, 0, &at);
		answered(l, family, &at, false);
	} else if (err != ERR_INPROGRESS) {
		answered(l, family, NULL, true);
	}
	b->full |= err == ERR_MEM;
}

static void occupy(struct lookup *l, const struct begin *b)
{
	SYS_ARCH_DECL_PROTECT(lev);

	SYS_ARCH_PROTECT(lev);
	l->port = b->port;
	l->sock = b->sock;
	l->asked_at = sys_now();
	l->open = (uint8_t)((b->families & PORT_IPV4 ? 1u << V4 : 0) |
			    (b->families & PORT_IPV6 ? 1u << V6 : 0));
	SYS_ARCH_UNPROTECT(lev);
}

static void do_begin(void *arg)
{
	struct begin *b = arg;
	struct lookup *l = lookups;
	struct address at[NAMES_KNOWN_MAX];
	int known;

	while (l < lookups + LOOKUPS && l->port != NULL)
		l++;
	b->full = l == lookups + LOOKUPS;
	if (b->full)
		return;
	occupy(l, b);
	known = names_known(b->name, b->len, address_zone, at);
	for (int i = 0; i < known; i++)
		answered(l, ip_is_v4(&at[i].ip) ? V4 : V6, &at[i], false);
	if (known >= 0) {
		answered(l, V4, NULL, false);
		answered(l, V6, NULL, false);
		return;
	}
	ask(l, b, V6);
	ask(l, b, V4);
	b->full = b->full && l->open == 0 && l->found == 0;
}

static void forget(struct lookup *l)
{
	SYS_ARCH_DECL_PROTECT(lev);

	SYS_ARCH_PROTECT(lev);
	*l = (struct lookup){.number = (l->number + 1) & 0xffffff};
	SYS_ARCH_UNPROTECT(lev);
}

struct which {
	const struct port *port;
	port_sock sock; /* PORT_NONE: all */
};

static void do_forget(void *arg)
{
	const struct which *w = arg;

	for (struct lookup *l = lookups; l < lookups + LOOKUPS; l++)
		if (l->port == w->port && (w->sock == PORT_NONE || l->sock == w->sock))
			forget(l);
}

/* ---- In ours ---- */

/* What look-up i has come to by now. False: it is not one of p's. */
static bool look(const struct port *p, unsigned i, struct lookup *seen)
{
	SYS_ARCH_DECL_PROTECT(lev);

	SYS_ARCH_PROTECT(lev);
	*seen = lookups[i];
	SYS_ARCH_UNPROTECT(lev);
	return seen->port == p;
}

/* Milliseconds that the first address still waits for the other family; 0: no longer. */
static int32_t wait_left(const struct lookup *l)
{
	int32_t left = (int32_t)(l->found_at + FIRST_FAMILY_WAIT_MS - sys_now());

	return left > 0 ? left : 0;
}

static bool is_over(const struct lookup *l)
{
	return l->open == 0 || (l->found != 0 && wait_left(l) == 0);
}

void resolve_init(struct port *p, const struct port_config *config)
{
	struct port_config copy = *config;
	int fd = native_socket(AF_INET, SOCK_DGRAM);

	p->resolver.bell = fd < 0 ? -1 : (int16_t)socket_new_query(p, fd);
	if (p->resolver.bell < 0) {
		p->resolver.bell = -1;
		return;
	}
	socket_want_read(p, p->resolver.bell);
	stack_run(set_servers, &copy);
}

void resolve_fini(struct port *p)
{
	struct which all = {.port = p, .sock = PORT_NONE};

	stack_run(do_forget, &all);
	if (p->resolver.bell >= 0)
		socket_close_query(p, p->resolver.bell);
	p->resolver.bell = -1;
}

void resolve_cancel(struct port *p, port_sock s)
{
	struct which one = {.port = p, .sock = s};

	stack_run(do_forget, &one);
}

int port_resolve(
	struct port *p, const char *name, size_t len, enum port_families families, port_sock *s)
{
	char text[CONFIG_ANKLET_NAME_MAX + 1];
	struct begin b = {.port = p, .name = text, .len = len, .families = families};
	int entry = socket_new_lookup(p);

	check(len > 0 && len <= CONFIG_ANKLET_NAME_MAX);
	*s = entry < 0 ? PORT_NONE : (port_sock)entry;
	if (entry < 0)
		return PORT_NO_RESOURCES;
	if (len > 1 && name[len - 1] == '.') /* the root, which dns.c does not expect */
		b.len--;
	memcpy(text, name, b.len);
	text[b.len] = '\0';
	b.sock = *s;
	stack_run(do_begin, &b);
	if (!b.full)
		return 0;
	port_close(p, s);
	return PORT_NO_RESOURCES;
}

int port_resolved(struct port *p, port_sock s, struct address *addresses, size_t max)
{
	static const uint8_t order[] = {V6, V4};
	struct port_entry *e = socket_entry(p, s);
	struct lookup l = {.port = NULL};
	size_t count = 0;
	unsigned i = 0;

	check(e->kind == ENTRY_LOOKUP && max > 0);
	if (e->wants & WANT_READ)
		return PORT_AGAIN;
	while (i < LOOKUPS && !(look(p, i, &l) && l.sock == s))
		i++;
	check(i < LOOKUPS);
	if (!is_over(&l)) {
		socket_want_read(p, s);
		return PORT_AGAIN;
	}
	for (i = 0; i < FAMILIES && count < max; i++)
		if (l.found & 1u << order[i])
			addresses[count++] = l.address[order[i]];
	if (count > 0)
		return (int)count;
	return l.failed ? PORT_NAME_FAILED : PORT_NO_NAME;
}

/* The bell: it is silenced, and resolve_expire(), which follows, finds out what it was for. */
void resolve_ready(struct port *p, int entry)
{
	SYS_ARCH_DECL_PROTECT(lev);

	stack_ring(socket_fd(p, entry), -1);
	SYS_ARCH_PROTECT(lev);
	p->resolver.ringing = false;
	SYS_ARCH_UNPROTECT(lev);
	socket_want_read(p, entry);
}

int32_t resolve_next(struct port *p)
{
	int32_t next = -1;
	struct lookup l;

	for (unsigned i = 0; i < LOOKUPS; i++) {
		if (!look(p, i, &l) || l.found == 0 || is_over(&l))
			continue;
		if (next < 0 || wait_left(&l) < next)
			next = wait_left(&l);
	}
	return next;
}

void resolve_expire(struct port *p)
{
	struct lookup l;

	for (unsigned i = 0; i < LOOKUPS; i++)
		if (look(p, i, &l) && is_over(&l))
			socket_lookup_ready(p, l.sock);
}
