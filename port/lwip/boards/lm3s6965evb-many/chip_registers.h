/*
 * The same registers. The longest packet is one that every host takes (RFC 791), and holds a segment as long as the
 * whole window.
 */
#define CHIP_MTU 576

#include "../lm3s6965evb/chip_registers.h"
