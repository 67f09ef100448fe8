/*
 * A board that is a process (tests/port_contract/host.h): the loopback interface, and a clock that only
 * waiting moves. See ../board.h.
 */
#include "host.h"

#include <string.h>

#include "lwip/opt.h"
#include "lwip/init.h"
#include "lwip/netif.h"
#include "lwip/sys.h"

#include "board.h"

/* Near its wrap, so that every run passes it. */
static uint32_t now = UINT32_MAX - 20000;

void host_files_changed(void)
{
}

void host_start(void)
{
	static bool started;

	if (!started)
		lwip_init();
	started = true;
}

u32_t sys_now(void)
{
	return now;
}

static bool has_frames(void)
{
	const struct netif *netif;

	NETIF_FOREACH(netif)
	{
		if (netif->loop_first != NULL)
			return true;
	}
	return false;
}

void board_wait(uint32_t ms)
{
	if (!has_frames())
		now += ms;
	netif_poll_all();
}

bool board_put(const char *text, size_t len)
{
	return host_put(text, len);
}

bool board_seed(uint8_t seed[BOARD_SEED])
{
	memset(seed, 0x5a, BOARD_SEED); /* a test wants the same numbers each time */
	return !host.no_random;
}

enum board_file board_file(const char *name, const uint8_t **data, size_t *len)
{
	const struct host_file *file = host_find(name);

	if (file == NULL)
		return BOARD_FILE_NONE;
	*data = file->data;
	*len = file->len;
	return BOARD_FILE_FOUND;
}
