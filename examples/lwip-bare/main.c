/*
 * A program with lwIP and without an operating system (NO_SYS 1), in whose loop anklet runs as well.
 * README.md says what of it is for anklet. The network is lwIP's tapif, where a microcontroller has a driver.
 */
#include <stdio.h>
#include <sys/random.h>

#include "lwip/init.h"
#include "lwip/netif.h"
#include "lwip/timeouts.h"
#include "netif/ethernet.h"
#include "netif/tapif.h"

#include "anklet.h"
#include "board.h"
#include "embed.h"
#include "port.h"

static const ip4_addr_t address = IPADDR4_INIT_BYTES(192, 168, 77, 10);
static const ip4_addr_t mask = IPADDR4_INIT_BYTES(255, 255, 255, 0);
static const ip4_addr_t gateway = IPADDR4_INIT_BYTES(192, 168, 77, 1);
static const char config[] = "listen 0.0.0.0:1080\ndns 192.168.77.1\n";

static struct netif interface;
static struct port port;
static max_align_t memory[ANKLET_MEMORY / sizeof(max_align_t) + 1];
static struct anklet *proxy;

/* The loop below hands lwIP its frames, and sleeps. */
void board_wait(uint32_t ms)
{
	(void)ms;
}

bool board_put(const char *text, size_t len)
{
	return fwrite(text, 1, len, stderr) == len;
}

bool board_seed(uint8_t seed[BOARD_SEED])
{
	return getrandom(seed, BOARD_SEED, 0) == BOARD_SEED;
}

static void complain(void *unused, const char *text, size_t len)
{
	(void)unused;
	(void)board_put(text, len);
}

static bool start(void)
{
	struct anklet_failure failure;

	proxy = anklet_init(memory, sizeof memory, &port);
	return anklet_configure(proxy, "config", config, sizeof config - 1, complain, NULL) == 0 &&
	       anklet_start(proxy, &failure) == 0;
}

/* A tick, and a timer of lwIP's for when the next one is due though no frame comes. */
static void tick(void *unused)
{
	(void)unused;
	sys_untimeout(tick, NULL);
	anklet_poll(proxy, 0);
	sys_timeout(embed_next(&port, anklet_next(proxy)), tick, NULL);
}

int main(void)
{
	lwip_init();
	netif_set_default(
		netif_add(&interface, &address, &mask, &gateway, NULL, tapif_init, ethernet_input));
	netif_set_up(&interface);
	if (!start())
		return 1;
	for (;;) {
		/* Until a frame comes, or the next of lwIP's timers is due. */
		tapif_select(&interface);
		sys_check_timeouts();
		tick(NULL);
	}
}
