/*
 * Configuration text: whatever it is, it is read to its end and every error is
 * shown harmlessly; and what is accepted prints as text that reads back the same.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void expect(bool holds)
{
	if (!holds)
		abort();
}

struct output {
	size_t len;
	unsigned calls;
	char text[1 << 17]; /* every rule, listener and name server, each on its longest line */
};

/* Printable lines, each ended: nothing else may reach a terminal. */
static void take(void *ctx, const char *text, size_t len)
{
	struct output *out = ctx;

	expect(len > 0 && text[len - 1] == '\n');
	for (size_t i = 0; i < len; i++)
		expect(text[i] == '\n' || (text[i] >= 0x20 && text[i] <= 0x7e));
	out->calls++;
	if (len > sizeof out->text - out->len)
		return; /* errors may be many; what is printed has room */
	memcpy(out->text + out->len, text, len);
	out->len += len;
}

static void print(const struct config *c, struct output *out)
{
	out->len = 0;
	out->calls = 0;
	config_print(c, take, out);
	expect(out->len < sizeof out->text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct config c, again;
	static struct output reported, printed, reprinted;
	unsigned errors;

	config_init(&c);
	c.tls = true; /* whether or not it is */
	reported.len = 0;
	reported.calls = 0;
	errors = config_read(&c, "fuzz", (const char *)data, len, take, &reported);
	expect(errors == reported.calls);

	/* Lines in error have changed nothing: the others are in force, and print. */
	print(&c, &printed);
	config_init(&again);
	again.tls = true;
	reported.calls = 0;
	expect(config_read(&again, "print", printed.text, printed.len, take, &reported) == 0);
	print(&again, &reprinted);
	expect(printed.len == reprinted.len && printed.calls == reprinted.calls);
	expect(memcmp(printed.text, reprinted.text, printed.len) == 0);
	expect(again.rules.count == c.rules.count && again.listen_count == c.listen_count);
	expect(again.routes.count == c.routes.count && again.forward_count == c.forward_count);
	return 0;
}
