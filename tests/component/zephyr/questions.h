/*
 * A stand-in for Zephyr on a development machine: port/bsd runs over its sockets.
 *
 * Headers below include/ declare what is used of Zephyr, and no more; host.c does
 * it by other means. Names are looked up by nobody: a question waits until the test
 * answers it, or is told that there is no such name where the test does not hold them.
 */
#ifndef HOST_ZEPHYR_QUESTIONS_H
#define HOST_ZEPHYR_QUESTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include <zephyr/net/dns_resolve.h>

struct questions {
	bool hold;   /* questions wait for host_answer() */
	bool refuse; /* none is taken: there is no name server */
};

extern struct questions questions;

/* A question that was asked. */
struct host_question {
	bool asked;
	uint16_t id;
	enum dns_query_type type;
	char name[256];
	dns_resolve_cb_t answer;
	void *user_data;
};

/* How many wait for an answer. */
unsigned host_questions(void);

/* Takes a question that waits; false: there is none. Nobody else answers or cancels it then. */
bool host_take(const char *name, enum dns_query_type type, struct host_question *question);

/* Answers it from another thread: with the addresses, as text, up to a NULL, then with the status. Over on return. */
void host_answer(const struct host_question *question, enum dns_resolve_status status,
	const char *const addresses[]);

#endif
