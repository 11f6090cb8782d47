/* SPDX-License-Identifier: GPL-2.0 */
/* The processes under management, each with its last sample, its model, and what was published. */
#ifndef TS_MANAGED_H
#define TS_MANAGED_H

#include "counters/metrics.h"
#include "damon/damon.h"
#include "daemon/lines.h"
#include "model/machine.h"
#include "model/model.h"
#include "process/process.h"
#include "sample/collect.h"
#include "sched/scheduler.h"
#include "tier/plan.h"

struct managed {
	struct choice choice;
	struct model_process *model;
	struct ts_profile published; /* generation 0: nothing yet */
	uint64_t since_ns;	     /* management began */
	struct collected sample;     /* the last one */
	size_t nr_regions;	     /* DAMON's, before views were folded */
	struct usage usage;	     /* what the scheduler counted; all 0 without one */
	struct extent *extent;	     /* where its memory is; NULL where the kernel does not tell */
	struct process_llc *llc;     /* NULL: not asked for, or there are no counters */
	struct metric llc_hits;
	struct lines lines;	  /* its count is with the planner while a plan is under way */
	struct plan_verdict tier; /* what the last plan says of it */
	uint64_t tier_ns;	  /* of that plan; 0: there was none */
	uint64_t rules_due_ns;	  /* plans leave it alone before this */
	int runs_at;		  /* the CPU node where it ran as of that plan, or MODEL_NO_NODE */
	bool gone;		  /* exited; dropped with the next choice */
};

struct managed_set {
	struct managed *items;
	size_t nr, capacity;
	struct damon_target *targets; /* as given to DAMON, in the order of items */
	struct collector *collector;
	const struct machine *machine; /* borrowed */
	bool by_extent; /* the kernel tells where memory is, and DAMON is given that */
	size_t look;	/* index of the item that the next look begins with */
};

/* BY_EXTENT: see extent_is_supported().  0 or -ENOMEM. */
int managed_init(struct managed_set *set, const struct machine *m, size_t max_processes,
		 bool by_extent);
void managed_deinit(struct managed_set *set);

/*
 * Make CHOSEN the set.  Newcomers begin, the others keep their history, and those that left are
 * dropped from S (may be NULL).  Sets *CHANGED.  0 or -ENOMEM.
 */
int managed_update(struct managed_set *set, const struct choice *chosen, size_t nr, struct sched *s,
		   uint64_t now_ns, bool *changed);

/*
 * Look where the memory of the processes is, in turns, until UNTIL_NS (CLOCK_MONOTONIC, as
 * NOW_NS).  The next call goes on with the rest.  True when some memory is not where DAMON was
 * told.
 */
bool managed_look(struct managed_set *set, uint64_t now_ns, uint64_t until_ns);

/*
 * Read how often each process hits the last-level caches.  Once a second is often enough.  0, or
 * -errno where one of them cannot be counted.
 */
int managed_count_hits(struct managed_set *set, uint64_t now_ns);

/* Make samples of the snapshots and of what S (may be NULL) has counted. */
void managed_collect(struct managed_set *set, const struct damon_snapshot *snapshots, size_t nr,
		     struct sched *s, uint64_t now_ns);

/* Feed the samples of NOW_NS to the models. */
void managed_model(struct managed_set *set, const struct model_options *options, uint64_t now_ns);

#endif
