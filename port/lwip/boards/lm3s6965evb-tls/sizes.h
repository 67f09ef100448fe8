/*
 * The sizes that anklet has on the LM3S6965 with TLS: two encrypted clients beside four plain ones.
 * See anklet_config.h; docs/firmware.md has the plan of the RAM.
 */
#define CONFIG_ANKLET_REMEDIES 0
#define CONFIG_ANKLET_SESSIONS 6
#define CONFIG_ANKLET_LISTENERS 2
#define CONFIG_ANKLET_RULES 12
#define CONFIG_ANKLET_ROUTES 0
#define CONFIG_ANKLET_FORWARDS 0
#define CONFIG_ANKLET_ASSOCIATIONS 0
#define CONFIG_ANKLET_CONFIG_TEXT 256
#define CONFIG_ANKLET_USERID_MAX 63
#define CONFIG_ANKLET_NAME_MAX 127
#define CONFIG_ANKLET_ADDRESSES 2
#define CONFIG_ANKLET_NAME_SERVERS 2
#define CONFIG_ANKLET_SPARE_SOCKETS 1
#define CONFIG_ANKLET_TURN_OCTETS 4096
#define CONFIG_ANKLET_LOG_LINE 320

/* Two segments (TCP_MSS in lwipopts.h) on their way for each direction of a session. */
#define CONFIG_ANKLET_LWIP_RING 1072
#define CONFIG_ANKLET_LWIP_RINGS 13
#define CONFIG_ANKLET_LWIP_WAITING 3
#define CONFIG_ANKLET_LWIP_LOOKUPS 4

/* TLS: the library's configuration in this folder, and all the memory that it may take. */
#define MBEDTLS_CONFIG_FILE <mbedtls_config.h>
#define CONFIG_ANKLET_TLS_STREAMS 2
#define CONFIG_ANKLET_TLS_CHUNK 512
#define CONFIG_ANKLET_TLS_HEAP 27136
