/*
 * What depends on the version of Mbed TLS, and on what it was built with.
 *
 * Each part that the library may lack has its functions twice; those of a missing part
 * answer MBEDTLS_ERR_SSL_FEATURE_UNAVAILABLE where somebody asks for it by name, and do
 * nothing where it is only a gain.
 */
#include "tls/mbedtls.h"

#include <mbedtls/pem.h>
#include <mbedtls/platform.h>
#include <mbedtls/platform_util.h>
#include <mbedtls/version.h>
#include <psa/crypto.h>
#include <string.h>

/* Seconds: a key of the tickets is used so long, and as long again to read them. */
#define TICKET_LIFETIME 14400

/* ---- PSA ---- */

#if defined(MBEDTLS_PSA_CRYPTO_C)
int tls_parts_begin(void)
{
	return psa_crypto_init();
}
#else
int tls_parts_begin(void)
{
	return 0;
}
#endif

/* ---- Decrypted bytes: the library only copies them, from where it shows in a field of its own ---- */

const uint8_t *tls_parts_decrypted(const mbedtls_ssl_context *ssl)
{
	return mbedtls_ssl_get_bytes_avail(ssl) > 0 ? ssl->MBEDTLS_PRIVATE(in_offt) : NULL;
}

/* ---- What a peer's certificates may cost: bounded in what tools/bound_mbedtls was at ---- */

#if TLS_BOUNDED
void tls_parts_warn(struct text *why)
{
	(void)why;
}
#else
void tls_parts_warn(struct text *why)
{
	static bool told;

	if (told)
		return;
	told = true;
	text_str(why, why->len > 0 ? "; " : "");
	text_str(why, "this TLS library sets no bounds to what a peer's certificates cost, "
		      "see docs/tls.md");
}
#endif

/* ---- Since 4.0 random numbers are PSA's own, and tickets are made with PSA's algorithms ---- */

#if MBEDTLS_VERSION_MAJOR < 4
void tls_parts_random(mbedtls_ssl_config *conf, struct port *p)
{
	mbedtls_ssl_conf_rng(conf, tls_random, p);
}

int tls_parts_parse_key(mbedtls_pk_context *key, const uint8_t *data, size_t len, struct port *p)
{
	return mbedtls_pk_parse_key(key, data, len, NULL, 0, tls_random, p);
}

int tls_parts_check_pair(
	const mbedtls_pk_context *public_key, const mbedtls_pk_context *key, struct port *p)
{
	return mbedtls_pk_check_pair(public_key, key, tls_random, p);
}
#else
void tls_parts_random(mbedtls_ssl_config *conf, struct port *p)
{
	(void)conf;
	(void)p;
}

int tls_parts_parse_key(mbedtls_pk_context *key, const uint8_t *data, size_t len, struct port *p)
{
	(void)p;
	return mbedtls_pk_parse_key(key, data, len, NULL, 0);
}

int tls_parts_check_pair(
	const mbedtls_pk_context *public_key, const mbedtls_pk_context *key, struct port *p)
{
	(void)p;
	return mbedtls_pk_check_pair(public_key, key);
}
#endif

/* ---- PEM ---- */

#if defined(MBEDTLS_PEM_PARSE_C)
#define BEGIN "-----BEGIN CERTIFICATE-----"
#define END "-----END CERTIFICATE-----"

/*
 * A copy of text[0..len) without the blanks at the ends of lines, each of which ends with LF: RFC 7468,
 * section 2, has them ignored, and the library takes one at most. It is its own allocator's; NULL: no memory.
 */
static char *tidy(const char *text, size_t len)
{
	char *copy = mbedtls_calloc(1, len + 2);
	size_t start = 0, to = 0,
	       end = 0; /* of the line; where the next one goes; after the last that stays */

	for (size_t i = 0; copy != NULL && i <= len; i++) {
		char c = i < len ? text[i] : '\n';
		bool blank = c == ' ' || c == '\t' || c == '\v' || c == '\f';

		if (c == '\n' || c == '\r') {
			copy[end++] = '\n';
			start = to = end;
		} else if (!blank || to > start) {
			copy[to++] = c;
			end = blank ? end : to;
		}
	}
	if (copy != NULL)
		copy[end] = '\0';
	return copy;
}

/* A copy in PEM, to its certificate. */
static int parse_certificate(mbedtls_x509_crt *chain, const char *text)
{
	mbedtls_pem_context pem;
	const uint8_t *der;
	size_t len;
	int code;

	mbedtls_pem_init(&pem);
	code = mbedtls_pem_read_buffer(
		&pem, BEGIN, END, (const unsigned char *)text, NULL, 0, &len);
	if (code == 0) {
		der = mbedtls_pem_get_buffer(&pem, &len);
		code = mbedtls_x509_crt_parse_der(chain, der, len);
	}
	mbedtls_pem_free(&pem);
	return code;
}

int tls_parts_pem(mbedtls_x509_crt *chain, const uint8_t *text, size_t *used)
{
	const char *begin = strstr((const char *)text, BEGIN);
	const char *end = begin != NULL ? strstr(begin, END) : NULL;
	char *copy;
	int code;

	if (end == NULL)
		return TLS_PARTS_NONE;
	end += sizeof END - 1;
	*used = (size_t)(end - (const char *)text);
	copy = tidy(begin, (size_t)(end - begin));
	if (copy == NULL)
		return MBEDTLS_ERR_X509_ALLOC_FAILED;
	code = parse_certificate(chain, copy);
	mbedtls_free(copy);
	return code;
}

int tls_parts_pem_key(mbedtls_pk_context *key, const uint8_t *text, size_t len, struct port *p)
{
	char *copy = tidy((const char *)text, len);
	int code = MBEDTLS_ERR_PK_ALLOC_FAILED;

	/* The library takes for text what has its NUL counted in. */
	if (copy != NULL)
		code = tls_parts_parse_key(key, (const uint8_t *)copy, strlen(copy) + 1, p);
	if (copy != NULL)
		mbedtls_platform_zeroize(copy, len);
	mbedtls_free(copy);
	return code;
}
#else
int tls_parts_pem(mbedtls_x509_crt *chain, const uint8_t *text, size_t *used)
{
	(void)chain;
	(void)text;
	(void)used;
	return TLS_PARTS_NONE;
}

int tls_parts_pem_key(mbedtls_pk_context *key, const uint8_t *text, size_t len, struct port *p)
{
	return tls_parts_parse_key(key, text, len + 1, p);
}
#endif

/* ---- Pre-shared keys ---- */

#if defined(MBEDTLS_SSL_HANDSHAKE_WITH_PSK_ENABLED)
int tls_parts_psk(mbedtls_ssl_config *conf, const uint8_t *key, size_t key_len,
	const char *identity, size_t identity_len)
{
	return mbedtls_ssl_conf_psk(
		conf, key, key_len, (const unsigned char *)identity, identity_len);
}

/* Those of TLS 1.2 are of their own; best first. What the library lacks it passes over. */
static void only_psk_suites(mbedtls_ssl_config *conf)
{
	static const int suites[] = {
		MBEDTLS_TLS1_3_AES_128_GCM_SHA256,
		MBEDTLS_TLS1_3_CHACHA20_POLY1305_SHA256,
		MBEDTLS_TLS1_3_AES_256_GCM_SHA384,
		MBEDTLS_TLS1_3_AES_128_CCM_SHA256,
		MBEDTLS_TLS_ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256,
		MBEDTLS_TLS_ECDHE_PSK_WITH_AES_128_CBC_SHA256,
		MBEDTLS_TLS_PSK_WITH_AES_128_GCM_SHA256,
		MBEDTLS_TLS_PSK_WITH_CHACHA20_POLY1305_SHA256,
		MBEDTLS_TLS_PSK_WITH_AES_256_GCM_SHA384,
		MBEDTLS_TLS_PSK_WITH_AES_128_CCM,
		0,
	};

	mbedtls_ssl_conf_ciphersuites(conf, suites);
}
#else
int tls_parts_psk(mbedtls_ssl_config *conf, const uint8_t *key, size_t key_len,
	const char *identity, size_t identity_len)
{
	(void)conf;
	(void)key;
	(void)key_len;
	(void)identity;
	(void)identity_len;
	return MBEDTLS_ERR_SSL_FEATURE_UNAVAILABLE;
}

static void only_psk_suites(mbedtls_ssl_config *conf)
{
	(void)conf;
}
#endif

/* ---- TLS 1.3's key exchanges ---- */

#if defined(MBEDTLS_SSL_PROTO_TLS1_3)
static void key_exchanges(mbedtls_ssl_config *conf, bool psk, bool certificates)
{
	/*
	 * Resumption is a kind of PSK. It is not done without an ephemeral key, which is what keeps old records secret.
	 */
	unsigned modes = MBEDTLS_SSL_TLS1_3_KEY_EXCHANGE_MODE_PSK_EPHEMERAL;

	if (psk)
		modes |= MBEDTLS_SSL_TLS1_3_KEY_EXCHANGE_MODE_PSK;
	if (certificates)
		modes |= MBEDTLS_SSL_TLS1_3_KEY_EXCHANGE_MODE_EPHEMERAL;
	mbedtls_ssl_conf_tls13_key_exchange_modes(conf, (int)modes);
}
#else
static void key_exchanges(mbedtls_ssl_config *conf, bool psk, bool certificates)
{
	(void)conf;
	(void)psk;
	(void)certificates;
}
#endif

/* ---- Signatures ---- */

/*
 * Best first, as the library has them, but for PKCS#1 before PSS: 3.6.6 offers PSS and, where
 * TLS 1.2 is agreed on, does not take it. TLS 1.3 knows PSS only, and OpenSSL goes by this order.
 */
#if defined(MBEDTLS_SSL_PROTO_TLS1_2)
static void signatures(mbedtls_ssl_config *conf)
{
	static const uint16_t algorithms[] = {
		MBEDTLS_TLS1_3_SIG_ECDSA_SECP256R1_SHA256,
		MBEDTLS_TLS1_3_SIG_ECDSA_SECP384R1_SHA384,
		MBEDTLS_TLS1_3_SIG_ECDSA_SECP521R1_SHA512,
		MBEDTLS_TLS1_3_SIG_RSA_PKCS1_SHA256,
		MBEDTLS_TLS1_3_SIG_RSA_PKCS1_SHA384,
		MBEDTLS_TLS1_3_SIG_RSA_PKCS1_SHA512,
		MBEDTLS_TLS1_3_SIG_RSA_PSS_RSAE_SHA256,
		MBEDTLS_TLS1_3_SIG_RSA_PSS_RSAE_SHA384,
		MBEDTLS_TLS1_3_SIG_RSA_PSS_RSAE_SHA512,
		MBEDTLS_TLS1_3_SIG_NONE,
	};

	mbedtls_ssl_conf_sig_algs(conf, algorithms);
}
#else
static void signatures(mbedtls_ssl_config *conf)
{
	(void)conf;
}
#endif

void tls_parts_modes(mbedtls_ssl_config *conf, bool psk, bool certificates)
{
	signatures(conf);
	key_exchanges(conf, psk, certificates);
	if (!certificates)
		only_psk_suites(conf);
}

/* ---- ALPN ---- */

#if defined(MBEDTLS_SSL_ALPN)
int tls_parts_alpn(struct tls_context *c)
{
	return mbedtls_ssl_conf_alpn_protocols(&c->conf, c->alpn);
}
#else
int tls_parts_alpn(struct tls_context *c)
{
	(void)c;
	return MBEDTLS_ERR_SSL_FEATURE_UNAVAILABLE;
}
#endif

/* ---- A server's tickets ---- */

#if defined(MBEDTLS_SSL_TICKET_C) && defined(MBEDTLS_SSL_SESSION_TICKETS) && \
	defined(MBEDTLS_SSL_SRV_C)

#if MBEDTLS_VERSION_MAJOR < 4
static int ticket_setup(struct tls_context *c)
{
	return mbedtls_ssl_ticket_setup(
		&c->tickets, tls_random, c->port, MBEDTLS_CIPHER_AES_256_GCM, TICKET_LIFETIME);
}
#else
static int ticket_setup(struct tls_context *c)
{
	return mbedtls_ssl_ticket_setup(
		&c->tickets, PSA_ALG_GCM, PSA_KEY_TYPE_AES, 256, TICKET_LIFETIME);
}
#endif

static int ticket_write(void *ctx, const mbedtls_ssl_session *session, unsigned char *start,
	const unsigned char *end, size_t *len, uint32_t *lifetime)
{
	struct tls_context *c = ctx;

	return mbedtls_ssl_ticket_write(&c->tickets, session, start, end, len, lifetime);
}

static int ticket_parse(void *ctx, mbedtls_ssl_session *session, unsigned char *buf, size_t len)
{
	struct tls_context *c = ctx;
	int code = mbedtls_ssl_ticket_parse(&c->tickets, session, buf, len);

	c->ticket_taken = code == 0;
	return code;
}

void tls_parts_tickets_init(struct tls_context *c)
{
	mbedtls_ssl_ticket_init(&c->tickets);
}

int tls_parts_tickets(struct tls_context *c)
{
	int code = ticket_setup(c);

	mbedtls_ssl_conf_session_tickets_cb(&c->conf, ticket_write, ticket_parse, c);
	return code;
}

void tls_parts_tickets_free(struct tls_context *c)
{
	mbedtls_ssl_ticket_free(&c->tickets);
}
#else
void tls_parts_tickets_init(struct tls_context *c)
{
	(void)c;
}

int tls_parts_tickets(struct tls_context *c)
{
	(void)c;
	return 0;
}

void tls_parts_tickets_free(struct tls_context *c)
{
	(void)c;
}
#endif

/* ---- A client's sessions ---- */

#if defined(MBEDTLS_SSL_CLI_C)
int tls_parts_session_get(const mbedtls_ssl_context *ssl, mbedtls_ssl_session *session)
{
	return mbedtls_ssl_get_session(ssl, session);
}

int tls_parts_session_set(mbedtls_ssl_context *ssl, const mbedtls_ssl_session *session)
{
	return mbedtls_ssl_set_session(ssl, session);
}
#else
int tls_parts_session_get(const mbedtls_ssl_context *ssl, mbedtls_ssl_session *session)
{
	(void)ssl;
	(void)session;
	return MBEDTLS_ERR_SSL_FEATURE_UNAVAILABLE;
}

int tls_parts_session_set(mbedtls_ssl_context *ssl, const mbedtls_ssl_session *session)
{
	(void)ssl;
	(void)session;
	return MBEDTLS_ERR_SSL_FEATURE_UNAVAILABLE;
}
#endif

/* Until 3.6.0 the library told of every ticket; since then it is asked to, or drops them. */
#if defined(MBEDTLS_SSL_CLI_C) && defined(MBEDTLS_SSL_SESSION_TICKETS) && \
	defined(MBEDTLS_SSL_PROTO_TLS1_3) && MBEDTLS_VERSION_NUMBER >= 0x03060100
void tls_parts_sessions(mbedtls_ssl_config *conf)
{
	mbedtls_ssl_conf_tls13_enable_signal_new_session_tickets(
		conf, MBEDTLS_SSL_TLS1_3_SIGNAL_NEW_SESSION_TICKETS_ENABLED);
}
#else
void tls_parts_sessions(mbedtls_ssl_config *conf)
{
	(void)conf;
}
#endif

/* ---- What no function of the library tells ---- */

unsigned tls_parts_alert(const mbedtls_ssl_context *ssl)
{
	return ssl->MBEDTLS_PRIVATE(in_msg)[1];
}

/* The header of the record, its length of 2, the level, the alert. */
unsigned tls_parts_plain_alert(const mbedtls_ssl_context *ssl)
{
	const uint8_t *record = ssl->MBEDTLS_PRIVATE(in_hdr);

	if (record[0] != MBEDTLS_SSL_MSG_ALERT || record[3] != 0 || record[4] != 2)
		return 0;
	return record[6];
}

bool tls_parts_at_certificate(const mbedtls_ssl_context *ssl)
{
	return ssl->MBEDTLS_PRIVATE(state) == MBEDTLS_SSL_SERVER_CERTIFICATE;
}
