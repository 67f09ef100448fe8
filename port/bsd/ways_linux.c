/*
 * What Linux keeps of a socket: the pipe with bytes of it on their way (move_linux.c), and how it is waited for
 * (wait_linux.c).
 */
#include "ways_linux.h"

struct system_pipe *way_pipe(struct port *p, port_sock s)
{
	uint8_t number = p->system.way[s].pipe;

	return number > 0 ? &p->system.pipe[number - 1] : NULL;
}

void way_close_pipe(struct system_pipe *pipe)
{
	close(pipe->rd);
	close(pipe->wr);
	*pipe = (struct system_pipe){.size = 0};
}

/* What was on its way is dropped with the pipe: there is no other way to empty one. */
void system_forget(struct port *p, port_sock s)
{
	struct system_pipe *pipe;

	if (!CONFIG_ANKLET_FAST)
		return;
	pipe = way_pipe(p, s);
	if (pipe != NULL)
		way_close_pipe(pipe);
	p->system.way[s] = (struct system_way){.pipe = 0};
}

bool system_warm(struct port *p, port_sock s)
{
	struct system_way *way = &p->system.way[CONFIG_ANKLET_FAST ? s : 0];
	bool was_cold = way->warmth == WAY_COLD;

	way->warmth = WAY_FRESH;
	return CONFIG_ANKLET_FAST && was_cold;
}
