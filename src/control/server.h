/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The status sockets: whoever connects gets a report and the end of the stream.
 * Nothing is read, so that there is nothing to send it.
 *
 * One socket is for everybody: root reads of all processes there, others of
 * their own.  The other is for those who may read of all: root and a group.
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
 * Makes a report for READER, NULL for one who may read of all processes.  The
 * server frees it; NULL without memory.
 */
typedef char *server_text(void *arg, const uid_t *reader);

/* 0 or -errno. */
int server_open(struct server **out, const struct server_options *o);
void server_close(struct server *s);

/*
 * What to poll(2) for input: FDS are readable when somebody waits for an answer,
 * and -1 while a socket pauses.  Returns how long to poll at most, in ms, or -1.
 */
int server_wait(const struct server *s, uint64_t now_ns, struct pollfd fds[SERVER_DOORS]);

/*
 * A round at each socket that poll(2) found readable: answer a bounded number of
 * those who wait, by TEXT called at most once for each kind of reader.  Never
 * blocks.  NOW_NS is CLOCK_MONOTONIC.
 */
void server_answer(struct server *s, const struct pollfd fds[SERVER_DOORS], server_text *text,
		   void *arg, uint64_t now_ns);

/*
 * The client side: read the report of the running daemon; its strings are safe to
 * print.  -ENOENT / -ECONNREFUSED: none runs; -EACCES: not for this user;
 * -EBADMSG: no report, or a cut one.
 */
int server_ask(json_object **out, const char *path);

#endif
