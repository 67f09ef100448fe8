/*
 * A port whose sockets are entries of a table: what arrives, fails and is denied is the fuzzer's to say.
 *
 * It stands in place of the whole library, of which the resolver and the loop call no more than this.
 */
#ifndef ANKLET_TESTS_SCRIPTED_PORT_H
#define ANKLET_TESTS_SCRIPTED_PORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "port.h"
#include "protocol/dns.h"

#define SCRIPTED_SOCKETS 64
#define SCRIPTED_DATAGRAMS 4
#define SCRIPTED_DATAGRAM_SIZE 600
#define SCRIPTED_STREAM_SIZE 2048
#define SCRIPTED_FILE_SIZE 256

struct question_sent {
	size_t len;
	uint8_t bytes[DNS_QUERY_MAX];
};

struct scripted_socket {
	bool open, tcp, interest, connected;
	int failure; /* of the next call; of a connection it is final */
	unsigned questions;
	struct question_sent question[2]; /* the last ones */
	unsigned datagrams;
	size_t len[SCRIPTED_DATAGRAMS];
	uint8_t datagram[SCRIPTED_DATAGRAMS][SCRIPTED_DATAGRAM_SIZE];
	size_t out_len, in_len, in_at; /* of a stream */
	uint8_t out[2 + DNS_QUERY_MAX], in[SCRIPTED_STREAM_SIZE];
};

struct scripted_port {
	unsigned opened;
	int denied; /* what the next call that opens or sends answers; 0: it is not denied */
	uint32_t now, random_state;
	bool weak; /* random numbers are */
	/* By enum port_names_file. */
	uint32_t stamp[2];
	size_t file_len[2];
	uint8_t file[2][SCRIPTED_FILE_SIZE];
	struct scripted_socket socket[SCRIPTED_SOCKETS + 1]; /* 0 is nobody's */
};

extern struct scripted_port scripted;

/* Ends the run if it does not hold. */
void expect(bool holds);

#endif
