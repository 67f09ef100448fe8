/*
 * A wait of the program's: before and after it. See guest.h.
 *
 * What the port waits for stands in its sets at any time; what the program was told is kept beside them, and before a
 * wait the two are compared. So an interest that is met and recorded again between two waits is no news. Nothing is
 * swept aside as in embed_fill(): the program's loop knows what to do with those that are idle.
 */
#include "guest.h"

#include "base/log_lines.h"
#include "embed.h"
#include "internal.h"

int32_t guest_tell(struct guest *g, int32_t ms)
{
	struct port *p = &g->port;

	for (int fd = 0; fd < p->top; fd++)
		guest_let_know(g, fd, guest_events(&p->rd, &p->wr, fd));
	return wait_limit(p, ms);
}

void guest_ready(struct guest *g, int fd, unsigned events)
{
	if (fd >= 0 && fd < fdset_limit())
		guest_note(&g->ready_rd, &g->ready_wr, fd, events);
}

void guest_take(struct guest *g)
{
	embed_take(&g->port, &g->ready_rd, &g->ready_wr, g->port.top);
	fdset_clear(&g->ready_rd);
	fdset_clear(&g->ready_wr);
}

bool port_log(struct port *p, enum port_level level, const char *line, size_t len)
{
	struct guest *g = (struct guest *)(void *)p;

	if (g->log == NULL)
		return log_line(&p->unlogged, system_log, level, line, len);
	g->log(g->ctx, level, line, len);
	return true;
}
