/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The status sockets.
 *
 * Anybody may connect, as often as he likes, and that must not cost the daemon much time.  So
 * clients are answered in rounds.  A round answers a few clients.  All clients of one user get the
 * same text.  A pause follows each round.  It lasts a period, or longer where reports are dear on
 * this machine, so that rounds take a small share of a CPU.  Clients that come in between wait in
 * the kernel's queue, where they cost nothing.
 *
 * Those who may read of all processes have a socket of their own.  (In this file a socket is a
 * door.)  The kernel lets them in by the rights of its file.  So a crowd at the other socket does
 * not keep them out, and they never wait for more than the period.
 */
#include "control/server.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>

#include "base/clock.h"
#include "base/util.h"
#include "report/report.h"

enum {
	BACKLOG = 128,
	ROUND_CLIENTS = 8, /* at a door */
	PAUSE_A_COST = 49, /* costs of a round; so rounds take at most 2 % of a CPU ... */
	REPORT_MAX = 16 << 20,
};
#define LONGEST_PAUSE_NS (2 * NSEC_PER_SEC) /* ... where this is enough; a client waits for 5 s */

struct door {
	int fd;
	bool for_all; /* its clients read of all processes */
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
	uint64_t next_ns; /* no round before */
};

struct server {
	struct door doors[SERVER_DOORS];
	uint64_t period_ns;
};

struct client {
	int fd;
	bool for_all;
	uid_t uid;
	char *text; /* built for this client; NULL: another client's text is the same */
};

static int make_address(struct sockaddr_un *out, const char *path)
{
	*out = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (strlen(path) >= sizeof(out->sun_path))
		return -ENAMETOOLONG;
	strcpy(out->sun_path, path);
	return 0;
}

static int open_door(struct door *door, const char *path, mode_t mode, gid_t group)
{
	struct sockaddr_un address;
	int r = make_address(&address, path);

	if (r < 0)
		return r;
	strcpy(door->path, path);
	door->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	/* a daemon that died may have left it; we hold the lock, so none is alive */
	unlink(path);
	/* whatever mode the umask gave it, nobody can connect before listen() */
	if (door->fd < 0 || bind(door->fd, (struct sockaddr *)&address, sizeof(address)) ||
	    chown(path, (uid_t)-1, group) || chmod(path, mode) || listen(door->fd, BACKLOG))
		return -errno;
	return 0;
}

int server_open(struct server **out, const struct server_options *o)
{
	bool has_group = o->group != (gid_t)-1;
	struct server *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		return -ENOMEM;
	*s = (struct server){
		.period_ns = o->period_ns,
		.doors = {{.fd = -1, .for_all = true}, {.fd = -1}},
	};
	r = open_door(&s->doors[0], o->path_all, has_group ? 0660 : 0600, o->group);
	if (!r)
		r = open_door(&s->doors[1], o->path, 0666, (gid_t)-1);
	if (r < 0) {
		server_close(s);
		return r;
	}
	*out = s;
	return 0;
}

void server_close(struct server *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(s->doors); i++) {
		if (s->doors[i].fd >= 0)
			unlink(s->doors[i].path);
		close_fd(&s->doors[i].fd);
	}
	free(s);
}

int server_wait(const struct server *s, uint64_t now_ns, struct pollfd fds[SERVER_DOORS])
{
	int timeout_ms = -1;

	for (size_t i = 0; i < SERVER_DOORS; i++) {
		const struct door *door = &s->doors[i];
		bool pauses = now_ns < door->next_ns;
		int left_ms = pauses ? (int)((door->next_ns - now_ns) / NSEC_PER_MSEC) + 1 : -1;

		fds[i] = (struct pollfd){.fd = pauses ? -1 : door->fd, .events = POLLIN};
		if (pauses)
			timeout_ms = timeout_ms < 0 ? left_ms : MIN(timeout_ms, left_ms);
	}
	return timeout_ms;
}

static size_t let_in(struct client *clients, const struct door *door)
{
	size_t nr = 0;

	while (nr < ROUND_CLIENTS) {
		int fd = accept4(door->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		struct ucred who;
		socklen_t size = sizeof(who);

		if (fd < 0)
			break;
		if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size)) {
			close(fd);
			continue;
		}
		clients[nr++] = (struct client){
			.fd = fd, .for_all = door->for_all || !who.uid, .uid = who.uid};
	}
	return nr;
}

/* The text for clients[AT].  An earlier client may have the same one. */
static const char *text_for(struct client *clients, size_t at, server_text *text, void *arg)
{
	struct client *c = &clients[at];

	for (size_t i = 0; i < at; i++)
		if (clients[i].text && clients[i].for_all == c->for_all &&
		    (c->for_all || clients[i].uid == c->uid))
			return clients[i].text;
	c->text = text(arg, c->for_all ? NULL : &c->uid);
	return c->text;
}

static void tell(int fd, const char *text)
{
	int size = (int)strlen(text) + 4096;

	setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
	/* a client that does not read all of it gets a cut report, and will say so itself */
	(void)!send(fd, text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void answer(struct server *s, struct door *door, server_text *text, void *arg,
		   uint64_t now_ns)
{
	uint64_t cpu_before = clock_ns(CLOCK_THREAD_CPUTIME_ID), pause_ns = 0;
	struct client clients[ROUND_CLIENTS];
	/* accept all first: a client that asks again after its answer waits for the next round */
	size_t nr = let_in(clients, door);

	for (size_t i = 0; i < nr; i++) {
		const char *his = text_for(clients, i, text, arg);

		if (his)
			tell(clients[i].fd, his);
		close(clients[i].fd);
	}
	for (size_t i = 0; i < nr; i++)
		free(clients[i].text);
	if (!door->for_all)
		pause_ns = PAUSE_A_COST * (clock_ns(CLOCK_THREAD_CPUTIME_ID) - cpu_before);
	door->next_ns = now_ns + MAX(s->period_ns, MIN(pause_ns, LONGEST_PAUSE_NS));
}

void server_answer(struct server *s, const struct pollfd fds[SERVER_DOORS], server_text *text,
		   void *arg, uint64_t now_ns)
{
	for (size_t i = 0; i < SERVER_DOORS; i++)
		if (fds[i].revents)
			answer(s, &s->doors[i], text, arg, now_ns);
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
	/* a stopped daemon accepts nobody: do not wait for ever */
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
