/*
 * What the files of TLS with Mbed TLS share. See tls.h.
 *
 * mbedtls.c has the connections, mbedtls_context.c what they share,
 * mbedtls_files.c the files, mbedtls_reason.c the words for failures,
 * mbedtls_random.c the random numbers, mbedtls_verify.c what is ours to say of a peer's
 * certificates, and mbedtls_parts.c all that depends on the library's version and on what it was built with.
 */
#ifndef ANKLET_TLS_MBEDTLS_H
#define ANKLET_TLS_MBEDTLS_H

#include <mbedtls/build_info.h>
#include <mbedtls/pk.h>
#include <mbedtls/ssl.h>
#include <mbedtls/ssl_ticket.h>
#include <mbedtls/x509_crt.h>

#include "tls/tls.h"

#define TLS_ALPN_MAX 8

/* The library was built with bounds to the keys of peers: see tools/bound_mbedtls. */
#if defined(MBEDTLS_X509_BOUNDED) && MBEDTLS_MPI_MAX_SIZE <= 512
#define TLS_BOUNDED 1
#else
#define TLS_BOUNDED 0
#endif

#define TLS_REASON_SIZE 121

struct tls_context {
	struct port *port;
	unsigned connections; /* that use it */
	unsigned holders;     /* that have not given it back */
	uint64_t stamp;
	bool server;
	bool verify_none;
	bool truncated_eof;
	bool halfclose_defer;
	bool ticket_taken; /* a server's: the library has just been shown a ticket that holds */
	char *saved_for;   /* a client's: whose session 'saved' is; NULL: there is none */
	char *alpn_text;   /* what alpn[] points into */
	const char *alpn[TLS_ALPN_MAX + 1];
	mbedtls_ssl_session saved;
	mbedtls_ssl_config conf;
	mbedtls_x509_crt cert, ca;
	mbedtls_pk_context key;
	mbedtls_ssl_ticket_context tickets;
};

struct tls {
	struct tls_context *context; /* NULL: this place is free */
	struct port *port;
	port_sock sock;
	bool ready;        /* the handshake is over */
	bool pending;      /* the port has not taken all of a record; the library keeps the rest */
	bool read_blocked; /* reading waits until that is sent */
	bool would_block;  /* the port had nothing to read in this call, and has recorded READ */
	bool ended;        /* close_notify was given to the library */
	bool offered;      /* a session was offered to be resumed */
	bool certificate;  /* the handshake has passed the server's certificate: a full one */
	bool by_address;   /* a client's: it wants to reach an address, 'ip' */
	uint8_t alert;     /* to be sent before the failure; 0: none */
	uint8_t sent; /* records, as far as it makes a difference to how long the next one is */
	int io_error; /* what the port answered in this call, when that was an end; 0: nothing */
	int pending_error; /* the failure, until the peer has been told; 0: none */
	int failure;       /* the failure; 0: none */
	int read_end;      /* PORT_EOF when reading has ended in order; 0: it has not */
	char *name;        /* a client's: whom it wants to reach */
	struct ip ip;
	uint32_t wrong; /* with the peer's certificates so far: the library's flags */
	size_t shown_at,
		shown_len; /* of chunk: what tls_preload() was given, and was not consumed */
	mbedtls_ssl_context ssl;
	char reason[TLS_REASON_SIZE];
	uint8_t chunk[CONFIG_ANKLET_TLS_CHUNK]; /* and where the library puts what was consumed */
};

/* ---- mbedtls_context.c ---- */

/*
 * The saved session: kept after a handshake or with a ticket, and offered to the same
 * name again. False: no memory.
 */
void tls_session_keep(struct tls *tls);
bool tls_session_offer(struct tls *tls);

/* Appends "not enough memory for TLS" and answers TLS_NO_MEMORY. */
int tls_no_memory(struct text *why);

/* It has lost a connection or a holder: frees it when neither is left. */
void tls_context_left(struct tls_context *context);

/* A copy of text[0..len) from the library's allocator; NULL: there is no memory. */
char *tls_copy(const char *text, size_t len);

/* ---- mbedtls_files.c: each 0, TLS_NO_MEMORY or TLS_BAD_SETTINGS with words in why ---- */

/*
 * Appends all certificates of a file to *chain; "": the system's list. Where one cannot be read: all of them are
 * wanted, or the others will do, if there are any, and why has a warning.
 */
int tls_load_certificates(
	struct port *p, const char *name, mbedtls_x509_crt *chain, bool all, struct text *why);

int tls_load_key(struct port *p, const char *name, mbedtls_pk_context *key, struct text *why);

int tls_load_psk(struct port *p, const char *name, mbedtls_ssl_config *conf, struct text *why);

/* ---- mbedtls_reason.c ---- */

/* Sets tls->reason to what the library's code means here, and answers with the failure of tls.h. */
int tls_explain(struct tls *tls, int code);

/* What a certificate has that cannot be read, in words; NULL: nothing is known of it. */
const char *tls_certificate_words(int code);

/* Did the library get no memory? */
bool tls_is_memory(int code);

/* ---- mbedtls_verify.c ---- */

/* As the library calls it, when it has looked at a certificate of a peer's; ctx is the connection. */
int tls_verify(void *ctx, mbedtls_x509_crt *crt, int depth, uint32_t *flags);

/* ---- mbedtls_random.c ---- */

/*
 * Says whose port gives the random numbers from now on, for PSA keeps no context:
 * whoever calls the library says so first. Forgets earlier failures.
 */
void tls_random_use(struct port *p);

/* Has the port failed to give some since then? */
bool tls_random_failed(void);

/* As the library calls it; p is a struct port. */
int tls_random(void *p, unsigned char *buf, size_t len);

/* ---- mbedtls_parts.c: 0 or the library's code, where nothing else is said ---- */

/* Makes PSA ready, if the library has it. */
int tls_parts_begin(void);

/* Appends to why, once in a program, that a peer's certificates may cost any time, where the library has no bounds. */
void tls_parts_warn(struct text *why);

/* Where the decrypted bytes stand that mbedtls_ssl_get_bytes_avail() counts; NULL: there are none. */
const uint8_t *tls_parts_decrypted(const mbedtls_ssl_context *ssl);

void tls_parts_random(mbedtls_ssl_config *conf, struct port *p);
int tls_parts_parse_key(mbedtls_pk_context *key, const uint8_t *data, size_t len, struct port *p);
int tls_parts_check_pair(
	const mbedtls_pk_context *public_key, const mbedtls_pk_context *key, struct port *p);

/*
 * A key in PEM, text[len] being NUL; blanks at the ends of lines do not matter. Where PEM is not
 * built in the library finds out what it is.
 */
int tls_parts_pem_key(mbedtls_pk_context *key, const uint8_t *text, size_t len, struct port *p);

/*
 * The first certificate in PEM of a text, appended to *chain, as there; *used is what stands
 * before it and the certificate. TLS_PARTS_NONE: there is no whole one, and nothing is used.
 */
#define TLS_PARTS_NONE 1
int tls_parts_pem(mbedtls_x509_crt *chain, const uint8_t *text, size_t *used);

/* Only with pre-shared keys, or with certificates and their resumption. */
void tls_parts_modes(mbedtls_ssl_config *conf, bool psk, bool certificates);
int tls_parts_psk(mbedtls_ssl_config *conf, const uint8_t *key, size_t key_len,
	const char *identity, size_t identity_len);
int tls_parts_alpn(struct tls_context *c);

/* A server's tickets; a client's sessions. */
void tls_parts_tickets_init(struct tls_context *c);
int tls_parts_tickets(struct tls_context *c);
void tls_parts_tickets_free(struct tls_context *c);
void tls_parts_sessions(mbedtls_ssl_config *conf);
int tls_parts_session_get(const mbedtls_ssl_context *ssl, mbedtls_ssl_session *session);
int tls_parts_session_set(mbedtls_ssl_context *ssl, const mbedtls_ssl_session *session);

/* The number of the fatal alert that came, in order or where a protected record had to be; 0: there is none. */
unsigned tls_parts_alert(const mbedtls_ssl_context *ssl);
unsigned tls_parts_plain_alert(const mbedtls_ssl_context *ssl);

/* Is the handshake at the server's certificate, which a resumed one never passes? */
bool tls_parts_at_certificate(const mbedtls_ssl_context *ssl);

#endif
