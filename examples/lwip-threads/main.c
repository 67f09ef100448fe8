/*
 * A program with lwIP and threads (NO_SYS 0), without lwIP's sockets. anklet runs in lwIP's own thread.
 * README.md says what of it is for anklet. The network is lwIP's tapif, where a microcontroller has a driver.
 */
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

#include "lwip/tcpip.h"
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

/* lwIP's thread waits for frames. */
void board_wait(uint32_t ms)
{
	(void)ms;
}

bool board_put(const char *text, size_t len)
{
	return write(STDERR_FILENO, text, len) == (ssize_t)len;
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

/* In lwIP's thread: a frame, then what it means to the proxy. */
static err_t take(struct pbuf *frame, struct netif *netif)
{
	err_t err = ethernet_input(frame, netif);

	tick(NULL);
	return err;
}

/* In the driver's thread, in place of tcpip_input(). */
static err_t hand_over(struct pbuf *frame, struct netif *netif)
{
	return tcpip_inpkt(frame, netif, take);
}

/* In lwIP's thread, when it has begun. */
static void begin(void *netif)
{
	netif_set_default(netif_add(netif, &address, &mask, &gateway, NULL, tapif_init, hand_over));
	netif_set_up(netif);
	if (!start())
		exit(1);
	tick(NULL);
}

int main(void)
{
	tcpip_init(begin, &interface);
	for (;;)
		pause(); /* the program's own business */
}
