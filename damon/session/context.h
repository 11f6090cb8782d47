/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The configuration that a session writes into its slot: intervals, region limits, targets, and
 * schemes for snapshots where they are needed.
 */
#ifndef TS_DAMON_CONTEXT_H
#define TS_DAMON_CONTEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "damon/session/members.h"

/* Bounds of auto-tuning.  An aggregation longer than 10 s is too late for a scheduler. */
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

/* What a context's files tell about this kernel. */
struct context_features {
	bool vaddr, auto_intervals;
	bool fvaddr;			     /* it can monitor given ranges of a process */
	bool obsolete_target, tried_regions; /* known only after context_probe() */
};

/*
 * Region limits for NR_TARGETS processes.  All processes of a context share one budget of regions.
 * Each region costs two page-table walks a sampling interval, wherever it lies.  So the budget
 * bounds the cost.  It grows in steps, because a change throws away the aggregation under way.
 */
struct context_limits context_limits_for(size_t nr_targets);

/* Read what can be read without making a target. */
void context_features(struct context_features *out, const struct context *c);

/*
 * The same, and make one target and one scheme for a moment to read the rest.  Only for an idle
 * slot of ours.  0 or a negative errno.
 */
int context_probe(struct context_features *out, const struct context *c);

/* UPDATE_US has the slot's mark, see damon/slot/slots.h.  All of these: 0 or a negative errno. */
int context_write_intervals(const struct context *c, const struct context_intervals *intervals,
			    uint64_t update_us, bool auto_intervals);
/* OPERATIONS is "vaddr" or "fvaddr". */
int context_write_operations(const struct context *c, const char *operations);
int context_write_limits(const struct context *c, const struct context_limits *limits);
/*
 * The ranges of a new target are cut into CONTEXT_LEAST_PIECES at least.  Otherwise it takes a
 * second until its regions are small.  The kernel does the same with areas that it finds itself.
 */
#define CONTEXT_LEAST_PIECES 10
int context_write_targets(const struct context *c, const struct commit_target *targets, size_t nr);

/* Write NR "stat" schemes, one for each target index.  Each reports only that target's regions. */
int context_write_schemes(const struct context *c, size_t nr);

int context_command(const struct context *c, const char *command);

/* Thread id of the running kdamond.  0 when it does not run, -ENOENT without the slot. */
int context_thread(const struct context *c);

/* Read the intervals in force.  0 or a negative errno. */
int context_read_intervals(struct context_intervals *out, const struct context *c);

#endif
