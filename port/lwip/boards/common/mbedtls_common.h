/*
 * What every board's Mbed TLS has in common. A board's mbedtls_config.h says which versions, keys
 * and sizes of records it has, and includes this.
 *
 * Random numbers come from port_random() alone, by way of PSA; memory is one static block
 * (firmware/tls_heap.h). There is no clock that knows the date: whether a certificate is valid today
 * cannot be checked. Renegotiation, early data and compression are disabled, as are all ciphers
 * without authentication of their own.
 */
#ifndef MBEDTLS_COMMON_H
#define MBEDTLS_COMMON_H

#include "firmware/tls_heap.h"

#define MBEDTLS_HAVE_ASM
#define MBEDTLS_PLATFORM_C
#define MBEDTLS_PLATFORM_MEMORY
#define MBEDTLS_PLATFORM_CALLOC_MACRO tls_heap_calloc
#define MBEDTLS_PLATFORM_FREE_MACRO tls_heap_free
#define MBEDTLS_NO_PLATFORM_ENTROPY

#define MBEDTLS_PSA_CRYPTO_C
#define MBEDTLS_PSA_CRYPTO_EXTERNAL_RNG

#define MBEDTLS_AES_C
#define MBEDTLS_AES_ROM_TABLES
#define MBEDTLS_ASN1_PARSE_C
#define MBEDTLS_ASN1_WRITE_C
#define MBEDTLS_BIGNUM_C
#define MBEDTLS_CIPHER_C
#define MBEDTLS_ECDH_C
#define MBEDTLS_ECDSA_C
#define MBEDTLS_ECP_C
#define MBEDTLS_ECP_DP_SECP256R1_ENABLED
#define MBEDTLS_ECP_NIST_OPTIM
#define MBEDTLS_GCM_C
#define MBEDTLS_HKDF_C
#define MBEDTLS_MD_C
#define MBEDTLS_OID_C
#define MBEDTLS_PK_C
#define MBEDTLS_PK_PARSE_C
#define MBEDTLS_SHA256_C
#define MBEDTLS_X509_USE_C
#define MBEDTLS_X509_CRT_PARSE_C
#define MBEDTLS_X509_MAX_INTERMEDIATE_CA 5

#define MBEDTLS_SSL_TLS_C
#define MBEDTLS_SSL_SRV_C
#define MBEDTLS_SSL_PROTO_TLS1_3
#define MBEDTLS_SSL_KEEP_PEER_CERTIFICATE
#define MBEDTLS_SSL_TLS1_3_KEY_EXCHANGE_MODE_EPHEMERAL_ENABLED
#define MBEDTLS_SSL_TLS1_3_KEY_EXCHANGE_MODE_PSK_EPHEMERAL_ENABLED
#define MBEDTLS_SSL_TLS1_3_KEY_EXCHANGE_MODE_PSK_ENABLED
#define MBEDTLS_SSL_RECORD_SIZE_LIMIT /* RFC 8449: who speaks it sends no records that are too long */
#define MBEDTLS_SSL_ALPN

#endif
