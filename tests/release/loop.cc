/*
 * A program in C++ with the library that is installed: a loop of poll(2) that takes the contract by its word.
 *
 *	loop LINE...       each a line of the configuration
 *
 * It prints what it does, and ends by itself when stdin has ended and no session is left. That a descriptor it was told
 * to wait for is closed, or that it is told of one that it does not wait for, ends it at once with 2.
 */
#include <anklet_loop.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <poll.h>
#include <unistd.h>
#include <vector>

static std::map<int, unsigned> watched;

static void fail(const char *what, int fd)
{
	std::printf("FAILED: %s: %d\n", what, fd);
	std::exit(2);
}

static void watch(void *ctx, int fd, unsigned events)
{
	if (ctx != &watched || fd < 0 || fd >= anklet_loop_descriptors() || events > 3)
		fail("told of what there is not", fd);
	if (watched[fd] == events)
		fail("told what it knows", fd);
	watched[fd] = events;
}

static void print_log(void *, int level, const char *line, size_t len)
{
	std::printf("log %d %.*s\n", level, int(len), line);
}

static void complain(void *, const char *text, size_t len)
{
	std::printf("%.*s", int(len), text);
}

static unsigned events_of(short revents)
{
	unsigned events = 0;

	if (revents & POLLIN)
		events |= ANKLET_READABLE;
	if (revents & POLLOUT)
		events |= ANKLET_WRITABLE;
	return events;
}

/* The wait of a loop; false: stdin has ended. */
static bool wait(anklet *a, bool with_input, int ms)
{
	std::vector<pollfd> polled;
	char text[64];

	if (with_input)
		polled.push_back({STDIN_FILENO, POLLIN, 0});
	for (const auto &one : watched)
		if (one.second != 0)
			polled.push_back({one.first,
				short(((one.second & ANKLET_READABLE) != 0 ? POLLIN : 0) |
					((one.second & ANKLET_WRITABLE) != 0 ? POLLOUT : 0)),
				0});
	poll(polled.data(), polled.size(), ms);
	for (const pollfd &one : polled) {
		if (one.revents & POLLNVAL)
			fail("closed while it is waited for", one.fd);
		if (one.fd == STDIN_FILENO)
			continue;
		if (one.revents & (POLLERR | POLLHUP))
			anklet_loop_ready(a, one.fd, ANKLET_READABLE | ANKLET_WRITABLE);
		else if (one.revents != 0)
			anklet_loop_ready(a, one.fd, events_of(one.revents));
	}
	return !with_input || polled[0].revents == 0 || read(STDIN_FILENO, text, sizeof text) > 0;
}

int main(int argc, char **argv)
{
	const anklet_loop calls = {watch, print_log, &watched};
	const size_t size = anklet_loop_size();
	void *memory = std::calloc(1, size);
	anklet *a = anklet_loop_init(memory, size, &calls);
	anklet_failure failure;
	struct anklet_session session;
	unsigned errors = 0;
	char at[72];

	std::setvbuf(stdout, nullptr, _IOLBF, 0);
	if (anklet_loop_init(memory, size - 1, &calls) != nullptr)
		fail("too little memory is enough", 0);
	for (int i = 1; i < argc; i++)
		errors += anklet_configure(
			a, "LINE", argv[i], std::strlen(argv[i]), complain, nullptr);
	if (errors > 0)
		return 1;
	if (anklet_start(a, &failure) != 0) {
		std::printf("cannot start: %s %s\n", failure.at, anklet_strerror(failure.why));
		return 1;
	}
	for (unsigned i = 0; anklet_listening(a, i, at, sizeof at); i++)
		std::printf("listening on %s\n", at);
	for (bool open = true; open || anklet_session(a, 0, &session);) {
		const int ms = anklet_loop_prepare(a);

		if (open && !wait(a, true, ms))
			anklet_stop(a), open = false;
		else if (!open)
			wait(a, false, ms);
		anklet_loop_dispatch(a);
	}
	anklet_fini(a);
	for (const auto &one : watched)
		if (one.second != 0)
			fail("still waited for at the end", one.first);
	std::free(memory);
	std::printf("it is over\n");
	return 0;
}
