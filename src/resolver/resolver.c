/*
 * Names to addresses: who waits for which name, and what is known without asking. See resolver.h.
 *
 * A lookup begins with what has been kept, goes through the hosts file, a slice a tick, and then through the names that
 * the search list makes of its own. When it first has to ask (query.c), it needs a place of its client's
 * share; where there is none, those who wait for it queue, and the lookup is given up.
 */
#include "resolver/resolver.h"

#include <string.h>

#include "base/check.h"
#include "resolver/literal.h"
#include "resolver/query.h"

#define SERVER_PORT 53
#define FIRST_TRY_MS 2000
#define GRACE_MS 50     /* what the slower family gets (RFC 8305, section 3) */
#define REST_MS 100     /* until a descriptor may be free */
#define SLICE 65536     /* bytes of the hosts file in a tick, for all lookups together */
#define SLICE_MIN 512   /* what looking at it costs at least */
#define LONG_LINE 32768 /* port_names_read() shows as much in one piece, if it is there */

/* ---- Names that nobody is asked about ---- */

static char lower(char c)
{
	return (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
}

/* Is the name 'domain' or one below it? */
static bool is_within(const char *name, size_t len, const char *domain)
{
	size_t known = strlen(domain);

	if (len < known || (len > known && name[len - known - 1] != '.'))
		return false;
	for (size_t i = 0; i < known; i++)
		if (lower(name[len - known + i]) != domain[i])
			return false;
	return true;
}

/* The count of addresses, PORT_NO_NAME, or PORT_AGAIN: it takes a lookup. */
static int known(const struct resolver_question *q, struct address *found, size_t max)
{
	static const struct address loopback[] = {
		{.ip.octet = {[15] = 1}}, {.ip.octet = {[10] = 0xff, 0xff, 127, 0, 0, 1}}};
	size_t len = q->len;
	int n = 0;

	if (literal_parse(q->name, len, &found[0]))
		return (q->families & (ip_is_v4(&found[0].ip) ? PORT_IPV4 : PORT_IPV6)) != 0
			       ? 1
			       : PORT_NO_NAME;
	if (len > 0 && q->name[len - 1] == '.')
		len--;
	/* RFC 6761, sections 6.3 and 6.4; RFC 7686, section 2. */
	if (!dns_name_valid(q->name, len) || len > RESOLVER_NAME_MAX ||
		is_within(q->name, len, "invalid") || is_within(q->name, len, "onion"))
		return PORT_NO_NAME;
	if (!is_within(q->name, len, "localhost"))
		return PORT_AGAIN;
	for (size_t i = 0; i < 2 && (size_t)n < max; i++)
		if ((q->families & (i == 0 ? PORT_IPV6 : PORT_IPV4)) != 0)
			found[n++] = loopback[i];
	return n > 0 ? n : PORT_NO_NAME;
}

/* ---- What the system says ---- */

static void tell_left(struct resolver *r)
{
	struct text *t;

	if (!ANKLET_HAS_LOG(PORT_WARNING) ||
		(r->conf.servers_left == 0 && r->conf.searches_left == 0))
		return;
	t = loop_line(r->loop);
	text_str(t, "resolv.conf: passed over, for there is no room or they make no sense: ");
	text_num(t, r->conf.servers_left);
	text_str(t, " of its name servers, ");
	text_num(t, r->conf.searches_left);
	text_str(t, " of its search domains");
	loop_log(r->loop, PORT_WARNING);
}

/* Takes over what resolv.conf says. False: it could not be read just now, and what was known still holds. */
static bool read_conf(struct resolver *r)
{
	const uint8_t *data = NULL;
	int n = 0;

	if (RESOLVER_HAS_FILES && r->stamp[PORT_RESOLV_CONF] != 0)
		n = port_names_read(r->loop->port, PORT_RESOLV_CONF, 0, &data);
	if (n == PORT_NO_RESOURCES)
		return false;
	resolv_conf_init(&r->conf);
	if (RESOLVER_HAS_FILES && n > 0)
		resolv_conf_read(&r->conf, (const char *)data, (size_t)n);
	if (r->servers > 0) {
		r->conf.servers = r->servers;
		r->conf.servers_left = 0;
		memcpy(r->conf.server, r->server, r->servers * sizeof *r->server);
	}
	r->from_system = r->conf.servers == 0;
	if (RESOLVER_HAS_FILES)
		tell_left(r);
	return true;
}

/* The servers that the system has learned otherwise. Are they others than before? */
static bool ask_system(struct resolver *r)
{
	struct address server[FILES_SERVERS];
	size_t n = port_name_servers(r->loop->port, server, FILES_SERVERS);
	bool same;

	/* As resolv.conf(5) has it. */
	if (n == 0 && RESOLVER_HAS_FILES) {
		server[0] = (struct address){.ip = ip_v4(127, 0, 0, 1)};
		n = 1;
	}
	same = n == r->conf.servers;
	for (size_t i = 0; same && i < n; i++)
		same = address_equal(&server[i], &r->conf.server[i]);
	r->conf.servers = (uint8_t)n;
	memcpy(r->conf.server, server, n * sizeof server[0]);
	return !same;
}

/* Has a file another stamp? Takes it over. */
static bool is_new(struct resolver *r, enum port_names_file file)
{
	uint32_t stamp = port_names_stamp(r->loop->port, file);
	bool other = stamp != r->stamp[file];

	r->stamp[file] = stamp;
	return other;
}

/* Asks the system, once a tick. What the servers of another network said is forgotten, as what another hosts file did. */
static void refresh(struct resolver *r)
{
	uint32_t now = port_now(r->loop->port);
	bool changed = r->epoch == 0;

	if (!changed && now == r->looked_at)
		return;
	r->looked_at = now;
	if (RESOLVER_HAS_FILES)
		changed |= is_new(r, PORT_RESOLV_CONF);
	if (changed && !read_conf(r))
		r->stamp[PORT_RESOLV_CONF] = 0; /* so that the next look tries again */
	if (RESOLVER_HAS_FILES)
		changed |= is_new(r, PORT_HOSTS);
	if (r->from_system)
		changed |= ask_system(r);
	if (!changed)
		return;
	r->epoch = r->epoch == UINT8_MAX ? 1 : r->epoch + 1;
	if (CONFIG_ANKLET_NAME_CACHE > 0)
		cache_clear(&r->cache);
}

/* ---- Those who wait ---- */

static uint16_t number_of(const struct resolver *r, const struct lookup *l)
{
	return (uint16_t)(l - r->lookup + 1);
}

static void join(struct resolver *r, struct lookup *l, unsigned asker)
{
	r->asker[asker].lookup = number_of(r, l);
	r->asker[asker].next = l->first;
	l->first = (uint16_t)(asker + 1);
}

static void wait_for_place(struct resolver *r, unsigned asker)
{
	r->asker[asker].lookup = ASKER_WAITS;
	r->asker[asker].next = 0;
	if (r->first == 0)
		r->first = (uint16_t)(asker + 1);
	else
		r->asker[r->last - 1].next = (uint16_t)(asker + 1);
	r->last = (uint16_t)(asker + 1);
}

/* Takes one off a list, whose last one is told if that is asked for. */
static void unlink_asker(struct resolver *r, uint16_t *first, uint16_t *last, unsigned asker)
{
	uint16_t *link = first, before = 0;

	while (*link != asker + 1) {
		check(*link != 0);
		before = *link;
		link = &r->asker[before - 1].next;
	}
	*link = r->asker[asker].next;
	if (last != NULL && *last == asker + 1)
		*last = before;
}

/* Calls everybody who waits for l. */
static void call_askers(struct resolver *r, const struct lookup *l)
{
	for (uint16_t i = l->first; i != 0; i = r->asker[i - 1].next) {
		if (i <= CONFIG_ANKLET_SESSIONS)
			loop_ready(r->loop, i - 1u);
		else
			r->news = true;
	}
}

/* ---- Places ---- */

static bool has_place(const struct resolver *r, uint16_t client)
{
	const struct clients *clients = &r->loop->clients;

	return client == CLIENT_NONE ? !pool_is_full(clients, POOL_LOOKUPS)
				     : pool_has_place(clients, POOL_LOOKUPS, client);
}

/* For the one who wanted the name first. False: there is none for that client. */
static bool take_place(struct resolver *r, struct lookup *l, uint16_t client)
{
	static const struct ip nobody;
	struct clients *clients = &r->loop->clients;

	if (client == CLIENT_NONE)
		l->client = clients_take(clients, POOL_LOOKUPS, &nobody);
	else if (pool_take(clients, POOL_LOOKUPS, client))
		l->client = client;
	return l->client != CLIENT_NONE;
}

static void give_place(struct resolver *r, struct lookup *l)
{
	if (l->client == CLIENT_NONE)
		return;
	pool_give(&r->loop->clients, POOL_LOOKUPS, l->client);
	l->client = CLIENT_NONE;
	r->room = true;
}

static void free_lookup(struct resolver *r, struct lookup *l)
{
	query_end(r, l);
	give_place(r, l);
	l->phase = LOOKUP_FREE;
	r->used--;
	r->room = true;
}

static void conclude(struct resolver *r, struct lookup *l, int answer)
{
	query_end(r, l);
	give_place(r, l);
	l->phase = LOOKUP_DONE;
	l->answer = (int8_t)answer;
	call_askers(r, l);
}

/* There is no place for l: those who wait for it wait for one. */
static void queue_askers(struct resolver *r, struct lookup *l)
{
	while (l->first != 0) {
		unsigned asker = l->first - 1u;

		l->first = r->asker[asker].next;
		r->asker[asker].scanned = l->scanned ? r->epoch : 0;
		wait_for_place(r, asker);
	}
	free_lookup(r, l);
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
 * Makes the next of the names that resolv.conf(5) has tried one after the other: the name itself before the search list
 * when it has 'ndots' dots, else after it. False when there is none left.
 */
static bool next_candidate(const struct resolver *r, struct lookup *l)
{
	const struct resolv_conf *conf = &r->conf;
	unsigned last = RESOLVER_HAS_SEARCH && !l->absolute ? conf->searches : 0;
	bool itself_first = last == 0 || has_dots(l, conf->ndots);

	while (l->candidates <= last) {
		unsigned i = l->candidates++;
		const char *domain = "";

		if (itself_first && i > 0)
			domain = resolv_conf_search(conf, i - 1);
		else if (!itself_first && i < last)
			domain = resolv_conf_search(conf, i);
		if (!RESOLVER_HAS_SEARCH || put_domain(l, domain))
			return true;
	}
	return false;
}

static bool wants(const struct lookup *l, unsigned family)
{
	return (l->families & (family == RESOLVER_V4 ? PORT_IPV4 : PORT_IPV6)) != 0;
}

static bool is_any(const struct lookup *l, enum dns_result result)
{
	return l->query[RESOLVER_V6].result == result || l->query[RESOLVER_V4].result == result;
}

/* Puts what is known about the present name into the queries; what is pending then has to be asked for. */
static void recall(struct resolver *r, struct lookup *l)
{
	l->graced = false;
	for (unsigned i = 0; i < RESOLVER_FAMILIES; i++) {
		struct dns_question question = query_question(l, i);
		struct query *q = &l->query[i];
		const struct cached_name *kept = NULL;

		memset(q, 0, sizeof *q);
		if (!wants(l, i)) {
			q->result = DNS_NO_DATA;
			continue;
		}
		if (CONFIG_ANKLET_NAME_CACHE > 0)
			kept = cache_find(&r->cache, &question, port_now(r->loop->port));
		if (kept != NULL) {
			q->result = kept->result;
			q->answer.addresses = kept->addresses;
		}
	}
}

/* What the queries for the present name come to, as far as one can tell by now. */
static int verdict(struct resolver *r, struct lookup *l)
{
	uint32_t now = port_now(r->loop->port);
	bool some = is_any(l, DNS_ADDRESSES), open = is_any(l, DNS_PENDING);

	if (some && open && !l->graced) {
		l->graced = true;
		l->grace_at = now + GRACE_MS;
	}
	if (some && (!open || time_passed(l->grace_at, now)))
		return 0;
	if (open)
		return PORT_AGAIN;
	if (!is_any(l, DNS_FAILED))
		return PORT_NO_NAME;
	/* A server that fails on one name may know the next; where none says anything, none will. */
	l->failed = true;
	return l->heard ? PORT_NO_NAME : PORT_NAME_FAILED;
}

/* Goes on as far as it can be done now. */
static void walk(struct resolver *r, struct lookup *l)
{
	/* Every round takes another name of the search list. */
	for (;;) {
		int answer = l->candidates > 0 ? verdict(r, l) : PORT_NO_NAME;

		if (answer == PORT_AGAIN)
			return;
		if (answer != PORT_NO_NAME || !next_candidate(r, l)) {
			conclude(r, l,
				answer == PORT_NO_NAME && l->failed ? PORT_NAME_FAILED : answer);
			return;
		}
		recall(r, l);
		if (!is_any(l, DNS_PENDING))
			continue;
		if (l->phase != LOOKUP_ASKING &&
			!take_place(r, l, r->asker[l->first - 1].question.client)) {
			queue_askers(r, l);
			return;
		}
		l->phase = LOOKUP_ASKING;
		query_begin(r, l);
	}
}

/* ---- The hosts file ---- */

/* It was looked through to its end. */
static void scanned(struct resolver *r, struct lookup *l)
{
	bool some = false;

	for (unsigned i = 0; i < RESOLVER_FAMILIES; i++) {
		struct dns_question question = query_question(l, i);
		struct query *q = &l->query[i];

		q->result = q->answer.addresses.count > 0 ? DNS_ADDRESSES : DNS_NO_DATA;
		if (CONFIG_ANKLET_NAME_CACHE > 0 && q->result == DNS_ADDRESSES)
			cache_add(&r->cache, &question, port_now(r->loop->port), DNS_ADDRESSES,
				CACHE_HOSTS, &q->answer);
		if (!wants(l, i))
			q->result = DNS_NO_DATA;
		some |= q->result == DNS_ADDRESSES;
	}
	l->scanned = true;
	if (some)
		conclude(r, l, 0);
	else
		walk(r, l);
}

static void scan_from_start(const struct resolver *r, struct lookup *l)
{
	l->offset = 0;
	l->passing_over = false;
	l->epoch = r->epoch;
	memset(l->query, 0, sizeof l->query);
}

/* Bytes up to after the first line end, or after the last one; 0: there is none. */
static size_t to_line_end(const char *data, size_t len, bool last)
{
	const char *end = last ? NULL : memchr(data, '\n', len);

	if (!last)
		return end != NULL ? (size_t)(end - data) + 1 : 0;
	while (len > 0 && data[len - 1] != '\n')
		len--;
	return len;
}

/* Looks through one piece, as far as the tick's budget goes. False: nothing more can be done now. */
static bool scan_piece(struct resolver *r, struct lookup *l)
{
	const uint8_t *data;
	int n = port_names_read(r->loop->port, PORT_HOSTS, l->offset, &data);
	size_t piece, len, begin = 0;
	const char *text;

	if (n == PORT_NO_RESOURCES) {
		l->resting = true;
		l->due_at = port_now(r->loop->port) + REST_MS;
		return false;
	}
	if (n <= 0) {
		r->budget -= SLICE_MIN;
		scanned(r, l);
		return false;
	}
	text = (const char *)data;
	piece = (size_t)(n < r->budget ? n : r->budget);
	len = to_line_end(text, piece, true);
	r->budget -= n > SLICE_MIN ? n : SLICE_MIN;
	if (len == 0 && piece >= LONG_LINE)
		l->passing_over = true; /* no line is that long */
	else if (len == 0 && piece < (size_t)n)
		return false; /* in the next tick there is room for the line */
	else if (len == 0)
		len = piece; /* the file's last line, without its end */
	if (len > 0 && l->passing_over) {
		begin = to_line_end(text, len, false);
		l->passing_over = begin == 0;
		begin = begin == 0 ? len : begin;
	}
	hosts_read(text + begin, len - begin, l->name, l->own_len,
		&l->query[RESOLVER_V4].answer.addresses, &l->query[RESOLVER_V6].answer.addresses);
	l->offset += (uint32_t)(len > 0 ? len : piece);
	return true;
}

static void scan(struct resolver *r, struct lookup *l)
{
	if (l->resting && !time_passed(l->due_at, port_now(r->loop->port)))
		return;
	l->resting = false;
	refresh(r);
	if (l->epoch != r->epoch)
		scan_from_start(r, l);
	while (r->budget > 0 && scan_piece(r, l))
		continue;
}

/* ---- Beginning ---- */

/* Does the hosts file say something about the name, as far as that is kept? Else whether it was looked for there. */
static bool recall_hosts(struct resolver *r, struct lookup *l)
{
	bool some = false;

	for (unsigned i = 0; i < RESOLVER_FAMILIES; i++) {
		struct dns_question question = query_question(l, i);
		const struct cached_name *kept =
			cache_find(&r->cache, &question, port_now(r->loop->port));

		l->query[i].result = DNS_NO_DATA;
		if (kept == NULL)
			continue;
		l->scanned |= kept->hosts != CACHE_UNSEEN;
		if (kept->hosts != CACHE_HOSTS || !wants(l, i))
			continue;
		l->query[i].result = DNS_ADDRESSES;
		l->query[i].answer.addresses = kept->addresses;
		some = true;
	}
	return some;
}

static bool same_name(const struct lookup *l, const struct resolver_question *q, size_t len)
{
	if (l->own_len != len)
		return false;
	for (size_t i = 0; i < len; i++)
		if (lower(q->name[i]) != l->name[i])
			return false;
	return true;
}

static struct lookup *find_same(struct resolver *r, const struct resolver_question *q)
{
	bool absolute = q->name[q->len - 1] == '.';

	for (unsigned i = 0; r->used > 0 && i < RESOLVER_LOOKUPS; i++) {
		struct lookup *l = &r->lookup[i];

		if ((l->phase == LOOKUP_HOSTS || l->phase == LOOKUP_ASKING) &&
			l->families == q->families && l->absolute == absolute &&
			same_name(l, q, (size_t)q->len - absolute))
			return l;
	}
	return NULL;
}

static struct lookup *find_free(struct resolver *r)
{
	for (unsigned i = 0; i < RESOLVER_LOOKUPS; i++)
		if (r->lookup[i].phase == LOOKUP_FREE)
			return &r->lookup[i];
	return NULL;
}

static bool needs_scan(const struct resolver *r, bool has_been_scanned)
{
	return RESOLVER_HAS_FILES && r->stamp[PORT_HOSTS] != 0 && !has_been_scanned;
}

/* Begins a lookup, or joins one. False: all are taken. The asker may wait for a place afterwards, or have an answer. */
static bool start(struct resolver *r, unsigned asker)
{
	const struct resolver_asker *a = &r->asker[asker];
	struct lookup *l = find_same(r, &a->question);

	if (l != NULL) {
		join(r, l, asker);
		return true;
	}
	l = find_free(r);
	if (l == NULL)
		return false;
	memset(l, 0, offsetof(struct lookup, bytes));
	l->phase = LOOKUP_HOSTS;
	l->families = a->question.families;
	l->client = CLIENT_NONE;
	l->sock = PORT_NONE;
	l->absolute = a->question.name[a->question.len - 1] == '.';
	l->own_len = l->name_len = (uint8_t)(a->question.len - l->absolute);
	for (unsigned i = 0; i < l->own_len; i++)
		l->name[i] = lower(a->question.name[i]);
	l->scanned = a->scanned == r->epoch;
	r->used++;
	join(r, l, asker);
	if (CONFIG_ANKLET_NAME_CACHE > 0 && recall_hosts(r, l)) {
		conclude(r, l, 0);
	} else if (needs_scan(r, l->scanned)) {
		scan_from_start(r, l);
		scan(r, l);
	} else {
		walk(r, l);
	}
	return true;
}

/* Something has become free: those who wait go on in their order, as far as it is for them. */
static void serve_waiting(struct resolver *r)
{
	uint16_t last = r->last, next;

	for (uint16_t i = r->first; i != 0; i = i == last ? 0 : next) {
		struct resolver_asker *a = &r->asker[i - 1];

		next = a->next;
		if (find_same(r, &a->question) == NULL &&
			(find_free(r) == NULL || (!needs_scan(r, a->scanned == r->epoch) &&
							 !has_place(r, a->question.client))))
			continue;
		unlink_asker(r, &r->first, &r->last, i - 1u);
		start(r, i - 1u);
	}
	r->room = false;
}

/* ---- The calls ---- */

void resolver_init(
	struct resolver *r, struct loop *loop, const struct address *servers, unsigned count)
{
	r->loop = loop;
	r->server = servers;
	r->servers = (uint8_t)count;
	r->budget = SLICE;
	r->server_port = SERVER_PORT;
	r->first_try_ms = FIRST_TRY_MS;
}

/* IPv6 and IPv4 in turn, what is left of the longer list after that. */
static int merge(const struct lookup *l, struct address *found, size_t max)
{
	size_t n = 0;

	for (unsigned i = 0; i < ANKLET_ADDRESSES; i++) {
		for (unsigned family = 0; family < RESOLVER_FAMILIES; family++) {
			const struct query *q = &l->query[family];

			if (q->result == DNS_ADDRESSES && i < q->answer.addresses.count && n < max)
				found[n++] = (struct address){.ip = q->answer.addresses.ip[i]};
		}
	}
	return (int)n;
}

int resolver_find(struct resolver *r, unsigned asker, const struct resolver_question *q,
	struct address *found, size_t max)
{
	struct resolver_asker *a = &r->asker[asker];
	const struct lookup *l;
	int answer;

	if (a->lookup == ASKER_NONE) {
		bool room = r->room;

		a->question = *q;
		a->question.families &= PORT_FAMILIES;
		answer = known(&a->question, found, max);
		if (answer != PORT_AGAIN)
			return answer;
		refresh(r);
		a->scanned = 0;
		if (r->conf.servers == 0)
			return PORT_NAME_FAILED;
		if (!start(r, asker))
			wait_for_place(r, asker);
		if (a->lookup == ASKER_WAITS)
			r->room = room; /* nothing has become free */
	}
	if (a->lookup == ASKER_WAITS)
		return PORT_AGAIN;
	l = &r->lookup[a->lookup - 1];
	if (l->phase != LOOKUP_DONE)
		return PORT_AGAIN;
	answer = l->answer != 0 ? l->answer : merge(l, found, max);
	resolver_forget(r, asker);
	return answer;
}

void resolver_forget(struct resolver *r, unsigned asker)
{
	struct resolver_asker *a = &r->asker[CONFIG_ANKLET_NAMES ? asker : 0];
	struct lookup *l;

	if (a->lookup == ASKER_WAITS) {
		unlink_asker(r, &r->first, &r->last, asker);
	} else if (a->lookup != ASKER_NONE) {
		l = &r->lookup[a->lookup - 1];
		unlink_asker(r, &l->first, NULL, asker);
		if (l->first == 0)
			free_lookup(r, l);
	}
	a->lookup = ASKER_NONE;
}

void resolver_ready(struct resolver *r, unsigned index)
{
	r->lookup[index].ready = true;
}

void resolver_run(struct resolver *r)
{
	uint32_t now = port_now(r->loop->port);

	r->budget = SLICE;
	if (CONFIG_ANKLET_NAME_CACHE > 0 && r->cache.timed && time_passed(r->cache.sweep_at, now))
		cache_sweep(&r->cache, now);
	/* Each time another one is the first. */
	for (unsigned i = 0; r->used > 0 && i < RESOLVER_LOOKUPS; i++) {
		struct lookup *l = &r->lookup[(r->turn + i) % RESOLVER_LOOKUPS];

		if (RESOLVER_HAS_FILES && l->phase == LOOKUP_HOSTS && r->budget > 0)
			scan(r, l);
		if (l->phase == LOOKUP_ASKING) {
			query_run(r, l);
			walk(r, l);
		}
	}
	r->turn = (uint8_t)((r->turn + 1) % RESOLVER_LOOKUPS);
	if (r->room && r->first != 0)
		serve_waiting(r);
}

static void sooner(int32_t *ms, uint32_t at, uint32_t now)
{
	int32_t left = time_until(at, now);

	if (*ms < 0 || left < *ms)
		*ms = left;
}

int32_t resolver_next(const struct resolver *r, uint32_t now)
{
	int32_t ms = -1;

	if (CONFIG_ANKLET_NAME_CACHE > 0 && r->cache.timed)
		sooner(&ms, r->cache.sweep_at, now);
	if (r->room && r->first != 0)
		return 0;
	for (unsigned i = 0; r->used > 0 && i < RESOLVER_LOOKUPS; i++) {
		const struct lookup *l = &r->lookup[i];

		if (l->ready || (l->phase == LOOKUP_HOSTS && !l->resting))
			return 0;
		if (l->phase == LOOKUP_HOSTS || l->phase == LOOKUP_ASKING)
			sooner(&ms, l->due_at, now);
		if (l->phase == LOOKUP_ASKING && l->graced)
			sooner(&ms, l->grace_at, now);
	}
	return ms;
}

bool resolver_has_news(struct resolver *r)
{
	bool news = r->news;

	r->news = false;
	return news;
}
