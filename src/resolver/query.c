/*
 * What a lookup asks of name servers. See query.h.
 *
 * A query ends with an answer, or when no server is left to try. Until then it is pending, or says what the server
 * asked last has answered in vain: settle() decides what comes next when none is pending.
 */
#include "resolver/query.h"

#include <string.h>

#include "base/check.h"

#define REST_MS 100      /* until a socket may be free */
#define DATAGRAMS_MAX 16 /* looked at in one tick: a flood of forgeries keeps nobody else waiting */
#define TCP_PIECES_MAX 64 /* the same of pieces of a stream */

struct dns_question query_question(const struct lookup *l, unsigned family)
{
	return (struct dns_question){.name = l->name,
		.name_len = l->name_len,
		.type = family == RESOLVER_V4 ? DNS_A : DNS_AAAA,
		.id = l->query[family].id};
}

static bool is_any(const struct lookup *l, enum dns_result result)
{
	return l->query[RESOLVER_V6].result == result || l->query[RESOLVER_V4].result == result;
}

/* Every query with one result gets another. */
static void change_results(struct lookup *l, enum dns_result from, enum dns_result to)
{
	for (unsigned i = 0; i < RESOLVER_FAMILIES; i++)
		if (l->query[i].result == from)
			l->query[i].result = (uint8_t)to;
}

static void own(struct resolver *r, const struct lookup *l)
{
	loop_own(r->loop, l->sock, OWNER_LOOKUP, (unsigned)(l - r->lookup));
}

void query_end(struct resolver *r, struct lookup *l)
{
	loop_close(r->loop, &l->sock);
	l->ready = false;
}

/* The server of the current try. */
static struct address server_of(const struct resolver *r, const struct lookup *l)
{
	struct address at = r->conf.server[(l->tries - 1u) % r->conf.servers];

	if (at.port == 0)
		at.port = r->server_port;
	return at;
}

static void set_due(struct resolver *r, struct lookup *l, uint32_t ms)
{
	l->due_at = port_now(r->loop->port) + ms;
}

static uint16_t new_id(struct resolver *r)
{
	static const char words[] = "names: this system has no strong random numbers, and answers "
				    "of name servers can be forged";
	uint16_t id;

	if (!port_random_weak(r->loop->port, &id, sizeof id) && !r->told_weak) {
		r->told_weak = true;
		if (!ANKLET_HAS_LOG(PORT_WARNING))
			return id;
		loop_line(r->loop, words);
		loop_log(r->loop, PORT_WARNING);
	}
	return id;
}

/* ---- Asking ---- */

/* Sends the questions to the current server: 0, PORT_NO_RESOURCES, or another failure: it cannot be reached. */
static int ask_udp(struct resolver *r, struct lookup *l)
{
	uint8_t query[DNS_QUERY_MAX];
	struct address to = server_of(r, l);
	int n = port_datagram(r->loop->port, NULL, &to, &l->sock);

	l->transport = LOOKUP_UDP;
	if (n != 0)
		return n;
	own(r, l);
	l->ready = true; /* so that its interest is recorded */
	for (unsigned i = 0; n == 0 && i < RESOLVER_FAMILIES; i++) {
		struct dns_question question;

		if (l->query[i].result != DNS_PENDING)
			continue;
		l->query[i].id = new_id(r);
		question = query_question(l, i);
		n = port_sendto(
			r->loop->port, l->sock, query, dns_query(query, &question), NULL, NULL);
	}
	return n == PORT_AGAIN ? 0 : n; /* without room it is lost, as it may be anywhere */
}

/* Begins a connection to it, with the same answers. */
static int ask_tcp(struct resolver *r, struct lookup *l)
{
	struct address to = server_of(r, l);
	int n;

	query_end(r, l);
	n = port_connect(r->loop->port, NULL, &to, &l->sock);
	l->transport = LOOKUP_TCP_CONNECT;
	l->sent = 0;
	l->got = 0;
	l->answered = false;
	set_due(r, l, r->conf.timeout_s * 1000u);
	if (n != 0)
		return n;
	own(r, l);
	l->ready = true;
	return 0;
}

static uint32_t try_ms(const struct resolver *r, const struct lookup *l)
{
	uint32_t ms = r->conf.timeout_s * 1000u;

	/* A lookup that would last needlessly long after one lost datagram, but not the last try. */
	return l->tries <= r->conf.servers && r->conf.attempts > 1 && ms > r->first_try_ms
		       ? r->first_try_ms
		       : ms;
}

/* No server is left. What a truncated answer had is better than nothing. */
static void give_up(struct resolver *r, struct lookup *l)
{
	query_end(r, l);
	for (unsigned i = 0; i < RESOLVER_FAMILIES; i++)
		if (l->query[i].result == DNS_PENDING)
			l->query[i].result =
				l->query[i].answer.addresses.count > 0 ? DNS_ADDRESSES : DNS_FAILED;
}

/* Asks the next server that can be asked. */
static void next_try(struct resolver *r, struct lookup *l)
{
	query_end(r, l);
	l->resting = false;
	while (l->tries < r->conf.servers * r->conf.attempts) {
		int n;

		l->tries++;
		set_due(r, l, try_ms(r, l));
		n = RESOLVER_HAS_TCP && r->conf.tcp ? ask_tcp(r, l) : ask_udp(r, l);
		if (n == 0)
			return;
		query_end(r, l);
		/* That is nobody's fault: it is tried again when there may be some. */
		if (n == PORT_NO_RESOURCES) {
			l->tries--;
			l->resting = true;
			set_due(r, l, REST_MS);
			return;
		}
	}
	give_up(r, l);
}

void query_begin(struct resolver *r, struct lookup *l)
{
	l->tries = 0;
	l->heard = false;
	next_try(r, l);
}

/* No query waits for this server any more: whom to ask about those that it did not answer. */
static void settle(struct resolver *r, struct lookup *l)
{
	bool truncated = is_any(l, DNS_TRUNCATED);

	if (is_any(l, DNS_PENDING))
		return;
	if (truncated)
		change_results(l, DNS_TRUNCATED, DNS_PENDING);
	else
		change_results(l, DNS_FAILED, DNS_PENDING);
	if (!is_any(l, DNS_PENDING))
		query_end(r, l);
	else if (!truncated || ask_tcp(r, l) != 0)
		next_try(r, l);
}

/* This server does not answer what is pending: the next one. */
static void fail_try(struct resolver *r, struct lookup *l)
{
	change_results(l, DNS_FAILED, DNS_PENDING);
	change_results(l, DNS_TRUNCATED, DNS_PENDING);
	next_try(r, l);
}

/* ---- Answers ---- */

/* Takes a message, which is some query's answer or nobody's: then false. */
static bool take(struct resolver *r, struct lookup *l, const uint8_t *message, size_t len)
{
	for (unsigned i = 0; i < RESOLVER_FAMILIES; i++) {
		struct query *q = &l->query[i];
		struct dns_question question = query_question(l, i);
		struct dns_answer answer = {0};
		enum dns_result result;

		if (q->result != DNS_PENDING)
			continue;
		result = dns_read(message, len, &question, &answer);
		if (result == DNS_NOT_OURS)
			continue;
		l->heard = true;
		/* Where there is no more to be had, what there is has to do. */
		if (result == DNS_TRUNCATED && (!RESOLVER_HAS_TCP || l->transport != LOOKUP_UDP))
			result = answer.addresses.count > 0 ? DNS_ADDRESSES : DNS_FAILED;
		if (result == DNS_ADDRESSES || result == DNS_TRUNCATED)
			q->answer = answer;
		q->result = (uint8_t)result;
		if (CONFIG_ANKLET_NAME_CACHE > 0 && result != DNS_FAILED && result != DNS_TRUNCATED)
			cache_add(&r->cache, &question, port_now(r->loop->port), result,
				l->name_len == l->own_len ? CACHE_ABSENT : CACHE_UNSEEN, &answer);
		return true;
	}
	return false;
}

static void read_udp(struct resolver *r, struct lookup *l)
{
	uint8_t message[DNS_UDP_MAX];
	struct address from, to;

	for (unsigned i = 0; i < DATAGRAMS_MAX; i++) {
		int n = port_recvfrom(r->loop->port, l->sock, message, sizeof message, &from, &to);

		if (n == PORT_AGAIN) {
			l->ready = false;
			break;
		}
		if (n < 0) {
			fail_try(r, l);
			return;
		}
		if ((size_t)n > sizeof message) {
			n = sizeof message;
			dns_truncate(message);
		}
		take(r, l, message, (size_t)n);
		if (!is_any(l, DNS_PENDING))
			break;
	}
	settle(r, l);
}

/* The question that is asked next, with its length before it (RFC 1035, section 4.2.2). Returns the length of both. */
static size_t put_question(struct lookup *l)
{
	unsigned family = l->query[RESOLVER_V6].result == DNS_PENDING ? RESOLVER_V6 : RESOLVER_V4;
	struct dns_question question = query_question(l, family);
	size_t len;

	if (!RESOLVER_HAS_TCP)
		return 0; /* never called, and there is no room */
	len = dns_query(l->bytes + 2, &question);
	l->bytes[0] = (uint8_t)(len >> 8);
	l->bytes[1] = (uint8_t)len;
	return 2 + len;
}

/*
 * Connects, then sends a question: the other one waits for its answer, for not every server reads on. False: it failed.
 */
static bool send_tcp(struct resolver *r, struct lookup *l)
{
	struct port *p = r->loop->port;
	size_t len;
	int n;

	if (l->transport == LOOKUP_TCP_CONNECT) {
		n = port_connected(p, l->sock);
		if (n != 0)
			return n == PORT_AGAIN;
		for (unsigned i = 0; i < RESOLVER_FAMILIES; i++)
			if (l->query[i].result == DNS_PENDING)
				l->query[i].id = new_id(r);
		l->transport = LOOKUP_TCP_SEND;
	}
	len = put_question(l);
	/* Every round sends something. */
	while (l->sent < len) {
		n = port_send(p, l->sock, l->bytes + l->sent, len - l->sent);
		if (n < 0)
			return n == PORT_AGAIN;
		l->sent = (uint16_t)(l->sent + n);
	}
	l->transport = LOOKUP_TCP_READ;
	return true;
}

/* Bytes of the message that is arriving, with its length before it; as much as that, while it is not known. */
static size_t whole(const struct lookup *l)
{
	return l->got < 2 ? 2 : 2 + ((size_t)l->bytes[0] << 8 | l->bytes[1]);
}

/* Takes what has arrived, and drops what there is no room for. False: the stream is over, or makes no sense. */
static bool read_tcp(struct resolver *r, struct lookup *l)
{
	struct port *p = r->loop->port;

	for (unsigned i = 0; i < TCP_PIECES_MAX; i++) {
		const uint8_t *data;
		int shown = port_peek(p, l->sock, &data);
		size_t n, kept;

		if (shown < 0)
			return shown == PORT_AGAIN;
		n = whole(l) - l->got;
		if ((size_t)shown < n)
			n = (size_t)shown;
		if (l->got < sizeof l->bytes) {
			kept = n < sizeof l->bytes - l->got ? n : sizeof l->bytes - l->got;
			memcpy(l->bytes + l->got, data, kept);
		}
		port_consume(p, l->sock, n);
		l->got += (uint32_t)n;
		if (l->got < 2 || l->got < whole(l))
			continue;
		n = whole(l) - 2;
		if (n > CONFIG_ANKLET_NAME_TCP) {
			n = CONFIG_ANKLET_NAME_TCP;
			dns_truncate(l->bytes + 2);
		}
		if (!take(r, l, l->bytes + 2, n))
			return false;
		l->answered = true;
		l->got = 0;
		l->sent = 0;
		l->transport = LOOKUP_TCP_SEND;
		return true;
	}
	l->ready = true; /* there may be more */
	return true;
}

/*
 * A server may close after each answer (RFC 7766, section 6.2.1, asks that it does not): the other one is asked for
 * anew.
 */
static void run_tcp(struct resolver *r, struct lookup *l)
{
	bool good = true;

	l->ready = false;
	/* Each round asks about one family. */
	for (unsigned i = 0; good && i < RESOLVER_FAMILIES && is_any(l, DNS_PENDING); i++) {
		good = l->transport == LOOKUP_TCP_READ || send_tcp(r, l);
		if (good && l->transport == LOOKUP_TCP_READ)
			good = read_tcp(r, l);
		if (l->transport != LOOKUP_TCP_SEND || l->sent > 0)
			break;
	}
	if (!is_any(l, DNS_PENDING))
		settle(r, l);
	else if (!good && !(l->answered && ask_tcp(r, l) == 0))
		fail_try(r, l);
}

void query_run(struct resolver *r, struct lookup *l)
{
	if (l->ready && l->sock != PORT_NONE) {
		if (RESOLVER_HAS_TCP && l->transport != LOOKUP_UDP)
			run_tcp(r, l);
		else
			read_udp(r, l);
	}
	if (is_any(l, DNS_PENDING) && time_passed(l->due_at, port_now(r->loop->port)))
		fail_try(r, l);
}
