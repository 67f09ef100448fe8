/*
 * Names by lwIP's dns.c, which runs in lwIP's own thread. See lookups.h.
 *
 * It keeps one address of each family, and cannot be told to stop: what it answers to a question
 * that was forgotten is passed over.
 */
#include "internal.h"

#include "lwip/dns.h"
#include "lwip/sys.h"

#include "lwip/addresses.h"
#include "system_lwip_stack.h"

/* dns.c gives up after so long at the earliest; what comes sooner was said by a server. */
#define GIVE_UP_MS (DNS_MAX_RETRIES * DNS_TMR_INTERVAL)

_Static_assert(LWIP_DNS, "names are looked up by lwIP");
_Static_assert(DNS_TABLE_SIZE >= 2, "dns.c has a place for each family of a lookup");
_Static_assert(CONFIG_ANKLET_NAME_MAX < DNS_MAX_NAME_LENGTH, "dns.c takes every name");

static sys_prot_t level;

void system_lock(void)
{
	sys_prot_t before = sys_arch_protect();

	level = before;
}

void system_unlock(void)
{
	sys_arch_unprotect(level);
}

static void set_servers(void *arg)
{
	const struct port_config *config = arg;
	ip_addr_t ip;

	for (uint8_t i = 0; i < config->name_servers && i < DNS_MAX_SERVERS; i++)
		if (address_to_lwip(&config->name_server[i], &ip))
			dns_setserver(i, &ip);
}

void system_name_servers(struct port *p, const struct port_config *config)
{
	struct port_config copy = *config;

	(void)p;
	stack_run(set_servers, &copy);
}

static void found(uintptr_t ticket, const ip_addr_t *ip)
{
	struct address at;

	address_from_lwip(ip, 0, &at);
	lookups_found(ticket, &at);
	lookups_over(ticket, false);
}

/* When each question was asked that dns.c has a request for (DNS_MAX_REQUESTS there). */
static struct asked {
	bool waits;
	uintptr_t ticket;
	uint32_t at;
} asked[DNS_TABLE_SIZE];

static void on_answer(const char *name, const ip_addr_t *ip, void *arg)
{
	uintptr_t ticket = (uintptr_t)arg;
	unsigned i = 0;

	(void)name;
	while (i < DNS_TABLE_SIZE - 1 && !(asked[i].waits && asked[i].ticket == ticket))
		i++;
	asked[i].waits = false;
	if (ip != NULL)
		found(ticket, ip);
	else
		lookups_over(ticket, sys_now() - asked[i].at >= GIVE_UP_MS);
}

struct question {
	const char *name;
	bool v4;
	uintptr_t ticket;
	int answer;
};

static void remember(uintptr_t ticket)
{
	unsigned i = 0;

	while (i < DNS_TABLE_SIZE - 1 && asked[i].waits)
		i++;
	asked[i] = (struct asked){.waits = true, .ticket = ticket, .at = sys_now()};
}

static void do_ask(void *arg)
{
	struct question *q = arg;
	ip_addr_t ip;
	err_t err = dns_gethostbyname_addrtype(q->name, &ip, on_answer,
		(void *)q->ticket, // NOLINT(performance-no-int-to-ptr): never followed
		q->v4 ? LWIP_DNS_ADDRTYPE_IPV4 : LWIP_DNS_ADDRTYPE_IPV6);

	if (err == ERR_OK) /* known from earlier: no callback comes */
		found(q->ticket, &ip);
	else if (err == ERR_INPROGRESS)
		remember(q->ticket);
	else
		q->answer = err == ERR_MEM ? PORT_NO_RESOURCES : PORT_FAILED;
}

int system_ask(const char *name, bool v4, uintptr_t ticket, uint16_t *question)
{
	struct question q = {.name = name, .v4 = v4, .ticket = ticket};

	*question = 0;
	if (!v4 && inet6_family == AF_UNSPEC) {
		lookups_over(ticket, false);
		return 0;
	}
	stack_run(do_ask, &q);
	return q.answer;
}

void system_forget(uint16_t question)
{
	(void)question;
}
