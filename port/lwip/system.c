/*
 * The port as a whole, and the log.
 */
#include "internal.h"

#include <string.h>

#include "base/log_lines.h"
#include "base/text.h"
#include "board.h"

#define LINE_SIZE (CONFIG_ANKLET_LOG_LINE + 16) /* a log line and the level */

/* ---- The whole ---- */

int port_init(struct port *p, const struct port_config *config)
{
	static const char guessed[] =
		"the board has no seed: DNS ids, ports and sequence numbers can be guessed";

	memset(p, 0, sizeof *p);
	(void)config;
	if (!random_seed() && ANKLET_HAS_LOG(PORT_WARNING))
		port_log(p, PORT_WARNING, guessed, sizeof guessed - 1);
	return 0;
}

void port_fini(struct port *p)
{
	for (port_sock s = 0; s < PORT_SOCKETS; s++) {
		port_sock open = s;

		if (p->entry[s].kind > ENTRY_RESTING)
			port_reset(p, &open);
	}
	sockets_end_pending(p);
}

/* ---- The log ---- */

static bool put_line(enum port_level level, const char *line, size_t len)
{
	char buf[LINE_SIZE];
	struct text t;

	text_init(&t, buf, sizeof buf);
	text_str(&t, log_level_word(level));
	text_bytes(&t, line, len);
	buf[t.len] = '\n'; /* in place of the NUL */
	return board_put(buf, t.len + 1);
}

bool port_log(struct port *p, enum port_level level, const char *line, size_t len)
{
	return log_line(&p->unlogged, put_line, level, line, len);
}
