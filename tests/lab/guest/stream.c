/* SPDX-License-Identifier: GPL-2.0 */
/*
 * stream - bandwidth of a node's memory, read or written line after line by some threads.
 *
 * A thread touches one word of each line: memory moves whole lines, and so the emulation of the
 * loads is not what is measured. Bytes are lines touched x 64; what caches write back on their own
 * is not counted.  Each thread has its part of the buffer, which together should be several times
 * the caches.  Prints one JSON line: MB/s (10^6) of all threads together.
 */
#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <numa.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nodes.h"

enum { MAX_THREADS = 256, MAX_NODES = 64, BLOCK_BYTES = 4096 };

struct worker {
	pthread_t thread;
	int cpu_node;
	unsigned int index; /* among those of its node */
	char *memory;
	size_t bytes;
	uint64_t moved;
};

static pthread_barrier_t start_line;
static uint64_t deadline_ns; /* set by the last one there */
static uint64_t duration_ns = 500 * 1000000ull;
static unsigned int read_percent = 100;

static void touch_block(char *block, bool is_read)
{
	for (size_t i = 0; i < BLOCK_BYTES; i += LINE_BYTES) {
		volatile uint64_t *word = (volatile uint64_t *)(block + i);

		if (is_read)
			(void)*word;
		else
			*word = i;
	}
}

static void *work(void *arg)
{
	struct worker *w = arg;
	unsigned int share = 0;
	size_t at = 0;

	run_on(w->cpu_node, w->index);
	/* NOLINTNEXTLINE(bugprone-posix-return): the value it is compared with is -1 here */
	if (pthread_barrier_wait(&start_line) == PTHREAD_BARRIER_SERIAL_THREAD)
		deadline_ns = now_ns() + duration_ns;
	pthread_barrier_wait(&start_line);
	do {
		for (int i = 0; i < 8; i++) {
			share += read_percent;
			touch_block(w->memory + at, share >= 100);
			if (share >= 100)
				share -= 100;
			at = at + BLOCK_BYTES < w->bytes ? at + BLOCK_BYTES : 0;
		}
		w->moved += 8 * BLOCK_BYTES;
	} while (now_ns() < deadline_ns);
	return NULL;
}

static size_t parse_nodes(int *nodes, const char *text)
{
	size_t nr = 0;
	char *copy = strdup(text), *save = NULL;

	for (char *word = strtok_r(copy, ",", &save); word; word = strtok_r(NULL, ",", &save)) {
		if (nr == MAX_NODES)
			errx(2, "too many nodes");
		nodes[nr++] = (int)parse_number("cpu-node", word, 0, 1023);
	}
	free(copy);
	return nr;
}

static int usage(void)
{
	fprintf(stderr, "usage: stream --cpu-node C[,C...] --mem-node N [--threads T] [--size 64M] "
			"[--reads PERCENT] [--ms 500]\n"
			"threads are dealt to the CPU nodes in turn\n");
	return 2;
}

int main(int argc, char **argv)
{
	static const struct option longs[] = {
		{"cpu-node", required_argument, NULL, 'c'},
		{"mem-node", required_argument, NULL, 'm'},
		{"threads", required_argument, NULL, 't'},
		{"size", required_argument, NULL, 's'},
		{"reads", required_argument, NULL, 'r'},
		{"ms", required_argument, NULL, 'd'},
		{0},
	};
	static struct worker workers[MAX_THREADS];
	int cpu_nodes[MAX_NODES], mem_node = -1, c;
	unsigned int nr_threads = 1;
	size_t bytes = 64 << 20, nr_cpu_nodes = 0;
	uint64_t start, took, moved = 0;
	char *memory;

	while ((c = getopt_long(argc, argv, "", longs, NULL)) >= 0) {
		switch (c) {
		case 'c':
			nr_cpu_nodes = parse_nodes(cpu_nodes, optarg);
			break;
		case 'm':
			mem_node = (int)parse_number("mem-node", optarg, 0, 1023);
			break;
		case 't':
			nr_threads = (unsigned int)parse_number("threads", optarg, 1, MAX_THREADS);
			break;
		case 's':
			bytes = parse_size("size", optarg);
			break;
		case 'r':
			read_percent = (unsigned int)parse_number("reads", optarg, 0, 100);
			break;
		case 'd':
			duration_ns = parse_number("ms", optarg, 1, 600000) * 1000000;
			break;
		default:
			return usage();
		}
	}
	if (optind < argc || !nr_cpu_nodes || mem_node < 0)
		return usage();
	if (numa_available() < 0)
		errx(1, "no NUMA in this kernel");
	if (bytes / nr_threads < BLOCK_BYTES)
		errx(2, "--size is less than a page for each thread");
	run_on(cpu_nodes[0], 0);
	memory = memory_on(mem_node, bytes);
	pthread_barrier_init(&start_line, NULL, nr_threads + 1);
	for (unsigned int i = 0; i < nr_threads; i++) {
		struct worker *w = &workers[i];

		w->cpu_node = cpu_nodes[i % nr_cpu_nodes];
		w->index = i / (unsigned int)nr_cpu_nodes;
		w->bytes = bytes / nr_threads & ~(size_t)(BLOCK_BYTES - 1);
		w->memory = memory + i * w->bytes;
		errno = pthread_create(&w->thread, NULL, work, w);
		if (errno)
			err(1, "no thread");
	}
	/* NOLINTNEXTLINE(bugprone-posix-return): the value it is compared with is -1 here */
	if (pthread_barrier_wait(&start_line) == PTHREAD_BARRIER_SERIAL_THREAD)
		deadline_ns = now_ns() + duration_ns;
	start = now_ns();
	pthread_barrier_wait(&start_line);
	for (unsigned int i = 0; i < nr_threads; i++) {
		pthread_join(workers[i].thread, NULL);
		moved += workers[i].moved;
	}
	took = now_ns() - start;
	printf("{\"stream\": {\"cpu_node\": %d, \"mem_node\": %d, \"threads\": %u, \"bytes\": %zu, "
	       "\"reads_percent\": %u, \"mbps\": %.0f}}\n",
	       cpu_nodes[0], mem_node, nr_threads, bytes, read_percent,
	       (double)moved * 1000 / (double)took);
	return 0;
}
