/*
 * Where lwIP gets its random numbers: included by anklet_lwipopts.h, and by an arch/cc.h.
 *
 * Initial sequence numbers (RFC 6528) come from the generator behind port_random();
 * and by an arch/cc.h that says so, as the boards' does, identifiers and the first
 * local port: '#define LWIP_RAND() random_for_lwip()'. When the board has no seed
 * they can be guessed, and the log says so.
 */
#ifndef ANKLET_LWIP_HOOKS_H
#define ANKLET_LWIP_HOOKS_H

#include <stdint.h>

uint32_t random_for_lwip(void);

/* The addresses are ip_addr_t, a type that depends on lwIP's options and is not known here. */
uint32_t random_sequence_number(
	const void *local_ip, uint16_t local_port, const void *remote_ip, uint16_t remote_port);
#ifndef LWIP_HOOK_TCP_ISN
#define LWIP_HOOK_TCP_ISN(local_ip, local_port, remote_ip, remote_port) \
	random_sequence_number(local_ip, local_port, remote_ip, remote_port)
#endif

#endif
