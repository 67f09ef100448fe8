/*
 * Stored files: certificates and keys, read piece by piece into the buffer that all share.
 *
 * No file stays open between two pieces: they are few, and read at the start.
 */
#define _DEFAULT_SOURCE /* st_ctim */

#include "internal.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/text.h"

#ifdef __APPLE__
#define st_ctim st_ctimespec
#endif

/*
 * Where systems keep the list of trusted certificate authorities, as one file of PEM:
 * Debian, Alpine and OpenWrt; FreeBSD and macOS; Fedora; openSUSE; OpenBSD's and older
 * ones'.
 */
static const char authorities[] = "/etc/ssl/certs/ca-certificates.crt\0"
				  "/etc/ssl/cert.pem\0"
				  "/etc/pki/tls/certs/ca-bundle.crt\0"
				  "/etc/ssl/ca-bundle.pem\0"
				  "/usr/local/etc/ssl/cert.pem\0"
				  "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem\0";

/* The file of that name; "": the list of authorities, which nobody asks for without TLS. */
static bool is_authorities(const char *name)
{
	return ANKLET_HAS_TLS && name[0] == '\0';
}

static int open_failed(int error)
{
	switch (error) {
	case ENOENT:
	case ENOTDIR:
		return PORT_NO_NAME;
	case EACCES:
	case EPERM:
		return PORT_DENIED;
	case EMFILE:
	case ENFILE:
	case ENOMEM:
		return PORT_NO_RESOURCES;
	default:
		return PORT_FAILED;
	}
}

/* O_NONBLOCK: a FIFO that nobody writes to must not stop the start. */
static int open_file(const char *name)
{
	int fd = open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	return fd >= 0 ? fd : open_failed(errno);
}

static int open_authorities(void)
{
	int fd = PORT_NO_NAME;

	for (const char *at = authorities; fd < 0 && *at != '\0'; at = text_of_list(at, 1))
		fd = open_file(at);
	return fd;
}

/* Reads [offset, offset + size) as far as there is something: how many bytes, or PORT_FAILED. */
static int read_at(int fd, size_t offset, uint8_t *buf, size_t size)
{
	struct stat status;
	size_t len = 0;
	ssize_t n = 1;

	if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode))
		return PORT_FAILED;
	while (n != 0 && len < size) {
		n = pread(fd, buf + len, size - len, (off_t)(offset + len));
		if (n < 0 && errno != EINTR)
			return PORT_FAILED;
		if (n > 0)
			len += (size_t)n;
	}
	return (int)len;
}

/* Shows the file from offset on, and closes it. */
static int show(struct port *p, int fd, size_t offset, const uint8_t **data)
{
	int n;

	if (fd < 0)
		return fd;
	n = read_at(fd, offset, p->scratch, sizeof p->scratch - 1);
	close(fd);
	if (n < 0)
		return n;
	p->scratch[n] = '\0';
	*data = p->scratch;
	return n;
}

int port_load(struct port *p, const char *name, size_t offset, const uint8_t **data)
{
	int n = show(p, is_authorities(name) ? open_authorities() : open_file(name), offset, data);

	return n == PORT_NO_RESOURCES ? PORT_FAILED : n;
}

bool port_others_read(struct port *p, const char *name)
{
	struct stat status;

	(void)p;
	return stat(name, &status) == 0 && (status.st_mode & S_IROTH) != 0;
}

/* ---- Names ---- */

/* They stand in resolv.conf: what DHCP brings is written there. */
size_t port_name_servers(struct port *p, struct address *servers, size_t max)
{
	(void)p;
	(void)servers;
	(void)max;
	return 0;
}

static const char *names_file(const struct port *p, enum port_names_file file)
{
	if (p->system.names_file[file] != NULL)
		return p->system.names_file[file];
	return file == PORT_HOSTS ? "/etc/hosts" : "/etc/resolv.conf";
}

/* FNV-1a, over what tells one state of a file from another; st_ctim is what nobody can set. */
static uint32_t stamp_of(const char *name)
{
	uint32_t hash = 0x811c9dc5u;
	uint64_t tells[4] = {0};
	struct stat st;

	if (stat(name, &st) != 0 || !S_ISREG(st.st_mode))
		return 0;
	tells[0] = (uint64_t)st.st_ctim.tv_sec;
	tells[1] = (uint64_t)st.st_ctim.tv_nsec;
	tells[2] = (uint64_t)st.st_size;
	tells[3] = st.st_ino;
	for (size_t i = 0; i < sizeof tells; i++)
		hash = (hash ^ ((const uint8_t *)tells)[i]) * 0x01000193u;
	return hash != 0 ? hash : 1;
}

uint32_t port_names_stamp(struct port *p, enum port_names_file file)
{
	return stamp_of(names_file(p, file));
}

uint32_t port_stamp(struct port *p, const char *name)
{
	uint32_t stamp = 0;

	(void)p;
	if (!is_authorities(name))
		return stamp_of(name);
	for (const char *at = authorities; stamp == 0 && *at != '\0'; at = text_of_list(at, 1))
		stamp = stamp_of(at);
	return stamp;
}

int port_names_read(struct port *p, enum port_names_file file, size_t offset, const uint8_t **data)
{
	return show(p, open_file(names_file(p, file)), offset, data);
}
