/*
 * The budget of the log. See budget.h.
 */
#include "loop/budget.h"

#include <string.h>

static struct budget_client *entry_of(struct budget *budget, const struct ip *key)
{
	struct budget_client *c = budget->client;

	while (c < budget->client + budget->clients && !ip_equal(&c->key, key))
		c++;
	if (c == budget->client + budget->clients && budget->clients + 1 <= BUDGET_CLIENTS) {
		budget->clients++;
		c->key = *key;
	}
	return c;
}

bool budget_take(struct budget *budget, uint16_t limit, const struct ip *key, uint32_t now)
{
	struct budget_client *c;
	bool others;

	if (now - budget->begun_at >= BUDGET_MS && !budget->told_at.set)
		memset(budget, 0, sizeof *budget);
	if (budget->lines == 0)
		budget->begun_at = now;
	c = entry_of(budget, key);
	others = c == budget->client + BUDGET_CLIENTS;
	if (budget->lines < (uint32_t)limit * BUDGET_ALL && (others || c->lines < limit)) {
		budget->lines++;
		c->lines++;
		return true;
	}
	c->more++;
	budget->told_at = (struct deadline){.set = true, .at = budget->begun_at + BUDGET_MS};
	return false;
}
