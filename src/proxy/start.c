/*
 * Starting an instance: every listener is found and opened, or nothing is.
 */
#include "proxy/instance.h"

#include <string.h>

#include "config/keywords.h"

#define BACKLOG CONFIG_ANKLET_SESSIONS
#define NAME_LIMIT_MS 5000 /* for the name of a listener */

static bool is_reload(const struct anklet *a)
{
	return CONFIG_ANKLET_RELOAD && INSTANCE_RELOAD(a)->under_way;
}

static void log_not_listening(struct anklet *a, const struct address *at, int why)
{
	if (ANKLET_HAS_LOG(PORT_WARNING))
		loop_log_address(&a->sessions.loop, PORT_WARNING, "not listening on ", at,
			why == PORT_IN_USE         ? ": it is in use"
			: why == PORT_NO_RESOURCES ? ": there is no place for one more"
						   : ": this host has no such address");
}

/* An address may come later, as a router's does that is starting; a wrong one looks the same. */
static void log_early(struct anklet *a, const struct address *at)
{
	if (!ANKLET_HAS_LOG(PORT_WARNING) || ip_class(&at->ip) == IP_UNSPECIFIED ||
		port_is_local(a->sessions.loop.port, &at->ip))
		return;
	loop_log_address(&a->sessions.loop, PORT_WARNING, "listening on ", at,
		", an address that this host does not have yet");
}

int instance_open_listener(struct anklet *a, const struct address *at, port_sock *sock)
{
	return port_listen(a->sessions.loop.port, at, BACKLOG, sock);
}

/* *at gets the port that it listens at. */
static int open_listener(struct anklet *a, const struct line *line, struct address *at)
{
	struct listener *l = &a->listeners[a->listener_count];
	struct loop *loop = &a->sessions.loop;
	int r;

	if (CONFIG_ANKLET_UDP_FLOWS > 0 && line->datagrams)
		return udp_forward_listen(a, (unsigned)line->forward, at);
	if (a->listener_count == LOOP_LISTENER_SLOTS)
		return PORT_NO_RESOURCES;
	r = instance_open_listener(a, at, &l->sock);
	if (r < 0)
		return r;
	l->forward = line->forward;
	l->tls = line->tls;
	loop_own(loop, l->sock, OWNER_LISTENER, a->listener_count);
	r = port_local(loop->port, l->sock, &loop->listening[a->listener_count]);
	if (r < 0) {
		loop_close(loop, &l->sock);
		return r;
	}
	l->ready = true;
	at->port = loop->listening[a->listener_count].port;
	loop->listening_count = ++a->listener_count;
	return 0;
}

/* The same; but what is open already stays so, and what is in the way of it may have to go. */
static int add_listener(struct anklet *a, const struct line *line, struct address *at)
{
	uint16_t asked = at->port;
	int r;

	if (is_reload(a) && listeners_keep(a, line, at))
		return 0;
	do {
		r = open_listener(a, line, at);
	} while (r == PORT_IN_USE && is_reload(a) && listeners_make_way(a, line, at));
	if (CONFIG_ANKLET_RELOAD && r == 0)
		listeners_note(a, line, asked);
	return r;
}

/*
 * Both families of one port; that IPv6 is missing, or ::1, is worth no more than
 * a log line. Port 0 means one free port, not two.
 */
static int add_pair(
	struct anklet *a, const struct line *line, struct ip v4, struct ip v6, uint16_t port)
{
	struct address at = {.ip = v4, .port = port};
	int r = add_listener(a, line, &at);

	if (r < 0 || !CONFIG_ANKLET_IPV6)
		return r < 0 ? r : 0;
	at.ip = v6;
	/* It might be waited for, which is too much for what nobody has asked for. */
	r = ip_class(&v6) != IP_LOOPBACK || port_is_local(a->sessions.loop.port, &v6)
		    ? add_listener(a, line, &at)
		    : PORT_NOT_LOCAL;
	if (r == PORT_NO_RESOURCES)
		return r;
	if (r < 0)
		log_not_listening(a, &at, r);
	return 0;
}

/*
 * The only wait outside anklet_poll(), and none in a reload: nobody is served yet. The count of addresses, or why there
 * is none.
 */
static int find_name(struct anklet *a, const char *name, struct address found[ANKLET_ADDRESSES])
{
	const struct resolver_question q = {name, (uint8_t)strlen(name), PORT_BOTH, CLIENT_NONE};
	struct resolver *names = &a->sessions.names;
	struct port *p = a->sessions.loop.port;
	uint32_t begun = port_now(p);
	int n;

	while ((n = resolver_find(names, RESOLVER_START, &q, found, ANKLET_ADDRESSES)) ==
		PORT_AGAIN) {
		int32_t left = time_until(begun + NAME_LIMIT_MS, port_now(p));
		int32_t ms = resolver_next(names, port_now(p));

		if (left == 0 || is_reload(a)) { /* nobody is to wait while there are sessions */
			n = PORT_NAME_FAILED;
			break;
		}
		port_wait(p, ms < 0 || ms > left ? left : ms);
		instance_note_ready(a);
		resolver_run(names);
	}
	resolver_forget(names, RESOLVER_START);
	return n;
}

/* Every address of the name; one that cannot be had is worth no more than a log line, while there is another. */
static int listen_at_name(struct anklet *a, const struct line *line, const struct endpoint *e)
{
	struct address at[ANKLET_ADDRESSES];
	int n = find_name(
		a, string_table_at(&SETUP_CONFIG(instance_made(a))->strings, e->name), at);
	uint16_t port = e->port;
	int first = 0;
	bool some = false;

	for (int i = 0; i < n; i++) {
		int r;

		at[i].port = port;
		r = add_listener(a, line, &at[i]);
		if (r == 0) {
			log_early(a, &at[i]);
			some = true;
			port = at[i].port; /* port 0 means one free port, not several */
			continue;
		}
		first = first == 0 ? r : first;
		if (n > 1)
			log_not_listening(a, &at[i], r);
	}
	return n < 0 ? n : some ? 0 : first;
}

static int listen_on(struct anklet *a, const struct line *line, const struct endpoint *e,
	struct anklet_failure *failure)
{
	static const struct ip any_v6;
	struct address at = {.ip = e->ip, .port = e->port};
	struct text t;
	int r;

	text_init(&t, failure->at, sizeof failure->at);
	text_endpoint(&t, e, &SETUP_CONFIG(instance_made(a))->strings);
	if (e->host == ENDPOINT_ANY)
		return add_pair(a, line, ip_v4(0, 0, 0, 0), any_v6, e->port);
	if (CONFIG_ANKLET_NAMES && e->host == ENDPOINT_NAME) {
		if (is_reload(a) && listeners_keep_name(a, line, e))
			return 0;
		r = listen_at_name(a, line, e);
		if (r == PORT_NAME_FAILED && is_reload(a))
			failure_says(failure, r,
				"a name to listen on is looked up at the start alone: write its "
				"address");
		return r;
	}
	r = add_listener(a, line, &at);
	if (r == 0)
		log_early(a, &at);
	return r;
}

/* Nobody has said where: on this host only. */
static int listen_by_default(struct anklet *a, struct anklet_failure *failure)
{
	static const struct ip loopback_v6 = IP_OF_V6(0, 0, 1);
	static const struct line line = {.forward = -1};
	struct text t;

	text_init(&t, failure->at, sizeof failure->at);
	text_str_num(&t, "tcp://127.0.0.1:", CONFIG_DEFAULT_PORT);
	return add_pair(a, &line, ip_v4(127, 0, 0, 1), loopback_v6, CONFIG_DEFAULT_PORT);
}

#if CONFIG_ANKLET_STATUS
static int listen_for_control(struct anklet *a, struct anklet_failure *failure)
{
	static const struct line line = {
		.forward = LISTENER_CONTROL, .number = CONFIG_ANKLET_RELOAD ? LINE_CONTROL : 0};
	unsigned before = a->listener_count;
	int r = status_listen_path(a, failure);

	if (CONFIG_ANKLET_RELOAD && a->listener_count > before)
		listeners_note(a, &line, 0);
	return r;
}

static int listen_for_status(struct anklet *a, struct anklet_failure *failure)
{
	static const struct line line = {
		.forward = LISTENER_STATUS, .number = CONFIG_ANKLET_RELOAD ? LINE_STATUS : 0};
	const struct endpoint *at = &SETUP_CONFIG(instance_made(a))->status.at;
	int r = at->scheme == ENDPOINT_TCP ? listen_on(a, &line, at, failure) : 0;

	if (is_reload(a))
		return r;
	a->status.begun = loop_time(&a->sessions.loop);
	return CONFIG_ANKLET_CONTROL && r == 0 ? listen_for_control(a, failure) : r;
}
#else
int listen_for_status(struct anklet *a, struct anklet_failure *failure); /* there is none */
#endif

int instance_listen(struct anklet *a, struct anklet_failure *failure)
{
	const struct config *c = SETUP_CONFIG(instance_made(a));
	int r = config_listens_by_default(c) ? listen_by_default(a, failure) : 0;

	for (unsigned i = 0; r == 0 && i < c->listen_count; i++) {
		struct line line = {
			.forward = -1,
			.number = CONFIG_ANKLET_RELOAD ? (uint8_t)i : 0,
			.tls = instance_made(a)->listen_tls[i],
		};

		r = listen_on(a, &line, &c->listen[i], failure);
	}
	for (unsigned i = 0; r == 0 && i < c->forward_count; i++) {
		struct line line = {
			.forward = (int8_t)i,
			.datagrams = c->forward[i].listen.scheme == ENDPOINT_UDP,
			.number = CONFIG_ANKLET_RELOAD ? (uint8_t)(CONFIG_ANKLET_LISTENERS + i) : 0,
			.tls = instance_made(a)->forward_tls[i],
		};

		r = listen_on(a, &line, &c->forward[i].listen, failure);
	}
	if (CONFIG_ANKLET_UDP_FLOWS > 0 && r == 0 && !is_reload(a))
		udp_forward_start(a);
	if (CONFIG_ANKLET_STATUS && r == 0)
		r = listen_for_status(a, failure);
	return r;
}

/* ---- Hops that lead back ---- */

/* Does a line of the configuration listen at an address of this host's? The system finds any free port, which is 0. */
static bool takes(const struct anklet *a, const struct endpoint *listen, const struct address *at)
{
	struct address listening = {.ip = listen->ip, .port = listen->port};

	if (listen->port != at->port || listen->scheme == ENDPOINT_UDP)
		return false;
	if (listen->host == ENDPOINT_NAME)
		return ip_class(&at->ip) == IP_LOOPBACK &&
		       name_is_loopback(string_table_at(
			       &SETUP_CONFIG(instance_made(a))->strings, listen->name));
	return listen->host == ENDPOINT_ANY || loop_is_at(&listening, &at->ip, at->port);
}

static bool listens_at(struct anklet *a, struct ip ip, uint16_t port)
{
	const struct config *c = SETUP_CONFIG(instance_made(a));
	struct address at = {.ip = ip, .port = port};
	bool found = config_listens_by_default(c) && ip_class(&ip) == IP_LOOPBACK &&
		     port == CONFIG_DEFAULT_PORT;

	for (unsigned i = 0; i < c->listen_count; i++)
		found = found || takes(a, &c->listen[i], &at);
	for (unsigned i = 0; ANKLET_HAS_FORWARDS && i < c->forward_count; i++)
		found = found || takes(a, &c->forward[i].listen, &at);
	return found && port_is_local(a->sessions.loop.port, &ip);
}

/*
 * No route leads straight back, where each request would come in again. Of a name only localhost is known now; the
 * others are looked at when they are looked up.
 */
static int check_hops(struct anklet *a, struct anklet_failure *failure)
{
	static const struct ip loopback_v6 = IP_OF_V6(0, 0, 1);
	const struct ip loopback_v4 = ip_v4(127, 0, 0, 1);
	const struct routes *routes = &SETUP_CONFIG(instance_made(a))->routes;
	struct text t;

	for (unsigned i = 0; i < routes->count; i++) {
		const struct endpoint *hop = &routes->route[i].hop;
		/* 0.0.0.0 is this host to systems that connect there. */
		bool loopback =
			hop->host == ENDPOINT_NAME
				? name_is_loopback(string_table_at(
					  &SETUP_CONFIG(instance_made(a))->strings, hop->name))
				: ip_class(&hop->ip) == IP_UNSPECIFIED;

		if (routes->route[i].how != ROUTE_VIA ||
			!(loopback ? listens_at(a, loopback_v4, hop->port) ||
						(CONFIG_ANKLET_IPV6 &&
							listens_at(a, loopback_v6, hop->port))
				   : hop->host != ENDPOINT_NAME &&
						listens_at(a, hop->ip, hop->port)))
			continue;
		text_init(&t, failure->at, sizeof failure->at);
		text_line(&t, KEYWORD_ROUTE, &routes->route[i],
			&SETUP_CONFIG(instance_made(a))->strings);
		return failure_says(failure, PORT_IN_USE,
			"the hop is this program itself, which listens there: name another one");
	}
	return 0;
}

/* Those who ask for the status, if there is a listener where they may. */
static unsigned asking(const struct anklet *a)
{
	for (unsigned i = 0; CONFIG_ANKLET_STATUS && i < a->listener_count; i++)
		if (a->listeners[i].forward < LISTENER_SOCKS)
			return ANKLET_STATUS_ASKING;
	return 0;
}

/* The listeners are open: what clients share is made as large as the system has descriptors for. */
static void fit(struct anklet *a)
{
	struct loop *loop = &a->sessions.loop;

	unsigned room = port_room(loop->port);

	room = room > asking(a) ? room - asking(a) : 0;
	clients_fit(
		&loop->clients, room, CONFIG_ANKLET_UDP_FLOWS > 0 && a->udp->listener_count > 0);
	instance_use(a, &instance_made(a)->settings);
	loop->status.sessions_max = loop->clients.pool[POOL_SESSIONS].size;
}

void failure_init(struct anklet_failure *failure)
{
	failure->why = 0;
	failure->at[0] = failure->words[0] = '\0';
}

/* The caller's mistake, after which what runs goes on as before. */
static int fail_as_started(struct anklet_failure *failure)
{
	failure->why = PORT_FAILED;
	return failure_says(failure, PORT_FAILED, "it has been started already");
}

int instance_make(struct anklet *a, struct anklet_failure *failure)
{
	int r = instance_load_tls(a, failure);

	if (r == 0 && CONFIG_ANKLET_PASSWORDS)
		r = instance_load_users(a, failure);
	if (r == 0 && ANKLET_HAS_ROUTES)
		r = check_hops(a, failure);
	return r;
}

int anklet_start(struct anklet *a, struct anklet_failure *failure)
{
	int r;

	failure_init(failure);
	if (a->started)
		return fail_as_started(failure);
	r = port_init(a->sessions.loop.port, &SETUP_CONFIG(instance_made(a))->port);
	if (r == 0) {
		resolver_init(&a->sessions.names, &a->sessions.loop,
			SETUP_CONFIG(instance_made(a))->port.name_server,
			SETUP_CONFIG(instance_made(a))->port.name_servers);
		r = instance_make(a, failure);
		if (r == 0)
			r = instance_listen(a, failure);
		if (r < 0)
			anklet_fini(a);
		else if (PORT_ROOM_VARIES)
			fit(a);
	}
	a->started = r == 0;
	if (CONFIG_ANKLET_RELOAD)
		INSTANCE_RELOAD(a)->read_at = loop_time(&a->sessions.loop);
	failure->why = r;
	return r;
}

int anklet_check(struct anklet *a, struct anklet_failure *failure)
{
	int r;

	failure_init(failure);
	if (a->started)
		return fail_as_started(failure);
	r = port_init(a->sessions.loop.port, &SETUP_CONFIG(instance_made(a))->port);
	if (r == 0) {
		r = instance_make(a, failure);
		if (CONFIG_ANKLET_CONTROL && r == 0)
			r = status_check_path(a, failure);
		instance_unload_tls(instance_made(a));
		port_fini(a->sessions.loop.port);
	}
	failure->why = r;
	return r;
}
