/*
 * What can go wrong in the port over lwIP and in no other: control blocks that
 * lwIP frees by itself, rings that TCP still points into, a backlog without buffers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "internal.h"

#include "embed.h"
#include "host.h"

#include "lwip/inet_chksum.h"
#include "lwip/priv/tcp_priv.h"
#include "lwip/prot/tcp.h"
#include "lwip/timeouts.h"

#define SOON_MS 60000
#define KEEPALIVE_ENDS_MS 900000
#define LATE_MS 600000 /* after all that TCP does by itself */

static struct port port;

struct pair {
	port_sock a, b; /* a connected, b was accepted */
};

static int start(void **state)
{
	static const struct port_config config;

	(void)state;
	host_start();
	return port_init(&port, &config);
}

static int stop(void **state)
{
	(void)state;
	port_fini(&port);
	return 0;
}

static void pass(uint32_t ms)
{
	uint32_t begun = port_now(&port);

	while (port_now(&port) - begun < ms)
		(void)port_wait(&port, (int32_t)(ms - (port_now(&port) - begun)));
}

static port_sock listen_at(struct address *at)
{
	port_sock s = PORT_NONE;

	*at = (struct address){.ip = ip_v4(127, 0, 0, 1)};
	assert_int_equal(port_listen(&port, at, 16, &s), 0);
	assert_int_equal(port_local(&port, s, at), 0);
	return s;
}

static struct pair make_pair(void)
{
	struct pair pair = {PORT_NONE, PORT_NONE};
	struct address at, from;
	port_sock listener = listen_at(&at);

	assert_int_equal(port_connect(&port, NULL, &at, &pair.a), 0);
	pass(10);
	assert_int_equal(port_accept(&port, listener, &pair.b, &from), 0);
	assert_int_equal(port_connected(&port, pair.a), 0);
	port_close(&port, &listener);
	return pair;
}

static void send_all(port_sock s, const char *text)
{
	assert_int_equal(port_send(&port, s, text, strlen(text)), strlen(text));
	pass(10);
}

static void expect(port_sock s, const char *text)
{
	char buf[100] = {0};

	assert_int_equal(port_read(&port, s, buf, sizeof buf), strlen(text));
	assert_string_equal(buf, text);
}

/* lwIP frees a control block in TIME_WAIT without a word, and gives it to the next connection. */
static void a_connection_that_has_ended_is_let_go(void **state)
{
	struct pair ended = make_pair(), next[CONFIG_ANKLET_SESSIONS - 1];
	const uint8_t *data;

	(void)state;
	port_shutdown(&port, ended.a);
	pass(10);
	port_shutdown(&port, ended.b);
	pass(LATE_MS);
	for (size_t i = 0; i < CONFIG_ANKLET_SESSIONS - 1; i++)
		next[i] = make_pair();
	assert_int_equal(port_peek(&port, ended.a, &data), PORT_EOF);
	assert_int_equal(port_peer_closed(&port, ended.b), PORT_EOF);
	assert_int_equal(port_send(&port, ended.a, "x", 1), PORT_RESET);
	port_reset(&port, &ended.a);
	port_reset(&port, &ended.b);
	pass(10);
	for (size_t i = 0; i < CONFIG_ANKLET_SESSIONS - 1; i++) {
		send_all(next[i].a, "there");
		expect(next[i].b, "there");
		send_all(next[i].b, "back");
		expect(next[i].a, "back");
	}
}

/* Fills the peer's ring, so that what comes after it is not acknowledged. */
static void stuff(port_sock s)
{
	static uint8_t buf[LWIP_RING];

	assert_int_equal(port_send(&port, s, buf, sizeof buf), sizeof buf);
	pass(SOON_MS);
}

static void unstuff(port_sock s)
{
	uint8_t buf[LWIP_RING];
	size_t len = 0;

	while (len < sizeof buf) {
		int n = port_read(&port, s, buf, sizeof buf - len);

		assert_true(n > 0);
		len += (size_t)n;
	}
}

/* Sends "moved" through from and to, whose sink takes nothing. */
static void move_to_nobody(struct pair *in, struct pair *out)
{
	port_sock failed;

	*in = make_pair();
	*out = make_pair();
	stuff(out->a);
	send_all(in->a, "moved");
	assert_int_equal(port_move(&port, in->b, out->a, 100, &failed), 5);
	pass(10);
}

/* What was moved is delivered though its reader has been closed, and nobody gets the ring before. */
static void a_ring_is_kept_while_it_is_sent(void **state)
{
	struct pair in, out, other[CONFIG_ANKLET_SESSIONS - 2];

	(void)state;
	move_to_nobody(&in, &out);
	port_close(&port, &in.b);
	port_close(&port, &in.a);
	for (size_t i = 0; i < CONFIG_ANKLET_SESSIONS - 2; i++) {
		other[i] = make_pair();
		send_all(other[i].a, "other");
		send_all(other[i].b, "other");
	}
	unstuff(out.b);
	pass(SOON_MS);
	expect(out.b, "moved");
	for (size_t i = 0; i < CONFIG_ANKLET_SESSIONS - 2; i++)
		expect(other[i].a, "other");
	send_all(out.b, "back");
	expect(out.a, "back");
}

/* A close would have to keep the ring until the end comes. It is a reset, and no end in order. */
static void closing_over_moved_bytes_is_a_reset(void **state)
{
	struct pair in, out;
	const uint8_t *data;

	(void)state;
	move_to_nobody(&in, &out);
	port_close(&port, &out.a);
	pass(10);
	unstuff(out.b);
	assert_int_equal(port_peek(&port, out.b, &data), PORT_RESET);
	send_all(in.b, "back");
	expect(in.a, "back");
}

/* More than can wait are not refused: their SYNs are not answered until there is room. */
static void the_backlogs_are_bounded_together(void **state)
{
	enum { CLIENTS = LWIP_WAITING };
	struct address at[2], from;
	port_sock listener[2] = {listen_at(&at[0]), listen_at(&at[1])};
	port_sock client[2][CLIENTS];
	unsigned accepted = 0;

	(void)state;
	for (size_t i = 0; i < CLIENTS; i++) {
		for (size_t l = 0; l < 2; l++) {
			assert_int_equal(port_connect(&port, NULL, &at[l], &client[l][i]), 0);
			pass(10);
		}
	}
	for (unsigned rounds = 0; accepted < 2 * CLIENTS && rounds < 1000; rounds++) {
		port_sock s;

		pass(100);
		while (port_next(&port) != PORT_NONE)
			;
		for (size_t l = 0; l < 2; l++) {
			if (port_accept(&port, listener[l], &s, &from) == 0) {
				accepted++;
				port_close(&port, &s);
			}
		}
	}
	assert_int_equal(accepted, 2 * CLIENTS);
	for (size_t i = 0; i < CLIENTS; i++)
		for (size_t l = 0; l < 2; l++)
			assert_int_equal(port_connected(&port, client[l][i]), 0);
}

/* Those whom nobody accepts at one listener leave a place for who comes to another one. */
static void who_waits_shuts_no_other_listener(void **state)
{
	struct address at[2], from;
	port_sock stuck = listen_at(&at[0]), other = listen_at(&at[1]), s;

	(void)state;
	(void)stuck;
	for (unsigned i = 0; i < 2 * LWIP_WAITING; i++)
		assert_int_equal(port_connect(&port, NULL, &at[0], &s), 0);
	pass(100);
	assert_int_equal(port_connect(&port, NULL, &at[1], &s), 0);
	pass(100);
	assert_int_equal(port_accept(&port, other, &s, &from), 0);
}

/* A SYN from an address whose host is not there: it never answers what it gets. */
static void forge_syn(uint16_t to_port, uint8_t number)
{
	struct pbuf *packet = pbuf_alloc(PBUF_RAW, IP_HLEN + TCP_HLEN, PBUF_RAM);
	struct ip_hdr *ip = packet->payload;
	struct tcp_hdr *tcp = (struct tcp_hdr *)(ip + 1);
	ip4_addr_t from, to;

	memset(packet->payload, 0, packet->len);
	IP4_ADDR(&from, 127, 9, 9, number);
	IP4_ADDR(&to, 127, 0, 0, 1);
	IPH_VHL_SET(ip, 4, IP_HLEN / 4);
	IPH_LEN_SET(ip, lwip_htons(IP_HLEN + TCP_HLEN));
	IPH_TTL_SET(ip, 64);
	IPH_PROTO_SET(ip, IP_PROTO_TCP);
	ip4_addr_copy(ip->src, from);
	ip4_addr_copy(ip->dest, to);
	IPH_CHKSUM_SET(ip, inet_chksum(ip, IP_HLEN));
	tcp->src = lwip_htons(1024);
	tcp->dest = lwip_htons(to_port);
	tcp->wnd = lwip_htons(1000);
	TCPH_HDRLEN_FLAGS_SET(tcp, TCP_HLEN / 4, TCP_SYN);
	pbuf_remove_header(packet, IP_HLEN);
	tcp->chksum = inet_chksum_pseudo(packet, IP_PROTO_TCP, TCP_HLEN, &from, &to);
	pbuf_add_header(packet, IP_HLEN);
	assert_int_equal(ip_input(packet, netif_list), ERR_OK);
}

/* The oldest half-open one is evicted for who comes; those that are connected wait on. */
static void forged_syns_keep_nobody_out(void **state)
{
	struct address at, from;
	port_sock listener = listen_at(&at), waits, comes, s;

	(void)state;
	assert_int_equal(port_connect(&port, NULL, &at, &waits), 0);
	pass(10);
	for (unsigned i = 0; i < 2 * LWIP_WAITING; i++)
		forge_syn(at.port, (uint8_t)(i + 1));
	assert_int_equal(port_connect(&port, NULL, &at, &comes), 0);
	pass(10);
	assert_int_equal(port_connected(&port, waits), 0);
	assert_int_equal(port_connected(&port, comes), 0);
	assert_int_equal(port_accept(&port, listener, &s, &from), 0);
	assert_int_equal(port_accept(&port, listener, &s, &from), 0);
}

/* A peer that is gone without a word is found out though nobody sends anything. */
static void a_peer_that_is_gone_is_found_out(void **state)
{
	struct pair pair = make_pair();
	struct tcp_pcb *gone = port.entry[pair.b].pcb;
	const uint8_t *data;

	(void)state;
	assert_int_equal(port_peek(&port, pair.a, &data), PORT_AGAIN);
	/* As after a power cut: it has no such connection, and its host says nothing of that. */
	netif_set_link_down(netif_list);
	tcp_abandon(gone, 0);
	pass(KEEPALIVE_ENDS_MS);
	assert_int_equal(port_peek(&port, pair.a, &data), PORT_TIMEOUT);
	netif_set_link_up(netif_list);
}

/* port_move(): 'PORT_EOF: from has ended and nothing of it is still on its way to to' */
static void the_end_waits_for_what_is_on_its_way(void **state)
{
	struct pair in, out;
	port_sock failed;

	(void)state;
	move_to_nobody(&in, &out);
	port_shutdown(&port, in.a);
	pass(10);
	assert_int_equal(port_peer_closed(&port, in.b), PORT_EOF);
	assert_int_equal(port_move(&port, in.b, out.a, 100, &failed), PORT_AGAIN);
	assert_int_equal(failed, in.b);
	assert_int_equal(port_wait(&port, SOON_MS), 0);
	unstuff(out.b);
	assert_int_equal(port_wait(&port, SOON_MS), 1);
	assert_int_equal(port_next(&port), in.b);
	assert_int_equal(port_move(&port, in.b, out.a, 100, &failed), PORT_EOF);
	expect(out.b, "moved");
}

/* Connections that nobody accepts take no rings from the others. */
static void who_waits_has_no_ring(void **state)
{
	unsigned used = 0;
	struct address at;
	port_sock s;

	(void)state;
	(void)listen_at(&at);
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(port_connect(&port, NULL, &at, &s), 0);
	pass(1000);
	for (unsigned i = 0; i < LWIP_RINGS; i++)
		used += port.ring[i].reader != NULL;
	assert_int_equal(used, 4); /* the clients' */
}

/* Of the packets that the loopback interface has to deliver the first two change places. Each is one pbuf. */
static void swap_first_packets(struct netif *netif)
{
	struct pbuf *first = netif->loop_first, *second = first->next;

	assert_non_null(second);
	assert_true(first->len == first->tot_len && second->len == second->tot_len);
	first->next = second->next;
	second->next = first;
	netif->loop_first = second;
	if (netif->loop_last == second)
		netif->loop_last = first;
}

/* Before TCP sends anything again: lwIP has kept the one that came too early. */
static void segments_out_of_order_are_read_in_order(void **state)
{
	struct pair pair = make_pair();

	(void)state;
	pass(10); /* the window was opened just now */
	for (int i = 0; i < 3; i++) {
		assert_int_equal(port_send(&port, pair.a, "first", 5), 5);
		assert_int_equal(port_send(&port, pair.a, "other", 5), 5);
		swap_first_packets(netif_list);
		pass(10);
		expect(pair.b, "firstother");
	}
}

/* What ends it is anklet, lwIP, or a socket for which lwIP had no memory, whichever comes first. */
static void the_next_tick_is_the_earliest_of_all(void **state)
{
	uint32_t next = sys_timeouts_sleeptime();

	(void)state;
	assert_in_range(next, RETRY_MS + 2, 60000);
	assert_int_equal(embed_next(&port, -1), next);
	assert_int_equal(embed_next(&port, INT32_MAX), next);
	assert_int_equal(embed_next(&port, RETRY_MS + 1), RETRY_MS + 1);
	port.starved = true;
	assert_int_equal(embed_next(&port, -1), RETRY_MS);
	assert_int_equal(embed_next(&port, 0), 0);
	port.starved = false;
}

int main(void)
{
#define PORT_TEST(test) cmocka_unit_test_setup_teardown(test, start, stop)
	const struct CMUnitTest tests[] = {
		PORT_TEST(a_connection_that_has_ended_is_let_go),
		PORT_TEST(a_ring_is_kept_while_it_is_sent),
		PORT_TEST(closing_over_moved_bytes_is_a_reset),
		PORT_TEST(the_end_waits_for_what_is_on_its_way),
		PORT_TEST(the_backlogs_are_bounded_together),
		PORT_TEST(who_waits_shuts_no_other_listener),
		PORT_TEST(forged_syns_keep_nobody_out),
		PORT_TEST(a_peer_that_is_gone_is_found_out),
		PORT_TEST(who_waits_has_no_ring),
		PORT_TEST(segments_out_of_order_are_read_in_order),
		PORT_TEST(the_next_tick_is_the_earliest_of_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
