/*
 * The users and their passwords, and those that next hops want, read once, at the start.
 */
#include "proxy/instance.h"

#include <string.h>

static int fail(struct anklet_failure *failure, const char *words)
{
	(void)failure_says(failure, PORT_FAILED, words);
	return PORT_FAILED;
}

/*
 * Shows a file of passwords from its beginning, which others must not be able to read: how many bytes, or PORT_FAILED.
 */
static int show(
	struct anklet *a, const char *name, const uint8_t **data, struct anklet_failure *failure)
{
	struct port *p = a->sessions.loop.port;
	int n;

	if (port_others_read(p, name))
		return fail(failure, "others can read it: take that from them (chmod o-r)");
	n = port_load(p, name, 0, data);
	if (n == PORT_NO_NAME)
		return fail(failure, "no such file");
	if (n < 0)
		return fail(failure,
			n == PORT_DENIED ? "permission denied" : "the file cannot be read");
	return n;
}

static int load(struct anklet *a, const char *name, struct anklet_failure *failure)
{
	const uint8_t *data;
	struct text why;
	int n = show(a, name, &data, failure);

	if (n < 0)
		return n;
	text_init(&why, failure->words, sizeof failure->words);
	if (!users_read(INSTANCE_USERS(a), data, (size_t)n, &why))
		return PORT_FAILED;
	if (port_load(a->sessions.loop.port, name, (size_t)n, &data) > 0)
		return fail(failure, "the file is too long");
	return 0;
}

static bool stays_here(const struct endpoint *e)
{
	return e->host == ENDPOINT_IP && ip_class(&e->ip) == IP_LOOPBACK;
}

/* ---- Of next hops ---- */

/* Puts NAME:PASSWORD where the session finds both. False: it is no such line. */
static bool take_password(char to[HOP_PASSWORD_SIZE], const uint8_t *data, size_t len)
{
	const uint8_t *colon = memchr(data, ':', len);

	if (len > 0 && data[len - 1] == '\n')
		len--;
	if (len > 0 && data[len - 1] == '\r')
		len--;
	if (colon == NULL || colon == data || len > HOP_PASSWORD_SIZE - 1 ||
		memchr(data, '\n', len) != NULL || memchr(data, '\0', len) != NULL)
		return false;
	memcpy(to, data, len);
	to[colon - data] = '\0';
	return true;
}

static int load_hop(struct anklet *a, unsigned i, struct anklet_failure *failure)
{
	const struct route *route = &SETUP_CONFIG(instance_made(a))->routes.route[i];
	const struct string_table *strings = &SETUP_CONFIG(instance_made(a))->strings;
	const uint8_t *data;
	struct text at;
	int n;

	if (route->hop.tls.password == STRING_NONE)
		return 0;
	text_init(&at, failure->at, sizeof failure->at);
	text_endpoint(&at, &route->hop, strings);
	n = show(a, string_table_at(strings, route->hop.tls.password), &data, failure);
	if (n < 0)
		return n;
	if (!take_password(instance_made(a)->settings.hop_password[i], data, (size_t)n))
		return fail(failure, "the file of its password is one line NAME:PASSWORD of at "
				     "most " REASON_NUMBER(HOP_PASSWORD_LINE) " bytes");
	if (!endpoint_has_tls(&route->hop) && !stays_here(&route->hop))
		instance_warn(a, failure->at, "its password goes there in the clear");
	return 0;
}

/* ---- Of clients ---- */

/* What comes in the clear can be read on its way: said aloud, unless it stays on this host. */
static void warn_of_clear(struct anklet *a)
{
	const struct config *c = SETUP_CONFIG(instance_made(a));
	bool clear = false;

	for (unsigned i = 0; i < c->listen_count; i++)
		clear = clear || (!endpoint_has_tls(&c->listen[i]) && !stays_here(&c->listen[i]));
	if (clear)
		instance_warn(a, "users",
			"passwords come in the clear where a listener is plain tcp://: whoever is "
			"on "
			"the way can read them");
}

/* Nobody has a password: then no rule can want one. */
static int none_wanted(const struct config *c, struct anklet_failure *failure)
{
	struct text at;

	for (unsigned i = 0; i < c->rules.count; i++) {
		if (!c->rules.rule[i].password)
			continue;
		text_init(&at, failure->at, sizeof failure->at);
		text_str_num(&at, "rule ", i + 1);
		return fail(
			failure, "it wants a password, which nobody has: write 'users FILE', too");
	}
	return 0;
}

static int load_users(struct anklet *a, struct anklet_failure *failure)
{
	const char *name = string_table_at(
		&SETUP_CONFIG(instance_made(a))->strings, SETUP_CONFIG(instance_made(a))->users);
	struct text at;
	int r;

	if (SETUP_CONFIG(instance_made(a))->users == STRING_NONE)
		return none_wanted(SETUP_CONFIG(instance_made(a)), failure);
	text_init(&at, failure->at, sizeof failure->at);
	text_str(&at, "users ");
	text_escaped(&at, name, strlen(name));
	r = load(a, name, failure);
	if (r == 0)
		warn_of_clear(a);
	return r;
}

int instance_load_users(struct anklet *a, struct anklet_failure *failure)
{
	int r = 0;

	if (!CONFIG_ANKLET_PASSWORDS)
		return 0;
	for (unsigned i = 0;
		r == 0 && ANKLET_HAS_ROUTES && i < SETUP_CONFIG(instance_made(a))->routes.count;
		i++)
		r = load_hop(a, i, failure);
	return r == 0 ? load_users(a, failure) : r;
}
