/*
 * Contexts: the settings of an endpoint, made into what the library wants, and the saved session.
 */
#include "tls/mbedtls.h"

#include <mbedtls/platform.h>
#include <string.h>

#include "base/check.h"

int tls_no_memory(struct text *why)
{
	text_str(why, "not enough memory for TLS");
	return TLS_NO_MEMORY;
}

char *tls_copy(const char *text, size_t len)
{
	char *copy = mbedtls_calloc(1, len + 1);

	if (copy != NULL)
		memcpy(copy, text, len);
	return copy;
}

static int bad(struct text *why, const char *words)
{
	text_str(why, words);
	return TLS_BAD_SETTINGS;
}

/* ---- Files ---- */

/*
 * Do our own certificates fit into the one message that they are sent in? TLS 1.3's is the longer one: 4 bytes
 * say what it is, 4 how long it is, and 5 stand around each certificate (RFC 8446, section 4.4.2).
 */
static int fits(const struct tls_context *c, const struct tls_settings *settings, struct text *why)
{
	size_t len = 8;

	for (const mbedtls_x509_crt *crt = &c->cert; crt != NULL; crt = crt->next)
		len += crt->raw.len + 5;
	if (len <= MBEDTLS_SSL_OUT_CONTENT_LEN)
		return 0;
	text_escaped(why, settings->cert, strlen(settings->cert));
	text_str_num(why, ": its certificates take ", len);
	text_str_num(why, " bytes, and no more than ", MBEDTLS_SSL_OUT_CONTENT_LEN);
	text_str(why, " can be sent");
	return TLS_BAD_SETTINGS;
}

/* Our own certificate and its key, held against each other. */
static int own_certificate(
	struct tls_context *c, const struct tls_settings *settings, struct text *why)
{
	const char *key = settings->key[0] != '\0' ? settings->key : settings->cert;
	int answer, code;

	if (settings->cert[0] == '\0' && settings->key[0] != '\0')
		return bad(why, "key is given without cert");
	if (settings->cert[0] == '\0')
		return 0;
	answer = tls_load_certificates(c->port, settings->cert, &c->cert, true, why);
	if (answer == 0)
		answer = fits(c, settings, why);
	if (answer == 0)
		answer = tls_load_key(c->port, key, &c->key, why);
	if (answer != 0)
		return answer;
	code = tls_parts_check_pair(&c->cert.pk, &c->key, c->port);
	if (code == 0)
		code = mbedtls_ssl_conf_own_cert(&c->conf, &c->cert, &c->key);
	else if (!tls_is_memory(code)) {
		text_escaped(why, key, strlen(key));
		text_str(why, ": the key does not belong to the certificate in ");
		text_escaped(why, settings->cert, strlen(settings->cert));
		return TLS_BAD_SETTINGS;
	}
	return code == 0 ? 0 : tls_no_memory(why);
}

static bool asks_for_certificate(const struct tls_settings *settings)
{
	return settings->server ? settings->ca[0] != '\0' : !settings->verify_none;
}

/* The library asks nobody for a certificate who has the key, in TLS 1.2 and 1.3. */
static int trust(struct tls_context *c, const struct tls_settings *settings, struct text *why)
{
	bool asks = asks_for_certificate(settings);

	if (settings->server && asks && settings->psk[0] != '\0')
		return bad(why,
			"ca and psk exclude each other: who uses the psk shows no certificate");
	mbedtls_ssl_conf_authmode(
		&c->conf, asks ? MBEDTLS_SSL_VERIFY_REQUIRED : MBEDTLS_SSL_VERIFY_NONE);
	return 0;
}

/*
 * Whom to trust. A client that has a shared key and no list of its own trusts in the key
 * alone: nobody else's certificate is to stand in for it.
 */
static int authorities(struct tls_context *c, const struct tls_settings *settings, struct text *why)
{
	if (!asks_for_certificate(settings) ||
		(settings->ca[0] == '\0' && settings->psk[0] != '\0'))
		return 0;
	mbedtls_ssl_conf_ca_chain(&c->conf, &c->ca, NULL);
	return tls_load_certificates(c->port, settings->ca, &c->ca, false, why);
}

static int shared_key(struct tls_context *c, const struct tls_settings *settings, struct text *why)
{
	bool psk = settings->psk[0] != '\0';
	bool certificates =
		settings->server ? settings->cert[0] != '\0' : !psk || settings->ca[0] != '\0';

	if (!psk && !certificates)
		return bad(why, "a server needs cert, or psk");
	tls_parts_modes(&c->conf, psk, certificates);
	return psk ? tls_load_psk(c->port, settings->psk, &c->conf, why) : 0;
}

/* ---- ALPN ---- */

static int alpn(struct tls_context *c, const struct tls_settings *settings, struct text *why)
{
	unsigned count = 0;
	char *comma;

	if (settings->alpn[0] == '\0')
		return 0;
	c->alpn_text = tls_copy(settings->alpn, strlen(settings->alpn));
	if (c->alpn_text == NULL)
		return tls_no_memory(why);
	for (char *at = c->alpn_text; at != NULL; at = comma) {
		if (count == TLS_ALPN_MAX)
			return bad(why, "alpn: more than 8 protocols");
		comma = strchr(at, ',');
		if (comma != NULL)
			*comma++ = '\0';
		c->alpn[count++] = at;
	}
	switch (tls_parts_alpn(c)) {
	case 0:
		return 0;
	case MBEDTLS_ERR_SSL_FEATURE_UNAVAILABLE:
		return bad(why, "alpn: not built into the TLS library");
	default:
		return bad(why, "alpn: names of 1 to 255 bytes with commas between them");
	}
}

/* ---- The whole ---- */

static void version(struct tls_context *c, const struct tls_settings *settings)
{
	if (settings->min == TLS_1_3)
		mbedtls_ssl_conf_min_tls_version(&c->conf, MBEDTLS_SSL_VERSION_TLS1_3);
}

/* A first connection, made for nothing: what the library does not like it says now. */
static int rehearse(struct tls_context *c, struct text *why)
{
	mbedtls_ssl_context ssl;
	int code;

	mbedtls_ssl_init(&ssl);
	code = mbedtls_ssl_setup(&ssl, &c->conf);
	mbedtls_ssl_free(&ssl);
	if (tls_is_memory(code))
		return tls_no_memory(why);
	return code == 0 ? 0 : bad(why, "this is not built into the TLS library");
}

static int fill(struct tls_context *c, const struct tls_settings *settings, struct text *why)
{
	int answer;

	if (mbedtls_ssl_config_defaults(&c->conf,
		    settings->server ? MBEDTLS_SSL_IS_SERVER : MBEDTLS_SSL_IS_CLIENT,
		    MBEDTLS_SSL_TRANSPORT_STREAM, MBEDTLS_SSL_PRESET_DEFAULT) != 0)
		return tls_no_memory(why);
	tls_parts_random(&c->conf, c->port);
	tls_parts_sessions(&c->conf);
	version(c, settings);
	answer = own_certificate(c, settings, why);
	if (answer == 0)
		answer = shared_key(c, settings, why);
	if (answer == 0)
		answer = trust(c, settings, why);
	if (answer == 0)
		answer = alpn(c, settings, why);
	if (answer == 0 && settings->server && tls_parts_tickets(c) != 0)
		answer = tls_no_memory(why);
	if (answer == 0)
		answer = rehearse(c, why);
	/* Last, for it may end well, and still with a warning. */
	return answer == 0 ? authorities(c, settings, why) : answer;
}

static struct tls_context *new_context(struct port *p, const struct tls_settings *settings)
{
	struct tls_context *c = mbedtls_calloc(1, sizeof *c);

	if (c == NULL)
		return NULL;
	c->port = p;
	c->server = settings->server;
	c->verify_none = settings->verify_none;
	c->truncated_eof = settings->truncated_eof;
	c->halfclose_defer = settings->halfclose_defer;
	c->holders = 1;
	c->stamp = settings->stamp;
	mbedtls_ssl_session_init(&c->saved);
	mbedtls_ssl_config_init(&c->conf);
	mbedtls_x509_crt_init(&c->cert);
	mbedtls_x509_crt_init(&c->ca);
	mbedtls_pk_init(&c->key);
	tls_parts_tickets_init(c);
	return c;
}

static void free_context(struct tls_context *c)
{
	mbedtls_ssl_config_free(&c->conf);
	mbedtls_x509_crt_free(&c->cert);
	mbedtls_x509_crt_free(&c->ca);
	mbedtls_pk_free(&c->key);
	tls_parts_tickets_free(c);
	mbedtls_ssl_session_free(&c->saved);
	mbedtls_free(c->saved_for);
	mbedtls_free(c->alpn_text);
	mbedtls_free(c);
}

static int no_random(struct text *why)
{
	text_str(why, "no strong random numbers, and so there is no TLS");
	return PORT_NO_RANDOM;
}

int tls_load(struct tls_context **context, struct port *p, const struct tls_settings *settings,
	struct text *why)
{
	struct tls_context *c;
	uint8_t probe[16];
	int answer;

	tls_random_use(p);
	if (tls_random(p, probe, sizeof probe) != 0 || tls_parts_begin() != 0)
		return no_random(why);
	c = new_context(p, settings);
	if (c == NULL)
		return tls_no_memory(why);
	answer = fill(c, settings, why);
	if (answer != 0) {
		free_context(c);
		return answer;
	}
	tls_parts_warn(why);
	*context = c;
	return 0;
}

bool tls_share(struct tls_context *context, uint64_t stamp)
{
	if (context == NULL || stamp == 0 || context->stamp != stamp || context->holders != 1)
		return false;
	context->holders++;
	return true;
}

void tls_context_left(struct tls_context *context)
{
	if (context->holders == 0 && context->connections == 0)
		free_context(context);
}

void tls_unload(struct tls_context **context)
{
	struct tls_context *c = *context;

	if (c == NULL)
		return;
	*context = NULL;
	c->holders--;
	check(CONFIG_ANKLET_RELOAD || c->connections == 0);
	tls_context_left(c);
}

/* ---- The saved session ---- */

static void forget(struct tls_context *c)
{
	mbedtls_ssl_session_free(&c->saved);
	mbedtls_ssl_session_init(&c->saved);
	mbedtls_free(c->saved_for);
	c->saved_for = NULL;
}

/* Not to have one is no failure: the next handshake is a full one. */
void tls_session_keep(struct tls *tls)
{
	struct tls_context *c = tls->context;

	if (c->server || tls->name == NULL)
		return;
	forget(c);
	c->saved_for = tls_copy(tls->name, strlen(tls->name));
	if (c->saved_for != NULL && tls_parts_session_get(&tls->ssl, &c->saved) != 0)
		forget(c);
}

bool tls_session_offer(struct tls *tls)
{
	struct tls_context *c = tls->context;
	int code;

	if (c->saved_for == NULL || tls->name == NULL || strcmp(c->saved_for, tls->name) != 0)
		return true;
	code = tls_parts_session_set(&tls->ssl, &c->saved);
	tls->offered = code == 0;
	return !tls_is_memory(code);
}
