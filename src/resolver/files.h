/*
 * What an administrator has written about names: resolv.conf(5) and hosts(5), line by line out of their text.
 *
 * Only what a lookup of addresses needs is read; what makes no sense is passed over, as in every other reader of these
 * files. Of resolv.conf: nameserver, search, domain, and the options ndots, timeout, attempts and use-vc. The default
 * search list is empty, not this host's domain.
 */
#ifndef ANKLET_FILES_H
#define ANKLET_FILES_H

#include "protocol/dns.h"

/* As many as any libc takes; and those that can be given by hand. */
#define FILES_SERVERS                                                        \
	(!CONFIG_ANKLET_NAMES ? 1                                            \
		: CONFIG_ANKLET_NAME_FILES && CONFIG_ANKLET_NAME_SERVERS < 3 \
			? 3                                                  \
			: CONFIG_ANKLET_NAME_SERVERS)
#define FILES_SEARCH \
	ANKLET_TABLE(CONFIG_ANKLET_NAMES &&CONFIG_ANKLET_NAME_FILES ? CONFIG_ANKLET_NAME_SEARCH : 0)

struct resolv_conf {
	struct address server[FILES_SERVERS]; /* port 0: the usual one */
	uint8_t servers;
	uint8_t ndots;     /* a name with fewer dots is tried with the search list first */
	uint8_t timeout_s; /* for each try */
	uint8_t attempts;  /* tries of each server */
	bool tcp;          /* it is not asked over UDP */
	uint8_t searches;
	uint8_t servers_left, searches_left; /* that did not fit, or are no name */
	char search[FILES_SEARCH];           /* that many domains, each with its NUL */
};

/* Sets what holds without a resolv.conf, but without a server. */
void resolv_conf_init(struct resolv_conf *conf);

/* Takes a whole resolv.conf. */
void resolv_conf_read(struct resolv_conf *conf, const char *text, size_t len);

/* The domain number i of the search list, NUL-terminated. */
const char *resolv_conf_search(const struct resolv_conf *conf, unsigned i);

/* Adds to v4 and v6 the addresses that lines of a hosts file give a name, which is in lower case. */
void hosts_read(const char *text, size_t len, const char *name, size_t name_len,
	struct dns_addresses *v4, struct dns_addresses *v6);

#endif
