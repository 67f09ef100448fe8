/*
 * Names by Zephyr's resolver, which answers from a thread of its own. See lookups.h.
 *
 * It calls back under a lock of its own, and at once when it knows the answer.
 */
#include "internal.h"

#include <string.h>

#include <zephyr/kernel.h>
#include <zephyr/net/dns_resolve.h>

#define TIMEOUT_MS 10000 /* for one family's answer, retries included */

_Static_assert(CONFIG_DNS_NUM_CONCUR_QUERIES >= 2 * PORT_LOOKUPS,
	"the resolver has a place for each family of each lookup");
_Static_assert(CONFIG_DNS_RESOLVER_MAX_NAME_LEN >= CONFIG_ANKLET_NAME_MAX,
	"the resolver takes every name");

static K_MUTEX_DEFINE(lock);

void system_lock(void)
{
	(void)k_mutex_lock(&lock, K_FOREVER);
}

void system_unlock(void)
{
	(void)k_mutex_unlock(&lock);
}

void system_name_servers(struct port *p, const struct port_config *config)
{
	static const char words[] = "dns: name servers are Zephyr's to know; not used";

	if (config->name_servers > 0)
		port_log(p, PORT_WARNING, words, sizeof words - 1);
}

static void take_address(uintptr_t ticket, const struct dns_addrinfo *info)
{
	struct sockaddr_storage system;
	struct address at;
	size_t len = sizeof info->ai_addr < sizeof system ? sizeof info->ai_addr : sizeof system;

	memset(&system, 0, sizeof system);
	memcpy(&system, &info->ai_addr, len);
	if (address_from_system(&system, &at))
		lookups_found(ticket, &at);
}

static bool is_lack(enum dns_resolve_status status)
{
	return status == DNS_EAI_ALLDONE || status == DNS_EAI_NONAME || status == DNS_EAI_NODATA ||
	       status == DNS_EAI_ADDRFAMILY;
}

static void on_answer(enum dns_resolve_status status, struct dns_addrinfo *info, void *ticket)
{
	if (status == DNS_EAI_INPROGRESS && info != NULL)
		take_address((uintptr_t)ticket, info);
	else
		lookups_over((uintptr_t)ticket, !is_lack(status));
}

int system_ask(const char *name, bool v4, uintptr_t ticket, uint16_t *question)
{
	enum dns_query_type type = v4 ? DNS_QUERY_TYPE_A : DNS_QUERY_TYPE_AAAA;
	int answer;

	if (!v4 && inet6_family == AF_UNSPEC) {
		lookups_over(ticket, false);
		return 0;
	}
	answer = dns_get_addr_info(name, type, question, on_answer,
		(void *)ticket, // NOLINT(performance-no-int-to-ptr): never followed
		TIMEOUT_MS);
	if (answer >= 0)
		return 0;
	return answer == -EAGAIN ? PORT_NO_RESOURCES : PORT_FAILED;
}

void system_forget(uint16_t question)
{
	(void)dns_cancel_addr_info(question);
}
