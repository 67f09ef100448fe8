/*
 * What a build refuses of a configuration because it is disabled there.
 *
 * Many tests read configurations that are right where everything is built in. Elsewhere each error must be about
 * something that the build has not, and name it; test_config_errors.c compares which words are refused so.
 */
#ifndef ANKLET_TEST_DISABLED_H
#define ANKLET_TEST_DISABLED_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "anklet_config.h"
#include "config/config.h"

/* What the tests read into. */
static struct config config;

static inline bool is_disabled(const char *setting)
{
	const struct {
		const char *name;
		bool disabled;
	} settings[] = {
		{"CONFIG_ANKLET_BIND", !CONFIG_ANKLET_BIND},
		{"CONFIG_ANKLET_IDENT", !CONFIG_ANKLET_IDENT},
		{"CONFIG_ANKLET_NAMES", !CONFIG_ANKLET_NAMES},
		{"CONFIG_ANKLET_ROUTES", CONFIG_ANKLET_ROUTES == 0},
		{"CONFIG_ANKLET_FORWARDS", CONFIG_ANKLET_FORWARDS == 0},
		{"CONFIG_ANKLET_UDP_FLOWS", CONFIG_ANKLET_UDP_FLOWS == 0},
		{"CONFIG_ANKLET_LOG_LEVELS", CONFIG_ANKLET_LOG_LEVELS < 4},
		{"Mbed TLS", !ANKLET_HAS_TLS || !config.tls},
	};

	for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++)
		if (strncmp(setting, settings[i].name, strlen(settings[i].name)) == 0 &&
			setting[strlen(settings[i].name)] == '\n')
			return settings[i].disabled;
	return false;
}

/* Is nothing disabled but, where config.tls says so, TLS? */
#define ALL_IS_BUILT                                                                              \
	(CONFIG_ANKLET_BIND && CONFIG_ANKLET_IDENT && CONFIG_ANKLET_NAMES && ANKLET_HAS_ROUTES && \
		ANKLET_HAS_FORWARDS && ANKLET_HAS_TLS && CONFIG_ANKLET_UDP_FLOWS > 0 &&           \
		CONFIG_ANKLET_LOG_LEVELS == 4)

/* Are all of these reports, one at least, about what is disabled? */
static inline bool all_disabled(const char *reports, const char *source)
{
	static const char says[] = " is disabled: this program is built without ";
	bool all = *reports != '\0';

	while (all && *reports != '\0') {
		const char *end = strchr(reports, '\n'), *said = strstr(reports, says);

		all = said != NULL && said < end && strncmp(reports, source, strlen(source)) == 0 &&
		      is_disabled(said + sizeof says - 1);
		for (int line = 0; line < 3; line++)
			reports = strchr(reports, '\n') + 1;
	}
	return all;
}

#endif
