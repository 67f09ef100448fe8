/*
 * What both ends of the load have in common: the messages, the pattern, and what a
 * stream's two ends tell each other, for they are two threads of one process.
 */
#ifndef BENCH_LOAD_H
#define BENCH_LOAD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MESSAGE 64     /* bytes of a message that is sent back; every connection begins with one */
#define STREAMS_MAX 64 /* of one bulk run */
#define BLOCK 262144   /* bytes of a send or recv in bulk */
#define MAGIC 0x64616f6c /* "load" */

/* What the server does with a connection. The last two are for clients that are other programs. */
enum kind { ECHO = 'e', UP = 'u', DOWN = 'd', BOTH = 'b', SWALLOW = 's', POUR = 'p' };

/* The first bytes of a connection's first message. bench/load.py writes the same. */
struct header {
	uint32_t magic;
	uint8_t kind, verify;
	uint16_t stream; /* its number in the run */
	uint32_t run;
	uint32_t unused;
	uint64_t
		count; /* SWALLOW: bytes that come, then this end answers with what it counted; POUR */
};

/* One stream of a bulk run, both ways. wrong: the first offset at which a byte differed, or -1. */
struct stream {
	_Atomic uint64_t received, sent; /* by the server */
	_Atomic int64_t wrong;
	atomic_bool stop;    /* the client has enough */
	atomic_bool stopped; /* 'sent' is final */
	atomic_bool closed;  /* the server saw an end */
};

extern struct stream streams[STREAMS_MAX];
extern _Atomic uint32_t current_run; /* what older connections still do is not this run's */

/* ---- load_server.c ---- */

/* Listens on a free port of 127.0.0.1, served by a thread of its own; the port, or -1. */
int server_start(void);

/* ---- load_pattern.c: each byte is known by its run, stream, direction and offset ---- */

uint64_t pattern_seed(uint32_t run, uint16_t stream, bool down);
void pattern_fill(unsigned char *to, size_t count, uint64_t seed, uint64_t offset);

/* The first offset at which a byte is not the pattern's, or -1. */
int64_t pattern_check(const unsigned char *data, size_t count, uint64_t seed, uint64_t offset);

/* What one end of a stream sends: blocks of the pattern, or of zeros where nobody verifies. */
struct source {
	uint64_t seed, sent;
	size_t filled, taken;
	bool verify;
	unsigned char block[BLOCK];
};

/* Sends once, without waiting: the count as send() has it. most: bytes that may be sent. */
int64_t source_send(struct source *source, int fd, uint64_t most);

/* ---- load_client.c ---- */

enum protocol { DIRECT, SOCKS4, SOCKS5 };

/* How the server is reached: directly, or by what listens at via_port. */
struct route {
	enum protocol protocol;
	uint16_t port, server_port;
};

extern struct route route;
extern char load_error[256]; /* why the last order failed */

/* Puts it into 'load_error': false. */
bool fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
uint64_t now_ns(void);

struct latencies {
	uint32_t *ns;
	size_t count, room;
};

void latencies_add(struct latencies *all, uint64_t ns);
/* Sorts them. share: 0.5 is the median; in microseconds. */
double latencies_us(struct latencies *all, double share);

/* A connection with the server through the route, blocking, or -1. */
int dial(void);
/* A message back and forth on a connection of ours, which no other one resembles. */
void message_fill(unsigned char *message, bool first, uint32_t number, uint64_t sequence);
bool say(int fd, bool first, uint32_t number, uint64_t sequence);

struct bulk {
	bool up, down, verify;
	unsigned streams;
	double seconds;
};

/* Each of these is false with 'load_error', or has filled in what it measured. */
bool bulk_run(const struct bulk *order, uint64_t *bytes, double *took);

/* seconds 0: 'count' of them. held: they are kept there and not closed; up to 'count'. */
struct connections {
	unsigned at_a_time;
	double seconds;
	uint64_t count;
	int *held;
};

bool connections_run(
	const struct connections *order, uint64_t *done, double *took, struct latencies *each);

#endif
