/*
 * The numbers of SOCKS4 and SOCKS4A, which a next hop says as well.
 *
 * Source: the SOCKS 4 and SOCKS 4A memos of Ying-Da Lee.
 */
#ifndef ANKLET_SOCKS4_H
#define ANKLET_SOCKS4_H

enum socks4_code {
	SOCKS4_GRANTED = 90,
	SOCKS4_REJECTED = 91,     /* rejected or failed */
	SOCKS4_NO_IDENTD = 92,    /* identd of the client cannot be reached */
	SOCKS4_OTHER_USERID = 93, /* identd reports another userid */
};

#define SOCKS4_REPLY_LEN 8

#endif
