/*
 * DNS messages put together for tests, right or wrong.
 */
#ifndef ANKLET_TEST_DNS_MESSAGE_H
#define ANKLET_TEST_DNS_MESSAGE_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/dns.h"

#define ID 0x1234
#define RESPONSE 0x8180 /* an answer, recursion desired and available */
#define TRUNCATED 0x0200
#define NXDOMAIN 3
#define CNAME 5
#define IN 1
#define AT_QUESTION "\xc0\x0c" /* a pointer to the question's name */

struct message {
	size_t len;
	uint8_t bytes[4096];
};

static inline void put(struct message *m, const void *data, size_t len)
{
	if (m->len + len > sizeof m->bytes)
		abort();
	memcpy(m->bytes + m->len, data, len);
	m->len += len;
}

static inline void put_16(struct message *m, unsigned n)
{
	const uint8_t bytes[2] = {(uint8_t)(n >> 8), (uint8_t)n};

	put(m, bytes, sizeof bytes);
}

static inline void set_16(struct message *m, size_t at, unsigned n)
{
	m->bytes[at] = (uint8_t)(n >> 8);
	m->bytes[at + 1] = (uint8_t)n;
}

/* A name as text, or a pointer where it begins with the byte of one. */
static inline void put_name(struct message *m, const char *name)
{
	if ((*name & 0xc0) == 0xc0) {
		put(m, name, 2);
		return;
	}
	while (*name != '\0') {
		size_t len = strcspn(name, ".");
		uint8_t byte = (uint8_t)len;

		put(m, &byte, 1);
		put(m, name, len);
		name += len + (name[len] == '.');
	}
	put(m, "", 1);
}

static inline void begin(struct message *m, unsigned flags, const char *name, unsigned type)
{
	m->len = 0;
	put_16(m, ID);
	put_16(m, flags);
	put_16(m, 1);
	put(m, "\0\0\0\0\0", 6);
	put_name(m, name);
	put_16(m, type);
	put_16(m, IN);
}

/* One record after the others of the answer. */
static inline void add(struct message *m, const char *name, unsigned type, uint32_t ttl,
	const void *data, size_t len)
{
	put_name(m, name);
	put_16(m, type);
	put_16(m, IN);
	put_16(m, ttl >> 16);
	put_16(m, ttl & 0xffff);
	put_16(m, (unsigned)len);
	put(m, data, len);
	m->bytes[7]++;
}

static inline void add_v4(struct message *m, const char *name, uint32_t ttl, uint8_t last)
{
	const uint8_t ip[4] = {192, 0, 2, last};

	add(m, name, DNS_A, ttl, ip, sizeof ip);
}

static inline void add_alias(struct message *m, const char *name, uint32_t ttl, const char *target)
{
	struct message data = {0};

	put_name(&data, target);
	add(m, name, CNAME, ttl, data.bytes, data.len);
}

#endif
