/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Each line of a buffer points to another line.  Their order is a linear congruential sequence of
 * full period (modulus a power of two, multiplier 1 modulo 4, odd increment).  So every line comes
 * once, and no prefetcher sees a pattern.  The buffer is written in address order.  Then it is
 * flushed from the caches, where the machine can do that, so that a last-level cache of any size
 * finds nothing.  One chain serves all CPU nodes, which follow it one after the other.
 */
#include "numa/probe.h"

#include <errno.h>
#include <numaif.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"

enum {
	LINE_BYTES = 64,
	ROUND_LOADS = 1024,
	MAX_ROUNDS = 512,
	FEWEST_ROUNDS = 5,
	NICE = 10,
};
#define LONGEST_NS (2 * NSEC_PER_SEC) /* the longest time a pair takes on a busy machine */

struct line {
	struct line *next;
	char rest[LINE_BYTES - sizeof(struct line *)];
};

struct probe {
	const struct topology *t;
	uint32_t *latency_ns;
};

static void flush_line(const void *line)
{
#if defined(__x86_64__)
	__asm__ volatile("clflush (%0)" : : "r"(line) : "memory");
#elif defined(__aarch64__)
	__asm__ volatile("dc civac, %0" : : "r"(line) : "memory");
#else
	(void)line;
#endif
}

/* A power of two, at most PROBE_BYTES and 1/16 of the node. */
static uint64_t chain_bytes(const struct topology_node *node)
{
	uint64_t bytes = PROBE_BYTES;

	while (bytes > node->mem_bytes / 16)
		bytes /= 2;
	return bytes;
}

static struct line *make_chain(unsigned int node, uint64_t bytes)
{
	uint64_t mask = bytes / sizeof(struct line) - 1;
	size_t word_bits = 8 * sizeof(unsigned long), nr_words = node / word_bits + 1;
	_cleanup_free_ unsigned long *nodes = calloc(nr_words, sizeof(*nodes));
	struct line *lines;

	if (!nodes)
		return NULL;
	lines = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (lines == MAP_FAILED)
		return NULL;
	nodes[node / word_bits] = 1UL << node % word_bits;
	/* the kernel takes one bit less than this number */
	if (mbind(lines, bytes, MPOL_BIND, nodes, nr_words * word_bits + 1, 0)) {
		munmap(lines, bytes);
		return NULL;
	}
	/* large pages if there are any, so that walks of page tables are not measured */
	(void)madvise(lines, bytes, MADV_HUGEPAGE);
	for (uint64_t i = 0; i <= mask; i++)
		lines[i].next = &lines[(i * 1664525 + 1013904223) & mask];
	for (uint64_t i = 0; i <= mask; i++)
		flush_line(&lines[i]);
	return lines;
}

/* Run on any of the node's CPUs that this process may use. */
static int run_on(const struct topology_node *node)
{
	size_t size = CPU_ALLOC_SIZE(IDLIST_MAX_ID + 1);
	cpu_set_t *set = CPU_ALLOC(IDLIST_MAX_ID + 1);
	int r;

	if (!set)
		return -ENOMEM;
	CPU_ZERO_S(size, set);
	for (size_t i = 0; i < node->cpus.nr; i++)
		CPU_SET_S(node->cpus.ids[i], size, set);
	r = sched_setaffinity(0, size, set) ? -errno : 0;
	CPU_FREE(set);
	return r;
}

static int compare(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/*
 * CPU time of a load in ns.  It is the lower quartile of rounds, because some have an interrupt in
 * them or meet the traffic of others.  The first round warms the translations up.  There is no
 * quartile of few rounds, so a machine whose memory is slow, or a virtual machine whose CPU time
 * goes to others, has more than PROBE_NS.  0 when the CPU was too busy.
 */
static uint32_t follow(struct line **at)
{
	uint64_t start = clock_ns(CLOCK_MONOTONIC), spent = 0;
	double ns[MAX_ROUNDS];
	size_t nr = 0;

	while ((spent < PROBE_NS || nr <= FEWEST_ROUNDS) && nr < MAX_ROUNDS &&
	       clock_ns(CLOCK_MONOTONIC) - start < LONGEST_NS) {
		uint64_t before = clock_ns(CLOCK_THREAD_CPUTIME_ID), took;
		struct line *p = *at;

		for (int i = 0; i < ROUND_LOADS / 8; i++) {
			p = p->next->next->next->next->next->next->next->next;
			__asm__ volatile("" : "+r"(p)); /* so that the compiler keeps the loads */
		}
		*at = p;
		took = clock_ns(CLOCK_THREAD_CPUTIME_ID) - before;
		spent += took;
		ns[nr++] = (double)took / ROUND_LOADS;
	}
	if (nr <= FEWEST_ROUNDS)
		return 0;
	qsort(ns + 1, nr - 1, sizeof(*ns), compare);
	return (uint32_t)(ns[1 + (nr - 1) / 4] + 0.5);
}

static void probe_node(struct probe *p, size_t to)
{
	const struct topology_node *memory = &p->t->nodes[to];
	uint64_t bytes = chain_bytes(memory);
	struct line *lines = make_chain(memory->id, bytes), *at = lines;

	if (!lines) {
		log_warning("cannot take %llu MB of node %u to measure it",
			    (unsigned long long)(bytes >> 20), memory->id);
		return;
	}
	for (size_t from = 0; from < p->t->nr_nodes; from++) {
		const struct topology_node *cpus = &p->t->nodes[from];
		uint32_t *out = &p->latency_ns[from * p->t->nr_nodes + to];

		if (!cpus->cpus.nr)
			continue;
		if (!run_on(cpus))
			*out = follow(&at);
		if (!*out)
			log_warning("cannot measure memory of node %u from CPUs of node %u: they "
				    "are too busy, or not allowed here",
				    memory->id, cpus->id);
	}
	munmap(lines, bytes);
}

static void *probe_thread(void *arg)
{
	struct probe *p = arg;

	if (setpriority(PRIO_PROCESS, 0, NICE)) /* Linux does this for the thread only */
		log_debug("cannot lower the probe's priority: %m");
	for (size_t to = 0; to < p->t->nr_nodes; to++)
		if (p->t->nodes[to].mem_bytes >= 16 * 4096)
			probe_node(p, to);
	return NULL;
}

int probe_latencies(uint32_t *latency_ns, const struct topology *t)
{
	struct probe p = {.t = t, .latency_ns = latency_ns};
	pthread_t thread;
	int r;

	memset(latency_ns, 0, t->nr_nodes * t->nr_nodes * sizeof(*latency_ns));
	r = pthread_create(&thread, NULL, probe_thread, &p);
	if (r)
		return -r;
	pthread_join(thread, NULL);
	return 0;
}
