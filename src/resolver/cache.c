/*
 * Answers that are kept. See cache.h.
 */
#include "resolver/cache.h"

#include <string.h>

/* How long an entry still holds, in ms; a free one: 0. */
static uint32_t left_ms(const struct cached_name *entry, uint32_t now)
{
	uint32_t age = now - entry->added_at;

	if (entry->result == DNS_PENDING)
		return 0;
	if (entry->hosts == CACHE_HOSTS)
		return UINT32_MAX;
	return age < entry->lasts_ms ? entry->lasts_ms - age : 0;
}

static bool is_for(const struct cached_name *entry, const struct dns_question *question)
{
	return entry->result != DNS_PENDING && entry->type == question->type &&
	       entry->name_len == question->name_len &&
	       memcmp(entry->name, question->name, question->name_len) == 0;
}

const struct cached_name *cache_find(
	const struct cache *cache, const struct dns_question *question, uint32_t now)
{
	for (unsigned i = 0; i < CACHE_ENTRIES; i++) {
		const struct cached_name *entry = &cache->entry[i];

		if (is_for(entry, question))
			return left_ms(entry, now) > 0 ? entry : NULL;
	}
	return NULL;
}

static uint32_t time_to_live(enum dns_result result, const struct dns_answer *answer)
{
	if (result != DNS_ADDRESSES)
		return CACHE_NO_MS;
	if (answer->ttl_s < CACHE_MIN_MS / 1000)
		return CACHE_MIN_MS;
	return answer->ttl_s < CACHE_MAX_MS / 1000 ? answer->ttl_s * 1000 : CACHE_MAX_MS;
}

void cache_add(struct cache *cache, const struct dns_question *question, uint32_t now,
	enum dns_result result, enum cache_hosts hosts, const struct dns_answer *answer)
{
	struct cached_name *chosen = &cache->entry[0];

	if (question->name_len > CACHE_NAME_MAX)
		return;
	/* The question's own entry, else the one that ends first. */
	for (unsigned i = 0; i < CACHE_ENTRIES; i++) {
		struct cached_name *entry = &cache->entry[i];

		if (is_for(entry, question)) {
			chosen = entry;
			break;
		}
		if (left_ms(entry, now) < left_ms(chosen, now))
			chosen = entry;
	}
	if (!cache->timed)
		cache->sweep_at = now + CACHE_SWEEP_MS;
	cache->timed = true;
	memset(chosen, 0, sizeof *chosen);
	chosen->result = (uint8_t)result;
	chosen->hosts = (uint8_t)hosts;
	chosen->type = (uint8_t)question->type;
	chosen->name_len = (uint8_t)question->name_len;
	chosen->added_at = now;
	chosen->lasts_ms = time_to_live(result, answer);
	if (result == DNS_ADDRESSES)
		chosen->addresses = answer->addresses;
	memcpy(chosen->name, question->name, question->name_len);
}

void cache_sweep(struct cache *cache, uint32_t now)
{
	cache->timed = false;
	for (unsigned i = 0; i < CACHE_ENTRIES; i++) {
		struct cached_name *entry = &cache->entry[i];

		if (left_ms(entry, now) == 0)
			entry->result = DNS_PENDING;
		cache->timed |= entry->result != DNS_PENDING && entry->hosts != CACHE_HOSTS;
	}
	cache->sweep_at = now + CACHE_SWEEP_MS;
}

void cache_clear(struct cache *cache)
{
	cache->timed = false;
	for (unsigned i = 0; i < CACHE_ENTRIES; i++)
		cache->entry[i].result = DNS_PENDING;
}
