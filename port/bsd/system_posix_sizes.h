/*
 * Linux and POSIX: what struct port has of them. See port_arch.h.
 */
#ifndef ANKLET_SYSTEM_POSIX_SIZES_H
#define ANKLET_SYSTEM_POSIX_SIZES_H

#include <signal.h>
#include <sys/select.h>

/* A program with a loop of its own may call select(): embed.h. */
#define SYSTEM_FD_SET fd_set native

#define SYSTEM_SCRATCH 65536

#define PORT_FAMILIES PORT_BOTH
#define PORT_ROOM_VARIES 1
#define PORT_ZONE_MAX UINT32_MAX

/* Linux alone: for bytes on their way between two sockets (move_linux.c). */
#define SYSTEM_PIPES (CONFIG_ANKLET_FAST ? 32 : 1)
#define SYSTEM_WAYS (CONFIG_ANKLET_FAST ? PORT_SOCKETS : 1)

/* A set holds every entry, the standard streams and some inherited descriptors, at least twice. */
#ifndef CONFIG_ANKLET_DESCRIPTORS
#define CONFIG_ANKLET_DESCRIPTORS ((2 * FDSET_NEEDED + 1023) / 1024 * 1024)
#endif
#define SYSTEM_DESCRIPTORS CONFIG_ANKLET_DESCRIPTORS
#define FDSET_NEEDED (PORT_SOCKETS + 64 + 2 * SYSTEM_PIPES)

struct system_pipe {
	int rd, wr;     /* where size is not 0 */
	uint32_t size;  /* bytes that it has room for; 0: it is closed */
	uint32_t bytes; /* in it; 0: it is in the pool */
};

/* Of each socket: on its way, and waited for. */
struct system_way {
	uint8_t pipe : 7;       /* that has bytes of it, from 1 on; 0: none has */
	uint8_t registered : 1; /* the epoll set knows it */
	uint8_t full : 2; /* times running that it filled the buffer, up to where it is read with splice() */
	uint8_t small : 4;  /* times running that it did not pay */
	uint8_t warmth : 2; /* of how it is waited for (wait_linux.c) */
};

struct system {
	bool signals;       /* the mask below is for the wait */
	int helper;         /* a descriptor that the system file keeps for itself; -1: none */
	uint32_t questions; /* put to it, each with its number */
	const char *names_file[2]; /* by enum port_names_file, in place of the usual ones */
	sigset_t during_wait;      /* the signals blocked while it waits */
	int epoll;                 /* 0: none yet; -1: there is none to be had */
	uint8_t waits;             /* since the last sweep */
	bool short_wait;           /* the last one was no longer than port's spin_us */
	uint64_t waits_since_us;   /* this one; 0: it does not count */
	uint8_t pipes;             /* so many of the next may be open */
	struct system_pipe pipe[SYSTEM_PIPES];
	struct system_way way[SYSTEM_WAYS];
};

#endif
