/*
 * 'anklet top'. See top.h.
 *
 * Rates are differences between two answers, of the same session by its number, in the time that passed for the one who
 * was asked. The terminal is used as every one of them is since the VT100, with the alternate screen of xterm; it is as
 * it was before, whatever ends this.
 */
#define _GNU_SOURCE
#include "top.h"

#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "anklet_config.h"
#include "ask.h"
#include "base/address.h"
#include "base/divide.h"
#include "output.h"

#define ROUND_MS 2000
#define LINE 512
#define TO_SIZE 64

struct amounts {
	uint64_t up, down, age_ms;
	uint64_t up_rate, down_rate; /* bytes a second */
	uint32_t count;              /* a session's number; of a client how many it has */
};

struct row {
	struct amounts own;
	struct amounts all; /* of its client, in the first row that is shown of it */
	char client[ADDRESS_TEXT_SIZE];
	char to[TO_SIZE];
	char state[16];
};

struct old_row {
	uint32_t number;
	uint64_t up, down;
};

enum sort { SORT_RATE, SORT_TOTAL, SORT_AGE, SORTS };
enum typing { TYPING_NOTHING, TYPING_FILTER, TYPING_END };

struct top {
	const char *path;
	bool terminal, by_client, paused;
	uint8_t sort, typing;
	uint64_t asked_ms;  /* by the clock of the one who was asked; 0: not yet */
	uint32_t passed_ms; /* between the last two answers; 0: there were none */
	uint64_t up, down, up_rate, down_rate;
	char summary[ASK_LINE]; /* its first line */
	char filter[32], typed[32];
	unsigned width, height;
	struct output out;
	struct text screen;
	char screen_buf[4096];
	unsigned count, old_count, shown_count;
	struct row *shown[CONFIG_ANKLET_SESSIONS]; /* in order */
	struct row row[CONFIG_ANKLET_SESSIONS];
	struct old_row old[CONFIG_ANKLET_SESSIONS];
};

_Static_assert(sizeof(struct top) <= TOP_MEMORY, "the memory is enough");

/* ---- What is there ---- */

static uint64_t rate(uint64_t now, uint64_t before, uint32_t ms)
{
	return ms > 0 && now > before ? divided((now - before) * 1000, ms) : 0;
}

static void take_summary(void *ctx, const char *line, size_t len)
{
	struct top *top = ctx;

	if (ask_find(line, "uptime_ms") != NULL && len < sizeof top->summary)
		memcpy(top->summary, line, len + 1);
}

static void take_field(char *field, size_t size, const char *template, const char *line)
{
	struct text t;

	text_init(&t, field, size);
	text_filled(&t, template, line);
}

static void take_session(void *ctx, const char *line, size_t len)
{
	struct top *top = ctx;
	struct row *row = &top->row[top->count];
	struct amounts *own = &row->own;
	struct old_row old = {0};

	(void)len;
	if (ask_find(line, "number") == NULL || top->count == CONFIG_ANKLET_SESSIONS)
		return;
	top->count++;
	own->count = (uint32_t)ask_number(line, "number");
	own->up = ask_number(line, "up");
	own->down = ask_number(line, "down");
	own->age_ms = ask_number(line, "age_ms");
	take_field(row->client, sizeof row->client, "{client}", line);
	take_field(row->to, sizeof row->to, "{to}", line);
	take_field(row->state, sizeof row->state, "{state}", line);
	for (unsigned i = 0; i < top->old_count; i++)
		if (top->old[i].number == own->count)
			old = top->old[i];
	own->up_rate = rate(own->up, old.up, top->passed_ms);
	own->down_rate = rate(own->down, old.down, top->passed_ms);
}

static void keep_old(struct top *top)
{
	for (top->old_count = 0; top->old_count < top->count; top->old_count++) {
		const struct amounts *own = &top->row[top->old_count].own;

		top->old[top->old_count] = (struct old_row){own->count, own->up, own->down};
	}
	top->count = 0;
}

static int ask_all(struct top *top)
{
	int status = ask(top->path, "GET /status", take_summary, top);
	uint64_t asked = ask_number(top->summary, "uptime_ms");
	const char *bytes = ask_find(top->summary, "bytes");
	uint64_t up = bytes != NULL ? ask_number(bytes, "up") : 0;
	uint64_t down = bytes != NULL ? ask_number(bytes, "down") : 0;

	if (status != EXIT_SUCCESS)
		return status;
	top->passed_ms = 0;
	if (top->asked_ms > 0 && asked > top->asked_ms)
		top->passed_ms = (uint32_t)(asked - top->asked_ms);
	top->up_rate = rate(up, top->up, top->passed_ms);
	top->down_rate = rate(down, top->down, top->passed_ms);
	top->asked_ms = asked;
	top->up = up;
	top->down = down;
	keep_old(top);
	return ask(top->path, "GET /sessions?limit=65535", take_session, top);
}

/* ---- In which order ---- */

static const struct amounts *amounts_of(const struct top *top, const struct row *row)
{
	return top->by_client ? &row->all : &row->own;
}

static uint64_t weight(const struct top *top, const struct row *row)
{
	const struct amounts *a = amounts_of(top, row);

	return top->sort == SORT_RATE    ? a->up_rate + a->down_rate
	       : top->sort == SORT_TOTAL ? a->up + a->down
					 : a->age_ms;
}

static bool same_client(const struct row *a, const struct row *b)
{
	const char *port = strrchr(a->client, ':');
	size_t len = port != NULL ? (size_t)(port - a->client) + 1 : sizeof a->client;

	return strncmp(a->client, b->client, len) == 0;
}

static void add_to_client(struct top *top, struct row *row)
{
	const struct amounts *own = &row->own;
	struct amounts *all;
	unsigned at = 0;

	while (at < top->shown_count && !same_client(row, top->shown[at]))
		at++;
	if (at == top->shown_count) {
		top->shown[top->shown_count++] = row;
		row->all = (struct amounts){0};
	}
	all = &top->shown[at]->all;
	all->count++;
	all->up += own->up;
	all->down += own->down;
	all->up_rate += own->up_rate;
	all->down_rate += own->down_rate;
	all->age_ms = all->age_ms > own->age_ms ? all->age_ms : own->age_ms;
}

static bool contains(const char *text, const char *part)
{
	size_t len = strlen(part);

	while (*text != '\0' && strncmp(text, part, len) != 0)
		text++;
	return strncmp(text, part, len) == 0;
}

static void choose(struct top *top)
{
	top->shown_count = 0;
	for (struct row *row = top->row; row < top->row + top->count; row++) {
		if (!contains(row->client, top->filter) && !contains(row->to, top->filter))
			continue;
		if (top->by_client)
			add_to_client(top, row);
		else
			top->shown[top->shown_count++] = row;
	}
	for (unsigned i = 1; i < top->shown_count; i++) {
		struct row *row = top->shown[i];
		unsigned at = i;

		for (; at > 0 && weight(top, top->shown[at - 1]) < weight(top, row); at--)
			top->shown[at] = top->shown[at - 1];
		top->shown[at] = row;
	}
}

/* ---- On the screen ---- */

static void flush(struct top *top)
{
	output_bytes(&top->out, top->screen.buf, top->screen.len);
	text_init(&top->screen, top->screen_buf, sizeof top->screen_buf);
}

/* Ends a line, which is no wider than the screen. */
static void end_line(struct top *top, struct text *line)
{
	if (top->terminal && line->len > top->width)
		line->len = top->width;
	text_bytes(&top->screen, line->buf, line->len);
	text_str(&top->screen, top->terminal ? "\033[K\r\n" : "\n");
	if (top->screen.len > sizeof top->screen_buf / 2)
		flush(top);
	text_init(line, line->buf, line->size);
}

/* Up to the column, or one blank. */
static void text_column(struct text *t, size_t column)
{
	do
		text_char(t, ' ');
	while (t->len < column && !t->cut);
}

/* Four characters or five: 999, 1.2k, 12M. */
static void text_amount(struct text *t, size_t column, uint64_t n)
{
	char buf[24];
	struct text amount;
	unsigned unit = 0;
	uint64_t tenths = n * 10, whole;

	for (; tenths >= 9995 && unit < 5; unit++)
		tenths = divided(tenths + 500, 1000);
	whole = divided(tenths, 10);
	text_init(&amount, buf, sizeof buf);
	text_num(&amount, whole);
	if (unit > 0 && tenths < 100) {
		text_char(&amount, '.');
		text_num(&amount, tenths - whole * 10);
	}
	if (unit > 0)
		text_char(&amount, " kMGTP"[unit]);
	text_column(t, column > amount.len ? column - amount.len : 0);
	text_str(t, buf);
}

static const char head[] = "anklet {version}  up {uptime_ms}   sessions {now} of {max} (peak "
			   "{peak})   clients {now}   "
			   "granted {granted}   refused {refused}";

/* The columns, after that of the number. */
enum { CLIENT, TO, STATE, UP, DOWN, TOTAL, AGE, COLUMNS };

static const char titles[] = "CLIENT\0TO\0STATE\0UP/s\0DOWN/s\0TOTAL\0AGE";

#define WIDE 108

/* Where the columns begin, and those of amounts end. */
static const uint8_t *layout_of(const struct top *top)
{
	static const uint8_t wide[COLUMNS] = {8, 31, 64, 82, 90, 98, 100};
	static const uint8_t narrow[COLUMNS] = {6, 28, 43, 60, 67, 73, 74};

	return top->terminal && top->width < WIDE ? narrow : wide;
}

/* As much of it as there is room for up to that column. */
static void text_part(struct text *t, const char *s, size_t column)
{
	size_t len = strlen(s), room = column > t->len ? column - t->len - 1 : 0;

	text_bytes(t, s, len < room ? len : room);
}

static void text_titles(struct text *t, const struct top *top)
{
	const uint8_t *at = layout_of(top);

	text_str(t, top->by_client ? "COUNT" : "NUM");
	for (unsigned i = 0; i < COLUMNS; i++) {
		const char *title = text_of_list(titles, i);

		if (top->by_client && (i == TO || i == STATE))
			continue;
		text_column(t, i >= UP && i <= TOTAL ? at[i] - strlen(title) : at[i]);
		text_str(t, title);
	}
}

static void text_row(struct text *t, const struct top *top, const struct row *row)
{
	const struct amounts *a = amounts_of(top, row);
	const char *port = top->by_client ? strrchr(row->client, ':') : NULL;
	const uint8_t *at = layout_of(top);

	text_num(t, a->count);
	text_column(t, at[CLIENT]);
	text_bytes(
		t, row->client, port != NULL ? (size_t)(port - row->client) : strlen(row->client));
	if (!top->by_client) {
		text_column(t, at[TO]);
		text_part(t, row->to, at[STATE]);
		text_column(t, at[STATE]);
		text_part(t, row->state, at[UP] - 5u);
	}
	text_amount(t, at[UP], a->up_rate);
	text_amount(t, at[DOWN], a->down_rate);
	text_amount(t, at[TOTAL], a->up + a->down);
	text_column(t, at[AGE]);
	text_duration(t, a->age_ms);
}

static void draw(struct top *top)
{
	static const char sorts[] = "rate\0total\0age";
	char buf[LINE];
	struct text line;
	unsigned rows = top->terminal && top->height > 4 ? top->height - 4 : top->shown_count;

	text_init(&line, buf, sizeof buf);
	text_str(&top->screen, top->terminal ? "\033[H" : "");
	text_filled(&line, head, top->summary);
	end_line(top, &line);
	text_str(&line, "up ");
	text_amount(&line, 0, top->up_rate);
	text_str(&line, "B/s   down ");
	text_amount(&line, 0, top->down_rate);
	text_str_str(&line, "B/s   by ", text_of_list(sorts, top->sort));
	text_str_str(&line, *top->filter != '\0' ? ", only " : "", top->filter);
	text_str(&line, top->paused ? ", paused" : "");
	end_line(top, &line);
	text_titles(&line, top);
	end_line(top, &line);
	for (unsigned i = 0; i < top->shown_count && i < rows; i++) {
		text_row(&line, top, top->shown[i]);
		end_line(top, &line);
	}
	if (top->terminal) {
		text_str_str(&line,
			top->typing == TYPING_FILTER ? "only lines with: "
			: top->typing == TYPING_END
				? "end session number: "
				: "q quit  s sort  c by client  / filter  k end  p pause",
			top->typing != TYPING_NOTHING ? top->typed : "");
		line.len = line.len > top->width ? top->width : line.len;
		text_bytes(&top->screen, line.buf, line.len);
		text_str(&top->screen, "\033[J");
	}
	flush(top);
}

/* ---- Keys ---- */

static void take_words(void *ctx, const char *line, size_t len)
{
	(void)ctx;
	(void)line;
	(void)len;
}

/* Enter: what was typed takes effect. What is not a number ends nothing. */
static void finish_typing(struct top *top)
{
	uint32_t number;

	if (top->typing == TYPING_FILTER) {
		memcpy(top->filter, top->typed, sizeof top->filter);
	} else if (number_parse(top->typed, strlen(top->typed), UINT32_MAX, &number)) {
		text_str(message_begin("POST /end?session="), top->typed);
		(void)ask(top->path, message.buf, take_words, top);
	}
	top->typing = TYPING_NOTHING;
}

static void take_typed(struct top *top, char key)
{
	size_t len = strlen(top->typed);

	if (key == '\r' || key == '\n')
		finish_typing(top);
	else if (key == 27)
		top->typing = TYPING_NOTHING;
	else if ((key == 127 || key == 8) && len > 0)
		top->typed[len - 1] = '\0';
	else if (key >= ' ' && key < 127 && len + 1 < sizeof top->typed)
		top->typed[len] = key;
}

/* False: it is over. */
static bool take_key(struct top *top, char key)
{
	if (top->typing != TYPING_NOTHING) {
		take_typed(top, key);
		return true;
	}
	if (key == 's')
		top->sort = (uint8_t)((top->sort + 1) % SORTS);
	else if (key == 'c')
		top->by_client = !top->by_client;
	else if (key == 'p')
		top->paused = !top->paused;
	if (key == '/' || key == 'k') {
		top->typing = key == '/' ? TYPING_FILTER : TYPING_END;
		memset(top->typed, 0, sizeof top->typed);
	}
	return key != 'q';
}

/* ---- The terminal ---- */

static volatile sig_atomic_t stopped;

static void on_signal(int number)
{
	if (number != SIGWINCH) /* which only ends the wait */
		stopped = 1;
}

static void catch_signals(void)
{
	static const int caught[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE, SIGWINCH};

	for (size_t i = 0; i < sizeof caught / sizeof caught[0]; i++)
		sigaction(caught[i], &(struct sigaction){.sa_handler = on_signal}, NULL);
	sigaction(SIGTSTP, &(struct sigaction){.sa_handler = SIG_IGN}, NULL);
}

static void measure(struct top *top)
{
	struct winsize size;

	top->width = 80;
	top->height = 24;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_row > 0) {
		top->width = size.ws_col;
		top->height = size.ws_row;
	}
}

static uint64_t now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)(t.tv_nsec / 1000000);
}

/* Waits for a key until then. False: it is over. */
static bool wait_for_key(struct top *top, uint64_t until)
{
	struct pollfd in = {.fd = STDIN_FILENO, .events = POLLIN};
	uint64_t now = now_ms();
	int ready = poll(&in, 1, now < until ? (int)(until - now) : 0);
	char key;

	if (ready > 0 && read(STDIN_FILENO, &key, 1) != 1)
		return false; /* the terminal is gone */
	return !stopped && !top->out.failed && (ready <= 0 || take_key(top, key));
}

static int run(struct top *top)
{
	uint64_t next = 0;

	/* Rates take two looks; on a terminal the second one comes by itself. */
	if (!top->terminal) {
		int status = ask_all(top);

		if (status != EXIT_SUCCESS)
			return status;
		(void)poll(NULL, 0, ROUND_MS);
	}
	do {
		if (now_ms() >= next) {
			int status = top->paused ? EXIT_SUCCESS : ask_all(top);

			if (status != EXIT_SUCCESS)
				return status;
			next = now_ms() + ROUND_MS;
		}
		measure(top);
		choose(top);
		draw(top);
	} while (top->terminal && wait_for_key(top, next));
	return EXIT_SUCCESS;
}

int top_run(const char *path, void *memory)
{
	static const char enter[] = "\033[?1049h\033[?25l", leave[] = "\033[?25h\033[?1049l";
	struct top *top = memory;
	struct termios before, raw;
	int status;

	memset(top, 0, sizeof *top);
	top->path = path;
	top->out.fd = STDOUT_FILENO;
	text_init(&top->screen, top->screen_buf, sizeof top->screen_buf);
	top->terminal =
		tcgetattr(STDOUT_FILENO, &raw) == 0 && tcgetattr(STDIN_FILENO, &before) == 0;
	if (!top->terminal)
		return run(top);
	catch_signals();
	raw = before;
	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &raw);
	output_str(&top->out, enter);
	status = run(top);
	output_str(&top->out, leave);
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
	if (status != EXIT_SUCCESS && top->asked_ms > 0)
		output_error(path,
			"it does not answer any more"); /* what was said has gone with the screen */
	return status;
}
