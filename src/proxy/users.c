/*
 * The users and their passwords, read once, at the start.
 */
#include "proxy/instance.h"

#include <string.h>

static int fail(struct anklet_failure *failure, const char *words)
{
	struct text why;

	text_init(&why, failure->words, sizeof failure->words);
	text_str(&why, words);
	return PORT_FAILED;
}

static int load(struct anklet *a, const char *name, struct anklet_failure *failure)
{
	struct port *p = a->sessions.loop.port;
	const uint8_t *data;
	struct text why;
	int n = port_load(p, name, 0, &data);

	if (n == PORT_NO_NAME)
		return fail(failure, "no such file");
	if (n < 0)
		return fail(failure,
			n == PORT_DENIED ? "permission denied" : "the file cannot be read");
	text_init(&why, failure->words, sizeof failure->words);
	if (!users_read(SESSION_USERS(&a->sessions), data, (size_t)n, &why))
		return PORT_FAILED;
	if (port_load(p, name, (size_t)n, &data) > 0)
		return fail(failure, "the file is too long");
	if (port_others_read(p, name))
		return fail(failure, "others can read it: take that from them (chmod o-r)");
	return 0;
}

/* What comes in the clear can be read on its way: said aloud, unless it stays on this host. */
static void warn_of_clear(struct anklet *a)
{
	const struct config *c = &a->config;
	bool clear = false;
	struct text *t;

	for (unsigned i = 0; i < c->listen_count; i++)
		clear = clear || (!endpoint_has_tls(&c->listen[i]) &&
					 (c->listen[i].host != ENDPOINT_IP ||
						 ip_class(&c->listen[i].ip) != IP_LOOPBACK));
	if (!clear || !ANKLET_HAS_LOG(PORT_WARNING))
		return;
	t = loop_line(&a->sessions.loop);
	text_str(t, "passwords come in the clear where a listener is plain tcp://: whoever is on "
		    "the way can read them");
	loop_log(&a->sessions.loop, PORT_WARNING);
}

/* Nobody has a password: then no rule can want one. */
static int none_wanted(const struct config *c, struct anklet_failure *failure)
{
	struct text at;

	for (unsigned i = 0; i < c->rules.count; i++) {
		if (!c->rules.rule[i].password)
			continue;
		text_init(&at, failure->at, sizeof failure->at);
		text_str(&at, "rule ");
		text_num(&at, i + 1);
		return fail(
			failure, "it wants a password, which nobody has: write 'users FILE', too");
	}
	return 0;
}

int instance_load_users(struct anklet *a, struct anklet_failure *failure)
{
	const char *name = string_table_at(&a->config.strings, a->config.users);
	struct text at;
	int r;

	if (!CONFIG_ANKLET_PASSWORDS)
		return 0;
	if (a->config.users == STRING_NONE)
		return none_wanted(&a->config, failure);
	text_init(&at, failure->at, sizeof failure->at);
	text_str(&at, "users ");
	text_escaped(&at, name, strlen(name));
	r = load(a, name, failure);
	if (r == 0)
		warn_of_clear(a);
	return r;
}
