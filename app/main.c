/*
 * The program: one instance of anklet, run in the foreground until a signal ends it.
 *
 * TERM lets the sessions end by themselves, INT, QUIT or a second TERM ends them, and HUP reads the configuration
 * again. The signals are blocked but for the wait, so none can slip in between a look at
 * the flag and the wait. USR1 and USR2, by which daemons are asked for something, end nothing.
 */
#define _POSIX_C_SOURCE 200809L
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "anklet.h"
#include "base/text.h"
#include "base/word.h"
#include "command.h"
#include "embed_unix.h"
#include "failure.h"
#include "options.h"
#include "output.h"
#include "password.h"
#include "port.h"
#include "top.h"
#include "user.h"

#define OFFER_SIZE 320 /* an endpoint, and words around it */
#define PLACE_SIZE 128 /* an address, or "control PATH": a path of a socket has 107 bytes */
#define CURL_SOCKS4 "--socks4" ANKLET_TEXT(CONFIG_ANKLET_NAMES, "a ", " ")
#define CURL_SOCKS5 "-U NAME --socks5" ANKLET_TEXT(CONFIG_ANKLET_NAMES, "-hostname ", " ")

static struct port port;
static max_align_t memory[ANKLET_MEMORY / sizeof(max_align_t) + 1];

_Static_assert(!CONFIG_ANKLET_CONTROL || TOP_MEMORY <= sizeof memory, "enough for 'anklet top'");

/* ---- Signals ---- */

enum { STOP_NOT, STOP_DRAIN, STOP_NOW };

static volatile sig_atomic_t stop = STOP_NOT, hung_up;

static const unsigned char caught[] = {SIGINT, SIGQUIT, SIGTERM, SIGHUP};

/* HUP is the last of them. */
#define CAUGHT (sizeof caught / sizeof caught[0] - !CONFIG_ANKLET_RELOAD)

static void on_signal(int number)
{
	if (CONFIG_ANKLET_RELOAD && number == SIGHUP)
		hung_up = true;
	else
		stop = number == SIGTERM && stop == STOP_NOT ? STOP_DRAIN : STOP_NOW;
}

/* From the very beginning: whoever sends one need not know how far the start has come. HUP waits until it is done. */
static void ignore_signals(void)
{
	static const int ignored[] = {SIGUSR1, SIGUSR2, SIGHUP};
	sigset_t hangup;

	for (size_t i = 0; i < sizeof ignored / sizeof ignored[0] - CONFIG_ANKLET_RELOAD; i++)
		sigaction(ignored[i], &(struct sigaction){.sa_handler = SIG_IGN}, NULL);
	if (!CONFIG_ANKLET_RELOAD)
		return;
	sigaction(SIGHUP, &(struct sigaction){.sa_handler = on_signal}, NULL);
	sigemptyset(&hangup);
	sigaddset(&hangup, SIGHUP);
	sigprocmask(SIG_BLOCK, &hangup, NULL);
}

static void catch_signals(void)
{
	struct sigaction catch = {.sa_handler = on_signal};
	sigset_t ours, during_wait;

	sigemptyset(&ours);
	for (size_t i = 0; i < CAUGHT; i++)
		sigaddset(&ours, caught[i]);
	catch.sa_mask = ours;
	sigprocmask(SIG_BLOCK, &ours, &during_wait);
	for (size_t i = 0; i < CAUGHT; i++) {
		sigdelset(&during_wait, caught[i]);
		sigaction(caught[i], &catch, NULL);
	}
	embed_signals(&port, &during_wait);
}

/* ---- What it says ---- */

static void log_line(struct anklet *a)
{
	anklet_log(a, PORT_INFO, message.buf, message.len);
}

/* The first address it listens at, as a client on this host would name it. */
static void text_proxy(struct text *t, const char *at)
{
	static const char any_v4[] = "0.0.0.0:", any_v6[] = "[::]:";

	if (strncmp(at, any_v4, sizeof any_v4 - 1) == 0) {
		text_str(t, "127.0.0.1:");
		at += sizeof any_v4 - 1;
	} else if (strncmp(at, any_v6, sizeof any_v6 - 1) == 0) {
		text_str(t, "[::1]:");
		at += sizeof any_v6 - 1;
	}
	text_str(t, at);
}

static void log_listening(struct anklet *a)
{
	char at[PLACE_SIZE], offer[OFFER_SIZE];

	for (unsigned i = 0; anklet_listening(a, i, at, sizeof at); i++) {
		anklet_offering(a, i, offer, sizeof offer);
		text_str(message_begin("listening on "), at);
		text_str(&message, offer);
		log_line(a);
	}
}

static void log_rules(struct anklet *a)
{
	unsigned count = anklet_rules(a);

	if (count == 0) {
		message_begin("no rules: clients on loopback and in private networks are served");
	} else {
		text_num(message_begin(""), count);
		text_str_str(&message, count == 1 ? " rule decides" : " rules decide",
			" who may use it: what none matches is refused");
	}
	log_line(a);
}

/* The first listener at which somebody with curl alone is served, who types a password where users have one. */
static void log_example(struct anklet *a)
{
	char at[PLACE_SIZE], offer[OFFER_SIZE];

	for (unsigned i = 0; anklet_listening(a, i, at, sizeof at); i++) {
		anklet_offering(a, i, offer, sizeof offer);
		if (offer[0] != '\0')
			continue;
		message_begin("try it: curl ");
		text_str(&message, anklet_has_users(a) ? CURL_SOCKS5 : CURL_SOCKS4);
		text_proxy(&message, at);
		text_str(&message, " http://example.com/");
		log_line(a);
		return;
	}
}

/* The soft limit has been raised already, as far as that goes. */
static void log_few(struct anklet *a, uint32_t sessions)
{
	if (sessions == CONFIG_ANKLET_SESSIONS)
		return;
	text_num(message_begin("there are too few descriptors for more than "), sessions);
	text_str_num(&message, " sessions: for all ", CONFIG_ANKLET_SESSIONS);
	text_str_num(
		&message, " raise the hard limit on open files (ulimit -Hn) to ", FDSET_NEEDED);
	anklet_log(a, PORT_WARNING, message.buf, message.len);
}

static void greet(struct anklet *a)
{
	struct anklet_status status;

	anklet_status(a, &status);
	text_num(message_begin("anklet " ANKLET_VERSION ", up to "), status.sessions_max);
	text_str(&message, " sessions at once");
	log_line(a);
	log_few(a, status.sessions_max);
	log_listening(a);
	log_rules(a);
	log_example(a);
}

static void log_draining(struct anklet *a, uint32_t sessions)
{
	text_num(message_begin("no new clients; "), sessions);
	text_str_str(&message, sessions == 1 ? " session goes on" : " sessions go on",
		" until done (TERM or INT again ends them)");
	log_line(a);
}

static void say_goodbye(struct anklet *a)
{
	struct anklet_status status;

	anklet_status(a, &status);
	text_num(message_begin("stopping: clients "), status.accepted);
	text_str_num(&message, ", granted ", status.granted);
	text_str_num(&message, ", refused ", status.refused);
	text_str_num(&message, ", left without a request ", status.left);
	log_line(a);
}

/* ---- Start and run ---- */

static int cannot_become(const char *name, const char *why)
{
	text_escaped(message_begin("cannot become the user \""), name, strlen(name));
	text_str(&message, "\"");
	output_error(message.buf, why);
	return EXIT_FAILURE;
}

static int start(struct anklet *a)
{
	const char *name = anklet_user(a), *why = NULL;
	struct anklet_failure failure;
	struct user user;

	/* Looked up first: a name that is wrong is told before anybody can connect. */
	if (name[0] != '\0' && (why = user_find(name, &user)) != NULL)
		return cannot_become(name, why);
	if (anklet_start(a, &failure) < 0) {
		text_failure(message_begin(""), &failure);
		output_error(message.buf, NULL);
		return failure.words[0] != '\0' ? EXIT_CONFIG : EXIT_FAILURE;
	}
	if (name[0] == '\0')
		return EXIT_SUCCESS;
	if (CONFIG_ANKLET_CONTROL && anklet_control(a)[0] != '\0')
		why = user_give(&user, anklet_control(a));
	if (why == NULL)
		why = user_become(&user);
	if (why != NULL) {
		anklet_fini(a);
		return cannot_become(name, why);
	}
	return EXIT_SUCCESS;
}

/* What is wrong with a configuration goes to the log, which never makes anybody wait: a line for each of its own. */
static void log_report(void *ctx, const char *report, size_t len)
{
	struct word rest = {report, len};

	while (rest.len > 0) {
		struct word part = word_split(&rest, '\n');

		anklet_log(ctx, PORT_ERROR, part.at, part.len);
	}
}

/* HUP asks for it; and it may have to wait until there is room for another configuration. */
static void reload(struct anklet *a)
{
	struct anklet_failure failure;
	unsigned errors;

	if (hung_up)
		anklet_reload(a);
	hung_up = false;
	if (!anklet_reload_begin(a))
		return;
	errors = options_again(a, log_report, a);
	if (anklet_reload_end(a, errors, &failure) == 0)
		return;
	message_begin("the configuration stays as it was, for there are errors in the new one");
	if (errors == 0)
		text_failure(message_begin("the configuration stays as it was: "), &failure);
	anklet_log(a, PORT_ERROR, message.buf, message.len);
}

static void run(struct anklet *a)
{
	struct anklet_status status;
	bool draining = false;

	while (stop != STOP_NOW) {
		if (stop == STOP_DRAIN) {
			anklet_status(a, &status);
			if (status.sessions == 0)
				break;
			if (!draining) {
				anklet_stop(a);
				if (ANKLET_HAS_LOG(PORT_INFO))
					log_draining(a, status.sessions);
			}
			draining = true;
		}
		anklet_poll(a, -1);
		if (CONFIG_ANKLET_RELOAD)
			reload(a);
	}
}

int main(int argc, char **argv)
{
	struct anklet *a;
	int status;

	if (CONFIG_ANKLET_PASSWORDS && argc > 1 && strcmp(argv[1], "user") == 0)
		return password_line(&port, argv + 2);
	if (CONFIG_ANKLET_CONTROL && argc > 1 && command_find(argv[1]) >= 0)
		return command_run(command_find(argv[1]), argv + 2, memory);
	ignore_signals();
	a = anklet_init(memory, sizeof memory, &port);
	if (options_read(a, argv, &status) == OPTIONS_END)
		return status;
	if (CONFIG_ANKLET_STATUS)
		anklet_introduce(a, (uint64_t)time(NULL), (uint32_t)getpid());
	status = start(a);
	if (status != EXIT_SUCCESS)
		return status;
	catch_signals();
	if (ANKLET_HAS_LOG(PORT_INFO))
		greet(a);
	run(a);
	anklet_fini(a);
	if (ANKLET_HAS_LOG(PORT_INFO))
		say_goodbye(a); /* the last sessions have had their lines */
	return EXIT_SUCCESS;
}
