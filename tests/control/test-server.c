/* SPDX-License-Identifier: GPL-2.0 */
/* The status sockets: rounds, readers, and clients that do not behave. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "base/util.h"
#include "control/server.h"

#define PERIOD_NS (100 * NSEC_PER_MSEC)
#define LONGEST_NS (2 * NSEC_PER_SEC) /* pause that a costly round has */

struct fixture {
	char base[32], path[64], path_all[64];
	struct server *server;
	uint64_t now_ns;
	/* what the reports were made for */
	size_t nr_made;
	bool made_for_all;
	uid_t made_for;
	size_t size; /* of a report; 0: a short one */
};

static int open_server(struct fixture *f, gid_t group)
{
	struct server_options options = {f->path, f->path_all, group, PERIOD_NS};

	return server_open(&f->server, &options);
}

static int begin(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	if (!f)
		return -1;
	strcpy(f->base, "/tmp/test-server-XXXXXX");
	if (!mkdtemp(f->base) || chmod(f->base, 0755))
		return -1;
	snprintf(f->path, sizeof(f->path), "%s/status", f->base);
	snprintf(f->path_all, sizeof(f->path_all), "%s/all", f->base);
	f->now_ns = NSEC_PER_SEC;
	*state = f;
	return open_server(f, (gid_t)-1);
}

static int end(void **state)
{
	struct fixture *f = *state;
	int r;

	server_close(f->server);
	r = rmdir(f->base); /* nothing is left in it */
	free(f);
	return r;
}

static char *make(void *arg, const uid_t *reader)
{
	struct fixture *f = arg;
	char *text;

	f->nr_made++;
	f->made_for_all = !reader;
	f->made_for = reader ? *reader : 0;
	if (!f->size)
		return reader ? strdup("{\"scope\": \"own\"}") : strdup("{\"scope\": \"all\"}");
	text = malloc(f->size + 1);
	memset(text, ' ', f->size);
	text[f->size] = '\0';
	return text;
}

static int connect_to(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	strcpy(address.sun_path, path);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)))
		return -errno;
	return fd;
}

static void crowd(int *fds, size_t nr, const char *path)
{
	for (size_t i = 0; i < nr; i++) {
		fds[i] = connect_to(path);
		assert_true(fds[i] >= 0);
	}
}

/* How many have their answer and the end of it. */
static size_t answered(const int *fds, size_t nr)
{
	size_t got = 0;
	char text[64];

	for (size_t i = 0; i < nr; i++)
		got += recv(fds[i], text, sizeof(text), MSG_PEEK) > 0;
	return got;
}

static void leave(const int *fds, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		close(fds[i]);
}

static void round_by(struct fixture *f, server_text *text, void *arg)
{
	struct pollfd fds[SERVER_DOORS];

	(void)server_wait(f->server, f->now_ns, fds);
	assert_true(poll(fds, SERVER_DOORS, 0) >= 0);
	server_answer(f->server, fds, text, arg, f->now_ns);
}

static void round_after(struct fixture *f, uint64_t pause_ns)
{
	f->now_ns += pause_ns;
	round_by(f, make, f);
}

static void one_report_serves_a_round(void **state)
{
	struct fixture *f = *state;
	int fds[20];

	crowd(fds, 20, f->path);
	round_after(f, 0);
	assert_int_equal(f->nr_made, 1);
	assert_int_equal(answered(fds, 20), 8);
	round_after(f, PERIOD_NS / 2); /* not yet */
	assert_int_equal(answered(fds, 20), 8);
	round_after(f, LONGEST_NS);
	assert_int_equal(f->nr_made, 2);
	assert_int_equal(answered(fds, 20), 16);
	round_after(f, LONGEST_NS);
	assert_int_equal(answered(fds, 20), 20);
	round_after(f, LONGEST_NS);
	assert_int_equal(f->nr_made, 3); /* nobody waits, nothing is made */
	leave(fds, 20);
}

static char *make_slowly(void *arg, const uid_t *reader)
{
	volatile double sum = 0;

	for (int i = 0; i < 20000000; i++)
		sum = sum + i;
	return make(arg, reader);
}

/* At that of everybody; that of root is closed no longer than the period. */
static void a_costly_round_has_a_longer_pause(void **state)
{
	struct fixture *f = *state;
	struct pollfd fds[SERVER_DOORS];
	int client = connect_to(f->path), root = connect_to(f->path_all), timeout_ms;

	assert_true(client >= 0 && root >= 0);
	assert_int_equal(server_wait(f->server, f->now_ns, fds), -1);
	assert_true(fds[0].fd >= 0 && fds[1].fd >= 0);
	round_by(f, make_slowly, f);
	timeout_ms = server_wait(f->server, f->now_ns + PERIOD_NS / 2, fds);
	assert_true(timeout_ms >= 50 && timeout_ms <= 51);
	assert_true(fds[0].fd == -1 && fds[1].fd == -1);
	assert_true(server_wait(f->server, f->now_ns + PERIOD_NS, fds) > 0);
	assert_true(fds[0].fd >= 0 && fds[1].fd == -1);
	assert_int_equal(server_wait(f->server, f->now_ns + LONGEST_NS, fds), -1);
	assert_true(fds[0].fd >= 0 && fds[1].fd >= 0);
	close(client);
	close(root);
}

static void a_crowd_does_not_keep_root_out(void **state)
{
	struct fixture *f = *state;
	int fds[100], all;

	crowd(fds, 100, f->path);
	all = connect_to(f->path_all);
	assert_true(all >= 0);
	round_after(f, 0);
	assert_int_equal(answered(&all, 1), 1);
	assert_int_equal(f->nr_made, 2);
	leave(fds, 100);
	close(all);
}

static void silent_clients_hold_nobody_up(void **state)
{
	struct fixture *f = *state;
	int fds[4], gone;

	f->size = 4 << 20;
	gone = connect_to(f->path);
	close(gone);
	crowd(fds, 4, f->path);
	round_after(f, 0); /* nobody reads */
	assert_int_equal(answered(fds, 4), 4);
	leave(fds, 4);
}

static unsigned int mode_of(const char *path, gid_t *gid)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	*gid = st.st_gid;
	return st.st_mode & 07777;
}

static void modes_whatever_the_umask(void **state)
{
	static const mode_t masks[] = {0, 077};
	struct fixture *f = *state;
	gid_t gid, own = getegid();

	for (size_t i = 0; i < ARRAY_SIZE(masks); i++) {
		mode_t before;

		server_close(f->server);
		before = umask(masks[i]);
		assert_int_equal(open_server(f, (gid_t)-1), 0);
		assert_int_equal(mode_of(f->path, &gid), 0666);
		assert_int_equal(mode_of(f->path_all, &gid), 0600);
		server_close(f->server);
		assert_int_equal(open_server(f, own), 0);
		umask(before);
		assert_int_equal(mode_of(f->path, &gid), 0666);
		assert_int_equal(mode_of(f->path_all, &gid), 0660);
		assert_int_equal(gid, own);
	}
}

/* Connects as UID and waits for an answer: the child and its end of a pipe. */
static pid_t ask_as(const struct fixture *f, uid_t uid)
{
	int ready[2];
	char byte;
	pid_t pid;

	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (!pid) {
		char text[64];
		int fd, status = 1;

		if (setgid(uid) || setuid(uid))
			_exit(1);
		fd = connect_to(f->path_all);
		if (fd != -EACCES)
			_exit(2);
		fd = connect_to(f->path);
		if (fd >= 0 && write(ready[1], "r", 1) == 1) {
			while (recv(fd, text, sizeof(text), 0) < 0)
				usleep(1000);
			status = 0;
		}
		_exit(status);
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	return pid;
}

static void readers_are_told_apart(void **state)
{
	struct fixture *f = *state;
	int fd, status;
	pid_t pid;

	if (geteuid())
		skip();
	fd = connect_to(f->path);
	round_after(f, 0);
	assert_true(f->made_for_all);
	close(fd);
	pid = ask_as(f, 4711);
	round_after(f, LONGEST_NS);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_false(f->made_for_all);
	assert_int_equal(f->made_for, 4711);
	f->nr_made = 0;
	pid = ask_as(f, 4711);
	(void)ask_as(f, 4711);
	(void)ask_as(f, 4712);
	fd = connect_to(f->path);
	round_after(f, LONGEST_NS);
	assert_int_equal(f->nr_made, 3);
	for (int i = 0; i < 3; i++) {
		assert_true(waitpid(-1, &status, 0) > 0);
		assert_int_equal(status, 0);
	}
	close(fd);
}

/* What a daemon that does not escape would say. */
static char *make_unsafe(void *arg, const uid_t *reader)
{
	(void)arg, (void)reader;
	return strdup("{\"a\": [\"\\u001b[31m\", \"\xc2\x9b\", \"\\\\x1b\", {\"b\": "
		      "\"z\xc3\xbc\xe2\x82\"}]}");
}

static char *make_unsafe_key(void *arg, const uid_t *reader)
{
	(void)arg, (void)reader;
	return strdup("{\"a\": {\"\\u001b[31m\": 1}}");
}

static char *make_a_list(void *arg, const uid_t *reader)
{
	(void)arg, (void)reader;
	return strdup("[]");
}

/* server_ask() in a child, which prints to a pipe; 0 or what it returned. */
static int ask(struct fixture *f, server_text *text, char *out, size_t size)
{
	int answer[2], status;
	ssize_t nr;
	pid_t pid;

	assert_int_equal(pipe(answer), 0);
	pid = fork();
	if (!pid) {
		json_object *report;
		int r = server_ask(&report, f->path);
		const char *words =
			r ? "" : json_object_to_json_string_ext(report, JSON_C_TO_STRING_PLAIN);

		_exit(write(answer[1], words, strlen(words)) < 0 ? 99 : -r);
	}
	close(answer[1]);
	while (waitpid(pid, &status, WNOHANG) == 0) {
		f->now_ns += LONGEST_NS;
		round_by(f, text, f);
		usleep(1000);
	}
	nr = read(answer[0], out, size - 1);
	out[MAX(nr, 0)] = '\0';
	close(answer[0]);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void a_client_is_safe_from_another_daemon(void **state)
{
	struct fixture *f = *state;
	char text[256];

	assert_int_equal(ask(f, make_unsafe, text, sizeof(text)), 0);
	assert_string_equal(text, "{\"a\":[\"\\\\x1b[31m\",\"\\\\xc2\\\\x9b\",\"\\\\x1b\",{\"b\":"
				  "\"zü\\\\xe2\\\\x82\"}]}");
	assert_int_equal(ask(f, make_unsafe_key, text, sizeof(text)), EBADMSG);
	assert_int_equal(ask(f, make_a_list, text, sizeof(text)), EBADMSG);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(one_report_serves_a_round),
		TEST(a_costly_round_has_a_longer_pause),
		TEST(a_crowd_does_not_keep_root_out),
		TEST(silent_clients_hold_nobody_up),
		TEST(modes_whatever_the_umask),
		TEST(readers_are_told_apart),
		TEST(a_client_is_safe_from_another_daemon),
	};

	return cmocka_run_group_tests_name("server", tests, NULL, NULL);
}
