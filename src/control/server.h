/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The status sockets: a client connects, gets a report, and then the end of the stream.  The
 * server reads nothing, so clients cannot send it anything.
 *
 * One socket is for everybody: root reads of all processes there, others read of their own.  The
 * other socket is for those who may read of all processes: root and a group.
 */
#ifndef TS_SERVER_H
#define TS_SERVER_H

#include <json-c/json.h>
#include <poll.h>
#include <stdint.h>
#include <sys/types.h>

#define SERVER_DOORS 2

struct server;

struct server_options {
	const char *path, *path_all;
	gid_t group;	    /* may read of all processes; (gid_t)-1: root alone */
	uint64_t period_ns; /* between two rounds of answers, at least */
};

/*
 * Makes a report for READER (NULL: a reader who may read of all processes).  The server frees it.
 * NULL without memory.
 */
typedef char *server_text(void *arg, const uid_t *reader);

/* 0 or -errno. */
int server_open(struct server **out, const struct server_options *o);
void server_close(struct server *s);

/*
 * What to poll(2) for input.  One of FDS is readable when a client waits for an answer, and is -1
 * while its socket pauses.  Returns for how many ms to poll at most, or -1.
 */
int server_wait(const struct server *s, uint64_t now_ns, struct pollfd fds[SERVER_DOORS]);

/*
 * A round at each socket that poll(2) found readable: answer a bounded number of the clients that
 * wait.  It calls TEXT at most once for each kind of reader.  It never blocks.  NOW_NS is
 * CLOCK_MONOTONIC.
 */
void server_answer(struct server *s, const struct pollfd fds[SERVER_DOORS], server_text *text,
		   void *arg, uint64_t now_ns);

/*
 * The client side: read the report of the running daemon.  Its strings are safe to print.
 * -ENOENT or -ECONNREFUSED: no daemon runs; -EACCES: this user may not read it; -EBADMSG: it is
 * no report, or a cut one.
 */
int server_ask(json_object **out, const char *path);

#endif
