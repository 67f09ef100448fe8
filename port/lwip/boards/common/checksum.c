/*
 * The CRC-32 that tells a blob somebody has put there from what lay there by chance.
 */
#include "board_parts.h"

#define POLYNOMIAL 0xEDB88320u /* with the bits in the order of Ethernet */

uint32_t checksum_crc32(const void *data, size_t len)
{
	const uint8_t *bytes = data;
	uint32_t crc = 0xffffffffu;

	for (size_t i = 0; i < len; i++) {
		crc ^= bytes[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? POLYNOMIAL : 0);
	}
	return ~crc;
}
