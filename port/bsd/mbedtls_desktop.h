/*
 * What Mbed TLS is built with for a desktop or a server: MBEDTLS_CONFIG_FILE.
 *
 * The whole list: what does not stand here is not built. It holds TLS 1.2 and 1.3 as
 * they are used today, on both sides, and nothing that src/tls/mbedtls.c does not
 * use. mbedtls_small.h, beside it, is the same for a router.
 */
#ifndef ANKLET_MBEDTLS_DESKTOP_H
#define ANKLET_MBEDTLS_DESKTOP_H

/* The system. Certificates are held against the date. No files: the port reads them. */
#define MBEDTLS_HAVE_ASM
#define MBEDTLS_HAVE_TIME
#define MBEDTLS_HAVE_TIME_DATE

/* The allocator can be replaced: that is how the tests let memory run out. */
#define MBEDTLS_PLATFORM_C
#define MBEDTLS_PLATFORM_MEMORY

/*
 * Random numbers come from port_random(), for PSA as well: without an entropy
 * module the library cannot gather any by itself.
 */
#define MBEDTLS_PSA_CRYPTO_EXTERNAL_RNG

/* The protocol. Neither renegotiation nor early data, which can be replayed. */
#define MBEDTLS_SSL_TLS_C
#define MBEDTLS_SSL_CLI_C
#define MBEDTLS_SSL_SRV_C
#define MBEDTLS_SSL_PROTO_TLS1_2
#define MBEDTLS_SSL_PROTO_TLS1_3
#define MBEDTLS_SSL_TLS1_3_COMPATIBILITY_MODE
#define MBEDTLS_SSL_KEEP_PEER_CERTIFICATE /* TLS 1.3 is not built without */
#define MBEDTLS_SSL_EXTENDED_MASTER_SECRET
#define MBEDTLS_SSL_ALL_ALERT_MESSAGES
#define MBEDTLS_SSL_SERVER_NAME_INDICATION
#define MBEDTLS_SSL_ALPN
#define MBEDTLS_SSL_MAX_FRAGMENT_LENGTH
#define MBEDTLS_SSL_SESSION_TICKETS
#define MBEDTLS_SSL_TICKET_C

/* Key exchange with forward secrecy, and with a key both sides have: no RSA encryption, no finite fields. */
#define MBEDTLS_KEY_EXCHANGE_ECDHE_ECDSA_ENABLED
#define MBEDTLS_KEY_EXCHANGE_ECDHE_RSA_ENABLED
#define MBEDTLS_KEY_EXCHANGE_ECDHE_PSK_ENABLED
#define MBEDTLS_KEY_EXCHANGE_PSK_ENABLED
#define MBEDTLS_SSL_TLS1_3_KEY_EXCHANGE_MODE_EPHEMERAL_ENABLED
#define MBEDTLS_SSL_TLS1_3_KEY_EXCHANGE_MODE_PSK_EPHEMERAL_ENABLED
#define MBEDTLS_SSL_TLS1_3_KEY_EXCHANGE_MODE_PSK_ENABLED

/* Ciphers that authenticate what they encrypt; CBC does not. */
#define MBEDTLS_CIPHER_C
#define MBEDTLS_AES_C
#define MBEDTLS_AESNI_C
#define MBEDTLS_AESCE_C
#define MBEDTLS_AES_ROM_TABLES
#define MBEDTLS_GCM_C
#define MBEDTLS_CHACHA20_C
#define MBEDTLS_POLY1305_C
#define MBEDTLS_CHACHAPOLY_C

/*
 * Hashes. SHA-1 for the certificates of old roots: one whose algorithm is not known
 * is not read at all, and with it the system's list would lack some. What is signed
 * with SHA-1 is refused by the default profile; a root's own signature is not looked at.
 */
#define MBEDTLS_MD_C
#define MBEDTLS_HKDF_C
#define MBEDTLS_SHA1_C
#define MBEDTLS_SHA256_C
#define MBEDTLS_SHA384_C
#define MBEDTLS_SHA512_C
#define MBEDTLS_SHA256_USE_ARMV8_A_CRYPTO_IF_PRESENT

/* Keys and curves. ECDSA is deterministic: a poor random number gives no private key away. */
#define MBEDTLS_BIGNUM_C
#define MBEDTLS_RSA_C
#define MBEDTLS_PKCS1_V15
#define MBEDTLS_PKCS1_V21
#define MBEDTLS_ECP_C
#define MBEDTLS_ECP_NIST_OPTIM
#define MBEDTLS_ECP_DP_SECP256R1_ENABLED
#define MBEDTLS_ECP_DP_SECP384R1_ENABLED
#define MBEDTLS_ECP_DP_SECP521R1_ENABLED
#define MBEDTLS_ECP_DP_CURVE25519_ENABLED
#define MBEDTLS_ECDH_C
#ifdef __x86_64__
/* X25519 by Everest: verified, and in a sixth of the time. Tried on this processor alone. */
#define MBEDTLS_ECDH_VARIANT_EVEREST_ENABLED
#endif
#define MBEDTLS_ECDSA_C
#define MBEDTLS_ECDSA_DETERMINISTIC
#define MBEDTLS_HMAC_DRBG_C

/* Certificates and keys, PEM or DER, without pass phrases. */
#define MBEDTLS_X509_USE_C
#define MBEDTLS_X509_CRT_PARSE_C
#define MBEDTLS_X509_RSASSA_PSS_SUPPORT
#define MBEDTLS_PK_C
#define MBEDTLS_PK_PARSE_C
#define MBEDTLS_PEM_PARSE_C
#define MBEDTLS_BASE64_C
#define MBEDTLS_ASN1_PARSE_C
#define MBEDTLS_ASN1_WRITE_C
#define MBEDTLS_OID_C

/*
 * What a peer's certificates may cost: RSA keys of 4096 bits, and five certificates between its own and the root's.
 * tools/bound_mbedtls does what no setting does.
 */
#define MBEDTLS_MPI_MAX_SIZE 512
#define MBEDTLS_X509_MAX_INTERMEDIATE_CA 5

/*
 * TLS 1.3 takes its keys through PSA: four slots a session, more than the fixed
 * table has. Nobody else uses PSA, so its arguments need no copies. TLS 1.2 without
 * it (no USE_PSA_CRYPTO) spends no slots, and is what distributions ship.
 */
#define MBEDTLS_PSA_CRYPTO_C
#define MBEDTLS_PSA_KEY_STORE_DYNAMIC
#define MBEDTLS_PSA_ASSUME_EXCLUSIVE_BUFFERS

/*
 * Records of any length, either way. For those that come few peers agree to less;
 * of those that are sent each costs two system calls.
 */
#define MBEDTLS_SSL_IN_CONTENT_LEN 16384
#define MBEDTLS_SSL_OUT_CONTENT_LEN 16384

/* src/tls/tls.h promises keys of 64 bytes. */
#define MBEDTLS_PSK_MAX_LEN 64

#define MBEDTLS_DEPRECATED_REMOVED

#endif
