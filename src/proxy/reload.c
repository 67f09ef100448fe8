/*
 * A configuration takes the place of another while the proxy runs. See reload.h, and anklet.h for its calls.
 */
#include "proxy/reload.h"

#include <string.h>

#include "config/keywords.h"
#include "proxy/instance.h"

/* Once, for it may be a while. */
static void log_waiting(struct anklet *a, unsigned held)
{
	struct text *t;

	if (INSTANCE_RELOAD(a)->told || !ANKLET_HAS_LOG(PORT_INFO))
		return;
	INSTANCE_RELOAD(a)->told = true;
	t = loop_line(&a->sessions.loop, "the configuration is read again after ");
	text_num(t, held);
	text_str_str(
		t, held == 1 ? " request that goes" : " requests that go", " by the one before");
	loop_log(&a->sessions.loop, PORT_INFO);
}

bool anklet_reload_begin(struct anklet *a)
{
	struct reload *r = INSTANCE_RELOAD(a);

	if (!CONFIG_ANKLET_RELOAD || !r->wanted || a->stopping || r->under_way)
		return false;
	if (instance_other(a)->settings.held > 0) {
		log_waiting(a, instance_other(a)->settings.held);
		return false;
	}
	instance_forget(a);
	r->wanted = r->told = false;
	r->under_way = true;
	r->made = instance_other(a);
	config_init(SETUP_CONFIG(instance_made(a)));
	instance_made(a)->settings.config = SETUP_CONFIG(instance_made(a));
	return true;
}

/* ---- What cannot be changed ---- */

#define OF_NOW(id)
#define OF_REQUEST(id)
#define OF_START(id)
#define OF_FIXED(id) KEYWORD_##id,
#define FIXED_KEYWORD(id, name, type, setting, place, initial, most, when, ...) OF_##when(id)

/* What the program was given once and for all. The texts are written where the failure's will be. */
static int check_fixed(struct anklet *a, struct anklet_failure *failure)
{
	static const uint8_t fixed[] = {KEYWORDS(FIXED_KEYWORD)};
	struct text t;

	for (size_t i = 0; i < sizeof fixed; i++) {
		text_init(&t, failure->at, sizeof failure->at);
		(void)text_setting(&t, instance_config(a), fixed[i]);
		text_init(&t, failure->words, sizeof failure->words);
		(void)text_setting(&t, SETUP_CONFIG(instance_made(a)), fixed[i]);
		if (strncmp(failure->at, failure->words, sizeof failure->words - 1) == 0)
			continue;
		text_init(&t, failure->at, sizeof failure->at);
		text_str(&t, name_text(fixed[i]));
		return failure_says(failure, PORT_FAILED,
			"it cannot be changed while the program runs: start it anew");
	}
	failure->at[0] = failure->words[0] = '\0';
	return 0;
}

/* ---- The switch ---- */

/* A time that is a limit has become another one: whoever waits for it does so as if it had been so before. */
static void change_limit(struct anklet *a, enum timer_kind kind, uint32_t before, uint32_t now)
{
	struct timers *timers = &a->sessions.loop.timers;
	uint16_t timer;

	if (now > 0)
		timers_shift(timers, kind, now - before);
	while (now == 0 && (timer = timers_first(timers, kind)) != TIMER_NONE)
		timers_clear(timers, timer);
}

static void change_limits(struct anklet *a, const struct config *before)
{
	const struct config *now = instance_config(a);

	change_limit(a, TIMER_HANDSHAKE, before->limit_handshake_ms, now->limit_handshake_ms);
	change_limit(a, TIMER_HANDSHAKE_TLS, before->limit_handshake_ms, now->limit_handshake_ms);
	change_limit(a, TIMER_ESTABLISH, before->limit_establish_ms, now->limit_establish_ms);
	change_limit(a, TIMER_IDLE, before->limit_idle_ms, now->limit_idle_ms);
	change_limit(a, TIMER_HALF_CLOSED, before->limit_half_closed_ms, now->limit_half_closed_ms);
	for (unsigned kind = TIMER_FLOW_NEW;
		CONFIG_ANKLET_UDP_FLOWS > 0 && kind <= TIMER_FLOW_LASTING; kind++)
		change_limit(a, (enum timer_kind)kind, before->limit_datagrams_ms,
			now->limit_datagrams_ms);
	if (before->limit_idle_ms == 0 || before->limit_half_closed_ms == 0)
		sessions_limit_relays(&a->sessions);
}

/* Whoever guesses goes on being watched. */
static void switch_users(struct users *now, struct users *next)
{
	now->given = next->given;
	now->bytes = next->bytes;
	memcpy(now->text, next->text, sizeof now->text);
}

static void forget_users(struct users *users)
{
	memset(users, 0, sizeof *users);
}

static void switch_over(struct anklet *a)
{
	struct reload *r = INSTANCE_RELOAD(a);
	struct setup *before = instance_setup(a);
	const struct port_config *port = &SETUP_CONFIG(instance_made(a))->port;

	listeners_leave(a);
	if (CONFIG_ANKLET_PASSWORDS)
		switch_users(SESSION_USERS(&a->sessions), INSTANCE_USERS(a));
	r->replaced = true;
	r->generation++;
	r->read_at = loop_time(&a->sessions.loop);
	instance_made(a)->settings.generation = (uint8_t)(r->generation + 1);
	instance_use(a, &instance_made(a)->settings);
	resolver_use(&a->sessions.names, port->name_server, port->name_servers);
	change_limits(a, SETUP_CONFIG(before));
	listeners_switch(a, before);
}

static void log_switched(struct anklet *a)
{
	unsigned held = instance_other(a)->settings.held;
	struct text *t;

	if (!ANKLET_HAS_LOG(PORT_INFO))
		return;
	t = loop_line(&a->sessions.loop, "configuration ");
	text_num(t, INSTANCE_RELOAD(a)->generation + 1);
	text_str_num(t, " is in force, of ", instance_config(a)->rules.count);
	text_str_num(t, " rules, on ", a->listener_count);
	text_str(t, " sockets");
	if (held > 0) {
		text_str_num(t, "; the one before it for ", held);
		text_str(t, " more that it has permitted");
	}
	loop_log(&a->sessions.loop, PORT_INFO);
}

/* ---- Its end ---- */

static int make(struct anklet *a, struct anklet_failure *failure)
{
	int r = check_fixed(a, failure);

	if (r == 0)
		r = instance_make(a, failure);
	listeners_begin(a);
	if (r == 0)
		r = instance_listen(a, failure);
	return r;
}

static void give_up(struct anklet *a)
{
	struct reload *r = INSTANCE_RELOAD(a);

	r->made = instance_setup(a);
	r->replaced = true;
	r->failed++;
}

int anklet_reload_end(struct anklet *a, unsigned errors, struct anklet_failure *failure)
{
	struct reload *r = INSTANCE_RELOAD(a);
	int why = errors > 0 ? PORT_FAILED : 0;

	failure_init(failure);
	if (!CONFIG_ANKLET_RELOAD || !r->under_way)
		return PORT_FAILED;
	if (why == 0) {
		why = make(a, failure);
		if (why < 0)
			listeners_take_back(a);
		else
			switch_over(a);
	}
	failure->why = why;
	r->last_failed = why < 0;
	if (CONFIG_ANKLET_PASSWORDS)
		forget_users(INSTANCE_USERS(a));
	r->under_way = false;
	if (why < 0)
		give_up(a);
	else
		log_switched(a);
	instance_forget(a);
	return why;
}
