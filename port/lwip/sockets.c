/*
 * Sockets of every kind: listening, connecting, closing, and own addresses.
 */
#include "internal.h"

#include <assert.h>
#include <string.h>

#include "lwip/ip.h"

/* ---- Listening and connecting ---- */

/* A control block bound to 'at', or why there is none. */
static int open_at(struct port *p, const struct address *at, struct tcp_pcb **pcb)
{
	ip_addr_t ip;
	err_t err;

	if (!address_to_lwip(at, &ip))
		return PORT_UNREACHABLE;
	if (ip_class(&at->ip) != IP_UNSPECIFIED && !port_is_local(p, &at->ip))
		return PORT_NOT_LOCAL;
	*pcb = tcp_new_ip_type(address_type(&at->ip));
	if (*pcb == NULL)
		return PORT_NO_RESOURCES;
	ip_set_option(*pcb, SOF_REUSEADDR);
	err = tcp_bind(*pcb, &ip, at->port);
	if (err != ERR_OK)
		tcp_abort(*pcb);
	return answer_of(err);
}

int port_listen(struct port *p, const struct address *at, int backlog, port_sock *s)
{
	struct tcp_pcb *pcb, *listening;
	struct port_entry *e;
	err_t err;
	int answer;

	*s = PORT_NONE;
	answer = open_at(p, at, &pcb);
	if (answer != 0)
		return answer;
	listening = tcp_listen_with_backlog_and_err(
		pcb, (u8_t)((backlog < LWIP_WAITING ? backlog : LWIP_WAITING) + 1), &err);
	if (listening == NULL) {
		tcp_abort(pcb);
		return answer_of(err);
	}
	*s = socket_new(p, ENTRY_LISTENER);
	if (*s == PORT_NONE) {
		tcp_close(listening);
		return PORT_NO_RESOURCES;
	}
	e = &p->entry[*s];
	e->pcb = listening;
	accept_listen(p, e);
	return 0;
}

static err_t on_connected(void *arg, struct tcp_pcb *pcb, err_t err)
{
	struct port_entry *e = arg;

	(void)pcb;
	(void)err; /* always ERR_OK: failures go to the err callback */
	e->flags |= STREAM_OPEN;
	return ERR_OK;
}

/* The control block for a connection from 'from', or from wherever it is best. */
static int open_from(
	struct port *p, const struct address *from, const struct ip *to, struct tcp_pcb **pcb)
{
	if (from != NULL && ip_is_v4(&from->ip) != ip_is_v4(to))
		return PORT_NO_NETWORK;
	if (from != NULL)
		return open_at(p, from, pcb);
	*pcb = tcp_new_ip_type(address_type(to));
	return *pcb != NULL ? 0 : PORT_NO_RESOURCES;
}

int port_connect(struct port *p, const struct address *from, const struct address *to, port_sock *s)
{
	struct port_entry *e;
	ip_addr_t ip;
	int answer;
	err_t err;

	*s = PORT_NONE;
	if (!address_to_lwip(to, &ip))
		return PORT_NO_NETWORK;
	*s = socket_new(p, ENTRY_CONNECTING);
	if (*s == PORT_NONE)
		return PORT_NO_RESOURCES;
	e = &p->entry[*s];
	e->ring = ring_new(p, e);
	answer = e->ring != NULL ? open_from(p, from, &to->ip, &e->pcb) : PORT_NO_RESOURCES;
	if (answer == 0) {
		err = tcp_connect(e->pcb, &ip, to->port, on_connected);
		answer = CONFIG_ANKLET_SOCKS5 && err == ERR_RTE ? PORT_NO_NETWORK : answer_of(err);
		if (err == ERR_OK)
			stream_attach(e);
		else
			tcp_abort(e->pcb);
	}
	if (answer != 0) {
		(void)stream_release(e);
		socket_free(p, e);
		*s = PORT_NONE;
	}
	return answer;
}

int port_connected(struct port *p, port_sock s)
{
	struct port_entry *e = socket_entry(p, s);

	assert(e->kind == ENTRY_CONNECTING || e->kind == ENTRY_STREAM);
	if (e->interests & INTEREST_WRITE && e->kind == ENTRY_CONNECTING)
		return PORT_AGAIN;
	if (e->flags & STREAM_OPEN) {
		e->kind = ENTRY_STREAM;
		return 0;
	}
	if (e->failure == PORT_RESET) /* instead of a SYN of its own the other end sent a reset */
		return PORT_REFUSED;
	return e->failure != 0 ? e->failure : socket_await(e, INTEREST_WRITE);
}

/* ---- Ends ---- */

void port_shutdown(struct port *p, port_sock s)
{
	struct port_entry *e = socket_entry(p, s);

	assert(e->kind == ENTRY_STREAM);
	if (e->flags & STREAM_SHUT || e->pcb == NULL)
		return;
	e->flags |= STREAM_SHUT;
	(void)tcp_shutdown(
		e->pcb, 0, 1); /* where there is no memory for the FIN, lwIP's timer sends it */
	stream_settle(e);
}

/*
 * lwIP closes in order only over a window that is wholly open, and sends a reset
 * otherwise: what nobody read is said to have been read. No more comes: the
 * connection, still closing, answers data with a reset by itself.
 */
static void leave_in_order(struct tcp_pcb *pcb)
{
	tcp_recved(pcb, (u16_t)(TCP_WND - pcb->rcv_wnd));
	tcp_setprio(pcb, PRIORITY_CLOSED);
	(void)tcp_close(pcb);
}

static void close_connection(struct port_entry *e, bool reset)
{
	struct tcp_pcb *pcb = stream_detach(e);
	bool undelivered = stream_release(e);

	if (pcb == NULL)
		return;
	if (reset || undelivered) /* what was moved lies in a ring that is no longer held */
		tcp_abort(pcb);
	else
		leave_in_order(pcb);
}

static void leave(struct port *p, port_sock *s, bool reset)
{
	struct port_entry *e;

	if (*s == PORT_NONE)
		return;
	e = socket_entry(p, *s);
	switch ((enum entry_kind)e->kind) {
	case ENTRY_LISTENER:
		accept_close(p, e);
		(void)tcp_close(e->pcb);
		break;
	case ENTRY_CONNECTING:
	case ENTRY_STREAM:
		close_connection(e, reset);
		break;
	case ENTRY_DATAGRAMS:
		if (ANKLET_HAS_DATAGRAMS)
			datagram_close(e);
		break;
	case ENTRY_FREE:
	case ENTRY_RESTING:
		break;
	}
	socket_free(p, e);
	*s = PORT_NONE;
}

void port_close(struct port *p, port_sock *s)
{
	leave(p, s, false);
}

void port_reset(struct port *p, port_sock *s)
{
	leave(p, s, true);
}

/* ---- Addresses ---- */

unsigned port_room(struct port *p)
{
	(void)p;
	return PORT_SOCKETS;
}

uint32_t port_zone(const char *name)
{
	return address_zone(name);
}

int port_local(struct port *p, port_sock s, struct address *at)
{
	struct port_entry *e = socket_entry(p, s);

	if (e->kind == ENTRY_DATAGRAMS) {
		address_from_lwip(&e->udp->local_ip, e->udp->local_port, at);
		return 0;
	}
	if (e->pcb == NULL)
		return PORT_FAILED;
	address_from_lwip(&e->pcb->local_ip, e->pcb->local_port, at);
	return 0;
}

int port_local_for(struct port *p, const struct address *peer, struct address *at)
{
	struct address unspecified = {.port = 0};
	const ip_addr_t *local;
	struct netif *netif;
	ip_addr_t any, ip;

	(void)p;
	if (ip_is_v4(&peer->ip))
		unspecified.ip = ip_v4(0, 0, 0, 0);
	if (!address_to_lwip(peer, &ip) || !address_to_lwip(&unspecified, &any))
		return PORT_UNREACHABLE;
	netif = ip_route(&any, &ip);
	local = netif == NULL ? NULL : ip_netif_get_local_ip(netif, &ip);
	if (local == NULL || ip_addr_isany(local))
		return PORT_UNREACHABLE;
	address_from_lwip(local, 0, at);
	return 0;
}

bool port_is_local(struct port *p, const struct ip *ip)
{
	const struct netif *netif;

	(void)p;
	if (ip_class(ip) == IP_LOOPBACK)
		return true;
	NETIF_FOREACH(netif)
	{
		if (address_is_of(netif, ip))
			return true;
	}
	return false;
}
