/*
 * Datagrams: lwIP hands each one to a callback, which copies it into a small table.
 *
 * The table is the stack's and serves all ports; where it is full, what comes is
 * dropped. lwIP does not say what ICMP said of a datagram: no call here answers
 * PORT_REFUSED.
 */
#include "internal.h"

#include <assert.h>
#include <string.h>

#include "lwip/ip.h"
#include "lwip/pbuf.h"

#define FIRST_PORT 1024        /* of those that are drawn: RFC 6056, section 3.2 */
#define DRAWS_MAX 32           /* ports that are drawn until one is free */
#define UDP_OVER_ETHERNET 1472 /* bytes that one frame takes, over IPv4 */

_Static_assert(LWIP_UDP, "datagrams are carried by lwIP");
_Static_assert(
	!ANKLET_HAS_DATAGRAMS || (LWIP_IPV4 && IP_FRAG) || ANKLET_DATAGRAM_MAX <= UDP_OVER_ETHERNET,
	"without IP_FRAG a datagram is one frame");
_Static_assert(MEMP_NUM_UDP_PCB >= 2 * CONFIG_ANKLET_FORWARDS + CONFIG_ANKLET_UDP_FLOWS +
					   (CONFIG_ANKLET_NAMES ? CONFIG_ANKLET_LOOKUPS : 0) +
					   LWIP_DHCP,
	"MEMP_NUM_UDP_PCB holds every forward of both families, every flow, every lookup "
	"and DHCP");
_Static_assert(LWIP_DATAGRAMS > 0 && ANKLET_DATAGRAM_MAX <= UINT16_MAX - 1, "lengths are 16 bits");

struct datagram {
	const struct port_entry *entry; /* where it lies unread; NULL: a free place */
	uint16_t ticket;                /* the lowest is the oldest */
	uint16_t len;                   /* ANKLET_DATAGRAM_MAX + 1: it was longer, and is cut */
	struct address from, to;
	uint8_t byte[ANKLET_DATAGRAM_MAX];
};

static struct datagram datagrams[LWIP_DATAGRAMS];
static uint16_t next_ticket;

/* ---- Arriving ---- */

static struct datagram *free_place(void)
{
	for (unsigned i = 0; i < LWIP_DATAGRAMS; i++)
		if (datagrams[i].entry == NULL)
			return &datagrams[i];
	return NULL;
}

static void on_datagram(
	void *arg, struct udp_pcb *udp, struct pbuf *data, const ip_addr_t *ip, u16_t port)
{
	struct datagram *d = free_place();

	if (d != NULL) {
		d->entry = arg;
		d->ticket = next_ticket++;
		d->len = data->tot_len <= ANKLET_DATAGRAM_MAX ? data->tot_len
							      : ANKLET_DATAGRAM_MAX + 1;
		address_from_lwip(ip, port, &d->from);
		address_from_lwip(ip_current_dest_addr(), udp->local_port, &d->to);
		(void)pbuf_copy_partial(data, d->byte, ANKLET_DATAGRAM_MAX, 0);
	}
	pbuf_free(data);
}

static struct datagram *oldest(const struct port_entry *e)
{
	struct datagram *first = NULL;

	for (unsigned i = 0; i < LWIP_DATAGRAMS; i++) {
		struct datagram *d = &datagrams[i];

		if (d->entry == e && (first == NULL || (int16_t)(d->ticket - first->ticket) < 0))
			first = d;
	}
	return first;
}

bool datagram_ready(const struct port_entry *e)
{
	return oldest(e) != NULL;
}

void datagram_close(const struct port_entry *e)
{
	struct datagram *d;

	while ((d = oldest(e)) != NULL)
		d->entry = NULL;
	udp_remove(e->udp);
}

/* ---- Opening ---- */

/* To a port that nobody can guess: lwIP's own count upwards. */
static err_t bind_somewhere(struct udp_pcb *udp, const ip_addr_t *ip)
{
	err_t err = ERR_USE;
	uint16_t port;

	for (unsigned draws = 0; err == ERR_USE && draws < DRAWS_MAX; draws++) {
		(void)port_random_weak(NULL, &port, sizeof port);
		err = port < FIRST_PORT ? ERR_USE : udp_bind(udp, ip, port);
	}
	return err;
}

/* Gives udp its local address and its peer, each where there is one. */
static int attach(
	struct port *p, struct udp_pcb *udp, const struct address *at, const struct address *peer)
{
	struct address from;
	ip_addr_t ip;
	int answer;
	err_t err;

	if (at != NULL && ip_class(&at->ip) != IP_UNSPECIFIED && !port_is_local(p, &at->ip))
		return PORT_NOT_LOCAL;
	if (at == NULL) {
		answer = port_local_for(p, peer, &from);
		if (answer != 0)
			return answer;
		at = &from;
	}
	if (!address_to_lwip(at, &ip))
		return PORT_UNREACHABLE;
	err = at->port != 0 ? udp_bind(udp, &ip, at->port) : bind_somewhere(udp, &ip);
	if (err == ERR_OK && peer != NULL) {
		if (!address_to_lwip(peer, &ip))
			return PORT_UNREACHABLE;
		err = udp_connect(udp, &ip, peer->port);
	}
	return answer_of(err);
}

int port_datagram(
	struct port *p, const struct address *at, const struct address *peer, port_sock *s)
{
	const struct address *either = at != NULL ? at : peer;
	struct port_entry *e;
	int answer;

	*s = PORT_NONE;
	assert(either != NULL);
	if (peer != NULL && ip_is_v4(&either->ip) != ip_is_v4(&peer->ip))
		return PORT_UNREACHABLE;
	*s = socket_new(p, ENTRY_DATAGRAMS);
	if (*s == PORT_NONE)
		return PORT_NO_RESOURCES;
	e = &p->entry[*s];
	e->udp = udp_new_ip_type(address_type(&either->ip));
	answer = e->udp != NULL ? attach(p, e->udp, at, peer) : PORT_NO_RESOURCES;
	if (answer == 0) {
		udp_recv(e->udp, on_datagram, e);
		return 0;
	}
	if (e->udp != NULL)
		udp_remove(e->udp);
	socket_free(p, e);
	*s = PORT_NONE;
	return answer;
}

/* ---- The calls ---- */

int port_recvfrom(struct port *p, port_sock s, void *buf, size_t size, struct address *from,
	struct address *to)
{
	struct port_entry *e = socket_entry(p, s);
	struct datagram *d;

	assert(e->kind == ENTRY_DATAGRAMS && size <= ANKLET_DATAGRAM_MAX);
	if (e->interests & INTEREST_READ)
		return PORT_AGAIN;
	d = oldest(e);
	if (d == NULL)
		return socket_await(e, INTEREST_READ);
	*from = d->from;
	*to = d->to;
	memcpy(buf, d->byte, d->len < size ? d->len : size);
	d->entry = NULL;
	return d->len <= size ? d->len : (int)size + 1;
}

/* Where to, and the interface and the local address it leaves from. */
static err_t send_from(struct udp_pcb *udp, struct pbuf *data, const struct address *from,
	const ip_addr_t *to, uint16_t port)
{
	struct netif *netif;
	ip_addr_t source;

	if (from == NULL || ip_class(&from->ip) == IP_UNSPECIFIED)
		return udp_sendto(udp, data, to, port);
	if (!address_to_lwip(from, &source) || IP_GET_TYPE(&source) != IP_GET_TYPE(to))
		return ERR_RTE;
	netif = ip_route(&source, to);
	return netif == NULL ? ERR_RTE : udp_sendto_if_src(udp, data, to, port, netif, &source);
}

int port_sendto(struct port *p, port_sock s, const void *data, size_t len,
	const struct address *from, const struct address *to)
{
	struct udp_pcb *udp = socket_entry(p, s)->udp;
	struct pbuf *bytes;
	ip_addr_t ip;
	err_t err;

	assert(p->entry[s].kind == ENTRY_DATAGRAMS);
	ip = udp->remote_ip;
	if (to != NULL && !address_to_lwip(to, &ip))
		return PORT_UNREACHABLE;
	if (len > ANKLET_DATAGRAM_MAX)
		return PORT_FAILED;
	bytes = pbuf_alloc(PBUF_TRANSPORT, (u16_t)len, PBUF_RAM);
	if (bytes == NULL)
		return PORT_AGAIN;
	(void)pbuf_take(bytes, data, (u16_t)len);
	err = send_from(udp, bytes, from, &ip, to != NULL ? to->port : udp->remote_port);
	(void)pbuf_free(bytes);
	return err == ERR_MEM || err == ERR_BUF ? PORT_AGAIN : answer_of(err);
}
