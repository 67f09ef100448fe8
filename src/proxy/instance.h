/*
 * The instance: everything that one running anklet has.
 *
 * Invariants:
 * - An owner is noted for each socket from the call that opened it on (src/loop).
 * - Every session that is not FREE is on the ready list, or has an interest recorded at
 *   the port, or has a timer at which it acts by itself.
 */
#ifndef ANKLET_INSTANCE_H
#define ANKLET_INSTANCE_H

#include "anklet.h"
#include "config/config.h"
#include "loop/loop.h"
#include "port.h"
#include "proxy/reload.h"
#include "proxy/status.h"
#include "proxy/udp_forward.h"
#include "session/session.h"

/* Whom a listener serves that belongs to no forward. Those for the status stand after all others. */
enum { LISTENER_SOCKS = -1, LISTENER_STATUS = -2, LISTENER_CONTROL = -3 };

/* Its address is the loop's listening[] of the same number; that of LISTENER_CONTROL is all zero. */
struct listener {
	port_sock sock;
	bool ready;              /* accept has not answered AGAIN since it was last ready */
	int8_t forward;          /* the forward it belongs to, or as above */
	struct tls_context *tls; /* its clients speak TLS; NULL: they do not */
};

/* A configuration, and what was made of it. */
struct setup {
	struct settings settings; /* first: whoever has them has all of it */
#if CONFIG_ANKLET_CONFIG_READER
	struct config config;
#endif
	/* Of each line with TLS; NULL: without. */
	struct tls_context *listen_tls[CONFIG_ANKLET_LISTENERS];
	struct tls_context *forward_tls[ANKLET_TABLE(CONFIG_ANKLET_FORWARDS)];
};

/* The tables stand at the end, as in the other structs: what is near is reached with less code. */
struct anklet {
	struct udp_forwards *udp; /* after this struct; NULL where they are disabled */
	bool started;             /* anklet_start() was called, and did not fail */
	bool stopping;
	uint8_t listener_count;
	uint8_t listener_next; /* which one is asked next: they take turns */
	struct sessions sessions;
	struct setup setup[1 + CONFIG_ANKLET_RELOAD];
#if CONFIG_ANKLET_STATUS
	struct status_server status;
#endif
	struct listener listeners[LOOP_LISTENER_SLOTS];
#if CONFIG_ANKLET_RELOAD
	struct reload reload;
#endif
};

/* Its configuration; what no reader made was compiled, is the only one, and is not written to. */
#if CONFIG_ANKLET_CONFIG_READER
#define SETUP_CONFIG(setup) (&(setup)->config)
#else
#define SETUP_CONFIG(setup) ((void)(setup), (struct config *)(void *)&config_compiled)
#endif

#if CONFIG_ANKLET_RELOAD
#define INSTANCE_RELOAD(a) (&(a)->reload)
#else
#define INSTANCE_RELOAD(a) ((struct reload *)(void *)(a)) /* never looked at */
#endif

/* The users of what is being made, whose guessers are not looked at. */
#if CONFIG_ANKLET_RELOAD && CONFIG_ANKLET_PASSWORDS
#define INSTANCE_USERS(a) ((a)->reload.under_way ? &(a)->reload.users : &(a)->sessions.users)
#else
#define INSTANCE_USERS(a) SESSION_USERS(&(a)->sessions)
#endif

/*
 * What is in force, by whose settings the sessions go; what is being made, which is the same but while a reload goes
 * on; and the one that is not in force.
 */
static inline struct setup *instance_setup(const struct anklet *a)
{
	return (struct setup *)(CONFIG_ANKLET_RELOAD ? (const void *)a->sessions.settings
						     : (const void *)a->setup);
}

static inline struct setup *instance_made(const struct anklet *a)
{
	return CONFIG_ANKLET_RELOAD ? INSTANCE_RELOAD(a)->made : instance_setup(a);
}

static inline struct setup *instance_other(const struct anklet *a)
{
	return (struct setup *)&a->setup[CONFIG_ANKLET_RELOAD && instance_setup(a) == a->setup];
}

static inline const struct config *instance_config(const struct anklet *a)
{
	return SETUP_CONFIG(instance_setup(a));
}

/* What an instance takes: the bytes of anklet_init(), where the part for datagrams follows. */
#define INSTANCE_BYTES \
	(sizeof(struct anklet) + (CONFIG_ANKLET_UDP_FLOWS > 0 ? sizeof(struct udp_forwards) : 0))

/* Does it lead to the status, and not to a session? */
static inline bool listener_shows_status(const struct listener *l)
{
	return CONFIG_ANKLET_STATUS && l->forward < LISTENER_SOCKS;
}

_Static_assert(INSTANCE_BYTES <= ANKLET_MEMORY, "ANKLET_MEMORY is enough");

/*
 * Puts settings in force for all who hold none: limits, rules, routes, shares and the log, at once. Those before are
 * still gone by while settings->held is not 0; what stands in them of listeners and forwards is not looked at again.
 */
void instance_use(struct anklet *a, struct settings *settings);

/* ---- What is being made ---- */

/*
 * Reads the files that the configuration names, and looks for hops that lead back: 0, or as anklet_check(). (start.c)
 */
int instance_make(struct anklet *a, struct anklet_failure *failure);

/* What every listener of a line has. */
struct line {
	int8_t forward;
	bool datagrams;
	uint8_t number; /* as in struct reload_listener */
	struct tls_context *tls;
};

/* Opens every listener that is not open yet: 0, or as anklet_start(). (start.c) */
int instance_listen(struct anklet *a, struct anklet_failure *failure);

/* Opens one socket to listen with: as port_listen(), with the instance's backlog. (start.c) */
int instance_open_listener(struct anklet *a, const struct address *at, port_sock *sock);

void failure_init(struct anklet_failure *failure);

/* Puts in words why something failed: the same answer. (strerror.c) */
int failure_says(struct anklet_failure *failure, int answer, const char *words);

/* Reads every key and certificate: 0; or what tls_load() answers, and *failure says which. (tls.c) */
int instance_load_tls(struct anklet *a, struct anklet_failure *failure);
void instance_unload_tls(struct setup *setup);

/* Gives back all that belongs to the configuration that is not in force any more, and whom nobody holds. (tls.c) */
void instance_forget(struct anklet *a);

/* Logs a warning about what stands in the configuration as 'at'. (tls.c) */
void instance_warn(struct anklet *a, const char *at, const char *words);

/* Reads the file of users: 0; or PORT_FAILED, and *failure says what is wrong with it. (users.c) */
int instance_load_users(struct anklet *a, struct anklet_failure *failure);

/* Tells everybody whose socket the last wait found ready. (anklet.c) */
void instance_note_ready(struct anklet *a);

/* Accepts whoever waits there, as far as there is room for them. (anklet.c) */
void instance_accept_all(struct anklet *a, struct listener *l);

/* ---- Listeners while a reload goes on (listeners.c); none of them is called without CONFIG_ANKLET_RELOAD ---- */

/* It begins: what is open belongs to the configuration in force. */
void listeners_begin(struct anklet *a);

/* A listener was opened for that line, where port 'asked' was asked for. */
void listeners_note(struct anklet *a, const struct line *line, uint16_t asked);

/* Is one open at 'at', which then gets its port? It is that line's from the switch on, and stays open. */
bool listeners_keep(struct anklet *a, const struct line *line, struct address *at);

/* The same for all that are open for a line with that name and port. */
bool listeners_keep_name(struct anklet *a, const struct line *line, const struct endpoint *e);

/* 'at' is in use: closes those listeners in its way that only the configuration in force has. False: there are none. */
bool listeners_make_way(struct anklet *a, const struct line *line, const struct address *at);

/* Logs that a listener was "opened " or is "closed ". */
void listeners_log(struct anklet *a, const char *what, unsigned kind, unsigned i);

/* The new one is about to be in force: serves who waits at listeners that go, and ends the flows of datagrams there. */
void listeners_leave(struct anklet *a);

/* The new one is in force: what it does not have is closed, and what stays is its own. */
void listeners_switch(struct anklet *a, const struct setup *before);

/* It is not: what was opened is closed, and what was closed is opened again. */
void listeners_take_back(struct anklet *a);

#endif
