/*
 * The proxy in a task: from its configuration to its end. See anklet_esp.h.
 */
#include "anklet_esp.h"

#include <stdio.h>
#include <string.h>

#include "anklet.h"
#include "base/text.h"
#include "platform.h"
#include "platform_esp.h"
#include "port.h"

#define STOP_LOOK_MS 500 /* between two looks at 'stop' */

static struct port port;
static _Alignas(max_align_t) uint8_t memory[ANKLET_MEMORY];

/* Errors of the configuration are lines for a person, with a caret below: as they are. */
static void print(void *ctx, const char *text, size_t len)
{
	(void)ctx;
	(void)fwrite(text, 1, len, stdout);
}

static void log_failure(const struct anklet_failure *failure)
{
	char buf[sizeof failure->at + sizeof failure->words + 48];
	struct text t;

	text_init(&t, buf, sizeof buf);
	text_str(&t, "cannot start: ");
	text_str(&t, failure->at);
	text_str(&t, " ");
	text_str(&t, failure->words[0] != '\0' ? failure->words : anklet_strerror(failure->why));
	(void)platform_log(PORT_ERROR, buf, t.len);
}

/* lwIP has one table of sockets for the whole chip. */
static void log_sockets(struct anklet *a)
{
	char buf[96];
	struct text t;

	text_init(&t, buf, sizeof buf);
	text_num(&t, MEMP_NUM_NETCONN - PORT_SOCKETS);
	text_str_num(&t, " of lwIP's ", MEMP_NUM_NETCONN);
	text_str(&t, " sockets are left to the application");
	anklet_log(a, PORT_INFO, buf, t.len);
}

int anklet_esp_run(const struct anklet_esp *what)
{
	struct anklet_failure failure;
	size_t len = strlen(what->config);
	struct anklet *a;

	/* An earlier run may have left its own. */
	memset(memory, 0, sizeof memory);
	a = anklet_init(memory, sizeof memory, &port);
	platform_esp_files(what->files, what->file_count);
	if (a == NULL || anklet_configure(a, "config", what->config, len, print, NULL) != 0)
		return -1;
	if (anklet_start(a, &failure) != 0) {
		log_failure(&failure);
		return -1;
	}
	log_sockets(a);
	while (what->stop == NULL || !*what->stop)
		anklet_poll(a, what->stop == NULL ? -1 : STOP_LOOK_MS);
	anklet_fini(a);
	return 0;
}
