/*
 * Answers of name servers, kept for as long as they hold. See name_cache.h.
 */
#include "name_cache.h"

#include <string.h>

static bool is_for(const struct cached_name *entry, const struct dns_question *question)
{
	return entry->result != DNS_PENDING && entry->type == question->type &&
	       entry->name_len == question->name_len &&
	       memcmp(entry->name, question->name, question->name_len) == 0;
}

enum dns_result name_cache_find(const struct name_cache *cache, const struct dns_question *question,
	uint32_t now_s, struct dns_addresses *addresses)
{
	for (unsigned i = 0; i < NAME_CACHE_ENTRIES; i++) {
		const struct cached_name *entry = &cache->entry[i];

		if (!is_for(entry, question) || now_s >= entry->until_s)
			continue;
		if (entry->result == DNS_ADDRESSES)
			*addresses = entry->addresses;
		return (enum dns_result)entry->result;
	}
	return DNS_PENDING;
}

/* The question's own entry, else the one that ends first; a free one ends at 0. */
static struct cached_name *choose(struct name_cache *cache, const struct dns_question *question)
{
	struct cached_name *chosen = &cache->entry[0];

	for (unsigned i = 0; i < NAME_CACHE_ENTRIES; i++) {
		struct cached_name *entry = &cache->entry[i];

		if (is_for(entry, question))
			return entry;
		if (entry->until_s < chosen->until_s)
			chosen = entry;
	}
	return chosen;
}

static uint32_t time_to_live(enum dns_result result, const struct dns_answer *answer)
{
	if (result != DNS_ADDRESSES)
		return NAME_CACHE_NO_S;
	if (answer->ttl_s < NAME_CACHE_MIN_S)
		return NAME_CACHE_MIN_S;
	return answer->ttl_s < NAME_CACHE_MAX_S ? answer->ttl_s : NAME_CACHE_MAX_S;
}

void name_cache_add(struct name_cache *cache, const struct dns_question *question, uint32_t now_s,
	enum dns_result result, const struct dns_answer *answer)
{
	struct cached_name *entry = choose(cache, question);

	if (question->name_len > NAME_CACHE_NAME_MAX)
		return;
	memset(entry, 0, sizeof *entry);
	entry->until_s = now_s + time_to_live(result, answer);
	entry->type = question->type;
	entry->result = (uint8_t)result;
	entry->name_len = (uint8_t)question->name_len;
	memcpy(entry->name, question->name, question->name_len);
	if (result == DNS_ADDRESSES)
		entry->addresses = answer->addresses;
}
