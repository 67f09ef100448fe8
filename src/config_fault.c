/*
 * The texts of everything that can be wrong with a configuration. See config_fault.h.
 *
 * A '%' stands for the word that is wrong, and in a remedy for the hint.
 */
#include "config_fault.h"

#include <string.h>

#include "anklet_config.h"
#include "rules.h"

#define DIGITS_OF(n) #n
#define DIGITS(n) DIGITS_OF(n)

#define WORD_SHOWN 48 /* octets of a wrong word that a message repeats */

#define RIGHT_ENDPOINT "write tcp://HOST:PORT"
#define RIGHT_TLS "write tcp://HOST:PORT; encryption is tls://, where it is built in"
#define RIGHT_TIME "write 250ms, 90s, 2m, 1h, or a number of seconds"
#define RIGHT_QUOTES "write \"NAME\"; within quotes \\\" \\\\ and \\xHH stand for one octet"
#define RIGHT_PORTS "write PORT or LOW-HIGH, several with commas between, up to 65535"

struct fault_text {
	const char *message, *remedy;
};

static const struct fault_text fault_texts[FAULT_KINDS] = {
	[FAULT_CONTROL] = {"a control octet is in the line", "remove it"},
	[FAULT_LONG_LINE] = {"the line is longer than " DIGITS(CONFIG_LINE_MAX) " octets",
		"shorten it, or make several of it"},
	[FAULT_KEYWORD] = {"unknown keyword '%'",
		"the keywords are listen, allow, deny, limit-handshake, limit-establish, "
		"limit-idle, limit-half-closed, limit-client, bind-ports, bind-address, "
		"source, dns, log, user"},
	[FAULT_KEYWORD_NEAR] = {"unknown keyword '%'", "did you mean '%'?"},
	[FAULT_EXTRA] = {"'%' is too much", "write one value a line; a comment begins with #"},
	[FAULT_STRINGS] = {"the names take more than " DIGITS(CONFIG_ANKLET_CONFIG_TEXT) " octets",
		"use fewer or shorter ones, or build with a larger CONFIG_ANKLET_CONFIG_TEXT"},

	[FAULT_ENDPOINT] = {"'%' is no endpoint", RIGHT_ENDPOINT},
	[FAULT_SCHEME] = {"unknown scheme '%'", RIGHT_ENDPOINT},
	[FAULT_SCHEME_ABSENT] = {"%:// is not built into this program", RIGHT_ENDPOINT},
	[FAULT_SSLV2] = {"%:// is prohibited (RFC 6176)", RIGHT_TLS},
	[FAULT_SSLV3] = {"%:// is prohibited (RFC 7568)", RIGHT_TLS},
	[FAULT_OPTIONS] = {"tcp takes no options", "leave out the '?' and what follows it"},
	[FAULT_NO_HOST] = {"the host is missing",
		"write tcp://HOST:PORT; '*' is every address of this host"},
	[FAULT_NO_PORT] = {"the port is missing", "write it behind the ':', or leave the ':' out"},
	[FAULT_PORT] = {"'%' is no port", "write a number up to 65535; 0 is any free one"},
	[FAULT_BRACKET] = {"']' is missing", "write [ADDRESS] or [ADDRESS]:PORT"},
	[FAULT_BEHIND_BRACKET] = {"'%' cannot follow ']'", "write [ADDRESS] or [ADDRESS]:PORT"},
	[FAULT_NOT_IPV6] = {"'%' is no IPv6 address", "only an IPv6 address stands in brackets"},
	[FAULT_BARE_IPV6] = {"an IPv6 address stands in brackets", "write [ADDRESS]:PORT"},
	[FAULT_ZONE] = {"'%' is no link-local address with a zone",
		"a zone is the name of an interface, behind an address of fe80::/10"},
	[FAULT_NAME] = {"'%' is neither an address nor a name",
		"write four numbers up to 255 without leading zeros, [IPv6], or a name of "
		"letters, digits, '-', '_' and dots"},
	[FAULT_LISTENERS] = {"these are more than " DIGITS(
				     CONFIG_ANKLET_LISTENERS) " places to listen on ('*' is two)",
		"use fewer, or build with a larger CONFIG_ANKLET_LISTENERS"},

	[FAULT_RULE_WORD] = {"unknown word '%'",
		"a rule is made of connect, bind, from ADDRESS/BITS, to PATTERN, user NAME, "
		"ident, any-peer, needs-connect"},
	[FAULT_RULE_WORD_NEAR] = {"unknown word '%'", "did you mean '%'?"},
	[FAULT_TWICE] = {"'%' is there twice", "write another rule for the other one"},
	[FAULT_BOTH_COMMANDS] = {"'%' is the second command of the rule",
		"leave connect and bind out to speak of both"},
	[FAULT_FROM] = {"'%' is no address of clients", "write ADDRESS or ADDRESS/BITS"},
	[FAULT_TO] = {"'%' is neither an address nor a name",
		"write ADDRESS/BITS, [IPv6/BITS], NAME, *.DOMAIN or *, and :PORTS where not "
		"every port is meant"},
	[FAULT_TO_BARE_IPV6] = {"'%' is no IPv6 address",
		"write ADDRESS/BITS, or [ADDRESS/BITS]:PORTS"},
	[FAULT_RULE_PORT] = {"'%' is no port", RIGHT_PORTS},
	[FAULT_RULE_PORTS] = {"these are more than " DIGITS(RULE_PORTS) " ports or ranges",
		"write another rule for the rest"},
	[FAULT_RULE_USER] = {"'%' is no user", RIGHT_QUOTES},
	[FAULT_DENY_IDENT] = {"'%' has no use in a deny rule",
		"leave it out; 'allow ... ident' serves only those whose identd agrees"},
	[FAULT_DENY_BIND_WORD] = {"'%' has no use in a deny rule",
		"leave it out; it belongs to 'allow bind'"},
	[FAULT_CONNECT_BIND_WORD] = {"'%' has no use in a rule for connect",
		"leave it out; it belongs to 'allow bind'"},
	[FAULT_ANY_PEER_TO] = {"'%' has no use in a rule for certain peers",
		"leave it out, or leave the address or name out of 'to'"},
	[FAULT_RULES] = {"these are more than " DIGITS(CONFIG_ANKLET_RULES) " rules",
		"use fewer, or build with a larger CONFIG_ANKLET_RULES"},
	[FAULT_LONG_RULE] = {"the rule is too long to be printed in one line", "shorten it"},

	[FAULT_QUOTE] = {"the closing quote is missing", RIGHT_QUOTES},
	[FAULT_BEHIND_QUOTE] = {"'%' cannot follow the closing quote", RIGHT_QUOTES},
	[FAULT_ESCAPE] = {"'%' stands for no octet",
		"write \\\" for a quote, \\\\ for a backslash, \\x01 to \\xff for any octet"},
	[FAULT_LONG_NAME] = {"the name is longer than " DIGITS(CONFIG_ANKLET_USERID_MAX) " octets",
		"no userid is longer"},
	[FAULT_EMPTY_NAME] = {"the name is empty", "write one, or leave 'user' out"},

	[FAULT_TIME] = {"'%' is no time", RIGHT_TIME},
	[FAULT_TIME_RANGE] = {"'%' is out of range", "write a time from 10ms to 480h (20 days)"},
	[FAULT_TIME_ZERO] = {"this limit cannot be left out",
		"write a time from 10ms to 480h (20 days)"},
	[FAULT_LIMIT_CLIENT] = {"'%' is no number of sessions",
		"write a number up to " DIGITS(CONFIG_ANKLET_SESSIONS) "; 0 is no limit"},
	[FAULT_BIND_PORTS] = {"'%' is no range of ports",
		"write LOW-HIGH or PORT, from 1 to 65535, or any"},
	[FAULT_BIND_ADDRESS] = {"'%' is no IPv4 address",
		"write the IPv4 address that clients are told"},
	[FAULT_SOURCE] = {"'%' is no address to connect from",
		"write an IPv4 or IPv6 address of this host"},
	[FAULT_DNS] = {"'%' is no address of a name server",
		"write ADDRESS, IPv4:PORT or [IPv6]:PORT"},
	[FAULT_DNS_PORT] = {"'%' is no port", "write a number from 1 to 65535"},
	[FAULT_NAME_SERVERS] = {"these are more than " DIGITS(
					CONFIG_ANKLET_NAME_SERVERS) " name servers",
		"use fewer, or build with a larger CONFIG_ANKLET_NAME_SERVERS"},
	[FAULT_LOG] = {"'%' is no level", "write error, warning, info or debug"},
	[FAULT_USER] = {"'%' is no user", "write the name of a user of this system"},
};

static const char missing[] = "'%' needs a value";

bool config_fault(struct config_fault *fault, enum config_fault_kind kind, struct word wrong)
{
	*fault = (struct config_fault){.kind = kind, .wrong = wrong, .subject = wrong};
	return false;
}

bool config_fault_missing(struct config_fault *fault, enum config_fault_kind kind,
	struct word subject, const char *at)
{
	*fault = (struct config_fault){.kind = kind, .wrong = {at, 0}, .subject = subject};
	return false;
}

void text_shown(struct text *t, const char *octets, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (octets[i] >= 0x20 && octets[i] <= 0x7e)
			text_char(t, octets[i]);
		else
			text_char(t, octets[i] == '\t' ? ' ' : '?');
	}
}

static void text_filled(struct text *t, const char *pattern, const char *word, size_t len)
{
	const char *place = strchr(pattern, '%');

	if (place == NULL) {
		text_str(t, pattern);
		return;
	}
	text_octets(t, pattern, (size_t)(place - pattern));
	text_shown(t, word, len < WORD_SHOWN ? len : WORD_SHOWN);
	if (len > WORD_SHOWN)
		text_str(t, "...");
	text_str(t, place + 1);
}

void text_fault(struct text *t, const struct config_fault *fault)
{
	const char *message = fault->wrong.len > 0 ? fault_texts[fault->kind].message : missing;

	text_filled(t, message, fault->subject.at, fault->subject.len);
}

void text_remedy(struct text *t, const struct config_fault *fault)
{
	const char *hint = fault->hint != NULL ? fault->hint : "";

	text_filled(t, fault_texts[fault->kind].remedy, hint, strlen(hint));
}
