/*
 * Lookups, where the system has a resolver that answers from a thread of its own; and what they need of it.
 */
#ifndef ANKLET_BSD_LOOKUPS_H
#define ANKLET_BSD_LOOKUPS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/address.h"

struct resolver {
	uint8_t open; /* lookups that have not ended */
	bool silent;  /* the system's resolver has refused a question, and that was said */
};

/* ---- What the system's resolver calls, from any thread, for a question that it was given ---- */

/* One address, of the question's family. */
void lookups_found(uintptr_t ticket, const struct address *at);

/* There are no more; failed: nor did anybody say so. A question that nobody waits for any more is passed over. */
void lookups_over(uintptr_t ticket, bool failed);

/* ---- What the system brings, in system_NAME_names.c ---- */

/* Held by one thread at a time, for moments; no call below is made while it is held. */
void system_lock(void);
void system_unlock(void);

/* Uses the name servers of the configuration, as far as the system can. */
void system_name_servers(struct port *p, const struct port_config *config);

/*
 * Asks for the addresses of a name, which ends with NUL, of one family: 0, and the calls above come
 * for this ticket, some perhaps before this returns; *question names it for the next call.
 * PORT_NO_RESOURCES: there is no place for it now. PORT_FAILED: it does not take questions.
 */
int system_ask(const char *name, bool v4, uintptr_t ticket, uint16_t *question);

/* Nobody waits for it any more. */
void system_forget(uint16_t question);

#endif
