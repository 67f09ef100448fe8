/*
 * TLS with Mbed TLS, 3.6 or 4.x: the connections.
 *
 * The library encrypts a record when it is given the bytes, and keeps what the port
 * does not take of it. 'pending' says that it keeps something: set by send_out(),
 * which is all that knows. While it is set
 *  - nothing new is given to the library, for it would answer for the new bytes and
 *    send the old ones;
 *  - and only then, an empty write sends the rest: at any other time it is a record
 *    of its own.
 * A write that ends with something pending has taken all its bytes.
 *
 * After a failure the library is not called again, but to get rid of an alert: it
 * might go on where it has stopped. 'pending_error' is the failure until that is done, and 'failure'
 * from then on.
 */
#include "tls/mbedtls.h"

#include <mbedtls/platform.h>
#include <string.h>

#include "base/check.h"

/* What one call reads at most without bytes for its caller: tickets, warnings, empty records. */
#define EMPTY_READS 16

/*
 * A record is of use to the peer when all of it has arrived. So the first of a connection are small, while TCP's window
 * is: what fits into three segments.
 */
#define SMALL_RECORD 4096
#define SMALL_RECORDS 16

const bool tls_built = true;

static struct tls streams[ANKLET_TABLE(CONFIG_ANKLET_TLS_STREAMS)];

/* ---- Between the library and the port ---- */

static int send_out(void *ctx, const unsigned char *data, size_t len)
{
	struct tls *tls = ctx;
	int n = port_send(tls->port, tls->sock, data, len);

	tls->pending = n == PORT_AGAIN || (n > 0 && (size_t)n < len);
	if (n > 0)
		return n;
	if (n == PORT_AGAIN)
		return MBEDTLS_ERR_SSL_WANT_WRITE;
	tls->io_error = n;
	return MBEDTLS_ERR_SSL_INTERNAL_ERROR;
}

static int read_in(void *ctx, unsigned char *buf, size_t size)
{
	struct tls *tls = ctx;
	int n = port_read(tls->port, tls->sock, buf, size);

	if (n > 0)
		return n;
	if (n == PORT_AGAIN) {
		tls->would_block = true;
		return MBEDTLS_ERR_SSL_WANT_READ;
	}
	tls->io_error = n;
	return n == PORT_EOF ? 0 : MBEDTLS_ERR_SSL_INTERNAL_ERROR;
}

/* Before every call of the library that may read, send or draw random numbers. */
static void enter(struct tls *tls)
{
	tls_random_use(tls->port);
	tls->would_block = false;
	tls->io_error = 0;
}

static bool is_1_3(const struct tls *tls)
{
	return mbedtls_ssl_get_version_number(&tls->ssl) == MBEDTLS_SSL_VERSION_TLS1_3;
}

/* ---- Failures ---- */

/*
 * Tells the peer what there is to tell, then the failure stands. While something
 * is pending the library's call for alerts sends that and nothing of its own, in any state.
 */
static int settle(struct tls *tls)
{
	enter(tls);
	if (tls->pending)
		(void)mbedtls_ssl_send_alert_message(
			&tls->ssl, MBEDTLS_SSL_ALERT_LEVEL_FATAL, tls->alert);
	if (!tls->pending && tls->io_error == 0 && tls->alert != 0) {
		(void)mbedtls_ssl_send_alert_message(
			&tls->ssl, MBEDTLS_SSL_ALERT_LEVEL_FATAL, tls->alert);
		tls->alert = 0;
	}
	if (tls->pending)
		return PORT_AGAIN;
	tls->failure = tls->pending_error;
	return tls->failure;
}

/* What the library leaves to us to tell the peer: a message out of place, and in TLS 1.2 no certificate. */
static uint8_t untold(const struct tls *tls, int code)
{
	if (tls->ready && code == MBEDTLS_ERR_SSL_UNEXPECTED_MESSAGE)
		return MBEDTLS_SSL_ALERT_MSG_UNEXPECTED_MESSAGE;
	if (code == MBEDTLS_ERR_SSL_NO_CLIENT_CERTIFICATE && !is_1_3(tls))
		return MBEDTLS_SSL_ALERT_MSG_HANDSHAKE_FAILURE;
	return 0;
}

/* The library has failed with this code. */
static int fail(struct tls *tls, int code)
{
	tls->pending_error = tls_explain(tls, code);
	tls->alert = untold(tls, code);
	return settle(tls);
}

/* Has it failed? 0: no. */
static int failed(struct tls *tls)
{
	if (tls->failure != 0)
		return tls->failure;
	return tls->pending_error != 0 ? settle(tls) : 0;
}

/*
 * What a code that is no failure, or one that is, comes to. WANT_ without the port
 * having been asked, or having taken everything: the library has stopped to take breath.
 */
static int answer(struct tls *tls, int code)
{
	switch (code) {
	case MBEDTLS_ERR_SSL_WANT_READ:
		return tls->would_block ? PORT_AGAIN : TLS_TICK;
	case MBEDTLS_ERR_SSL_WANT_WRITE:
		return tls->pending ? PORT_AGAIN : TLS_TICK;
	case MBEDTLS_ERR_SSL_CRYPTO_IN_PROGRESS:
		return TLS_TICK;
	case MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET:
		tls_session_keep(tls);
		return TLS_TICK;
	default:
		return fail(tls, code);
	}
}

/* ---- Opening ---- */

static struct tls *free_place(void)
{
	for (size_t i = 0; i < sizeof streams / sizeof streams[0]; i++)
		if (streams[i].context == NULL)
			return &streams[i];
	return NULL;
}

/* Whom a client wants to reach. A name may have the last dot of the root, an address a zone. */
static bool set_name(struct tls *tls, const char *name)
{
	size_t len = strcspn(name, "%");

	if (name[0] == '\0')
		return mbedtls_ssl_set_hostname(&tls->ssl, NULL) == 0;
	tls->by_address = ip_parse(name, len, &tls->ip);
	if (tls->by_address) {
		tls->name = tls_copy(name, len);
		return tls->name != NULL && mbedtls_ssl_set_hostname(&tls->ssl, NULL) == 0;
	}
	len = strlen(name);
	tls->name = tls_copy(name, name[len - 1] == '.' ? len - 1 : len);
	return tls->name != NULL && mbedtls_ssl_set_hostname(&tls->ssl, tls->name) == 0;
}

int tls_open(struct tls **tls, struct tls_context *context, struct port *p, port_sock sock,
	const char *name)
{
	struct tls *t = free_place();

	*tls = NULL;
	if (!context->server && !context->verify_none && name[0] == '\0')
		return TLS_UNVERIFIED;
	if (t == NULL)
		return TLS_NO_MEMORY;
	t->context = context;
	t->port = p;
	t->sock = sock;
	context->connections++;
	mbedtls_ssl_init(&t->ssl);
	if (mbedtls_ssl_setup(&t->ssl, &context->conf) != 0 ||
		(!context->server && (!set_name(t, name) || !tls_session_offer(t)))) {
		tls_close(&t);
		return TLS_NO_MEMORY;
	}
	mbedtls_ssl_set_verify(&t->ssl, tls_verify, t);
	mbedtls_ssl_set_bio(&t->ssl, t, send_out, read_in, NULL);
	*tls = t;
	return 0;
}

void tls_close(struct tls **tls)
{
	struct tls *t = *tls;

	if (t == NULL)
		return;
	mbedtls_ssl_free(&t->ssl);
	mbedtls_free(t->name);
	t->context->connections--;
	if (CONFIG_ANKLET_RELOAD)
		tls_context_left(t->context);
	memset(t, 0, sizeof *t); /* what was decrypted too */
	*tls = NULL;
}

bool tls_preload(struct tls *tls, const uint8_t *data, size_t len)
{
	check(!tls->ready);
	if (len > sizeof tls->chunk - tls->shown_len)
		return false;
	memcpy(tls->chunk + tls->shown_len, data, len);
	tls->shown_len += len;
	return true;
}

void tls_quote(struct tls *tls, bool first, const uint8_t *data, size_t len)
{
	size_t used = first ? 0 : strlen(tls->reason);
	struct text t;

	check(!tls->ready);
	while (len > 0 && (data[len - 1] == '\r' || data[len - 1] == '\n'))
		len--;
	text_init(&t, tls->reason + used, sizeof tls->reason - used);
	text_escaped(&t, (const char *)data, len);
}

/* ---- The handshake ---- */

/* TLS 1.3 has no session before its first ticket. */
static int ready(struct tls *tls)
{
	tls->ready = true;
	if (!is_1_3(tls))
		tls_session_keep(tls);
	return 0;
}

/* One step of it. What was seen on the way tells afterwards whether it resumed a session. */
static int step(struct tls *tls)
{
	int code;

	if (tls_parts_at_certificate(&tls->ssl))
		tls->certificate = true;
	tls->context->ticket_taken = false;
	code = mbedtls_ssl_handshake_step(&tls->ssl);
	if (tls->context->ticket_taken)
		tls->offered = true;
	return code == 0 ? TLS_TICK : answer(tls, code);
}

int tls_handshake(struct tls *tls)
{
	int end = failed(tls);
	int code;

	if (end != 0 || tls->ready)
		return end;
	enter(tls);
	if (!mbedtls_ssl_is_handshake_over(&tls->ssl))
		return step(tls);
	code = mbedtls_ssl_handshake(&tls->ssl); /* a server's tickets may still wait */
	return code == 0 ? ready(tls) : answer(tls, code);
}

/* ---- Sending ---- */

/*
 * A ticket that was read while something was pending is only looked at when that was
 * sent: by the next write, which then writes nothing and says so.
 */
static int write_out(struct tls *tls, const void *data, size_t len)
{
	int code = mbedtls_ssl_write(&tls->ssl, data, len);

	if (code != MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET)
		return code;
	tls_session_keep(tls);
	return len > 0 ? mbedtls_ssl_write(&tls->ssl, data, len) : 0;
}

int tls_flush(struct tls *tls)
{
	int end = failed(tls);
	int code;

	if (end != 0 || !tls->pending)
		return end;
	enter(tls);
	code = write_out(tls, NULL, 0);
	if (tls->pending)
		return PORT_AGAIN;
	return code >= 0 ? 0 : answer(tls, code);
}

size_t tls_room(const struct tls *tls)
{
	int max = mbedtls_ssl_get_max_out_record_payload(&tls->ssl);

	if (max > SMALL_RECORD && tls->sent < SMALL_RECORDS)
		return SMALL_RECORD;
	return max > 0 ? (size_t)max : 0;
}

int tls_send(struct tls *tls, const void *data, size_t len)
{
	int code, end = tls_flush(tls);
	size_t room = tls_room(tls);

	check(tls->ready && !tls->ended && len > 0);
	if (end != 0)
		return end;
	enter(tls);
	if (room == 0)
		return fail(tls, mbedtls_ssl_get_max_out_record_payload(&tls->ssl));
	if (len > room)
		len = room;
	if (tls->sent < SMALL_RECORDS)
		tls->sent++;
	code = write_out(tls, data, len);
	if (code == MBEDTLS_ERR_SSL_WANT_WRITE && tls->pending)
		return (int)len;
	return code > 0 ? code : answer(tls, code);
}

int tls_end(struct tls *tls, bool other_open)
{
	int code, end;

	if (other_open && tls->context->halfclose_defer)
		return tls->failure;
	end = tls_flush(tls);
	if (end != 0 || tls->ended)
		return end;
	check(tls->ready);
	enter(tls);
	tls->ended = true;
	code = mbedtls_ssl_close_notify(&tls->ssl);
	return code == 0 ? 0 : answer(tls, code);
}

/* ---- Reading ---- */

/*
 * One read, which leaves its bytes in the library: a count, 0 for nothing yet but more to do, or what tls_peek()
 * answers.
 */
static int read_once(struct tls *tls)
{
	int code, end;

	enter(tls);
	code = mbedtls_ssl_read(&tls->ssl, NULL, 0);
	if (code == 0 && mbedtls_ssl_get_bytes_avail(&tls->ssl) > 0)
		return (int)mbedtls_ssl_get_bytes_avail(&tls->ssl);
	if (code == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY ||
		(tls->io_error == PORT_EOF && tls->context->truncated_eof))
		return tls->read_end = PORT_EOF;
	if (code == 0 && tls->io_error == 0) /* two empty records in a row */
		return 0;
	end = answer(tls, code);
	if (code == MBEDTLS_ERR_SSL_WANT_WRITE && end == PORT_AGAIN)
		tls->read_blocked = true;
	return end == TLS_TICK || (end == PORT_AGAIN && mbedtls_ssl_check_pending(&tls->ssl) &&
					  tls->pending_error == 0 && !tls->read_blocked)
		       ? 0
		       : end;
}

int tls_peek(struct tls *tls, const uint8_t **data)
{
	int n = 0;

	*data = tls->chunk + tls->shown_at;
	if (tls->shown_len > 0)
		return (int)tls->shown_len;
	*data = tls_parts_decrypted(&tls->ssl);
	if (*data != NULL)
		return (int)mbedtls_ssl_get_bytes_avail(&tls->ssl);
	if (tls->read_end != 0)
		return tls->read_end;
	n = tls->read_blocked ? tls_flush(tls) : failed(tls);
	if (n != 0)
		return n;
	check(tls->ready);
	tls->read_blocked = false;
	for (int i = 0; i < EMPTY_READS && n == 0; i++)
		n = read_once(tls);
	*data = tls_parts_decrypted(&tls->ssl);
	return n == 0 ? TLS_TICK : n;
}

/* Reading what the library shows is how it is told that it was used: it asks the port for nothing meanwhile. */
static void drop_decrypted(struct tls *tls, size_t n)
{
	check(n <= mbedtls_ssl_get_bytes_avail(&tls->ssl));
	while (n > 0) {
		size_t len = n < sizeof tls->chunk ? n : sizeof tls->chunk;

		if (mbedtls_ssl_read(&tls->ssl, tls->chunk, len) != (int)len)
			check(false);
		n -= len;
	}
}

void tls_consume(struct tls *tls, size_t n)
{
	if (tls->shown_len == 0) {
		drop_decrypted(tls, n);
		return;
	}
	check(n <= tls->shown_len);
	tls->shown_at += n;
	tls->shown_len -= n;
}

/* ---- Words ---- */

const char *tls_reason(const struct tls *tls)
{
	return tls->reason;
}

void text_tls(struct text *t, const struct tls *tls)
{
	text_str(t, mbedtls_ssl_get_version(&tls->ssl));
	text_char(t, ' ');
	text_str(t, mbedtls_ssl_get_ciphersuite(&tls->ssl));
	if (tls->offered && !tls->certificate)
		text_str(t, ", resumed");
}
