/*
 * What tests do to Mbed TLS behind its back: its clock and its memory. See secure.h.
 *
 * The linker puts the functions below in the place of those of the system, wherever
 * the program itself calls them (--wrap), and in it the library does alone. A library
 * that is linked when the program starts is not reached: then nothing is ever asked for.
 */
#include "secure.h"

#include <mbedtls/ssl.h>
#include <psa/crypto.h>
#include <psa/crypto_extra.h>
#include <stdlib.h>
#include <time.h>

#include "tls/mbedtls.h"

/* 2026-01-01 00:00:00, in seconds: between 'expired' and 'future'. */
#define EPOCH 1767225600

static const struct sim *sim;
static uint32_t asked, starve_at;
static uint32_t held;
static uint32_t steps, lost_tickets, slow_ms;
static struct sim *slowed;

void library_begin(struct run *run)
{
	sim = slowed = &run->sim;
	asked = starve_at = steps = lost_tickets = slow_ms = 0;
}

void library_end(void)
{
	mbedtls_psa_crypto_free();
}

void library_only_1_2(struct tls_context *context)
{
	mbedtls_ssl_conf_max_tls_version(&context->conf, MBEDTLS_SSL_VERSION_TLS1_2);
}

uint32_t library_holds(void)
{
	return held;
}

uint32_t library_steps(void)
{
	uint32_t count = steps;

	steps = 0;
	return count;
}

void library_slow(uint32_t ms)
{
	slow_ms = ms;
}

uint32_t library_lost_tickets(void)
{
	return lost_tickets;
}

bool library_read_blocked(const struct tls *tls)
{
	return tls->read_blocked || tls->pending_error != 0;
}

void library_starve(uint32_t nth)
{
	starve_at = nth == 0 ? 0 : asked + nth;
}

/* ---- In the place of the system's ---- */

/* The linker prescribes the names. NOLINTBEGIN(bugprone-reserved-identifier) */

time_t __wrap_time(time_t *t);
mbedtls_ms_time_t __wrap_mbedtls_ms_time(void);
void *__wrap_calloc(size_t count, size_t size);
void __wrap_free(void *memory);
int __wrap_mbedtls_ssl_handshake_step(mbedtls_ssl_context *ssl);
int __real_mbedtls_ssl_handshake_step(mbedtls_ssl_context *ssl);
mbedtls_ssl_ticket_write_t __wrap_mbedtls_ssl_ticket_write;
mbedtls_ssl_ticket_write_t __real_mbedtls_ssl_ticket_write;
void *__real_calloc(size_t count, size_t size);
void __real_free(void *memory);

/* The same in every run of a seed: TLS 1.2 sends it along, and signatures depend on it. */
time_t __wrap_time(time_t *t)
{
	time_t now = EPOCH + (time_t)(sim->now / 1000);

	if (t != NULL)
		*t = now;
	return now;
}

mbedtls_ms_time_t __wrap_mbedtls_ms_time(void)
{
	return (mbedtls_ms_time_t)sim->now;
}

void *__wrap_calloc(size_t count, size_t size)
{
	void *memory;

	if (++asked == starve_at)
		return NULL;
	memory = __real_calloc(count, size);
	held += memory != NULL;
	return memory;
}

void __wrap_free(void *memory)
{
	held -= memory != NULL;
	__real_free(memory);
}

/* Actors run while the proxy waits. */
int __wrap_mbedtls_ssl_handshake_step(mbedtls_ssl_context *ssl)
{
	int code;

	if (sim->running)
		return __real_mbedtls_ssl_handshake_step(ssl);
	steps++;
	code = __real_mbedtls_ssl_handshake_step(ssl);
	if (code == MBEDTLS_ERR_X509_CERT_VERIFY_FAILED)
		slowed->now += slow_ms;
	return code;
}

int __wrap_mbedtls_ssl_ticket_write(void *tickets, const mbedtls_ssl_session *session,
	unsigned char *start, const unsigned char *end, size_t *len, uint32_t *lifetime)
{
	int code = __real_mbedtls_ssl_ticket_write(tickets, session, start, end, len, lifetime);

	lost_tickets += code != 0;
	return code;
}

/* NOLINTEND(bugprone-reserved-identifier) */
