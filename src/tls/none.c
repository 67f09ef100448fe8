/*
 * No TLS: what stands in the place of a library where none is built in. See tls.h.
 *
 * The configuration refuses every endpoint with TLS, so that nothing but tls_load() is
 * ever reached.
 */
#include "tls/tls.h"

const bool tls_built = false;

int tls_load(struct tls_context **context, struct port *p, const struct tls_settings *settings,
	struct text *why)
{
	(void)context;
	(void)p;
	(void)settings;
	text_str(why, "TLS is not built into this program");
	return TLS_BAD_SETTINGS;
}

void tls_unload(struct tls_context **context)
{
	*context = NULL;
}

bool tls_share(struct tls_context *context, uint64_t stamp)
{
	(void)context;
	(void)stamp;
	return false;
}

int tls_open(struct tls **tls, struct tls_context *context, struct port *p, port_sock sock,
	const char *name)
{
	(void)context;
	(void)p;
	(void)sock;
	(void)name;
	*tls = NULL;
	return TLS_NO_MEMORY;
}

bool tls_preload(struct tls *tls, const uint8_t *data, size_t len)
{
	(void)tls;
	(void)data;
	(void)len;
	return false;
}

void tls_quote(struct tls *tls, bool first, const uint8_t *data, size_t len)
{
	(void)tls;
	(void)first;
	(void)data;
	(void)len;
}

int tls_handshake(struct tls *tls)
{
	(void)tls;
	return TLS_FAILED;
}

int tls_peek(struct tls *tls, const uint8_t **data)
{
	(void)tls;
	(void)data;
	return TLS_FAILED;
}

void tls_consume(struct tls *tls, size_t n)
{
	(void)tls;
	(void)n;
}

size_t tls_room(const struct tls *tls)
{
	(void)tls;
	return 0;
}

int tls_send(struct tls *tls, const void *data, size_t len)
{
	(void)tls;
	(void)data;
	(void)len;
	return TLS_FAILED;
}

int tls_flush(struct tls *tls)
{
	(void)tls;
	return TLS_FAILED;
}

int tls_end(struct tls *tls, bool other_open)
{
	(void)tls;
	(void)other_open;
	return TLS_FAILED;
}

void tls_close(struct tls **tls)
{
	*tls = NULL;
}

const char *tls_reason(const struct tls *tls)
{
	(void)tls;
	return "";
}

void text_tls(struct text *t, const struct tls *tls)
{
	(void)t;
	(void)tls;
}

/* There is nothing to put there. NOLINTNEXTLINE(readability-non-const-parameter) */
bool tls_sha256(const void *bytes, size_t len, uint8_t hash[TLS_SHA256_LEN])
{
	(void)bytes;
	(void)len;
	(void)hash;
	return false;
}
