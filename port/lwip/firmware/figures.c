/*
 * What the image needs of memory and time. See figures.h.
 */
#include "figures.h"

#include "base/text.h"
#include "board.h"
#include "board_parts.h"
#include "port.h"
#include "tls_heap.h"

#include "lwip/stats.h"
#include "lwip/sys.h"

/* What 'log debug' tells of lwIP's pools is counted where it is told. */
#if CONFIG_ANKLET_LOG_LEVELS > 3

#define EVERY_MS 1000
#define AWAKE_STEP_US 20000 /* a change of less is none: the idle loop takes some time too */

/* "NAME NOW/MOST/ALL" */
static void text_counts(struct text *t, const char *name, size_t now, size_t most, size_t all)
{
	text_str(t, name);
	text_num(t, now);
	text_char(t, '/');
	text_num(t, most);
	text_char(t, '/');
	text_num(t, all);
}

static void text_use(struct text *t, const char *name, const struct stats_mem *use)
{
	text_counts(t, name, use->used, use->max, use->avail);
}

static void text_figures(struct text *t, uint32_t awake_us)
{
	struct tls_heap_use tls = tls_heap_use();

	text_str(t, "figures: stack ");
	text_num(t, stack_used());
	text_char(t, '/');
	text_num(t, stack_size());
	text_use(t, ", heap ", &lwip_stats.mem);
	text_use(t, ", pcbs ", lwip_stats.memp[MEMP_TCP_PCB]);
	text_use(t, ", segments ", lwip_stats.memp[MEMP_TCP_SEG]);
	text_use(t, ", pbufs ", lwip_stats.memp[MEMP_PBUF]);
	if (tls.all > 0)
		text_counts(t, ", tls ", tls.now, tls.most, tls.all);
	text_str(t, ", awake ");
	text_num(t, awake_us);
	text_str(t, " us, pause ");
	text_num(t, clock_pause_us());
	text_str(t, " us");
}

void figures_log(struct anklet *a)
{
	static uint32_t last_at, last_awake, last_in_use;
	uint32_t now = sys_now(), awake = clock_awake_us();
	uint32_t in_use = lwip_stats.memp[MEMP_TCP_PCB]->used;
	char buf[250];
	struct text t;

	if (now - last_at < EVERY_MS ||
		(awake - last_awake < AWAKE_STEP_US && in_use == last_in_use))
		return;
	text_init(&t, buf, sizeof buf);
	text_figures(&t, awake);
	anklet_log(a, PORT_DEBUG, t.buf, t.len);
	last_at = now;
	last_awake = awake;
	last_in_use = in_use;
}

#endif
