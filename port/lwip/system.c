/*
 * The port as a whole, and the log.
 */
#include "internal.h"

#include <string.h>

#include "board.h"

#define LINE_SIZE (CONFIG_ANKLET_LOG_LINE + 16) /* a log line and the level */

/* ---- The whole ---- */

int port_init(struct port *p, const struct port_config *config)
{
	static const char guessed[] =
		"the board has no seed: DNS ids, ports and sequence numbers can be guessed";

	memset(p, 0, sizeof *p);
	if (CONFIG_ANKLET_NAMES)
		names_init(config);
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
	sockets_end_wave(p);
}

/* ---- The log ---- */

static const char *level_word(enum port_level level)
{
	switch (level) {
	case PORT_ERROR:
		return "error: ";
	case PORT_WARNING:
		return "warning: ";
	case PORT_DEBUG:
		return "debug: ";
	case PORT_INFO:
		break;
	}
	return "";
}

static bool put_line(enum port_level level, const char *line, size_t len)
{
	char buf[LINE_SIZE];
	struct text t;

	text_init(&t, buf, sizeof buf);
	text_str(&t, level_word(level));
	text_octets(&t, line, len);
	buf[t.len] = '\n'; /* in place of the NUL */
	return board_put(buf, t.len + 1);
}

static bool report_unlogged(struct port *p)
{
	char buf[64];
	struct text t;

	if (p->unlogged == 0)
		return true;
	text_init(&t, buf, sizeof buf);
	text_num(&t, p->unlogged);
	text_str(&t, " log lines were dropped");
	if (!put_line(PORT_WARNING, buf, t.len))
		return false;
	p->unlogged = 0;
	return true;
}

void port_log(struct port *p, enum port_level level, const char *line, size_t len)
{
	if (!report_unlogged(p) || !put_line(level, line, len))
		p->unlogged++;
}
