/*
 * TLS between two ends of ours.
 */
#include "tls_pair.h"

static void simple(void **state)
{
	struct pair pair = {.context = {load(&client_settings), load(&server_settings)}};
	const uint8_t *data;
	char buf[100];
	struct text t;
	int n;

	(void)state;
	for (int i = 0; i < 3; i++) {
	make_pair(&pair, "server.test");
	text_init(&t, buf, sizeof buf);
	text_tls(&t, pair.tls[0]);
	print_message("%s\n", buf);
	assert_int_equal(tls_send(pair.tls[0], "hello", 5), 5);
	while ((n = tls_peek(pair.tls[1], &data)) == PORT_AGAIN)
		pause_for(n, n);
	assert_int_equal(n, 5);
	tls_consume(pair.tls[1], 5);
	while ((n = tls_peek(pair.tls[0], &data)) == TLS_TURN)
		;
	assert_int_equal(n, PORT_AGAIN);
	close_pair(&pair);
	}
	unload_pair(&pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(simple, start_port, stop_port),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
