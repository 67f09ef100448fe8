/*
 * Answers of a name server: whatever the bytes, the result is one of those that dns.h names, and holds together.
 *
 * The input: a byte whose first bit asks for IPv6, the name asked for up to a
 * NUL, and the message. With the second bit of that byte set, the id and the
 * question are right, and the rest of the input is the header from its
 * flags on (10 bytes) and the records: guessing those would take for ever.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/dns.h"

#define ASK_IPV6 1
#define QUESTION_RIGHT 2
#define ID 0x1234
#define HEADER_LEN 12
#define FLAGS_AT 2
#define RECORDS_MAX 4096
#define UNTOUCHED 0xa5

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void expect(bool holds)
{
	if (!holds)
		abort();
}

/* Puts the right question around the rest of the input; returns the length of the message. */
static size_t put_question(
	uint8_t *message, const struct dns_question *question, const uint8_t *rest, size_t rest_len)
{
	size_t len = dns_query(message, question), flags = HEADER_LEN - FLAGS_AT;

	if (rest_len < flags)
		return len;
	if (rest_len - flags > RECORDS_MAX)
		rest_len = flags + RECORDS_MAX;
	memcpy(message + FLAGS_AT, rest, flags);
	memcpy(message + len, rest + flags, rest_len - flags);
	return len + rest_len - flags;
}

static void check_addresses(const struct dns_answer *answer, uint16_t type)
{
	expect(answer->addresses.count <= CONFIG_ANKLET_ADDRESSES);
	expect(answer->ttl_s <= INT32_MAX);
	for (unsigned i = 0; i < answer->addresses.count; i++) {
		expect(ip_is_v4(&answer->addresses.ip[i]) == (type == DNS_A));
		for (unsigned k = 0; k < i; k++)
			expect(!ip_equal(&answer->addresses.ip[i], &answer->addresses.ip[k]));
	}
}

static void check_untouched(const struct dns_answer *answer)
{
	const uint8_t *bytes = (const uint8_t *)answer;

	for (size_t i = 0; i < sizeof *answer; i++)
		expect(bytes[i] == UNTOUCHED);
}

/* The message stands in memory of just its size, so that a sanitizer sees a read past its end. */
static void read_message(const uint8_t *bytes, size_t len, const struct dns_question *question)
{
	uint8_t *message = malloc(len > 0 ? len : 1);
	struct dns_answer answer;
	enum dns_result result;

	expect(message != NULL);
	memcpy(message, bytes, len);
	memset(&answer, UNTOUCHED, sizeof answer);
	result = dns_read(message, len, question, &answer);
	expect(result > DNS_PENDING && result <= DNS_FAILED);
	if (result == DNS_ADDRESSES)
		expect(answer.addresses.count > 0);
	if (result == DNS_ADDRESSES || result == DNS_TRUNCATED)
		check_addresses(&answer, question->type);
	else
		check_untouched(&answer);
	expect(memcmp(message, bytes, len) == 0);
	free(message);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	uint8_t message[DNS_QUERY_MAX + RECORDS_MAX];
	struct dns_question question = {.id = ID};
	const uint8_t *end, *rest;
	size_t rest_len;

	if (len < 1 || (end = memchr(data + 1, '\0', len - 1)) == NULL)
		return 0;
	question.name = (const char *)data + 1;
	question.name_len = (size_t)(end - data - 1);
	question.type = data[0] & ASK_IPV6 ? DNS_AAAA : DNS_A;
	if (!dns_name_valid(question.name, question.name_len))
		return 0;
	rest = end + 1;
	rest_len = len - question.name_len - 2;
	if ((data[0] & QUESTION_RIGHT) == 0)
		read_message(rest, rest_len, &question);
	else
		read_message(message, put_question(message, &question, rest, rest_len), &question);
	return 0;
}
