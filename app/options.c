/*
 * The command line. See options.h.
 *
 * The keywords of the configuration are not listed here: '--WORD VALUE' becomes
 * the line 'WORD VALUE', whatever the word is. The options that are no line are
 * in the table below.
 */
#define _POSIX_C_SOURCE 200809L
#include "options.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "config/config.h"
#include "config/keywords.h"
#include "failure.h"
#include "output.h"
#include "user.h"

#define LINE_SIZE 2048 /* of an option as a line: twice what the configuration accepts */

/* Of each keyword that is built in: how it is written, its value, and what it is for. */
#define ANKLET_IF_NONE(text) text
#define ANKLET_IF_LISTENERS(text) text
#define ANKLET_IF_RULES(text) text
#define KEYWORD_HELP(id, name, type, setting, place, initial, most, when, value, help, unset) \
	ANKLET_IF_##setting(name "\0" value "\0" ANKLET_TEXT(CONFIG_ANKLET_HINTS, help, "") "\0")

static const char help_keywords[] = KEYWORDS(KEYWORD_HELP);

#define HELP_USER ANKLET_IF_PASSWORDS("       anklet user NAME >>USERS\n")
#define HELP_CONTROL                                                                          \
	ANKLET_IF_CONTROL("       anklet status|sessions [--json], top, reload [-S SOCKET]\n" \
			  "       anklet end NUMBER|ADDRESS, anklet log LEVEL [-S SOCKET]\n")
#define HELP_SOCKS ANKLET_TEXT(CONFIG_ANKLET_SOCKS5, "SOCKS", "SOCKS4 and SOCKS4A")

static const char help_begin[] =
	"usage: anklet [-t] [-c FILE] [-l WHERE] [--KEYWORD VALUE]...\n" HELP_USER HELP_CONTROL "\n"
	"A " HELP_SOCKS " proxy. Without options it listens on 127.0.0.1 and ::1,\n"
	"port 1080, and serves clients on loopback and in private networks.\n"
	"\n"
	"  -l WHERE                 the same as --listen\n"
	"  -c, --config FILE        read lines of KEYWORD VALUE from FILE\n"
	"  -t, --check              check the configuration, print it and exit\n"
	"  -h, --help               print this and exit\n"
	"  -V, --version            print the version and exit\n"
	"\n"
	"Every keyword of the configuration is an option:\n";

/* What is disabled is not offered. */
#define HELP_COMMANDS ANKLET_TEXT(CONFIG_ANKLET_BIND, "[connect|bind]", "[connect]")
#define HELP_IDENT ANKLET_IF_IDENT(" [ident]")
#define HELP_PEERS ANKLET_IF_BIND("          [any-peer] [needs-connect]\n")

static const char help_end[] =
	"\n"
	"A RULE is " HELP_COMMANDS " [from NETWORK] [to WHERE[:PORTS]] [user NAME]" HELP_IDENT
	"\n" HELP_PEERS "A TIME is 30s, 5min or 2h.\n"
	"\n"
	"Serve a LAN:               anklet --listen tcp://192.168.1.10:1080\n"
	"Only the web, from one network:\n"
	"  anklet -l '*' --allow 'connect from 10.0.0.0/8 to *:80,443'\n"
	"\n"
	"Everything else: anklet(8) and anklet.conf(5). TERM drains, INT stops at once.\n";

#define HELP_COLUMN 27

/* What others call it. */
static const struct {
	char letter;
	char word[8];
	char hint[53];
} foreign[] = {
	{'p', "port", "-l ADDRESS:PORT, or -l PORT for clients on this host"},
	{'b', "bind", "-l ADDRESS:PORT, or -l '*:PORT' for every address"},
	{'d', "daemon", "nothing: what starts it can put it in the background"},
	{'v', "verbose", "--log debug"},
};

enum kind { KIND_LINE, KIND_CONFIG, KIND_CHECK, KIND_HELP, KIND_VERSION };

struct known {
	char word[8];
	char letter;
	uint8_t kind; /* enum kind */
};

static const struct known knowns[] = {
	{"listen", 'l', KIND_LINE},
	{"config", 'c', KIND_CONFIG},
	{"check", 't', KIND_CHECK},
	{"help", 'h', KIND_HELP},
	{"version", 'V', KIND_VERSION},
};

#define KNOWNS (sizeof knowns / sizeof knowns[0])

struct option {
	enum kind kind;
	struct word word;  /* without its dashes */
	const char *value; /* NULL for those that take none */
};

/* Where the reading of the command line stands. */
struct cursor {
	char **next;         /* the arguments not yet looked at */
	const char *letters; /* what is left of an argument of short options */
	bool wrong;          /* the usage is, and that was said */
};

/* ---- Saying what is wrong ---- */

static void text_word(struct text *t, struct word word)
{
	text_str(t, "--");
	text_escaped(t, word.at, word.len);
}

static bool wrong_usage(struct cursor *c)
{
	struct output err = {.fd = STDERR_FILENO};

	output_error(message.buf, NULL);
	output_str(&err, "Try 'anklet --help'.\n");
	c->wrong = true;
	return false;
}

/* What is written here instead; NULL: nobody knows what was meant. */
static const char *foreign_hint(char letter, struct word word)
{
	for (size_t i = 0; CONFIG_ANKLET_HINTS && i < sizeof foreign / sizeof foreign[0]; i++)
		if (letter == foreign[i].letter || word_is(word, foreign[i].word))
			return foreign[i].hint;
	return NULL;
}

static bool unknown(struct cursor *c, const char *hint)
{
	if (hint != NULL) {
		text_str_str(&message, ": write ", hint);
	}
	return wrong_usage(c);
}

static bool unknown_word(struct cursor *c, struct word word)
{
	const char *suggestion = name_suggestion(VALUE_KEYWORD, true, word);

	text_word(message_begin("there is no option "), word);
	for (size_t i = 0; CONFIG_ANKLET_HINTS && suggestion == NULL && i < KNOWNS; i++)
		suggestion = name_distance(knowns[i].word, word) < SIZE_MAX ? knowns[i].word : NULL;
	if (suggestion != NULL) {
		text_str_str(&message, "; did you mean --", suggestion);
		text_char(&message, '?');
		return wrong_usage(c);
	}
	return unknown(c, foreign_hint('\0', word));
}

static bool unknown_letter(struct cursor *c, char letter)
{
	text_escaped(message_begin("there is no option -"), &letter, 1);
	return unknown(c, foreign_hint(letter, (struct word){"", 0}));
}

static bool stray_word(struct cursor *c, const char *word)
{
	size_t len = strlen(word);

	text_escaped(message_begin("what is \""), word, len < 200 ? len : 200);
	text_str(&message, "\"? A command comes first, a listener after -l, a file after -c,\n"
			   "and a value of several words in quotes: --allow 'from 10.0.0.0/8'.");
	return wrong_usage(c);
}

static bool misused(struct cursor *c, struct word word, const char *why)
{
	text_word(message_begin(""), word);
	text_str(&message, why);
	return wrong_usage(c);
}

/* ---- One option after the other ---- */

/* The value is the rest of the argument, or the next one; no value there is begins with '-'. */
static bool take_value(struct cursor *c, struct option *o, const char *rest)
{
	bool needed = o->kind == KIND_LINE || o->kind == KIND_CONFIG;

	if (!needed && rest != NULL)
		return misused(c, o->word, " takes no value");
	o->value = rest;
	if (!needed || rest != NULL)
		return true;
	if (*c->next == NULL || **c->next == '-')
		return misused(c, o->word, " needs a value after it");
	o->value = *c->next++;
	return true;
}

static bool next_long(struct cursor *c, struct option *o, const char *arg)
{
	const char *equals = strchr(arg, '=');

	o->word.at = arg;
	o->word.len = equals != NULL ? (size_t)(equals - arg) : strlen(arg);
	o->kind = KIND_LINE;
	for (size_t i = 0; i < KNOWNS; i++)
		if (word_is(o->word, knowns[i].word))
			o->kind = knowns[i].kind;
	if (o->kind == KIND_LINE && name_find(IS(KEYWORD), o->word) < 0)
		return unknown_word(c, o->word);
	return take_value(c, o, equals != NULL ? equals + 1 : NULL);
}

/* Letters may share an argument, and the last one's value may too: -tl '*', -l127.0.0.1. */
static bool next_letter(struct cursor *c, struct option *o)
{
	char letter = *c->letters++;
	const char *rest = NULL;

	for (size_t i = 0; i < KNOWNS; i++) {
		if (knowns[i].letter != letter)
			continue;
		o->kind = knowns[i].kind;
		o->word = (struct word){knowns[i].word, strlen(knowns[i].word)};
		if ((o->kind == KIND_LINE || o->kind == KIND_CONFIG) && *c->letters != '\0') {
			rest = c->letters;
			c->letters = "";
		}
		return take_value(c, o, rest);
	}
	return unknown_letter(c, letter);
}

/* Takes the next option: false at the end, and when the usage is wrong. */
static bool next_option(struct cursor *c, struct option *o)
{
	const char *arg;

	if (*c->letters != '\0')
		return next_letter(c, o);
	arg = *c->next;
	if (arg == NULL)
		return false;
	c->next++;
	if (arg[0] != '-' || arg[1] == '\0')
		return stray_word(c, arg);
	if (arg[1] != '-') {
		c->letters = arg + 1;
		return next_letter(c, o);
	}
	if (arg[2] != '\0')
		return next_long(c, o, arg + 2);
	return *c->next != NULL && stray_word(c, *c->next); /* '--': nothing may follow it */
}

/* ---- What they ask for ---- */

/* Standard output may be a full disk: what was asked for and is not there is no success. */
static enum options_answer printed(const struct output *out, int *status)
{
	*status = EXIT_SUCCESS;
	if (out->failed) {
		output_error("standard output cannot be written", NULL);
		*status = EXIT_FAILURE;
	}
	return OPTIONS_END;
}

/* A keyword, its value, and in a column of its own what it is for. */
static void print_help(struct output *out)
{
	const char *at = help_keywords;

	output_str(out, help_begin);
	while (at < help_keywords + sizeof help_keywords - 1) {
		struct text *t = message_begin("  --");

		text_str(t, at);
		text_char(t, ' ');
		text_str(t, at = text_of_list(at, 1));
		while (t->len < HELP_COLUMN)
			text_char(t, ' ');
		text_str(t, at = text_of_list(at, 1));
		text_char(t, '\n');
		output_str(out, message.buf);
		at = text_of_list(at, 1);
	}
	output_str(out, help_end);
}

/* Where errors in the configuration go. */
static struct output standard_error = {.fd = STDERR_FILENO};
static struct {
	anklet_print *print;
	void *ctx;
} report = {output_bytes, &standard_error};

static char **given; /* the arguments, for a reload */

static unsigned wrong(const char *what, const char *why)
{
	if (!CONFIG_ANKLET_RELOAD) {
		output_error(what, why);
		return 1;
	}
	text_str(message_begin("anklet: "), what);
	text_str_str(&message, ": ", why);
	text_char(&message, '\n');
	report.print(report.ctx, message.buf, message.len);
	return 1;
}

/* Reads what the file holds, up to size; the count, or -1 and errno. */
static ssize_t read_all(int fd, char *buf, size_t size)
{
	size_t len = 0;

	while (len < size) {
		ssize_t n = read(fd, buf + len, size - len);

		if (n == 0)
			break;
		if (n > 0)
			len += (size_t)n;
		else if (errno != EINTR)
			return -1;
	}
	return (ssize_t)len;
}

static unsigned configure_file(struct anklet *a, const char *file)
{
	static char buf[OPTIONS_FILE_MAX + 1];
	/* A pipe is read at the start: what comes by one is waited for. A reload must not make anybody wait. */
	bool again = CONFIG_ANKLET_RELOAD && report.ctx != &standard_error;
	int fd = again ? open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
		       : open(file, O_RDONLY | O_CLOEXEC);
	ssize_t len;
	int error;

	if (fd < 0)
		return wrong(file, strerror(errno));
	/* Whoever wrote to a pipe has gone, and its end would be that of a file without a line. */
	len = again ? pread(fd, buf, 1, 0) : 0;
	if (len >= 0)
		len = read_all(fd, buf, sizeof buf);
	error = errno;
	close(fd);
	if (len < 0)
		return wrong(file, CONFIG_ANKLET_RELOAD && error == ESPIPE
					   ? "a pipe cannot be read again"
					   : strerror(error));
	if (len > OPTIONS_FILE_MAX)
		return wrong(file, "longer than 16384 bytes: is it a configuration?");
	return anklet_configure(a, file, buf, (size_t)len, report.print, report.ctx);
}

_Static_assert(OPTIONS_FILE_MAX == 16384, "a message names it");

static unsigned configure_line(struct anklet *a, const struct option *o)
{
	char source_buf[64], line_buf[LINE_SIZE];
	struct text source, line;

	text_init(&source, source_buf, sizeof source_buf);
	text_word(&source, o->word);
	/* It would be two lines, of which the second says what nobody saw. */
	if (strchr(o->value, '\n') != NULL)
		return wrong(
			source.buf, "a line end is in the value: write one option for each line");
	text_init(&line, line_buf, sizeof line_buf);
	text_bytes(&line, o->word.at, o->word.len);
	text_char(&line, ' ');
	text_str(&line, o->value);
	/* A line that was cut is still longer than any that is accepted: it is refused as such. */
	return anklet_configure(a, source.buf, line.buf, line.len, report.print, report.ctx);
}

_Static_assert(LINE_SIZE > CONFIG_LINE_MAX + 1, "a line that was cut is refused");

static unsigned configure(struct anklet *a, char **args)
{
	struct cursor c = {.next = args, .letters = ""};
	unsigned errors = 0;
	struct option o;

	while (next_option(&c, &o)) {
		if (o.kind == KIND_LINE)
			errors += configure_line(a, &o);
		else if (o.kind == KIND_CONFIG)
			errors += configure_file(a, o.value);
	}
	return errors;
}

unsigned options_again(struct anklet *a, anklet_print *print, void *ctx)
{
	if (!CONFIG_ANKLET_RELOAD)
		return 0;
	report.print = print;
	report.ctx = ctx;
	return configure(a, given);
}

/* A reload reads as the user that root has become; what he cannot read the start can: that is a warning. */
static void check_as_user(struct anklet *a)
{
	struct cursor c = {.next = given, .letters = ""};
	const char *name = anklet_user(a), *why;
	struct anklet_failure failure;
	struct option o;
	struct user user;

	if (name[0] == '\0' || geteuid() != 0)
		return;
	text_escaped(message_begin("warning: user "), name, strlen(name));
	text_str(&message, " cannot do what a reload or the end needs");
	why = user_find(name, &user);
	if (why == NULL)
		why = user_become(&user);
	if (why != NULL) {
		output_error(message.buf, why);
		return;
	}
	while (next_option(&c, &o))
		if (o.kind == KIND_CONFIG && access(o.value, R_OK) != 0) {
			text_str_str(&message, ": ", o.value);
			output_error(message.buf, strerror(errno));
			return;
		}
	if (anklet_check(a, &failure) < 0) {
		text_str(&message, ": ");
		text_failure(&message, &failure);
		output_error(message.buf, NULL);
	}
}

/* -t: the keys and certificates are read too; then what is in force is printed. */
static enum options_answer check_config(struct anklet *a, int *status)
{
	struct output out = {.fd = STDOUT_FILENO};
	struct anklet_failure failure;

	if (anklet_check(a, &failure) < 0) {
		text_failure(message_begin(""), &failure);
		output_error(message.buf, NULL);
		return OPTIONS_END;
	}
	if (CONFIG_ANKLET_RELOAD)
		check_as_user(a);
	anklet_print_config(a, output_bytes, &out);
	return printed(&out, status);
}

enum options_answer options_read(struct anklet *a, char **argv, int *status)
{
	char **args = argv[0] != NULL ? argv + 1 : argv;
	struct cursor c = {.next = args, .letters = ""};
	struct output out = {.fd = STDOUT_FILENO};
	bool check = false;
	struct option o;

	while (next_option(&c, &o)) {
		if (o.kind == KIND_HELP || o.kind == KIND_VERSION) {
			if (o.kind == KIND_HELP)
				print_help(&out);
			else
				output_str(&out, "anklet " ANKLET_VERSION "\n");
			return printed(&out, status);
		}
		check = check || o.kind == KIND_CHECK;
	}
	if (CONFIG_ANKLET_RELOAD)
		given = args;
	*status = c.wrong ? EXIT_USAGE : EXIT_CONFIG;
	if (c.wrong || configure(a, args) > 0)
		return OPTIONS_END;
	if (!check)
		return OPTIONS_RUN;
	return check_config(a, status);
}
