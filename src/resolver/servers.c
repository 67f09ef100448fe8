/*
 * Which name servers there are, and what the files say of them: resolv.conf, and the stamps of it and of the hosts
 * file.
 */
#include "resolver/lookup.h"

#include <string.h>

static void tell_left(struct resolver *r)
{
	struct text *t;

	if (!ANKLET_HAS_LOG(PORT_WARNING) ||
		(r->conf.servers_left == 0 && r->conf.searches_left == 0))
		return;
	t = loop_line(
		r->loop, "resolv.conf: passed over, for there is no room or they make no sense: ");
	text_num(t, r->conf.servers_left);
	text_str_num(t, " of its name servers, ", r->conf.searches_left);
	text_str(t, " of its search domains");
	loop_log(r->loop, PORT_WARNING);
}

/* Takes over what resolv.conf says. False: it could not be read just now, and what was known still holds. */
static bool read_conf(struct resolver *r)
{
	const uint8_t *data = NULL;
	int n = 0;

	if (RESOLVER_HAS_FILES && r->stamp[PORT_RESOLV_CONF] != 0)
		n = port_names_read(r->loop->port, PORT_RESOLV_CONF, 0, &data);
	/* There is one, and it may be read again; but who may not read it never will. */
	if (n < 0 && n != PORT_DENIED)
		return false;
	resolv_conf_init(&r->conf);
	if (RESOLVER_HAS_FILES && n > 0)
		resolv_conf_read(&r->conf, (const char *)data, (size_t)n);
	if (r->servers > 0) {
		r->conf.servers = r->servers;
		r->conf.servers_left = 0;
		memcpy(r->conf.server, r->server, r->servers * sizeof *r->server);
	}
	r->from_system = r->conf.servers == 0;
	if (RESOLVER_HAS_FILES)
		tell_left(r);
	return true;
}

/* The servers that the system has learned otherwise. Are they others than before? */
static bool ask_system(struct resolver *r)
{
	struct address server[FILES_SERVERS];
	size_t n = port_name_servers(r->loop->port, server, FILES_SERVERS);
	bool same;

	/* As resolv.conf(5) has it. */
	if (n == 0 && RESOLVER_HAS_FILES) {
		server[0] = (struct address){.ip = ip_v4(127, 0, 0, 1)};
		n = 1;
	}
	same = n == r->conf.servers;
	for (size_t i = 0; same && i < n; i++)
		same = address_equal(&server[i], &r->conf.server[i]);
	r->conf.servers = (uint8_t)n;
	memcpy(r->conf.server, server, n * sizeof server[0]);
	return !same;
}

/* Has a file another stamp? Takes it over. */
static bool is_new(struct resolver *r, enum port_names_file file)
{
	uint32_t stamp = port_names_stamp(r->loop->port, file);
	bool other = stamp != r->stamp[file];

	r->stamp[file] = stamp;
	return other;
}

void resolver_refresh(struct resolver *r)
{
	uint32_t now = port_now(r->loop->port);
	bool changed = r->epoch == 0 || (CONFIG_ANKLET_RELOAD && r->renewed);

	if (!changed && now == r->looked_at)
		return;
	r->looked_at = now;
	if (CONFIG_ANKLET_RELOAD)
		r->renewed = false;
	if (RESOLVER_HAS_FILES)
		changed |= is_new(r, PORT_RESOLV_CONF);
	if (changed && !read_conf(r))
		r->stamp[PORT_RESOLV_CONF] = 0; /* so that the next look tries again */
	if (RESOLVER_HAS_FILES)
		changed |= is_new(r, PORT_HOSTS);
	if (r->from_system)
		changed |= ask_system(r);
	if (!changed)
		return;
	r->epoch = r->epoch == UINT8_MAX ? 1 : r->epoch + 1;
	if (CONFIG_ANKLET_NAME_CACHE > 0)
		cache_clear(&r->cache);
}
