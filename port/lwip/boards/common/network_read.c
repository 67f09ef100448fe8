/*
 * Reads the network settings. See network.h.
 */
#include "network.h"

#include <string.h>

struct word {
	const char *at;
	size_t len;
};

static bool blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* Takes the next word of what is left of a line; one of no length at its end, or at a comment. */
static struct word next_word(struct word *line)
{
	struct word word;

	while (line->len > 0 && blank(*line->at))
		line->at++, line->len--;
	word = (struct word){line->at, 0};
	if (line->len > 0 && *line->at == '#')
		line->len = 0;
	while (line->len > 0 && !blank(*line->at))
		line->at++, line->len--, word.len++;
	return word;
}

static bool is(struct word word, const char *s)
{
	return word.len == strlen(s) && memcmp(word.at, s, word.len) == 0;
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* 52:54:00:12:34:56; the address of a group is none of a board. */
static bool read_mac(struct word word, uint8_t mac[6])
{
	if (word.len != 17)
		return false;
	for (unsigned i = 0; i < 6; i++) {
		const char *at = word.at + 3 * i;
		int high = digit(at[0]), low = digit(at[1]);

		if (high < 0 || low < 0 || (i < 5 && at[2] != ':'))
			return false;
		mac[i] = (uint8_t)(high << 4 | low);
	}
	return (mac[0] & 1) == 0;
}

static bool read_v4(struct word word, struct ip *ip)
{
	return ip_parse(word.at, word.len, ip) && ip_is_v4(ip);
}

static bool read_address(struct word word, struct network *network)
{
	const char *slash = memchr(word.at, '/', word.len);
	struct word before = {word.at, slash == NULL ? 0 : (size_t)(slash - word.at)};
	uint32_t bits;

	network->dhcp = is(word, "dhcp");
	if (network->dhcp)
		return true;
	if (slash == NULL || !number_parse(slash + 1, word.len - before.len - 1, 30, &bits))
		return false;
	network->bits = (uint8_t)bits;
	return bits > 0 && read_v4(before, &network->address);
}

static bool read_line(struct word line, struct network *network)
{
	struct word keyword = next_word(&line), value = next_word(&line);

	if (keyword.len == 0)
		return true;
	if (next_word(&line).len != 0)
		return false;
	if (is(keyword, "mac"))
		return read_mac(value, network->mac);
	if (is(keyword, "address"))
		return read_address(value, network);
	return is(keyword, "gateway") && read_v4(value, &network->gateway);
}

unsigned network_read(struct network *network, const char *text, size_t len)
{
	static const uint8_t no_mac[6];
	const char *end = text + len;
	unsigned number = 1;

	*network = (struct network){.dhcp = false};
	for (; text < end; number++) {
		const char *line_end = memchr(text, '\n', (size_t)(end - text));
		struct word line = {text, (size_t)((line_end != NULL ? line_end : end) - text)};

		if (!read_line(line, network))
			return number;
		text += line.len + 1;
	}
	if (memcmp(network->mac, no_mac, sizeof no_mac) == 0)
		return number;
	return network->dhcp || network->bits > 0 ? 0 : number;
}
