/*
 * resolv.conf(5) and hosts(5). See files.h.
 */
#include "resolver/files.h"

#include <string.h>

#include "base/text.h"
#include "base/word.h"
#include "resolver/literal.h"

/* The limits that resolv.conf(5) gives for the options, and the least that works. */
#define NDOTS_MAX 15
#define TIMEOUT_MAX_S 30
#define ATTEMPTS_MAX 5

/* Takes the next line off the text; the last one need not be ended. */
static bool next_line(struct word *text, struct word *line)
{
	const char *end = text->len > 0 ? memchr(text->at, '\n', text->len) : NULL;

	*line = (struct word){text->at, end != NULL ? (size_t)(end - text->at) : text->len};
	text->at += line->len + (end != NULL);
	text->len -= line->len + (end != NULL);
	return line->len > 0 || end != NULL;
}

/* Takes the next word off the line; false when there is none, or a comment begins. */
static bool next_word(struct word *line, struct word *word)
{
	return word_next(line, word) && word->at[0] != '#' && word->at[0] != ';';
}

/* ---- resolv.conf ---- */

void resolv_conf_init(struct resolv_conf *conf)
{
	memset(conf, 0, sizeof *conf);
	conf->ndots = 1;
	conf->timeout_s = 5;
	conf->attempts = 2;
}

const char *resolv_conf_search(const struct resolv_conf *conf, unsigned i)
{
	const char *domain = conf->search;

	while (i-- > 0)
		domain += strlen(domain) + 1;
	return domain;
}

static void take_server(struct resolv_conf *conf, struct word *line)
{
	struct address at;
	struct word word;

	if (!next_word(line, &word))
		return;
	if (conf->servers < FILES_SERVERS && literal_parse(word.at, word.len, &at))
		conf->server[conf->servers++] = at;
	else if (conf->servers_left < UINT8_MAX)
		conf->servers_left++;
}

/* search and domain: the last such line counts. The root, as systemd writes it, is the name itself. */
static void take_search(struct resolv_conf *conf, struct word *line, unsigned max)
{
	struct word word;
	size_t used = 0;

	conf->searches = conf->searches_left = 0;
	while (next_word(line, &word)) {
		size_t len = word.at[word.len - 1] == '.' ? word.len - 1 : word.len;

		if (len == 0)
			continue;
		if (conf->searches == max || len >= sizeof conf->search - used ||
			!dns_name_valid(word.at, len)) {
			if (conf->searches_left < UINT8_MAX)
				conf->searches_left++;
			continue;
		}
		memcpy(conf->search + used, word.at, len);
		conf->search[used + len] = '\0';
		used += len + 1;
		conf->searches++;
	}
}

/* An option's number: what is too high counts as the highest, as resolv.conf(5) has it. */
static void take_option(
	const struct word *word, const char *name, uint32_t min, uint32_t max, uint8_t *value)
{
	size_t name_len = strlen(name);
	uint32_t n;

	if (word->len <= name_len || memcmp(word->at, name, name_len) != 0)
		return;
	if (!number_parse(word->at + name_len, word->len - name_len, UINT32_MAX, &n))
		return;
	if (n < min)
		n = min;
	*value = (uint8_t)(n < max ? n : max);
}

static void take_options(struct resolv_conf *conf, struct word *line)
{
	struct word word;

	while (next_word(line, &word)) {
		take_option(&word, "ndots:", 0, NDOTS_MAX, &conf->ndots);
		take_option(&word, "timeout:", 1, TIMEOUT_MAX_S, &conf->timeout_s);
		take_option(&word, "attempts:", 1, ATTEMPTS_MAX, &conf->attempts);
		conf->tcp |= word_is(word, "use-vc");
	}
}

void resolv_conf_read(struct resolv_conf *conf, const char *text, size_t len)
{
	struct word rest = {text, len}, line, keyword;

	while (next_line(&rest, &line)) {
		if (!next_word(&line, &keyword))
			continue;
		if (word_is(keyword, "nameserver"))
			take_server(conf, &line);
		else if (word_is(keyword, "search"))
			take_search(conf, &line, UINT8_MAX);
		else if (word_is(keyword, "domain"))
			take_search(conf, &line, 1);
		else if (word_is(keyword, "options"))
			take_options(conf, &line);
	}
}

/* ---- hosts ---- */

/*
 * Most lines are about others: that is found out before the address is read. A comment need not begin a word, and ';'
 * begins none, unlike in resolv.conf.
 */
void hosts_read(const char *text, size_t len, const char *name, size_t name_len,
	struct dns_addresses *v4, struct dns_addresses *v6)
{
	struct word rest = {text, len}, line, address, word;
	struct ip ip;

	while (next_line(&rest, &line)) {
		const char *comment = line.len > 0 ? memchr(line.at, '#', line.len) : NULL;
		bool found = false;

		if (comment != NULL)
			line.len = (size_t)(comment - line.at);
		if (line.len <= name_len || !word_next(&line, &address))
			continue;
		while (!found && word_next(&line, &word))
			found = word.len == name_len && text_same_letters(word.at, name, name_len);
		if (found && ip_parse(address.at, address.len, &ip))
			dns_addresses_add(ip_is_v4(&ip) ? v4 : v6, &ip);
	}
}
