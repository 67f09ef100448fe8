/*
 * The part of a harness that a whole process has: files on disk, and a log that is stderr.
 */
#define _XOPEN_SOURCE 700
#include "internal.h"

#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "harness_bsd.h"

static int log_read = -1, stderr_saved = -1;

/* Files in a directory of the test's own, which harness_stop() removes. */
static char directory[] = "/tmp/port_contract.XXXXXX";
static char names[4][sizeof directory + 2];
static unsigned files;
static bool has_directory;
static char names_files[2][sizeof directory + 2]; /* by enum port_names_file */

static bool make_directory(void)
{
	has_directory = has_directory || mkdtemp(directory) != NULL;
	return has_directory;
}

static bool write_file(const char *name, const void *data, size_t len)
{
	FILE *file = fopen(name, "w");
	bool written;

	if (file == NULL)
		return false;
	written = fwrite(data, 1, len, file) == len;
	return fclose(file) == 0 && written;
}

const char *harness_file(struct port *p, const void *data, size_t len)
{
	char *name = names[files];

	(void)p;
	if (!make_directory())
		return NULL;
	(void)snprintf(name, sizeof names[0], "%s/%u", directory, files++);
	return write_file(name, data, len) ? name : NULL;
}

/* Where such a file of the test's stands from now on; NULL: it cannot be had. */
static const char *names_file(struct port *p, enum port_names_file file)
{
	char *name = names_files[file];

	if (!make_directory())
		return NULL;
	(void)snprintf(name, sizeof names_files[0], "%s/%c", directory, 'a' + (int)file);
	p->system.names_file[file] = name;
	(void)unlink(name);
	return name;
}

/* A new file each time, written before it has its name, as whoever means well does it. */
bool harness_names_file(struct port *p, enum port_names_file file, const void *data, size_t len)
{
	char draft[sizeof directory + 8];
	const char *name;

	if (!make_directory())
		return false;
	(void)snprintf(draft, sizeof draft, "%s/draft", directory);
	if (data != NULL && !write_file(draft, data, len))
		return false;
	name = names_file(p, file);
	return data == NULL || rename(draft, name) == 0;
}

bool harness_names_fifo(struct port *p, enum port_names_file file)
{
	const char *name = names_file(p, file);

	return name != NULL && mkfifo(name, 0600) == 0;
}

bool harness_name_servers(struct port *p, const struct address *servers, size_t count)
{
	(void)p;
	(void)servers;
	(void)count;
	return false;
}

/* ---- Sockets with a path ---- */

static char path[sizeof directory + 8];
static int visitor = -1;

/* A socket bound there, or connected to it: its descriptor, or -1. */
static int socket_at(const char *name, int (*call)(int, const struct sockaddr *, socklen_t))
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	memcpy(at.sun_path, name, strlen(name));
	if (call(fd, (const struct sockaddr *)&at, sizeof at) == 0)
		return fd;
	close(fd);
	return -1;
}

const char *harness_path(enum harness_there there)
{
	if (!make_directory())
		return NULL;
	(void)snprintf(path, sizeof path, "%s/socket", directory);
	if (there == THERE_FILE && !write_file(path, "mine", 4))
		return NULL;
	if (there == THERE_SOCKET)
		close(socket_at(path, bind));
	return path;
}

/* A socket is the owner's and its group's alone. */
bool harness_path_is(const char *name, enum harness_there there)
{
	struct stat status;

	if (lstat(name, &status) != 0)
		return there == THERE_NOTHING;
	return there == THERE_FILE ? S_ISREG(status.st_mode)
				   : there == THERE_SOCKET && status.st_mode == (S_IFSOCK | 0660);
}

bool harness_visit(const char *name, uint8_t byte)
{
	visitor = socket_at(name, connect);
	return visitor >= 0 && send(visitor, &byte, 1, 0) == 1;
}

uint32_t harness_interface(char *name, size_t size)
{
	struct if_nameindex *all = if_nameindex();
	uint32_t number = 0;

	if (all == NULL)
		return 0;
	if (all[0].if_index != 0) {
		number = all[0].if_index;
		(void)snprintf(name, size, "%s", all[0].if_name);
	}
	if_freenameindex(all);
	return number;
}

/* Root may read everything, and becomes nobody until harness_stop(). */
bool harness_forbid(struct port *p, const char *name)
{
	(void)p;
	if (chmod(name, 0) != 0)
		return false;
	return geteuid() != 0 || (chmod(directory, 0755) == 0 && seteuid(65534) == 0);
}

static void remove_files(void)
{
	if (!has_directory)
		return;
	if (getuid() == 0 && seteuid(0) != 0)
		abort();
	while (files > 0)
		(void)unlink(names[--files]);
	if (path[0] != '\0')
		(void)unlink(path);
	if (visitor >= 0)
		close(visitor);
	visitor = -1;
	for (unsigned i = 0; i < 2; i++)
		if (names_files[i][0] != '\0')
			(void)unlink(names_files[i]);
	has_directory = false;
	(void)rmdir(directory);
	memcpy(directory + sizeof directory - sizeof "XXXXXX", "XXXXXX", sizeof "XXXXXX");
}

void bsd_begin(void)
{
}

void bsd_end(struct port *p)
{
	harness_log_end(p);
	remove_files();
}

/* The system's numbers cannot be stopped. */
bool harness_no_random(struct port *p, bool on)
{
	(void)p;
	(void)on;
	return false;
}

/* stderr becomes a pipe whose reader is this program, which reads when it likes. */
bool harness_log_begin(struct port *p)
{
	int ends[2];

	(void)p;
	if (pipe(ends) != 0)
		return false;
	stderr_saved = dup(STDERR_FILENO);
	log_read = ends[0];
	(void)dup2(ends[1], STDERR_FILENO);
	close(ends[1]);
	(void)fcntl(log_read, F_SETFL, O_NONBLOCK);
	return true;
}

static char log_text[1 << 20];
static size_t log_len;

static void read_log(void)
{
	ssize_t n;

	while (log_len < sizeof log_text &&
		(n = read(log_read, log_text + log_len, sizeof log_text - log_len)) > 0)
		log_len += (size_t)n;
}

/* A pipe is stalled by itself while nobody reads. */
void harness_log_stalled(struct port *p, bool on)
{
	(void)p;
	if (!on)
		read_log();
}

size_t harness_log_text(struct port *p, char *buf, size_t size)
{
	(void)p;
	read_log();
	if (log_len >= size)
		log_len = size - 1;
	memcpy(buf, log_text, log_len);
	buf[log_len] = '\0';
	return log_len;
}

void harness_log_end(struct port *p)
{
	(void)p;
	if (stderr_saved < 0)
		return;
	(void)dup2(stderr_saved, STDERR_FILENO);
	close(stderr_saved);
	close(log_read);
	stderr_saved = log_read = -1;
	log_len = 0;
}
