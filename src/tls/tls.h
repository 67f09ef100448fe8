/*
 * TLS over a socket of the port: one contract, behind which a library stands.
 *
 * No type of the library appears here. src/tls/mbedtls.c is Mbed TLS (3.6, 4.x),
 * src/tls/none.c stands for 'not built'; the build takes one of them.
 *
 * A context is what all connections of one endpoint share: keys, certificates,
 * settings, and as a client the session to be resumed. A struct tls is one
 * connection; there are CONFIG_ANKLET_TLS_STREAMS of them in a program, for the
 * library keeps part of its state in variables of its own.
 *
 * The library may allocate, within limits that these numbers set; nobody else does.
 * Random numbers come from port_random() and from nowhere else.
 */
#ifndef ANKLET_TLS_H
#define ANKLET_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "port.h"

struct tls;
struct tls_context;

/* Is a library built in? */
extern const bool tls_built;

enum tls_version { TLS_ANY, TLS_1_2, TLS_1_3 };

/* What one endpoint asks for. The strings need to live only during the call. */
struct tls_settings {
	bool server;
	/* Names for port_load(); "": not given. */
	const char *cert; /* our certificate and those between it and the root; PEM or DER */
	const char *key;  /* its private key; "": it stands in the same file */
	const char *
		ca; /* whom to trust. A client's "": the system's list. A server's "": no certificate is asked for */
	/* One line, IDENTITY:KEY, the key in hexadecimal (16 to 64 bytes). A server has this, or ca, or neither. */
	const char *psk;
	const char *alpn;   /* protocols with commas between, best first */
	uint8_t min;        /* enum tls_version; TLS_ANY is 1.2 */
	bool verify_none;   /* a client's: takes any certificate */
	bool truncated_eof; /* an end of the connection without close_notify is an ordinary end */
	uint64_t
		stamp; /* of all these and of the files' states, for tls_share(); 0: there is none */
	bool halfclose_defer; /* our close_notify waits until the other direction has ended */
};

/* Answers besides those of the port. */
enum tls_answer {
	TLS_TICK = PORT_ANSWER_LAST -
		   1, /* there is more to do without waiting: call again in the next tick */
	TLS_UNVERIFIED =
		PORT_ANSWER_LAST - 2, /* the peer's certificate, or its lack, does not satisfy */
	TLS_FAILED = PORT_ANSWER_LAST -
		     3, /* the handshake failed, or a record was wrong, or an alert came */
	TLS_TRUNCATED = PORT_ANSWER_LAST - 4, /* the connection ended without close_notify */
	TLS_NO_MEMORY =
		PORT_ANSWER_LAST - 5, /* the library got none, or every struct tls is taken */
	TLS_BAD_SETTINGS =
		PORT_ANSWER_LAST - 6, /* tls_load(): a file, or what the settings come to */
};

#define TLS_ANSWER_LAST TLS_BAD_SETTINGS

/*
 * Makes a context: reads the files and holds them against each other.
 * 0 and *context; what was appended to why then is a warning, for the log. Or PORT_NO_RANDOM
 * (no strong random numbers: no TLS), TLS_NO_MEMORY or TLS_BAD_SETTINGS, *context is
 * unchanged, and why says what is wrong and with which file. All or nothing: whoever
 * loads again keeps the old context when it fails. p must outlive the context.
 */
int tls_load(struct tls_context **context, struct port *p, const struct tls_settings *settings,
	struct text *why);

/*
 * Was it made of what has this stamp, which is not 0, and does one holder have it? Then another one has it from now on,
 * and each gives it back.
 */
bool tls_share(struct tls_context *context, uint64_t stamp);

/*
 * Gives a context back; *context becomes NULL. NULL is accepted. It is freed with the last holder and the last
 * connection; where there is no reload none is left.
 */
void tls_unload(struct tls_context **context);

/*
 * Makes TLS ready for a connected socket; from the first tls_handshake() on nobody else
 * reads from it or sends to it. The socket stays the caller's, and outlives *tls.
 * name: whom a client wants to reach, for SNI and verification, a host name
 * or an address; "" is a failure unless the settings say verify_none. A server's is
 * not looked at. 0; or TLS_NO_MEMORY, TLS_UNVERIFIED (no name), and *tls is NULL.
 */
int tls_open(struct tls **tls, struct tls_context *context, struct port *p, port_sock sock,
	const char *name);

/*
 * Bytes that tls_peek() shows before all that is decrypted: a greeting that
 * had to be read before. False: there is no room for them. Before the handshake.
 */
bool tls_preload(struct tls *tls, const uint8_t *data, size_t len);

/*
 * Keeps what the other side has said in the clear, for tls_reason(): the bytes, escaped and without CR and LF, as
 * many as there is room for; first: in place of what was kept before. Before the handshake.
 */
void tls_quote(struct tls *tls, bool first, const uint8_t *data, size_t len);

/*
 * Goes on with the handshake, one step. 0: it is over, and the peer verified.
 * PORT_AGAIN: the port has recorded what is waited for. TLS_TICK. Any
 * other answer is final, is given once what the peer is to be told of it was sent,
 * and tls_reason() has the words.
 */
int tls_handshake(struct tls *tls);

/*
 * Shows decrypted bytes: their count and *data, valid until the next call for
 * this connection but tls_consume(). PORT_AGAIN: nothing is left in the library
 * either, and the port has recorded READ (or WRITE where an answer of TLS itself is
 * not sent yet). TLS_TICK. PORT_EOF: close_notify; or the end without one where the
 * settings say truncated_eof. TLS_TRUNCATED, TLS_FAILED, TLS_NO_MEMORY,
 * PORT_RESET, PORT_TIMEOUT, PORT_FAILED: the end, remembered.
 */
int tls_peek(struct tls *tls, const uint8_t **data);

/* Drops the first n bytes that tls_peek() showed. */
void tls_consume(struct tls *tls, size_t n);

/* How many bytes one call of tls_send() takes now; 0: it fails. After the handshake. */
size_t tls_room(const struct tls *tls);

/*
 * Sends from data, which is copied: how many bytes were taken, 1 to len. The
 * caller has no rule about retrying: what was taken will be sent, before what
 * comes next. PORT_AGAIN: the port has recorded WRITE. A failure as of tls_peek().
 * After tls_flush() has answered 0, data is read before the port is called, and all of it is taken up to what
 * tls_room() said, or the connection has failed.
 */
int tls_send(struct tls *tls, const void *data, size_t len);

/* Sends out what was taken: 0, PORT_AGAIN (WRITE), or the failure. */
int tls_flush(struct tls *tls);

/*
 * Ends our direction: what was taken, then close_notify, once however often this
 * is called. 0: it is with the port. PORT_AGAIN: call again. A failure. With
 * other_open and halfclose_defer nothing is sent yet, and the answer is 0.
 */
int tls_end(struct tls *tls, bool other_open);

/* Gives the connection's place back, whatever its state; sends nothing. *tls becomes NULL; NULL is accepted. */
void tls_close(struct tls **tls);

/* Why it failed, in at most 120 bytes of printable ASCII; "" when nothing has. */
const char *tls_reason(const struct tls *tls);

/*
 * What was agreed on, for the log: appends "TLSv1.3 TLS1-3-AES-128-GCM-SHA256", and ", resumed". After the handshake.
 */
void text_tls(struct text *t, const struct tls *tls);

/* ---- What else the library is of use for ---- */

#define TLS_SHA256_LEN 32

/* The SHA-256 of the bytes. False: there is no library, or it has failed. */
bool tls_sha256(const void *bytes, size_t len, uint8_t hash[TLS_SHA256_LEN]);

#endif
