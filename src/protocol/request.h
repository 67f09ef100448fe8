/*
 * What a client asks for and what it is told, whichever protocol it speaks.
 *
 * The first byte says which that is, and request.c hands the rest to its reader and
 * to the writer of its replies (protocols.h): nobody else knows. Formats only: what is done about a
 * request is not decided here. Without CONFIG_ANKLET_SOCKS5 nothing comes before a request.
 */
#ifndef ANKLET_REQUEST_H
#define ANKLET_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "anklet_config.h"
#include "base/address.h"
#include "protocol/parse.h"
#include "protocol/protocols.h"

_Static_assert(CONFIG_ANKLET_USERID_MAX <= 255, "a userid's length fits a byte");
_Static_assert(CONFIG_ANKLET_NAME_MAX <= 255, "a name's length fits a byte");

/* The first byte of what a client says. */
#define PROTOCOL_VERSION(version, first, ...) version = (first),
enum version { PROTOCOLS(PROTOCOL_VERSION) };
#undef PROTOCOL_VERSION

/* The numbers are those of every SOCKS. */
enum command { COMMAND_CONNECT = 1, COMMAND_BIND = 2 };

/* Why a request is malformed, in the order of the sessions' reasons (src/session/reason.h). */
enum request_error {
	REQUEST_OK,
	REQUEST_NOT_SOCKS,   /* the first byte is none of these */
	REQUEST_IS_SOCKS5,   /* it is 5, and SOCKS5 is not built in */
	REQUEST_IS_HTTP,     /* it is one that a method of HTTP begins with */
	REQUEST_IS_TLS,      /* it is 22, as a handshake of TLS begins */
	REQUEST_BAD_COMMAND, /* neither CONNECT nor BIND */
	REQUEST_LONG_USERID, /* longer than CONFIG_ANKLET_USERID_MAX; it is never cut short */
	REQUEST_EMPTY_NAME,
	REQUEST_LONG_NAME,        /* longer than CONFIG_ANKLET_NAME_MAX */
	REQUEST_BAD_NAME,         /* with a byte up to 0x20, or 0x7f */
	REQUEST_BAD_VERSION,      /* it is of another version than what came before it */
	REQUEST_BAD_ADDRESS_TYPE, /* of none that is known */
	REQUEST_LONG_PASSWORD,    /* longer than CONFIG_ANKLET_NAME_MAX */
};

/* What a client says, one after the other, and so what an answer answers. */
enum stage {
	STAGE_GREETING,
	STAGE_PASSWORD,
	STAGE_REQUEST, /* all that there is, where no protocol greets */
};

/*
 * A request, while it is read and afterwards. All zero is a request of which
 * nothing has been read. userid and name are terminated by a NUL, without which
 * the lengths count.
 */
struct request {
	uint8_t version; /* the first byte */
	uint8_t command; /* enum command */
	uint8_t userid_len;
	uint8_t name_len; /* 0: it names an address */
	uint16_t port;    /* host order */
	struct ip ip;     /* where name_len is 0; 0.0.0.0 or '::' in a BIND: whoever comes */
	char userid[CONFIG_ANKLET_USERID_MAX + 1];
	char name[CONFIG_ANKLET_NAME_MAX + 1];
};

/* Ways in which a client can say who it is, of those that it offers: a set. */
enum offer { OFFER_NOTHING = 1, OFFER_PASSWORD = 2 };

/* Of use to the readers alone, while a message is read. All zero before its first byte. */
struct request_reader {
	uint8_t field; /* which one is being read */
	uint8_t field_at;
	uint8_t error;   /* enum request_error, after PARSE_MALFORMED */
	uint8_t offered; /* enum offer: those in a greeting that are known */
};

/*
 * Reads on in what the stage is about. Sets *used to the bytes of data that belong to it; after a request the client's
 * application data follow. PARSE_MALFORMED sets reader->error; in a field that is still too long or wrong, at the first
 * byte that makes it so. Not to be called again after DONE or MALFORMED, but for the next stage and with the reader
 * cleared.
 *
 * A greeting is never malformed; DONE with *used 0: the protocol has none. A user's name and password go to r->userid
 * and, for it is not in use yet, r->name, whose bytes are to be wiped before the request is read. Either may be empty.
 */
enum parse request_read(enum stage stage, struct request_reader *reader, struct request *r,
	const uint8_t *data, size_t len, size_t *used);

/* What a client is told. Each protocol has its own codes for them, and may have one for several. */
enum verdict {
	VERDICT_NONE, /* nothing, in its protocol: it speaks another one, or was being talked to already */
	VERDICT_GRANTED,
	VERDICT_FAILED, /* for no reason below */
	VERDICT_DENIED, /* by the rules, or by what protects those who wrote none */
	VERDICT_NO_COMMAND,
	VERDICT_NO_ADDRESS_TYPE,
	VERDICT_NO_NETWORK, /* no way to it, or no such family, at this host */
	VERDICT_UNREACHABLE,
	VERDICT_CONNECTION_REFUSED,
	VERDICT_TIMEOUT,
	VERDICT_NO_IDENTD,    /* the client's identd cannot be reached, or does not know the user */
	VERDICT_OTHER_USERID, /* it names another one */
	VERDICT_PASSWORD,     /* after a greeting: it is to say who it is, with a password */
};

/* The longest reply of a protocol that is spoken. */
#define REPLY_OF(version, first, name, feature, greets, ipv6, longest) \
	uint8_t name[(feature) ? (longest) : 1];
union reply_of_any {
	PROTOCOLS(REPLY_OF)
};
#undef REPLY_OF
#define REPLY_ROOM sizeof(union reply_of_any)

/*
 * The answer to a client that began with that version: where its *len bytes stand, which may be buf.
 * What is no protocol of ours gets what it can understand, or nothing (*len is 0). at: an address to be told.
 */
const void *reply_bytes(uint8_t version, enum stage stage, enum verdict verdict,
	const struct address *at, uint8_t buf[REPLY_ROOM], size_t *len);

/* The number in a refusal that says why, as people know it; 0: it has none. */
uint16_t reply_code(uint8_t version, enum stage stage, enum verdict verdict);

/* Can it say an address of IPv6? */
#define HOLDS_IPV6(version, first, name, feature, greets, ipv6, ...) \
	|| ((feature) && (ipv6) && first_byte == (first))
static inline bool reply_holds_ipv6(uint8_t first_byte)
{
	return false PROTOCOLS(HOLDS_IPV6);
}
#undef HOLDS_IPV6

/*
 * What each protocol brings, called by request.c alone. Its reader: as request_read(), from the first byte on. Its
 * number for a verdict that is not VERDICT_NONE. And the answer in which that number stands: it writes it and answers
 * its length.
 */
#define PROTOCOL_PROTOTYPES(version, first, name, ...)                                             \
	enum parse name##_read(enum stage stage, struct request_reader *reader, struct request *r, \
		const uint8_t *data, size_t len, size_t *used);                                    \
	uint16_t name##_code(enum stage stage, enum verdict verdict);                              \
	size_t name##_reply(enum stage stage, uint16_t code, const struct address *at,             \
		uint8_t buf[REPLY_ROOM]);
PROTOCOLS(PROTOCOL_PROTOTYPES)
#undef PROTOCOL_PROTOTYPES

#endif
