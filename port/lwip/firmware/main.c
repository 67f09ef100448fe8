/*
 * The firmware image: one instance of anklet on a board, from power-on for ever.
 *
 * What it is to do stands in two texts (settings.c). Those in the flash's own part are
 * taken if they are whole and without a mistake; else the ones that were built in. Or it
 * was compiled, and reads no text (compile_settings.c).
 */
#include <stdalign.h>
#include <stddef.h>
#include <string.h>

#include "anklet.h"
#include "base/text.h"
#include "board.h"
#include "board_parts.h"
#include "figures.h"
#include "network.h"
#include "port.h"
#include "proxy/instance.h"
#include "tls_heap.h"

#include "lwip/init.h"

#define WAIT_MS 1000 /* the longest wait: the watchdog is fed in between */

static struct port port;
/* To the byte: ANKLET_MEMORY, which is for those who cannot look inside, is an upper bound for every processor. */
static alignas(max_align_t) unsigned char memory[INSTANCE_BYTES];

/* ---- What is said before there is a log ---- */

static void say(void *ctx, const char *text, size_t len)
{
	(void)ctx;
	/* At the start nobody waits for us yet, so a report may take the time the serial line takes. */
	for (size_t n; len > 0; text += n, len -= n) {
		n = len < 64 ? len : 64;
		console_flush();
		board_put(text, n);
	}
}

static void say_str(const char *s)
{
	say(NULL, s, strlen(s));
}

/* Without a network or a configuration there is nothing to do but to say so, and to wait for other settings. */
static _Noreturn void give_up(const char *why)
{
	say_str(why);
	say_str("anklet: this board does nothing until it is started with other settings\n");
	for (;;) {
		watchdog_feed();
		board_wait(WAIT_MS);
	}
}

/* ---- Settings ---- */

static void say_wrong_line(unsigned number)
{
	char buf[64];
	struct text t;

	text_init(&t, buf, sizeof buf);
	text_str(&t, "network.conf:");
	text_num(&t, number);
	text_str(&t, ": wrong, or something is missing\n");
	say(NULL, t.buf, t.len);
}

/* NULL: the settings have a mistake, which was said. */
static struct anklet *configure(const struct board_settings *settings, struct network *network)
{
	struct anklet *a = anklet_init(memory, sizeof memory, &port);
	unsigned wrong = network_read(network, settings->network, settings->network_len);

	if (wrong > 0)
		say_wrong_line(wrong);
	if (anklet_configure(a, "anklet.conf", settings->config, settings->config_len, say, NULL) >
		0)
		return NULL;
	return wrong == 0 ? a : NULL;
}

static struct anklet *configure_best(struct board_settings *settings, struct network *network)
{
	struct anklet *a;

	if (!CONFIG_ANKLET_CONFIG_READER) {
		*settings = (struct board_settings){.built_in = true};
		*network = network_compiled;
		return anklet_init(memory, sizeof memory, &port);
	}
	settings_find(settings);
	a = configure(settings, network);
	if (a == NULL && !settings->built_in) {
		settings_built_in(settings, "they have a mistake");
		a = configure(settings, network);
	}
	if (a == NULL)
		give_up("");
	return a;
}

/* ---- The log ---- */

static void log_text(struct anklet *a, enum port_level level, const struct text *t)
{
	anklet_log(a, level, t->buf, t->len);
}

static void log_start(struct anklet *a, const struct board_settings *settings)
{
	char buf[128];
	struct text t;

	text_init(&t, buf, sizeof buf);
	text_str(&t, "anklet " ANKLET_VERSION ", up to ");
	text_num(&t, CONFIG_ANKLET_SESSIONS);
	text_str(&t, settings->built_in ? " sessions, built-in settings"
					: " sessions, settings from flash");
	log_text(a, PORT_INFO, &t);
	if (settings->why == NULL)
		return;
	text_init(&t, buf, sizeof buf);
	text_str(&t, "the settings in the flash are not used: ");
	text_str(&t, settings->why);
	log_text(a, PORT_WARNING, &t);
}

static void log_network(struct anklet *a)
{
	enum network_news news;
	enum port_level level = PORT_WARNING;
	char buf[80];
	struct text t;
	struct ip at;

	text_init(&t, buf, sizeof buf);
	news = network_news(&at);
	switch (news) {
	case NETWORK_SAME:
		return;
	case NETWORK_NO_LINK:
		text_str(&t, "there is no link");
		break;
	case NETWORK_NO_ADDRESS:
		text_str(&t, "this host has lost its address");
		break;
	case NETWORK_LINK:
		level = PORT_INFO;
		text_str(&t, "there is a link again");
		break;
	case NETWORK_ADDRESS:
		level = PORT_INFO;
		text_str(&t, "address ");
		text_ip(&t, &at);
		break;
	}
	log_text(a, level, &t);
}

/* ---- Start and run ---- */

static void start(struct anklet *a)
{
	struct anklet_failure failure;
	char buf[384];
	struct text t;

	if (anklet_start(a, &failure) == 0)
		return;
	text_init(&t, buf, sizeof buf);
	text_str(&t, "anklet: cannot start: ");
	text_str(&t, failure.at);
	text_str(&t, ": ");
	text_str(&t, failure.words);
	if (failure.words[0] == '\0') {
		text_str(&t, "answer ");
		text_num(&t, (uint64_t)-failure.why);
	}
	text_str(&t, "\n");
	give_up(t.buf);
}

int main(void)
{
	struct board_settings settings;
	struct network network;
	struct anklet *a = configure_best(&settings, &network);

	lwip_init();
	network_start(&network);
	tls_heap_init();
	start(a);
	if (ANKLET_HAS_LOG(PORT_WARNING))
		log_start(a, &settings);
	for (;;) {
		watchdog_feed();
		anklet_poll(a, WAIT_MS);
		if (ANKLET_HAS_LOG(PORT_WARNING))
			log_network(a);
		if (ANKLET_HAS_LOG(PORT_DEBUG))
			figures_log(a);
	}
}
