/*
 * Lines of the log that were not taken are counted. See log_lines.h.
 */
#include "base/log_lines.h"

#include "base/text.h"

_Static_assert((int)LEVEL_WARNING == (int)PORT_WARNING && (int)LEVEL_INFO == PORT_INFO + 1 &&
		       (int)LEVEL_DEBUG == PORT_DEBUG + 1,
	"the log's levels are the port's, and one between");

bool log_wants(enum log_level log, int level)
{
	return ANKLET_HAS_LOG(level) && (int)log >= level + (level >= PORT_INFO);
}

const char *log_level_word(enum port_level level)
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

static bool report(uint32_t *dropped, log_taker *take)
{
	char buf[64];
	struct text t;

	if (*dropped == 0)
		return true;
	text_init(&t, buf, sizeof buf);
	text_num(&t, *dropped);
	text_str(&t, " log lines were dropped");
	if (!take(PORT_WARNING, buf, t.len))
		return false;
	*dropped = 0;
	return true;
}

bool log_line(
	uint32_t *dropped, log_taker *take, enum port_level level, const char *line, size_t len)
{
	bool taken = report(dropped, take) && take(level, line, len);

	*dropped += !taken;
	return taken;
}
