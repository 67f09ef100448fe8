/*
 * The options of TLS: read, held against each other, printed. See tls_options.h.
 */
#include "config/tls_options.h"

#include <string.h>

#include "config/endpoint.h"
#include "config/near.h"
#include "tls/tls.h"

static const char option_names[TLS_OPTIONS][10] = {
	[TLS_OPTION_CERT] = "cert",
	[TLS_OPTION_KEY] = "key",
	[TLS_OPTION_CA] = "ca",
	[TLS_OPTION_PSK] = "psk",
	[TLS_OPTION_ALPN] = "alpn",
	[TLS_OPTION_NAME] = "name",
	[TLS_OPTION_MIN] = "min",
	[TLS_OPTION_VERIFY] = "verify",
	[TLS_OPTION_TRUNCATED] = "truncated",
	[TLS_OPTION_HALFCLOSE] = "halfclose",
};

/* A value, and where it stands as it is written. */
struct value {
	struct word written;
	size_t len;
	char text[TLS_VALUE_MAX];
};

/* ---- Percent-encoding ---- */

/* Reads one octet from text[0..len): how many it takes there, or 0 when no octet is written so. */
static size_t octet_read(const char *text, size_t len, char *octet)
{
	int high, low;

	*octet = text[0];
	if (text[0] != '%')
		return 1;
	if (len < 3)
		return 0;
	high = text_hex_value(text[1]);
	low = text_hex_value(text[2]);
	if (high < 0 || low < 0)
		return 0;
	*octet = (char)(high << 4 | low);
	return 3;
}

static bool value_read(struct value *value, struct config_fault *fault)
{
	struct word rest = value->written;

	value->len = 0;
	while (rest.len > 0) {
		char octet;
		size_t used = octet_read(rest.at, rest.len, &octet);

		if (used == 0) {
			config_fault(fault, FAULT_PERCENT,
				(struct word){rest.at, rest.len < 3 ? rest.len : 3});
			fault->hint = "%25 for a percent sign";
			return false;
		}
		if ((unsigned char)octet < 0x20 || octet == 0x7f)
			return config_fault(
				fault, FAULT_OPTION_CONTROL, (struct word){rest.at, used});
		if (value->len == sizeof value->text)
			return config_fault(fault, FAULT_LONG_VALUE, value->written);
		value->text[value->len++] = octet;
		rest.at += used;
		rest.len -= used;
	}
	return true;
}

/* RFC 3986, section 3.4: what may stand in a query as it is, '&' aside, which separates here. */
static bool is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c != '\0' && strchr("-._~!$'()*+,;=:@/?", c) != NULL);
}

void text_tls_value(struct text *t, const char *value)
{
	static const char hex[] = "0123456789ABCDEF";

	for (; *value != '\0'; value++) {
		unsigned char c = (unsigned char)*value;

		if (is_plain(*value)) {
			text_char(t, *value);
			continue;
		}
		text_char(t, '%');
		text_char(t, hex[c >> 4]);
		text_char(t, hex[c & 15]);
	}
}

/* ---- One option ---- */

static bool option_find(struct word name, enum tls_option *found, struct config_fault *fault)
{
	struct config_near near;

	config_near_init(&near, name);
	for (unsigned i = 0; i < TLS_OPTIONS; i++) {
		if (word_is(name, option_names[i])) {
			*found = (enum tls_option)i;
			return true;
		}
		config_near_try(&near, option_names[i]);
	}
	config_fault(fault, near.name ? FAULT_OPTION_NEAR : FAULT_OPTION, name);
	fault->hint = near.name;
	return false;
}

static bool string_set(struct tls_reading *r, const struct value *value, uint16_t *string)
{
	*string = string_table_add(r->strings, value->text, value->len);
	return *string != STRING_NONE || config_fault(r->fault, FAULT_STRINGS, value->written);
}

/* Protocols have 1 to 255 octets (RFC 7301, section 3.1). */
static bool alpn_set(struct tls_reading *r, const struct value *value)
{
	bool comma = true; /* a protocol must follow */

	for (size_t i = 0; i < value->len; i++) {
		if (comma && value->text[i] == ',')
			break;
		comma = value->text[i] == ',';
	}
	if (comma)
		return config_fault(r->fault, FAULT_ALPN, value->written);
	return string_set(r, value, &r->options.alpn);
}

static bool name_set(struct tls_reading *r, const struct value *value)
{
	struct ip ip;

	if (!ip_parse(value->text, value->len, &ip) && !endpoint_is_name(value->text, value->len))
		return config_fault(r->fault, FAULT_NAME, value->written);
	return string_set(r, value, &r->options.name);
}

static bool value_is(const struct value *value, const char *s)
{
	return word_is((struct word){value->text, value->len}, s);
}

/* hint: the option with the values it may have. */
static bool wrong_value(struct tls_reading *r, const struct value *value, const char *hint)
{
	config_fault(r->fault, FAULT_OPTION_VALUE, value->written);
	r->fault->hint = hint;
	return false;
}

static bool min_set(struct tls_reading *r, const struct value *value)
{
	if (!value_is(value, "1.2") && !value_is(value, "1.3"))
		return wrong_value(r, value, "min=1.2 or min=1.3");
	r->options.min = value_is(value, "1.2") ? TLS_1_2 : TLS_1_3;
	return true;
}

/* An option with a single value. */
static bool flag_set(
	struct tls_reading *r, const struct value *value, const char *option, bool *flag)
{
	*flag = value_is(value, strchr(option, '=') + 1);
	return *flag || wrong_value(r, value, option);
}

static bool value_set(struct tls_reading *r, enum tls_option which, const struct value *value)
{
	switch (which) {
	case TLS_OPTION_CERT:
		return string_set(r, value, &r->options.cert);
	case TLS_OPTION_KEY:
		return string_set(r, value, &r->options.key);
	case TLS_OPTION_CA:
		return string_set(r, value, &r->options.ca);
	case TLS_OPTION_PSK:
		return string_set(r, value, &r->options.psk);
	case TLS_OPTION_ALPN:
		return alpn_set(r, value);
	case TLS_OPTION_NAME:
		return name_set(r, value);
	case TLS_OPTION_MIN:
		return min_set(r, value);
	case TLS_OPTION_VERIFY:
		return flag_set(r, value, "verify=none", &r->options.verify_none);
	case TLS_OPTION_TRUNCATED:
		return flag_set(r, value, "truncated=eof", &r->options.truncated_eof);
	case TLS_OPTION_HALFCLOSE:
		return flag_set(r, value, "halfclose=defer", &r->options.halfclose_defer);
	case TLS_OPTIONS:
		break;
	}
	return false;
}

bool tls_option_read(struct tls_reading *r, struct word option)
{
	const char *equals = option.len > 0 ? memchr(option.at, '=', option.len) : NULL;
	struct word name = {option.at, equals != NULL ? (size_t)(equals - option.at) : option.len};
	struct value value;
	enum tls_option which;

	if (name.len == 0)
		return config_fault(r->fault, FAULT_OPTION_ABSENT,
			option.len > 0 ? option : (struct word){option.at - 1, 1});
	if (!option_find(name, &which, r->fault))
		return false;
	if (r->seen[which].len > 0)
		return config_fault(r->fault, FAULT_OPTION_TWICE, name);
	r->seen[which] = option;
	if (equals == NULL || option.len == name.len + 1)
		return config_fault_missing(
			r->fault, FAULT_OPTION_ABSENT, name, option.at + option.len);
	value.written = (struct word){equals + 1, option.len - name.len - 1};
	return value_read(&value, r->fault) && value_set(r, which, &value);
}

bool tls_value_read(struct tls_reading *r, struct word written, uint16_t *string)
{
	struct value value = {.written = written};

	return value_read(&value, r->fault) && string_set(r, &value, string);
}

bool tls_options_read(struct tls_reading *r, struct word query)
{
	const char *at = query.at, *end = query.at + query.len;

	while (at < end) {
		const char *start = at + 1;
		const char *next = start < end ? memchr(start, '&', (size_t)(end - start)) : NULL;

		at = next != NULL ? next : end;
		if (!tls_option_read(r, (struct word){start, (size_t)(at - start)}))
			return false;
	}
	return true;
}

/* ---- All of them ---- */

/* Is an option given that has no use without, or beside, what the kind of fault says? */
static bool refuse(struct tls_reading *r, enum tls_option which, enum config_fault_kind kind)
{
	return r->seen[which].len == 0 || config_fault(r->fault, kind, r->seen[which]);
}

bool tls_options_check_client(struct tls_reading *r)
{
	if (r->options.cert == STRING_NONE && !refuse(r, TLS_OPTION_KEY, FAULT_OPTION_NO_CERT))
		return false;
	return !r->options.verify_none ||
	       (refuse(r, TLS_OPTION_CA, FAULT_OPTION_NOT_VERIFIED) &&
		       refuse(r, TLS_OPTION_PSK, FAULT_OPTION_NOT_VERIFIED));
}

bool tls_options_check_server(struct tls_reading *r, struct word where)
{
	if (!refuse(r, TLS_OPTION_NAME, FAULT_OPTION_OF_CLIENT) ||
		!refuse(r, TLS_OPTION_VERIFY, FAULT_OPTION_OF_CLIENT))
		return false;
	if (r->options.cert != STRING_NONE)
		return true;
	if (r->options.psk == STRING_NONE)
		return config_fault(r->fault, FAULT_NO_CERT, where);
	return refuse(r, TLS_OPTION_KEY, FAULT_OPTION_NO_CERT) &&
	       refuse(r, TLS_OPTION_CA, FAULT_OPTION_NO_CERT);
}

void text_tls_options(struct text *t, const struct tls_options *options,
	const struct string_table *strings, char first, char next)
{
	const char *const values[TLS_OPTIONS] = {
		[TLS_OPTION_CERT] = string_table_at(strings, options->cert),
		[TLS_OPTION_KEY] = string_table_at(strings, options->key),
		[TLS_OPTION_CA] = string_table_at(strings, options->ca),
		[TLS_OPTION_PSK] = string_table_at(strings, options->psk),
		[TLS_OPTION_ALPN] = string_table_at(strings, options->alpn),
		[TLS_OPTION_NAME] = string_table_at(strings, options->name),
		[TLS_OPTION_MIN] = options->min == TLS_ANY   ? ""
				   : options->min == TLS_1_2 ? "1.2"
							     : "1.3",
		[TLS_OPTION_VERIFY] = options->verify_none ? "none" : "",
		[TLS_OPTION_TRUNCATED] = options->truncated_eof ? "eof" : "",
		[TLS_OPTION_HALFCLOSE] = options->halfclose_defer ? "defer" : "",
	};

	for (unsigned i = 0; i < TLS_OPTIONS; i++) {
		if (values[i][0] == '\0')
			continue;
		text_char(t, first);
		first = next;
		text_str(t, option_names[i]);
		text_char(t, '=');
		text_tls_value(t, values[i]);
	}
}
