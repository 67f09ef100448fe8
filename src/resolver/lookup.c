/*
 * One lookup: the names that are asked for, one after the other, and what the hosts file says of the first.
 * See lookup.h.
 */
#include "resolver/lookup.h"

#include <string.h>

#include "resolver/query.h"

#define GRACE_MS 50     /* what the slower family gets (RFC 8305, section 3) */
#define REST_MS 100     /* until a descriptor may be free */
#define SLICE_MIN 512   /* what looking at a piece of the hosts file costs at least */
#define LONG_LINE 32768 /* port_names_read() shows as much in one piece, if it is there */

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

void lookup_walk(struct resolver *r, struct lookup *l)
{
	/* Every round takes another name of the search list. */
	for (;;) {
		int answer = l->candidates > 0 ? verdict(r, l) : PORT_NO_NAME;

		if (answer == PORT_AGAIN)
			return;
		if (answer != PORT_NO_NAME || !next_candidate(r, l)) {
			lookup_conclude(r, l,
				answer == PORT_NO_NAME && l->failed ? PORT_NAME_FAILED : answer);
			return;
		}
		recall(r, l);
		if (!is_any(l, DNS_PENDING))
			continue;
		if (l->phase != LOOKUP_ASKING &&
			!lookup_take_place(r, l, r->asker[l->first - 1].question.client)) {
			lookup_queue(r, l);
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
		lookup_conclude(r, l, 0);
	else
		lookup_walk(r, l);
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
	/* cppcheck-suppress knownConditionTrueFalse ; the tick's budget may be less than there is */
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

void lookup_scan(struct resolver *r, struct lookup *l)
{
	if (l->resting && !time_passed(l->due_at, port_now(r->loop->port)))
		return;
	l->resting = false;
	resolver_refresh(r);
	if (l->epoch != r->epoch)
		scan_from_start(r, l);
	while (r->budget > 0 && scan_piece(r, l))
		continue;
}

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

bool lookup_needs_scan(const struct resolver *r, bool has_been_scanned)
{
	return RESOLVER_HAS_FILES && r->stamp[PORT_HOSTS] != 0 && !has_been_scanned;
}

void lookup_begin(struct resolver *r, struct lookup *l)
{
	if (CONFIG_ANKLET_NAME_CACHE > 0 && recall_hosts(r, l)) {
		lookup_conclude(r, l, 0);
	} else if (lookup_needs_scan(r, l->scanned)) {
		scan_from_start(r, l);
		lookup_scan(r, l);
	} else {
		lookup_walk(r, l);
	}
}
