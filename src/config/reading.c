/*
 * What values are read from and with: lines, words, numbers, times and ports; and errors. See value.h.
 */
#include "config/value.h"

#include <string.h>

#include "config/config.h"
#include "config/keywords.h"

#define LIMIT_MAX_MS 1728000000u /* 20 days: below 2^31, for times compare by signed difference */
#define LIMIT_MIN_MS 10          /* a shorter limit is a slip of the pen */

bool error_set(struct reading *r, enum error_kind kind, struct word word, int about)
{
	struct word end = {word.at + word.len, 0};

	r->error =
		(struct config_error){.kind = (uint8_t)kind, .about = (uint8_t)about, .word = word};
	r->error.at = kind == ERROR_MISSING ? end : word;
	r->error.number = r->number;
	r->error.tls = r->tls;
	return false;
}

int name_read(struct reading *r, enum error_kind kind, int type, struct word word)
{
	int i = name_find(1u << type, word);

	if (i < 0) {
		error_set(r, kind, word, type);
		if (kind != ERROR_INVALID)
			r->error.suggestion = name_suggestion((unsigned)type, r->tls, word);
	} else if (!name_is_built((unsigned)i, r->tls)) {
		word.len = strlen(name_text((unsigned)i));
		error_set(r, ERROR_DISABLED, word, name_rows[i].setting);
		i = -1;
	}
	return i;
}

/* ---- Lines and words ---- */

struct word word_take(struct reading *r)
{
	const char *end = r->rest.at + r->rest.len, *at;
	struct word word, tail;

	if (!word_next(&r->rest, &word) || *word.at == '#') {
		r->rest = (struct word){end, 0};
		return (struct word){NULL, 0};
	}
	if (*word.at == '"') {
		for (at = word.at + 1; at < end && *at != '"'; at++)
			at += *at == '\\' && at + 1 < end;
		r->rest = (struct word){at, (size_t)(end - at)};
		at = word_next(&r->rest, &tail) ? tail.at + tail.len : end;
		word.len = (size_t)(at - word.at);
	}
	return word;
}

bool line_check(struct reading *r, struct word line)
{
	struct word word;

	for (size_t i = 0; i < line.len; i++)
		if (((unsigned char)line.at[i] < 0x20 && line.at[i] != '\t') || line.at[i] == 0x7f)
			return error_set(r, ERROR_BYTE, (struct word){line.at + i, 1}, VALUE_ASCII);
	r->rest = line;
	while ((word = word_take(r)).at != NULL)
		for (size_t i = 0; i < word.len && *word.at != '"'; i++)
			if ((unsigned char)word.at[i] >= 0x80)
				return error_set(
					r, ERROR_BYTE, (struct word){word.at + i, 1}, VALUE_ASCII);
	r->rest = line;
	return true;
}

/* ---- Numbers, times, ports ---- */

static const struct {
	uint32_t ms;
	char name[4];
} units[] = {{3600000, "h"}, {60000, "m"}, {60000, "min"}, {1000, "s"}, {1000, ""}, {1, "ms"}};

struct word unit_of(struct word word)
{
	for (; word.len > 0 && *word.at >= '0' && *word.at <= '9'; word.len--)
		word.at++;
	return word;
}

bool time_read(struct word word, bool zero, uint32_t *ms)
{
	struct word unit = unit_of(word);
	uint32_t n;

	if (!number_parse(word.at, word.len - unit.len, UINT32_MAX, &n))
		return false;
	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
		uint64_t time = (uint64_t)n * units[i].ms;

		*ms = (uint32_t)time;
		if (word_is(unit, units[i].name))
			return time == 0 ? zero : time >= LIMIT_MIN_MS && time <= LIMIT_MAX_MS;
	}
	return false;
}

void text_time(struct text *t, uint32_t ms)
{
	unsigned unit = 0;

	while (ms % units[unit].ms != 0)
		unit++;
	text_num(t, ms / units[unit].ms);
	text_str(t, ms > 0 ? units[unit].name : "");
}

bool count_read(struct word word, uint32_t most, uint16_t *count)
{
	uint32_t n = 0;
	bool right = number_parse(word.at, word.len, most, &n);

	*count = (uint16_t)n;
	return right;
}

bool range_read(struct word word, uint32_t least, struct port_range *range)
{
	struct word high = word, low = word_split(&high, '-');

	return count_read(low, UINT16_MAX, &range->low) &&
	       count_read(high.at != NULL ? high : low, UINT16_MAX, &range->high) &&
	       range->low >= least && range->low <= range->high;
}

void text_range(struct text *t, const struct port_range *range)
{
	text_num(t, range->low);
	if (range->high > range->low) {
		text_str_num(t, "-", range->high);
	}
}
