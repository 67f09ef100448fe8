/*
 * What everybody shares who runs in the loop. See loop.h.
 */
#include "loop/loop.h"

#include <string.h>

#include "base/check.h"

#define READY_LAST UINT16_MAX

void loop_init(struct loop *loop, struct port *port)
{
	loop->port = port;
	clients_init(&loop->clients);
	loop->status.sessions_max = CONFIG_ANKLET_SESSIONS;
	timers_init(&loop->timers);
}

/* ---- Sockets ---- */

void loop_own(struct loop *loop, port_sock sock, enum owner_kind kind, unsigned index)
{
	loop->owner[sock] = (struct owner){.kind = (unsigned)kind & 0x7u, .index = index & 0x1fffu};
}

void loop_close(struct loop *loop, port_sock *sock)
{
	if (*sock == PORT_NONE)
		return;
	loop->owner[*sock] = (struct owner){0};
	port_close(loop->port, sock);
}

void loop_reset(struct loop *loop, port_sock *sock)
{
	if (*sock == PORT_NONE)
		return;
	loop->owner[*sock] = (struct owner){0};
	port_reset(loop->port, sock);
}

bool loop_is_at(const struct address *at, const struct ip *ip, uint16_t port)
{
	return at->port == port &&
	       (ip_equal(&at->ip, ip) ||
		       (ip_class(&at->ip) == IP_UNSPECIFIED && ip_is_v4(&at->ip) == ip_is_v4(ip)));
}

bool loop_listens(const struct loop *loop, const struct ip *ip, uint16_t port)
{
	for (unsigned i = 0; i < loop->listening_count; i++)
		if (loop_is_at(&loop->listening[i], ip, port))
			return true;
	return false;
}

/* ---- Who has something to do, and when ---- */

bool loop_is_ready(const struct loop *loop, unsigned session)
{
	return loop->ready.next[session] != 0;
}

void loop_ready(struct loop *loop, unsigned session)
{
	struct ready_list *list = &loop->ready;

	if (list->next[session] != 0)
		return;
	list->next[session] = READY_LAST;
	if (list->count == 0)
		list->first = (uint16_t)session;
	else
		list->next[list->last] = (uint16_t)(session + 1);
	list->last = (uint16_t)session;
	list->count++;
}

unsigned loop_take_ready(struct loop *loop)
{
	struct ready_list *list = &loop->ready;
	unsigned session = list->first;

	check(list->count > 0 && list->next[session] != 0);
	list->count--;
	if (list->count > 0)
		list->first = (uint16_t)(list->next[session] - 1);
	list->next[session] = 0;
	return session;
}

void loop_set_timer(struct loop *loop, unsigned timer, enum timer_kind kind, uint32_t ms)
{
	if (ms > 0)
		timers_set(&loop->timers, timer, kind, port_now(loop->port) + ms);
	else
		timers_clear(&loop->timers, timer);
}

void loop_deadline(struct loop *loop, const struct deadline *d)
{
	if (d->set && (!loop->earliest.set || !time_passed(loop->earliest.at, d->at)))
		loop->earliest = *d;
}

static void sooner(int32_t *ms, const struct deadline *d, uint32_t now)
{
	if (d->set && (*ms < 0 || time_until(d->at, now) < *ms))
		*ms = time_until(d->at, now);
}

int32_t loop_next(const struct loop *loop, uint32_t now)
{
	int32_t ms = timers_next(&loop->timers, now);

	sooner(&ms, &loop->earliest, now);
	sooner(&ms, &loop->accept_at, now);
	sooner(&ms, &loop->budget.told_at, now);
	return ms < 0 && loop->status.sessions > 0 ? INT32_MAX : ms;
}

uint64_t loop_time(struct loop *loop)
{
	loop->time += port_now(loop->port) - (uint32_t)loop->time;
	return loop->time;
}

/* ---- The log ---- */

static const char pool_words[] = "sessions\0encrypted connections\0sockets for second attempts\0"
				 "lookups\0flows of datagrams";

static void log_full(struct loop *loop, enum pool_name name)
{
	const struct holder *most = clients_most(&loop->clients, name);
	struct text *t = loop_line(loop, "all ");

	text_num(t, loop->clients.pool[name].size);
	text_char(t, ' ');
	text_str(t, text_of_list(pool_words, name));
	text_str_num(t, " are taken, ", most->held[name]);
	text_str(t, " of them by ");
	text_ip(t, &most->key);
	loop_log(loop, PORT_WARNING);
}

static void log_room(struct loop *loop, enum pool_name name)
{
	struct text *t = loop_line(loop, "there is room again for ");

	text_str(t, text_of_list(pool_words, name));
	loop_log(loop, PORT_WARNING);
}

void loop_tell_pools(struct loop *loop)
{
	if (!ANKLET_HAS_LOG(PORT_WARNING))
		return;
	for (unsigned i = 0; i < POOLS; i++) {
		struct pool *pool = &loop->clients.pool[i];

		if (!pool->told && pool->taken == pool->size && pool->size > 0) {
			pool->told = true;
			log_full(loop, (enum pool_name)i);
		} else if (pool->told && pool->taken <= pool->size - pool->size / 8 - 1) {
			pool->told = false;
			log_room(loop, (enum pool_name)i);
		}
	}
}

struct text *loop_line(struct loop *loop, const char *start)
{
	text_init(&loop->line, loop->line_buf, sizeof loop->line_buf);
	text_str(&loop->line, start);
	return &loop->line;
}

void loop_put_line(struct loop *loop, enum port_level level, const char *line, size_t len)
{
	if (!port_log(loop->port, level, line, len) && CONFIG_ANKLET_STATUS)
		LOOP_DROPPED(loop)++;
}

void loop_end_line(struct loop *loop, enum port_level level)
{
	loop_put_line(loop, level, loop->line.buf, loop->line.len);
}

void loop_log(struct loop *loop, enum port_level level)
{
	if (log_wants((enum log_level)loop->log, (int)level))
		loop_end_line(loop, level);
}

void loop_log_address(struct loop *loop, enum port_level level, const char *before,
	const struct address *at, const char *after)
{
	struct text *t = loop_line(loop, before);

	text_address(t, at);
	text_str(t, after);
	loop_log(loop, level);
}

static struct ip budget_key(const struct ip *client)
{
	static const struct ip none;

	return client_key(client, &none);
}

void loop_pass_over(struct loop *loop, enum log_level wanted, const struct ip *client)
{
	struct ip key = budget_key(client);

	if (loop->log >= (uint8_t)wanted)
		budget_pass_over(&loop->budget, &key, port_now(loop->port));
}

/* Is there room for a line about the client? Whoever wants every step has asked for them all. */
static bool has_budget(struct loop *loop, const struct ip *client)
{
	struct ip key;

	if (BUDGET_CLIENTS == 0 || loop->limit_log == 0 || loop->log == LEVEL_DEBUG)
		return true;
	key = budget_key(client);
	return budget_take(&loop->budget, loop->limit_log, &key, port_now(loop->port));
}

struct text *loop_line_of(struct loop *loop, enum log_level wanted, const struct ip *client)
{
	return loop->log >= (uint8_t)wanted && has_budget(loop, client) ? loop_line(loop, "")
									: NULL;
}

void loop_tell_unlogged(struct loop *loop)
{
	struct budget *budget = &loop->budget;

	for (unsigned i = 0; budget->told_at.set && i <= BUDGET_CLIENTS; i++) {
		struct text *t = loop_line(loop, i == BUDGET_CLIENTS ? "other clients" : "");

		if (budget->client[i].more == 0)
			continue;
		if (i != BUDGET_CLIENTS)
			text_ip(t, &budget->client[i].key);
		text_str_num(t, ": and ", budget->client[i].more);
		text_str(t, " more, the same again or beyond limit-log");
		loop_log(loop, PORT_WARNING);
	}
	memset(budget, 0, sizeof *budget);
}
