/*
 * A stand-in for Zephyr on a development machine: port/bsd runs over its sockets. See tests/port_contract/host.h.
 *
 * Headers below include/ declare what is used of Zephyr, and no more; this does it by other means.
 */
#define _GNU_SOURCE
#include "files.h"
#include "host.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include <zephyr/kernel.h>
#include <zephyr/logging/log.h>
#include <zephyr/net/dns_resolve.h>
#include <zephyr/net/net_if.h>
#include <zephyr/random/random.h>
#include <zephyr/sys/printk.h>

/* ---- Files ---- */

void host_files_changed(void)
{
	static struct zephyr_file files[HOST_FILES];

	for (unsigned i = 0; i < host.files; i++)
		files[i] = (struct zephyr_file){
			host.file[i].name, host.file[i].data, host.file[i].len};
	zephyr_files(files, host.files);
}

/* ---- The kernel ---- */

int k_mutex_lock(struct k_mutex *mutex, k_timeout_t timeout)
{
	(void)timeout;
	return -pthread_mutex_lock(&mutex->mutex);
}

int k_mutex_unlock(struct k_mutex *mutex)
{
	return -pthread_mutex_unlock(&mutex->mutex);
}

uint32_t k_uptime_get_32(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint32_t)(t.tv_sec * 1000 + t.tv_nsec / 1000000);
}

int sys_csrand_get(void *dst, size_t len)
{
	return !host.no_random && getrandom(dst, len, 0) == (ssize_t)len ? 0 : -EIO;
}

/* ---- The log and the console ---- */

void host_log(const char *level, const char *format, ...)
{
	char buf[1024];
	va_list args;
	int n = snprintf(buf, sizeof buf, "%s", level);

	va_start(args, format);
	n += vsnprintf(buf + n, sizeof buf - (size_t)n, format, args);
	va_end(args);
	n += snprintf(buf + n, sizeof buf - (size_t)n, "\n");
	(void)host_put(buf, (size_t)n);
}

void printk(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	(void)fflush(stdout);
}

/* ---- Names ---- */

struct dns_resolve_context *dns_resolve_get_default(void)
{
	static struct dns_resolve_context context = {.lock = {PTHREAD_MUTEX_INITIALIZER}};

	return &context;
}

/* ---- Addresses ---- */

/* What is pointed to is of no concern to those who ask. */
static int something;

#define INTERFACE ((struct net_if *)&something)
#define OWN ((struct net_if_addr *)&something)

/* A socket can be bound to what is an address of this host. */
static bool can_bind(const void *at, socklen_t len)
{
	const struct sockaddr *sa = at;
	int fd = socket(sa->sa_family, SOCK_DGRAM, 0);
	bool bound = fd >= 0 && bind(fd, sa, len) == 0;

	if (fd >= 0)
		close(fd);
	return bound;
}

struct net_if_addr *net_if_ipv4_addr_lookup(const struct in_addr *addr, struct net_if **iface)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = *addr};

	*iface = INTERFACE;
	return can_bind(&at, sizeof at) ? OWN : NULL;
}

struct net_if_addr *net_if_ipv6_addr_lookup(const struct in6_addr *addr, struct net_if **iface)
{
	struct sockaddr_in6 at = {.sin6_family = AF_INET6, .sin6_addr = *addr};

	*iface = INTERFACE;
	return can_bind(&at, sizeof at) ? OWN : NULL;
}

/* The address that a connected socket has is the one that faces the peer; *at is the peer, and becomes that. */
static bool face(void *at, socklen_t len)
{
	struct sockaddr *sa = at;
	int fd = socket(sa->sa_family, SOCK_DGRAM, 0);
	bool faced = fd >= 0 && connect(fd, sa, len) == 0 && getsockname(fd, sa, &len) == 0;

	if (fd >= 0)
		close(fd);
	return faced;
}

struct net_if *net_if_ipv4_select_src_iface(const struct in_addr *dst)
{
	(void)dst;
	return INTERFACE;
}

struct net_if *net_if_ipv6_select_src_iface(const struct in6_addr *dst)
{
	(void)dst;
	return INTERFACE;
}

const struct in_addr *net_if_ipv4_select_src_addr(
	struct net_if *dst_iface, const struct in_addr *dst)
{
	static struct sockaddr_in at;

	(void)dst_iface;
	at = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = 9, .sin_addr = *dst};
	return face(&at, sizeof at) ? &at.sin_addr : NULL;
}

const struct in6_addr *net_if_ipv6_select_src_addr(
	struct net_if *dst_iface, const struct in6_addr *dst)
{
	static struct sockaddr_in6 at;

	(void)dst_iface;
	at = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = 9, .sin6_addr = *dst};
	return face(&at, sizeof at) ? &at.sin6_addr : NULL;
}
