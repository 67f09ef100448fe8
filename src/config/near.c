/*
 * The nearest of the right words, by edit distance. See near.h.
 */
#include "config/near.h"

#include <string.h>

#include "anklet_config.h"

#define NEAR_ENOUGH 2
#define NAME_MAX_LEN 24 /* longer words are near to nothing */

void config_near_init(struct config_near *near, struct word word)
{
	*near = (struct config_near){.word = word, .distance = NEAR_ENOUGH + 1};
}

static size_t least(size_t a, size_t b, size_t c)
{
	size_t ab = a < b ? a : b;

	return ab < c ? ab : c;
}

/* Levenshtein's distance. row[j] is that of the octets of 'word' so far to the first j of 'name'. */
static size_t distance(struct word word, const char *name, size_t name_len)
{
	size_t row[NAME_MAX_LEN + 1];

	for (size_t j = 0; j <= name_len; j++)
		row[j] = j;
	for (size_t i = 0; i < word.len; i++) {
		size_t diagonal = row[0]; /* row[j - 1] before this octet */

		row[0] = i + 1;
		for (size_t j = 1; j <= name_len; j++) {
			size_t replaced = diagonal + (word.at[i] != name[j - 1]);

			diagonal = row[j];
			row[j] = least(row[j] + 1, row[j - 1] + 1, replaced);
		}
	}
	return row[name_len];
}

void config_near_try(struct config_near *near, const char *name)
{
	size_t name_len = strlen(name), d;

	if (!CONFIG_ANKLET_REMEDIES || near->word.len > NAME_MAX_LEN || name_len > NAME_MAX_LEN)
		return;
	d = distance(near->word, name, name_len);
	/* A word that would have to be written anew altogether is near to nothing. */
	if (d < near->distance && d < near->word.len) {
		near->distance = d;
		near->name = name;
	}
}
