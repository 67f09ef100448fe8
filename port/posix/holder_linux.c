/*
 * Who listens there: Linux says it in /proc. See holder.h.
 *
 * /proc/net/tcp and tcp6 give the inode of the listening socket; the process is
 * the one with a descriptor that is a link to "socket:[INODE]". Those of other
 * users can be seen by root alone.
 */
#define _POSIX_C_SOURCE 200809L
#include "holder.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ROWS_MAX 65536  /* sockets looked at */
#define LINKS_MAX 65536 /* descriptors looked at, in all processes together */
#define LISTENING 0x0a  /* TCP_LISTEN of the kernel's enum in net/tcp_states.h */
#define PATH_SIZE 300

struct row {
	struct address at;
	unsigned state, uid;
	unsigned long inode;
};

/*
 * Addresses are printed as 32-bit numbers of this host, eight digits each, whose
 * octets are in network order: one for IPv4, four for IPv6.
 */
static bool unhex(const char *hex, size_t len, struct ip *ip)
{
	uint8_t octets[16];

	if (len != 8 && len != 32)
		return false;
	for (size_t at = 0; at < len; at += 8) {
		char digits[9] = {0};
		uint32_t word;

		memcpy(digits, hex + at, 8);
		word = (uint32_t)strtoul(digits, NULL, 16);
		memcpy(octets + at / 2, &word, sizeof word);
	}
	if (len == 32)
		memcpy(ip->octet, octets, sizeof ip->octet);
	else
		*ip = ip_v4(octets[0], octets[1], octets[2], octets[3]);
	return true;
}

/* "0: 0100007F:0438 00000000:0000 0A 00000000:00000000 00:00000000 00000000 33 0 4711 ..." */
static bool parse_row(char *line, struct row *row)
{
	enum { LOCAL = 1, STATE = 3, UID = 7, INODE = 9, FIELDS };
	char *field[FIELDS], *rest = line;
	const char *colon;

	for (unsigned i = 0; i < FIELDS; i++) {
		field[i] = strtok_r(rest, " ", &rest);
		if (field[i] == NULL)
			return false;
	}
	colon = strchr(field[LOCAL], ':');
	if (colon == NULL || !unhex(field[LOCAL], (size_t)(colon - field[LOCAL]), &row->at.ip))
		return false;
	row->at.port = (uint16_t)strtoul(colon + 1, NULL, 16);
	row->state = (unsigned)strtoul(field[STATE], NULL, 16);
	row->uid = (unsigned)strtoul(field[UID], NULL, 10);
	row->inode = strtoul(field[INODE], NULL, 10);
	return true;
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
	FILE *file = fopen(table, "re");
	bool found = false;
	char line[512];

	if (file == NULL)
		return false;
	for (unsigned i = 0; i < ROWS_MAX && !found && fgets(line, sizeof line, file); i++)
		found = parse_row(line, row) && in_the_way(row, at);
	fclose(file);
	return found;
}

/* Has this process the socket among its descriptors? */
static bool has_link(const char *process, const char *wanted, unsigned *links)
{
	char path[PATH_SIZE], target[64];
	const struct dirent *entry;
	bool found = false;
	DIR *directory;

	snprintf(path, sizeof path, "/proc/%s/fd", process);
	directory = opendir(path);
	if (directory == NULL)
		return false;
	while (!found && *links < LINKS_MAX && (entry = readdir(directory)) != NULL) {
		ssize_t len =
			readlinkat(dirfd(directory), entry->d_name, target, sizeof target - 1);

		++*links;
		target[len > 0 ? len : 0] = '\0';
		found = strcmp(target, wanted) == 0;
	}
	closedir(directory);
	return found;
}

static void text_process(struct text *who, const char *process)
{
	char path[PATH_SIZE], name[64] = "";
	FILE *file;

	snprintf(path, sizeof path, "/proc/%s/comm", process);
	file = fopen(path, "re");
	if (file != NULL) {
		if (fgets(name, sizeof name, file) == NULL)
			name[0] = '\0';
		fclose(file);
	}
	text_escaped(who, name, strcspn(name, "\n"));
	text_str(who, ", process ");
	text_str(who, process);
}

static bool find_process(unsigned long inode, struct text *who)
{
	DIR *directory = opendir("/proc");
	const struct dirent *entry;
	bool found = false;
	char wanted[64];
	unsigned links = 0;

	if (directory == NULL)
		return false;
	snprintf(wanted, sizeof wanted, "socket:[%lu]", inode);
	while (!found && links < LINKS_MAX && (entry = readdir(directory)) != NULL) {
		if (entry->d_name[0] < '1' || entry->d_name[0] > '9')
			continue;
		found = has_link(entry->d_name, wanted, &links);
		if (found)
			text_process(who, entry->d_name);
	}
	closedir(directory);
	return found;
}

bool holder_find(const struct address *at, struct text *who)
{
	struct row row;

	if (!find_row("/proc/net/tcp", at, &row) && !find_row("/proc/net/tcp6", at, &row))
		return false;
	if (!find_process(row.inode, who)) {
		text_str(who, "a process of user ");
		text_num(who, row.uid);
	}
	return true;
}
