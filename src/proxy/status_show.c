/*
 * What is shown: the summary, as JSON and for Prometheus, from one snapshot; and sessions and refusals as JSON.
 *
 * JSON is an object on top, of ASCII, with numbers below 2^53; what is there stays, and more may come. For Prometheus
 * it is its text format, version 0.0.4: all samples of a family stand together, every label has all its values from the
 * start, and none says who a client is, for those would grow without end.
 */
#include "proxy/instance.h"

#include <string.h>

#include "base/divide.h"
#include "config/value.h"

#if CONFIG_ANKLET_STATUS

/* ---- The snapshot ---- */

/*
 * All numbers, in the order in which both lists below name them. Those that are counted by the same owner stand
 * together there as well.
 */
enum {
	V_ONE,
	V_PID,
	V_UPTIME,
	V_STARTED,
	V_SESSIONS,
	V_MAX,
	V_PEAK,
	V_PHASES,
	V_CLIENTS = V_PHASES + SEEN_NOW,
	V_COUNTED,
	V_FLOWS = V_COUNTED + 7,
	V_DATAGRAMS,
	V_TLS = V_DATAGRAMS + 3,
	V_TLS_MAX,
	V_GENERATION,
	V_RELOADS,
	V_RELOADS_FAILED,
	V_READ,
	V_AGE,
	V_OLD,
	V_WAITING,
	V_LAST_OK,
	V_DROPPED,
	V_REJECTED,
	V_SEEN = V_REJECTED + 3,
	VALUES = V_SEEN + SEEN_COUNTS
};

_Static_assert(
	offsetof(struct anklet_status, bytes_down) - offsetof(struct anklet_status, accepted) ==
			6 * sizeof(uint64_t) &&
		offsetof(struct anklet_status, datagrams_dropped) -
				offsetof(struct anklet_status, datagrams_up) ==
			2 * sizeof(uint64_t),
	"they stand together");

static bool is_phase(size_t value)
{
	return value >= V_PHASES && value < V_CLIENTS;
}

/* What begins with the value 'from' is to be shown: phases are counted for themselves alone, session by session. */
static void take_snapshot(struct anklet *a, uint64_t value[VALUES], size_t from)
{
	const struct anklet_status *status = &a->sessions.loop.status;
	const struct pool *tls = &a->sessions.loop.clients.pool[POOL_TLS];
	struct anklet_config_status config;

	anklet_config_status(a, &config);
	value[V_GENERATION] = config.generation;
	value[V_RELOADS] = config.reloads;
	value[V_RELOADS_FAILED] = config.failed;
	value[V_OLD] = config.old_sessions;
	value[V_WAITING] = config.waiting;
	value[V_LAST_OK] = config.last_ok;
	value[V_DROPPED] = LOOP_DROPPED(&a->sessions.loop);
	value[V_ONE] = 1;
	value[V_PID] = a->status.pid;
	value[V_UPTIME] = loop_time(&a->sessions.loop) - a->status.begun;
	value[V_STARTED] = a->status.start_time;
	value[V_AGE] = CONFIG_ANKLET_RELOAD ? config.age_ms : value[V_UPTIME];
	value[V_READ] = value[V_STARTED] + divided(value[V_UPTIME] - value[V_AGE], 1000);
	value[V_SESSIONS] = status->sessions;
	value[V_MAX] = status->sessions_max;
	value[V_PEAK] = status->sessions_peak;
	if (is_phase(from))
		seen_count(&a->sessions, &value[V_PHASES]);
	value[V_CLIENTS] = clients_count(&a->sessions.loop.clients);
	memcpy(&value[V_COUNTED], &status->accepted, 7 * sizeof value[0]);
	value[V_FLOWS] = status->udp_flows;
	memcpy(&value[V_DATAGRAMS], &status->datagrams_up, 3 * sizeof value[0]);
	value[V_TLS] = tls->taken;
	value[V_TLS_MAX] = tls_built ? tls->size : 0;
	memcpy(&value[V_REJECTED], a->status.rejected, sizeof a->status.rejected);
	memcpy(&value[V_SEEN], a->sessions.seen.counts, SEEN_COUNTS * sizeof value[0]);
}

/* ---- /status ---- */

/* In each row a '#' stands for the next number, and a '?' for one that is true or false. */
static const char summary[] =
	"{\"v\":#,\"version\":\"" ANKLET_VERSION "\",\"pid\":#,\"uptime_ms\":#,\"start_time\":#,"
	"\"sessions\":{\"now\":#,\"max\":#,\"peak\":#,\"handshake\":#,\"establish\":#,\"relay\":#,"
	"\"closing\":#,\"paced\":#},\"clients\":{\"now\":#,\"accepted\":#,\"over_limit\":#},"
	"\"requests\":{\"granted\":#,\"refused\":#,\"left\":#},\"bytes\":{\"up\":#,\"down\":#},\0"
	"\"datagrams\":{\"now\":#,\"up\":#,\"down\":#,\"dropped\":#},\"tls\":{\"now\":#,\"max\":#},"
	"\"config\":{\"generation\":#,\"reloads\":#,\"failed\":#,\"read_time\":#,\"age_ms\":#,"
	"\"old_sessions\":#,"
	"\"waiting\":?,\"last_ok\":?},\"log\":{\"dropped\":#,\"level\":\"";
#define SUMMARY_ROWS 2

/* cursor->after: the numbers that stand in the rows before this one. */
static void text_summary(
	struct text *t, struct anklet *a, struct status_cursor *cursor, unsigned row)
{
	uint64_t value[VALUES];

	take_snapshot(a, value, row == 0 ? V_PHASES : VALUES);
	for (const char *at = text_of_list(summary, row); *at != '\0'; at++)
		if (*at == '#')
			text_num(t, value[cursor->after++]);
		else if (*at == '?')
			text_str(t, value[cursor->after++] != 0 ? "true" : "false");
		else
			text_char(t, *at);
}

static void text_listener(struct text *t, const struct anklet *a, unsigned i, bool first)
{
	const struct listener *l = &a->listeners[i];

	text_str(t, first ? "{\"at\":\"" : ",\n{\"at\":\"");
	text_address(t, &a->sessions.loop.listening[i]);
	text_str(t, l->tls != NULL ? "\",\"tls\":true,\"forward\":\""
				   : "\",\"tls\":false,\"forward\":\"");
	if (l->forward >= 0)
		text_endpoint_plain(t, &instance_config(a)->forward[l->forward].target,
			&instance_config(a)->strings);
	text_str(t, "\"}");
}

/* After the numbers a row for each listener, but for those of the status itself. 'left' is used to know the first. */
bool status_summary(struct anklet *a, struct status_cursor *cursor, struct text *t)
{
	unsigned row = cursor->row++;

	if (row < SUMMARY_ROWS) {
		text_summary(t, a, cursor, row);
		cursor->left = 0;
	}
	if (row < SUMMARY_ROWS - 1)
		return true;
	if (row == SUMMARY_ROWS - 1) {
		text_value(t, VALUE_LEVEL, &a->sessions.loop.log, &instance_config(a)->strings);
		text_str(t, "\"},\n\"listeners\":[");
		return true;
	}
	for (; row - SUMMARY_ROWS < a->listener_count; row++, cursor->row++)
		if (a->listeners[row - SUMMARY_ROWS].forward >= LISTENER_SOCKS) {
			text_listener(t, a, row - SUMMARY_ROWS, cursor->left++ == 0);
			return true;
		}
	text_str(t, "]}\n");
	return false;
}

/* ---- /metrics ---- */

/*
 * Of each family: a letter (c: a counter, whose name ends with _total; g: a gauge; p: a gauge whose name has no anklet_
 * before it) and its name, what it is, and a label with all its values, which may bring another label along. An empty
 * text ends them. One that stands instead of a family passes over a number.
 */
#define PASS_OVER "\0"
#define REQUESTS(verdict) \
	REQUEST("connect", verdict) REQUEST("bind", verdict) REQUEST("forward", verdict)
#define REQUEST(command, verdict) command "\",verdict=\"" verdict "\0"

/* clang-format off */
static const char families[] =
	"gbuild_info\0" "What runs.\0" "version\0" ANKLET_VERSION "\0\0"
	PASS_OVER PASS_OVER
	"pprocess_start_time_seconds\0" "Since 1970.\0\0"
	PASS_OVER
	"gsessions_limit\0" "Sessions that there can be.\0\0"
	"gsessions_peak\0" "The most there have been.\0\0"
	"gsessions\0" "Sessions now.\0" "state\0" "handshake\0" "establish\0" "relay\0" "closing\0\0"
	"gsessions_paced\0" "Those that want more than their rates allow.\0\0"
	"gclients\0" "Addresses of clients now.\0\0"
	"cclients_accepted\0" "Connections of clients.\0\0"
	PASS_OVER PASS_OVER PASS_OVER
	"cclients_left\0" "Those that asked for nothing.\0\0"
	"crelay_bytes\0" "Bytes passed on.\0" "direction\0" "up\0" "down\0\0"
	"gudp_flows\0" "Clients of forwarded datagrams now.\0\0"
	"cdatagrams\0" "Datagrams passed on.\0" "direction\0" "up\0" "down\0\0"
	"cdatagrams_dropped\0" "Datagrams dropped.\0\0"
	"gtls_streams\0" "Encrypted connections now.\0\0"
	"gtls_streams_limit\0" "Encrypted connections that there can be.\0\0"
	PASS_OVER
	"cconfig_reloads\0" "Configurations read again.\0" "result\0" "ok\0" "failed\0\0"
	"gconfig_last_reload_success_timestamp_seconds\0" "When the one in force was read.\0\0"
	PASS_OVER PASS_OVER PASS_OVER
	"gconfig_last_reload_successful\0" "Whether the last one is in force.\0\0"
	"clog_lines_dropped\0" "Lines of the log that nobody took.\0\0"
	"cclients_rejected\0" "Connections closed at once.\0" "reason\0" "limit-client\0" "table-full\0" "limit-new\0\0"
	"crequests\0" "Requests, and connections of forwards.\0" "command\0" REQUESTS("granted") REQUESTS("refused") "\0"
	"crefusals\0" "Refusals, also before a whole request.\0" "class\0" "malformed\0" "denied\0" "ident\0" "name\0"
		"connect\0" "tls\0" "starttls\0" "hop\0" "bind\0" "limit\0" "resources\0" "client\0\0";
/* clang-format on */

static void text_name(struct text *t, const char *row, const char *before)
{
	text_str_str(t, before, *row == 'p' ? "" : "anklet_");
	text_str_str(t, row + 1, *row == 'c' ? "_total" : "");
}

/* A family is a row. Returns where the next one begins. */
static const char *text_family(struct text *t, const char *row, const uint64_t **value)
{
	const char *help = text_of_list(row, 1), *label = text_of_list(help, 1);
	const char *word = *label != '\0' ? text_of_list(label, 1) : label;

	text_name(t, row, "# HELP ");
	text_char(t, ' ');
	text_str(t, help);
	text_name(t, row, "\n# TYPE ");
	text_str(t, *row == 'c' ? " counter\n" : " gauge\n");
	do {
		text_name(t, row, "");
		if (*label != '\0') {
			text_char(t, '{');
			text_str_str(t, label, "=\"");
			text_str_str(t, word, "\"}");
			word = text_of_list(word, 1);
		}
		text_char(t, ' ');
		text_num(t, *(*value)++);
		text_char(t, '\n');
	} while (*word != '\0');
	return word + 1;
}

/* cursor->after: where in the list of families this row begins; cursor->row: the numbers before it. */
bool status_metrics(struct anklet *a, struct status_cursor *cursor, struct text *t)
{
	const char *at = families + cursor->after;
	uint64_t values[VALUES];
	const uint64_t *value = values + cursor->row;

	for (; *at == '\0'; at++)
		value++;
	take_snapshot(a, values, (size_t)(value - values));
	at = text_family(t, at, &value);
	cursor->after = (uint32_t)(at - families);
	cursor->row = (uint16_t)(value - values);
	return cursor->row < VALUES;
}

/* ---- /sessions, /refusals ---- */

/* By number, so that who asks again after the last one misses none and sees none twice. */
bool status_sessions(struct anklet *a, struct status_cursor *cursor, struct text *t)
{
	const struct session *s = seen_after(&a->sessions, cursor->after);

	text_str(t, cursor->row == 0 ? "{\"v\":1,\"list\":[" : "");
	if (s == NULL || cursor->left == 0) {
		text_str(t, s != NULL ? "],\"more\":true}\n" : "],\"more\":false}\n");
		return false;
	}
	text_str(t, cursor->row++ > 0 ? ",\n" : "\n");
	text_seen_session(t, &a->sessions, s);
	cursor->left--;
	cursor->after = s->number;
	return true;
}

/* The last one first. */
bool status_refusals(struct anklet *a, struct status_cursor *cursor, struct text *t)
{
	const struct seen *seen = &a->sessions.seen;
	unsigned row = cursor->row++;

	text_str(t, row == 0 ? "{\"v\":1,\"list\":[" : "");
	if (row >= seen->next || row >= SEEN_REFUSALS) {
		text_str(t, "]}\n");
		return false;
	}
	text_str(t, row > 0 ? ",\n" : "\n");
	text_seen_refusal(t, &a->sessions, &seen->refusals[(seen->next - 1 - row) % SEEN_REFUSALS]);
	return true;
}

#endif
