/*
 * What a board's folder brings: its registers, in chip.c and nic.c, and their places in chip_registers.h.
 */
#ifndef BOARD_CHIP_H
#define BOARD_CHIP_H

#include <stdbool.h>
#include <stdint.h>

#include "chip_registers.h"

struct pbuf;

/* Sets the clocks, and the serial line to 115200 8N1. */
void chip_init(void);

/* Takes one character for the serial line; false when it has no room for it now. */
bool chip_put(char c);

/* ---- The Ethernet controller ---- */

/*
 * A frame, with its header and checksum, after two bytes that bring what
 * follows the header to a word's edge. Longer ones are not for us.
 */
#define NIC_PAD 2
#define NIC_HEADER 14
#define NIC_CHECKSUM 4
#define NIC_FRAME_SIZE (NIC_PAD + NIC_HEADER + CHIP_MTU + NIC_CHECKSUM)

_Static_assert(NIC_FRAME_SIZE % 4 == 0, "a frame is read in words");

/* Sets it going. Frames to mac, and those to everybody, are received. */
void nic_init(const uint8_t mac[6]);

/*
 * Is there a link, as the PHY says? What was gone for a moment since the last call may be told by one 'false', so
 * the PHY's bit that latches is right as it is. A board without a PHY to ask answers true, always.
 */
bool nic_link(void);

/* Is a frame waiting? */
bool nic_pending(void);

/*
 * Takes the next frame: its length, NIC_PAD included and the checksum not. 0:
 * there was none, or it was damaged or too long, and is dropped.
 */
uint16_t nic_receive(uint32_t words[NIC_FRAME_SIZE / 4]);

/* Sends a frame, which begins with NIC_PAD bytes. False: it could not be sent. */
bool nic_send(const struct pbuf *frame);

/* Lets the next frame interrupt, once: nic_interrupt() switches that off again. */
void nic_arm(void);
void nic_interrupt(void);

#endif
