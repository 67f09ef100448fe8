/*
 * Sockets with a path in the file system, for those on this host whom the system lets open it. See port.h.
 */
#define _GNU_SOURCE /* struct ucred, getpeereid() */

#include "internal.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>

#define GROUP_MAY_TOO 0117 /* a umask: others than the owner and its group may not */

static bool address_of_path(const char *path, struct sockaddr_un *at)
{
	size_t len = strlen(path);

	*at = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (len == 0 || len >= sizeof at->sun_path)
		return false;
	memcpy(at->sun_path, path, len);
	return true;
}

/* Is it a socket to which nobody listens any more, and could it be removed? */
static bool remove_leftover(const struct sockaddr_un *at)
{
	struct stat status;
	bool dead;
	int fd;

	if (lstat(at->sun_path, &status) != 0 || !S_ISSOCK(status.st_mode))
		return false;
	fd = system_socket(AF_UNIX, SOCK_STREAM);
	if (fd < 0)
		return false;
	dead = connect(fd, (const struct sockaddr *)at, sizeof *at) != 0 && errno == ECONNREFUSED;
	close(fd);
	return dead && unlink(at->sun_path) == 0;
}

/* The mode is right from the first moment on: to change it afterwards would be too late. */
static int bind_path(int fd, const struct sockaddr_un *at)
{
	mode_t before = umask(GROUP_MAY_TOO);
	int r = bind(fd, (const struct sockaddr *)at, sizeof *at);
	int error = errno;

	umask(before);
	errno = error;
	return r;
}

static int path_answer(int error)
{
	if (error == ENOENT || error == ENOTDIR)
		return PORT_NO_NAME;
	return error == EROFS ? PORT_DENIED : socket_bind_answer(error);
}

int port_listen_path(struct port *p, const char *path, int backlog, port_sock *s)
{
	struct sockaddr_un at;
	int fd, answer;

	*s = PORT_NONE;
	if (!address_of_path(path, &at))
		return PORT_NOT_LOCAL;
	if (p->free_handle < 0)
		return PORT_NO_RESOURCES;
	fd = system_socket(AF_UNIX, SOCK_STREAM);
	if (fd < 0)
		return socket_bind_answer(errno);
	if ((bind_path(fd, &at) != 0 &&
		    (errno != EADDRINUSE || !remove_leftover(&at) || bind_path(fd, &at) != 0)) ||
		listen(fd, backlog) != 0) {
		answer = path_answer(errno);
		close(fd);
		return answer;
	}
	return socket_new_handle(p, ENTRY_LISTENER, fd, s);
}

int port_check_path(struct port *p, const char *path)
{
	struct sockaddr_un at;
	struct stat status;
	char *slash;

	(void)p;
	if (!address_of_path(path, &at))
		return PORT_NOT_LOCAL;
	if (lstat(path, &status) == 0 && !S_ISSOCK(status.st_mode))
		return PORT_IN_USE;
	slash = strrchr(at.sun_path, '/');
	if (slash == NULL)
		slash = (char *)memcpy(at.sun_path, "./", 3) + 1;
	slash[1] = '\0'; /* what is left of it is a directory, or nothing */
	return access(at.sun_path, W_OK | X_OK) == 0 ? 0 : path_answer(errno);
}

void port_forget_path(struct port *p, const char *path)
{
	struct stat status;

	(void)p;
	if (lstat(path, &status) == 0 && S_ISSOCK(status.st_mode))
		(void)unlink(path);
}

#ifdef SO_PEERCRED
static bool peer_of(int fd, uid_t *user)
{
	struct ucred peer;
	socklen_t len = sizeof peer;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0)
		return false;
	*user = peer.uid;
	return true;
}
#else
/* The BSDs and macOS; elsewhere nobody but root's files could tell. */
static bool peer_of(int fd, uid_t *user)
{
	gid_t group;

	return getpeereid(fd, user, &group) == 0;
}
#endif

bool port_peer_is_own(struct port *p, port_sock s)
{
	uid_t user;

	return peer_of(socket_entry(p, s)->fd, &user) && (user == 0 || user == geteuid());
}
