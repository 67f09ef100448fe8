/*
 * TLS between two ends of ours: whom a handshake trusts, and what it agrees on.
 */
#define _XOPEN_SOURCE 700
#include "tls_pair.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tls/mbedtls.h"

#define RUN(test) cmocka_unit_test_setup_teardown(test, start_port, stop_port)

static const mbedtls_ssl_protocol_version versions[] = {
	MBEDTLS_SSL_VERSION_TLS1_2, MBEDTLS_SSL_VERSION_TLS1_3};

/* Contexts of both; the version is the best that the server speaks. */
static struct pair contexts(const struct tls_settings *client, const struct tls_settings *server,
	mbedtls_ssl_protocol_version version)
{
	struct pair pair = {.context = {load(client), load(server)}};

	mbedtls_ssl_conf_max_tls_version(&pair.context[1]->conf, version);
	return pair;
}

static const char *agreed(const struct tls *tls)
{
	static char buf[100];
	struct text t;

	text_init(&t, buf, sizeof buf);
	text_tls(&t, tls);
	return buf;
}

static bool resumed(const struct tls *tls)
{
	return strstr(agreed(tls), ", resumed") != NULL;
}

/* ---- Versions ---- */

static void the_best_common_version(void **state)
{
	static const char *const begin[] = {"TLSv1.2 TLS-ECDHE-", "TLSv1.3 TLS1-3-"};

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct pair pair = contexts(&client_settings, &server_settings, versions[i]);

		make_pair(&pair, "server.test");
		for (int end = 0; end < 2; end++) {
			const char *text = agreed(pair.tls[end]);

			assert_ptr_equal(strstr(text, begin[i]), text);
			assert_false(resumed(pair.tls[end]));
			assert_string_equal(tls_reason(pair.tls[end]), "");
		}
		assert_int_equal(tls_handshake(pair.tls[0]), 0);
		close_pair(&pair);
		unload_pair(&pair);
	}
}

static void a_version_too_old_is_refused(void **state)
{
	struct tls_settings settings = client_settings;
	struct pair pair;
	int client, server;

	(void)state;
	settings.min = TLS_1_3;
	pair = contexts(&settings, &server_settings, MBEDTLS_SSL_VERSION_TLS1_2);
	open_pair(&pair, "server.test");
	client = shake(&pair, &server);
	assert_int_equal(client, TLS_FAILED);
	assert_int_equal(server, TLS_FAILED);
	assert_string_equal(tls_reason(pair.tls[0]), "the peer sent the alert handshake failure");
	assert_string_equal(
		tls_reason(pair.tls[1]), "there are no common ciphers, or the keys differ");
	assert_int_equal(tls_handshake(pair.tls[0]), TLS_FAILED);
	close_pair(&pair);
	unload_pair(&pair);
}

/* ---- Whom a client trusts ---- */

#define NOT_TRUSTED "not issued by a trusted authority"

struct trust {
	const char *cert, *key, *name;
	int answer;
	const char *reason;
};

static const struct trust trusts[] = {
	{"server.pem", "server.key", "server.test", 0, ""},
	{"server.pem", "server.key", "SERVER.test", 0, ""},
	{"server.pem", "server.key", "server.test.", 0, ""},
	{"server.pem", "server.key", "a.wild.test", 0, ""},
	{"server.pem", "server.key", "127.0.0.1", 0, ""},
	{"server.pem", "server.key", "::1", 0, ""},
	{"server.pem", "server.key", "::1%lo", 0, ""},
	{"both.pem", "", "server.test", 0, ""},
	{"server.der", "server_key.der", "server.test", 0, ""},
	{"chain.pem", "chain.key", "server.test", 0, ""},
	{"server.pem", "server.key", "other.test", TLS_UNVERIFIED, "not for 'other.test'"},
	{"server.pem", "server.key", "a.b.wild.test", TLS_UNVERIFIED, "not for 'a.b.wild.test'"},
	{"server.pem", "server.key", "sneaky\n\"test", TLS_UNVERIFIED,
		"not for 'sneaky\\x0a\\\"test'"},
	{"server.pem", "server.key", "127.0.0.2", TLS_UNVERIFIED, "not for '127.0.0.2'"},
	{"server.pem", "server.key", "::2", TLS_UNVERIFIED, "not for '::2'"},
	{"chain.pem", "chain.key", "127.0.0.1", TLS_UNVERIFIED, "not for '127.0.0.1'"},
	{"expired.pem", "expired.key", "server.test", TLS_UNVERIFIED, "expired"},
	{"expired.pem", "expired.key", "other.test", TLS_UNVERIFIED,
		"expired, not for 'other.test'"},
	{"future.pem", "future.key", "server.test", TLS_UNVERIFIED, "not yet valid"},
	{"self.pem", "self.key", "server.test", TLS_UNVERIFIED, NOT_TRUSTED},
	{"other.pem", "other.key", "server.test", TLS_UNVERIFIED, NOT_TRUSTED},
};

static void try_trust(const struct trust *trust, mbedtls_ssl_protocol_version version)
{
	struct tls_settings settings = server_settings;
	char cert[64], key[64] = "";
	struct pair pair;
	int client, server;

	(void)snprintf(cert, sizeof cert, FILES "%s", trust->cert);
	if (trust->key[0] != '\0')
		(void)snprintf(key, sizeof key, FILES "%s", trust->key);
	settings.cert = cert;
	settings.key = key;
	pair = contexts(&client_settings, &settings, version);
	open_pair(&pair, trust->name);
	client = shake(&pair, &server);
	assert_string_equal(tls_reason(pair.tls[0]), trust->reason);
	assert_int_equal(client, trust->answer);
	/* It has been told, and by an alert, not by silence. */
	if (client != 0 && server == 0)
		server = end_soon(pair.tls[1]);
	assert_int_equal(server, client == 0 ? 0 : TLS_FAILED);
	if (server != 0)
		assert_non_null(strstr(tls_reason(pair.tls[1]), "the peer sent the alert "));
	close_pair(&pair);
	unload_pair(&pair);
}

static void certificates_are_verified(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof trusts / sizeof trusts[0]; i++)
		for (int v = 0; v < 2; v++)
			try_trust(&trusts[i], versions[v]);
}

/* ---- Chains in any order ---- */

#define CERTIFICATES 8

/* Certificates of tests/tls, one by one, and what of them stands in a file. */
static char certificates[CERTIFICATES][1500];
static unsigned certificate_count;
static char shown[] = "/tmp/test_tls_chain.XXXXXX";

static void read_certificates(const char *name)
{
	static const char end[] = "-----END CERTIFICATE-----\n";
	char text[8000];
	FILE *file = fopen(name, "r");

	assert_non_null(file);
	text[fread(text, 1, sizeof text - 1, file)] = '\0';
	(void)fclose(file);
	for (char *at = text, *to; (to = strstr(at, end)) != NULL; at = to) {
		to += sizeof end - 1;
		assert_true(
			certificate_count < CERTIFICATES && to - at < (int)sizeof certificates[0]);
		(void)snprintf(certificates[certificate_count++], sizeof certificates[0], "%.*s",
			(int)(to - at), at);
	}
}

/* A file with those that 'order' names, by their digits. */
static void show(const char *order)
{
	FILE *file = fopen(shown, "w");

	assert_non_null(file);
	for (; *order != '\0'; order++)
		(void)fputs(certificates[*order - '0'], file);
	assert_int_equal(fclose(file), 0);
}

/* 0 is its own, 1 its issuer, 2 that one's, 3 the authority, 4 to 6 have nothing to do with it. */
static const struct {
	const char *order, *ca, *name, *reason;
} orders[] = {
	{"012", FILES "deep_ca.pem", "server.test", ""},
	{"021", FILES "deep_ca.pem", "server.test", ""},
	{"0213", FILES "deep_ca.pem", "server.test", ""},
	{"0321", FILES "deep_ca.pem", "server.test", ""},
	{"0231", FILES "deep_ca.pem", "server.test", ""},
	{"0425161", FILES "deep_ca.pem", "server.test", ""},
	{"022011", FILES "deep_ca.pem", "server.test", ""},
	{"04562431", FILES "deep_ca.pem", "server.test", ""},
	{"01", FILES "deep_ca.pem", "server.test", NOT_TRUSTED},
	{"02", FILES "deep_ca.pem", "server.test", NOT_TRUSTED},
	{"0213", FILES "ca.pem", "server.test", NOT_TRUSTED},
	{"021", FILES "deep_ca.pem", "other.test", "not for 'other.test'"},
	{"021", FILES "deep_ca.pem", "127.0.0.1", "not for '127.0.0.1'"},
	{"021", FILES "ca.pem", "::", NOT_TRUSTED ", not for '::'"},
	{"021", FILES "deep_ca.pem", "::", "not for '::'"},
};

/* RFC 8446, section 4.4.2: only one's own has to come first. Both ends show the same. */
static void certificates_in_any_order(void **state)
{
	(void)state;
	certificate_count = 0;
	read_certificates(FILES "deep.pem");
	read_certificates(FILES "deep_ca.pem");
	read_certificates(FILES "other_ca.pem");
	read_certificates(FILES "chain.pem");
	assert_int_equal(mkstemp(shown) >= 0, true);
	for (size_t i = 0; i < 2 * sizeof orders / sizeof orders[0]; i++) {
		struct tls_settings client = client_settings, server = server_settings;
		struct pair pair;
		int answer[2];

		show(orders[i / 2].order);
		client.cert = server.cert = shown;
		client.key = server.key = FILES "deep.key";
		client.ca = orders[i / 2].ca;
		server.ca = orders[i / 2].ca;
		pair = contexts(&client, &server, versions[i % 2]);
		open_pair(&pair, orders[i / 2].name);
		answer[0] = shake(&pair, &answer[1]);
		assert_string_equal(tls_reason(pair.tls[0]), orders[i / 2].reason);
		assert_int_equal(answer[0], *orders[i / 2].reason != '\0' ? TLS_UNVERIFIED : 0);
		if (answer[0] == 0 && answer[1] != 0)
			fail_msg("%s: %s", orders[i / 2].order, tls_reason(pair.tls[1]));
		close_pair(&pair);
		unload_pair(&pair);
	}
	(void)unlink(shown);
}

/* Of a bundle with others in it, and text between them. */
static void a_bundle_is_trusted(void **state)
{
	struct tls_settings settings = client_settings;
	struct pair pair;

	(void)state;
	settings.ca = FILES "bundle.pem";
	pair = contexts(&settings, &server_settings, MBEDTLS_SSL_VERSION_TLS1_3);
	make_pair(&pair, "server.test");
	close_pair(&pair);
	unload_pair(&pair);
}

static void a_client_without_a_name_is_refused(void **state)
{
	struct tls_settings settings = client_settings;
	struct pair pair = {.context = {load(&settings), load(&server_settings)}};
	struct tls *tls = (struct tls *)&pair;

	(void)state;
	assert_int_equal(tls_open(&tls, pair.context[0], &port, PORT_NONE, ""), TLS_UNVERIFIED);
	assert_null(tls);
	unload_pair(&pair);
	settings.verify_none = true;
	for (int v = 0; v < 2; v++) {
		pair = contexts(&settings, &server_settings, versions[v]);
		make_pair(&pair, "");
		close_pair(&pair);
		make_pair(&pair, "other.test");
		close_pair(&pair);
		unload_pair(&pair);
	}
}

/* ---- Whom a server trusts ---- */

struct guest {
	const char *cert, *key;
	int server;
	const char *reason;
};

static void clients_are_verified(void **state)
{
	static const struct guest guests[] = {
		{FILES "client.pem", FILES "client.key", 0, ""},
		{"", "", TLS_UNVERIFIED, "none was shown"},
		{FILES "stranger.pem", FILES "stranger.key", TLS_UNVERIFIED, NOT_TRUSTED},
		{FILES "server.pem", FILES "server.key", TLS_UNVERIFIED, "not meant for this use"},
	};
	struct tls_settings settings = server_settings;

	(void)state;
	settings.ca = FILES "ca.pem";
	for (int i = 0; i < 8; i++) {
		const struct guest *guest = &guests[i / 2];
		struct tls_settings own = client_settings;
		struct pair pair;
		int client, server;

		own.cert = guest->cert;
		own.key = guest->key;
		pair = contexts(&own, &settings, versions[i % 2]);
		open_pair(&pair, "server.test");
		client = shake(&pair, &server);
		assert_string_equal(tls_reason(pair.tls[1]), guest->reason);
		assert_int_equal(server, guest->server);
		/* In TLS 1.3 the client is ready before it is judged. */
		if (server != 0 && client == 0)
			client = end_soon(pair.tls[0]);
		assert_int_equal(client, server == 0 ? 0 : TLS_FAILED);
		close_pair(&pair);
		unload_pair(&pair);
	}
}

/* A certificate that nobody asked for stays at home. */
static void an_unasked_certificate_is_no_hindrance(void **state)
{
	struct tls_settings own = client_settings;
	struct pair pair;

	(void)state;
	own.cert = FILES "stranger.pem";
	own.key = FILES "stranger.key";
	pair = contexts(&own, &server_settings, MBEDTLS_SSL_VERSION_TLS1_3);
	make_pair(&pair, "server.test");
	close_pair(&pair);
	unload_pair(&pair);
}

/* ---- Shared keys ---- */

struct sharing {
	const char *client_psk, *client_ca, *server_psk, *server_cert;
	int client;
	const char *suite; /* what TLS 1.2's begins with */
};

#define PSK FILES "psk.txt"
#define OTHER_PSK FILES "other_psk.txt"
#define CA FILES "ca.pem"
#define CERT FILES "server.pem"
#define BY_KEY "TLSv1.2 TLS-ECDHE-PSK-"

static const struct sharing sharings[] = {
	{PSK, "", PSK, "", 0, BY_KEY},
	{PSK, "", PSK, CERT, 0, BY_KEY},
	{PSK, CA, PSK, "", 0, BY_KEY},
	{PSK, CA, PSK, CERT, 0, "TLSv1.2 "},
	{PSK, CA, "", CERT, 0, "TLSv1.2 TLS-ECDHE-ECDSA-"},
	{"", CA, PSK, CERT, 0, "TLSv1.2 TLS-ECDHE-ECDSA-"},
	{PSK, "", OTHER_PSK, "", TLS_FAILED, ""},
	/* Whoever trusts in the key alone takes no certificate in its place. */
	{PSK, "", OTHER_PSK, CERT, TLS_FAILED, ""},
	{PSK, "", "", CERT, TLS_FAILED, ""},
	{"", CA, PSK, "", TLS_FAILED, ""},
};

static void try_sharing(const struct sharing *sharing, mbedtls_ssl_protocol_version version)
{
	struct tls_settings client = client_settings, server = server_settings;
	struct pair pair;
	int client_answer, server_answer;

	client.psk = sharing->client_psk;
	client.ca = sharing->client_ca;
	server.psk = sharing->server_psk;
	server.cert = sharing->server_cert;
	if (server.cert[0] == '\0')
		server.key = "";
	pair = contexts(&client, &server, version);
	open_pair(&pair, "server.test");
	client_answer = shake(&pair, &server_answer);
	if (client_answer != sharing->client)
		fail_msg("%s", tls_reason(pair.tls[0]));
	assert_int_equal(server_answer, sharing->client);
	if (client_answer == 0 && version == MBEDTLS_SSL_VERSION_TLS1_2)
		assert_ptr_equal(strstr(agreed(pair.tls[0]), sharing->suite), agreed(pair.tls[0]));
	if (client_answer == 0)
		assert_false(resumed(pair.tls[0]) || resumed(pair.tls[1]));
	close_pair(&pair);
	unload_pair(&pair);
}

static void keys_are_shared(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof sharings / sizeof sharings[0]; i++)
		for (int v = 0; v < 2; v++)
			try_sharing(&sharings[i], versions[v]);
}

/* ---- ALPN ---- */

static void try_alpn(const char *client_list, const char *server_list, const char *chosen)
{
	struct tls_settings client = client_settings, server = server_settings;
	const char *got;

	client.alpn = client_list;
	server.alpn = server_list;
	for (int v = 0; v < 2; v++) {
		struct pair pair = contexts(&client, &server, versions[v]);

		make_pair(&pair, "server.test");
		got = mbedtls_ssl_get_alpn_protocol(&pair.tls[0]->ssl);
		assert_string_equal(got != NULL ? got : "", chosen);
		close_pair(&pair);
		unload_pair(&pair);
	}
}

static void protocols_are_agreed_on(void **state)
{
	(void)state;
	try_alpn("socks4,other", "socks4", "socks4");
	try_alpn("a,b", "b,a", "b");
	try_alpn("a,b", "", "");
	try_alpn("", "a", "");
}

static void no_common_protocol_is_a_failure(void **state)
{
	struct tls_settings client = client_settings, server = server_settings;

	(void)state;
	client.alpn = "one";
	server.alpn = "another,third";
	for (int v = 0; v < 2; v++) {
		struct pair pair = contexts(&client, &server, versions[v]);
		int server_answer;

		open_pair(&pair, "server.test");
		assert_int_equal(shake(&pair, &server_answer), TLS_FAILED);
		assert_int_equal(server_answer, TLS_FAILED);
		assert_string_equal(tls_reason(pair.tls[1]), "there is no common ALPN protocol");
		assert_string_equal(
			tls_reason(pair.tls[0]), "the peer sent the alert no common ALPN protocol");
		close_pair(&pair);
		unload_pair(&pair);
	}
}

/* ---- Resumption ---- */

/* A session with one byte from the server, so that the client has read the tickets before it. */
static bool talk(struct pair *pair, const char *name)
{
	bool was_resumed;

	make_pair(pair, name);
	was_resumed = resumed(pair->tls[0]);
	assert_int_equal(resumed(pair->tls[1]), was_resumed);
	assert_int_equal(tls_send(pair->tls[1], "x", 1), 1);
	assert_int_equal(end_soon(pair->tls[0]), 1);
	close_pair(pair);
	return was_resumed;
}

static void sessions_are_resumed(void **state)
{
	(void)state;
	for (int v = 0; v < 2; v++) {
		struct pair pair = contexts(&client_settings, &server_settings, versions[v]);
		struct tls_context *old;

		assert_false(talk(&pair, "server.test"));
		assert_true(talk(&pair, "server.test"));
		assert_true(talk(&pair, "server.test"));
		assert_false(talk(&pair, "127.0.0.1")); /* another name, another session */
		assert_true(talk(&pair, "127.0.0.1"));
		assert_false(talk(&pair, "server.test"));
		/* The server was started anew, and cannot read the ticket. */
		old = pair.context[1];
		pair.context[1] = load(&server_settings);
		mbedtls_ssl_conf_max_tls_version(&pair.context[1]->conf, versions[v]);
		assert_false(talk(&pair, "server.test"));
		assert_true(talk(&pair, "server.test"));
		tls_unload(&old);
		unload_pair(&pair);
	}
}

/* A session by a shared key, and one with a client's certificate, resume too. */
static void other_sessions_are_resumed(void **state)
{
	struct tls_settings client = client_settings, server = server_settings;
	struct pair pair;

	(void)state;
	client.cert = FILES "client.pem";
	client.key = FILES "client.key";
	server.ca = CA;
	for (int v = 0; v < 2; v++) {
		pair = contexts(&client, &server, versions[v]);
		assert_false(talk(&pair, "server.test"));
		assert_true(talk(&pair, "server.test"));
		unload_pair(&pair);
	}
	client = client_settings;
	client.verify_none = true;
	pair = contexts(&client, &server_settings, MBEDTLS_SSL_VERSION_TLS1_3);
	assert_false(talk(&pair, "server.test"));
	assert_true(talk(&pair, "server.test"));
	assert_false(talk(&pair, ""));
	assert_false(talk(&pair, ""));
	unload_pair(&pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RUN(the_best_common_version),
		RUN(a_version_too_old_is_refused),
		RUN(certificates_are_verified),
		RUN(certificates_in_any_order),
		RUN(a_bundle_is_trusted),
		RUN(a_client_without_a_name_is_refused),
		RUN(clients_are_verified),
		RUN(an_unasked_certificate_is_no_hindrance),
		RUN(keys_are_shared),
		RUN(protocols_are_agreed_on),
		RUN(no_common_protocol_is_a_failure),
		RUN(sessions_are_resumed),
		RUN(other_sessions_are_resumed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
