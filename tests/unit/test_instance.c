/*
 * An instance as its program sees it: started once, configured before, and without a cost for what nobody uses.
 */
#define _DEFAULT_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "anklet.h"
#include "base/text.h"
#include "port.h"
#include "room.h"

#define PAGES 16384 /* at most, of an instance */

static const char listens[] = "listen tcp://127.0.0.1:0\n";

static struct port port;
static struct anklet_failure failure;
static char said[512];
static void *memory;

static void keep(void *ctx, const char *text, size_t len)
{
	(void)ctx;
	assert_true(len < sizeof said);
	memcpy(said, text, len);
	said[len] = '\0';
}

static size_t page_count(void)
{
	return ANKLET_MEMORY / (size_t)sysconf(_SC_PAGESIZE) + 1;
}

static struct anklet *start(void)
{
	struct anklet *a;

	memory = mmap(
		NULL, ANKLET_MEMORY, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_true(memory != MAP_FAILED);
	a = anklet_init(memory, ANKLET_MEMORY, &port);
	assert_non_null(a);
	assert_int_equal(anklet_configure(a, "test", listens, sizeof listens - 1, keep, NULL), 0);
	assert_int_equal(anklet_start(a, &failure), 0);
	return a;
}

static void end(struct anklet *a)
{
	anklet_fini(a);
	munmap(memory, ANKLET_MEMORY);
}

static void is_started_once(void **state)
{
	struct anklet *a = start();
	char at[64];

	(void)state;
	assert_true(anklet_start(a, &failure) < 0);
	assert_string_equal(failure.words, "it has been started already");
	assert_true(anklet_check(a, &failure) < 0);
	assert_true(anklet_listening(a, 0, at, sizeof at));
	assert_false(anklet_listening(a, 1, at, sizeof at));
	end(a);
}

static void is_configured_before_it_starts(void **state)
{
	struct anklet *a = start();

	(void)state;
	assert_int_equal(anklet_configure(a, "more.conf", "deny\n", 5, keep, NULL), 1);
	assert_string_equal(said, "the proxy has been started: it is configured before\n");
	assert_int_equal(anklet_rules(a), 0);
	end(a);
}

/* Of pages that were not written to the system has none in memory. */
static void what_nobody_uses_is_not_written_to(void **state)
{
	static unsigned char resident[PAGES];
	size_t pages = page_count(), written = 0;
	struct anklet *a;

	(void)state;
	needs(CONFIG_ANKLET_SESSIONS >= 256);
	a = start();
	assert_true(pages <= PAGES);
	assert_int_equal(mincore(memory, ANKLET_MEMORY, resident), 0);
	for (size_t i = 0; i < pages; i++)
		written += resident[i] & 1;
	assert_true(written > 0);
	/* The sessions, which are most of it, are nobody's yet. */
	assert_true((pages - written) * (size_t)sysconf(_SC_PAGESIZE) >=
		    (size_t)CONFIG_ANKLET_SESSIONS * CONFIG_ANKLET_NAME_MAX);
	end(a);
}

static void too_little_memory_is_refused(void **state)
{
	static max_align_t little[4];

	(void)state;
	assert_null(anklet_init(little, sizeof little, &port));
}

static void every_error_has_a_sentence(void **state)
{
	(void)state;
	for (int why = ANKLET_UNUSABLE; why <= ANKLET_UNREACHABLE; why++) {
		const char *sentence = anklet_strerror(why);
		size_t len = strlen(sentence);

		if (why == PORT_TIMEOUT) /* of a connection: none of anklet.h's */
			continue;
		if (len > 0) /* what is not built in has none */
			assert_int_equal(sentence[len - 1], '.');
		for (int other = ANKLET_UNUSABLE; other < why && len > 0; other++)
			if (ANKLET_HAS_TLS || other != ANKLET_UNUSABLE)
				assert_string_not_equal(sentence, anklet_strerror(other));
	}
	assert_string_equal(anklet_strerror(ANKLET_UNUSABLE - 9), anklet_strerror(ANKLET_UNUSABLE));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(is_started_once),
		cmocka_unit_test(every_error_has_a_sentence),
		cmocka_unit_test(is_configured_before_it_starts),
		cmocka_unit_test(what_nobody_uses_is_not_written_to),
		cmocka_unit_test(too_little_memory_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
