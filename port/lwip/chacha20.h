/*
 * The block function of ChaCha20 (RFC 8439, section 2.3): the one primitive the random numbers need.
 */
#ifndef ANKLET_LWIP_CHACHA20_H
#define ANKLET_LWIP_CHACHA20_H

#include <stdint.h>

#define CHACHA20_KEY 32
#define CHACHA20_INPUT 16 /* the counter and the nonce, as one */
#define CHACHA20_BLOCK 64

/* The block that key and input give. */
void chacha20_block(const uint8_t key[CHACHA20_KEY], const uint8_t input[CHACHA20_INPUT],
	uint8_t block[CHACHA20_BLOCK]);

#endif
