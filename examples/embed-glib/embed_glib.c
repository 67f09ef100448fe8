/*
 * anklet in glib's loop, beside a descriptor of the program's own.
 *
 *	embed-glib LINE...      as in: embed-glib 'listen 127.0.0.1:1080' 'allow to *:80,443'
 *
 * Each LINE is one of the proxy's configuration. Whenever a line is typed it says who is served; when stdin ends it
 * lets the proxy's clients come to their end, and ends too. ../embed-libuv/README.md says how it is built.
 */
#include <anklet_loop.h>
#include <glib-unix.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct anklet *proxy;
static GMainLoop *loop;
static GSource *source; /* the proxy, with all of its descriptors */
static gpointer *tags;  /* of these, each at its number; NULL: it is not waited for */
static int end;         /* their numbers are below it */
static gint64 due;      /* when the proxy has something to do, though no descriptor be ready */
static bool stopping;

static GIOCondition condition(unsigned events)
{
	return (events & ANKLET_READABLE ? G_IO_IN : 0) | (events & ANKLET_WRITABLE ? G_IO_OUT : 0);
}

static void watch(void *unused, int fd, unsigned events)
{
	(void)unused;
	if (fd >= end)
		end = fd + 1;
	if (tags[fd] == NULL) {
		tags[fd] = g_source_add_unix_fd(source, fd, condition(events));
	} else if (events != 0) {
		g_source_modify_unix_fd(source, tags[fd], condition(events));
	} else {
		g_source_remove_unix_fd(source, tags[fd]);
		tags[fd] = NULL;
	}
}

static gboolean before(GSource *self, gint *ms)
{
	struct anklet_session session;

	*ms = anklet_loop_prepare(proxy);
	due = *ms < 0 ? G_MAXINT64 : g_source_get_time(self) + (gint64)*ms * 1000;
	if (stopping && !anklet_session(proxy, 0, &session))
		g_main_loop_quit(loop);
	return *ms == 0;
}

/*
 * Only when there is something to do: what is ready keeps sources of lower priority, idle ones first, from their turn,
 * and glib does not sleep after a dispatch of descriptors.
 */
static gboolean after(GSource *self)
{
	bool ready = g_source_get_time(self) >= due;

	for (int fd = 0; fd < end; fd++) {
		unsigned is = tags[fd] != NULL ? g_source_query_unix_fd(self, tags[fd]) : 0;
		unsigned failed = is & (G_IO_ERR | G_IO_HUP | G_IO_NVAL);

		if (is == 0)
			continue;
		anklet_loop_ready(proxy, fd,
			(is & G_IO_IN || failed ? ANKLET_READABLE : 0u) |
				(is & G_IO_OUT || failed ? ANKLET_WRITABLE : 0u));
		ready = true;
	}
	return ready;
}

/* cppcheck-suppress constParameter ; as GSourceFuncs has it */
static gboolean tick(GSource *self, GSourceFunc unused, gpointer data)
{
	(void)self;
	(void)unused;
	(void)data;
	anklet_loop_dispatch(proxy);
	return G_SOURCE_CONTINUE;
}

static void print_log(void *unused, int level, const char *line, size_t len)
{
	(void)unused;
	printf("%lld level %d: %.*s\n", (long long)(g_get_monotonic_time() / 1000), level, (int)len,
		line);
}

static void complain(void *unused, const char *text, size_t len)
{
	(void)unused;
	fprintf(stderr, "%.*s", (int)len, text);
}

static gboolean on_input(gint fd, GIOCondition is, gpointer unused)
{
	struct anklet_session s;
	char text[512];

	(void)is;
	(void)unused;
	for (uint32_t n = 0; anklet_session(proxy, n, &s); n = s.number)
		printf("session %u: %s %s, %s\n", (unsigned)s.number, s.command, s.to, s.state);
	if (read(fd, text, sizeof text) > 0) {
		puts("these are all");
		return G_SOURCE_CONTINUE;
	}
	anklet_stop(proxy);
	stopping = true;
	puts("stopping");
	return G_SOURCE_REMOVE;
}

static bool start(char *const *line, int lines, const struct anklet_loop *calls)
{
	struct anklet_failure failure;
	size_t size = anklet_loop_size();
	unsigned errors = 0;

	proxy = anklet_loop_init(calloc(1, size), size, calls);
	tags = calloc((size_t)anklet_loop_descriptors(), sizeof *tags);
	if (proxy == NULL || tags == NULL)
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
	static GSourceFuncs calls = {.prepare = before, .check = after, .dispatch = tick};
	char at[128];

	setvbuf(stdout, NULL, _IOLBF, 0);
	source = g_source_new(&calls, sizeof *source);
	if (!start(argv + 1, argc - 1, &(struct anklet_loop){watch, print_log, NULL}))
		return 1;
	for (unsigned i = 0; anklet_listening(proxy, i, at, sizeof at); i++)
		printf("listening on %s\n", at);
	loop = g_main_loop_new(NULL, FALSE);
	g_source_attach(source, NULL);
	g_unix_fd_add(STDIN_FILENO, G_IO_IN | G_IO_HUP, on_input, NULL);
	g_main_loop_run(loop);
	anklet_fini(proxy);
	g_source_destroy(source);
	g_source_unref(source);
	g_main_loop_unref(loop);
	return 0;
}
