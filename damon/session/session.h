/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The state that the files of a session share.  session.c opens and closes, targets.c sets
 * targets, snapshot.c reads.
 */
#ifndef TS_DAMON_SESSION_H
#define TS_DAMON_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "damon/damon.h"
#include "damon/read/regions.h"
#include "damon/read/trace.h"
#include "damon/session/context.h"
#include "damon/session/members.h"
#include "damon/slot/journal.h"

struct damon {
	char *sysroot, *journal_path;
	struct journal journal;
	struct context context;
	struct context_features features;
	struct context_intervals intervals; /* as asked for, or as the kernel has tuned them */
	struct context_limits limits;	    /* in force */
	bool auto_intervals, keep_stat;
	bool by_ranges;		/* the caller wants it, and the kernel can */
	struct trace *trace;	/* NULL: read tried_regions */
	struct members members; /* targets of the running kdamond, in its order */
	struct commit_plan plan;
	struct damon_target *wanted;
	/* The ranges that `wanted` points to, where ranges are used. */
	struct damon_ranges *wanted_ranges;
	size_t nr_wanted, wanted_capacity;
	struct regions regions;
	struct damon_snapshot *snapshots;
	size_t snapshots_capacity;
	size_t turn;  /* index of the member that the next snapshot begins with */
	pid_t thread; /* the running kdamond, 0: none */
	uint64_t restarted_ns;
};

uint64_t session_now_ns(void);

/* 0 or a negative errno. */
int session_store_journal(struct damon *d);

/* Claim a slot.  0, DAMON_E_BUSY or a negative errno. */
int session_claim(struct damon *d);

/* Does the kdamond that the session started still run? */
bool session_runs(const struct damon *d);

/*
 * Where the kernel tunes, read the intervals that it has tuned.  A commit puts into force what
 * stands in sysfs.
 */
void session_refresh_intervals(struct damon *d);

/*
 * The kdamond has ended: by itself with its last target, or somebody stopped it.  Returns 0 when
 * there is nothing left to monitor.  Else it is started again, unless that was done less than a
 * second ago, and the answer is -EAGAIN.  Or -EBUSY, or another negative errno.
 */
int session_revive(struct damon *d);

#endif
