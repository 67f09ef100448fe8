/*
 * anklet inside somebody else's loop, which has a descriptor and a timer of its own.
 *
 *	embed LINE...      as in: embed 'listen 127.0.0.1:1080' 'allow to *:80,443'
 *
 * Each LINE is one of the proxy's configuration. The program's own business is to say how the
 * proxy is doing, whenever a line is typed and every second. When stdin ends it lets the
 * proxy's clients come to their end, and ends too. README.md explains the calls.
 */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "anklet.h"
#include "embed.h"

static struct port port;
static max_align_t memory[ANKLET_MEMORY / sizeof(max_align_t) + 1];

static void complain(void *unused, const char *text, size_t len)
{
	(void)unused;
	fwrite(text, 1, len, stderr);
}

static bool start(struct anklet *a, char *const *line, int lines)
{
	struct anklet_failure failure;
	unsigned errors = 0;

	for (int i = 0; i < lines; i++)
		errors += anklet_configure(a, "LINE", line[i], strlen(line[i]), complain, NULL);
	if (errors > 0)
		return false;
	if (anklet_start(a, &failure) == 0)
		return true;
	fprintf(stderr, "cannot start: %s: %s %s\n", failure.at, anklet_strerror(failure.why),
		failure.words);
	return false;
}

/* One wait for both, of at most ms, and the proxy's tick. Is stdin readable? */
static bool tick(struct anklet *a, int32_t ms)
{
	int32_t next = anklet_next(a);
	int ready, n = STDIN_FILENO + 1;
	struct timespec limit;
	struct fdset rd, wr;

	fdset_clear(&rd);
	fdset_clear(&wr);
	fdset_add(&rd, STDIN_FILENO);
	ms = next >= 0 && next < ms ? next : ms;
	embed_fill(&port, &rd, &wr, &n, &ms);
	limit = (struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000l};
	ready = pselect(n, &rd.native, &wr.native, NULL, &limit, NULL);
	embed_take(&port, &rd, &wr, ready > 0 ? n : 0);
	anklet_tick(a);
	return ready > 0 && fdset_has(&rd, STDIN_FILENO);
}

static uint32_t tell(const struct anklet *a, const char *why)
{
	struct anklet_status s;

	anklet_status(a, &s);
	dprintf(STDOUT_FILENO, "%s: %u sessions, %llu granted\n", why, (unsigned)s.sessions,
		(unsigned long long)s.granted);
	return s.sessions;
}

int main(int argc, char **argv)
{
	struct anklet *a = anklet_init(memory, sizeof memory, &port);
	char text[512];
	uint32_t due;

	if (!start(a, argv + 1, argc - 1))
		return 1;
	for (unsigned i = 0; anklet_listening(a, i, text, sizeof text); i++)
		dprintf(STDOUT_FILENO, "listening on %s\n", text);
	for (due = port_now(&port);;) {
		int32_t left = (int32_t)(due - port_now(&port));

		if (left <= 0) {
			tell(a, "timer");
			due += 1000;
		} else if (tick(a, left)) {
			if (read(STDIN_FILENO, text, sizeof text) <= 0)
				break;
			tell(a, "asked");
		}
	}
	for (anklet_stop(a); tell(a, "stopping") > 0;)
		anklet_poll(a, -1);
	anklet_fini(a);
	return 0;
}
