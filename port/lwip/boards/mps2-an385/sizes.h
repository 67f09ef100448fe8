/*
 * The sizes that anklet has on the MPS2 board: see anklet_config.h.
 */
#define CONFIG_ANKLET_SESSIONS 32
#define CONFIG_ANKLET_LISTENERS 4
#define CONFIG_ANKLET_RULES 32
#define CONFIG_ANKLET_ADDRESSES 4
#define CONFIG_ANKLET_TURN_OCTETS 16384
#define CONFIG_ANKLET_LOG_LINE 512
