/*
 * Calls into lwIP's own thread. See system_lwip_stack.h.
 *
 * From a descriptor the way to a control block leads over the BSD layer's socket
 * and its netconn, as in lwIP's own sockets.c.
 */
#include "system_lwip_stack.h"

#include "lwip/api.h"
#include "lwip/dns.h"
#include "lwip/ip.h"
#include "lwip/netif.h"
#include "lwip/priv/sockets_priv.h"
#include "lwip/priv/tcpip_priv.h"
#include "lwip/tcp.h"

#include "port.h"
#include "lwip/addresses.h"

struct run {
	struct tcpip_api_call_data call; /* first: lwIP hands back a pointer to it */
	void (*run)(void *arg);
	void *arg;
};

static err_t do_run(struct tcpip_api_call_data *call)
{
	struct run *r = (struct run *)(void *)call;

	r->run(r->arg);
	return ERR_OK;
}

void stack_run(void (*run)(void *arg), void *arg)
{
	struct run r = {.run = run, .arg = arg};

	(void)tcpip_api_call(do_run, &r.call);
}

static struct netconn *conn_of(int fd)
{
	struct lwip_sock *sock = lwip_socket_dbg_get_socket(fd);

	return sock == NULL ? NULL : sock->conn;
}

static struct tcp_pcb *pcb_of(int fd)
{
	struct netconn *conn = conn_of(fd);

	if (conn == NULL || NETCONNTYPE_GROUP(conn->type) != NETCONN_TCP)
		return NULL;
	return conn->pcb.tcp;
}

/* ---- Connections ---- */

struct state {
	int fd;
	enum tcp_state state;
	int error;
};

/* The error stays with the netconn: what lies unread before it is to be read first. */
static void do_state(void *arg)
{
	struct state *s = arg;
	const struct netconn *conn = conn_of(s->fd);
	const struct tcp_pcb *pcb = pcb_of(s->fd);

	s->state = pcb == NULL ? CLOSED : pcb->state;
	s->error =
		conn == NULL || conn->pending_err == ERR_CLSD ? 0 : err_to_errno(conn->pending_err);
}

enum tcp_state stack_state(int fd, int *error)
{
	struct state s = {.fd = fd};

	stack_run(do_state, &s);
	*error = s.error;
	return s.state;
}

/* The netconn layer's own, the same for all its connections. */
static tcp_recv_fn layer_recv;

/* With both FINs under way the netconn is told what it is told in LAST_ACK, and has no control block any more. */
static err_t on_recv(void *arg, struct tcp_pcb *pcb, struct pbuf *p, err_t err)
{
	err_t answer = layer_recv(arg, pcb, p, err);
	tcp_err_fn layer_err = pcb->errf;

	if (p != NULL || arg == NULL || pcb->state < CLOSING)
		return answer;
	tcp_arg(pcb, NULL);
	tcp_recv(pcb, NULL);
	tcp_sent(pcb, NULL);
	tcp_poll(pcb, NULL, 0);
	tcp_err(pcb, NULL);
	if (layer_err != NULL)
		layer_err(arg, ERR_CLSD);
	return answer;
}

static void do_guard(void *arg)
{
	struct tcp_pcb *pcb = pcb_of(*(const int *)arg);

	if (pcb == NULL || pcb->recv == on_recv || pcb->recv == NULL)
		return;
	layer_recv = pcb->recv;
	tcp_recv(pcb, on_recv);
}

void stack_guard(int fd)
{
	stack_run(do_guard, &fd);
}

bool stack_has_room(void)
{
	for (int i = 0; i < NUM_SOCKETS; i++)
		if (lwip_socket_dbg_get_socket(LWIP_SOCKET_OFFSET + i)->conn == NULL)
			return true;
	return false;
}

static void do_refuse_waiting(void *arg)
{
	struct tcp_pcb *pcb = pcb_of(*(const int *)arg);

	if (pcb != NULL && pcb->state == LISTEN)
		tcp_accept(pcb, NULL);
}

void stack_refuse_waiting(int fd)
{
	stack_run(do_refuse_waiting, &fd);
}

/* The netconn is told that it has no control block any more, as after a reset that the peer has sent. */
static void do_abort(void *arg)
{
	struct tcp_pcb *pcb = pcb_of(*(const int *)arg);

	if (pcb != NULL && pcb->state != CLOSED && pcb->state != TIME_WAIT)
		tcp_abort(pcb);
}

void stack_abort(int fd)
{
	stack_run(do_abort, &fd);
}

/* ---- Addresses ---- */

struct question {
	const struct ip *ip;
	bool is_local;
};

static void do_ask(void *arg)
{
	struct question *q = arg;
	const struct netif *netif;

	NETIF_FOREACH(netif)
	{
		q->is_local |= address_is_of(netif, q->ip);
	}
}

bool stack_is_local(const struct ip *ip)
{
	struct question q = {.ip = ip};

	stack_run(do_ask, &q);
	return q.is_local;
}

struct local_for {
	const struct address *peer;
	struct address *at;
	bool found;
};

static void do_local_for(void *arg)
{
	struct local_for *f = arg;
	struct address unspecified = {.port = 0};
	const ip_addr_t *local;
	struct netif *netif;
	ip_addr_t any, ip;

	if (ip_is_v4(&f->peer->ip))
		unspecified.ip = ip_v4(0, 0, 0, 0);
	if (!address_to_lwip(f->peer, &ip) || !address_to_lwip(&unspecified, &any))
		return;
	netif = ip_route(&any, &ip);
	local = netif == NULL ? NULL : ip_netif_get_local_ip(netif, &ip);
	if (local == NULL || ip_addr_isany(local))
		return;
	address_from_lwip(local, 0, f->at);
	f->found = true;
}

bool stack_local_for(const struct address *peer, struct address *at)
{
	struct local_for f = {.peer = peer, .at = at};

	stack_run(do_local_for, &f);
	return f.found;
}

struct zone {
	const char *name;
	uint32_t index;
};

static void do_zone(void *arg)
{
	struct zone *z = arg;

	z->index = address_zone(z->name);
}

uint32_t port_zone(const char *name)
{
	struct zone z = {.name = name};

	stack_run(do_zone, &z);
	return z.index;
}

/* ---- Names ---- */

#if LWIP_DNS

struct servers {
	struct address *server;
	size_t max, count;
};

static void do_servers(void *arg)
{
	struct servers *s = arg;

	for (uint8_t i = 0; i < DNS_MAX_SERVERS && s->count < s->max; i++)
		if (!ip_addr_isany(dns_getserver(i)))
			address_from_lwip(dns_getserver(i), 0, &s->server[s->count++]);
}

size_t stack_name_servers(struct address *servers, size_t max)
{
	struct servers s = {.server = servers, .max = max};

	stack_run(do_servers, &s);
	return s.count;
}

#else

size_t stack_name_servers(struct address *servers, size_t max)
{
	(void)servers;
	(void)max;
	return 0;
}

#endif
