/*
 * Stored files: certificates and keys, read piece by piece into the buffer that all share.
 *
 * No file stays open between two pieces: they are few, and read at the start.
 */
#include "internal.h"

#include <fcntl.h>
#include <sys/stat.h>

/*
 * Where systems keep the list of trusted certificate authorities, as one file of PEM:
 * Debian, Alpine and OpenWrt; FreeBSD and macOS; Fedora; openSUSE; OpenBSD's and older
 * ones'.
 */
static const char *const authorities[] = {
	"/etc/ssl/certs/ca-certificates.crt",
	"/etc/ssl/cert.pem",
	"/etc/pki/tls/certs/ca-bundle.crt",
	"/etc/ssl/ca-bundle.pem",
	"/usr/local/etc/ssl/cert.pem",
	"/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
};

static int open_failed(int error)
{
	switch (error) {
	case ENOENT:
	case ENOTDIR:
		return PORT_NO_NAME;
	case EACCES:
	case EPERM:
		return PORT_DENIED;
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

	for (size_t i = 0; i < sizeof authorities / sizeof authorities[0]; i++) {
		fd = open_file(authorities[i]);
		if (fd >= 0)
			break;
	}
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

int port_load(struct port *p, const char *name, size_t offset, const uint8_t **data)
{
	int fd = name[0] != '\0' ? open_file(name) : open_authorities();
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
