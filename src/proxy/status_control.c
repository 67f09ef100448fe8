/*
 * Control: the socket with a path, and what can be done through it. It is the system that says who may open it; and
 * only its administrator, and the user as whom this program runs, may do more than look.
 */
#include "proxy/instance.h"

#include "config/keywords.h"

#if CONFIG_ANKLET_CONTROL

#define BACKLOG 8

const char *anklet_control(const struct anklet *a)
{
	return string_table_at(&instance_config(a)->strings, instance_config(a)->control);
}

/* ---- The socket ---- */

static const char *why_not(int answer)
{
	switch (answer) {
	case PORT_IN_USE:
		return "somebody listens there, or it is not a socket";
	case PORT_NO_NAME:
		return "there is no such directory";
	case PORT_NOT_LOCAL:
		return "the path of a socket has at most 107 bytes";
	case PORT_DENIED:
		return "its directory does not permit it";
	default:
		return "the system has no room for it, or no such sockets";
	}
}

/* What the port has answered; where it says no, *failure says why. */
static int told(struct anklet *a, int answer, struct anklet_failure *failure)
{
	struct text t;

	if (answer == 0)
		return 0;
	text_init(&t, failure->at, sizeof failure->at);
	text_line(&t, KEYWORD_CONTROL, &instance_config(a)->control, &instance_config(a)->strings);
	return failure_says(failure, answer, why_not(answer));
}

int status_listen_path(struct anklet *a, struct anklet_failure *failure)
{
	struct loop *loop = &a->sessions.loop;
	struct listener *l = &a->listeners[a->listener_count];
	int r;

	if (instance_config(a)->control == STRING_NONE)
		return 0;
	r = port_listen_path(loop->port, anklet_control(a), BACKLOG, &l->sock);
	if (r == 0) {
		l->forward = LISTENER_CONTROL;
		l->ready = true;
		loop_own(loop, l->sock, OWNER_LISTENER, a->listener_count);
		loop->listening_count = ++a->listener_count;
	}
	return told(a, r, failure);
}

int status_check_path(struct anklet *a, struct anklet_failure *failure)
{
	if (instance_config(a)->control == STRING_NONE)
		return 0;
	return told(a, port_check_path(a->sessions.loop.port, anklet_control(a)), failure);
}

void status_forget_path(struct anklet *a)
{
	for (unsigned i = 0; i < a->listener_count; i++)
		if (a->listeners[i].forward == LISTENER_CONTROL)
			port_forget_path(a->sessions.loop.port, anklet_control(a));
}

/* ---- What is done ---- */

/* Ends one session, or all of an address: how many. */
static unsigned end_sessions(struct anklet *a, uint32_t number, const struct ip *client)
{
	struct sessions *all = &a->sessions;
	unsigned ended = 0;

	for (unsigned i = 0; i < all->used; i++) {
		struct session *s = &all->session[i];

		if (s->state == SESSION_FREE ||
			(client != NULL ? !ip_equal(&s->from.ip, client) : s->number != number))
			continue;
		sessions_end(all, s, REASON_CONTROL);
		ended++;
	}
	return ended;
}

static enum http_status act_end(struct anklet *a, const char *target, struct text *t)
{
	struct word session = http_query(target, "session"), client = http_query(target, "client");
	uint32_t number = 0;
	unsigned ended;
	struct ip ip;
	bool by_ip = client.at != NULL && ip_parse(client.at, client.len, &ip);

	bool by_number =
		session.at != NULL && number_parse(session.at, session.len, UINT32_MAX, &number);

	if (by_ip == by_number || (client.at != NULL && session.at != NULL)) {
		text_str(t, "write session=NUMBER or client=ADDRESS");
		return HTTP_BAD_REQUEST;
	}
	ended = end_sessions(a, number, by_ip ? &ip : NULL);
	if (ended == 0) {
		text_str(t, "there is no such session");
		return HTTP_NOT_FOUND;
	}
	text_num(t, ended);
	text_str(t, ended == 1 ? " session ended" : " sessions ended");
	return HTTP_OK;
}

static enum http_status act_log(struct anklet *a, const char *target, struct text *t)
{
	struct word word = http_query(target, "level");
	int level = word.at != NULL ? name_find(IS(LEVEL), word) : -1;

	if (level < 0 || !name_is_built((unsigned)level, true)) {
		text_str(t, "the level is one of " ANKLET_LOG_WORDS);
		return HTTP_BAD_REQUEST;
	}
	a->sessions.loop.log = name_rows[level].value;
	text_str_str(t, "log ", name_text((unsigned)level));
	return HTTP_OK;
}

/* The program does it after this tick, or when there is room: /status says what came of it. */
static enum http_status act_reload(struct anklet *a, struct text *t)
{
	anklet_reload(a);
	text_str(t, "the configuration is read again");
	return HTTP_OK;
}

bool status_is_act(const char *target)
{
	return http_path_is(target, "/end") || http_path_is(target, "/log") ||
	       (CONFIG_ANKLET_RELOAD && http_path_is(target, "/reload"));
}

enum http_status status_act(struct anklet *a, const char *target, struct text *t)
{
	struct text *line;
	enum http_status status;

	if (http_path_is(target, "/end"))
		status = act_end(a, target, t);
	else if (http_path_is(target, "/log"))
		status = act_log(a, target, t);
	else
		status = act_reload(a, t);
	if (status == HTTP_OK && ANKLET_HAS_LOG(PORT_WARNING)) {
		line = loop_line(&a->sessions.loop, "control: ");
		text_str(line, t->buf);
		loop_log(&a->sessions.loop, PORT_WARNING);
	}
	return status;
}

#endif
