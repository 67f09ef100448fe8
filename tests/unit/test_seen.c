/*
 * seen: each reason for a refusal is of the class that people would look for it in, wherever it stands in the list.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "session/reason.h"
#include "session/seen.h"
#include "../skip.h"

#if CONFIG_ANKLET_STATUS
static void classes(void **state)
{
	static const struct {
		int reason, class;
	} rows[] = {
		{REASON_EOF_IN_REQUEST, SEEN_MALFORMED},
		{REASON_LEFT, SEEN_CLIENT},
		{REASON_HANDSHAKE_LIMIT, SEEN_LIMIT},
		{REASON_NOT_SOCKS, SEEN_MALFORMED},
		{REASON_IS_HTTP, SEEN_MALFORMED},
		{REASON_BAD_COMMAND, SEEN_MALFORMED},
		{REASON_LONG_USERID, SEEN_MALFORMED},
		{REASON_PORT_ZERO, SEEN_MALFORMED},
		{REASON_RULE, SEEN_DENIED},
		{REASON_NO_RULE, SEEN_DENIED},
		{REASON_DEFAULT, SEEN_DENIED},
		{REASON_ADDRESS, SEEN_DENIED},
		{REASON_LOOP, SEEN_DENIED},
		{REASON_CLIENT_TLS, SEEN_TLS},
		{REASON_CLIENT_UNVERIFIED, SEEN_TLS},
		{REASON_CLIENT_TLS_FULL, SEEN_RESOURCES},
		{REASON_TLS_FULL, SEEN_RESOURCES},
		{REASON_NO_IDENTD, SEEN_IDENT},
		{REASON_OTHER_USERID, SEEN_IDENT},
		{REASON_NO_NAME, SEEN_NAME},
		{REASON_NAMES_ABSENT, SEEN_NAME},
		{REASON_CONNECT_REFUSED, SEEN_CONNECTING},
		{REASON_UNREACHABLE, SEEN_CONNECTING},
		{REASON_TIMEOUT, SEEN_CONNECTING},
		{REASON_RESET, SEEN_CONNECTING},
		{REASON_ADDRESS_LOST, SEEN_CONNECTING},
		{REASON_NO_RESOURCES, SEEN_RESOURCES},
		{REASON_NO_RANDOM, SEEN_RESOURCES},
		{REASON_SYSTEM, SEEN_CONNECTING},
		{REASON_TLS_UNVERIFIED, SEEN_TLS},
		{REASON_TLS_FAILED, SEEN_TLS},
		{REASON_STARTTLS_SERVER, SEEN_STARTTLS},
		{REASON_STARTTLS_INJECTION, SEEN_STARTTLS},
		{REASON_HOP_LOOP, SEEN_HOP},
		{REASON_HOP_REFUSED, SEEN_HOP},
		{REASON_HOP_IPV6, SEEN_HOP},
		{REASON_NO_IPV4, SEEN_BINDING},
		{REASON_NEEDS_CONNECT, SEEN_BINDING},
		{REASON_WRONG_PEER, SEEN_BINDING},
		{REASON_ESTABLISH_LIMIT, SEEN_LIMIT},
		{REASON_CLIENT_LEFT, SEEN_CLIENT},
		{REASON_CLIENT_RESET, SEEN_CLIENT},
		{REASON_EVICTED, SEEN_CLIENT},
#if CONFIG_ANKLET_PASSWORDS
		{REASON_WRONG_PASSWORD, SEEN_DENIED},
		{REASON_GUESSING, SEEN_DENIED},
		{REASON_USER_LIMIT, SEEN_LIMIT},
#endif
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (seen_class_of((unsigned)rows[i].reason) != (enum seen_class)rows[i].class)
			fail_msg("reason %d is of class %d", rows[i].reason,
				(int)seen_class_of((unsigned)rows[i].reason));
}
#else
static void classes(void **state)
{
	(void)state;
	skip_because("needs CONFIG_ANKLET_STATUS");
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(classes)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
