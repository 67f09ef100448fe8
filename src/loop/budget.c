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

static struct budget_client *begin(struct budget *budget, const struct ip *key, uint32_t now)
{
	if (now - budget->begun_at >= BUDGET_MS && !budget->told_at.set)
		memset(budget, 0, sizeof *budget);
	if (budget->lines == 0 && !budget->told_at.set)
		budget->begun_at = now;
	return entry_of(budget, key);
}

static void count(struct budget *budget, struct budget_client *c)
{
	c->more++;
	budget->told_at = (struct deadline){.set = true, .at = budget->begun_at + BUDGET_MS};
}

void budget_pass_over(struct budget *budget, const struct ip *key, uint32_t now)
{
	count(budget, begin(budget, key, now));
}

bool budget_take(struct budget *budget, uint16_t limit, const struct ip *key, uint32_t now)
{
	struct budget_client *c = begin(budget, key, now);
	bool others = c == budget->client + BUDGET_CLIENTS;
	if (budget->lines < (uint32_t)limit * BUDGET_ALL && (others || c->lines < limit)) {
		budget->lines++;
		c->lines++;
		return true;
	}
	count(budget, c);
	return false;
}
