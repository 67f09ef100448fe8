/*
 * The sizes that anklet has on the MPS2 board: see anklet_config.h.
 */
#define CONFIG_ANKLET_REMEDIES 0
#define CONFIG_ANKLET_SESSIONS 32
#define CONFIG_ANKLET_LISTENERS 4
#define CONFIG_ANKLET_RULES 32
#define CONFIG_ANKLET_ADDRESSES 4
#define CONFIG_ANKLET_SPARE_SOCKETS 8
#define CONFIG_ANKLET_TURN_OCTETS 16384
#define CONFIG_ANKLET_NAME_SERVERS 3
#define CONFIG_ANKLET_LOG_LINE 512

/* Two segments (TCP_MSS in lwipopts.h) on their way for each direction of a session. */
#define CONFIG_ANKLET_LWIP_RING 2920
#define CONFIG_ANKLET_LWIP_RINGS 72
#define CONFIG_ANKLET_LWIP_WAITING 8
#define CONFIG_ANKLET_LWIP_LOOKUPS 8

/* TLS: the library's configuration in this folder, and all the memory that it may take. */
#define MBEDTLS_CONFIG_FILE <mbedtls_config.h>
#define CONFIG_ANKLET_TLS_STREAMS 16
#define CONFIG_ANKLET_TLS_HEAP 1048576

/* Forwards of datagrams, each as long as one frame takes. */
#define CONFIG_ANKLET_FORWARDS 4
#define CONFIG_ANKLET_ASSOCIATIONS 16
#define CONFIG_ANKLET_DATAGRAM 1472
