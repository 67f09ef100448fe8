/*
 * Looking names up without waiting: port_resolve() and port_resolved() of port.h, and internal.h's resolve_*().
 *
 * A name is, in this order: an address literal; one that is settled by its
 * ending (localhost, invalid, onion); in the hosts file; or asked for, with what
 * the search list makes of it. A look-up ends when no query of its present
 * name is open, or the grace is over.
 */
#include <string.h>

#include "base/check.h"
#include "internal.h"
#include "literal.h"
#include "query.h"

_Static_assert(CONFIG_ANKLET_ADDRESSES > 8 || PORT_LOOKUPS > 32 || CONFIG_ANKLET_NAME_CACHE > 32 ||
		       sizeof(struct resolver) <= 49152,
	"with the usual sizes the resolver's tables take no more than 48 KiB");
_Static_assert(CONFIG_ANKLET_ADDRESSES <= UINT8_MAX, "an octet counts a name's addresses");

static bool is_due(uint32_t now, uint32_t at)
{
	return (int32_t)(now - at) >= 0;
}

/* ---- From names to answers that need no server ---- */

static void conclude(struct lookup *l, int answer)
{
	l->state = LOOKUP_DONE;
	l->answer = (int8_t)answer;
}

static bool has_addresses(const struct query *q)
{
	return q->result == DNS_ADDRESSES;
}

/* Settles what was found without asking: a family of no use has nothing. */
static void conclude_found(struct lookup *l)
{
	if ((l->families & PORT_IPV4) != 0 && l->v4.answer.addresses.count > 0)
		l->v4.result = DNS_ADDRESSES;
	if ((l->families & PORT_IPV6) != 0 && l->v6.answer.addresses.count > 0)
		l->v6.result = DNS_ADDRESSES;
	conclude(l, has_addresses(&l->v4) || has_addresses(&l->v6) ? 0 : PORT_NO_NAME);
}

static bool take_literal(struct lookup *l, const char *name, size_t len)
{
	struct address at;

	if (!literal_parse(name, len, &at))
		return false;
	l->scope = at.scope;
	dns_addresses_add(
		ip_is_v4(&at.ip) ? &l->v4.answer.addresses : &l->v6.answer.addresses, &at.ip);
	conclude_found(l);
	return true;
}

/* Keeps the name in lower case; false when no such name can exist. */
static bool take_name(struct lookup *l, const char *name, size_t len)
{
	l->absolute = len > 0 && name[len - 1] == '.';
	if (l->absolute)
		len--;
	if (!dns_name_valid(name, len))
		return false;
	for (size_t i = 0; i < len; i++)
		l->name[i] =
			(char)(name[i] >= 'A' && name[i] <= 'Z' ? name[i] - 'A' + 'a' : name[i]);
	l->own_len = l->name_len = (uint8_t)len;
	return true;
}

/* Is the name 'domain' or one below it? */
static bool is_within(const struct lookup *l, const char *domain)
{
	size_t len = strlen(domain);

	return l->own_len >= len && memcmp(l->name + l->own_len - len, domain, len) == 0 &&
	       (l->own_len == len || l->name[l->own_len - len - 1] == '.');
}

/* Names about which no server is to be asked (RFC 6761, sections 6.3 and 6.4; RFC 7686, section 2). */
static bool take_special(struct lookup *l)
{
	static const struct ip loopback_v6 = {.octet = {[15] = 1}};
	struct ip loopback_v4 = ip_v4(127, 0, 0, 1);

	if (is_within(l, "localhost")) {
		dns_addresses_add(&l->v4.answer.addresses, &loopback_v4);
		dns_addresses_add(&l->v6.answer.addresses, &loopback_v6);
		conclude_found(l);
		return true;
	}
	if (is_within(l, "invalid") || is_within(l, "onion")) {
		conclude(l, PORT_NO_NAME);
		return true;
	}
	return false;
}

/* 0, and the look-up has ended if the file has the name; or PORT_NO_RESOURCES. */
static int take_hosts(const struct resolver *r, struct lookup *l)
{
	bool v4 = (l->families & PORT_IPV4) != 0, v6 = (l->families & PORT_IPV6) != 0;
	int lines = name_files_hosts(&r->files, l->name, l->own_len,
		v4 ? &l->v4.answer.addresses : NULL, v6 ? &l->v6.answer.addresses : NULL);

	if (lines > 0)
		conclude_found(l);
	return lines < 0 ? PORT_NO_RESOURCES : 0;
}

/* ---- The names that are asked for ---- */

static bool has_dots(const struct lookup *l, unsigned at_least)
{
	unsigned dots = 0;

	for (unsigned i = 0; i < l->own_len; i++)
		dots += l->name[i] == '.';
	return dots >= at_least;
}

/* Makes the name as it is, or with a domain of the search list. False when that is too long. */
static bool put_domain(struct lookup *l, const char *domain)
{
	size_t len = strlen(domain);

	l->name_len = l->own_len;
	if (len == 0)
		return true;
	if (l->own_len + 1 + len > DNS_NAME_MAX)
		return false;
	l->name[l->own_len] = '.';
	memcpy(l->name + l->own_len + 1, domain, len);
	l->name_len = (uint8_t)(l->own_len + 1 + len);
	return true;
}

/*
 * Makes the next of the names that resolv.conf(5) has tried one after the other:
 * the name itself before the search list when it has 'ndots' dots, else behind
 * it. False when there is none left.
 */
static bool next_candidate(const struct resolver *r, struct lookup *l)
{
	const struct resolv_conf *conf = &r->files.conf;
	unsigned last = l->absolute ? 0 : conf->searches;
	bool itself_first = l->absolute || has_dots(l, conf->ndots);

	while (l->candidates <= last) {
		unsigned i = l->candidates++;
		const char *domain = "";

		if (itself_first && i > 0)
			domain = resolv_conf_search(conf, i - 1);
		else if (!itself_first && i < last)
			domain = resolv_conf_search(conf, i);
		if (put_domain(l, domain))
			return true;
	}
	return false;
}

/* Asks for the present name. 0 or PORT_NO_RANDOM. */
static int ask(struct port *p, struct lookup *l)
{
	int answer = 0;

	l->graced = false;
	l->v4.result = l->v6.result = DNS_NO_DATA;
	if ((l->families & PORT_IPV6) != 0)
		answer = query_begin(p, &l->v6, l->name, l->name_len, DNS_AAAA);
	if (answer == 0 && (l->families & PORT_IPV4) != 0)
		answer = query_begin(p, &l->v4, l->name, l->name_len, DNS_A);
	return answer;
}

static void cancel_queries(struct port *p, struct lookup *l)
{
	query_cancel(p, &l->v4);
	query_cancel(p, &l->v6);
}

/* What the two queries for the present name come to, as far as one can tell by now. */
static int verdict(struct port *p, struct lookup *l)
{
	bool some = has_addresses(&l->v4) || has_addresses(&l->v6);
	bool open = l->v4.result == DNS_PENDING || l->v6.result == DNS_PENDING;

	if (some && open && !l->graced) {
		l->graced = true;
		l->grace_at = port_now(p) + RESOLVE_GRACE_MS;
	}
	if (some && (!open || is_due(port_now(p), l->grace_at)))
		return 0;
	if (open)
		return PORT_AGAIN;
	/* A failure is not a no: the next name could be another host's. */
	if (l->v4.result == DNS_FAILED || l->v6.result == DNS_FAILED)
		return PORT_NAME_FAILED;
	return PORT_NO_NAME;
}

/* Goes on as far as it can be done now. 0, or PORT_NO_RANDOM. */
static int advance(struct port *p, struct lookup *l)
{
	/* Every turn takes another name of the search list. */
	for (;;) {
		int answer = verdict(p, l);

		if (answer == PORT_AGAIN)
			return 0;
		if (answer != PORT_NO_NAME || !next_candidate(&p->resolver, l)) {
			cancel_queries(p, l);
			conclude(l, answer);
			return 0;
		}
		answer = ask(p, l);
		if (answer != 0)
			return answer;
	}
}

/* ---- The core's calls ---- */

/* Takes over what resolv.conf says; what the servers of another network said is forgotten. */
static void refresh(struct port *p)
{
	struct resolver *r = &p->resolver;

	if (!name_files_refresh(&r->files, port_now(p)))
		return;
	memset(&r->cache, 0, sizeof r->cache);
	if (r->servers_by_hand)
		return;
	memcpy(r->server, r->files.conf.server, sizeof r->files.conf.server);
	r->servers = r->files.conf.servers;
}

static struct lookup *find(struct resolver *r, port_sock s)
{
	for (unsigned i = 0; i < PORT_LOOKUPS; i++) {
		if (r->lookup[i].state != LOOKUP_FREE && r->lookup[i].handle == s)
			return &r->lookup[i];
	}
	return NULL;
}

static struct lookup *find_free(struct resolver *r)
{
	for (unsigned i = 0; i < PORT_LOOKUPS; i++) {
		if (r->lookup[i].state == LOOKUP_FREE)
			return &r->lookup[i];
	}
	return NULL;
}

static void lookup_init(struct lookup *l, port_sock handle, enum port_families families)
{
	memset(l, 0, sizeof *l);
	l->state = LOOKUP_ASKING;
	l->handle = handle;
	l->families = (uint8_t)families;
	l->v4.entry = l->v6.entry = -1;
	l->v4.buffer = l->v6.buffer = -1;
	l->v4.result = l->v6.result = DNS_NO_DATA;
}

static int begin(struct port *p, struct lookup *l, const char *name, size_t len)
{
	int answer;

	if (take_literal(l, name, len))
		return 0;
	if (!take_name(l, name, len)) {
		conclude(l, PORT_NO_NAME);
		return 0;
	}
	if (take_special(l))
		return 0;
	refresh(p);
	answer = take_hosts(&p->resolver, l);
	if (answer != 0 || l->state == LOOKUP_DONE)
		return answer;
	/* Without a name asked for yet, the verdict is 'no name': on to the first one. */
	return advance(p, l);
}

int port_resolve(
	struct port *p, const char *name, size_t len, enum port_families families, port_sock *s)
{
	struct lookup *l = find_free(&p->resolver);
	int answer;

	*s = PORT_NONE;
	if (l == NULL)
		return PORT_NO_RESOURCES;
	answer = socket_new_lookup(p);
	if (answer < 0)
		return answer;
	*s = (port_sock)answer;
	lookup_init(l, *s, families);
	answer = begin(p, l, name, len);
	if (answer != 0)
		port_close(p, s);
	return answer;
}

/* IPv6 and IPv4 in turn, what is left of the longer list behind. */
static size_t merge(const struct lookup *l, struct address *addresses, size_t max)
{
	const struct dns_addresses *v6 = &l->v6.answer.addresses, *v4 = &l->v4.answer.addresses;
	unsigned v6_count = has_addresses(&l->v6) ? v6->count : 0;
	unsigned v4_count = has_addresses(&l->v4) ? v4->count : 0;
	size_t n = 0;

	for (unsigned i = 0; i < CONFIG_ANKLET_ADDRESSES; i++) {
		if (i < v6_count && n < max)
			addresses[n++] = (struct address){.ip = v6->ip[i], .scope = l->scope};
		if (i < v4_count && n < max)
			addresses[n++] = (struct address){.ip = v4->ip[i]};
	}
	return n;
}

int port_resolved(struct port *p, port_sock s, struct address *addresses, size_t max)
{
	struct lookup *l = find(&p->resolver, s);

	check(l != NULL && max > 0);
	if (l->state == LOOKUP_ASKING) {
		socket_await_read(p, s);
		return PORT_AGAIN;
	}
	return l->answer != 0 ? l->answer : (int)merge(l, addresses, max);
}

/* ---- The port's calls ---- */

void resolve_init(struct port *p, const struct port_config *config)
{
	struct resolver *r = &p->resolver;

	memset(r, 0, sizeof *r);
	name_files_init(&r->files);
	r->server_port = 53;
	r->first_try_ms = RESOLVE_FIRST_TRY_MS;
	r->servers_by_hand = config->name_servers > 0;
	r->servers = config->name_servers;
	memcpy(r->server, config->name_server, sizeof config->name_server);
}

static void forget(struct port *p, struct lookup *l)
{
	cancel_queries(p, l);
	l->state = LOOKUP_FREE;
}

void resolve_fini(struct port *p)
{
	for (unsigned i = 0; i < PORT_LOOKUPS; i++) {
		if (p->resolver.lookup[i].state != LOOKUP_FREE)
			forget(p, &p->resolver.lookup[i]);
	}
}

void resolve_cancel(struct port *p, port_sock s)
{
	struct lookup *l = find(&p->resolver, s);

	if (l != NULL)
		forget(p, l);
}

/* Starts the queries that waited for TCP buffers, as far as there are some now. */
static void go_on(struct port *p, struct lookup *l)
{
	if (query_may_go_on(p, &l->v6))
		query_go_on(p, &l->v6);
	if (query_may_go_on(p, &l->v4))
		query_go_on(p, &l->v4);
}

/* Something has happened to queries: draws the conclusions for all look-ups. */
static void settle(struct port *p)
{
	for (unsigned i = 0; i < PORT_LOOKUPS; i++) {
		struct lookup *l = &p->resolver.lookup[i];

		if (l->state != LOOKUP_ASKING)
			continue;
		go_on(p, l);
		if (advance(p, l) != 0) {
			cancel_queries(p, l);
			conclude(l, PORT_NAME_FAILED);
		}
		if (l->state == LOOKUP_DONE)
			socket_lookup_ready(p, l->handle);
	}
}

void resolve_ready(struct port *p, int entry)
{
	for (unsigned i = 0; i < PORT_LOOKUPS; i++) {
		struct lookup *l = &p->resolver.lookup[i];

		if (l->state != LOOKUP_ASKING)
			continue;
		if (l->v6.entry == entry) {
			query_ready(p, &l->v6);
			break;
		}
		if (l->v4.entry == entry) {
			query_ready(p, &l->v4);
			break;
		}
	}
	settle(p);
}

static void earlier(int32_t *ms, uint32_t now, uint32_t at)
{
	int32_t left = is_due(now, at) ? 0 : (int32_t)(at - now);

	if (*ms < 0 || left < *ms)
		*ms = left;
}

static void query_next(struct port *p, const struct query *q, int32_t *ms)
{
	if (q->phase == QUERY_IDLE)
		return;
	earlier(ms, port_now(p), query_may_go_on(p, q) ? port_now(p) : q->give_up_at);
}

int32_t resolve_next(struct port *p)
{
	int32_t ms = -1;

	for (unsigned i = 0; i < PORT_LOOKUPS; i++) {
		const struct lookup *l = &p->resolver.lookup[i];

		if (l->state != LOOKUP_ASKING)
			continue;
		query_next(p, &l->v6, &ms);
		query_next(p, &l->v4, &ms);
		if (l->graced)
			earlier(&ms, port_now(p), l->grace_at);
	}
	return ms;
}

static void expire(struct port *p, struct query *q)
{
	if (q->phase != QUERY_IDLE && is_due(port_now(p), q->give_up_at))
		query_expire(p, q);
}

void resolve_expire(struct port *p)
{
	for (unsigned i = 0; i < PORT_LOOKUPS; i++) {
		struct lookup *l = &p->resolver.lookup[i];

		if (l->state != LOOKUP_ASKING)
			continue;
		expire(p, &l->v6);
		expire(p, &l->v4);
	}
	settle(p);
}
