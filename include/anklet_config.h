/*
 * The sizes anklet is built with, and the features it has.
 *
 * Each value is the desktop's; a build overrides it with -DCONFIG_ANKLET_...=N.
 * Every table in the program is one of these, so the memory it needs is known
 * when it is built. Relations between sizes are asserted where both are known.
 */
#ifndef ANKLET_CONFIG_H
#define ANKLET_CONFIG_H

/* Clients served at once. The next ones wait in the listeners' backlogs. */
#ifndef CONFIG_ANKLET_SESSIONS
#define CONFIG_ANKLET_SESSIONS 512
#endif

/* Places to listen on; '*' takes two, one for each family. */
#ifndef CONFIG_ANKLET_LISTENERS
#define CONFIG_ANKLET_LISTENERS 8
#endif

/* Lines with allow or deny. */
#ifndef CONFIG_ANKLET_RULES
#define CONFIG_ANKLET_RULES 64
#endif

/* Octets for all names in the configuration together, each with its NUL. */
#ifndef CONFIG_ANKLET_CONFIG_TEXT
#define CONFIG_ANKLET_CONFIG_TEXT 2048
#endif

/* Longest userid and longest name of a request, in octets without the NUL. */
#ifndef CONFIG_ANKLET_USERID_MAX
#define CONFIG_ANKLET_USERID_MAX 255
#endif
#ifndef CONFIG_ANKLET_NAME_MAX
#define CONFIG_ANKLET_NAME_MAX 255
#endif

/* Addresses of one name that are kept, tried, and compared for BIND. */
#ifndef CONFIG_ANKLET_ADDRESSES
#define CONFIG_ANKLET_ADDRESSES 8
#endif

/* Name servers that can be given by hand. */
#ifndef CONFIG_ANKLET_NAME_SERVERS
#define CONFIG_ANKLET_NAME_SERVERS 3
#endif

/* Sockets shared by all sessions for the second attempt of an address race. */
#ifndef CONFIG_ANKLET_SPARE_SOCKETS
#define CONFIG_ANKLET_SPARE_SOCKETS (CONFIG_ANKLET_SESSIONS / 4)
#endif

/* Octets moved for one direction of a session before the next session's turn. */
#ifndef CONFIG_ANKLET_TURN_OCTETS
#define CONFIG_ANKLET_TURN_OCTETS 262144
#endif

/* Octets of a log line; what is longer is cut and marked. */
#ifndef CONFIG_ANKLET_LOG_LINE
#define CONFIG_ANKLET_LOG_LINE 1024
#endif

#endif
