/*
 * Clauses: what stands in a rule, in a route, and among the options of an endpoint, word by word.
 *
 * One table says of each word what it takes, where that goes, which setting of the build it belongs to, what it
 * excludes and what it needs. One reader and one printer (value.h) go by it.
 */
#include <stddef.h>
#include <string.h>

#include "config/value.h"
#include "policy/rules.h"
#include "protocol/starttls.h"
#include "tls/tls.h"

/*
 * X(its identifier, as it is written, the type of what it takes, the field for that and, of a flag, what is
 * put there, the setting, the clauses that it belongs to, the group of which one is enough, what it excludes and
 * what it needs). With a '=' a flag is a whole option. They are printed in this order.
 */
/* clang-format off */
#define RULES (CLAUSE_ALLOW | CLAUSE_DENY)
#define RULE_WORDS(X) \
X(CONNECT, "connect", FLAG, struct rule, command, RULE_CONNECT, NONE, RULES, COMMAND, NONE, NONE) \
X(BIND, "bind", FLAG, struct rule, command, RULE_BIND, BIND, RULES, COMMAND, NONE, NONE) \
X(FROM, "from", NETWORK, struct rule, from, 0, NONE, RULES | CLAUSE_ROUTE, NONE, NONE, NONE) \
X(TO, "to", PATTERN, struct rule, to, 0, NONE, RULES | CLAUSE_ROUTE, NONE, NONE, NONE) \
X(USER, "user", USERID, struct rule, user, 0, NONE, RULES, NONE, NONE, NONE) \
X(IDENT, "ident", FLAG, struct rule, ident, 1, IDENT, CLAUSE_ALLOW, NONE, NONE, NONE) \
X(ANY_PEER, "any-peer", FLAG, struct rule, any_peer, 1, BIND, CLAUSE_ALLOW, NONE, CONNECT, NONE) \
X(NEEDS_CONNECT, "needs-connect", FLAG, struct rule, needs_connect, 1, BIND, CLAUSE_ALLOW, NONE, CONNECT, NONE)

#if CONFIG_ANKLET_ROUTES > 0
#define STARTTLS(X, id, name) \
X(id, "starttls=" name, FLAG, struct route, how, ROUTE_STARTTLS + STARTTLS_##id, TLS_STREAMS, CLAUSE_ROUTE, WAY, NONE, NONE)
#define ROUTE_WORDS(X) \
X(DIRECT, "direct", FLAG, struct route, how, ROUTE_DIRECT, NONE, CLAUSE_ROUTE, WAY, NONE, NONE) \
X(VIA, "via", HOP, struct route, hop, 0, NONE, CLAUSE_ROUTE, WAY, NONE, NONE) \
X(TLS, "tls", FLAG, struct route, how, ROUTE_TLS, TLS_STREAMS, CLAUSE_ROUTE, WAY, NONE, NONE) \
STARTTLS(X, SMTP, "smtp") STARTTLS(X, IMAP, "imap") STARTTLS(X, POP3, "pop3") STARTTLS(X, NNTP, "nntp") \
X(RESOLVE, "resolve", FLAG, struct route, lookup, ROUTE_RESOLVE, NAMES, CLAUSE_ROUTE, LOOKUP, NONE, VIA) \
X(UNRESOLVED, "unresolved", FLAG, struct route, lookup, ROUTE_UNRESOLVED, NONE, CLAUSE_ROUTE, LOOKUP, NONE, VIA)
#else
#define ROUTE_WORDS(X)
enum { WORD_UNRESOLVED }; /* whoever asks for it is dead code */
#endif

#if CONFIG_ANKLET_TLS_STREAMS > 0
#define MADE (CLAUSE_CLIENT | CLAUSE_ROUTE)
#define ANY (CLAUSE_SERVER | MADE)
#define TLS_WORDS(X) \
X(CERT, "cert", FILE, struct tls_options, cert, 0, TLS_STREAMS, ANY, NONE, NONE, NONE) \
X(KEY, "key", FILE, struct tls_options, key, 0, TLS_STREAMS, ANY, NONE, NONE, CERT) \
X(CLIENT_CA, "ca", FILE, struct tls_options, ca, 0, TLS_STREAMS, CLAUSE_SERVER, NONE, NONE, CERT) \
X(CA, "ca", FILE, struct tls_options, ca, 0, TLS_STREAMS, MADE, NONE, VERIFY_NONE, NONE) \
X(PSK, "psk", FILE, struct tls_options, psk, 0, TLS_STREAMS, ANY, NONE, VERIFY_NONE, NONE) \
X(ALPN, "alpn", ALPN, struct tls_options, alpn, 0, TLS_STREAMS, ANY, NONE, NONE, NONE) \
X(NAME, "name", HOST, struct tls_options, name, 0, TLS_STREAMS, MADE, NONE, NONE, NONE) \
X(MIN_1_2, "min=1.2", FLAG, struct tls_options, min, TLS_1_2, TLS_STREAMS, ANY, VERSION, NONE, NONE) \
X(MIN_1_3, "min=1.3", FLAG, struct tls_options, min, TLS_1_3, TLS_STREAMS, ANY, VERSION, NONE, NONE) \
X(VERIFY_NONE, "verify=none", FLAG, struct tls_options, verify_none, 1, TLS_STREAMS, MADE, NONE, NONE, NONE) \
X(TRUNCATED, "truncated=eof", FLAG, struct tls_options, truncated_eof, 1, TLS_STREAMS, ANY, NONE, NONE, NONE) \
X(HALFCLOSE, "halfclose=defer", FLAG, struct tls_options, halfclose_defer, 1, TLS_STREAMS, ANY, NONE, NONE, NONE)
#else
#define TLS_WORDS(X)
#endif

#define WORD_ID(id, ...) WORD_##id,
#define WORD_ROW(id, name, type, line, field, value, setting, clauses, group, excludes, needs) \
	{name, VALUE_##type, offsetof(line, field), value, SETTING_##setting, clauses, GROUP_##group, WORD_##excludes, WORD_##needs},
/* clang-format on */

enum { WORD_NONE = 255, GROUP_NONE = 0, GROUP_COMMAND, GROUP_WAY, GROUP_LOOKUP, GROUP_VERSION };

enum word_id {
	RULE_WORDS(WORD_ID) ROUTE_WORDS(WORD_ID) WORDS_OF_LINES,
	WORD_BEFORE_TLS = WORDS_OF_LINES - 1, /* from here on in a struct tls_options */
	TLS_WORDS(WORD_ID) WORDS
};

struct row {
	char name[16];
	uint8_t type; /* enum value_type */
	uint8_t at, value;
	uint8_t setting; /* enum setting */
	uint8_t clauses; /* enum clause, as bits */
	uint8_t group, excludes, needs;
};

static const struct row rows[] = {RULE_WORDS(WORD_ROW) ROUTE_WORDS(WORD_ROW) TLS_WORDS(WORD_ROW)};

_Static_assert(WORDS <= 32, "a set of words has 32 bits");
_Static_assert(offsetof(struct rule, from) == offsetof(struct route, from) &&
		       offsetof(struct rule, to) == offsetof(struct route, to),
	"from and to stand in the same place of either");

/* ---- Reading ---- */

/* Where a word's value goes. */
static void *field_of(unsigned i, void *line, struct tls_options *tls)
{
	return (char *)(i < WORDS_OF_LINES ? line : (void *)tls) + rows[i].at;
}

static struct word up_to_equals(struct word word)
{
	return word_split(&word, '=');
}

/* Is it a word for itself: not the name of an option, which ends at its '='? */
static bool is_whole(unsigned i)
{
	return rows[i].type == VALUE_FLAG || i < WORDS_OF_LINES;
}

/* The words of the clause, those without which the program is built aside. */
static struct names names_of(const struct reading *r, enum clause clause)
{
	struct names names = {rows[0].name, sizeof rows[0], WORDS, 0};

	for (unsigned i = 0; i < WORDS; i++)
		if ((rows[i].clauses & clause) != 0 && setting_is_built(r->tls, rows[i].setting))
			names.among |= 1u << i;
	return names;
}

/* The row of a word. Negative: r->error is filled. */
static int word_find(struct reading *r, enum clause clause, struct word word)
{
	struct names names = names_of(r, clause);
	struct word name = up_to_equals(word);
	uint32_t other_values = 0; /* of a word with that name */

	for (unsigned i = 0; i < WORDS; i++) {
		const struct row *row = &rows[i];
		struct word known = up_to_equals((struct word){row->name, strlen(row->name)});

		if ((row->clauses & clause) == 0 || known.len != name.len ||
			memcmp(known.at, name.at, known.len) != 0)
			continue;
		if ((names.among >> i & 1) == 0) {
			error_setting(
				r, ERROR_DISABLED, is_whole(i) ? word : name, row->setting, 0);
			return -1;
		}
		if (!is_whole(i) || word_is(word, row->name))
			return (int)i;
		other_values |= 1u << i;
	}
	if (word.len == 0) /* the separator that stands there instead is wrong */
		word = (struct word){word.at - 1, 1};
	if (other_values != 0) {
		error_set(r, ERROR_INVALID, word, VALUE_NAMES);
		names.among = other_values;
	} else {
		error_set(r, ERROR_UNEXPECTED, name.len > 0 ? name : word, VALUE_NAMES);
		r->error.suggestion = names_nearest(&names, word);
	}
	r->error.names = names;
	return -1;
}

/* The words of a clause that have been read: a set of bits, and where each stands. */
struct words {
	uint32_t has;
	struct word seen[WORDS];
};

/* Is the new word one too many beside one that stands there already? */
static bool word_fits(struct reading *r, unsigned new, struct word name, uint32_t has)
{
	for (unsigned i = 0; i < WORDS; i++) {
		if ((has >> i & 1) == 0)
			continue;
		if (i == new)
			return error_set(r, ERROR_TWICE, name, VALUE_NONE);
		if ((rows[i].group != GROUP_NONE && rows[i].group == rows[new].group) ||
			rows[i].excludes == new || rows[new].excludes == i)
			return error_other(r, ERROR_EXCLUDES, name, rows[i].name);
	}
	return true;
}

/* Reads what the word takes: the next word, or of an option what follows its '='. */
static bool take(struct reading *r, unsigned i, struct word word, void *at)
{
	struct word value = word;

	if (rows[i].type == VALUE_FLAG) {
		*(uint8_t *)at = rows[i].value;
		return true;
	}
	if (i < WORDS_OF_LINES)
		value = word_take(r);
	else if (word_split(&value, '=').len > 0 && value.len == 0)
		value.at = NULL;
	return value_read(r, rows[i].type, word, value, at);
}

/* What could never have an effect is a mistake. */
static bool route_check(
	struct reading *r, struct word keyword, struct route *route, const struct words *words)
{
	bool by_address =
		route->hop.scheme == ENDPOINT_SOCKS4 || route->hop.scheme == ENDPOINT_SOCKS4_TLS;

	if (endpoint_is_hop(&route->hop))
		route->how = ROUTE_VIA;
	if (route->how == 0)
		return error_set(r, ERROR_MISSING, keyword, VALUE_ROUTE);
	for (unsigned i = WORDS_OF_LINES; i < WORDS && route->how < ROUTE_TLS; i++)
		if ((words->has >> i & 1) != 0)
			return error_set(r, ERROR_UNEXPECTED, words->seen[i], VALUE_NO_OPTIONS);
	if (route->lookup == ROUTE_UNRESOLVED && (by_address || route->to.kind == PATTERN_PREFIX))
		/* The word that says so was seen. NOLINTNEXTLINE(clang-analyzer-core.CallAndMessage) */
		return error_other(r, ERROR_EXCLUDES, words->seen[WORD_UNRESOLVED],
			by_address ? "socks4" : "to ADDRESS");
	if (by_address)
		route->lookup = ROUTE_RESOLVE; /* it takes no names */
	return true;
}

bool clause_read(struct reading *r, enum clause clause, struct word keyword, void *line,
	struct tls_options *tls)
{
	const struct rule *rule = line;
	struct words words;
	struct word word;

	words.has = 0;
	while ((word = word_take(r)).at != NULL) {
		int i = word_find(r, clause, word);
		struct word name = i < 0 || is_whole((unsigned)i) ? word : up_to_equals(word);

		if (i < 0 || !word_fits(r, (unsigned)i, name, words.has))
			return false;
		words.seen[i] = name;
		words.has |= 1u << i;
		if (!take(r, (unsigned)i, word, field_of((unsigned)i, line, tls)))
			return false;
	}
	for (unsigned i = 0; i < WORDS; i++)
		if ((words.has >> i & 1) != 0 && rows[i].needs != WORD_NONE &&
			(words.has >> rows[i].needs & 1) == 0)
			return error_other(r, ERROR_NEEDS, words.seen[i], rows[rows[i].needs].name);
	if (CONFIG_ANKLET_BIND && clause == CLAUSE_ALLOW && rule->any_peer &&
		rule->to.kind != PATTERN_ANY)
		return error_other(r, ERROR_EXCLUDES, words.seen[WORD_ANY_PEER], "to ADDRESS");
	return !ANKLET_HAS_ROUTES || clause != CLAUSE_ROUTE ||
	       route_check(r, keyword, line, &words);
}

/* ---- Printing ---- */

void text_clause(struct text *t, enum clause clause, const void *line,
	const struct tls_options *tls, const struct string_table *strings)
{
	char separator = clause == CLAUSE_CLIENT ? '?' : ' ';

	for (unsigned i = 0; i < WORDS; i++) {
		const struct row *row = &rows[i];
		const void *base = i < WORDS_OF_LINES ? line : (const void *)tls, *at;
		bool flag = row->type == VALUE_FLAG;
		struct text before = *t;

		if ((row->clauses & clause) == 0)
			continue;
		at = (const char *)base + row->at;
		text_char(t, separator);
		text_str(t, row->name);
		if (!flag)
			text_char(t, i < WORDS_OF_LINES ? ' ' : '=');
		if (flag ? *(const uint8_t *)at != row->value
			 : !text_value(t, row->type, at, strings)) {
			*t = before;
			t->buf[t->len] = '\0';
		} else if (separator == '?') {
			separator = '&';
		}
	}
}

void text_route(struct text *t, const struct route *route, const struct string_table *strings)
{
	text_str(t, "route");
	text_clause(t, CLAUSE_ROUTE, route, &route->tls, strings);
}
