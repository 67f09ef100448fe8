/*
 * A test that cannot run here says why: tests/run names it with the reason.
 */
#ifndef ANKLET_TEST_SKIP_H
#define ANKLET_TEST_SKIP_H

#define skip_because(why)                           \
	do {                                        \
		print_message("because %s\n", why); \
		skip();                             \
	} while (0)

#endif
