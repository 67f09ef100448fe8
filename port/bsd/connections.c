/*
 * How sockets come to be: by listening, accepting and connecting, and what their options are.
 */
#include "internal.h"

#include "base/check.h"

#define PASS_OVER_MAX 16 /* dead connections passed over by one port_accept() */

/* ---- Options ---- */

struct option {
	int level, name, value;
};

/* Every stream has these: nothing is held back, and urgent bytes travel in line. */
static const struct option stream_options[] = {
	{IPPROTO_TCP, TCP_NODELAY, 1},
	{SOL_SOCKET, SO_OOBINLINE, 1},
};

/* A peer that has been silent for two minutes is probed, if the system can be told when; the rest is its own. */
static const struct option probe_options[] = {
	{SOL_SOCKET, SO_KEEPALIVE, 1},
#ifdef TCP_KEEPIDLE
	{IPPROTO_TCP, TCP_KEEPIDLE, 120},
#endif
};

#define SET_OPTIONS(fd, table) set_options(fd, table, sizeof(table) / sizeof *(table))

static void set_options(int fd, const struct option *option, size_t count)
{
	for (size_t i = 0; i < count; i++)
		(void)bsd_setsockopt(fd, option[i].level, option[i].name, &option[i].value,
			sizeof option[i].value);
}

void socket_options(int fd)
{
	SET_OPTIONS(fd, stream_options);
	SET_OPTIONS(fd, probe_options);
}

void socket_probe(struct port *p, int entry)
{
	socket_set_interests(p, entry, p->entry[entry].interests & ~(unsigned)INTEREST_PROBES);
	SET_OPTIONS(p->entry[entry].fd, probe_options);
}

/* ---- What an errno comes to ---- */

static bool out_of_resources(int error)
{
	return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

int socket_bind_answer(int error)
{
	switch (error) {
	case EADDRINUSE:
		return PORT_IN_USE;
	case EADDRNOTAVAIL:
		return PORT_NOT_LOCAL;
	case EACCES:
	case EPERM:
		return PORT_DENIED;
	case EAFNOSUPPORT:
	case EPROTONOSUPPORT:
		return PORT_UNREACHABLE;
	default:
		return out_of_resources(error) ? PORT_NO_RESOURCES : PORT_FAILED;
	}
}

int socket_connect_answer(int error, bool v4)
{
	switch (error) {
	case ECONNREFUSED:
		return PORT_REFUSED;
	case ECONNRESET:
	case ECONNABORTED:
	case EPIPE:
		return PORT_RESET;
	case ETIMEDOUT:
		return PORT_TIMEOUT;
	case EHOSTUNREACH:
	case EHOSTDOWN:
		return PORT_UNREACHABLE;
	case ENETUNREACH:
	case ENETDOWN:
		return PORT_NO_NETWORK;
	case EADDRNOTAVAIL:
		/* No port is free; or, where IPv6 is switched off, there is no address to come from. */
		return v4 ? PORT_NO_RESOURCES : PORT_NO_NETWORK;
	default:
		return socket_bind_answer(error);
	}
}

/* ---- Listening ---- */

int socket_open(const struct port *p, const struct address *at, int type, int *fd)
{
	int family = ip_is_v4(&at->ip) ? AF_INET : inet6_family;

	if (family == AF_UNSPEC)
		return PORT_UNREACHABLE;
	if (p->free_handle < 0)
		return PORT_NO_RESOURCES;
	*fd = system_socket(family, type);
	return *fd < 0 ? socket_bind_answer(errno) : 0;
}

int socket_one_family(int fd, const struct address *at)
{
	return ip_is_v4(&at->ip) ? 0 : inet6_only(fd);
}

static void allow_reuse(int fd)
{
	static const int on = 1;

	(void)bsd_setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
}

int socket_bind(const struct port *p, int fd, const struct address *at)
{
	int r = system_bind(fd, at);

	if (r == 0 || errno != EADDRNOTAVAIL || !p->listen_early)
		return r;
	if (system_bind_early(fd))
		return system_bind(fd, at);
	errno = EADDRNOTAVAIL;
	return r;
}

/*
 * A port can be listened on again while past connections of it linger. Where the
 * port is the system's choice this is said after bind(), which might otherwise
 * choose one that somebody else is about to listen on.
 */
static int start_listening(const struct port *p, int fd, const struct address *at, int backlog)
{
	if (at->port != 0)
		allow_reuse(fd);
	if (socket_one_family(fd, at) != 0)
		return -1;
	socket_options(fd); /* which Linux hands on to what is accepted */
	if (socket_bind(p, fd, at) != 0)
		return -1;
	allow_reuse(fd);
	return bsd_listen(fd, backlog);
}

int port_listen(struct port *p, const struct address *at, int backlog, port_sock *s)
{
	int fd, answer;

	*s = PORT_NONE;
	answer = socket_open(p, at, SOCK_STREAM, &fd);
	if (answer != 0)
		return answer;
	if (start_listening(p, fd, at, backlog) != 0) {
		answer = socket_bind_answer(errno);
		bsd_close(fd);
		return answer;
	}
	return socket_new_handle(p, ENTRY_LISTENER, fd, s);
}

/* ---- Accepting ---- */

/* Errors of the connection that was waiting, not of the listener: accept(2), "Error handling". */
static bool is_of_the_client(int error)
{
	switch (error) {
	case ECONNABORTED:
	case ECONNRESET:
	case EPROTO:
	case EPERM:
	case ENOPROTOOPT:
	case EOPNOTSUPP:
	case ENETDOWN:
	case ENETUNREACH:
	case EHOSTDOWN:
	case EHOSTUNREACH:
	case ETIMEDOUT:
		return true;
	default:
		return false;
	}
}

/*
 * Where connections come one by one, asking for a second would be in vain each time: a burst that has brought one alone
 * is followed by some of which no second is asked for.
 */
enum burst {
	BURST_HAD_ONE = 1,
	BURST_HAD_MORE = 2,
	BURST_SPARED = 4, /* and its multiples: so many bursts more ask for no second */
	BURSTS_SPARED = 7 * BURST_SPARED,
};

/* A burst ends: no more is waiting, or is not asked for. */
static void end_burst(struct port *p, port_sock listener)
{
	struct port_entry *e = &p->entry[listener];
	unsigned spared = e->flags / BURST_SPARED;

	if (e->flags & BURST_HAD_MORE)
		e->flags = 0;
	else if (spared > 0)
		e->flags = (uint8_t)((spared - 1) * BURST_SPARED);
	else
		e->flags = e->flags & BURST_HAD_ONE ? BURSTS_SPARED : 0;
	socket_set_interests(p, listener, INTEREST_READ);
}

static void count_burst(struct port_entry *e)
{
	e->flags |= e->flags & BURST_HAD_ONE ? BURST_HAD_MORE : BURST_HAD_ONE;
}

int port_accept(struct port *p, port_sock listener, port_sock *s, struct address *from)
{
	struct port_entry *e = socket_entry(p, listener);
	struct sockaddr_storage peer;
	int fd, answer;

	*s = PORT_NONE;
	check(e->kind == ENTRY_LISTENER);
	if (e->interests & INTEREST_READ)
		return PORT_AGAIN;
	if (e->flags > BURST_SPARED && e->flags & BURST_HAD_ONE) {
		end_burst(p, listener);
		return PORT_AGAIN;
	}
	if (p->free_handle < 0)
		return PORT_NO_RESOURCES;
	for (int tries = 0;; tries++) {
		socklen_t len = sizeof peer;

		fd = system_accept(e->fd, (struct sockaddr *)&peer, &len);
		if (fd >= 0)
			break;
		if (out_of_resources(errno))
			return PORT_NO_RESOURCES;
		if (!is_of_the_client(errno) && errno != EAGAIN && errno != EWOULDBLOCK &&
			errno != EINTR)
			return PORT_FAILED;
		if (!is_of_the_client(errno) || tries == PASS_OVER_MAX) {
			end_burst(p, listener);
			return PORT_AGAIN;
		}
	}
	count_burst(e);
	answer = socket_new_handle(p, ENTRY_STREAM, fd, s);
	if (answer == 0)
		(void)address_from_system(&peer, from);
	return answer;
}

/* ---- Connecting ---- */

static int start_connecting(int fd, const struct address *from, const struct address *to)
{
	struct sockaddr_storage peer;
	socklen_t len = address_to_system(to, &peer);

	SET_OPTIONS(fd, stream_options);
	if (from != NULL && system_bind(fd, from) != 0)
		return socket_bind_answer(errno);
	if (bsd_connect(fd, (struct sockaddr *)&peer, len) == 0 || errno == EINPROGRESS ||
		errno == EINTR)
		return 0;
	return socket_connect_answer(errno, ip_is_v4(&to->ip));
}

int port_connect(struct port *p, const struct address *from, const struct address *to, port_sock *s)
{
	int fd, answer;

	*s = PORT_NONE;
	if (from != NULL && ip_is_v4(&from->ip) != ip_is_v4(&to->ip))
		return PORT_NO_NETWORK;
	answer = socket_open(p, to, SOCK_STREAM, &fd);
	if (answer != 0)
		return answer == PORT_UNREACHABLE ? PORT_NO_NETWORK : answer;
	answer = start_connecting(fd, from, to);
	if (answer != 0) {
		bsd_close(fd);
		return answer;
	}
	answer = socket_new_handle(p, ENTRY_CONNECTING, fd, s);
	/* Most connections are over long before a probe could matter: these calls can wait. */
	if (answer == 0)
		socket_set_interests(p, *s, INTEREST_PROBES);
	return answer;
}

int port_connected(struct port *p, port_sock s)
{
	struct port_entry *e = socket_entry(p, s);
	struct sockaddr_storage local = {.ss_family = AF_UNSPEC};
	socklen_t len = sizeof local;
	int error = 0, answer;

	check(e->kind == ENTRY_CONNECTING || e->kind == ENTRY_STREAM);
	if (e->kind == ENTRY_STREAM)
		return 0;
	if (e->io_error != 0)
		return e->io_error;
	if (e->interests & INTEREST_WRITE)
		return PORT_AGAIN;
	answer = system_connect_result(e->fd, &error);
	if (answer == 0) {
		e->kind = ENTRY_STREAM;
		e->flags |= CONFIG_ANKLET_FAST
				    ? READ_WOULD_BLOCK
				    : 0; /* for whoever speaks first, there is time to wait */
	}
	if (answer == PORT_AGAIN)
		socket_set_interests(p, s, e->interests | INTEREST_WRITE);
	if (answer != PORT_FAILED)
		return answer;
	(void)bsd_getsockname(e->fd, (struct sockaddr *)&local, &len);
	e->io_error = (int8_t)socket_connect_answer(error, local.ss_family == AF_INET);
	return e->io_error;
}
