/* Of Zephyr's resolver what port/bsd uses: the name servers that it has. A test sets them. */
#ifndef HOST_ZEPHYR_DNS_RESOLVE_H
#define HOST_ZEPHYR_DNS_RESOLVE_H

#include <netinet/in.h>
#include <stdint.h>
#include <sys/socket.h>

#include <zephyr/kernel.h>

#define DNS_RESOLVER_MAX_POLL 5

enum dns_resolve_context_state {
	DNS_RESOLVE_CONTEXT_UNINITIALIZED = 0,
	DNS_RESOLVE_CONTEXT_ACTIVE,
	DNS_RESOLVE_CONTEXT_DEACTIVATING,
	DNS_RESOLVE_CONTEXT_INACTIVE,
};

/* There, every struct sockaddr has room for an address of IPv6. */
struct dns_resolve_context {
	struct dns_server {
		struct sockaddr_in6 dns_server;
		uint8_t is_mdns : 1;
		uint8_t is_llmnr : 1;
	} servers[DNS_RESOLVER_MAX_POLL];
	struct k_mutex lock;
	enum dns_resolve_context_state state;
};

struct dns_resolve_context *dns_resolve_get_default(void);

#endif
