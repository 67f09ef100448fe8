/*
 * The scripted name server. See name_server.h.
 */
#include "scenario.h"
#include "actors.h"

#include <assert.h>
#include <string.h>

#include "../unit/dns_message.h"

#define SERVER_PORT 53
#define HEADER_LEN 12

/* ---- What it knows ---- */

struct served_name *name_add(
	struct run *run, const char *name, int outcome, const char *const *addresses)
{
	struct served_name *entry = &run->names.name[run->names.names++];

	assert(run->names.names <= NAMES_NAMES);
	*entry = (struct served_name){.name = name, .outcome = outcome};
	entry->delay_v4_ms = entry->delay_v6_ms = 1 + sim_random(&run->sim, 20);
	for (; addresses != NULL && *addresses != NULL; addresses++) {
		bool parsed = ip_parse(
			*addresses, strlen(*addresses), &entry->address[entry->addresses++]);

		assert(parsed && entry->addresses <= NAMES_ADDRESSES);
		(void)parsed;
	}
	return entry;
}

void name_patience(struct run *run)
{
	static const char conf[] = "nameserver " NAMES_IP "\noptions timeout:30 attempts:5\n";

	sim_file(&run->sim, SIM_RESOLV_CONF, conf, sizeof conf - 1);
}

struct served_name *name_last(struct run *run)
{
	return &run->names.name[run->names.names - 1];
}

static bool same(const char *a, const char *b)
{
	size_t i = 0;

	for (; a[i] != '\0' && b[i] != '\0'; i++) {
		char low = a[i] >= 'A' && a[i] <= 'Z' ? (char)(a[i] | 0x20) : a[i];

		if (low != b[i])
			return false;
	}
	return (a[i] == '\0' || (a[i] == '.' && a[i + 1] == '\0')) && b[i] == '\0';
}

unsigned name_asked(const struct run *run, const char *name)
{
	unsigned asked = 0;

	for (unsigned i = 0; i < run->names.names; i++)
		if (same(run->names.name[i].name, name))
			asked += run->names.name[i].asked;
	return asked;
}

/* The entry that answers next for a name, or NULL: there is no such name. One that is about to answer goes on. */
static struct served_name *next_entry(struct name_server *s, const char *name, uint16_t type)
{
	uint8_t bit = type == DNS_A ? 1 : 2;
	struct served_name *entry = NULL;
	unsigned unanswered = 1;

	for (unsigned i = 0; i < NAMES_PENDING; i++)
		if (s->pending[i].used && s->pending[i].type == type &&
			s->pending[i].name != NULL && same(s->pending[i].name->name, name)) {
			entry = (struct served_name *)s->pending[i].name;
			unanswered++;
		}
	if (unanswered > s->at_once_max)
		s->at_once_max = unanswered;
	for (unsigned i = 0; entry == NULL && i < s->names; i++) {
		if (!same(s->name[i].name, name))
			continue;
		entry = &s->name[i];
		for (unsigned next = i + 1; next < s->names && (entry->used & bit) != 0; next++)
			if (same(s->name[next].name, name))
				entry = &s->name[next];
	}
	if (entry != NULL) {
		entry->asked++;
		entry->used |= bit;
	}
	return entry;
}

/* ---- Messages ---- */

/* The question's name as text; false: it is none. */
static bool read_question(
	const uint8_t *query, size_t len, char name[256], uint16_t *type, size_t *end)
{
	size_t at = HEADER_LEN, out = 0;

	if (len < HEADER_LEN + 5)
		return false;
	while (at < len && query[at] != 0) {
		size_t label = query[at];

		if (label > 63 || at + 1 + label >= len || out + label + 1 > 255)
			return false;
		if (out > 0)
			name[out++] = '.';
		for (size_t i = 0; i < label; i++) {
			char c = (char)query[at + 1 + i];

			name[out++] = c;
		}
		at += 1 + label;
	}
	name[out] = '\0';
	if (at + 5 > len)
		return false;
	*type = (uint16_t)(query[at + 1] << 8 | query[at + 2]);
	*end = at + 5;
	return true;
}

static void add_addresses(
	struct message *m, const char *owner, const struct served_name *entry, uint16_t type)
{
	for (unsigned i = 0; i < entry->addresses; i++) {
		const uint8_t *byte = entry->address[i].byte;

		if (ip_is_v4(&entry->address[i]) == (type == DNS_A))
			add(m, owner, type, entry->ttl_s, byte + (type == DNS_A ? IP_V4_AT : 0),
				type == DNS_A ? 4 : IP_BYTES);
	}
}

static void add_long_alias(struct message *m)
{
	char target[300];

	memset(target, 'x', sizeof target);
	for (size_t i = 50; i < sizeof target; i += 50)
		target[i] = '.';
	target[sizeof target - 1] = '\0';
	add_alias(m, AT_QUESTION, 300, target);
	add_v4(m, target, 300, 1);
}

static void compose(struct message *m, const uint8_t *query, size_t question_end, uint16_t type,
	const struct served_name *entry, bool tcp)
{
	static const char *const alias = "alias.example";
	enum name_trick trick = entry == NULL ? NAME_PLAIN : (enum name_trick)entry->trick;

	m->len = 0;
	put(m, query, question_end);
	set_16(m, 2, RESPONSE);
	memset(m->bytes + 6, 0, 6);
	if (entry == NULL || entry->outcome == PORT_NO_NAME)
		set_16(m, 2, RESPONSE | NXDOMAIN);
	else if (entry->outcome == PORT_NAME_FAILED)
		set_16(m, 2, RESPONSE | 2);
	else if (!tcp &&
		 (trick == NAME_TRUNCATED || trick == NAME_TCP_STALLS || trick == NAME_TCP_CLOSES))
		set_16(m, 2, RESPONSE | TRUNCATED);
	else if (trick == NAME_ALIAS_LOOP) {
		add_alias(m, AT_QUESTION, 300, alias);
		add_alias(m, alias, 300, "other.example");
		add_alias(m, "other.example", 300, alias);
	} else if (trick == NAME_ALIAS_LONG) {
		add_long_alias(m);
	} else if (trick == NAME_ALIAS) {
		add_addresses(m, alias, entry, type);
		add_alias(m, AT_QUESTION, 300, alias);
	} else {
		add_addresses(m, AT_QUESTION, entry, type);
	}
}

/* ---- Answers ---- */

static void schedule(struct name_server *s, const struct pending_answer *p, const struct message *m)
{
	for (unsigned i = 0; i < NAMES_PENDING; i++) {
		struct pending_answer *to = &s->pending[i];

		if (to->used)
			continue;
		*to = *p;
		to->used = true;
		to->len = m->len < NAMES_MESSAGE ? m->len : NAMES_MESSAGE;
		memcpy(to->bytes, m->bytes, to->len);
		return;
	}
	assert(false && "no room for one more answer");
}

/* What comes before the right answer, or in its place. */
static void forge(
	struct name_server *s, const struct pending_answer *p, const struct message *right)
{
	struct pending_answer forged = *p;
	struct message m = *right;
	struct sim *sim = &s->run->sim;
	const uint8_t thief[4] = {203, 0, 113, 77};

	forged.at = sim->now + sim_random(sim, 3);
	forged.name = NULL;
	/* The thief's address in place of the right ones. */
	m.len = HEADER_LEN;
	while (m.bytes[m.len] != 0)
		m.len += 1u + m.bytes[m.len];
	m.len += 5;
	set_16(&m, 6, 0);
	if (p->type == DNS_A)
		add(&m, AT_QUESTION, DNS_A, 300, thief, sizeof thief);
	if (p->name->trick == NAME_WRONG_ID) {
		for (unsigned i = 1; i < 6; i++) {
			set_16(&m, 0,
				(unsigned)(right->bytes[0] << 8 | right->bytes[1]) ^ (1u << i));
			schedule(s, &forged, &m);
		}
	} else if (p->name->trick == NAME_WRONG_QUESTION) {
		m.bytes[HEADER_LEN + 1] ^= 1;
		schedule(s, &forged, &m);
	} else if (p->name->trick == NAME_FLOOD) {
		for (unsigned i = 0; i < 12; i++) {
			set_16(&m, 0,
				(unsigned)(right->bytes[0] << 8 | right->bytes[1]) ^
					(1u + sim_random(sim, UINT16_MAX)));
			forged.at = sim->now + sim_random(sim, 30);
			schedule(s, &forged, &m);
		}
	} else if (p->name->trick == NAME_WRONG_ADDRESS) {
		forged.from.port = (uint16_t)(3 - forged.from.port);
		schedule(s, &forged, &m);
	} else if (p->name->trick == NAME_WRONG_PORT) {
		forged.from.port = 0;
		schedule(s, &forged, &m);
	} else if (p->name->trick == NAME_GARBAGE) {
		m.len = sim_random(sim, 60);
		for (size_t i = sim_random(sim, 14); i < m.len; i++)
			m.bytes[i] = (uint8_t)sim_random(sim, 256);
		schedule(s, &forged, &m);
	}
}

static void answer(
	struct name_server *s, const uint8_t *query, size_t len, struct pending_answer *p)
{
	struct served_name *entry;
	struct message m;
	char name[256];
	size_t end;

	if (!read_question(query, len, name, &p->type, &end)) {
		EXPECT(s->run, false && "a question that makes sense");
		return;
	}
	s->questions++;
	s->questions_tcp += p->stream >= 0;
	entry = next_entry(s, name, p->type);
	if (entry != NULL && entry->outcome == PORT_AGAIN)
		return;
	p->name = entry;
	p->at = s->run->sim.now + (entry == NULL             ? 5
					  : p->type == DNS_A ? entry->delay_v4_ms
							     : entry->delay_v6_ms);
	compose(&m, query, end, p->type, entry, p->stream >= 0);
	if (entry != NULL && p->stream < 0)
		forge(s, p, &m);
	schedule(s, p, &m);
}

static void send_answer(struct name_server *s, struct pending_answer *p)
{
	struct port *port = s->actor.port;

	p->used = false;
	if (p->stream < 0) {
		port_sock from = p->from.port == 0 ? s->forger : s->udp[p->from.port - 1];

		if (from != PORT_NONE)
			(void)port_sendto(port, from, p->bytes, p->len, NULL, &p->to);
		return;
	}
	if (s->stream[p->stream].sock != PORT_NONE) {
		struct name_stream *stream = &s->stream[p->stream];
		uint8_t *to = stream->answer + stream->out_len;
		size_t len = p->len;

		assert(stream->out_len + 2 + len <= sizeof stream->answer);
		to[0] = (uint8_t)(len >> 8);
		to[1] = (uint8_t)len;
		if (p->name != NULL && p->name->trick == NAME_TCP_STALLS)
			len /= 2;
		memcpy(to + 2, p->bytes, len);
		stream->out_len += 2 + len;
		stream->ends = p->name != NULL && p->name->trick == NAME_TCP_CLOSES;
	}
}

/* ---- Its sockets ---- */

static void read_udp(struct name_server *s, unsigned i)
{
	struct pending_answer p = {.stream = -1, .from.port = (uint16_t)(i + 1)};
	uint8_t query[600];
	struct address to;
	int n;

	if (s->udp[i] == PORT_NONE)
		return;
	while ((n = port_recvfrom(s->actor.port, s->udp[i], query, 512, &p.to, &to)) != PORT_AGAIN)
		if (n > 0 && !s->deaf[i])
			answer(s, query, (size_t)n, &p);
}

static void close_stream(struct name_server *s, unsigned i)
{
	port_close(s->actor.port, &s->stream[i].sock);
	for (unsigned k = 0; k < NAMES_PENDING; k++)
		if (s->pending[k].stream == (int)i)
			s->pending[k].used = false;
}

static void read_stream(struct name_server *s, unsigned i)
{
	struct name_stream *stream = &s->stream[i];
	struct pending_answer p = {.stream = (int)i};

	while (stream->sock != PORT_NONE) {
		size_t whole =
			stream->in < 2 ? 2 : 2 + (size_t)(stream->query[0] << 8 | stream->query[1]);
		int n = port_read(s->actor.port, stream->sock, stream->query + stream->in,
			whole - stream->in);

		if (n == PORT_AGAIN)
			return;
		if (n < 0) {
			close_stream(s, i);
			return;
		}
		stream->in += (size_t)n;
		whole = stream->in < 2 ? 2 : 2 + (size_t)(stream->query[0] << 8 | stream->query[1]);
		assert(whole <= sizeof stream->query);
		if (stream->in < 2 || stream->in < whole)
			continue;
		if (!s->deaf[stream->address])
			answer(s, stream->query + 2, whole - 2, &p);
		stream->in = 0;
	}
}

static void write_stream(struct name_server *s, unsigned i)
{
	struct name_stream *stream = &s->stream[i];

	while (stream->sock != PORT_NONE && stream->out < stream->out_len) {
		int n = port_send(s->actor.port, stream->sock, stream->answer + stream->out,
			stream->out_len - stream->out);

		if (n == PORT_AGAIN)
			return;
		if (n < 0) {
			close_stream(s, i);
			return;
		}
		stream->out += (size_t)n;
	}
	if (stream->ends && stream->out == stream->out_len)
		close_stream(s, i);
}

static void accept_streams(struct name_server *s, unsigned address)
{
	struct address from;
	port_sock sock;

	while (s->listener[address] != PORT_NONE &&
		port_accept(s->actor.port, s->listener[address], &sock, &from) == 0) {
		unsigned i = 0;

		while (i < NAMES_STREAMS && s->stream[i].sock != PORT_NONE)
			i++;
		assert(i < NAMES_STREAMS);
		s->stream[i] = (struct name_stream){.sock = sock, .address = address};
	}
}

static void name_server_run(struct sim_actor *actor)
{
	struct name_server *s = (struct name_server *)actor;
	uint64_t wake = UINT64_MAX;

	for (unsigned i = 0; i < 2; i++) {
		read_udp(s, i);
		accept_streams(s, i);
	}
	for (unsigned i = 0; i < NAMES_STREAMS; i++)
		read_stream(s, i);
	for (unsigned i = 0; i < NAMES_PENDING; i++) {
		if (!s->pending[i].used)
			continue;
		if (s->pending[i].at <= s->run->sim.now)
			send_answer(s, &s->pending[i]);
		else if (s->pending[i].at < wake)
			wake = s->pending[i].at;
	}
	for (unsigned i = 0; i < NAMES_STREAMS; i++)
		write_stream(s, i);
	actor_wake(actor, wake);
}

static struct address place(unsigned address)
{
	const char *ip = address == 0 ? NAMES_IP : NAMES_IP2;
	struct address at = {.port = SERVER_PORT};

	(void)ip_parse(ip, strlen(ip), &at.ip);
	return at;
}

void name_server_start(struct name_server *s, unsigned address)
{
	struct address at = place(address);
	int r = port_datagram(s->actor.port, &at, NULL, &s->udp[address]);

	assert(r == 0);
	r = port_listen(s->actor.port, &at, 8, &s->listener[address]);
	assert(r == 0);
	(void)r;
	sim_timer(&s->actor, 0); /* so that it listens */
}

void name_server_stop(struct name_server *s, unsigned address)
{
	port_close(s->actor.port, &s->udp[address]);
	port_close(s->actor.port, &s->listener[address]);
	for (unsigned i = 0; i < NAMES_STREAMS; i++)
		if (s->stream[i].sock != PORT_NONE && s->stream[i].address == address)
			close_stream(s, i);
}

void name_server_init(struct name_server *s, struct run *run, struct port *port)
{
	struct address at = place(0);

	memset(s, 0, sizeof *s);
	s->run = run;
	for (unsigned i = 0; i < NAMES_STREAMS; i++)
		s->stream[i].sock = PORT_NONE;
	sim_act(&s->actor, port, name_server_run);
	name_server_start(s, 0);
	name_server_start(s, 1);
	at.port = 5353;
	(void)port_datagram(port, &at, NULL, &s->forger);
}
