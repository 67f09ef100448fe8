/*
 * What the library leaves to us when it looks at a peer's certificates: their order, and addresses.
 *
 * It asks for our opinion of each certificate of the chain that it has found, from the top down to the peer's own,
 * when it has formed its own. It looks for an issuer only among those that were sent after a certificate;
 * but they come in any order, and with others between them (RFC 8446, section 4.4.2).
 */
#include "tls/mbedtls.h"

#include <string.h>

static bool is_issuer(const mbedtls_x509_crt *crt, const mbedtls_x509_crt *of)
{
	return crt->subject_raw.len == of->issuer_raw.len &&
	       memcmp(crt->subject_raw.p, of->issuer_raw.p, crt->subject_raw.len) == 0;
}

/*
 * Moves after each certificate, from the peer's own on, the first that bears its issuer's name. How many there are
 * is bounded by the message that they came in. False: they were in order.
 */
static bool sort(mbedtls_x509_crt *crt)
{
	bool moved = false;

	for (int i = 0; i < MBEDTLS_X509_MAX_INTERMEDIATE_CA; i++) {
		mbedtls_x509_crt **link = &crt->next, *issuer;

		while (*link != NULL && !is_issuer(*link, crt))
			link = &(*link)->next;
		issuer = *link;
		if (issuer == NULL)
			break;
		if (issuer != crt->next) {
			*link = issuer->next;
			issuer->next = crt->next;
			crt->next = issuer;
			moved = true;
		}
		crt = issuer;
	}
	return moved;
}

/* What is wrong with them when they are looked at once more; whose they are has been looked at. */
static uint32_t look_again(const struct tls *tls, mbedtls_x509_crt *crt)
{
	mbedtls_x509_crt *ca = &tls->context->ca;
	uint32_t flags = 0;

	if (mbedtls_x509_crt_verify_with_profile(crt, ca->raw.p != NULL ? ca : NULL, NULL,
		    &mbedtls_x509_crt_profile_default, NULL, &flags, NULL, NULL) == 0)
		return 0;
	/* All of them are no answer. */
	return flags == UINT32_MAX ? MBEDTLS_X509_BADCERT_NOT_TRUSTED : flags;
}

/*
 * An address is not sent as the server's name (RFC 6066, section 3), so the library is
 * not told of it and cannot hold it against the certificate. This does, with
 * the certificate's addresses (RFC 9110, section 4.3.5).
 */
static bool has_address(const mbedtls_x509_crt *crt, const struct ip *ip)
{
	const size_t skipped = ip_is_v4(ip) ? IP_V4_AT : 0;

	for (const mbedtls_x509_sequence *at = &crt->subject_alt_names; at != NULL; at = at->next)
		if ((at->buf.tag & MBEDTLS_ASN1_TAG_VALUE_MASK) == MBEDTLS_X509_SAN_IP_ADDRESS &&
			at->buf.len == sizeof ip->byte - skipped &&
			memcmp(at->buf.p, ip->byte + skipped, at->buf.len) == 0)
			return true;
	return false;
}

int tls_verify(void *ctx, mbedtls_x509_crt *crt, int depth, uint32_t *flags)
{
	struct tls *tls = ctx;

	/* What is wrong above counts when the peer's own is reached. */
	tls->wrong |= *flags;
	*flags = 0;
	if (depth > 0)
		return 0;
	if ((tls->wrong & MBEDTLS_X509_BADCERT_NOT_TRUSTED) && sort(crt))
		tls->wrong = (tls->wrong & MBEDTLS_X509_BADCERT_CN_MISMATCH) | look_again(tls, crt);
	if (tls->by_address && !has_address(crt, &tls->ip))
		tls->wrong |= MBEDTLS_X509_BADCERT_CN_MISMATCH;
	*flags = tls->wrong;
	return 0;
}
