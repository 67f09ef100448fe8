/*
 * The numbers of SOCKS5, which a next hop says as well.
 */
#ifndef ANKLET_SOCKS5_H
#define ANKLET_SOCKS5_H

/* METHOD (RFC 1928, section 3). GSSAPI, 1, is never offered, whatever it says there: it wraps all that follows. */
enum socks5_method {
	SOCKS5_METHOD_NONE = 0,
	SOCKS5_METHOD_PASSWORD = 2,
	SOCKS5_METHOD_UNACCEPTABLE = 255
};

/* REP, section 6. */
enum socks5_code {
	SOCKS5_GRANTED = 0,
	SOCKS5_FAILED = 1,
	SOCKS5_DENIED = 2,
	SOCKS5_NO_NETWORK = 3,
	SOCKS5_NO_HOST = 4,
	SOCKS5_REFUSED = 5,
	SOCKS5_TIMEOUT = 6, /* "TTL expired" is what there is for it */
	SOCKS5_NO_COMMAND = 7,
	SOCKS5_NO_ADDRESS_TYPE = 8,
};

#define SOCKS5_REPLY_MAX \
	22 /* one with an address of IPv6; with one of IPv4, and where it refuses, it has 10 */

#endif
