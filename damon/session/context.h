/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a session writes into its slot: intervals, region limits, targets, and
 * snapshot schemes where they are needed.
 */
#ifndef TS_DAMON_CONTEXT_H
#define TS_DAMON_CONTEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "damon/session/members.h"

/* Bounds of auto-tuning; longer than 10 s of aggregation is too late for a scheduler. */
#define CONTEXT_AUTO_ACCESS_BP 400
#define CONTEXT_AUTO_AGGREGATIONS 3
#define CONTEXT_AUTO_MIN_SAMPLE_US 5000
#define CONTEXT_AUTO_MAX_SAMPLE_US 500000

struct context {
	const char *sysroot;
	unsigned int slot;
};

struct context_intervals {
	uint64_t sample_us, aggregation_us;
};

struct context_limits {
	uint32_t min_regions, max_regions;
};

/* What the files that appear with a context tell about this kernel. */
struct context_features {
	bool vaddr, auto_intervals;
	bool fvaddr; /* monitors given ranges of a process */
	bool obsolete_target, tried_regions; /* known after context_probe() alone */
};

/*
 * Region limits for NR_TARGETS processes.  One context shares one budget: each
 * region costs two page-table walks a sampling interval, wherever it lies, so the
 * budget is what bounds the cost.  It grows in steps, because changing it
 * throws away the aggregation under way.
 */
struct context_limits context_limits_for(size_t nr_targets);

/* Reads what can be read with no target made. */
void context_features(struct context_features *out, const struct context *c);

/*
 * As above, and makes one target and one scheme for a moment.  Only on an idle
 * slot of ours.  0 or a negative errno.
 */
int context_probe(struct context_features *out, const struct context *c);

/* The mark in update_us is left alone.  All: 0 or a negative errno. */
int context_write_intervals(const struct context *c, const struct context_intervals *intervals, uint64_t update_us,
			    bool auto_intervals);
/* OPERATIONS is "vaddr" or "fvaddr". */
int context_write_operations(const struct context *c, const char *operations);
int context_write_limits(const struct context *c, const struct context_limits *limits);
/*
 * The ranges of a new target are cut into CONTEXT_LEAST_PIECES at least, as the kernel does with
 * what it finds by itself: else it takes a second until its regions are small.
 */
#define CONTEXT_LEAST_PIECES 10
int context_write_targets(const struct context *c, const struct commit_target *targets, size_t nr);

/* One "stat" scheme for each of NR target indices, which reports that target's regions only. */
int context_write_schemes(const struct context *c, size_t nr);

int context_command(const struct context *c, const char *command);

/* Thread id of the running kdamond; 0 when it does not run; -ENOENT without the slot. */
int context_thread(const struct context *c);

/* The intervals in force.  0 or a negative errno. */
int context_read_intervals(struct context_intervals *out, const struct context *c);

#endif
