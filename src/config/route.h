/*
 * The lines with route.
 */
#ifndef ANKLET_CONFIG_ROUTE_H
#define ANKLET_CONFIG_ROUTE_H

#include "base/string_table.h"
#include "config/line.h"
#include "policy/routes.h"

/*
 * Reads what follows route to the end of the line; tls: TLS is built in. Returns true
 * and sets *route; or false, with line->fault filled and strings perhaps left in the
 * table.
 */
bool config_route(
	struct config_line *line, bool tls, struct string_table *strings, struct route *route);

#endif
