/*
 * The scripts of a scenario: clients, the servers they want, and their identd.
 *
 * What goes over a connection is a stream of bytes that a key and the position
 * decide, so each byte that arrives is known to be right or wrong by itself, and
 * a byte of another session is wrong.
 */
#ifndef ANKLET_TESTS_ACTORS_H
#define ANKLET_TESTS_ACTORS_H

#include "protocol/request.h"
#include "protocol/socks4.h"
#include "protocol/socks5.h"
#include "scenario.h"

/* CD, as the clients here write it. */
enum socks4_command { SOCKS4_CONNECT = 1, SOCKS4_BIND = 2 };

/* Sets the actor's timer to a time, which may have passed; UINT64_MAX: none. */
void actor_wake(struct sim_actor *actor, uint64_t at);

/* ---- Talking: either side of a connection ---- */

/* What one does once everything was sent. */
enum talk_last {
	TALK_FIN,           /* a FIN, at once */
	TALK_FIN_AFTER_FIN, /* a FIN, when the other's has come */
	TALK_CUT,           /* the FIN of TCP: with TLS, one without close_notify before it */
	TALK_CLOSE,         /* a close, whatever lies unread */
	TALK_RESET,         /* a reset */
	TALK_STAY,          /* nothing: wait for the other's end */
	TALK_HOLD,          /* nothing, and stay when the other's end has come */
};

/* A dialogue in the clear before TLS, one line after the other; all NULL: its end. */
struct talk_line {
	const char *heard; /* what the other one's line begins with; NULL: nothing is waited for */
	const char *said;  /* what is then said, with its line ends */
};

#define TALK_PIECE 512 /* bytes sent in one go at most */

struct talk {
	struct run *run;
	struct port *port;
	struct stream stream;
	/* How it becomes encrypted. All zero: it does not. */
	struct tls_context *tls;
	const char *tls_name;           /* a client's: whom it expects */
	const struct talk_line *script; /* a server's: said before it */
	uint32_t said_max;              /* bytes said in one go; 0: a line */
	/* What to do. All zero but the keys: send nothing, read everything, FIN at once. */
	uint32_t out_key, in_key;
	uint32_t out_len;
	uint32_t out_wait;    /* send no more than so many before any byte has come in */
	uint32_t piece_max;   /* bytes a send; 0: as many as there are */
	uint32_t in_max;      /* bytes read in one visit; 0: all */
	uint64_t pause_ms;    /* between visits, if in_max or piece_max ended one */
	uint32_t reset_ms;    /* reset so long after beginning to talk; 0: never */
	uint32_t reset_at;    /* reset when so many came in; 0: never */
	uint8_t last;         /* enum talk_last */
	bool echo;            /* send what comes in; out_len is not looked at */
	const char *greeting; /* comes in before all else; NULL: nothing does */
	bool deaf;            /* never read; over when sending fails or all is sent */
	/* How it went. */
	uint32_t out, in;
	int in_end;     /* 0, PORT_EOF, or the failure that reading met */
	int out_end;    /* 0, or the failure that sending met */
	bool shut;      /* our FIN was sent */
	bool reset;     /* the other one's reset was heard of */
	bool over;      /* both directions have ended; the socket is closed */
	int secure_end; /* 0, or the failure of the handshake or of the dialogue before it */
	bool secured;   /* the handshake is over */
	size_t said;
	char heard[40];
	size_t heard_len;
	bool begun;
	uint64_t begun_at, over_at; /* sim.now, as are the next */
	uint64_t out_at, in_at;     /* the ends of pauses */
	/* What goes out next, made once however often it is tried: of the stream from made_at on. */
	uint8_t made[2 * TALK_PIECE];
	uint32_t made_at;
	bool has_made;
};

/* The byte of a stream. */
uint8_t talk_byte(uint32_t key, uint32_t position);

/*
 * Sends on, without what comes last: what may be done before it is known that
 * somebody listens. Lowers *wake to the time at which it would go on by itself.
 */
void talk_send(struct talk *talk, uint64_t *wake);

/* Goes on as far as possible, and returns over. *wake as above. */
bool talk_run(struct talk *talk, uint64_t *wake);

/* Closes the connection, in order or not; with TLS nothing is said about it. */
void talk_close(struct talk *talk, bool reset);

/* Goes on towards TLS. 0: it is ready, or there is to be none. PORT_AGAIN, or the failure. (secure.c) */
int talk_secure(struct talk *talk);

/* ---- The client of a proxy ---- */

#define CLIENT_REQUEST_MAX 800

struct client {
	struct sim_actor actor; /* first */
	struct run *run;
	/* What to do. */
	struct address proxy; /* default PROXY_IP, PROXY_PORT */
	struct address from;  /* its own; all zero: as the host chooses */
	bool held;            /* does not start by itself: see caller_call() */
	uint8_t request[CLIENT_REQUEST_MAX];
	size_t request_len;
	size_t cut_max;        /* pieces of the request are up to so long; 0: one piece */
	uint32_t cut_pause_ms; /* between them, up to so much */
	uint32_t start_ms;     /* before connecting */
	bool deaf;             /* read no reply: only a reset ends it */
	bool early;            /* begin to talk after the request, before the reply */
	unsigned replies; /* how many to expect before talking: 1, 2 for BIND, 0 for a caller */
	bool socks5;      /* set by client_ask5() */
	bool polite; /* SOCKS5: sends nothing of a message before the one before it was answered */
	unsigned answers;  /* SOCKS5: how many of two bytes come before the replies */
	size_t ends[2];    /* of the messages that they answer, in request */
	uint8_t leaves;    /* enum client_leaves, at leave_ms or leave_at */
	uint32_t leave_ms; /* after connecting; 0: see leave_at */
	size_t leave_at; /* after so many bytes of the request; 0 with leave_ms 0: when all is sent */
	void (*on_reply)(struct client *client, unsigned which); /* may be NULL */
	struct talk talk;
	/* How it went. */
	uint8_t state;
	size_t sent;
	unsigned replies_in; /* whole ones */
	size_t reply_len;    /* bytes of the present one */
	uint8_t reply[2][SOCKS5_REPLY_MAX];
	unsigned answers_in; /* whole ones */
	uint8_t answer[2][2];
	int end;      /* 0, PORT_EOF or the failure met before talking */
	int send_end; /* 0, or the failure that sending the request met */
	bool left;
	bool done;
	struct address at;          /* its own, once connected */
	uint64_t start_at, send_at; /* sim.now, as are the next */
	uint64_t replied_at[2];
	uint64_t connected_at, granted_at, left_at, over_at;
};

enum client_leaves { CLIENT_STAYS, CLIENT_SHUTS_DOWN, CLIENT_CLOSES, CLIENT_RESETS };

/* A client that connects to the proxy; the run waits for it. */
void client_init(struct client *client, struct run *run, enum run_host host);

/* The request: SOCKS4, or SOCKS4A where name is not NULL (ip is then 0.0.0.1). */
void client_ask(struct client *client, enum socks4_command command, const char *ip, uint16_t port,
	const char *userid, const char *name);

/*
 * The same in SOCKS5: a greeting that offers no password, and the request. The name goes as it is; else ip does, of
 * either family.
 */
void client_ask5(struct client *client, enum socks4_command command, const char *ip, uint16_t port,
	const char *name);

/* The code of its last reply, or 0; of SOCKS5's 0 is the one that grants, and of its answers it is none. */
uint8_t client_code(const struct client *client);

/* Is its last reply one that grants? */
bool client_granted(const struct client *client);

/* The address in one of its replies. */
struct address client_told(const struct client *client, unsigned which);

/* ---- The peer of a BIND ---- */

/* Connects where and when it is told to, and talks at once; the run waits for it. (caller.c) */
void caller_init(struct client *caller, struct run *run, enum run_host host);

/* The caller connects to 'to', after so many milliseconds. */
void caller_call(struct client *caller, const struct address *to, uint32_t ms);

/* One talks to the other: 'up' bytes, and 'down' back. */
void caller_pair(struct client *client, struct client *caller, uint32_t up, uint32_t down);

/* ---- A server ---- */

#define SERVER_TALKS 8

struct server {
	struct sim_actor actor; /* first */
	struct run *run;
	/* What to do. */
	unsigned expected;   /* connections until it is done; 0: it is never waited for */
	uint32_t accept_ms;  /* before it begins to accept */
	bool resets;         /* each connection at once */
	struct talk pattern; /* what each connection does */
	/* How it went. */
	port_sock listener;
	unsigned accepted;
	unsigned over;
	bool done;
	struct address from[SERVER_TALKS];
	struct talk talk[SERVER_TALKS];
};

/* The run waits until so many connections were accepted and are over. */
void server_expect(struct server *server, unsigned connections);

/* Listens at once at ip:port of the host. */
void server_init(
	struct server *server, struct run *run, enum run_host host, const char *ip, uint16_t port);

/* One talks to the other: 'up' bytes, and 'down' back. With pair_up() the run waits for the server, too. */
void pair_streams(struct client *client, struct server *server, uint32_t up, uint32_t down);
void pair_up(struct client *client, struct server *server, uint32_t up, uint32_t down);

/* It closes its listener; connections go on. */
void server_stop(struct server *server);

/* ---- identd ---- */

struct identd {
	struct sim_actor actor; /* first */
	struct run *run;
	const char *answer; /* '?' stands for the ports asked for; NULL: silence */
	uint32_t pause_ms;  /* before the answer */
	uint32_t cut_max;   /* pieces of the answer; 0: one */
	uint32_t repeat;    /* send the answer's last byte so often more */
	bool closes;        /* after the answer; else it waits for the end */
	bool resets;        /* after the answer */
	port_sock listener, sock;
	unsigned asked;
	struct address from;
	uint64_t answer_at;
	char question[32];
	size_t question_len;
	char text[128];
	size_t text_len, text_sent;
};

void identd_init(struct identd *identd, struct run *run, enum run_host host, const char *ip,
	const char *answer);

#endif
