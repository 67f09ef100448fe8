/*
 * What the library's codes mean, in the answers of tls.h and in words.
 */
#include "tls/mbedtls.h"

#include <mbedtls/asn1.h>
#include <mbedtls/version.h>
#include <mbedtls/x509.h>
#include <psa/crypto.h>
#include <string.h>

struct words {
	long code;
	const char *words;
};

static const char *find(const struct words *list, size_t len, long code)
{
	for (size_t i = 0; i < len; i++)
		if (list[i].code == code)
			return list[i].words;
	return NULL;
}

#define FIND(list, code) find(list, sizeof(list) / sizeof((list)[0]), code)

/* ---- Memory ---- */

/* A code may be the sum of one of X.509 or PEM and a low-level one of its cause. */
bool tls_is_memory(int code)
{
	static const int codes[] = {
		MBEDTLS_ERR_SSL_ALLOC_FAILED,
		MBEDTLS_ERR_X509_ALLOC_FAILED,
		MBEDTLS_ERR_PK_ALLOC_FAILED,
		-0x1180, /* PEM, cipher, digest, curve and number: their headers are not in every version */
		-0x6180,
		-0x5180,
		-0x4D80,
		-0x0010,
		PSA_ERROR_INSUFFICIENT_MEMORY,
	};
	int low = -(-code & 0x7f);

	for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
		if (code == codes[i])
			return true;
	return code <= -0x1000 && (low == -0x10 || low == MBEDTLS_ERR_ASN1_ALLOC_FAILED);
}

/* ---- Certificates ---- */

/* Of one that is not accepted. The weightiest first: there is room for a few. */
static const struct words certificate_words[] = {
	{MBEDTLS_X509_BADCERT_MISSING, "none was shown"},
	{MBEDTLS_X509_BADCERT_REVOKED, "revoked"},
	{MBEDTLS_X509_BADCERT_EXPIRED, "expired"},
	{MBEDTLS_X509_BADCERT_FUTURE, "not yet valid"},
	{MBEDTLS_X509_BADCERT_NOT_TRUSTED, "not issued by a trusted authority"},
	{MBEDTLS_X509_BADCERT_BAD_MD, "signed with a weak hash"},
	{MBEDTLS_X509_BADCERT_BAD_PK, "signed with a weak kind of key"},
	{MBEDTLS_X509_BADCERT_BAD_KEY, "with a weak key, or one of the wrong kind"},
	{MBEDTLS_X509_BADCERT_KEY_USAGE, "not meant for this use"},
	{MBEDTLS_X509_BADCERT_EXT_KEY_USAGE, "not meant for this use"},
	{MBEDTLS_X509_BADCERT_NS_CERT_TYPE, "not meant for this use"},
};

#define NO_RESULT 0xffffffffu /* no certificate was looked at */

static void say_name(struct text *t, const char *name)
{
	if (t->len > 0)
		text_str(t, ", ");
	text_str(t, "not for '");
	text_escaped(t, name, strlen(name));
	text_char(t, '\'');
}

static void say_certificate(struct text *t, const struct tls *tls, uint32_t flags)
{
	const char *before = "";

	for (size_t i = 0; i < sizeof certificate_words / sizeof certificate_words[0]; i++) {
		const char *words = certificate_words[i].words;

		if (!(flags & (uint32_t)certificate_words[i].code) || words == before)
			continue;
		if (t->len > 0)
			text_str(t, ", ");
		text_str(t, words);
		before = words;
	}
	if (flags & MBEDTLS_X509_BADCERT_CN_MISMATCH)
		say_name(t, tls->name != NULL ? tls->name : "");
	if (t->len == 0)
		text_str(t, "nobody can verify it");
}

/* What is wrong with one that cannot be read: to be put after "has". NULL: nobody knows. */
const char *tls_certificate_words(int code)
{
	/* The low bits are of the cause within the cause. */
	switch (-(-code & 0xff80)) {
	case MBEDTLS_ERR_X509_UNKNOWN_SIG_ALG:
	case MBEDTLS_ERR_PK_UNKNOWN_PK_ALG:
	case MBEDTLS_ERR_PK_UNKNOWN_NAMED_CURVE:
		return "a key or a signature of a kind that is not supported";
	case MBEDTLS_ERR_PK_INVALID_PUBKEY:
		return "a key that is broken, or longer than is accepted";
	case MBEDTLS_ERR_X509_INVALID_EXTENSIONS:
		return "a critical extension that is not known, or a broken one";
	default:
		return NULL;
	}
}

static bool is_certificate(int code)
{
	switch (code) {
	case MBEDTLS_ERR_X509_FATAL_ERROR:
	case MBEDTLS_ERR_X509_CERT_VERIFY_FAILED:
	case MBEDTLS_ERR_SSL_BAD_CERTIFICATE:
	case MBEDTLS_ERR_SSL_CA_CHAIN_REQUIRED:
	case MBEDTLS_ERR_SSL_NO_CLIENT_CERTIFICATE:
		return true;
	default:
		return false;
	}
}

static int unverified(struct text *t, const struct tls *tls, int code)
{
	uint32_t flags = mbedtls_ssl_get_verify_result(&tls->ssl);

	if (code == MBEDTLS_ERR_SSL_NO_CLIENT_CERTIFICATE)
		text_str(t, "none was shown");
	else if (code == MBEDTLS_ERR_SSL_CA_CHAIN_REQUIRED)
		text_str(t, "none was asked for, but the shared key");
	else if (code == MBEDTLS_ERR_X509_FATAL_ERROR)
		text_str(t, "too many others stand between it and an authority");
	else
		say_certificate(t, tls, flags == NO_RESULT ? 0 : flags);
	return TLS_UNVERIFIED;
}

/* ---- The rest ---- */

static const struct words alert_words[] = {
	{MBEDTLS_SSL_ALERT_MSG_UNEXPECTED_MESSAGE, "unexpected message"},
	{MBEDTLS_SSL_ALERT_MSG_BAD_RECORD_MAC, "bad record"},
	{MBEDTLS_SSL_ALERT_MSG_RECORD_OVERFLOW, "record too long"},
	{MBEDTLS_SSL_ALERT_MSG_HANDSHAKE_FAILURE, "handshake failure"},
	{MBEDTLS_SSL_ALERT_MSG_BAD_CERT, "bad certificate"},
	{MBEDTLS_SSL_ALERT_MSG_UNSUPPORTED_CERT, "unsupported certificate"},
	{MBEDTLS_SSL_ALERT_MSG_CERT_REVOKED, "certificate revoked"},
	{MBEDTLS_SSL_ALERT_MSG_CERT_EXPIRED, "certificate expired"},
	{MBEDTLS_SSL_ALERT_MSG_CERT_UNKNOWN, "certificate unknown"},
	{MBEDTLS_SSL_ALERT_MSG_ILLEGAL_PARAMETER, "illegal parameter"},
	{MBEDTLS_SSL_ALERT_MSG_UNKNOWN_CA, "unknown certificate authority"},
	{MBEDTLS_SSL_ALERT_MSG_ACCESS_DENIED, "access denied"},
	{MBEDTLS_SSL_ALERT_MSG_DECODE_ERROR, "decode error"},
	{MBEDTLS_SSL_ALERT_MSG_DECRYPT_ERROR, "decrypt error"},
	{MBEDTLS_SSL_ALERT_MSG_PROTOCOL_VERSION, "protocol version"},
	{MBEDTLS_SSL_ALERT_MSG_INSUFFICIENT_SECURITY, "insufficient security"},
	{MBEDTLS_SSL_ALERT_MSG_INTERNAL_ERROR, "internal error"},
	{MBEDTLS_SSL_ALERT_MSG_UNRECOGNIZED_NAME, "unrecognized name"},
	{MBEDTLS_SSL_ALERT_MSG_UNKNOWN_PSK_IDENTITY, "unknown identity of a shared key"},
	{MBEDTLS_SSL_ALERT_MSG_CERT_REQUIRED, "certificate required"},
	{MBEDTLS_SSL_ALERT_MSG_NO_APPLICATION_PROTOCOL, "no common ALPN protocol"},
};

static void say_alert(struct text *t, unsigned alert)
{
	const char *words = FIND(alert_words, (long)alert);

	text_str(t, "the peer sent the alert ");
	if (words != NULL)
		text_str(t, words);
	else
		text_num(t, alert);
}

static const struct words code_words[] = {
	{MBEDTLS_ERR_SSL_INVALID_MAC, "a record was changed on its way, or the keys differ"},
	{MBEDTLS_ERR_SSL_INVALID_RECORD, "what came is not TLS"},
	{MBEDTLS_ERR_SSL_BAD_INPUT_DATA,
		"a message, of certificates perhaps, is longer than can be read"},
	{MBEDTLS_ERR_SSL_UNEXPECTED_MESSAGE, "a message came that has no place here"},
	{MBEDTLS_ERR_SSL_BAD_PROTOCOL_VERSION, "there is no common version of TLS"},
	{MBEDTLS_ERR_SSL_HANDSHAKE_FAILURE, "there are no common ciphers, or the keys differ"},
	{MBEDTLS_ERR_SSL_NO_APPLICATION_PROTOCOL, "there is no common ALPN protocol"},
	{MBEDTLS_ERR_SSL_UNKNOWN_IDENTITY, "the shared key's identity is unknown"},
	{MBEDTLS_ERR_SSL_DECODE_ERROR, "a message cannot be read"},
	{MBEDTLS_ERR_SSL_ILLEGAL_PARAMETER, "a message has a value that it must not have"},
	{MBEDTLS_ERR_SSL_UNSUPPORTED_EXTENSION,
		"a message has an extension that was not asked for"},
	{MBEDTLS_ERR_SSL_UNRECOGNIZED_NAME, "the name is not known"},
};

static void say_code(struct text *t, int code)
{
	const char *words = FIND(code_words, code);

	if (words == NULL && (words = tls_certificate_words(code)) != NULL)
		text_str(t, "a certificate has ");
	if (words != NULL) {
		text_str(t, words);
		return;
	}
	text_str(t, "error -0x");
	for (int shift = 12; shift >= 0; shift -= 4)
		text_char(t, "0123456789abcdef"[-code >> shift & 15]);
}

/* The port's answer in the terms of tls.h. */
static int transport_end(struct text *t, int answer)
{
	switch (answer) {
	case PORT_EOF:
		text_str(t, "the connection ended without close_notify");
		return TLS_TRUNCATED;
	case PORT_RESET:
		text_str(t, "the connection was reset");
		return PORT_RESET;
	case PORT_TIMEOUT:
		text_str(t, "the connection timed out");
		return PORT_TIMEOUT;
	default:
		text_str(t, "the connection failed");
		return PORT_FAILED;
	}
}

/*
 * A client of TLS 1.3 that refuses our certificate may say so before it has begun to
 * encrypt (Mbed TLS does, RFC 8446 permits it), and the library then finds a bad record.
 * Anybody could have sent that: it is good for words, and the failure stays one.
 */
static unsigned alert_of(const struct tls *tls, int code)
{
	if (code == MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE)
		return tls_parts_alert(&tls->ssl);
	if (code == MBEDTLS_ERR_SSL_INVALID_MAC && !tls->ready)
		return tls_parts_plain_alert(&tls->ssl);
	return 0;
}

int tls_explain(struct tls *tls, int code)
{
	unsigned alert;
	struct text t;

	text_init(&t, tls->reason, sizeof tls->reason);
	if (tls->io_error != 0)
		return transport_end(&t, tls->io_error);
	if (tls_is_memory(code)) {
		text_str(&t, "not enough memory for TLS");
		return TLS_NO_MEMORY;
	}
	if (tls_random_failed()) {
		text_str(&t, "no strong random numbers were to be had");
		return TLS_FAILED;
	}
	if (is_certificate(code))
		return unverified(&t, tls, code);
	alert = alert_of(tls, code);
	if (alert != 0)
		say_alert(&t, alert);
	else if (code == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY)
		text_str(&t, "the peer ended the handshake");
	else
		say_code(&t, code);
	return TLS_FAILED;
}
