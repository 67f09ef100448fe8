/*
 * The port as a whole, random numbers, and the log.
 */
#define _POSIX_C_SOURCE 200809L
#include "internal.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/log_lines.h"
#include "system.h"
#include "base/text.h"

/* What goes into a pipe in one piece, or not at all. */
#ifndef PIPE_BUF
#define PIPE_BUF _POSIX_PIPE_BUF
#endif
#define LINE_SIZE (CONFIG_ANKLET_LOG_LINE + 48) /* a log line, the time and the level */

_Static_assert(LINE_SIZE <= PIPE_BUF, "a log line is written in one piece");

/* ---- The whole ---- */

/*
 * The descriptors 0, 1 and 2 must be taken: a socket that got one of them would
 * be sent what somebody writes to stdout or stderr.
 */
static bool hold_standard_streams(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

/* A reader of the log that goes away must not end the program, unless it wants to know. */
static void ignore_broken_pipes(void)
{
	struct sigaction act;

	if (sigaction(SIGPIPE, NULL, &act) != 0 || act.sa_handler != SIG_DFL)
		return;
	act.sa_handler = SIG_IGN;
	(void)sigaction(SIGPIPE, &act, NULL);
}

/*
 * As many descriptors as the table can use and some for what else is open, if the
 * system lets us; but none that the sets cannot hold: with too few, the system
 * leaves a connection in the backlog, while one accepted in vain is lost.
 */
static void raise_descriptor_limit(void)
{
	struct rlimit limit;
	rlim_t needed = PORT_ENTRIES + 64;

	if (needed > (rlim_t)fdset_limit())
		needed = (rlim_t)fdset_limit();
	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= needed)
		return;
	limit.rlim_cur = limit.rlim_max < needed ? limit.rlim_max : needed;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
}

int port_init(struct port *p, const struct port_config *config)
{
	memset(p, 0, sizeof *p);
	sockets_init(p);
	p->native = -1;
	if (!hold_standard_streams())
		return PORT_NO_RESOURCES;
	ignore_broken_pipes();
	raise_descriptor_limit();
	tzset(); /* now, so that port_log() finds it done: it allocates */
	p->native = native_open();
	wait_init(p);
	if (CONFIG_ANKLET_NAMES)
		resolve_init(p, config);
	return 0;
}

void port_fini(struct port *p)
{
	if (CONFIG_ANKLET_NAMES)
		resolve_fini(p);
	for (port_sock s = 0; s < PORT_SOCKETS; s++) {
		port_sock open = s;

		if (p->entry[s].kind != ENTRY_FREE)
			port_reset(p, &open);
	}
	sockets_end_wave(p);
	if (p->native >= 0)
		close(p->native);
	p->native = -1;
}

int port_random(struct port *p, void *buf, size_t len)
{
	return native_random(p, buf, len);
}

/* ---- The log ---- */

static void text_part(struct text *t, int n, unsigned width, char behind)
{
	text_padded(t, (uint64_t)n, width);
	text_char(t, behind);
}

static void text_time(struct text *t)
{
	struct timespec now;
	struct tm tm;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	if (localtime_r(&now.tv_sec, &tm) == NULL)
		return;
	text_part(t, tm.tm_year + 1900, 4, '-');
	text_part(t, tm.tm_mon + 1, 2, '-');
	text_part(t, tm.tm_mday, 2, ' ');
	text_part(t, tm.tm_hour, 2, ':');
	text_part(t, tm.tm_min, 2, ':');
	text_part(t, tm.tm_sec, 2, '.');
	text_part(t, (int)(now.tv_nsec / 1000000), 3, ' ');
}

/*
 * A pipe that is writable takes PIPE_BUF octets without blocking. O_NONBLOCK
 * would do as well, but stderr is shared with whoever started the program.
 */
static bool write_line(enum port_level level, const char *line, size_t len)
{
	struct pollfd err = {.fd = STDERR_FILENO, .events = POLLOUT};
	char buf[LINE_SIZE];
	struct text t;

	if (poll(&err, 1, 0) != 1 || err.revents != POLLOUT)
		return false;
	text_init(&t, buf, sizeof buf);
	text_time(&t);
	text_str(&t, log_level_word(level));
	text_octets(&t, line, len);
	buf[t.len] = '\n'; /* in place of the NUL */
	return write(STDERR_FILENO, buf, t.len + 1) == (ssize_t)t.len + 1;
}

void port_log(struct port *p, enum port_level level, const char *line, size_t len)
{
	log_line(&p->unlogged, write_line, level, line, len);
}
