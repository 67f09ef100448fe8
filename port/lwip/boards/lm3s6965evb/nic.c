/*
 * The LM3S6965's Ethernet controller.
 *
 * Both ways a frame's first half-word is its length, where NIC_PAD is: whole
 * words are copied and everything lies right.
 */
#include "chip.h"
#include "gather.h"

#define LENGTH 2u        /* half-word */
#define SEND_WAIT 20000u /* reads of a register: longer than the longest frame takes at 10 Mbit/s */
#define PHY_WAIT 2000u   /* reads of a register: an answer takes 64 bits at 2.5 MHz */
#define PHY_LINK 0x0004u

void nic_init(const uint8_t mac[6])
{
	NIC_ADDRESS_LOW =
		mac[0] | (uint32_t)mac[1] << 8 | (uint32_t)mac[2] << 16 | (uint32_t)mac[3] << 24;
	NIC_ADDRESS_HIGH = mac[4] | (uint32_t)mac[5] << 8;
	NIC_RECEIVE_CONTROL = NIC_RECEIVE_FLUSH;
	NIC_SEND_CONTROL = NIC_SEND_ON;
	NIC_RECEIVE_CONTROL = NIC_RECEIVE_ON;
	NIC_MASK = 0;
	NIC_PHY_DIVISOR = NIC_PHY_DIVISOR_RIGHT;
	NVIC_ENABLE(CHIP_NIC_IRQ) = NVIC_BIT(CHIP_NIC_IRQ);
}

/* QEMU's controller has no PHY, and answers 0: a PHY has abilities, and so never does. */
bool nic_link(void)
{
	uint32_t status;

	NIC_PHY_CONTROL = NIC_PHY_READ_STATUS;
	for (unsigned i = 0; i < PHY_WAIT && (NIC_PHY_CONTROL & NIC_PHY_START); i++)
		;
	status = NIC_PHY_RECEIVED & 0xffff;
	return status == 0 || (status & PHY_LINK) != 0;
}

bool nic_pending(void)
{
	return (NIC_FRAMES & 0x3f) != 0;
}

uint16_t nic_receive(uint32_t words[NIC_FRAME_SIZE / 4])
{
	uint32_t first = NIC_DATA, len = first & 0xffff, count = (len + 3) / 4;

	words[0] = first;
	for (uint32_t i = 1; i < count; i++) {
		uint32_t word = NIC_DATA;

		if (i < NIC_FRAME_SIZE / 4)
			words[i] = word;
	}
	if (len < LENGTH + NIC_HEADER + NIC_CHECKSUM || len > NIC_FRAME_SIZE)
		return 0;
	return (uint16_t)(len - LENGTH - NIC_CHECKSUM + NIC_PAD);
}

bool nic_send(const struct pbuf *frame)
{
	struct gather g = {frame, 0};
	uint32_t words = (frame->tot_len + 3u) / 4;

	for (unsigned i = 0; i < SEND_WAIT && (NIC_SEND & 1); i++)
		;
	if (NIC_SEND & 1)
		return false;
	NIC_DATA = (gather_word(&g) & 0xffff0000u) |
		   (frame->tot_len - (uint32_t)(NIC_PAD + NIC_HEADER));
	for (uint32_t i = 1; i < words; i++)
		NIC_DATA = gather_word(&g);
	NIC_SEND = 1;
	return true;
}

void nic_arm(void)
{
	NIC_STATUS = NIC_RECEIVED;
	NIC_MASK = NIC_RECEIVED;
}

void nic_interrupt(void)
{
	NIC_MASK = 0;
}
