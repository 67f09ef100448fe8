/*
 * The proxy on Zephyr, with its configuration built in. It has the main thread for itself.
 */
#include <stddef.h>
#include <string.h>

#include <zephyr/sys/printk.h>

#include "anklet.h"
#include "port.h"

static const char configuration[] = "listen *:1080\n"
				    "allow from 192.168.0.0/16 to *:80,443\n";

static struct port port;
static max_align_t memory[ANKLET_MEMORY / sizeof(max_align_t) + 1];

static void complain(void *unused, const char *text, size_t len)
{
	(void)unused;
	printk("%.*s", (int)len, text);
}

int main(void)
{
	struct anklet *a = anklet_init(memory, sizeof memory, &port);
	struct anklet_failure failure;

	if (anklet_configure(a, "built in", configuration, strlen(configuration), complain, NULL) >
		0)
		return 1;
	if (anklet_start(a, &failure) < 0) {
		printk("cannot start: %s %s %s\n", failure.at, anklet_strerror(failure.why),
			failure.words);
		return 1;
	}
	printk("%d of Zephyr's %d sockets are left to the application\n",
		CONFIG_NET_MAX_CONTEXTS - PORT_SOCKETS, CONFIG_NET_MAX_CONTEXTS);
	for (;;)
		anklet_poll(a, -1);
}
