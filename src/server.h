/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The status socket: whoever connects gets the report and the end of the
 * stream.  Nothing is read, so that there is nothing to send it.
 */
#ifndef TS_SERVER_H
#define TS_SERVER_H

#include <json-c/json.h>

struct server;

/* 0 or -errno. */
int server_open(struct server **out, const char *path);
void server_close(struct server *s);

/* Readable when somebody waits. */
int server_fd(const struct server *s);

/* Answer everybody who waits with TEXT; never blocks. */
void server_answer(struct server *s, const char *text);

/*
 * The client side: read the report of the running daemon; its strings are safe to
 * print.  -ENOENT / -ECONNREFUSED: none runs; -EBADMSG: no report, or a cut one.
 */
int server_ask(json_object **out, const char *path);

#endif
