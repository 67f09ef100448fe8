/*
 * The table of sockets: how they come to be, what they wait for, how they end.
 *
 * A handle that is closed while others are pending rests until they were named, so that
 * the name of an old socket is never taken for a new one's.
 */
#include "internal.h"

#include <string.h>

#include "base/check.h"

#define PASS_OVER_MAX 16   /* dead connections passed over by one port_accept() */
#define CLOSE_DRAIN_MAX 16 /* times that port_close() drops what lies unread */

/* ---- Entries ---- */

static void put_back(struct port *p, int16_t *list, int entry)
{
	p->entry[entry].kind = ENTRY_FREE;
	p->entry[entry].link = *list;
	*list = (int16_t)entry;
}

void sockets_init(struct port *p)
{
	p->free_handle = p->resting = -1;
	for (int entry = PORT_SOCKETS - 1; entry >= 0; entry--)
		put_back(p, &p->free_handle, entry);
	for (int fd = 0; fd < SYSTEM_DESCRIPTORS; fd++)
		p->entry_of[fd] = -1;
}

struct port_entry *socket_entry(struct port *p, port_sock s)
{
	check(s >= 0 && s < PORT_SOCKETS && p->entry[s].kind != ENTRY_FREE);
	return &p->entry[s];
}

/* Takes an entry out of all that is known of it, and closes its descriptor. */
static void end_entry(struct port *p, int entry)
{
	struct port_entry *e = &p->entry[entry];

	e->pending = false;
	socket_set_interests(p, entry, 0);
	if (e->fd < 0)
		return;
	system_forget(p, (port_sock)entry);
	p->entry_of[e->fd] = -1;
	while (p->top > p->bottom && p->entry_of[p->top - 1] < 0)
		p->top--;
	guest_closing(p, e->fd);
	bsd_close(e->fd);
	e->fd = -1;
}

void sockets_end_pending(struct port *p)
{
	for (; p->pending_at < p->pending_len; p->pending_at++)
		p->entry[p->pending[p->pending_at]].pending = false;
	p->pending_at = p->pending_len = 0;
	while (p->resting >= 0) {
		int entry = p->resting;

		p->resting = p->entry[entry].link;
		put_back(p, &p->free_handle, entry);
	}
}

static void free_handle(struct port *p, port_sock *s)
{
	if (p->entry[*s].kind == ENTRY_LISTENER)
		system_refuse_waiting(p->entry[*s].fd);
	end_entry(p, *s);
	put_back(p, p->pending_at < p->pending_len ? &p->resting : &p->free_handle, *s);
	*s = PORT_NONE;
}

static void set_member(struct fdset *set, int fd, bool member)
{
	if (member)
		fdset_add(set, fd);
	else
		fdset_remove(set, fd);
}

static void count_polled(struct port *p, unsigned changed, unsigned interests, unsigned which)
{
	if (changed & which)
		p->polled += (interests & which) ? 1 : -1;
}

void socket_set_interests(struct port *p, int entry, unsigned interests)
{
	struct port_entry *e = &p->entry[entry];
	unsigned changed = e->interests ^ interests;

	e->interests = (uint8_t)interests;
	count_polled(p, changed, interests, INTEREST_HANGUP_POLL);
	count_polled(p, changed, interests, INTEREST_PROBES);
	if (e->fd < 0)
		return;
	if (system_warm(p, (port_sock)entry))
		changed = INTEREST_READ | INTEREST_WRITE; /* it stood in neither */
	if (changed & (INTEREST_READ | INTEREST_HANGUP_READ))
		set_member(&p->rd, e->fd, interests & (INTEREST_READ | INTEREST_HANGUP_READ));
	if (changed & INTEREST_WRITE)
		set_member(&p->wr, e->fd, interests & INTEREST_WRITE);
}

/* ---- Making connections ---- */

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

/* PORT_NO_RESOURCES when the list is empty or no set can hold fd, too. */
int socket_new_handle(struct port *p, enum entry_kind kind, int fd, port_sock *s)
{
	int16_t entry = p->free_handle;

	*s = PORT_NONE;
	if (entry < 0 || fd >= fdset_limit()) {
		bsd_close(fd);
		return PORT_NO_RESOURCES;
	}
	p->free_handle = p->entry[entry].link;
	p->entry[entry] = (struct port_entry){.fd = fd, .link = -1, .kind = (uint8_t)kind};
	p->entry_of[fd] = entry;
	if (p->top <= fd)
		p->top = fd + 1;
	*s = entry;
	return 0;
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
 * Where connections come one by one, asking for a second would be in vain each time: a wave that has brought one alone
 * is followed by some of which no second is asked for.
 */
enum wave {
	WAVE_HAD_ONE = 1,
	WAVE_HAD_MORE = 2,
	WAVE_SPARED = 4, /* and its multiples: so many waves more ask for no second */
	WAVES_SPARED = 7 * WAVE_SPARED,
};

/* A wave ends: no more is waiting, or is not asked for. */
static void end_wave(struct port *p, port_sock listener)
{
	struct port_entry *e = &p->entry[listener];
	unsigned spared = e->flags / WAVE_SPARED;

	if (e->flags & WAVE_HAD_MORE)
		e->flags = 0;
	else if (spared > 0)
		e->flags = (uint8_t)((spared - 1) * WAVE_SPARED);
	else
		e->flags = e->flags & WAVE_HAD_ONE ? WAVES_SPARED : 0;
	socket_set_interests(p, listener, INTEREST_READ);
}

static void count_wave(struct port_entry *e)
{
	e->flags |= e->flags & WAVE_HAD_ONE ? WAVE_HAD_MORE : WAVE_HAD_ONE;
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
	if (e->flags > WAVE_SPARED && e->flags & WAVE_HAD_ONE) {
		end_wave(p, listener);
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
			end_wave(p, listener);
			return PORT_AGAIN;
		}
	}
	count_wave(e);
	answer = socket_new_handle(p, ENTRY_STREAM, fd, s);
	if (answer == 0)
		(void)address_from_system(&peer, from);
	return answer;
}

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

/* ---- Ends ---- */

int socket_failed(struct port_entry *e, int error)
{
	if (e->io_error != 0)
		return e->io_error;
	switch (system_meaning(error)) {
	case ECONNRESET:
	case ECONNABORTED:
	case EPIPE:
		e->io_error = PORT_RESET;
		break;
	case ETIMEDOUT: /* or what an ICMP message had said before time ran out */
	case ENETUNREACH:
	case EHOSTUNREACH:
	case ENETDOWN:
	case EHOSTDOWN:
		e->io_error = PORT_TIMEOUT;
		break;
	default:
		e->io_error = PORT_FAILED;
	}
	return e->io_error;
}

/*
 * TCP resets a connection that is closed over unread bytes (RFC 9293, 3.10.4),
 * and what was sent may be lost with it: so they are read first. What arrives
 * later than that is the caller's to drain before it closes.
 */
static void drop_unread(struct port *p, int fd)
{
	int rounds = 0;

	while (rounds < CLOSE_DRAIN_MAX && bsd_recv(fd, p->scratch, sizeof p->scratch, 0) > 0)
		rounds++;
}

void socket_end_both(struct port *p, port_sock s)
{
	struct port_entry *e = socket_entry(p, s);
	bool awaited = e->pending || (e->interests & (INTEREST_READ | INTEREST_HANGUP)) != 0;

	if (e->read_end == 0 && e->io_error == 0)
		drop_unread(p, e->fd);
	end_entry(p, s);
	e->flags = 0;
	if (e->read_end == 0)
		e->read_end = PORT_EOF;
	if (awaited)
		socket_set_interests(p, s, INTEREST_HANGUP_POLL);
}

void port_close(struct port *p, port_sock *s)
{
	struct port_entry *e;

	if (*s == PORT_NONE)
		return;
	e = socket_entry(p, *s);
	if (e->kind == ENTRY_STREAM && e->read_end == 0 && e->io_error == 0)
		drop_unread(p, e->fd);
	free_handle(p, s);
}

void port_reset(struct port *p, port_sock *s)
{
	struct port_entry *e;

	if (*s == PORT_NONE)
		return;
	e = socket_entry(p, *s);
	if (e->kind == ENTRY_STREAM || e->kind == ENTRY_CONNECTING)
		system_reset_at_close(e->fd);
	free_handle(p, s);
}
