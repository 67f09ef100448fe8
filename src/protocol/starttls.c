/*
 * STARTTLS: the dialogues and their reader. See starttls.h.
 *
 * Lines end in CR LF and in nothing else, as all four protocols have it (RFC 5321
 * section 2.3.8, RFC 9051 section 2.2, RFC 1939 section 3, RFC 3977 section 3.1).
 * Where two readers disagree about what ends a line, a line can be hidden in
 * another: a CR or LF alone is refused, as are all controls but the tab.
 * That an answer lists TLS among what the server can do is not asked for: whoever
 * could strike it out could as well refuse STARTTLS itself, and both end here.
 */
#include "protocol/starttls.h"

#include <string.h>

enum { TAB = 0x09, LF = 0x0a, CR = 0x0d, DEL = 0x7f };

enum { KEEPING, IN_CODE, AFTER_CODE }; /* what skipping tells */

/*
 * One line of ours and what is expected for it. The first is the greeting, for
 * which nothing is sent. Words are in lower case: they are compared without it.
 */
struct step {
	const char *send;
	const char *good; /* a list of words of which one begins the line that ends the step */
	const char *pass; /* what lines begin with that may stand before that one */
	uint8_t code_at;  /* where in the line a response code may begin; none can begin at 0 */
};

#define STEPS 4 /* the last is empty: the dialogue is over */

/*
 * EHLO wants a name; an address stands for it where there is none (RFC 5321
 * section 4.1.3), and this one tells nothing about us.
 * IMAP's greeting may say PREAUTH: the client is logged in, and in that state there is
 * no STARTTLS (RFC 9051 section 6.2.1). It is no good one, or TLS could be forbidden by it.
 */
static const struct step dialogue[STARTTLS_PROTOCOLS][STEPS] = {
	[STARTTLS_SMTP] =
		{
			{.good = "220\0", .pass = "220-"},
			{.send = "EHLO [127.0.0.1]\r\n", .good = "250\0", .pass = "250-"},
			{.send = "STARTTLS\r\n", .good = "220\0", .pass = "220-"},
		},
	[STARTTLS_IMAP] =
		{
			{.good = "* ok\0", .code_at = 5},
			{.send = "a001 STARTTLS\r\n", .good = "a001 ok\0", .pass = "* "},
		},
	[STARTTLS_POP3] =
		{
			{.good = "+ok\0"},
			{.send = "STLS\r\n", .good = "+ok\0"},
		},
	[STARTTLS_NNTP] =
		{
			{.good = "200\000201\0"},
			{.send = "STARTTLS\r\n", .good = "382\0"},
		},
};

static const struct step *step_of(const struct starttls *s)
{
	return &dialogue[s->protocol][s->step];
}

const char *starttls_line(const struct starttls *s)
{
	return s->line_sent ? NULL : step_of(s)->send;
}

void starttls_sent(struct starttls *s)
{
	s->line_sent = true;
}

static enum parse malformed(struct starttls *s, enum starttls_error error)
{
	s->error = (uint8_t)error;
	return PARSE_MALFORMED;
}

static bool starts_with(const struct starttls *s, const char *what, size_t len)
{
	return s->start_len >= len && memcmp(s->start, what, len) == 0;
}

static bool is_passed_over(const struct starttls *s)
{
	const char *pass = step_of(s)->pass;

	return pass != NULL && starts_with(s, pass, strlen(pass));
}

/* A word is whole: "250" alone is an answer (RFC 5321 section 4.2), "2500" is none. */
static bool is_good(const struct starttls *s)
{
	for (const char *word = step_of(s)->good; *word != '\0'; word += strlen(word) + 1) {
		size_t len = strlen(word);

		if (starts_with(s, word, len) && (s->start_len == len || s->start[len] == ' '))
			return true;
	}
	return false;
}

/* A reply code of SMTP or NNTP, whole. */
static bool is_code(const struct starttls *s)
{
	for (unsigned i = 0; i < 3; i++)
		if (i >= s->start_len || s->start[i] < '0' || s->start[i] > '9')
			return false;
	return s->start_len == 3 || s->start[3] == ' ' || s->start[3] == '-';
}

/*
 * The same of SMTP and NNTP: 421 and 400 can come at any time (RFC 5321, section 3.8; RFC 3977, section 3.2.1),
 * others of their kind turn us away at the greeting.
 */
static enum starttls_error turned_away_by_code(const struct starttls *s)
{
	if (!is_code(s))
		return STARTTLS_OK;
	if (starts_with(s, s->protocol == STARTTLS_SMTP ? "421" : "400", 3))
		return STARTTLS_BUSY;
	if (s->step > 0)
		return STARTTLS_OK;
	return s->start[0] == '4'   ? STARTTLS_BUSY
	       : s->start[0] == '5' ? STARTTLS_TURNED_AWAY
				    : STARTTLS_OK;
}

/*
 * Does this line say that the server will not serve us? STARTTLS_OK: it does not. IMAP's BYE can come at any
 * time (RFC 9051, section 7.1.5), and PREAUTH is one that cannot have TLS any more; POP3's -ERR is more than a
 * refusal of STLS at the greeting only. A response code may say that it is for now (RFC 5530, 3206, 2449).
 */
static enum starttls_error turned_away(const struct starttls *s)
{
	/* As they are compared: the bit that makes letters small makes braces of brackets. */
	static const char for_now[][10] = {
		"{unavail", "{inuse", "{limit}", "{sys/temp", "{in-use}", "{login-de"};
	size_t at = 0; /* after the word */

	if (s->protocol == STARTTLS_SMTP || s->protocol == STARTTLS_NNTP)
		return turned_away_by_code(s);
	if (s->protocol == STARTTLS_IMAP && starts_with(s, "* preauth", 9))
		return STARTTLS_REFUSED;
	if (s->protocol == STARTTLS_IMAP && starts_with(s, "* bye", 5))
		at = 5;
	if (s->protocol == STARTTLS_POP3 && s->step == 0 && starts_with(s, "-err", 4))
		at = 4;
	if (at == 0 || (s->start_len > at && s->start[at] != ' '))
		return STARTTLS_OK;
	for (size_t i = 0; i < sizeof for_now / sizeof for_now[0]; i++)
		if (s->start_len > at + strlen(for_now[i]) &&
			memcmp(s->start + at + 1, for_now[i], strlen(for_now[i])) == 0)
			return STARTTLS_BUSY;
	return STARTTLS_TURNED_AWAY;
}

static enum parse end_line(struct starttls *s)
{
	bool good = is_good(s);
	enum starttls_error away = good ? STARTTLS_OK : turned_away(s);

	if (away != STARTTLS_OK)
		return malformed(s, away);
	if (!good && !is_passed_over(s))
		return malformed(s, s->step == 0 ? STARTTLS_NO_SUCH_SERVER : STARTTLS_REFUSED);
	s->start_len = 0;
	s->line_len = 0;
	if (!good)
		return PARSE_MORE;
	s->line_sent = false;
	s->step++;
	return step_of(s)->good == NULL ? PARSE_DONE : PARSE_MORE;
}

static bool is_text(uint8_t byte)
{
	return byte >= ' ' ? byte != DEL : byte == TAB || byte == CR || byte == LF;
}

static enum parse take(struct starttls *s, uint8_t byte)
{
	if (s->line_len++ == STARTTLS_LINE_MAX || s->answer_len++ == STARTTLS_ANSWER_MAX ||
		!is_text(byte) || s->cr_read != (byte == LF))
		return malformed(s, STARTTLS_NOT_TEXT);
	s->cr_read = byte == CR;
	if (byte == LF)
		return end_line(s);
	/* The bit that makes letters small is set in all other bytes of the words. */
	if (byte != CR && s->start_len < STARTTLS_START)
		s->start[s->start_len++] = (char)(byte | 0x20);
	return PARSE_MORE;
}

/*
 * IMAP's response code is skipped in the greeting, with the blank after it: the
 * capabilities in it do not hold once there is TLS (RFC 9051 section 6.2.1), and a client
 * that read LOGINDISABLED there would not log in. Other codes go the same way:
 * they are for programs, and nobody vouched for them.
 */
static bool is_skipped(struct starttls *s, uint8_t byte)
{
	uint8_t was = s->skipping;

	if (was == KEEPING) {
		if (byte == '[' && s->line_len == step_of(s)->code_at)
			s->skipping = IN_CODE;
		return s->skipping != KEEPING;
	}
	if (was == AFTER_CODE || byte == CR)
		s->skipping = KEEPING;
	else if (byte == ']')
		s->skipping = AFTER_CODE;
	return was == IN_CODE ? byte != CR : byte == ' ';
}

enum parse starttls_read(struct starttls *s, const uint8_t *data, size_t len, size_t *used,
	uint8_t *keep, size_t *kept)
{
	enum parse answer = PARSE_MORE;
	size_t at = 0;

	*kept = 0;
	while (answer == PARSE_MORE && at < len && starttls_line(s) == NULL) {
		uint8_t byte = data[at++];

		if (s->step == 0 && !is_skipped(s, byte))
			keep[(*kept)++] = byte;
		answer = take(s, byte);
	}
	*used = at;
	return answer;
}
