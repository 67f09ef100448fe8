/*
 * What Linux and POSIX do alike: the process, the wait, and sockets as every system has them. See system.h.
 */
#include "internal.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <time.h>

#include "base/log_lines.h"
#include "base/text.h"
#include "embed_unix.h"
#include "system_unix.h"

/* What goes into a pipe in one piece, or not at all. */
#ifndef PIPE_BUF
#define PIPE_BUF _POSIX_PIPE_BUF
#endif
#define DISCARD_PORT 9 /* stands in for 'any' where a port must be given: RFC 863 */
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
	rlim_t needed = FDSET_NEEDED;

	if (needed > (rlim_t)fdset_limit())
		needed = (rlim_t)fdset_limit();
	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= needed)
		return;
	limit.rlim_cur = limit.rlim_max < needed ? limit.rlim_max : needed;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
}

/* How many pipes are left over when every socket has its descriptor. */
static uint8_t pipes_affordable(void)
{
	struct rlimit limit;
	rlim_t others = FDSET_NEEDED - 2 * SYSTEM_PIPES;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur <= others)
		return 0;
	return limit.rlim_cur >= FDSET_NEEDED ? SYSTEM_PIPES
					      : (uint8_t)((limit.rlim_cur - others) / 2);
}

#define OTHERS \
	3 /* descriptors: of a file of names, of a question about an address, and of the epoll set */

unsigned port_room(struct port *p)
{
	struct rlimit limit;
	int most = fdset_limit();
	unsigned room = 0;

	(void)p;
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < (rlim_t)most)
		most = (int)limit.rlim_cur;
	for (int fd = 0; fd < most && room < PORT_SOCKETS + OTHERS; fd++) {
		struct pollfd one = {.fd = fd};

		(void)poll(&one, 1, 0);
		room += one.revents == POLLNVAL; /* it is not open */
	}
	return room > OTHERS ? room - OTHERS : 0;
}

int system_start(struct port *p)
{
	p->system.helper = -1;
	if (!hold_standard_streams())
		return PORT_NO_RESOURCES;
	ignore_broken_pipes();
	raise_descriptor_limit();
	if (CONFIG_ANKLET_FAST)
		p->system.pipes = pipes_affordable();
	time_start();
	p->system.helper = system_open_helper();
	return 0;
}

void system_end(struct port *p)
{
	if (p->system.epoll > 0) {
		guest_closing(p, p->system.epoll);
		close(p->system.epoll);
	}
	for (unsigned i = 0; CONFIG_ANKLET_FAST && i < SYSTEM_PIPES; i++) {
		if (p->system.pipe[i].size == 0)
			continue;
		close(p->system.pipe[i].rd);
		close(p->system.pipe[i].wr);
	}
	if (p->system.helper >= 0)
		close(p->system.helper);
	p->system.helper = -1;
}

/* ---- Waiting ---- */

uint32_t system_now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint32_t)((uint64_t)t.tv_sec * 1000 + (uint64_t)(t.tv_nsec / 1000000));
}

void embed_signals(struct port *p, const sigset_t *during_wait)
{
	p->system.signals = during_wait != NULL;
	if (p->system.signals)
		p->system.during_wait = *during_wait;
}

int system_wait(struct port *p, int n, struct fdset *rd, struct fdset *wr, int32_t ms)
{
	struct timespec limit = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000l};
	int ready = pselect(n, &rd->native, &wr->native, NULL, ms < 0 ? NULL : &limit,
		p->system.signals ? &p->system.during_wait : NULL);

	return ready > 0 ? ready : 0;
}

/* ---- Sockets ---- */

int system_bind(int fd, const struct address *at)
{
	struct sockaddr_storage local;
	socklen_t len = address_to_system(at, &local);

	return bind(fd, (struct sockaddr *)&local, len);
}

int system_join(int fd, const struct address *peer)
{
	struct sockaddr_storage to;
	socklen_t len = address_to_system(peer, &to);

	return connect(fd, (struct sockaddr *)&to, len);
}

/*
 * A peer's name is what a connection has and an attempt has not (ENOTCONN), and
 * asking for it takes nothing away; only then is the error asked for, which does.
 */
int system_connect_result(int fd, int *error)
{
	struct sockaddr_storage peer;
	socklen_t len = sizeof peer, error_len = sizeof *error;

	if (getpeername(fd, (struct sockaddr *)&peer, &len) == 0)
		return 0;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, error, &error_len) != 0)
		*error = errno;
	return *error == 0 ? PORT_AGAIN : PORT_FAILED;
}

void system_refuse_waiting(int listener)
{
	(void)listener;
}

void system_reset_at_close(int fd)
{
	static const struct linger at_once = {.l_onoff = 1, .l_linger = 0};

	(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

int system_meaning(int error)
{
	return error;
}

bool system_shutdown(int fd)
{
	(void)shutdown(fd, SHUT_WR);
	return true;
}

const bool system_shows_all = true;

ssize_t system_show(struct port *p, int fd, size_t size)
{
	return recv(fd, p->scratch, size, MSG_PEEK);
}

static int no_way(int error)
{
	switch (error) {
	case ENETUNREACH:
	case EHOSTUNREACH:
	case ENETDOWN:
	case EADDRNOTAVAIL:
	case EAFNOSUPPORT:
		return PORT_UNREACHABLE;
	default:
		return PORT_FAILED;
	}
}

/* A datagram socket that is connected has been given an address, and has sent nothing. */
int port_local_for(struct port *p, const struct address *peer, struct address *at)
{
	struct address to = *peer;
	int fd, answer;

	(void)p;
	if (to.port == 0)
		to.port = DISCARD_PORT;
	fd = system_socket(ip_is_v4(&to.ip) ? AF_INET : inet6_family, SOCK_DGRAM);
	if (fd < 0)
		return no_way(errno);
	answer = system_join(fd, &to) == 0 ? address_of(fd, at) : no_way(errno);
	close(fd);
	if (answer == 0)
		at->port = 0;
	return answer;
}

/* ---- The log ---- */

static void text_time(struct text *t)
{
	static const char form[] =
		"4-2-2 2:2:2.3 "; /* how wide each part is, and what follows it */
	struct timespec now;
	struct tm tm;
	int parts[7];

	(void)clock_gettime(CLOCK_REALTIME, &now);
	if (!time_parts(now.tv_sec, &tm))
		return;
	parts[0] = tm.tm_year + 1900;
	parts[1] = tm.tm_mon + 1;
	parts[2] = tm.tm_mday;
	parts[3] = tm.tm_hour;
	parts[4] = tm.tm_min;
	parts[5] = tm.tm_sec;
	parts[6] = (int)(now.tv_nsec / 1000000);
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
		text_padded(t, (uint64_t)parts[i], (unsigned)(form[2 * i] - '0'));
		text_char(t, form[2 * i + 1]);
	}
}

/*
 * A pipe that is writable takes PIPE_BUF bytes without blocking. O_NONBLOCK
 * would do as well, but stderr is shared with whoever started the program.
 */
bool system_log(enum port_level level, const char *line, size_t len)
{
	struct pollfd err = {.fd = STDERR_FILENO, .events = POLLOUT};
	char buf[LINE_SIZE];
	struct text t;

	if (poll(&err, 1, 0) != 1 || err.revents != POLLOUT)
		return false;
	text_init(&t, buf, sizeof buf);
	text_time(&t);
	text_str(&t, log_level_word(level));
	text_bytes(&t, line, len);
	buf[t.len] = '\n'; /* in place of the NUL */
	return write(STDERR_FILENO, buf, t.len + 1) == (ssize_t)t.len + 1;
}
