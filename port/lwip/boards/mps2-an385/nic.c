/*
 * The LAN9118 (SMSC; its data sheet is the source).
 */
#include "chip.h"
#include "gather.h"

#define WAIT 100000u /* reads of a register */

/* Registers of the MAC, reached by a command. */
#define MAC_CONTROL 1
#define MAC_CONTROL_ON 0x0010000Cu /* full duplex, sends and receives */
#define MAC_ADDRESS_HIGH 2
#define MAC_ADDRESS_LOW 3
#define MAC_PHY_COMMAND 6
#define MAC_PHY_DATA 7

/* The PHY in the chip has number 1; its register 1 is the status (IEEE 802.3, 22.2.4.2). */
#define PHY_READ_STATUS (1u << 11 | 1u << 6 | MAC_PHY_BUSY)
#define MAC_PHY_BUSY 1u
#define PHY_LINK 0x0004u

#define STATUS_ERROR 0x8000u
#define STATUS_LEN(status) ((status) >> 16 & 0x3fff)

static void mac_write(uint32_t number, uint32_t value)
{
	NIC_MAC_DATA = value;
	NIC_MAC_COMMAND = NIC_MAC_BUSY | number;
	for (unsigned i = 0; i < WAIT && (NIC_MAC_COMMAND & NIC_MAC_BUSY); i++)
		;
}

static uint32_t mac_read(uint32_t number)
{
	NIC_MAC_COMMAND = NIC_MAC_BUSY | NIC_MAC_READ | number;
	for (unsigned i = 0; i < WAIT && (NIC_MAC_COMMAND & NIC_MAC_BUSY); i++)
		;
	return NIC_MAC_DATA;
}

void nic_init(const uint8_t mac[6])
{
	for (unsigned i = 0; i < WAIT && NIC_ORDER != NIC_ORDER_RIGHT; i++)
		;
	NIC_HARDWARE = NIC_HARDWARE_RESET;
	for (unsigned i = 0; i < WAIT && (NIC_HARDWARE & NIC_HARDWARE_RESET); i++)
		;
	NIC_HARDWARE = NIC_HARDWARE_FIFO;
	NIC_INTERRUPT_ENABLE = 0;
	NIC_INTERRUPT_CONFIG = NIC_INTERRUPT_ON;
	NIC_INTERRUPT_LEVELS = 0;
	NIC_RECEIVE_CONFIG = NIC_PAD << 8;
	NIC_SEND_CONFIG = NIC_SEND_CONFIG_ON;
	mac_write(MAC_ADDRESS_LOW,
		mac[0] | (uint32_t)mac[1] << 8 | (uint32_t)mac[2] << 16 | (uint32_t)mac[3] << 24);
	mac_write(MAC_ADDRESS_HIGH, mac[4] | (uint32_t)mac[5] << 8);
	mac_write(MAC_CONTROL, MAC_CONTROL_ON);
	NVIC_ENABLE(CHIP_NIC_IRQ) = NVIC_BIT(CHIP_NIC_IRQ);
}

bool nic_link(void)
{
	mac_write(MAC_PHY_COMMAND, PHY_READ_STATUS);
	for (unsigned i = 0; i < WAIT && (mac_read(MAC_PHY_COMMAND) & MAC_PHY_BUSY); i++)
		;
	return (mac_read(MAC_PHY_DATA) & PHY_LINK) != 0;
}

bool nic_pending(void)
{
	return (NIC_RECEIVE_INFO & 0x00ff0000u) != 0;
}

uint16_t nic_receive(uint32_t words[NIC_FRAME_SIZE / 4])
{
	uint32_t status = NIC_RECEIVE_STATUS, len = STATUS_LEN(status);
	uint32_t count = (NIC_PAD + len + 3) / 4;

	for (uint32_t i = 0; i < count; i++) {
		uint32_t word = NIC_RECEIVE_DATA;

		if (i < NIC_FRAME_SIZE / 4)
			words[i] = word;
	}
	if ((status & STATUS_ERROR) || len < NIC_HEADER + NIC_CHECKSUM ||
		NIC_PAD + len > NIC_FRAME_SIZE)
		return 0;
	return (uint16_t)(NIC_PAD + len - NIC_CHECKSUM);
}

/* What became of frames sent before: nobody asks, but they take room until they are read. */
static void drain_status(void)
{
	for (uint32_t n = NIC_SEND_INFO >> 16 & 0xff; n > 0; n--)
		(void)NIC_SEND_STATUS;
}

bool nic_send(const struct pbuf *frame)
{
	struct gather g = {frame, 0};
	uint32_t len = frame->tot_len - NIC_PAD, words = (frame->tot_len + 3u) / 4;

	drain_status();
	for (unsigned i = 0; i < WAIT && (NIC_SEND_INFO & 0xffff) < frame->tot_len + 16u; i++)
		;
	if ((NIC_SEND_INFO & 0xffff) < frame->tot_len + 16u)
		return false;
	/* Command A: first and last piece of the frame, which begins NIC_PAD bytes in. B: its length. */
	NIC_SEND_DATA = len | 0x3000u | NIC_PAD << 16;
	NIC_SEND_DATA = len | len << 16;
	for (uint32_t i = 0; i < words; i++)
		NIC_SEND_DATA = gather_word(&g);
	return true;
}

void nic_arm(void)
{
	NIC_INTERRUPT_STATUS = NIC_RECEIVED;
	NIC_INTERRUPT_ENABLE = NIC_RECEIVED;
}

void nic_interrupt(void)
{
	NIC_INTERRUPT_ENABLE = 0;
}
