/*
 * Certificates, keys and pre-shared keys, from the files of the port.
 *
 * Lists of authorities are long: they are read piece by piece, one certificate of
 * PEM after the other. Everything else has to fit into what port_load() shows at once.
 */
#include "tls/mbedtls.h"

#include <mbedtls/platform_util.h>
#include <string.h>

#include "base/word.h"

#define BEGIN "-----BEGIN CERTIFICATE-----"
#define DER_BEGINS 0x30 /* an ASN.1 SEQUENCE; no text begins with it that has a certificate in it */
#define PSK_MIN 16
#define PSK_MAX 64

/* Each message begins with the name of the file. */
static void say_name(struct text *why, const char *name)
{
	if (name[0] == '\0')
		text_str(why, "the system's list of certificate authorities");
	else
		text_escaped(why, name, strlen(name));
	text_str(why, ": ");
}

static int bad_file(struct text *why, const char *name, const char *words)
{
	say_name(why, name);
	text_str(why, words);
	return TLS_BAD_SETTINGS;
}

/* As port_load(); but a failure is TLS_BAD_SETTINGS, and is said. */
static int load(
	struct port *p, const char *name, size_t offset, const uint8_t **data, struct text *why)
{
	int n = port_load(p, name, offset, data);

	if (n >= 0)
		return n;
	if (n == PORT_NO_NAME)
		return bad_file(why, name, "no such file");
	return bad_file(
		why, name, n == PORT_DENIED ? "permission denied" : "the file cannot be read");
}

/* ---- Certificates ---- */

/* What reading a file of certificates has come to. */
struct reading {
	mbedtls_x509_crt *chain;
	struct text *why;
	size_t offset;
	unsigned good, bad; /* certificates so far */
	unsigned first_bad; /* its number, from 1 */
	int first_code;     /* what the library said of it */
};

/* Counts a certificate: 0, or that there is no memory. */
static int count(struct reading *r, int code)
{
	if (tls_is_memory(code))
		return tls_no_memory(r->why);
	if (code == 0) {
		r->good++;
		return 0;
	}
	if (r->bad++ == 0) {
		r->first_bad = r->good + 1;
		r->first_code = code;
	}
	return 0;
}

/*
 * No whole certificate is shown. Goes to where one begins; or, if that is here and its
 * end is missing, past it; or to the last bytes, which may be the beginning of a beginning.
 */
static void skip(struct reading *r, const uint8_t *text, size_t len)
{
	const char *at = strstr((const char *)text, BEGIN);
	const size_t mark = sizeof BEGIN - 1;

	if (at == (const char *)text) {
		(void)count(r, MBEDTLS_ERR_SSL_DECODE_ERROR);
		r->offset += mark;
	} else if (at != NULL) {
		r->offset += (size_t)(at - (const char *)text);
	} else {
		r->offset += len < mark ? len : len - mark + 1;
	}
}

/* Reads on in what is shown: 0 or that there is no memory. */
static int read_span(struct reading *r, const uint8_t *data, size_t len)
{
	size_t used, at = 0;
	int code, answer = 0;

	if (r->offset == 0 && data[0] == DER_BEGINS) {
		r->offset = len;
		return count(r, mbedtls_x509_crt_parse_der(r->chain, data, len));
	}
	while (answer == 0 &&
		(code = tls_parts_pem(r->chain, data + at, &used)) != TLS_PARTS_NONE) {
		at += used;
		answer = count(r, code);
	}
	r->offset += at;
	if (at == 0)
		skip(r, data, len);
	return answer;
}

/* Names the first one that cannot be read, and what became of all of them where the others will do. */
static void say_bad(const struct reading *r, const char *name, bool others_do)
{
	const char *words = tls_certificate_words(r->first_code);

	say_name(r->why, name);
	text_str_num(r->why, "certificate number ", r->first_bad);
	text_str(r->why, words != NULL ? " in it has " : " in it cannot be read");
	text_str(r->why, words != NULL ? words : "");
	if (!others_do)
		return;
	text_str(r->why, "; it ");
	if (r->bad > 1) {
		text_str_num(r->why, "and ", r->bad - 1);
		text_str(r->why, " more ");
	}
	text_str(r->why, r->bad > 1 ? "are not used" : "is not used");
}

int tls_load_certificates(
	struct port *p, const char *name, mbedtls_x509_crt *chain, bool all, struct text *why)
{
	struct reading r = {.chain = chain, .why = why};
	const uint8_t *data;
	int n, answer;

	while ((n = load(p, name, r.offset, &data, why)) > 0) {
		answer = read_span(&r, data, (size_t)n);
		if (answer != 0)
			return answer;
	}
	if (n < 0)
		return n;
	if (r.good == 0 && r.bad == 0)
		return bad_file(why, name, "no certificate in it");
	all = all || r.good == 0;
	if (r.bad > 0)
		say_bad(&r, name, !all);
	return r.bad > 0 && all ? TLS_BAD_SETTINGS : 0;
}

/* ---- A key ---- */

/* What is wrong with a key. A library without ciphers for keys does not know a password when it sees one. */
static const char *key_words(int code, const uint8_t *data)
{
	if (strstr((const char *)data, "ENCRYPTED") != NULL)
		return "the key is protected by a password, for which nobody can be asked";
	switch (code) {
	case MBEDTLS_ERR_PK_UNKNOWN_PK_ALG:
	case MBEDTLS_ERR_PK_UNKNOWN_NAMED_CURVE:
	case MBEDTLS_ERR_PK_FEATURE_UNAVAILABLE:
		return "a key of a kind that is not supported";
	default:
		return "no private key in it that can be read";
	}
}

int tls_load_key(struct port *p, const char *name, mbedtls_pk_context *key, struct text *why)
{
	const uint8_t *data;
	int n = load(p, name, 0, &data, why);
	int code;

	if (n < 0)
		return n;
	if (n == 0)
		return bad_file(why, name, "the file is empty");
	code = data[0] == DER_BEGINS ? tls_parts_parse_key(key, data, (size_t)n, p)
				     : tls_parts_pem_key(key, data, (size_t)n, p);
	if (tls_is_memory(code))
		return tls_no_memory(why);
	if (code != 0)
		return bad_file(why, name, key_words(code, data));
	return 0;
}

/* ---- A pre-shared key ---- */

/* Reads pairs of hexadecimal digits: how many bytes, or 0 when it is something else. */
static size_t hexadecimal(struct word digits, uint8_t *key, size_t size)
{
	size_t len = digits.len / 2;

	if (digits.len % 2 != 0 || len > size)
		return 0;
	for (size_t i = 0; i < len; i++) {
		int high = text_hex_value(digits.at[2 * i]);
		int low = text_hex_value(digits.at[2 * i + 1]);

		if (high < 0 || low < 0)
			return 0;
		key[i] = (uint8_t)(high << 4 | low);
	}
	return len;
}

/* The first line without the blanks at its end. */
static struct word first_line(const uint8_t *data)
{
	struct word line = {(const char *)data, strcspn((const char *)data, "\n")};

	while (line.len > 0 && strchr(" \t\r", line.at[line.len - 1]) != NULL)
		line.len--;
	return line;
}

/* IDENTITY:KEY; the last colon counts. False: it is something else. */
static bool split(struct word line, struct word *identity, struct word *digits)
{
	size_t at = line.len;

	while (at > 0 && line.at[at - 1] != ':')
		at--;
	if (at < 2)
		return false;
	*identity = (struct word){line.at, at - 1};
	*digits = (struct word){line.at + at, line.len - at};
	return true;
}

int tls_load_psk(struct port *p, const char *name, mbedtls_ssl_config *conf, struct text *why)
{
	uint8_t key[PSK_MAX];
	struct word identity, digits;
	const uint8_t *data;
	size_t len = 0;
	int n = load(p, name, 0, &data, why);
	int code;

	if (n < 0)
		return n;
	if (n > 0 && split(first_line(data), &identity, &digits))
		len = hexadecimal(digits, key, sizeof key);
	if (len < PSK_MIN)
		return bad_file(why, name,
			"not a line IDENTITY:KEY with a key of 16 to 64 bytes in hexadecimal");
	code = tls_parts_psk(conf, key, len, identity.at, identity.len);
	mbedtls_platform_zeroize(key, sizeof key);
	if (tls_is_memory(code))
		return tls_no_memory(why);
	if (code == MBEDTLS_ERR_SSL_FEATURE_UNAVAILABLE)
		return bad_file(why, name, "pre-shared keys are not built into the TLS library");
	if (code != 0)
		return bad_file(
			why, name, "the key or its identity is too long for the TLS library");
	return 0;
}
