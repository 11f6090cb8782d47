/* SPDX-License-Identifier: GPL-2.0 */
/* The status socket. */
#include "server.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>

#include "base/util.h"
#include "foreign.h"

enum { BACKLOG = 16, REPORT_MAX = 16 << 20 };

struct server {
	int fd;
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
};

static int make_address(struct sockaddr_un *out, const char *path)
{
	*out = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (strlen(path) >= sizeof(out->sun_path))
		return -ENAMETOOLONG;
	strcpy(out->sun_path, path);
	return 0;
}

int server_open(struct server **out, const char *path)
{
	struct sockaddr_un address;
	struct server *s;
	int r = make_address(&address, path);

	if (r < 0)
		return r;
	s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	strcpy(s->path, path);
	s->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	/* one that died may have left it; the lock says that none lives */
	unlink(path);
	if (s->fd < 0 || bind(s->fd, (struct sockaddr *)&address, sizeof(address)) ||
	    chmod(path, 0666) || listen(s->fd, BACKLOG)) {
		r = -errno;
		close_fd(&s->fd);
		free(s);
		return r;
	}
	*out = s;
	return 0;
}

void server_close(struct server *s)
{
	if (!s)
		return;
	unlink(s->path);
	close(s->fd);
	free(s);
}

int server_fd(const struct server *s)
{
	return s->fd;
}

void server_answer(struct server *s, const char *text)
{
	int size = (int)strlen(text) + 4096;

	for (;;) {
		_cleanup_close_ int fd = accept4(s->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd < 0)
			return;
		setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
		/* a client that does not take it all gets a cut report and says so itself */
		(void)!send(fd, text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT);
	}
}

static int read_all(char **out, int fd)
{
	_cleanup_free_ char *text = NULL;
	size_t used = 0, size = 0;

	for (;;) {
		ssize_t n;

		if (used + 1 >= size) {
			char *grown;

			size = MAX(2 * size, (size_t)65536);
			grown = size > REPORT_MAX ? NULL : realloc(text, size);
			if (!grown)
				return -ENOMEM;
			text = grown;
		}
		n = read(fd, text + used, size - used - 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? -ETIMEDOUT : -errno;
		if (!n)
			break;
		used += (size_t)n;
	}
	text[used] = '\0';
	*out = TAKE(&text);
	return 0;
}

int server_ask(json_object **out, const char *path)
{
	/* a stopped daemon accepts nothing: do not wait for it for ever */
	struct timeval limit = {.tv_sec = 5};
	_cleanup_free_ char *text = NULL;
	_cleanup_close_ int fd = -1;
	struct sockaddr_un address;
	json_object *report;
	int r = make_address(&address, path);

	if (r < 0)
		return r;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) ||
	    connect(fd, (struct sockaddr *)&address, sizeof(address)))
		return -errno;
	r = read_all(&text, fd);
	if (r < 0)
		return r;
	report = json_tokener_parse(text);
	if (!json_object_is_type(report, json_type_object) || foreign_make_safe(report) < 0) {
		json_object_put(report);
		return -EBADMSG;
	}
	*out = report;
	return 0;
}
