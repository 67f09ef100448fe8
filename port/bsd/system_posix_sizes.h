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

/* A set holds every entry, the standard streams and some inherited descriptors, at least twice. */
#ifndef CONFIG_ANKLET_DESCRIPTORS
#define CONFIG_ANKLET_DESCRIPTORS ((2 * FDSET_NEEDED + 1023) / 1024 * 1024)
#endif
#define SYSTEM_DESCRIPTORS CONFIG_ANKLET_DESCRIPTORS
#define FDSET_NEEDED (PORT_SOCKETS + 64)

struct system {
	bool signals;       /* the mask below is for the wait */
	int helper;         /* a descriptor that the system file keeps for itself; -1: none */
	uint32_t questions; /* put to it, each with its number */
	const char *names_file[2]; /* by enum port_names_file, in place of the usual ones */
	sigset_t during_wait;      /* the signals blocked while it waits */
};

#endif
