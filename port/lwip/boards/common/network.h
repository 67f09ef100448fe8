/*
 * The network settings: one 'keyword value' a line, '#' begins a comment.
 *
 *	mac      52:54:00:12:34:56       the hardware address, which must be given
 *	address  dhcp                    or ADDRESS/BITS
 *	gateway  192.168.1.1             with ADDRESS/BITS: the router, where there is one
 *
 * Name servers are given by DHCP, or to anklet by its keyword dns.
 */
#ifndef BOARD_NETWORK_H
#define BOARD_NETWORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"

struct network {
	uint8_t mac[6];
	bool dhcp;
	uint8_t bits;
	struct ip address, gateway; /* IPv4, or '::' when not given */
};

/* Where no text is read: what the image is linked with (CONFIG_ANKLET_CONFIG_READER). */
extern const struct network network_compiled;

/*
 * Reads the settings: 0, or the number of the first line that is wrong, or one past the last when something is missing.
 */
unsigned network_read(struct network *network, const char *text, size_t len);

/* Starts the interface with them. Once. */
void network_start(const struct network *network);

enum network_news {
	NETWORK_SAME,
	NETWORK_LINK,
	NETWORK_NO_LINK,
	NETWORK_ADDRESS,
	NETWORK_NO_ADDRESS
};

/* What is otherwise than the last time, one thing a call; *address is set with NETWORK_ADDRESS. */
enum network_news network_news(struct ip *address);

#endif
