/*
 * What a peer's certificates can cost: counted in multiplications of words and in points, which are
 * the same on every machine, and not in time.
 *
 * The peer speaks TLS 1.2 as far as its certificates, which go in the clear there, and then no
 * further. They are put together here: the numbers in them only have to look like keys.
 */
#include "tls_pair.h"

#include <mbedtls/asn1write.h>
#include <mbedtls/bignum.h>
#include <mbedtls/ecp.h>

#include "../skip.h"
#include "tls/mbedtls.h"

#define RUN(test) cmocka_unit_test_setup_teardown(test, start_port, stop_port)

/*
 * Of 32 bits by 32 bits: what raising to a power takes, counted the simple way. A handshake with a chain of
 * five keys of 4096 bits and 65537 as exponent takes 2.8 million; that of 8190-bit exponents, 1.6 thousand million.
 */
#define PRODUCTS_MAX 8000000
#define POINTS_MAX 24

static uint64_t products;
static unsigned powers, points;

/* ---- In the place of the library's. The linker prescribes the names. NOLINTBEGIN(bugprone-reserved-identifier) */

int __wrap_mbedtls_mpi_exp_mod_unsafe(mbedtls_mpi *x, const mbedtls_mpi *a, const mbedtls_mpi *e,
	const mbedtls_mpi *n, mbedtls_mpi *rr);
int __real_mbedtls_mpi_exp_mod_unsafe(mbedtls_mpi *x, const mbedtls_mpi *a, const mbedtls_mpi *e,
	const mbedtls_mpi *n, mbedtls_mpi *rr);
int __wrap_mbedtls_ecp_muladd_restartable(mbedtls_ecp_group *grp, mbedtls_ecp_point *r,
	const mbedtls_mpi *m, const mbedtls_ecp_point *p, const mbedtls_mpi *n,
	const mbedtls_ecp_point *q, mbedtls_ecp_restart_ctx *ctx);
int __real_mbedtls_ecp_muladd_restartable(mbedtls_ecp_group *grp, mbedtls_ecp_point *r,
	const mbedtls_mpi *m, const mbedtls_ecp_point *p, const mbedtls_mpi *n,
	const mbedtls_ecp_point *q, mbedtls_ecp_restart_ctx *ctx);

int __wrap_mbedtls_mpi_exp_mod_unsafe(mbedtls_mpi *x, const mbedtls_mpi *a, const mbedtls_mpi *e,
	const mbedtls_mpi *n, mbedtls_mpi *rr)
{
	uint64_t words = mbedtls_mpi_bitlen(n) / 32 + 1;

	powers++;
	products += 2 * words * words * mbedtls_mpi_bitlen(e);
	return __real_mbedtls_mpi_exp_mod_unsafe(x, a, e, n, rr);
}

int __wrap_mbedtls_ecp_muladd_restartable(mbedtls_ecp_group *grp, mbedtls_ecp_point *r,
	const mbedtls_mpi *m, const mbedtls_ecp_point *p, const mbedtls_mpi *n,
	const mbedtls_ecp_point *q, mbedtls_ecp_restart_ctx *ctx)
{
	points++;
	return __real_mbedtls_ecp_muladd_restartable(grp, r, m, p, n, q, ctx);
}

/* NOLINTEND(bugprone-reserved-identifier) */

/* ---- Certificates, written from their ends to their beginnings ---- */

struct key {
	unsigned bits;     /* of an RSA key; 0: P-256 */
	unsigned exponent; /* its bits */
};

struct der {
	uint8_t buf[8192];
	uint8_t *at;
};

static void check_written(int len)
{
	assert_true(len >= 0);
}

/* Everything between 'end' and what was written before it becomes the inside of a tag. */
static void wrap(struct der *der, const uint8_t *end, uint8_t tag)
{
	check_written(mbedtls_asn1_write_len(&der->at, der->buf, (size_t)(end - der->at)));
	check_written(mbedtls_asn1_write_tag(&der->at, der->buf, tag));
}

static void put(struct der *der, const void *data, size_t len)
{
	der->at -= len;
	assert_true(der->at >= der->buf);
	memcpy(der->at, data, len);
}

#define SEQUENCE (MBEDTLS_ASN1_SEQUENCE | MBEDTLS_ASN1_CONSTRUCTED)

/* An odd number of so many bits, the highest two of which are 'top' and 1. */
static void put_number(struct der *der, unsigned bits, bool top)
{
	uint8_t number[1025] = {0};
	size_t len = (bits + 7) / 8;
	const uint8_t *end = der->at;

	memset(number + 1, 0x55, len);
	number[1] = (uint8_t)(1u << (bits - 1) % 8);
	if (top)
		number[2] = 0xff;
	number[len] |= 1;
	put(der, number + (number[1] < 0x80), len + (number[1] >= 0x80));
	wrap(der, end, MBEDTLS_ASN1_INTEGER);
}

static void put_oid(struct der *der, const char *oid, size_t len, bool null)
{
	const uint8_t *end = der->at;

	if (null)
		check_written(mbedtls_asn1_write_null(&der->at, der->buf));
	check_written(mbedtls_asn1_write_oid(&der->at, der->buf, oid, len));
	wrap(der, end, SEQUENCE);
}

/* SHA-256 with the key of whoever signed. */
static void put_algorithm(struct der *der, const struct key *signer)
{
	if (signer->bits > 0)
		put_oid(der, "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b", 9, true);
	else
		put_oid(der, "\x2a\x86\x48\xce\x3d\x04\x03\x02", 8, false);
}

static void put_bits(struct der *der, const uint8_t *end)
{
	put(der, "", 1);
	wrap(der, end, MBEDTLS_ASN1_BIT_STRING);
}

/* Of no value, but the right length: that is found out by working it out. */
static void put_signature(struct der *der, const struct key *signer)
{
	const uint8_t *end = der->at;

	if (signer->bits > 0) {
		uint8_t text[1024];

		memset(text, 0x33, sizeof text);
		put(der, text, signer->bits / 8);
	} else {
		put(der, "\x30\x06\x02\x01\x01\x02\x01\x01", 8);
	}
	put_bits(der, end);
}

static void put_point(struct der *der)
{
	mbedtls_ecp_group group;
	uint8_t point[65];
	size_t len;

	mbedtls_ecp_group_init(&group);
	assert_int_equal(mbedtls_ecp_group_load(&group, MBEDTLS_ECP_DP_SECP256R1), 0);
	assert_int_equal(mbedtls_ecp_point_write_binary(&group, &group.G,
				 MBEDTLS_ECP_PF_UNCOMPRESSED, &len, point, sizeof point),
		0);
	mbedtls_ecp_group_free(&group);
	put(der, point, len);
}

static void put_key(struct der *der, const struct key *key)
{
	const uint8_t *end = der->at;

	if (key->bits > 0) {
		put_number(der, key->exponent, false);
		put_number(der, key->bits, true);
		wrap(der, end, SEQUENCE);
		put_bits(der, end);
		put_oid(der, "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01", 9, true);
	} else {
		put_point(der);
		put_bits(der, end);
		put(der,
			"\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d"
			"\x03\x01\x07",
			21);
	}
	wrap(der, end, SEQUENCE);
}

/* CN=a to CN=z */
static void put_name(struct der *der, char name)
{
	const uint8_t *end = der->at;

	put(der, &name, 1);
	wrap(der, end, MBEDTLS_ASN1_UTF8_STRING);
	put(der, "\x06\x03\x55\x04\x03", 5);
	wrap(der, end, SEQUENCE);
	wrap(der, end, MBEDTLS_ASN1_SET | MBEDTLS_ASN1_CONSTRUCTED);
	wrap(der, end, SEQUENCE);
}

static void put_validity(struct der *der, bool expired)
{
	const uint8_t *end = der->at;

	put(der,
		expired ? "\x17\x0d"
			  "210101000000Z"
			: "\x17\x0d"
			  "490101000000Z",
		15);
	put(der,
		"\x17\x0d"
		"200101000000Z",
		15);
	wrap(der, end, SEQUENCE);
}

/* A chain as it is sent: each certificate after its length of 3 bytes. */
struct chain {
	uint8_t bytes[16000];
	size_t len;
};

static void add(struct chain *chain, char subject, char issuer, const struct key *key,
	const struct key *signer, bool expired)
{
	static struct der der;
	uint8_t *end = der.buf + sizeof der.buf, *to = chain->bytes + chain->len;
	size_t len;

	der.at = end;
	put_signature(&der, signer);
	put_algorithm(&der, signer);
	end = der.at;
	put(&der,
		"\xa3\x13\x30\x11\x30\x0f\x06\x03\x55\x1d\x13\x01\x01\xff\x04\x05\x30\x03\x01\x01"
		"\xff",
		21);
	put_key(&der, key);
	put_name(&der, subject);
	put_validity(&der, expired);
	put_name(&der, issuer);
	put_algorithm(&der, signer);
	put(&der, "\xa0\x03\x02\x01\x02\x02\x01\x01", 8);
	wrap(&der, end, SEQUENCE);
	end = der.buf + sizeof der.buf;
	wrap(&der, end, SEQUENCE);
	len = (size_t)(end - der.at);
	assert_true(chain->len + 3 + len <= sizeof chain->bytes);
	to[0] = 0;
	to[1] = (uint8_t)(len >> 8);
	to[2] = (uint8_t)len;
	memcpy(to + 3, der.at, len);
	chain->len += 3 + len;
}

/* ---- A peer that gets as far as its certificates ---- */

static void send_all(port_sock sock, const uint8_t *data, size_t len)
{
	while (len > 0) {
		int n = port_send(&port, sock, data, len);

		if (n == PORT_AGAIN) {
			assert_true(port_wait(&port, WAIT_MS) > 0);
			continue;
		}
		assert_true(n > 0);
		data += n;
		len -= (size_t)n;
	}
}

/* A message of the handshake in one record. */
static void send_message(port_sock sock, uint8_t type, const uint8_t *body, size_t len)
{
	static uint8_t record[16500];

	record[0] = 22;
	record[1] = record[2] = 3;
	record[3] = (uint8_t)((len + 4) >> 8);
	record[4] = (uint8_t)(len + 4);
	record[5] = type;
	record[6] = 0;
	record[7] = (uint8_t)(len >> 8);
	record[8] = (uint8_t)len;
	memcpy(record + 9, body, len);
	send_all(sock, record, len + 9);
}

static void send_chain(port_sock sock, const struct chain *chain)
{
	static uint8_t body[sizeof chain->bytes + 3];

	body[0] = 0;
	body[1] = (uint8_t)(chain->len >> 8);
	body[2] = (uint8_t)chain->len;
	memcpy(body + 3, chain->bytes, chain->len);
	send_message(sock, 11, body, chain->len + 3);
}

/* TLS 1.2, ECDHE-RSA or ECDHE-ECDSA with AES-128-GCM. */
static void send_server_hello(port_sock sock, bool rsa)
{
	uint8_t body[38] = {3, 3};

	memset(body + 2, 0x77, 32);
	body[35] = 0xc0;
	body[36] = rsa ? 0x2f : 0x2b;
	send_message(sock, 2, body, sizeof body);
}

static void send_client_hello(port_sock sock)
{
	static const uint8_t rest[] = {0, 0, 2, 0xc0, 0x2b, 1,
		0,                               /* no session, one cipher, no compression */
		0, 24, 0, 10, 0, 4, 0, 2, 0, 23, /* P-256 */
		0, 13, 0, 12, 0, 10, 4, 3, 4, 1, 8, 4, 5, 3, 6, 3};
	uint8_t body[34 + sizeof rest] = {3, 3};

	memset(body + 2, 0x77, 32);
	memcpy(body + 34, rest, sizeof rest);
	send_message(sock, 1, body, sizeof body);
}

/* Goes on with our end for as long as it does not wait. */
static int shake_alone(struct tls *tls)
{
	int answer = TLS_TICK;

	while (answer == TLS_TICK)
		answer = tls_handshake(tls);
	return answer;
}

/* Until it has had what it was sent. */
static int shake_to_end(struct tls *tls)
{
	int answer = shake_alone(tls);

	while (answer == PORT_AGAIN) {
		assert_true(port_wait(&port, WAIT_MS) > 0);
		while (port_next(&port) != PORT_NONE)
			;
		answer = shake_alone(tls);
	}
	return answer;
}

/* What it costs us to be shown the chain, as the client and as the server. */
static void show(const struct chain *chain, bool rsa, const char *words)
{
	struct tls_settings server = server_settings;
	struct pair pair;

	if (!TLS_BOUNDED)
		skip_because(
			"the system's library sets no bounds to what a peer's certificates cost");
	products = 0;
	powers = points = 0;
	pair = (struct pair){.context = {load(&client_settings), NULL}};
	connect_pair(&pair);
	assert_int_equal(tls_open(&pair.tls[0], pair.context[0], &port, pair.sock[0], "a"), 0);
	assert_int_equal(shake_alone(pair.tls[0]), PORT_AGAIN);
	send_server_hello(pair.sock[1], rsa);
	send_chain(pair.sock[1], chain);
	assert_true(shake_to_end(pair.tls[0]) < 0);
	assert_string_equal(tls_reason(pair.tls[0]), words);
	close_pair(&pair);
	unload_pair(&pair);

	server.ca = FILES "ca.pem";
	pair = (struct pair){.context = {NULL, load(&server)}};
	connect_pair(&pair);
	assert_int_equal(tls_open(&pair.tls[1], pair.context[1], &port, pair.sock[1], ""), 0);
	send_client_hello(pair.sock[0]);
	send_chain(pair.sock[0], chain);
	assert_true(shake_to_end(pair.tls[1]) < 0);
	assert_string_equal(tls_reason(pair.tls[1]), words);
	close_pair(&pair);
	unload_pair(&pair);
	assert_true(products <= 2 * PRODUCTS_MAX);
	assert_true(points <= 2 * POINTS_MAX);
}

#define TOO_LONG "a certificate has a key that is broken, or longer than is accepted"
#define NOT_TRUSTED "not issued by a trusted authority"
#define TOO_MANY "too many others stand between it and an authority"

/* Each certificate of the chain with the same kind of key, in order. */
static void show_keys(struct key key, unsigned count, const char *words)
{
	static struct chain chain;

	chain.len = 0;
	for (unsigned i = 0; i < count; i++)
		add(&chain, (char)('a' + i), (char)('b' + i), &key, &key, false);
	show(&chain, key.bits > 0, words);
}

static void long_keys(void **state)
{
	(void)state;
	show_keys((struct key){8192, 8190}, 4, TOO_LONG);
	assert_int_equal(powers, 0);
	show_keys((struct key){8192, 17}, 7, TOO_LONG);
	assert_int_equal(powers, 0);
}

static void long_exponents(void **state)
{
	(void)state;
	show_keys((struct key){4096, 4094}, 9, TOO_LONG);
	assert_int_equal(powers, 0);
	show_keys((struct key){2048, 2046}, 15, TOO_LONG);
	assert_int_equal(powers, 0);
	show_keys((struct key){4096, 33}, 12, TOO_LONG);
	assert_int_equal(powers, 0);
}

/* As long as they may be: they are looked at, and are no load. */
static void keys_of_ordinary_length(void **state)
{
	(void)state;
	show_keys((struct key){4096, 32}, 4, NOT_TRUSTED);
	assert_int_equal(powers, 2 * 3);
	show_keys((struct key){0, 0}, 4, NOT_TRUSTED);
	assert_int_equal(points, 2 * 3);
}

static void long_chains(void **state)
{
	(void)state;
	show_keys((struct key){4096, 32}, 12, TOO_MANY);
	show_keys((struct key){0, 0}, 26, TOO_MANY);
}

/* Whichever is the issuer of 'a', nobody knows without a try. */
static void many_issuers_of_one_name(void **state)
{
	static const struct key key = {0, 0};
	static struct chain chain;

	(void)state;
	add(&chain, 'a', 'b', &key, &key, false);
	for (int i = 0; i < 40; i++)
		add(&chain, 'b', 'b', &key, &key, true);
	show(&chain, false, TOO_MANY);
}

/* What cannot be verified as it stands is sorted and tried once more, and then as far as it may go. */
static void issuers_in_the_wrong_order(void **state)
{
	static const struct key key = {0, 0};
	static struct chain chain;

	(void)state;
	add(&chain, 'a', 'b', &key, &key, false);
	add(&chain, 'g', 'h', &key, &key, false);
	for (char name = 'b'; name < 'g'; name++)
		for (int i = 0; i < 3; i++)
			add(&chain, name, (char)(name + 1), &key, &key, true);
	show(&chain, false, NOT_TRUSTED);
	assert_true(points > 40);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RUN(long_keys),
		RUN(long_exponents),
		RUN(keys_of_ordinary_length),
		RUN(long_chains),
		RUN(many_issuers_of_one_name),
		RUN(issuers_in_the_wrong_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
