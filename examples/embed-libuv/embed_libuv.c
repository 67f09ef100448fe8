/*
 * anklet in libuv's loop, beside a descriptor of the program's own.
 *
 *	embed-libuv LINE...      as in: embed-libuv 'listen 127.0.0.1:1080' 'allow to *:80,443'
 *
 * Each LINE is one of the proxy's configuration. Whenever a line is typed it says who is served; when stdin ends it
 * lets the proxy's clients come to their end, and ends too. README.md says how it is built.
 */
#define _POSIX_C_SOURCE 200809L
#include <anklet_loop.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

static struct anklet *proxy;
static uv_poll_t *polls; /* of the proxy's descriptors, each at its number */
static bool stopping;

/* cppcheck-suppress constParameter ; as uv_poll_cb has it */
static void on_ready(uv_poll_t *poll, int status, int events)
{
	anklet_loop_ready(proxy, (int)(poll - polls),
		status < 0 ? ANKLET_READABLE | ANKLET_WRITABLE : (unsigned)events);
}

static void watch(void *loop, int fd, unsigned events)
{
	uv_poll_t *poll = &polls[fd];

	if (poll->loop == NULL && uv_poll_init(loop, poll, fd) != 0)
		abort();
	if (events == 0)
		uv_poll_stop(poll);
	else
		uv_poll_start(poll, (int)events, on_ready);
}

static void print_log(void *loop, int level, const char *line, size_t len)
{
	printf("%llu level %d: %.*s\n", (unsigned long long)uv_now(loop), level, (int)len, line);
}

static void complain(void *unused, const char *text, size_t len)
{
	(void)unused;
	fprintf(stderr, "%.*s", (int)len, text);
}

static void on_timer(uv_timer_t *timer)
{
	(void)timer; /* the wait is over, and on_after() follows */
}

static void on_before(uv_prepare_t *before)
{
	int32_t ms = anklet_loop_prepare(proxy);
	struct anklet_session session;

	uv_timer_stop(before->data);
	if (ms >= 0)
		uv_timer_start(before->data, on_timer, (uint64_t)ms, 0);
	if (stopping && !anklet_session(proxy, 0, &session))
		uv_stop(before->loop);
}

static void on_after(uv_check_t *after)
{
	(void)after;
	anklet_loop_dispatch(proxy);
}

static void on_input(uv_poll_t *input, int status, int events)
{
	struct anklet_session s;
	char text[512];

	for (uint32_t n = 0; anklet_session(proxy, n, &s); n = s.number)
		printf("session %u: %s %s, %s\n", (unsigned)s.number, s.command, s.to, s.state);
	if (status == 0 && events != 0 && read(STDIN_FILENO, text, sizeof text) > 0) {
		puts("these are all");
		return;
	}
	uv_poll_stop(input);
	anklet_stop(proxy);
	stopping = true;
	puts("stopping");
}

static bool start(char *const *line, int lines, const struct anklet_loop *calls)
{
	struct anklet_failure failure;
	size_t size = anklet_loop_size();
	unsigned errors = 0;

	proxy = anklet_loop_init(calloc(1, size), size, calls);
	polls = calloc((size_t)anklet_loop_descriptors(), sizeof *polls);
	if (proxy == NULL || polls == NULL)
		return false;
	for (int i = 0; i < lines; i++)
		errors += anklet_configure(proxy, "LINE", line[i], strlen(line[i]), complain, NULL);
	if (errors > 0)
		return false;
	if (anklet_start(proxy, &failure) == 0)
		return true;
	fprintf(stderr, "%s: %s %s\n", failure.at, anklet_strerror(failure.why), failure.words);
	return false;
}

int main(int argc, char **argv)
{
	uv_loop_t *loop = uv_default_loop();
	uv_prepare_t before;
	uv_check_t after;
	uv_timer_t timer;
	uv_poll_t input;
	char at[128];

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (!start(argv + 1, argc - 1, &(struct anklet_loop){watch, print_log, loop}))
		return 1;
	for (unsigned i = 0; anklet_listening(proxy, i, at, sizeof at); i++)
		printf("listening on %s\n", at);
	uv_timer_init(loop, &timer);
	uv_prepare_init(loop, &before);
	uv_check_init(loop, &after);
	uv_poll_init(loop, &input, STDIN_FILENO);
	before.data = &timer;
	uv_prepare_start(&before, on_before);
	uv_check_start(&after, on_after);
	uv_poll_start(&input, UV_READABLE, on_input);
	uv_run(loop, UV_RUN_DEFAULT);
	anklet_fini(proxy);
	return 0;
}
