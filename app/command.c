/*
 * Commands to a running anklet. See command.h.
 *
 * What they print is for people and may change; with --json it is what the running one has answered.
 */
#define _POSIX_C_SOURCE 200809L
#include "command.h"

#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ask.h"
#include "base/address.h"
#include "options.h"
#include "output.h"
#include "top.h"

static const char names[] = "status\0sessions\0top\0reload\0end\0log\0";

enum command {
	COMMAND_STATUS,
	COMMAND_SESSIONS,
	COMMAND_TOP,
	COMMAND_RELOAD,
	COMMAND_END,
	COMMAND_LOG,
	COMMANDS
};

static const char summary[] =
	"anklet {version}, process {pid}, up {uptime_ms}\n"
	"sessions    {now} of {max} (peak {peak}): {handshake} in their handshake, {establish} "
	"being established, "
	"{relay} relayed, {closing} closing\n"
	"clients     {now}; {accepted} connections, {over_limit} of them closed at once\n"
	"requests    {granted} granted, {refused} refused, {left} clients left without one\n"
	"bytes       {up} up, {down} down\n"
	"datagrams   {now} clients; {up} up, {down} down, {dropped} dropped\n"
	"encrypted   {now} connections of {max}\n"
	"in force    configuration {generation} ({reloads} reloads, {failed} failed), read "
	"{age_ms} ago; "
	"{old_sessions} requests go by the one before it\n"
	"log         {dropped} lines dropped, level {level}\n";
static const char session_head[] = "   NUM CLIENT                COMMAND TO                        "
				   "   USER       STATE               UP        "
				   "DOWN    AGE\n";
static const char session[] = "{number:6} {client:21} {command:7} {to:28} {user:10} {state:10} "
			      "{up:11} {down:11} {age_ms:6}\n";

/* ---- What is printed ---- */

struct printing {
	struct output out;
	const char
		*template; /* NULL: lines as they come; else what is printed of each that has the key */
	const char *key;
};

static void print_line(void *ctx, const char *line, size_t len)
{
	struct printing *p = ctx;
	char buf[ASK_LINE];
	struct text t;

	if (p->template == NULL) {
		output_bytes(&p->out, line, len);
		return;
	}
	if (ask_find(line, p->key) == NULL)
		return;
	text_init(&t, buf, sizeof buf);
	text_filled(&t, p->template, line);
	output_bytes(&p->out, t.buf, t.len);
}

static int show(const char *path, const char *request, const char *head, const char *template)
{
	struct printing p = {.out.fd = STDOUT_FILENO, .template = template};
	int status;

	p.key = template == session ? "number" : "version";
	output_str(&p.out, head);
	status = ask(path, request, print_line, &p);
	if (status == EXIT_SUCCESS && p.out.failed) {
		output_error("standard output cannot be written", NULL);
		return EXIT_FAILURE;
	}
	return status;
}

/* ---- The command line ---- */

struct words {
	const char *path;
	char *operand;
	bool json, wrong;
};

static struct words read_words(char **args)
{
	struct words w = {.path = ASK_DEFAULT_PATH};

	for (; *args != NULL; args++) {
		if (strcmp(*args, "--json") == 0)
			w.json = true;
		else if (strcmp(*args, "-S") == 0 && args[1] != NULL)
			w.path = *++args;
		else if (strncmp(*args, "-S", 2) == 0 && (*args)[2] != '\0')
			w.path = *args + 2;
		else if (**args != '-' && w.operand == NULL)
			w.operand = *args;
		else
			w.wrong = true;
	}
	return w;
}

static int wrong_usage(void)
{
	output_error("the words after the command are wrong; try 'anklet --help'", NULL);
	return EXIT_USAGE;
}

#define QUERY_MOST 127 /* bytes */

static bool is_word(const char *s)
{
	while (*s != '\0' && strchr(" \r\n\t&?", *s) == NULL)
		s++;
	return *s == '\0';
}

/* A POST about what was named. Whatever stands in it that is no word of a query is none of a session or a level. */
static int act(const char *path, const char *target, const char *operand)
{
	text_str_str(message_begin("POST "), target, operand);
	if (message.len > QUERY_MOST || !is_word(operand))
		return wrong_usage();
	return show(path, message.buf, "", NULL);
}

static int end(const char *path, char *operand)
{
	size_t len = strlen(operand);
	/* As the list of sessions has an address of IPv6. */
	bool in_brackets = operand[0] == '[' && operand[len - 1] == ']';
	uint32_t number;
	struct ip ip;

	if (number_parse(operand, len, UINT32_MAX, &number))
		return act(path, "/end?session=", operand);
	if (ip_parse(operand + in_brackets, len - 2 * in_brackets, &ip)) {
		operand[len - in_brackets] = '\0';
		return act(path, "/end?client=", operand + in_brackets);
	}
	output_error(operand, "neither the number of a session nor the address of a client");
	return EXIT_USAGE;
}

/* ---- anklet reload ---- */

#define RELOAD_LOOK_MS 100
#define RELOAD_LOOKS 6000 /* limit-establish may be long */

struct reloads {
	uint64_t generation, done;
	bool ok;
};

static void take_reloads(void *ctx, const char *line, size_t len)
{
	struct reloads *r = ctx;

	(void)len;
	if (ask_find(line, "generation") == NULL)
		return;
	r->generation = ask_number(line, "generation");
	r->done = ask_number(line, "reloads") + ask_number(line, "failed");
	r->ok = ask_number(line, "last_ok") != 0;
}

static void take_nothing(void *ctx, const char *line, size_t len)
{
	(void)ctx;
	(void)line;
	(void)len;
}

/* Waits until it is done, which it may put off while requests go by the one before. */
static int reload(const char *path)
{
	struct output out = {.fd = STDOUT_FILENO};
	struct reloads before = {0}, now;
	int status = ask(path, "GET /status", take_reloads, &before);

	if (status == EXIT_SUCCESS)
		status = ask(path, "POST /reload", take_nothing, NULL);
	now = before;
	for (unsigned i = 0; status == EXIT_SUCCESS && now.done == before.done && i < RELOAD_LOOKS;
		i++) {
		(void)poll(NULL, 0, RELOAD_LOOK_MS);
		status = ask(path, "GET /status", take_reloads, &now);
	}
	if (status != EXIT_SUCCESS)
		return status;
	if (now.done == before.done || !now.ok) {
		output_error(now.ok ? "the configuration is still to be read again"
				    : "the configuration stays as it was; the log says why",
			NULL);
		return now.ok ? EXIT_FAILURE : EXIT_CONFIG;
	}
	text_num(message_begin("configuration "), now.generation);
	text_str(&message, " is in force\n");
	output_str(&out, message.buf);
	return EXIT_SUCCESS;
}

int command_find(const char *word)
{
	int command = 0;

	while (command < COMMANDS && strcmp(word, text_of_list(names, (unsigned)command)) != 0)
		command++;
	return command < COMMANDS ? command : -1;
}

int command_run(int command, char **args, void *memory)
{
	struct words w = read_words(args);
	bool acts = command == COMMAND_END || command == COMMAND_LOG;

	if (w.wrong || acts != (w.operand != NULL) || (w.json && command > COMMAND_SESSIONS))
		return wrong_usage();
	switch ((enum command)command) {
	case COMMAND_STATUS:
		return show(w.path, "GET /status", "", w.json ? NULL : summary);
	case COMMAND_SESSIONS:
		return show(w.path, "GET /sessions?limit=65535", w.json ? "" : session_head,
			w.json ? NULL : session);
	case COMMAND_TOP:
		return top_run(w.path, memory);
	case COMMAND_RELOAD:
		return reload(w.path);
	case COMMAND_END:
		return end(w.path, w.operand);
	case COMMAND_LOG:
		return act(w.path, "/log?level=", w.operand);
	case COMMANDS:
		break;
	}
	return EXIT_FAILURE;
}
