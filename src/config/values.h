/*
 * The values of the configuration's keywords: one word to one value.
 *
 * Each returns true and sets its value, where it has one; or false, fills *fault, and leaves the
 * value alone.
 */
#ifndef ANKLET_CONFIG_VALUES_H
#define ANKLET_CONFIG_VALUES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/address.h"
#include "config/fault.h"

/* "250ms", "90s", "2m", "1h", or seconds: 10 ms to CONFIG_LIMIT_MAX_MS, or 0 where it may be. */
bool config_time(struct word word, bool zero, uint32_t *ms, struct config_fault *fault);

/* "LOW-HIGH", "PORT" or "any", which is 0 and 0. */
bool config_bind_ports(struct word word, uint16_t *low, uint16_t *high, struct config_fault *fault);

/* An address that a socket of this host can have. */
bool config_source(struct word word, struct ip *ip, struct config_fault *fault);

/* "ADDRESS", "IPv4:PORT" or "[IPv6]:PORT"; port 53 where none is written. */
bool config_dns(struct word word, struct address *server, struct config_fault *fault);

/* Can that be the name of a user of the system: printable ASCII, and no quotes? */
bool config_user(struct word word, struct config_fault *fault);

/* "error" to "debug", an enum port_level. */
bool config_level(struct word word, uint8_t *level, struct config_fault *fault);

/* The name of an enum port_level. */
const char *config_level_name(uint8_t level);

#endif
