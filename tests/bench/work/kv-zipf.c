/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kv-zipf: a key-value store and its clients.
 *
 * Starts a redis-server of its own, whose memory is what --node and --interleave are about, fills
 * it, and has each thread send it pipelines of 16 requests on a connection of its own: 95% GET, 5%
 * SET, keys by Zipf's law.  An operation is a pipeline.  Popular keys are scattered over the order
 * of loading, and so over memory.
 *
 * near_percent is the server's, seen from outside: every 20 ms, what its threads have run since is
 * booked to the node of the CPU that they were last on.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"
#include "draw.h"
#include "server.h"

enum {
	PIPELINE = 16,
	SET_PERCENT = 5,
	COMMAND_BYTES = 96, /* a request without its value, or a reply's frame */
	SCATTER = 15485863, /* prime, and more than there may be keys */
};

static const char set_reply[] = "+OK\r\n";

struct client {
	int fd;
	struct zipf zipf;
	char *request, *replies;
	size_t reply_bytes[PIPELINE];
};

static uint64_t nr_keys = 60000, value_bytes = 1024;
static struct server server;
static int connections[BENCH_MAX_THREADS];
static char get_reply[32]; /* the head of one */

static void load(void)
{
	char request[160], number[24], size[24], reply[5];
	int fd = server_connect(&server);

	snprintf(number, sizeof(number), "%llu", (unsigned long long)nr_keys);
	snprintf(size, sizeof(size), "%llu", (unsigned long long)value_bytes);
	snprintf(request, sizeof(request),
		 "*5\r\n$5\r\nDEBUG\r\n$8\r\nPOPULATE\r\n$%zu\r\n%s\r\n$1\r\nk\r\n$%zu\r\n%s\r\n",
		 strlen(number), number, strlen(size), size);
	if (fd < 0 || !server_ask(fd, request, strlen(request), reply, sizeof(reply)) ||
	    memcmp(reply, set_reply, sizeof(reply))) {
		server_hide(&server);
		bench_fail("redis-server does not fill itself (DEBUG POPULATE)");
	}
	close(fd);
}

static uint64_t setup(const struct bench_settings *settings)
{
	server_start(&server, !settings->no_tlb_drop);
	load();
	for (uint64_t i = 0; i < settings->nr_threads; i++) {
		connections[i] = server_connect(&server);
		if (connections[i] < 0) {
			server_hide(&server);
			bench_fail("redis-server takes no more connections");
		}
	}
	server_hide(&server);
	snprintf(get_reply, sizeof(get_reply), "$%llu\r\n", (unsigned long long)value_bytes);
	return nr_keys * value_bytes;
}

static void begin(struct bench_worker *worker)
{
	size_t most = PIPELINE * (value_bytes + COMMAND_BYTES);
	struct client *client = calloc(1, sizeof(*client));

	if (!client || zipf_init(&client->zipf, nr_keys, 0.99) ||
	    !(client->request = malloc(most)) || !(client->replies = malloc(most)))
		bench_fail("no memory for a client");
	client->fd = connections[worker->index];
	worker->own = client;
}

static size_t add_request(char *at, uint64_t key, bool is_set)
{
	char name[24];
	int length = snprintf(name, sizeof(name), "k:%llu", (unsigned long long)key), head;

	if (!is_set)
		return (size_t)sprintf(at, "*2\r\n$3\r\nGET\r\n$%d\r\n%s\r\n", length, name);
	head = sprintf(at, "*3\r\n$3\r\nSET\r\n$%d\r\n%s\r\n%s", length, name, get_reply);
	memset(at + head, 'v', value_bytes);
	/* NOLINTNEXTLINE(bugprone-not-null-terminated-result): its length is returned */
	memcpy(at + head + value_bytes, "\r\n", 2);
	return (size_t)head + value_bytes + 2;
}

/* Every reply's length is known beforehand, so it is enough to look at how each begins. */
static void check_replies(const struct client *client)
{
	const char *at = client->replies;

	for (int i = 0; i < PIPELINE; i++) {
		bool is_set = client->reply_bytes[i] == strlen(set_reply);

		if (strncmp(at, is_set ? set_reply : get_reply,
			    strlen(is_set ? set_reply : get_reply)))
			bench_fail("redis-server's reply is not what was asked for: %.20s", at);
		at += client->reply_bytes[i];
	}
}

static void pipeline(struct bench_worker *worker, struct bench_op *op)
{
	struct client *client = worker->own;
	size_t request_bytes = 0, reply_bytes = 0;

	for (int i = 0; i < PIPELINE; i++) {
		bool is_set = draw_below(&worker->random, 100) < SET_PERCENT;
		uint64_t rank = zipf_draw(&client->zipf, &worker->random);

		request_bytes += add_request(client->request + request_bytes,
					     rank * SCATTER % nr_keys, is_set);
		client->reply_bytes[i] =
			is_set ? strlen(set_reply) : strlen(get_reply) + value_bytes + 2;
		reply_bytes += client->reply_bytes[i];
	}
	if (!server_ask(client->fd, client->request, request_bytes, client->replies, reply_bytes))
		bench_fail("redis-server is gone");
	check_replies(client);
	op->units = PIPELINE;
	op->busy_ns = 0; /* the server's place counts, not ours */
}

static void sample(void)
{
	server_sample(&server);
}

static void facts(FILE *out)
{
	fprintf(out, ", \"server_pid\": %d", (int)server.pid);
}

int main(int argc, char **argv)
{
	static const struct bench_option options[] = {
		{"keys", BENCH_NUMBER, &nr_keys, 1, SCATTER - 1, NULL, "how many"},
		{"value-size", BENCH_SIZE, &value_bytes, 16, 1 << 20, NULL, "bytes of each value"},
		{0},
	};
	struct bench bench = {.workload = "kv-zipf",
			      .unit = "requests",
			      .options = options,
			      .setup = setup,
			      .begin = begin,
			      .op = pipeline,
			      .sample = sample,
			      .facts = facts};

	bench_main(&bench, argc, argv);
}
