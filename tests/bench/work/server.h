/* SPDX-License-Identifier: GPL-2.0 */
/* The redis-server of kv-zipf: started, found, watched.  It ends with the process that started it.
 */
#ifndef BENCH_SERVER_H
#define BENCH_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct server {
	pid_t pid;
	char directory[64], socket[80];
};

/* Its memory follows the caller's policy.  Ends the program when there is no server to be had. */
void server_start(struct server *server, bool drop_tlb);
int server_connect(struct server *server);
/* When all connections are made, nothing in the file system is needed any more. */
void server_hide(struct server *server);

/* Sends all of a request and reads so many bytes of replies; false when the server is gone. */
bool server_ask(int fd, const char *request, size_t request_bytes, char *replies,
		size_t reply_bytes);

/* Books what its threads ran since the last call to the nodes of their CPUs (bench_place). */
void server_sample(const struct server *server);

#endif
