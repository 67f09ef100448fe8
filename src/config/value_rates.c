/*
 * Values of the configuration that are about rates: so many bytes a second, and so many sessions in a time. See
 * value.h.
 */
#include "config/value.h"

#include "config/keywords.h"
#include "loop/rates.h"

#define RATE_LEAST 1000u /* a lower one is a slip of the pen, or meant kB/s */
#define RATE_MOST 4000000000u

static const struct {
	uint32_t bytes;
	char name[8];
} rate_units[] = {
	{1000000, "MB/s"}, {1000, "kB/s"}, {125000, "Mbit/s"}, {125, "kbit/s"}, {1, "B/s"}};

static bool rate_read(struct word word, uint32_t *rate)
{
	struct word unit = unit_of(word);
	uint32_t n;

	if (!number_parse(word.at, word.len - unit.len, UINT32_MAX, &n))
		return false;
	for (size_t i = 0; i < sizeof rate_units / sizeof rate_units[0]; i++) {
		uint64_t bytes = (uint64_t)n * rate_units[i].bytes;

		*rate = (uint32_t)bytes;
		if (word_is(unit, rate_units[i].name))
			return bytes >= RATE_LEAST && bytes <= RATE_MOST;
	}
	return false;
}

/* In the largest unit that says it exactly; false where there is none. */
static bool text_rate(struct text *t, uint32_t rate)
{
	unsigned unit = 0;

	while (rate % rate_units[unit].bytes != 0)
		unit++;
	text_num(t, rate / rate_units[unit].bytes);
	text_str(t, rate_units[unit].name);
	return rate > 0;
}

/* COUNT/TIME, or 0. */
static bool begin_limit_read(struct word word, struct begin_limit *limit)
{
	struct word time = word, count = word_split(&time, '/');

	*limit = (struct begin_limit){0};
	if (!count_read(count, UINT16_MAX, &limit->count))
		return false;
	return time.at == NULL ? limit->count == 0
			       : limit->count > 0 && time_read(time, false, &limit->ms);
}

static bool text_begin_limit(struct text *t, const struct begin_limit *limit)
{
	text_num(t, limit->count);
	text_char(t, '/');
	text_time(t, limit->ms);
	return limit->count > 0;
}

bool type_is_rate_line(int type)
{
	return type == VALUE_LIMIT_RATE || type == VALUE_TOTAL_RATE;
}

bool type_is_rate(int type)
{
	return type_is_rate_line(type) || type == VALUE_RATE || type == VALUE_BEGIN_LIMIT;
}

bool rate_value_read(int type, struct word word, void *at)
{
	return type == VALUE_RATE ? rate_read(word, at) : begin_limit_read(word, at);
}

bool text_rate_value(struct text *t, int type, const void *at)
{
	const struct rate_limit *limit = at;

	if (type == VALUE_RATE)
		return text_rate(t, *(const uint32_t *)at);
	if (type == VALUE_BEGIN_LIMIT)
		return text_begin_limit(t, at);
	return type == VALUE_LIMIT_RATE || limit->rate[RATE_UP] > 0 || limit->rate[RATE_DOWN] > 0;
}
