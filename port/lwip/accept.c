/*
 * Connections that have come and that nobody has accepted yet.
 *
 * They cost a control block each and no ring: their window is closed from the
 * SYN-ACK on, and port_accept() opens it. So neither a full table nor a flood of
 * SYNs takes buffers from the sessions that are being served, and who waits is
 * connected, not refused. It costs each connection one segment more.
 */
#include "internal.h"

#include <assert.h>

#include "lwip/priv/tcp_priv.h"

_Static_assert(LWIP_WAITING > 0 && LWIP_WAITING < UINT8_MAX,
	"lwIP counts a backlog, and one more, in 8 bits");

static u8_t port_id;
static bool has_port_id; /* lwIP gives the number once, for all ports */

/* Half-open and waiting connections of all listeners. */
static unsigned pending(const struct port *p)
{
	unsigned count = 0;

	for (port_sock s = 0; s < PORT_SOCKETS; s++)
		if (p->entry[s].kind == ENTRY_LISTENER)
			count += ((struct tcp_pcb_listen *)p->entry[s].pcb)->accepts_pending;
	return count;
}

/* Is there a listener at which nobody waits? */
static bool any_idle(const struct port *p)
{
	for (port_sock s = 0; s < PORT_SOCKETS; s++)
		if (p->entry[s].kind == ENTRY_LISTENER &&
			((struct tcp_pcb_listen *)p->entry[s].pcb)->accepts_pending == 0)
			return true;
	return false;
}

/* lwIP puts each new connection before the others. */
static struct tcp_pcb *oldest_half_open(const struct port *p)
{
	struct tcp_pcb *found = NULL;

	for (struct tcp_pcb *pcb = tcp_active_pcbs; pcb != NULL; pcb = pcb->next)
		if (pcb->state == SYN_RCVD && tcp_ext_arg_get(pcb, port_id) == p)
			found = pcb;
	return found;
}

/*
 * Is there room for one more, who is counted already? The last place is kept for a listener at which nobody
 * waits: who waits long at one, until there is room for another encrypted client, does not shut the others.
 */
static bool has_room(const struct port *p, const struct tcp_pcb_listen *listening)
{
	unsigned kept = listening->accepts_pending > 1 && any_idle(p) ? 1 : 0;

	return pending(p) + kept <= LWIP_WAITING;
}

/*
 * A SYN has come. Of a full backlog the oldest is evicted that is half-open, without a word to it: a SYN costs whoever
 * forges it nothing. Where all have connected the SYN is not answered; it comes again.
 */
static err_t on_syn(u8_t id, struct tcp_pcb_listen *listening, struct tcp_pcb *pcb)
{
	struct port *p = listening->ext_args[id].data;

	while (!has_room(p, listening)) {
		struct tcp_pcb *half_open = oldest_half_open(p);

		if (half_open == NULL)
			return ERR_MEM;
		tcp_abandon(half_open, 0);
	}
	pcb->rcv_wnd = 0;
	pcb->rcv_ann_wnd = 0;
	tcp_ext_arg_set(pcb, id, p);
	return ERR_OK;
}

static void forget(struct port_waiting *w)
{
	tcp_arg(w->pcb, NULL);
	tcp_err(w->pcb, NULL);
	tcp_recv(w->pcb, NULL);
	w->pcb = NULL;
}

/* The pcb is freed as soon as this returns. */
static void on_waiting_lost(void *arg, err_t err)
{
	struct port_waiting *w = arg;

	(void)err;
	w->pcb = NULL;
}

/* Nothing can come through a closed window, not even a FIN; whatever this is, it ends here. */
static err_t on_waiting_received(void *arg, struct tcp_pcb *pcb, struct pbuf *data, err_t err)
{
	(void)err;
	forget(arg);
	if (data != NULL)
		pbuf_free(data);
	tcp_abort(pcb);
	return ERR_ABRT; /* the one answer that says the pcb is no more */
}

static struct port_waiting *free_place(struct port *p)
{
	for (unsigned i = 0; i < LWIP_WAITING; i++)
		if (p->waiting[i].pcb == NULL)
			return &p->waiting[i];
	return NULL;
}

/* pcb is NULL when lwIP had no memory for a connection: the SYN comes again. */
static err_t on_accept(void *arg, struct tcp_pcb *pcb, err_t err)
{
	struct port_waiting *w;
	struct port *p;

	if (pcb == NULL || err != ERR_OK)
		return ERR_VAL;
	p = tcp_ext_arg_get(pcb, port_id);
	w = free_place(p);
	if (w == NULL)
		return ERR_MEM; /* lwIP resets it */
	*w = (struct port_waiting){.pcb = pcb, .listener = arg, .ticket = p->ticket++};
	tcp_backlog_delayed(pcb);
	tcp_arg(pcb, w);
	tcp_err(pcb, on_waiting_lost);
	tcp_recv(pcb, on_waiting_received); /* now: lwIP's own would close it on a FIN */
	return ERR_OK;
}

void accept_listen(struct port *p, struct port_entry *e)
{
	static const struct tcp_ext_arg_callbacks callbacks = {.passive_open = on_syn};

	if (!has_port_id)
		port_id = tcp_ext_arg_alloc_id();
	has_port_id = true;
	tcp_ext_arg_set(e->pcb, port_id, p);
	tcp_ext_arg_set_callbacks(e->pcb, port_id, &callbacks);
	tcp_arg(e->pcb, e);
	tcp_accept(e->pcb, on_accept);
}

/* Who waits longest at e, or NULL. */
static struct port_waiting *oldest(struct port *p, const struct port_entry *e)
{
	struct port_waiting *first = NULL;

	for (unsigned i = 0; i < LWIP_WAITING; i++) {
		struct port_waiting *w = &p->waiting[i];

		if (w->pcb != NULL && w->listener == e &&
			(first == NULL || (int16_t)(w->ticket - first->ticket) < 0))
			first = w;
	}
	return first;
}

bool accept_ready(const struct port *p, const struct port_entry *e)
{
	for (unsigned i = 0; i < LWIP_WAITING; i++)
		if (p->waiting[i].pcb != NULL && p->waiting[i].listener == e)
			return true;
	return false;
}

void accept_close(struct port *p, const struct port_entry *e)
{
	struct port_waiting *w;

	while ((w = oldest(p, e)) != NULL) {
		struct tcp_pcb *pcb = w->pcb;

		forget(w);
		tcp_abort(pcb);
	}
}

int port_accept(struct port *p, port_sock listener, port_sock *s, struct address *from)
{
	struct port_entry *e = socket_entry(p, listener);
	struct port_waiting *w;
	struct tcp_pcb *pcb;

	assert(e->kind == ENTRY_LISTENER);
	*s = PORT_NONE;
	if (e->interests & INTEREST_READ)
		return PORT_AGAIN;
	w = oldest(p, e);
	if (w == NULL)
		return socket_await(e, INTEREST_READ);
	*s = socket_new(p, ENTRY_STREAM);
	if (*s == PORT_NONE)
		return PORT_NO_RESOURCES;
	e = &p->entry[*s];
	e->ring = ring_new(p, e);
	if (e->ring == NULL) {
		socket_free(p, e);
		*s = PORT_NONE;
		return PORT_NO_RESOURCES;
	}
	pcb = w->pcb;
	forget(w);
	tcp_backlog_accepted(pcb);
	e->pcb = pcb;
	e->flags = STREAM_OPEN;
	stream_attach(e);
	tcp_recved(pcb, TCP_WND);
	address_from_lwip(&pcb->remote_ip, pcb->remote_port, from);
	return 0;
}
