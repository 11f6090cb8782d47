/* SPDX-License-Identifier: GPL-2.0 */
#include "server.h"

#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <numa.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

enum {
	START_LIMIT_S = 30,
	MAX_SEEN = 64,
	TOLD = 127, /* status of a child that was no server yet and has said why */
};

void server_hide(struct server *server)
{
	unlink(server->socket);
	rmdir(server->directory);
}

static void __attribute__((noreturn)) give_up(struct server *server, const char *what)
{
	server_hide(server);
	bench_fail("redis-server: %s", what);
}

/* Beside this program, as make leaves it. */
static void preload(void)
{
	static const char name[] = "tlb-drop.so";
	char path[4096];
	ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - sizeof(name));
	char *slash;

	path[length < 0 ? 0 : length] = '\0';
	slash = strrchr(path, '/');
	strcpy(slash ? slash + 1 : path, name);
	if (access(path, R_OK)) {
		warnx("%s is missing: make bench-programs, or --no-tlb-drop", path);
		_exit(TOLD);
	}
	setenv("LD_PRELOAD", path, 1);
}

static void __attribute__((noreturn)) run(struct server *server, pid_t parent, bool drop_tlb)
{
	int null = open("/dev/null", O_RDWR);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (null < 0 || getppid() != parent)
		_exit(1);
	/* Standard output is for results, and pipes must not outlive the client. */
	dup2(null, 0);
	dup2(null, 1);
	if (drop_tlb)
		preload();
	execlp("redis-server", "redis-server", "--port", "0", "--unixsocket", server->socket,
	       "--dir", server->directory, "--save", "", "--appendonly", "no", "--daemonize", "no",
	       "--logfile", "/dev/null", "--loglevel", "warning", "--enable-debug-command", "local",
	       (char *)NULL);
	warn("redis-server cannot be run");
	_exit(TOLD);
}

int server_connect(struct server *server)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	strcpy(address.sun_path, server->socket);
	if (fd >= 0 && !connect(fd, (struct sockaddr *)&address, sizeof(address)))
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

static void wait_for_socket(struct server *server)
{
	uint64_t limit = bench_now_ns() + START_LIMIT_S * 1000000000ull;
	int fd, status;

	while ((fd = server_connect(server)) < 0) {
		if (waitpid(server->pid, &status, WNOHANG) == server->pid) {
			server_hide(server);
			if (WIFEXITED(status) && WEXITSTATUS(status) == TOLD)
				_exit(1);
			bench_fail("redis-server ended before it answered");
		}
		if (bench_now_ns() > limit)
			give_up(server, "no answer within 30 s");
		usleep(5000);
	}
	close(fd);
}

void server_start(struct server *server, bool drop_tlb)
{
	pid_t parent = getpid();
	const char *tmp = getenv("TMPDIR");

	if (!tmp || strlen(tmp) > 32)
		tmp = "/tmp";
	snprintf(server->directory, sizeof(server->directory), "%s/kv-zipf.XXXXXX", tmp);
	if (!mkdtemp(server->directory))
		bench_fail("%s: %s", server->directory, strerror(errno));
	snprintf(server->socket, sizeof(server->socket), "%s/socket", server->directory);
	server->pid = fork();
	if (server->pid < 0)
		give_up(server, strerror(errno));
	if (!server->pid)
		run(server, parent, drop_tlb);
	wait_for_socket(server);
}

bool server_ask(int fd, const char *request, size_t request_bytes, char *replies,
		size_t reply_bytes)
{
	ssize_t n;

	for (; request_bytes; request += n, request_bytes -= (size_t)n) {
		n = send(fd, request, request_bytes, MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			n = 0;
		else if (n < 0)
			return false;
	}
	for (; reply_bytes; replies += n, reply_bytes -= (size_t)n) {
		n = recv(fd, replies, reply_bytes, 0);
		if (n < 0 && errno == EINTR)
			n = 0;
		else if (n <= 0)
			return false;
	}
	return true;
}

/* Watching. */

/* What a thread had run when it was last looked at. */
struct seen {
	long tid;
	uint64_t ran_ns;
};

static bool read_text(char *text, size_t size, pid_t pid, long tid, const char *file)
{
	char path[64];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/task/%ld/%s", (int)pid, tid, file);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	n = read(fd, text, size - 1);
	close(fd);
	text[n < 0 ? 0 : n] = '\0';
	return n > 0;
}

/* Field 39 of stat, counted from the end of the name, which may hold anything. */
static int last_cpu(pid_t pid, long tid)
{
	char text[1024], *at;

	if (!read_text(text, sizeof(text), pid, tid, "stat") || !(at = strrchr(text, ')')))
		return -1;
	for (int field = 2; field < 39; field++)
		if (!(at = strchr(at + 1, ' ')))
			return -1;
	return atoi(at + 1);
}

static uint64_t *ran_before(long tid)
{
	static struct seen seen[MAX_SEEN];
	size_t i = 0;

	while (i < MAX_SEEN - 1 && seen[i].tid && seen[i].tid != tid)
		i++;
	if (seen[i].tid != tid)
		seen[i] = (struct seen){.tid = tid};
	return &seen[i].ran_ns;
}

static void sample_thread(pid_t pid, long tid)
{
	uint64_t ran_ns, *before = ran_before(tid);
	char text[128];
	int node;

	if (!read_text(text, sizeof(text), pid, tid, "schedstat"))
		return;
	ran_ns = strtoull(text, NULL, 10);
	if (ran_ns <= *before)
		return;
	node = numa_node_of_cpu(last_cpu(pid, tid));
	if (node >= 0)
		bench_place((unsigned int)node, ran_ns - *before);
	*before = ran_ns;
}

void server_sample(const struct server *server)
{
	char path[32];
	struct dirent *entry;
	DIR *tasks;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)server->pid);
	tasks = opendir(path);
	if (!tasks)
		bench_fail("redis-server is gone");
	while ((entry = readdir(tasks)))
		if (entry->d_name[0] != '.')
			sample_thread(server->pid, atol(entry->d_name));
	closedir(tasks);
}
