/*
 * SHA-256, for passwords that are stored as hashes.
 */
#include <mbedtls/md.h>

#include "tls/tls.h"

bool tls_sha256(const void *bytes, size_t len, uint8_t hash[TLS_SHA256_LEN])
{
	return mbedtls_md(mbedtls_md_info_from_type(MBEDTLS_MD_SHA256), bytes, len, hash) == 0;
}
