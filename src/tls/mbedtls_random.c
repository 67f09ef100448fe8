/*
 * Random numbers for Mbed TLS, from port_random() alone.
 *
 * TLS 1.2 asks for them with a context of ours. TLS 1.3's keys and all of 4.x are made
 * by PSA, which has one generator for the whole program: if the library was built
 * to ask its user (MBEDTLS_PSA_CRYPTO_EXTERNAL_RNG), it gets them from the port that is
 * being served. Otherwise PSA takes them from the operating system by itself.
 */
#include "tls/mbedtls.h"

#include <psa/crypto.h>

static struct port *port;
static bool failed;

void tls_random_use(struct port *p)
{
	port = p;
	failed = false;
}

bool tls_random_failed(void)
{
	return failed;
}

int tls_random(void *p, unsigned char *buf, size_t len)
{
	if (port_random(p, buf, len) == 0)
		return 0;
	failed = true;
	return MBEDTLS_ERR_SSL_INTERNAL_ERROR;
}

#if defined(MBEDTLS_PSA_CRYPTO_EXTERNAL_RNG)
psa_status_t mbedtls_psa_external_get_random(mbedtls_psa_external_random_context_t *context,
	uint8_t *output, size_t output_size, size_t *output_length)
{
	(void)context;
	if (port == NULL || tls_random(port, output, output_size) != 0)
		return PSA_ERROR_INSUFFICIENT_ENTROPY;
	*output_length = output_size;
	return PSA_SUCCESS;
}
#endif
