/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The harness of the benchmark's workloads.
 *
 * A workload says what to set up and what one operation is; the harness reads the options, puts the
 * data on the node asked for, lets threads do the operation for ever, and tells what they did in a
 * window of time, as one line of JSON.  See --help of any workload for the options.
 *
 *   window   without --control one: --seconds after --warm seconds.  With it, each line "measure
 *            SECONDS" on standard input opens one, "quit" or the end of input ends the program;
 *            threads work on between windows.  {"ready": true, ...} says that they have begun.
 *   memory   setup runs under the policy of --node or --interleave and has to write what it
 *            allocates, so that it is there and on that node.  The threads run under the default
 *            policy, so the kernel may move their pages as it would any program's.  No huge pages:
 *            DAMON can see no finer than one of them.
 *   places   threads are not pinned.  An operation's time is booked to the node on whose CPU it
 *            ended.
 *   TLB      DAMON clears accessed bits without a TLB flush.  A processor's TLB forgets by itself
 *            what it has no room for, QEMU's does not, and pages in constant use would look idle.
 *            So the process drops its TLB every ten milliseconds, on all CPUs at once, between
 *            operations (tests/lab/guest/memtouch.c has more).  --no-tlb-drop turns that off.
 */
#ifndef BENCH_H
#define BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "tally.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { BENCH_MAX_NODES = TALLY_NODES, BENCH_MAX_THREADS = 256 };

/* A list of nodes in the order given. */
struct bench_nodes {
	size_t nr;
	int node[BENCH_MAX_NODES];
};

enum bench_kind {
	BENCH_FLAG,    /* bool */
	BENCH_NUMBER,  /* uint64_t, from min to max */
	BENCH_SIZE,    /* uint64_t, bytes, from min to max */
	BENCH_SECONDS, /* double */
	BENCH_WORD,    /* const char *, one of words */
	BENCH_TEXT,    /* const char * */
	BENCH_NODES,   /* struct bench_nodes, from min to max of them */
};

/* A table of these ends with one that has no name. */
struct bench_option {
	const char *name; /* without the dashes */
	enum bench_kind kind;
	void *value; /* of the type above; what it holds is the default */
	uint64_t min, max;
	const char *words; /* "spin|fork" */
	const char *help;
};

/* What the harness was told; fixed when setup runs. */
struct bench_settings {
	uint64_t nr_threads;
	uint64_t seed;
	struct bench_nodes node, interleave, near;
	uint64_t near_mask; /* of near, a bit a node */
	double seconds, warm;
	bool control, no_tlb_drop;
};

#define BENCH_MEASURED UINT64_MAX

/* One operation: what the harness says, then what the workload may change. */
struct bench_op {
	uint64_t start_ns;   /* CLOCK_MONOTONIC */
	uint64_t units;	     /* 1 */
	uint64_t latency_ns; /* BENCH_MEASURED: as long as it took */
	uint64_t busy_ns;    /* to book to a node; BENCH_MEASURED likewise */
	uint64_t near_nodes; /* which nodes are near: those of --near */
	uint64_t own[TALLY_OWN];
	bool unrecorded; /* this was none */
};

/* A thread that does operations. */
struct bench_worker {
	unsigned int index;
	unsigned int nr; /* of such threads */
	uint64_t random; /* state for draw.h, another in each */
	void *own;
};

struct bench {
	const char *workload, *variant, *unit; /* variant may be NULL */
	const struct bench_option *options;    /* its own; may be NULL */
	/* When the options are read: which of them do not fit together, what variant and op they
	 * mean; may be NULL. */
	void (*check)(struct bench *bench, struct bench_settings *settings);
	/* Allocates and writes the data; returns their bytes. */
	uint64_t (*setup)(const struct bench_settings *settings);
	/* In each thread, before its first operation, which setup's policy no longer governs; may
	 * be NULL. */
	void (*begin)(struct bench_worker *worker);
	void (*op)(struct bench_worker *worker, struct bench_op *op);
	/* Every 20 ms in the main thread, for what is seen from outside (bench_place); may be NULL.
	 */
	void (*sample)(void);
	/* Own fields, each with ", " in front: of every line; of a window.  May be NULL. */
	void (*facts)(FILE *out);
	void (*fields)(FILE *out, const struct tally *window);
	bool keep_tlb; /* there are no data whose heat could matter */
};

/* Reads options, runs the workload and ends the program. */
void bench_main(struct bench *bench, int argc, char **argv) __attribute__((noreturn));

/* Reads options of both tables (own may be NULL) and returns the index of the first word that is
 * none.  What is wrong is told in one line, and the program ends with status 2; --help prints usage
 * and both tables. */
int bench_options(const struct bench_option *own, const struct bench_option *common,
		  const char *usage, int argc, char **argv);

/* The program ends with a line on stderr: status 2, bad options; status 1, it could not be done. */
void bench_usage(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));
void bench_fail(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

/* For setup: memory under the policy, zeroed, all there; and another policy than the options' (-1:
 * none). */
void *bench_memory(uint64_t bytes);
void bench_bind(const char *option, int node);

/* For sample: so long on a CPU of that node. */
void bench_place(unsigned int node, uint64_t ns);

uint64_t bench_now_ns(void);

/* The value is needed: the compiler may not drop how it came about. */
static inline void bench_consume(uint64_t value)
{
	__asm__ volatile("" : : "r"(value));
}

#ifdef __cplusplus
}
#endif

#endif
