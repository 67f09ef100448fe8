/*
 * Mbed TLS in 64 KiB of RAM: a TLS 1.3 server with P-256, AES-128-GCM, SHA-256 and records of 4 KiB.
 * See mbedtls_common.h.
 *
 * What takes RAM is small here, also where it then takes more time or flash.
 */
#ifndef MBEDTLS_CONFIG_H
#define MBEDTLS_CONFIG_H

#include "mbedtls_common.h"

#define MBEDTLS_AES_FEWER_TABLES
#define MBEDTLS_AES_ONLY_128_BIT_KEY_LENGTH
#define MBEDTLS_BLOCK_CIPHER_NO_DECRYPT /* GCM only encrypts */

#define MBEDTLS_ECP_WINDOW_SIZE 2
#define MBEDTLS_ECP_FIXED_POINT_OPTIM 1 /* its tables lie in the flash */
#define MBEDTLS_MPI_WINDOW_SIZE 1
#define MBEDTLS_MPI_MAX_SIZE 32
#define MBEDTLS_PSA_KEY_SLOT_COUNT 10 /* four for each connection, and two */
#define MBEDTLS_PSA_KEY_STORE_DYNAMIC

#define MBEDTLS_SSL_IN_CONTENT_LEN 4096
#define MBEDTLS_SSL_OUT_CONTENT_LEN 2048

#endif
