/*
 * The board of host.h. See ../board.h.
 */
#include "host.h"

#include <string.h>

#include "lwip/opt.h"
#include "lwip/init.h"
#include "lwip/netif.h"

#include "board.h"

struct host host;

/* Near its wrap, so that every run passes it. */
static uint32_t now = UINT32_MAX - 20000;

void host_start(void)
{
	static bool started;

	if (!started)
		lwip_init();
	started = true;
}

uint32_t board_now(void)
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
	if (host.log_stalled || len > sizeof host.log - host.log_len)
		return false;
	memcpy(host.log + host.log_len, text, len);
	host.log_len += len;
	return true;
}

bool board_seed(uint8_t seed[BOARD_SEED])
{
	memset(seed, 0x5a, BOARD_SEED); /* a test wants the same numbers each time */
	return !host.no_seed;
}

enum board_file board_file(const char *name, const uint8_t **data, size_t *len)
{
	for (unsigned i = 0; i < host.files; i++) {
		if (strcmp(host.file[i].name, name) != 0)
			continue;
		*data = host.file[i].data;
		*len = host.file[i].len;
		return BOARD_FILE_FOUND;
	}
	return BOARD_FILE_NONE;
}
