/*
 * The contract: sockets with a path.
 */
#include "contract.h"

#include <stdio.h>

#if CONFIG_ANKLET_CONTROL

static const char *path_with(enum harness_there there)
{
	const char *path = harness_path(there);

	assert_non_null(path);
	return path;
}

static void a_client_comes_there(void **state)
{
	struct port *p = *state;
	const char *path = path_with(THERE_NOTHING);
	port_sock listener, s;
	struct address from;
	const uint8_t *data;
	int answer;

	assert_int_equal(port_check_path(p, path), 0);
	assert_true(harness_path_is(path, THERE_NOTHING));
	assert_int_equal(port_listen_path(p, path, 4, &listener), 0);
	assert_true(harness_path_is(path, THERE_SOCKET));
	assert_int_equal(port_accept(p, listener, &s, &from), PORT_AGAIN);
	assert_true(harness_visit(path, 'x'));
	assert_true(named_within(p, listener, SOON_MS));
	answer = port_accept(p, listener, &s, &from);
	assert_int_equal(answer, 0);
	assert_true(port_peer_is_own(p, s));
	assert_int_equal(peek_soon(p, s, &data), 1);
	assert_int_equal(*data, 'x');
	port_close(p, &s);
	port_close(p, &listener);
	assert_true(harness_path_is(path, THERE_SOCKET));
	port_forget_path(p, path);
	assert_true(harness_path_is(path, THERE_NOTHING));
}

/* One to whom somebody listens stays as it is, and is no reason to think that it cannot be had later. */
static void one_that_listens_is_not_replaced(void **state)
{
	struct port *p = *state;
	const char *path = path_with(THERE_NOTHING);
	port_sock listener, other;

	assert_int_equal(port_listen_path(p, path, 4, &listener), 0);
	assert_int_equal(port_listen_path(p, path, 4, &other), PORT_IN_USE);
	assert_int_equal(other, PORT_NONE);
	assert_int_equal(port_check_path(p, path), 0);
	assert_true(harness_visit(path, 'x'));
	port_close(p, &listener);
}

static void a_leftover_is_replaced(void **state)
{
	struct port *p = *state;
	const char *path = path_with(THERE_SOCKET);
	port_sock listener;

	assert_int_equal(port_check_path(p, path), 0);
	assert_int_equal(port_listen_path(p, path, 4, &listener), 0);
	assert_true(harness_visit(path, 'x'));
	port_close(p, &listener);
}

static void a_file_stays(void **state)
{
	struct port *p = *state;
	const char *path = path_with(THERE_FILE);
	port_sock listener;

	assert_int_equal(port_check_path(p, path), PORT_IN_USE);
	assert_int_equal(port_listen_path(p, path, 4, &listener), PORT_IN_USE);
	port_forget_path(p, path);
	assert_true(harness_path_is(path, THERE_FILE));
}

/* The path in a directory that is not there, in one that is a file, none at all, and one that is too long. */
static void where_there_can_be_none(void **state)
{
	struct port *p = *state;
	const char *file = path_with(THERE_FILE);
	char none[64], below[64], longer[200];
	const struct {
		const char *path;
		int answer;
	} rows[] = {{none, PORT_NO_NAME}, {below, PORT_NO_NAME}, {"", PORT_NOT_LOCAL},
		{longer, PORT_NOT_LOCAL}};
	port_sock listener;

	(void)snprintf(none, sizeof none, "%s.none/socket", file);
	(void)snprintf(below, sizeof below, "%s/socket", file);
	memset(longer, 'x', sizeof longer);
	longer[sizeof longer - 1] = '\0';
	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_int_equal(port_check_path(p, rows[i].path), rows[i].answer);
		assert_int_equal(port_listen_path(p, rows[i].path, 4, &listener), rows[i].answer);
		assert_int_equal(listener, PORT_NONE);
	}
}

const struct CMUnitTest paths_tests[] = {
	CONTRACT(a_client_comes_there),
	CONTRACT(one_that_listens_is_not_replaced),
	CONTRACT(a_leftover_is_replaced),
	CONTRACT(a_file_stays),
	CONTRACT(where_there_can_be_none),
};
const size_t paths_tests_count = COUNT(paths_tests);

#endif
