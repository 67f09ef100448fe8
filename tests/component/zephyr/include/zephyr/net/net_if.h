/* Of Zephyr's interfaces what port/zephyr uses: this host's own addresses, by other means. */
#ifndef HOST_ZEPHYR_NET_IF_H
#define HOST_ZEPHYR_NET_IF_H

#include <netinet/in.h>

struct net_if;
struct net_if_addr;

struct net_if_addr *net_if_ipv4_addr_lookup(const struct in_addr *addr, struct net_if **iface);
struct net_if_addr *net_if_ipv6_addr_lookup(const struct in6_addr *addr, struct net_if **iface);
struct net_if *net_if_ipv4_select_src_iface(const struct in_addr *dst);
struct net_if *net_if_ipv6_select_src_iface(const struct in6_addr *dst);
const struct in_addr *net_if_ipv4_select_src_addr(
	struct net_if *dst_iface, const struct in_addr *dst);
const struct in6_addr *net_if_ipv6_select_src_addr(
	struct net_if *dst_iface, const struct in6_addr *dst);

#endif
