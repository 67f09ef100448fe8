/*
 * The contract tests over POSIX sockets. See harness.h.
 */
#define _XOPEN_SOURCE 700
#include "harness.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "internal.h"
#include "system.h"

static struct port port;
static int descriptors; /* open when the test began */
static int log_read = -1, stderr_saved = -1;

/* Files in a directory of the test's own, which harness_stop() removes. */
static char directory[] = "/tmp/port_contract.XXXXXX";
static char names[4][sizeof directory + 2];
static unsigned files;

const char *harness_file(struct port *p, const void *data, size_t len)
{
	char *name = names[files];
	FILE *file;
	bool written;

	(void)p;
	if (files == 0 && mkdtemp(directory) == NULL)
		return NULL;
	(void)snprintf(name, sizeof names[0], "%s/%u", directory, files++);
	file = fopen(name, "w");
	if (file == NULL)
		return NULL;
	written = fwrite(data, 1, len, file) == len;
	return fclose(file) == 0 && written ? name : NULL;
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
	if (files == 0)
		return;
	if (getuid() == 0 && seteuid(0) != 0)
		abort();
	while (files > 0)
		(void)unlink(names[--files]);
	(void)rmdir(directory);
	memcpy(directory + sizeof directory - sizeof "XXXXXX", "XXXXXX", sizeof "XXXXXX");
}

static int count_descriptors(void)
{
	int count = 0;

	for (int fd = 0; fd < CONFIG_ANKLET_DESCRIPTORS; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

struct port *harness_start(void)
{
	static const struct port_config config;

	descriptors = count_descriptors();
	return port_init(&port, &config) == 0 ? &port : NULL;
}

void harness_stop(struct port *p)
{
	(void)harness_exhaust(p, false);
	harness_log_end(p);
	port_fini(p);
	remove_files();
	if (count_descriptors() != descriptors) {
		fprintf(stderr, "descriptors: %d before the test, %d after\n", descriptors,
			count_descriptors());
		abort();
	}
}

bool harness_loopback(enum port_families family, struct address *at)
{
	struct sockaddr_storage out;
	int fd, bound;

	memset(at, 0, sizeof *at);
	if (family == PORT_IPV4)
		at->ip = ip_v4(127, 0, 0, 1);
	else
		at->ip.octet[15] = 1;
	fd = socket(family == PORT_IPV4 ? AF_INET : AF_INET6, SOCK_STREAM, 0);
	bound = fd < 0 ? -1 : bind(fd, (struct sockaddr *)&out, address_to_system(at, &out));
	if (fd >= 0)
		close(fd);
	return bound == 0;
}

/* The port of a listener that has just been closed. */
bool harness_refusing(struct port *p, struct address *at)
{
	port_sock s;
	bool known;

	if (!harness_loopback(PORT_IPV4, at) || port_listen(p, at, 1, &s) != 0)
		return false;
	known = port_local(p, s, at) == 0;
	port_close(p, &s);
	return known;
}

/* Of the block for documentation (RFC 5737) that machines are least often given. */
void harness_foreign(struct address *at)
{
	*at = (struct address){.ip = ip_v4(203, 0, 113, 77)};
}

uint32_t harness_late_ms(void)
{
	return 10000;
}

/* What the sets hold, or what the system allows where that is less, as under 'ulimit -n'. */
int harness_sockets(struct port *p)
{
	struct rlimit limit;
	int most = fdset_limit();
	int room;

	(void)p;
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < (rlim_t)most)
		most = (int)limit.rlim_cur;
	room = most - count_descriptors();
	return room < PORT_SOCKETS ? room : PORT_SOCKETS;
}

bool harness_urgent(struct port *p, port_sock s, uint8_t octet)
{
	return send(socket_fd(p, s), &octet, 1, MSG_OOB) == 1;
}

/* Valgrind keeps such a limit itself: it lets accept() take the connection and then closes it. */
static bool under_valgrind(void)
{
	const char *preload = getenv("LD_PRELOAD");

	return preload != NULL && strstr(preload, "vgpreload") != NULL;
}

bool harness_exhaust(struct port *p, bool on)
{
	static rlim_t before;
	struct rlimit limit;

	(void)p;
	if (under_valgrind())
		return false;
	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return false;
	if (on) {
		before = limit.rlim_cur;
		limit.rlim_cur = 0;
	} else if (before != 0) {
		limit.rlim_cur = before;
		before = 0;
	}
	return setrlimit(RLIMIT_NOFILE, &limit) == 0;
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

bool harness_sees_end_behind(void)
{
	return native_sees_end_behind;
}

bool harness_second_loopback(struct address *at)
{
	*at = (struct address){.ip = ip_v4(127, 0, 0, 2)};
	return native_tells_to;
}

bool harness_hears_of_refusals(void)
{
	return true;
}
