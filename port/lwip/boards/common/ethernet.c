/*
 * Between the Ethernet controller and lwIP: one frame is received at a time, into memory of its own.
 *
 * lwIP keeps no received frame (lwipopts_common.h), so the next one may always
 * overwrite it. Frames that wait do so in the controller.
 */
#include "board_parts.h"
#include "chip.h"

#include <assert.h>

#include "lwip/etharp.h"
#include "lwip/netif.h"
#include "lwip/pbuf.h"
#include "lwip/sys.h"
#include "netif/ethernet.h"

_Static_assert(!TCP_QUEUE_OOSEQ && !IP_REASSEMBLY, "no received frame is kept");

#define LINK_MS 500 /* between two looks at the PHY */

static struct netif interface;

static struct {
	struct pbuf_custom pbuf;
	bool in_use;
	uint32_t words[NIC_FRAME_SIZE / 4];
} frame;

static void frame_free(struct pbuf *p)
{
	(void)p;
	frame.in_use = false;
}

static err_t send(struct netif *netif, struct pbuf *p)
{
	(void)netif;
	return nic_send(p) ? ERR_OK : ERR_IF;
}

/*
 * lwIP asks DHCP again when a link has come back, and keeps the address meanwhile. What was known of neighbours may
 * be wrong by then: it can be another network, with the same addresses.
 */
static void look_at_link(void)
{
	static uint32_t due;

	if ((int32_t)(sys_now() - due) < 0)
		return;
	due = sys_now() + LINK_MS;
	if (nic_link()) {
		netif_set_link_up(&interface);
	} else if (netif_is_link_up(&interface)) {
		netif_set_link_down(&interface);
		etharp_cleanup_netif(&interface);
	}
}

static err_t describe(struct netif *netif)
{
	netif->name[0] = 'e';
	netif->name[1] = 'n';
	netif->output = etharp_output;
	netif->linkoutput = send;
	netif->mtu = CHIP_MTU;
	netif->flags |= NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_ETHERNET;
	return ERR_OK;
}

struct netif *ethernet_init(const uint8_t mac[6])
{
	frame.pbuf.custom_free_function = frame_free;
	netif_add_noaddr(&interface, NULL, describe, ethernet_input);
	interface.hwaddr_len = 6;
	for (unsigned i = 0; i < 6; i++)
		interface.hwaddr[i] = mac[i];
	nic_init(mac);
	netif_set_default(&interface);
	netif_set_up(&interface);
	return &interface;
}

bool ethernet_poll(void)
{
	uint16_t len;
	struct pbuf *p;

	look_at_link();
	if (!nic_pending())
		return false;
	len = nic_receive(frame.words);
	if (len == 0)
		return true;
	assert(!frame.in_use);
	frame.in_use = true;
	p = pbuf_alloced_custom(
		PBUF_RAW, len, PBUF_REF, &frame.pbuf, frame.words, sizeof frame.words);
	if (p != NULL && interface.input(p, &interface) != ERR_OK)
		pbuf_free(p);
	return true;
}
