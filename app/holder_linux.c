/*
 * Who listens there: Linux says it in /proc. See holder.h.
 *
 * /proc/net/tcp and tcp6 give the inode of the listening socket; the process is
 * the one with a descriptor that is a link to "socket:[INODE]". Those of other
 * users can be seen by root alone.
 */
#define _GNU_SOURCE /* getdents64() */
#define _LARGEFILE64_SOURCE
#include "holder.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "lines.h"

#define TABLE_MAX 8388608 /* bytes of a table of sockets that are read: 150 a row */
#define COMM_MAX 64
#define LINKS_MAX 65536 /* descriptors looked at, in all processes together */
#define LISTENING 0x0a  /* TCP_LISTEN of the kernel's enum in net/tcp_states.h */
#define PATH_SIZE 300

struct row {
	struct address at;
	uint32_t state, uid, inode;
};

/* Hexadecimal digits that fill the word. */
static uint32_t unhex(struct word digits)
{
	uint32_t n = 0;

	for (size_t i = 0; i < digits.len; i++)
		n = n << 4 | (uint32_t)(text_hex_value(digits.at[i]) & 15);
	return n;
}

/*
 * Addresses are printed as 32-bit numbers of this host, eight digits each, whose
 * bytes are in network order: one for IPv4, four for IPv6. The port follows.
 */
static bool parse_address(struct word word, struct address *at)
{
	size_t ip_len = word.len > 32 ? 32 : 8;

	if (word.len != ip_len + 5 || word.at[ip_len] != ':')
		return false;
	at->ip = ip_v4(0, 0, 0, 0);
	for (size_t i = 0; i < ip_len; i += 8) {
		uint32_t bytes = unhex((struct word){word.at + i, 8});

		memcpy(at->ip.byte + sizeof at->ip - ip_len / 2 + i / 2, &bytes, sizeof bytes);
	}
	at->port = (uint16_t)unhex((struct word){word.at + ip_len + 1, 4});
	return true;
}

/* "0: 0100007F:0438 00000000:0000 0A 00000000:00000000 00:00000000 00000000 33 0 4711 ..." */
static bool parse_row(struct word line, struct row *row)
{
	enum { LOCAL = 1, STATE = 3, UID = 7, INODE = 9, FIELDS };
	struct word field[FIELDS];

	for (unsigned i = 0; i < FIELDS; i++)
		if (!word_next(&line, &field[i]))
			return false;
	row->state = unhex(field[STATE]);
	return parse_address(field[LOCAL], &row->at) &&
	       number_parse(field[UID].at, field[UID].len, UINT32_MAX, &row->uid) &&
	       number_parse(field[INODE].at, field[INODE].len, UINT32_MAX, &row->inode);
}

static bool is_any(const struct ip *ip)
{
	return ip_class(ip) == IP_UNSPECIFIED;
}

static bool in_the_way(const struct row *row, const struct address *at)
{
	return row->state == LISTENING && row->at.port == at->port &&
	       (ip_equal(&row->at.ip, &at->ip) || is_any(&row->at.ip) || is_any(&at->ip));
}

static bool find_row(const char *table, const struct address *at, struct row *row)
{
	struct lines lines;
	struct word line;
	bool found = false;

	if (!lines_open(&lines, table, TABLE_MAX))
		return false;
	while (!found && lines_next(&lines, &line))
		found = parse_row(line, row) && in_the_way(row, at);
	lines_close(&lines);
	return found;
}

/* A file of a process: "/proc/PROCESS/NAME". */
static void text_path(struct text *t, char *buf, const char *process, const char *name)
{
	text_init(t, buf, PATH_SIZE);
	text_str_str(t, "/proc/", process);
	text_str(t, name);
}

/* What is in a directory. opendir() would bring a static libc's allocator along, which nobody else needs. */
struct directory {
	int fd;
	size_t at, len;
	union {
		struct dirent64 first;
		char buf[1024];
	} entries;
};

static bool directory_open(struct directory *d, const char *path)
{
	d->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	d->at = d->len = 0;
	return d->fd >= 0;
}

/* The next name; NULL: there is none left. */
static const char *directory_next(struct directory *d)
{
	const struct dirent64 *entry;

	if (d->at == d->len) {
		ssize_t n = getdents64(d->fd, &d->entries.first, sizeof d->entries);

		if (n <= 0)
			return NULL;
		d->at = 0;
		d->len = (size_t)n;
	}
	entry = (const void *)(d->entries.buf + d->at);
	d->at += entry->d_reclen;
	return entry->d_name;
}

/* Has this process the socket among its descriptors? */
static bool has_link(const char *process, const struct text *wanted, unsigned *links)
{
	char buf[PATH_SIZE], target[64];
	struct directory d;
	const char *name;
	bool found = false;
	struct text path;

	text_path(&path, buf, process, "/fd");
	if (!directory_open(&d, buf))
		return false;
	while (!found && *links < LINKS_MAX && (name = directory_next(&d)) != NULL) {
		ssize_t len = readlinkat(d.fd, name, target, sizeof target);

		++*links;
		found = len == (ssize_t)wanted->len &&
			memcmp(target, wanted->buf, wanted->len) == 0;
	}
	close(d.fd);
	return found;
}

static void text_process(struct text *who, const char *process)
{
	struct word name = {"", 0};
	char buf[PATH_SIZE];
	struct lines lines;
	struct text path;

	text_path(&path, buf, process, "/comm");
	if (lines_open(&lines, buf, COMM_MAX))
		(void)lines_next(&lines, &name);
	text_escaped(who, name.at, name.len);
	lines_close(&lines);
	text_str_str(who, ", process ", process);
}

static bool find_process(uint32_t inode, struct text *who)
{
	struct directory d;
	const char *name;
	bool found = false;
	char buf[64];
	struct text wanted;
	unsigned links = 0;

	if (!directory_open(&d, "/proc"))
		return false;
	text_init(&wanted, buf, sizeof buf);
	text_str_num(&wanted, "socket:[", inode);
	text_char(&wanted, ']');
	while (!found && links < LINKS_MAX && (name = directory_next(&d)) != NULL) {
		if (name[0] < '1' || name[0] > '9')
			continue;
		found = has_link(name, &wanted, &links);
		if (found)
			text_process(who, name);
	}
	close(d.fd);
	return found;
}

void text_holder(struct text *t, const struct address *at)
{
	struct row row;

	if (!find_row("/proc/net/tcp", at, &row) && !find_row("/proc/net/tcp6", at, &row))
		return;
	text_str(t, " by ");
	if (!find_process(row.inode, t)) {
		text_str_num(t, "a process of user ", row.uid);
	}
}
