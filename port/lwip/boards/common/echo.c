/*
 * An image that only echoes, on port 7: what the board and lwIP cost without anklet.
 *
 * It handles bytes as the port does: a ring for each connection, filled by what
 * arrives and sent from without a copy, so that the difference is anklet's own.
 */
#include "board.h"
#include "board_parts.h"
#include "network.h"

#include <string.h>

#include "lwip/init.h"
#include "lwip/sys.h"
#include "lwip/tcp.h"
#include "lwip/timeouts.h"

#define CONNECTIONS 16
#define PORT 7

struct connection {
	struct tcp_pcb *pcb; /* NULL: free */
	uint16_t head, tail; /* bytes received, and acknowledged by the peer; both wrap */
	uint16_t queued;     /* bytes handed to TCP */
	bool ended;
	uint8_t ring[TCP_WND];
};

static struct connection connections[CONNECTIONS];

static void detach(struct connection *c)
{
	tcp_arg(c->pcb, NULL);
	tcp_recv(c->pcb, NULL);
	tcp_sent(c->pcb, NULL);
	tcp_err(c->pcb, NULL);
	tcp_poll(c->pcb, NULL, 0);
}

/* Indices are counted in a ring whose size is no power of two: each stays below twice the size. */
static uint16_t between(uint16_t low, uint16_t high)
{
	return (uint16_t)(high >= low ? high - low : high + 2 * TCP_WND - low);
}

static uint16_t advanced(uint16_t at, uint16_t by)
{
	return (uint16_t)((at + by) % (2 * TCP_WND));
}

static void pass_on(struct connection *c)
{
	while (c->queued != c->head) {
		uint16_t at = c->queued % TCP_WND, n = between(c->queued, c->head);

		if (n > TCP_WND - at)
			n = (uint16_t)(TCP_WND - at);
		if (n > tcp_sndbuf(c->pcb))
			n = tcp_sndbuf(c->pcb);
		if (n == 0 || tcp_write(c->pcb, c->ring + at, n, 0) != ERR_OK)
			break;
		c->queued = advanced(c->queued, n);
	}
	tcp_output(c->pcb);
	if (c->ended && c->tail == c->head) {
		detach(c);
		if (tcp_close(c->pcb) != ERR_OK)
			tcp_abort(c->pcb);
		c->pcb = NULL;
	}
}

static err_t received(void *arg, struct tcp_pcb *pcb, struct pbuf *p, err_t err)
{
	struct connection *c = arg;

	(void)pcb;
	(void)err;
	if (p == NULL)
		c->ended = true;
	for (struct pbuf *q = p; q != NULL; q = q->next) {
		for (uint16_t i = 0; i < q->len;) {
			uint16_t at = c->head % TCP_WND, n = (uint16_t)(q->len - i);

			if (n > TCP_WND - at)
				n = (uint16_t)(TCP_WND - at);
			memcpy(c->ring + at, (const uint8_t *)q->payload + i, n);
			c->head = advanced(c->head, n);
			i = (uint16_t)(i + n);
		}
	}
	if (p != NULL)
		pbuf_free(p);
	pass_on(c);
	return ERR_OK;
}

static err_t sent(void *arg, struct tcp_pcb *pcb, uint16_t len)
{
	struct connection *c = arg;

	c->tail = advanced(c->tail, len);
	tcp_recved(pcb, len);
	pass_on(c);
	return ERR_OK;
}

/* A write that failed for want of memory may be followed by nothing else. */
static err_t polled(void *arg, struct tcp_pcb *pcb)
{
	(void)pcb;
	pass_on(arg);
	return ERR_OK;
}

static void failed(void *arg, err_t err)
{
	struct connection *c = arg;

	(void)err;
	c->pcb = NULL;
}

static err_t accepted(void *arg, struct tcp_pcb *pcb, err_t err)
{
	(void)arg;
	if (err != ERR_OK || pcb == NULL)
		return ERR_VAL;
	for (struct connection *c = connections; c < connections + CONNECTIONS; c++) {
		if (c->pcb != NULL)
			continue;
		*c = (struct connection){.pcb = pcb};
		tcp_arg(pcb, c);
		tcp_recv(pcb, received);
		tcp_sent(pcb, sent);
		tcp_err(pcb, failed);
		tcp_poll(pcb, polled, 1);
		tcp_nagle_disable(pcb);
		return ERR_OK;
	}
	tcp_abort(pcb);
	return ERR_ABRT;
}

static void put_text(struct text *t)
{
	text_str(t, "\n");
	board_put(t->buf, t->len);
}

static void say_address(void)
{
	struct text t;
	struct ip at;
	char buf[80];

	if (network_news(&at) != NETWORK_ADDRESS)
		return;
	text_init(&t, buf, sizeof buf);
	text_str(&t, "echo: address ");
	text_ip(&t, &at);
	put_text(&t);
}

/* Now and then, when it is another one: what measurements are made from. */
static void say_awake(void)
{
	static uint32_t last, last_at;
	uint32_t awake = clock_awake_us(), now = sys_now();
	struct text t;
	char buf[80];

	if (now - last_at < 1000 || awake - last < 20000)
		return;
	last = awake;
	last_at = now;
	text_init(&t, buf, sizeof buf);
	text_str(&t, "echo: awake ");
	text_num(&t, awake);
	text_str(&t, " us, stack ");
	text_num(&t, stack_used());
	put_text(&t);
}

static void listen_on_port(void)
{
	struct tcp_pcb *pcb = tcp_new();

	tcp_bind(pcb, IP_ADDR_ANY, PORT);
	tcp_accept(tcp_listen(pcb), accepted);
}

int main(void)
{
	struct board_settings settings;
	struct network network;

	settings_find(&settings);
	lwip_init();
	if (network_read(&network, settings.network, settings.network_len) != 0)
		return 1;
	network_start(&network);
	listen_on_port();
	for (;;) {
		watchdog_feed();
		sys_check_timeouts();
		say_address();
		say_awake();
		board_wait(sys_timeouts_sleeptime());
	}
}
