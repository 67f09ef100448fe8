/*
 * Whole conversations of the resolver: who asks and when, what name servers answer, in which order, cut and how late,
 * and what the system denies. Whatever they are, each question has one of the answers that resolver.h names, soon
 * enough; nothing stays open; and what was not asked for, or by nobody who was asked, is nobody's answer.
 *
 * The input: a byte of settings, then steps, each a byte for what happens and as many as that takes. Time is the
 * input's and random numbers are counted; an answer that is right or nearly so is made from the question that was sent.
 * The port is scripted_port.h.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "resolver/resolver.h"
#include "scripted_port.h"

#define STEPS_MAX 300
#define TICKS_MAX 20000 /* until everybody has an answer, once nothing more comes */
#define END_MS 300000   /* and so long: 4 names, for each of which 3 servers are asked 5 times */
#define ASKERS 6
#define HEADER_LEN 12
#define ODD_IP "\xcb\x00\x71\x4d" /* 203.0.113.77, of forged answers */

static const char *const names[] = {"a.test", "B.test.", "www", "localhost", "127.0.0.1",
	"a.very-long-name.of-many.labels.test"};
static const char conf_text[] = "nameserver 192.0.2.1\nnameserver 192.0.2.2\nsearch lan\n";
static const char conf_tcp[] =
	"nameserver 192.0.2.1\noptions use-vc attempts:3 timeout:1 ndots:0\n";

static struct loop loop;
static struct resolver resolver;
static bool odd_by_chance;
static struct resolver_question questions[ASKERS];
static bool asks[ASKERS];

static struct {
	const uint8_t *at;
	size_t left;
} input;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static unsigned next(void)
{
	if (input.left == 0)
		return 0;
	input.left--;
	return *input.at++;
}

/* Up to max bytes of the input, as many as it says itself. */
static size_t next_bytes(uint8_t *to, size_t max)
{
	size_t len = next() * 4u;

	len = len < max ? len : max;
	len = len < input.left ? len : input.left;
	memcpy(to, input.at, len);
	input.at += len;
	input.left -= len;
	return len;
}

/* ---- What happens ---- */

static void wake(struct scripted_socket *f)
{
	port_sock s = (port_sock)(f - scripted.socket);

	if (!f->interest)
		return;
	f->interest = false;
	expect(loop.owner[s].kind == OWNER_LOOKUP);
	resolver_ready(&resolver, loop.owner[s].index);
}

/* One of those that are open, or NULL. */
static struct scripted_socket *any_socket(void)
{
	unsigned which = scripted.opened > 0 ? next() % scripted.opened : 0;

	for (port_sock i = 1; scripted.opened > 0 && i <= SCRIPTED_SOCKETS; i++)
		if (scripted.socket[i].open && which-- == 0)
			return &scripted.socket[i];
	return NULL;
}

static bool has_odd_ip(const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i + 4 <= len; i++)
		if (memcmp(bytes + i, ODD_IP, 4) == 0)
			return true;
	return false;
}

/*
 * A message: the input's own bytes; or the right header and question, and then the input's flags and records; or a
 * whole answer, right in everything but its id or its question. Returns its length.
 */
static size_t make_message(const struct scripted_socket *f, uint8_t message[SCRIPTED_DATAGRAM_SIZE])
{
	static const uint8_t odd[] = "\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4" ODD_IP;
	unsigned how = next();
	const struct question_sent *q = &f->question[how / 8 % 2];
	uint8_t rest[SCRIPTED_DATAGRAM_SIZE];
	size_t len, flags = HEADER_LEN - 2;

	if (how % 8 >= 6 && q->len > 0) {
		memcpy(message, q->bytes, q->len);
		memcpy(message + 2, "\x81\x80\0\1\0\1\0\0\0\0", 10);
		memcpy(message + q->len, odd, sizeof odd - 1);
		message[how % 8 == 6 ? how / 16 % 2 : HEADER_LEN + 1] ^= 1;
		return q->len + sizeof odd - 1;
	}
	len = next_bytes(rest, sizeof rest);
	odd_by_chance |= has_odd_ip(rest, len);
	if (how % 8 < 2 || q->len == 0 || len < flags) {
		memcpy(message, rest, len);
		return len;
	}
	memcpy(message, q->bytes, q->len);
	memcpy(message + 2, rest, flags);
	len = len - flags < SCRIPTED_DATAGRAM_SIZE - q->len ? len - flags
							    : SCRIPTED_DATAGRAM_SIZE - q->len;
	memcpy(message + q->len, rest + flags, len);
	return q->len + len;
}

static void message_arrives(void)
{
	struct scripted_socket *f = any_socket();
	uint8_t message[2 + SCRIPTED_DATAGRAM_SIZE];
	size_t len;

	if (f == NULL)
		return;
	len = make_message(f, message + 2);
	if (!f->tcp && f->datagrams < SCRIPTED_DATAGRAMS) {
		memcpy(f->datagram[f->datagrams], message + 2, len);
		f->len[f->datagrams++] = len;
	} else if (f->tcp && f->connected && len + 2 <= sizeof f->in - f->in_len) {
		message[0] = (uint8_t)(len >> 8);
		message[1] = (uint8_t)len;
		memcpy(f->in + f->in_len, message, len + 2);
		f->in_len += len + 2;
	}
	wake(f);
}

/* Of a stream: a part of a message, with whatever length before it. */
static void bytes_arrive(void)
{
	struct scripted_socket *f = any_socket();
	size_t len;

	if (f == NULL || !f->tcp || !f->connected)
		return;
	len = next_bytes(f->in + f->in_len, sizeof f->in - f->in_len);
	odd_by_chance |= has_odd_ip(f->in, f->in_len + len);
	f->in_len += len;
	wake(f);
}

static void connects_or_fails(void)
{
	static const int failures[] = {
		PORT_EOF, PORT_RESET, PORT_REFUSED, PORT_UNREACHABLE, PORT_TIMEOUT, PORT_FAILED};
	struct scripted_socket *f = any_socket();
	unsigned how = next();

	if (f == NULL)
		return;
	if (f->tcp && !f->connected && how % 2 == 0)
		f->connected = true;
	else if (f->tcp || how / 2 % 6 >= 2) /* no datagram ends, or is reset */
		f->failure = failures[how / 2 % 6];
	wake(f);
}

static void denies(void)
{
	static const int answers[] = {PORT_NO_RESOURCES, PORT_AGAIN, PORT_UNREACHABLE, PORT_FAILED};

	scripted.denied = answers[next() % 4];
	if (scripted.denied == PORT_AGAIN && scripted.opened == 0)
		scripted.denied = 0; /* nothing is opened later */
}

static void changes_file(void)
{
	unsigned which = next() % 2;

	scripted.file_len[which] = next_bytes(scripted.file[which], sizeof scripted.file[which]);
	scripted.stamp[which] = next() % 8; /* 0: there is none */
}

/* ---- Who asks ---- */

static void check_found(const struct resolver_question *q, const struct address *found, int n)
{
	static const struct ip odd = {{[10] = 0xff, 0xff, 203, 0, 113, 77}};

	expect(n >= 1 && n <= ANKLET_ADDRESSES);
	for (int i = 0; i < n; i++) {
		bool v4 = ip_is_v4(&found[i].ip);

		expect(found[i].port == 0 && (q->families & (v4 ? PORT_IPV4 : PORT_IPV6)) != 0);
		expect(odd_by_chance || !ip_equal(&found[i].ip, &odd));
	}
}

static void ask(unsigned i)
{
	struct address found[ANKLET_ADDRESSES];
	int n = resolver_find(&resolver, i, &questions[i], found, ANKLET_ADDRESSES);

	asks[i] = n == PORT_AGAIN;
	if (n > 0)
		check_found(&questions[i], found, n);
	else
		expect(n == PORT_AGAIN || n == PORT_NO_NAME || n == PORT_NAME_FAILED);
}

static void asks_or_forgets(void)
{
	unsigned how = next(), i = how % ASKERS, what = next();
	const char *name = names[what % 6];

	if (how >= 240 || asks[i]) {
		resolver_forget(&resolver, i);
		asks[i] = false;
		return;
	}
	/* Of two clients that hold a session each, which is what has made them clients, or of nobody. */
	questions[i] = (struct resolver_question){.name = name,
		.len = (uint8_t)strlen(name),
		.families = (uint8_t)(1 + what / 6 % 3),
		.client = what / 18 % 3 < 2 ? (uint16_t)(what / 18 % 3) : CLIENT_NONE};
	ask(i);
}

/* One tick, as proxy/anklet.c has it. */
static void tick(void)
{
	unsigned waiting = 0;

	resolver_run(&resolver);
	while (loop.ready.count > 0) {
		unsigned i = loop_take_ready(&loop);

		if (asks[i])
			ask(i);
	}
	expect(scripted.opened <= CONFIG_ANKLET_LOOKUPS);
	for (unsigned i = 0; i < ASKERS; i++)
		waiting += asks[i];
	expect(resolver.used <= waiting);
	expect(resolver_next(&resolver, scripted.now) >= -1);
}

static void step(void)
{
	unsigned what = next();

	switch (what % 8) {
	case 0:
	case 1:
		asks_or_forgets();
		break;
	case 2:
		scripted.now += next() * 20u;
		break;
	case 3:
		message_arrives();
		break;
	case 4:
		bytes_arrive();
		break;
	case 5:
		connects_or_fails();
		break;
	case 6:
		denies();
		break;
	case 7:
		changes_file();
		break;
	}
	if (what < 224) /* else more happens in the same tick */
		tick();
}

/* ---- The whole ---- */

static void begin(unsigned settings)
{
	static const struct address by_hand = {
		.ip = {{[10] = 0xff, 0xff, 192, 0, 2, 3}}, .port = 53};
	const char *conf = settings % 2 == 0 ? conf_text : conf_tcp;
	struct ip key = ip_v4(10, 0, 0, 1);

	memset(&loop, 0, sizeof loop);
	memset(&resolver, 0, sizeof resolver);
	memset(asks, 0, sizeof asks);
	for (unsigned i = 0; i <= SCRIPTED_SOCKETS; i++)
		scripted.socket[i].open = false;
	scripted.opened = 0;
	scripted.denied = 0;
	scripted.now =
		settings % 4 < 2 ? 1000 : UINT32_MAX - 5000; /* the clock wraps in the midst */
	scripted.random_state = settings;
	scripted.weak = settings / 4 % 2 == 1;
	odd_by_chance = false;
	memcpy(scripted.file[PORT_RESOLV_CONF], conf, strlen(conf));
	scripted.file_len[PORT_RESOLV_CONF] = strlen(conf);
	scripted.file_len[PORT_HOSTS] = 0;
	scripted.stamp[PORT_RESOLV_CONF] = 1;
	scripted.stamp[PORT_HOSTS] = settings / 8 % 2;
	loop_init(&loop, NULL);
	clients_share(&loop.clients, 2);
	/* So few that they run out. */
	loop.clients.pool[POOL_LOOKUPS].size = 3;
	loop.clients.pool[POOL_LOOKUPS].share = 2;
	for (unsigned i = 0; i < 2; i++, key.byte[15]++)
		expect(clients_take(&loop.clients, POOL_SESSIONS, &key) == i);
	resolver_init(&resolver, &loop, &by_hand, settings / 16 % 2);
}

/* Nothing more comes, and nothing is denied: everybody has his answer in the end. */
static void end(void)
{
	uint32_t begun = scripted.now;
	bool some = true;

	scripted.denied = 0;
	for (unsigned ticks = 0; some; ticks++) {
		int32_t ms = resolver_next(&resolver, scripted.now);

		some = false;
		for (unsigned i = 0; i < ASKERS; i++)
			some |= asks[i];
		expect(!some || (ms >= 0 && ticks < TICKS_MAX && scripted.now - begun < END_MS));
		scripted.now += ms > 0 ? (uint32_t)ms : 0;
		tick();
	}
	expect(scripted.opened == 0 && resolver.used == 0 && resolver.first == 0);
	expect(loop.clients.pool[POOL_LOOKUPS].taken == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	if (!CONFIG_ANKLET_NAMES || !RESOLVER_HAS_FILES)
		return 0;
	input.at = data;
	input.left = len;
	begin(next());
	for (unsigned steps = 0; input.left > 0 && steps < STEPS_MAX; steps++)
		step();
	end();
	return 0;
}
