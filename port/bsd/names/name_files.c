/*
 * resolv.conf(5) and hosts(5). See name_files.h.
 */
#define _DEFAULT_SOURCE /* st_mtim */

#include "name_files.h"

#include <errno.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "lines.h"
#include "literal.h"

#ifdef __APPLE__
#define st_mtim st_mtimespec
#endif

#define LOOK_EVERY_MS 1000

/* The limits that resolv.conf(5) gives for the options, and the least that works. */
#define NDOTS_MAX 15
#define TIMEOUT_MAX_S 30
#define ATTEMPTS_MAX 5

/* Takes the next word off the line; false when there is none, or a comment begins. */
static bool next_word(struct word *line, struct word *word)
{
	return word_next(line, word) && word->at[0] != '#' && word->at[0] != ';';
}

/* ---- resolv.conf ---- */

void resolv_conf_init(struct resolv_conf *conf)
{
	memset(conf, 0, sizeof *conf);
	conf->ndots = 1;
	conf->timeout_s = 5;
	conf->attempts = 2;
}

const char *resolv_conf_search(const struct resolv_conf *conf, unsigned i)
{
	const char *domain = conf->search;

	while (i-- > 0)
		domain += strlen(domain) + 1;
	return domain;
}

static void take_server(struct resolv_conf *conf, struct word *line)
{
	struct word word;

	if (conf->servers == RESOLV_CONF_SERVERS || !next_word(line, &word))
		return;
	if (literal_parse(word.at, word.len, &conf->server[conf->servers]))
		conf->servers++;
}

/* search and domain: the last such line counts. */
static void take_search(struct resolv_conf *conf, struct word *line, unsigned max)
{
	struct word word;
	size_t used = 0;

	conf->searches = 0;
	while (conf->searches < max && next_word(line, &word)) {
		size_t domain_len = word.at[word.len - 1] == '.' ? word.len - 1 : word.len;

		if (!dns_name_valid(word.at, domain_len) ||
			domain_len >= sizeof conf->search - used)
			continue;
		memcpy(conf->search + used, word.at, domain_len);
		conf->search[used + domain_len] = '\0';
		used += domain_len + 1;
		conf->searches++;
	}
}

/* An option's number: what is too high counts as the highest, as resolv.conf(5) has it. */
static void take_option(
	const struct word *word, const char *name, uint32_t min, uint32_t max, uint8_t *value)
{
	size_t name_len = strlen(name);
	uint32_t n;

	if (word->len <= name_len || memcmp(word->at, name, name_len) != 0)
		return;
	if (!number_parse(word->at + name_len, word->len - name_len, UINT32_MAX, &n))
		return;
	if (n < min)
		n = min;
	*value = (uint8_t)(n < max ? n : max);
}

static void take_options(struct resolv_conf *conf, struct word *line)
{
	struct word word;

	while (next_word(line, &word)) {
		take_option(&word, "ndots:", 0, NDOTS_MAX, &conf->ndots);
		take_option(&word, "timeout:", 1, TIMEOUT_MAX_S, &conf->timeout_s);
		take_option(&word, "attempts:", 1, ATTEMPTS_MAX, &conf->attempts);
	}
}

void resolv_conf_line(struct resolv_conf *conf, const char *line, size_t len)
{
	struct word rest = {line, len}, keyword;

	if (!next_word(&rest, &keyword))
		return;
	if (word_is(keyword, "nameserver"))
		take_server(conf, &rest);
	else if (word_is(keyword, "search"))
		take_search(conf, &rest, UINT8_MAX);
	else if (word_is(keyword, "domain"))
		take_search(conf, &rest, 1);
	else if (word_is(keyword, "options"))
		take_options(conf, &rest);
}

/* ---- hosts ---- */

static void add_for_family(
	const struct ip *ip, struct dns_addresses *v4, struct dns_addresses *v6, bool *found)
{
	struct dns_addresses *family = ip_is_v4(ip) ? v4 : v6;

	if (family == NULL)
		return;
	dns_addresses_add(family, ip);
	*found = true;
}

bool hosts_line(const char *line, size_t line_len, const char *name, size_t len,
	struct dns_addresses *v4, struct dns_addresses *v6)
{
	struct word rest = {line, line_len}, word;
	struct ip ip;
	bool found = false;

	if (!next_word(&rest, &word) || !ip_parse(word.at, word.len, &ip))
		return false;
	while (!found && next_word(&rest, &word)) {
		if (word.len == len && strncasecmp(word.at, name, len) == 0) {
			add_for_family(&ip, v4, v6, &found);
			break;
		}
	}
	return found;
}

/* ---- Files ---- */

/* A file that is none (a FIFO, a device) could block, and counts as missing. */
static bool is_file(const char *path, struct file_stamp *stamp)
{
	struct stat st;

	memset(stamp, 0, sizeof *stamp);
	if (stat(path, &st) != 0 || !S_ISREG(st.st_mode))
		return false;
	stamp->modified = st.st_mtim.tv_sec;
	stamp->modified_ns = st.st_mtim.tv_nsec;
	stamp->size = st.st_size;
	stamp->inode = st.st_ino;
	return true;
}

static bool is_lack(int error)
{
	return error == EMFILE || error == ENFILE || error == ENOMEM;
}

static bool same_stamp(const struct file_stamp *a, const struct file_stamp *b)
{
	return a->modified == b->modified && a->modified_ns == b->modified_ns &&
	       a->size == b->size && a->inode == b->inode;
}

static void read_resolv_conf(struct resolv_conf *conf, struct lines *lines)
{
	struct word line;

	resolv_conf_init(conf);
	while (lines_next(lines, &line))
		resolv_conf_line(conf, line.at, line.len);
	if (conf->servers == 0) {
		conf->server[0].ip = ip_v4(127, 0, 0, 1);
		conf->servers = 1;
	}
}

void name_files_init(struct name_files *files)
{
	memset(files, 0, sizeof *files);
	files->resolv_conf_path = "/etc/resolv.conf";
	files->hosts_path = "/etc/hosts";
}

bool name_files_refresh(struct name_files *files, uint32_t now)
{
	struct lines lines = {.fd = -1};
	struct file_stamp stamp;
	bool there;

	if (files->read && now - files->looked_at < LOOK_EVERY_MS)
		return false;
	files->looked_at = now;
	there = is_file(files->resolv_conf_path, &stamp);
	if (files->read && same_stamp(&stamp, &files->stamp))
		return false;
	if (there && !lines_open(&lines, files->resolv_conf_path, RESOLV_CONF_SIZE_MAX) &&
		is_lack(errno)) {
		/* What was read before still holds; the stamp stays, so that the next look tries again. */
		if (files->read)
			return false;
		memset(&stamp, 0, sizeof stamp);
	}
	files->stamp = stamp;
	files->read = true;
	read_resolv_conf(&files->conf, &lines);
	return true;
}

int name_files_hosts(const struct name_files *files, const char *name, size_t len,
	struct dns_addresses *v4, struct dns_addresses *v6)
{
	struct file_stamp stamp;
	struct lines lines;
	struct word line;
	int found = 0;

	if (!is_file(files->hosts_path, &stamp))
		return 0;
	if (!lines_open(&lines, files->hosts_path, HOSTS_SIZE_MAX))
		return is_lack(errno) ? -1 : 0;
	while (lines_next(&lines, &line))
		found += hosts_line(line.at, line.len, name, len, v4, v6);
	return found;
}
