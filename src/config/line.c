/*
 * One line of the configuration, taken apart word by word. See line.h.
 */
#include "config/line.h"

#include <string.h>

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool is_control(char c)
{
	return ((unsigned char)c < 0x20 && c != '\t') || c == 0x7f;
}

bool config_line_init(struct config_line *line, const char *text, size_t len)
{
	*line = (struct config_line){.next = text, .end = text + len};
	if (len > CONFIG_LINE_MAX) {
		struct word rest = {text + CONFIG_LINE_MAX, len - CONFIG_LINE_MAX};

		return config_fault(&line->fault, FAULT_LONG_LINE, rest);
	}
	for (size_t i = 0; i < len; i++) {
		if (is_control(text[i]))
			return config_fault(
				&line->fault, FAULT_CONTROL, (struct word){text + i, 1});
	}
	return true;
}

/* Goes to the next word; false when none is left. */
static bool skip_blanks(struct config_line *line)
{
	while (line->next < line->end && is_blank(*line->next))
		line->next++;
	return line->next < line->end && *line->next != '#';
}

/* Takes everything up to the next blank. */
static struct word take_word(struct config_line *line)
{
	const char *start = line->next;

	while (line->next < line->end && !is_blank(*line->next))
		line->next++;
	return (struct word){start, (size_t)(line->next - start)};
}

bool config_line_word(struct config_line *line, struct word *word)
{
	if (!skip_blanks(line))
		return false;
	*word = take_word(line);
	return true;
}

bool config_line_value(struct config_line *line, struct word behind, enum config_fault_kind kind,
	struct word *value)
{
	return config_line_word(line, value) ||
	       config_fault_missing(&line->fault, kind, behind, behind.at + behind.len);
}

bool config_line_only(struct config_line *line, enum config_fault_kind kind, struct word *value)
{
	return config_line_value(line, line->keyword, kind, value) && config_line_end(line);
}

bool config_line_end(struct config_line *line)
{
	struct word extra;

	return !config_line_word(line, &extra) || config_fault(&line->fault, FAULT_EXTRA, extra);
}

/* Reads what stands behind a backslash at from[0..len): how many octets, or 0 when it is wrong. */
static size_t escape_read(const char *from, size_t len, char *octet)
{
	int high, low;

	if (len >= 2 && (from[1] == '"' || from[1] == '\\')) {
		*octet = from[1];
		return 2;
	}
	if (len < 4 || from[1] != 'x')
		return 0;
	high = text_hex_value(from[2]);
	low = text_hex_value(from[3]);
	if (high < 0 || low < 0 || high + low == 0)
		return 0;
	*octet = (char)(high << 4 | low);
	return 4;
}

static bool add_octet(struct config_name *name, char octet)
{
	if (name->len == sizeof name->text)
		return false;
	name->text[name->len++] = octet;
	return true;
}

/* Reads from the opening quote to the closing one. */
static bool quoted_read(struct config_line *line, struct config_name *name)
{
	const char *start = line->next++;

	while (line->next < line->end && *line->next != '"') {
		size_t left = (size_t)(line->end - line->next), used = 1;
		char octet = *line->next;

		if (octet == '\\')
			used = escape_read(line->next, left, &octet);
		if (used == 0)
			return config_fault(&line->fault, FAULT_ESCAPE,
				(struct word){line->next, left < 4 ? left : 4});
		line->next += used;
		if (!add_octet(name, octet))
			return config_fault(&line->fault, FAULT_LONG_NAME,
				(struct word){start, (size_t)(line->next - start)});
	}
	if (line->next == line->end)
		return config_fault(&line->fault, FAULT_QUOTE,
			(struct word){start, (size_t)(line->end - start)});
	line->next++;
	if (name->len == 0)
		return config_fault(&line->fault, FAULT_EMPTY_NAME, (struct word){start, 2});
	if (line->next < line->end && !is_blank(*line->next))
		return config_fault(&line->fault, FAULT_BEHIND_QUOTE, take_word(line));
	return true;
}

bool config_line_name(struct config_line *line, struct word behind, enum config_fault_kind kind,
	struct config_name *name)
{
	struct word plain = {line->next, 0};

	name->len = 0;
	if (skip_blanks(line) && *line->next == '"')
		return quoted_read(line, name);
	if (!config_line_value(line, behind, kind, &plain))
		return false;
	if (plain.len > sizeof name->text)
		return config_fault(&line->fault, FAULT_LONG_NAME, plain);
	memcpy(name->text, plain.at, plain.len);
	name->len = plain.len;
	return true;
}
