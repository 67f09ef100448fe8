/*
 * The keys and certificates of everything that is encrypted, read once, at the start.
 */
#include "proxy/instance.h"

#include "config/keywords.h"

#include "tls/tls.h"

static const char *string_of(const struct anklet *a, uint16_t offset)
{
	return string_table_at(&a->config.strings, offset);
}

static struct tls_settings settings_of(
	const struct anklet *a, const struct tls_options *options, bool server)
{
	uint16_t ca = options->ca;

	if (!server && ca == STRING_NONE)
		ca = a->config.ca;
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
	t = loop_line(&a->sessions.loop);
	text_str(t, at);
	text_str(t, ": ");
	text_str(t, words);
	loop_log(&a->sessions.loop, PORT_WARNING);
}

/* at: the endpoint or route as configured, in failure->at. */
static int load(struct anklet *a, struct tls_context **context, const struct tls_options *options,
	bool server, struct anklet_failure *failure)
{
	struct tls_settings settings = settings_of(a, options, server);
	struct text why;
	int r;

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
	text_endpoint(&t, e, &a->config.strings);
	return load(a, context, &e->tls, server, failure);
}

static int load_route(struct anklet *a, unsigned i, struct anklet_failure *failure)
{
	const struct route *route = &a->config.routes.route[i];
	struct text t;

	if (route->how == ROUTE_VIA)
		return load_endpoint(a, &a->settings.route_tls[i], &route->hop, false, failure);
	if (route->how == ROUTE_DIRECT)
		return 0;
	text_init(&t, failure->at, sizeof failure->at);
	text_line(&t, KEYWORD_ROUTE, route, &a->config.strings);
	return load(a, &a->settings.route_tls[i], &route->tls, false, failure);
}

int instance_load_tls(struct anklet *a, struct anklet_failure *failure)
{
	const struct config *c = &a->config;
	int r = 0;

	if (!ANKLET_HAS_TLS)
		return 0;
	for (unsigned i = 0; r == 0 && i < c->listen_count; i++)
		r = load_endpoint(a, &a->listen_tls[i], &c->listen[i], true, failure);
	for (unsigned i = 0; r == 0 && i < c->forward_count; i++) {
		r = load_endpoint(a, &a->forward_tls[i], &c->forward[i].listen, true, failure);
		if (r == 0)
			r = load_endpoint(a, &a->settings.target_tls[i], &c->forward[i].target,
				false, failure);
	}
	for (unsigned i = 0; r == 0 && ANKLET_HAS_ROUTES && i < c->routes.count; i++)
		r = load_route(a, i, failure);
	return r;
}

void instance_unload_tls(struct anklet *a)
{
	if (!ANKLET_HAS_TLS)
		return;
	for (unsigned i = 0; i < a->config.listen_count; i++)
		tls_unload(&a->listen_tls[i]);
	for (unsigned i = 0; i < a->config.forward_count; i++) {
		tls_unload(&a->forward_tls[i]);
		tls_unload(&a->settings.target_tls[i]);
	}
	for (unsigned i = 0; ANKLET_HAS_ROUTES && i < a->config.routes.count; i++)
		tls_unload(&a->settings.route_tls[i]);
}
