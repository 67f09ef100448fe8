/*
 * The files that say how names are looked up: resolv.conf(5) and hosts(5).
 *
 * Only what a look-up of addresses needs is read; what makes no sense is passed
 * over, as in every other reader of these files. Of resolv.conf: nameserver,
 * search, domain, and the options ndots, timeout and attempts. The default
 * search list is empty, not this host's domain.
 */
#ifndef ANKLET_POSIX_NAME_FILES_H
#define ANKLET_POSIX_NAME_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/address.h"
#include "dns.h"

#define RESOLV_CONF_SERVERS 3  /* as many as any libc takes */
#define RESOLV_CONF_SEARCH 256 /* octets of the search list, as in resolv.conf(5) */
#define RESOLV_CONF_SIZE_MAX 16384
#define HOSTS_SIZE_MAX 1048576 /* of longer files, the rest is not read */

struct resolv_conf {
	struct address server[RESOLV_CONF_SERVERS]; /* port 0: the usual one */
	uint8_t servers;                            /* at least 1 after reading */
	uint8_t ndots;     /* a name with fewer dots is tried with the search list first */
	uint8_t timeout_s; /* for each try */
	uint8_t attempts;  /* tries of each server */
	uint8_t searches;
	char search[RESOLV_CONF_SEARCH]; /* that many domains, each with its NUL */
};

/* What tells one state of a file from another. All zero is a file that is not there. */
struct file_stamp {
	time_t modified;
	long modified_ns;
	off_t size;
	ino_t inode;
};

struct name_files {
	const char *resolv_conf_path; /* "/etc/resolv.conf", and the next "/etc/hosts" */
	const char *hosts_path;
	struct resolv_conf conf;
	struct file_stamp stamp; /* of the resolv.conf that conf was read from */
	bool read;
	uint32_t looked_at; /* when that file was last looked at */
};

/* Sets the usual paths; nothing is read. */
void name_files_init(struct name_files *files);

/*
 * Reads resolv.conf when it has changed, which is looked at once a second at
 * most. now: milliseconds. True when files->conf was read anew.
 */
bool name_files_refresh(struct name_files *files, uint32_t now);

/*
 * Looks name up in the hosts file and adds the addresses to v4 and v6; NULL for
 * a family that is of no use. How many lines had some; or -1: there is a file,
 * but no descriptor to read it with, and what it says must not be passed over.
 */
int name_files_hosts(const struct name_files *files, const char *name, size_t len,
	struct dns_addresses *v4, struct dns_addresses *v6);

/* Sets what holds without a resolv.conf, but without a server. */
void resolv_conf_init(struct resolv_conf *conf);

/* Takes one line of a resolv.conf, without its line end. */
void resolv_conf_line(struct resolv_conf *conf, const char *line, size_t len);

/* The domain number i of the search list, NUL-terminated. */
const char *resolv_conf_search(const struct resolv_conf *conf, unsigned i);

/* Takes one line of a hosts file, as name_files_hosts() does all of them. */
bool hosts_line(const char *line, size_t line_len, const char *name, size_t len,
	struct dns_addresses *v4, struct dns_addresses *v6);

#endif
