/*
 * The values of the configuration's keywords. See values.h.
 */
#include "config/values.h"

#include <string.h>

#include "config/config.h"
#include "config/line.h"

#define LIMIT_MIN_MS 10 /* a shorter limit is a slip of the pen */
#define DNS_PORT 53

bool config_time(struct word word, bool zero, uint32_t *ms, struct config_fault *fault)
{
	static const struct {
		char name[4];
		uint32_t ms;
	} units[] = {{"ms", 1}, {"s", 1000}, {"", 1000}, {"m", 60000}, {"h", 3600000}};
	size_t digits = 0;
	uint32_t n;
	uint64_t time = 0;
	bool known = false;

	while (digits < word.len && word.at[digits] >= '0' && word.at[digits] <= '9')
		digits++;
	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
		if (word_is((struct word){word.at + digits, word.len - digits}, units[i].name)) {
			known = number_parse(word.at, digits, UINT32_MAX, &n);
			time = known ? (uint64_t)n * units[i].ms : 0;
		}
	if (!known)
		return config_fault(fault, FAULT_TIME, word);
	if (time == 0 && !zero)
		return config_fault(fault, FAULT_TIME_ZERO, word);
	if (time != 0 && (time < LIMIT_MIN_MS || time > CONFIG_LIMIT_MAX_MS))
		return config_fault(fault, FAULT_TIME_RANGE, word);
	*ms = (uint32_t)time;
	return true;
}

bool config_bind_ports(struct word word, uint16_t *low, uint16_t *high, struct config_fault *fault)
{
	const char *dash = memchr(word.at, '-', word.len);
	size_t low_len = dash != NULL ? (size_t)(dash - word.at) : word.len;
	uint32_t from, to;

	if (word_is(word, "any")) {
		*low = *high = 0;
		return true;
	}
	if (!number_parse(word.at, low_len, UINT16_MAX, &from))
		return config_fault(fault, FAULT_BIND_PORTS, word);
	to = from;
	if (dash != NULL && !number_parse(dash + 1, word.len - low_len - 1, UINT16_MAX, &to))
		return config_fault(fault, FAULT_BIND_PORTS, word);
	if (from == 0 || to < from)
		return config_fault(fault, FAULT_BIND_PORTS, word);
	*low = (uint16_t)from;
	*high = (uint16_t)to;
	return true;
}

/* One host's address, that a socket can have or connect to without naming an interface. */
static bool is_usable(const struct ip *ip)
{
	switch (ip_class(ip)) {
	case IP_GLOBAL:
	case IP_LOOPBACK:
	case IP_PRIVATE:
		return true;
	case IP_LINK_LOCAL:
		return ip_is_v4(ip);
	case IP_UNSPECIFIED:
	case IP_MULTICAST:
	case IP_RESERVED:
	case IP_BROADCAST:
		break;
	}
	return false;
}

bool config_source(struct word word, struct ip *ip, struct config_fault *fault)
{
	struct ip parsed;

	if (!ip_parse(word.at, word.len, &parsed) || !is_usable(&parsed))
		return config_fault(fault, FAULT_SOURCE, word);
	*ip = parsed;
	return true;
}

/* Takes "[IPv6]" or "IPv4" from the front of *rest; a whole word may be an IPv6 address too. */
static bool dns_host_take(struct word *rest, struct ip *ip)
{
	bool bracketed = rest->at[0] == '[';
	const char *end = memchr(rest->at, bracketed ? ']' : ':', rest->len);
	struct word host = *rest;

	if (ip_parse(rest->at, rest->len, ip)) {
		rest->at += rest->len;
		rest->len = 0;
		return true;
	}
	if (end == NULL)
		return false;
	host.at += bracketed;
	host.len = (size_t)(end - host.at);
	end += bracketed;
	rest->len -= (size_t)(end - rest->at);
	rest->at = end;
	return ip_parse(host.at, host.len, ip) && ip_is_v4(ip) != bracketed;
}

bool config_dns(struct word word, struct address *server, struct config_fault *fault)
{
	struct word rest = word;
	uint32_t port = DNS_PORT;
	struct ip ip;

	if (!dns_host_take(&rest, &ip) || !is_usable(&ip) || (rest.len > 0 && rest.at[0] != ':'))
		return config_fault(fault, FAULT_DNS, word);
	if (rest.len == 1)
		return config_fault(fault, FAULT_NO_PORT, rest);
	if (rest.len > 0 &&
		(!number_parse(rest.at + 1, rest.len - 1, UINT16_MAX, &port) || port == 0))
		return config_fault(
			fault, FAULT_PORT_TO_CONNECT, (struct word){rest.at + 1, rest.len - 1});
	*server = (struct address){.ip = ip, .port = (uint16_t)port};
	return true;
}

bool config_user(struct word word, struct config_fault *fault)
{
	for (size_t i = 0; i < word.len; i++) {
		if (word.at[i] <= ' ' || word.at[i] > '~' || word.at[i] == '"')
			return config_fault(fault, FAULT_USER, word);
	}
	return true;
}

static const char levels[][8] = {
	[PORT_ERROR] = "error",
	[PORT_WARNING] = "warning",
	[PORT_INFO] = "info",
	[PORT_DEBUG] = "debug",
};

bool config_level(struct word word, uint8_t *level, struct config_fault *fault)
{
	for (int i = 0; i < (int)(sizeof levels / sizeof levels[0]); i++) {
		if (!word_is(word, levels[i]))
			continue;
		if (!ANKLET_HAS_LOG(i))
			return config_fault_absent(
				fault, word, "a larger CONFIG_ANKLET_LOG_LEVELS");
		*level = (uint8_t)i;
		return true;
	}
	return config_fault(fault, FAULT_LOG, word);
}

const char *config_level_name(uint8_t level)
{
	return levels[level];
}
