/*
 * The budget of the log: so many lines a minute about one client, four times as many about all of them; what goes
 * beyond it is counted.
 *
 * A minute begins with its first line. Who fills the log with connections of which each is soon over holds nothing in
 * between: so the clients stand in a table of their own, of as many as a log can be read about. About those that it has
 * no room for there may be as many lines as is left of all.
 */
#ifndef ANKLET_BUDGET_H
#define ANKLET_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

#include "anklet_config.h"
#include "base/address.h"
#include "base/deadline.h"

/* About single clients little is logged below PORT_INFO: there is no budget where that is disabled. */
#define BUDGET_CLIENTS                              \
	(CONFIG_ANKLET_LOG_LEVELS <= 2         ? 0  \
		: CONFIG_ANKLET_SESSIONS >= 64 ? 16 \
					       : CONFIG_ANKLET_SESSIONS / 4)
#define BUDGET_MS 60000
#define BUDGET_ALL 4 /* times what one client has */

struct budget_client {
	struct ip key;  /* as client_key() has it; of the one after the last: '::', the others */
	uint32_t lines; /* that were logged */
	uint32_t more;  /* that were not */
};

/* All zero is one that has not begun. */
struct budget {
	uint32_t begun_at;       /* while lines > 0 */
	uint32_t lines;          /* about all */
	struct deadline told_at; /* set while some were not logged: that is then said */
	uint8_t clients;
	struct budget_client client[BUDGET_CLIENTS + 1];
};

/* May one more line about that client be logged, at 'limit' for each? If not it is counted. */
bool budget_take(struct budget *budget, uint16_t limit, const struct ip *key, uint32_t now);

/* Counts one that is not logged, for it says what was said. */
void budget_pass_over(struct budget *budget, const struct ip *key, uint32_t now);

#endif
