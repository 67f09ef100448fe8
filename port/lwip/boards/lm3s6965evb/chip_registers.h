/*
 * The LM3S6965 (Stellaris; its data sheet is the source), as far as it is used.
 */
#ifndef CHIP_REGISTERS_H
#define CHIP_REGISTERS_H

#include "register.h"

#define CHIP_CLOCK_HZ 50000000u
#define CHIP_IRQS 43
#define CHIP_NIC_IRQ 42
#define CHIP_WATCHDOG_IRQ 18
#define CHIP_WATCHDOG 0x40000000

/*
 * Room for a segment as long as the whole window: TCP_MSS is half of that, but QEMU's user
 * networking does not heed it. A larger MTU would only cost RAM.
 */
#ifndef CHIP_MTU
#define CHIP_MTU 1152
#endif
#define CHIP_CONSOLE 512

#define SYSTEM_STATUS REGISTER(0x400FE050)
#define SYSTEM_STATUS_LOCKED 0x40u
#define SYSTEM_CLOCK REGISTER(0x400FE060)
#define SYSTEM_POWER_0 REGISTER(0x400FE100)
#define SYSTEM_POWER_1 REGISTER(0x400FE104)
#define SYSTEM_POWER_2 REGISTER(0x400FE108)
#define POWER_0_WATCHDOG 0x08u
#define POWER_1_UART 0x01u
#define POWER_2_ETHERNET 0x50000000u
#define POWER_2_PORTS 0x21u /* A: the serial line; F: the lamps of the Ethernet plug */

#define PORT_A 0x40004000
#define PORT_F 0x40025000
#define PORT_FUNCTION(port) REGISTER((port) + 0x420)
#define PORT_DIGITAL(port) REGISTER((port) + 0x51C)

#define UART_DATA REGISTER(0x4000C000)
#define UART_FLAGS REGISTER(0x4000C018)
#define UART_FULL 0x20u
#define UART_DIVISOR REGISTER(0x4000C024)
#define UART_FRACTION REGISTER(0x4000C028)
#define UART_LINE REGISTER(0x4000C02C)
#define UART_LINE_8N1_FIFO 0x70u
#define UART_CONTROL REGISTER(0x4000C030)
#define UART_CONTROL_ON 0x301u

#define NIC_STATUS REGISTER(0x40048000) /* written: acknowledges */
#define NIC_MASK REGISTER(0x40048004)
#define NIC_RECEIVED 1u
#define NIC_RECEIVE_CONTROL REGISTER(0x40048008)
#define NIC_RECEIVE_FLUSH 0x10u
#define NIC_RECEIVE_ON 0x0Bu /* on, all multicast, bad checksums rejected */
#define NIC_SEND_CONTROL REGISTER(0x4004800C)
#define NIC_SEND_ON 0x17u /* on, padded, with checksum, full duplex */
#define NIC_DATA REGISTER(0x40048010)
#define NIC_ADDRESS_LOW REGISTER(0x40048014)
#define NIC_ADDRESS_HIGH REGISTER(0x40048018)
#define NIC_PHY_CONTROL REGISTER(0x40048020)
#define NIC_PHY_START 1u
#define NIC_PHY_READ_STATUS (1u << 3 | NIC_PHY_START) /* its register 1 (IEEE 802.3, 22.2.4.2) */
#define NIC_PHY_DIVISOR REGISTER(0x40048024)
#define NIC_PHY_DIVISOR_RIGHT 9u /* 50 MHz / (2 * (9 + 1)) = 2.5 MHz */
#define NIC_PHY_RECEIVED REGISTER(0x40048030)
#define NIC_FRAMES REGISTER(0x40048034)
#define NIC_SEND REGISTER(0x40048038)

#endif
