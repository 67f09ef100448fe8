/*
 * A world with TLS, and its end. See secure.h.
 */
#include "secure.h"

#include <assert.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "../skip.h"

#define FILES "tests/tls/"
#define FILE_SIZE 4096
#define CONTEXTS 8

static const char *const names[] = {"ca.pem", "server.pem", "server.key", "expired.pem",
	"expired.key", "self.pem", "self.key", "other.pem", "other.key", "chain.pem", "chain.key",
	"client.pem", "client.key", "stranger.pem", "stranger.key", "spoilt.pem"};

#define NAMES (sizeof names / sizeof names[0])

static struct {
	uint8_t bytes[FILE_SIZE];
	size_t len;
} files[NAMES];

static struct tls_context *contexts[CONTEXTS];
static unsigned context_count;
static struct stream taken[SECURE_PLACES];
static unsigned taken_count;

/* ---- Files ---- */

static void read_files(void)
{
	for (size_t i = 0; i < NAMES && files[i].len == 0; i++) {
		char path[64];
		FILE *file;

		(void)snprintf(path, sizeof path, FILES "%s", names[i]);
		file = fopen(path, "rb");
		assert_non_null(file);
		files[i].len = fread(files[i].bytes, 1, FILE_SIZE, file);
		assert_true(files[i].len > 0 && files[i].len < FILE_SIZE);
		(void)fclose(file);
	}
}

/* ---- Contexts ---- */

struct tls_context *secure_context(
	struct run *run, const struct tls_settings *settings, enum tls_version version)
{
	char words[200];
	struct text why;
	int r;

	assert(context_count < CONTEXTS);
	text_init(&why, words, sizeof words);
	contexts[context_count] = NULL;
	r = tls_load(&contexts[context_count], &run->peer[HOST_CLIENT], settings, &why);
	if (r != 0)
		fail_msg("%.*s", (int)why.len, words);
	if (version == TLS_1_2)
		library_only_1_2(contexts[context_count]);
	return contexts[context_count++];
}

static enum tls_version either(struct run *run)
{
	return run_between(run, 0, 1) == 0 ? TLS_1_2 : TLS_ANY;
}

/* The names of the files of a certificate and its key. */
struct pair {
	char cert[32], key[32];
};

static struct pair pair_of(const char *file)
{
	struct pair pair;

	(void)snprintf(pair.cert, sizeof pair.cert, "%s.pem", file);
	(void)snprintf(pair.key, sizeof pair.key, "%s.key", file);
	return pair;
}

struct tls_context *secure_client(struct run *run)
{
	static const struct tls_settings settings = {
		.cert = "", .key = "", .ca = "ca.pem", .psk = "", .alpn = ""};

	return secure_context(run, &settings, either(run));
}

struct tls_context *secure_guest(struct run *run, const char *file)
{
	struct pair pair = pair_of(file);
	struct tls_settings settings = {
		.cert = pair.cert, .key = pair.key, .ca = "ca.pem", .psk = "", .alpn = ""};

	return secure_context(run, &settings, either(run));
}

struct tls_context *secure_impostor(struct run *run, const char *file)
{
	struct pair pair = pair_of(file);
	struct tls_settings settings = {.server = true,
		.cert = pair.cert,
		.key = pair.key,
		.ca = "",
		.psk = "",
		.alpn = ""};

	return secure_context(run, &settings, either(run));
}

struct tls_context *secure_server(struct run *run)
{
	return secure_impostor(run, "server");
}

/* ---- The table of connections ---- */

/* Takes places until there is none. */
static unsigned take(struct tls_context *context, struct port *port, unsigned most)
{
	unsigned count = 0;

	while (count < most && taken_count < SECURE_PLACES &&
		tls_open(&taken[taken_count].tls, context, port, PORT_NONE, SECURE_NAME) == 0) {
		taken_count++;
		count++;
	}
	return count;
}

static void give_back(void)
{
	while (taken_count > 0)
		tls_close(&taken[--taken_count].tls);
}

void secure_take_places(struct run *run, unsigned left)
{
	unsigned count = take(secure_client(run), &run->peer[HOST_CLIENT], SECURE_PLACES - left);

	assert(count == SECURE_PLACES - left);
	(void)count;
}

/* ---- Windows ---- */

#define ROOM 1000

void secure_make_room(struct run *run)
{
	if (run->sim.window_min < ROOM)
		run->sim.window_min = ROOM;
	if (run->sim.window_max < ROOM)
		run->sim.window_max = ROOM;
}

/* ---- The run's end ---- */

void secure_clean_up(struct run *run)
{
	library_starve(0);
	memset(&run->peer[HOST_CLIENT].faults, 0, sizeof run->peer[HOST_CLIENT].faults);
	secure_close_all();
	give_back();
	if (!run->failed) {
		unsigned all = take(secure_client(run), &run->peer[HOST_CLIENT], SECURE_PLACES);

		EXPECT(run, all == SECURE_PLACES);
		give_back();
	}
	while (context_count > 0)
		tls_unload(&contexts[--context_count]);
	library_end();
	EXPECT(run, library_holds() == 0);
}

void secure_spoil_list(struct run *run)
{
	sim_file(&run->sim, "", files[NAMES - 1].bytes, files[NAMES - 1].len);
}

void secure_world(struct run *run)
{
	if (!tls_built)
		skip_because("built without TLS");
	read_files();
	run->sim.steps_max = 2000000; /* two sessions through windows of one byte take many */
	library_begin(run);
	for (size_t i = 0; i < NAMES; i++)
		sim_file(&run->sim, names[i], files[i].bytes, files[i].len);
	sim_file(&run->sim, "", files[0].bytes, files[0].len);
	context_count = taken_count = 0;
	run->clean_up = secure_clean_up;
}
