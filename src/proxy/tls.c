/*
 * The keys and certificates of everything that is encrypted, read at the start and with each reload.
 */
#include "proxy/instance.h"

#include "config/keywords.h"

#include <string.h>

#include "tls/tls.h"

static const char *string_of(const struct anklet *a, uint16_t offset)
{
	return string_table_at(&SETUP_CONFIG(instance_made(a))->strings, offset);
}

static struct tls_settings settings_of(
	const struct anklet *a, const struct tls_options *options, bool server)
{
	uint16_t ca = options->ca;

	if (!server && ca == STRING_NONE)
		ca = SETUP_CONFIG(instance_made(a))->ca;
	return (struct tls_settings){
		.server = server,
		.cert = string_of(a, options->cert),
		.key = string_of(a, options->key),
		.ca = string_of(a, ca),
		.psk = string_of(a, options->psk),
		.alpn = string_of(a, options->alpn),
		.min = options->min,
		.verify_none = options->verify_none,
		.truncated_eof = options->truncated_eof,
		.halfclose_defer = options->halfclose_defer,
	};
}

void instance_warn(struct anklet *a, const char *at, const char *words)
{
	struct text *t;

	if (!ANKLET_HAS_LOG(PORT_WARNING))
		return;
	t = loop_line(&a->sessions.loop, at);
	text_str_str(t, ": ", words);
	loop_log(&a->sessions.loop, PORT_WARNING);
}

/* ---- What a reload does not read again ---- */

static uint64_t mix(uint64_t hash, const void *data, size_t len)
{
	const uint8_t *byte = data;

	for (size_t i = 0; i < len; i++) /* FNV-1a */
		hash = (hash ^ byte[i]) * 0x100000001b3u;
	return hash;
}

/* A file by its name and its state; *hash becomes 0, and stays so, when nobody knows that. "": see what it is. */
static void mix_file(struct anklet *a, uint64_t *hash, const char *name, bool given)
{
	uint32_t stamp = given ? port_stamp(a->sessions.loop.port, name) : 1;
	bool known = *hash != 0 && stamp != 0;

	*hash = mix(mix(*hash, name, strlen(name) + 1), &stamp, sizeof stamp);
	*hash = known ? *hash | 1 : 0;
}

/*
 * Of what all comes to: settings with the same are the same, for in 63 bits nothing meets by chance. 0: there is none.
 */
static uint64_t stamp_of(struct anklet *a, const struct tls_settings *s)
{
	const uint8_t flags[] = {
		s->server, s->min, s->verify_none, s->truncated_eof, s->halfclose_defer};
	uint64_t hash = mix(0xcbf29ce484222325u, flags, sizeof flags);

	hash = mix(hash, s->alpn, strlen(s->alpn) + 1) | 1;
	mix_file(a, &hash, s->cert, s->cert[0] != '\0');
	mix_file(a, &hash, s->key, s->key[0] != '\0');
	mix_file(a, &hash, s->psk, s->psk[0] != '\0');
	mix_file(a, &hash, s->ca,
		s->ca[0] != '\0' || !s->server); /* a client's "" is the system's list */
	return hash;
}

/* The first of them that is the same, for another holder. */
static bool share(
	struct tls_context *const *of, size_t count, uint64_t stamp, struct tls_context **context)
{
	for (size_t i = 0; i < count && *context == NULL; i++)
		if (tls_share(of[i], stamp))
			*context = of[i];
	return *context != NULL;
}

/* Is it of what is in force, too, and of the same files as they are now? */
static bool is_unchanged(struct anklet *a, struct tls_context **context, uint64_t stamp)
{
	const struct setup *now = instance_setup(a);
	const struct config *c = SETUP_CONFIG(now);

	return instance_made(a) != now &&
	       (share(now->listen_tls, c->listen_count, stamp, context) ||
		       share(now->forward_tls, c->forward_count, stamp, context) ||
		       share(now->settings.target_tls, c->forward_count, stamp, context) ||
		       share(now->settings.route_tls, c->routes.count, stamp, context));
}

/* ---- What is read ---- */

/* at: the endpoint or route as configured, in failure->at. */
static int load(struct anklet *a, struct tls_context **context, const struct tls_options *options,
	bool server, struct anklet_failure *failure)
{
	struct tls_settings settings = settings_of(a, options, server);
	struct text why;
	int r;

	settings.stamp = CONFIG_ANKLET_RELOAD ? stamp_of(a, &settings) : 0;
	if (CONFIG_ANKLET_RELOAD && is_unchanged(a, context, settings.stamp))
		return 0;
	text_init(&why, failure->words, sizeof failure->words);
	r = tls_load(context, a->sessions.loop.port, &settings, &why);
	if (r == 0 && why.len > 0) {
		instance_warn(a, failure->at, failure->words);
		failure->words[0] = '\0';
	}
	/* Said aloud: such a connection may be with anybody. */
	if (r == 0 && !server && options->verify_none)
		instance_warn(a, failure->at, "whoever answers there is taken for the right one");
	return r;
}

static int load_endpoint(struct anklet *a, struct tls_context **context, const struct endpoint *e,
	bool server, struct anklet_failure *failure)
{
	struct text t;

	if (!endpoint_has_tls(e))
		return 0;
	text_init(&t, failure->at, sizeof failure->at);
	text_endpoint(&t, e, &SETUP_CONFIG(instance_made(a))->strings);
	return load(a, context, &e->tls, server, failure);
}

static int load_route(struct anklet *a, unsigned i, struct anklet_failure *failure)
{
	struct setup *made = instance_made(a);
	const struct route *route = &SETUP_CONFIG(made)->routes.route[i];
	struct text t;

	if (route->how == ROUTE_VIA)
		return load_endpoint(a, &made->settings.route_tls[i], &route->hop, false, failure);
	if (route->how == ROUTE_DIRECT)
		return 0;
	text_init(&t, failure->at, sizeof failure->at);
	text_line(&t, KEYWORD_ROUTE, route, &SETUP_CONFIG(made)->strings);
	return load(a, &made->settings.route_tls[i], &route->tls, false, failure);
}

int instance_load_tls(struct anklet *a, struct anklet_failure *failure)
{
	struct setup *made = instance_made(a);
	const struct config *c = SETUP_CONFIG(made);
	int r = 0;

	if (!ANKLET_HAS_TLS)
		return 0;
	for (unsigned i = 0; r == 0 && i < c->listen_count; i++)
		r = load_endpoint(a, &made->listen_tls[i], &c->listen[i], true, failure);
	for (unsigned i = 0; r == 0 && i < c->forward_count; i++) {
		r = load_endpoint(a, &made->forward_tls[i], &c->forward[i].listen, true, failure);
		if (r == 0)
			r = load_endpoint(a, &made->settings.target_tls[i], &c->forward[i].target,
				false, failure);
	}
	for (unsigned i = 0; r == 0 && ANKLET_HAS_ROUTES && i < c->routes.count; i++)
		r = load_route(a, i, failure);
	return r;
}

void instance_unload_tls(struct setup *setup)
{
	if (!ANKLET_HAS_TLS)
		return;
	for (unsigned i = 0; i < SETUP_CONFIG(setup)->listen_count; i++)
		tls_unload(&setup->listen_tls[i]);
	for (unsigned i = 0; i < SETUP_CONFIG(setup)->forward_count; i++) {
		tls_unload(&setup->forward_tls[i]);
		tls_unload(&setup->settings.target_tls[i]);
	}
	for (unsigned i = 0; ANKLET_HAS_ROUTES && i < SETUP_CONFIG(setup)->routes.count; i++)
		tls_unload(&setup->settings.route_tls[i]);
}

void instance_forget(struct anklet *a)
{
	struct reload *r = INSTANCE_RELOAD(a);
	struct setup *setup = instance_other(a);

	if (!r->replaced || setup->settings.held > 0)
		return;
	r->replaced = false;
	instance_unload_tls(setup);
	memset(setup, 0, sizeof *setup); /* passwords too */
}
