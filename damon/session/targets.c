/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a session monitors.  It has one kdamond, one context, and a target for each process.
 *
 * One thread samples for all, so 64 processes cost the wake-ups of one thread.  Targets come and
 * go by "commit", which leaves the regions and ages of the others alone.  A kdamond without a
 * living target ends by itself.  So the session starts one only when there is something to
 * monitor.
 */
#include "damon/damon.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/sysfs.h"
#include "base/util.h"
#include "damon/files.h"
#include "damon/session/session.h"
#include "damon/slot/holders.h"
#include "damon/slot/slots.h"

/*
 * Processes may exit between our look and the kernel's.  Each try asks for a greater age in
 * seconds, because a process that has lived long seldom dies just now.
 */
static const uint64_t least_age_s[] = {0, 0, 2, 10, 60, 600};

bool session_runs(const struct damon *d)
{
	if (!d->thread)
		return false;
	return d->trace ? !trace_ended(d->trace) : context_thread(&d->context) == d->thread;
}

static int reserve_wanted(struct damon *d, size_t nr)
{
	struct damon_target *wanted;
	struct damon_ranges *ranges;

	if (nr <= d->wanted_capacity)
		return 0;
	wanted = reallocarray(d->wanted, nr, sizeof(*wanted));
	if (!wanted)
		return -ENOMEM;
	d->wanted = wanted;
	ranges = reallocarray(d->wanted_ranges, nr, sizeof(*ranges));
	if (!ranges)
		return -ENOMEM;
	d->wanted_ranges = ranges;
	/* what was wanted points into the array that moved */
	for (size_t i = 0; i < d->nr_wanted; i++)
		wanted[i].ranges = d->by_ranges ? &ranges[i] : NULL;
	d->wanted_capacity = nr;
	return 0;
}

static void want(struct damon *d, const struct damon_target *target)
{
	struct damon_target *wanted = &d->wanted[d->nr_wanted];
	struct damon_ranges *ranges = &d->wanted_ranges[d->nr_wanted];

	/* the target may itself be an element of these arrays, further back */
	if (d->by_ranges && target->ranges != ranges)
		memmove(ranges, target->ranges, sizeof(*ranges));
	*wanted = *target;
	wanted->ranges = d->by_ranges ? ranges : NULL;
	d->nr_wanted++;
}

/* Has it lived for so long?  On a recorded machine ages are not known. */
static bool is_older(const struct damon_target *target, uint64_t seconds)
{
	uint64_t ticks_per_s = (uint64_t)sysconf(_SC_CLK_TCK);
	struct timespec uptime;

	if (!seconds)
		return true;
	clock_gettime(CLOCK_BOOTTIME, &uptime);
	return target->start_time / ticks_per_s + seconds <= (uint64_t)uptime.tv_sec;
}

/*
 * Copy the living processes of TARGETS to d->wanted, each once.  TARGETS may be d->wanted itself.
 * *COMPLETE: none was left out for its age.
 */
static int take_wanted(struct damon *d, const struct damon_target *targets, size_t nr,
		       uint64_t age_s, bool *complete)
{
	if (targets != d->wanted && reserve_wanted(d, nr) < 0)
		return -ENOMEM;
	d->nr_wanted = 0;
	*complete = true;
	for (size_t i = 0; i < nr; i++) {
		bool skip = targets[i].tgid <= 0 ||
			    (d->by_ranges && (!targets[i].ranges || !targets[i].ranges->nr));

		for (size_t k = 0; !skip && k < d->nr_wanted; k++)
			skip = d->wanted[k].tgid == targets[i].tgid;
		if (skip || !target_is_alive(&targets[i], d->sysroot))
			continue;
		if (is_older(&targets[i], age_s))
			want(d, &targets[i]);
		else
			*complete = false;
	}
	return 0;
}

static void forget_kdamond(struct damon *d)
{
	if (d->trace)
		trace_detach(d->trace);
	d->thread = 0;
	d->members.nr = 0;
}

static int stop(struct damon *d)
{
	int r = 0;

	if (session_runs(d))
		r = context_command(&d->context, "off");
	/*
	 * It may have ended by itself meanwhile.  The kernel says EINVAL, EPERM or ECANCELED
	 * then.
	 */
	if (r < 0 && context_thread(&d->context) > 0)
		return r;
	forget_kdamond(d);
	d->journal.thread = 0;
	return session_store_journal(d);
}

/*
 * Make sure that the slot is still ours and idle.  While nothing runs in it, anybody may take or
 * remove it.
 */
static int hold_slot(struct damon *d)
{
	int r = slot_is_marked(&d->journal, d->sysroot);

	if (r < 0)
		return r;
	if (!r) {
		log_warning("kdamond slot %u was taken by somebody else: claiming another",
			    d->journal.slot);
		d->journal.stage = JOURNAL_NO_SLOT;
		return session_claim(d);
	}
	r = context_thread(&d->context);
	return r > 0 ? context_command(&d->context, "off") : r;
}

static int configure(struct damon *d)
{
	int r;

	d->limits = context_limits_for(d->plan.nr);
	r = context_write_intervals(&d->context, &d->intervals, d->journal.mark, d->auto_intervals);
	if (!r)
		r = context_write_operations(&d->context, d->by_ranges ? "fvaddr" : "vaddr");
	if (!r)
		r = context_write_limits(&d->context, &d->limits);
	if (!r)
		r = context_write_targets(&d->context, d->plan.targets, d->plan.nr);
	if (!r && !d->trace)
		r = context_write_schemes(&d->context, d->plan.nr);
	return r;
}

/* The kernel says EBUSY both for its lock and for an exclusive user. */
static int turn_on(struct damon *d)
{
	struct backoff backoff = {0};
	int r;

	do {
		r = sysfs_write("on", d->sysroot, FILES_ROOT "/%u/state", d->context.slot);
		if (r == -EBUSY && holder_name_module(d->sysroot))
			return DAMON_E_BUSY;
	} while (r == -EBUSY && backoff_wait(&backoff));
	return r;
}

/* The kdamond runs: learn its thread, and watch it. */
static int follow_kdamond(struct damon *d)
{
	int r = context_thread(&d->context);

	if (r < 0)
		return r;
	d->thread = r;
	d->journal.thread = r;
	r = session_store_journal(d);
	/* The buffer is for the largest budget, so that it never has to be made anew. */
	if (!r && d->thread && d->trace)
		r = trace_attach(d->trace, d->thread, context_limits_for(SIZE_MAX).max_regions);
	/* All targets may have exited since: there is no thread, and nothing to monitor. */
	return r == -ESRCH ? 0 : r;
}

static void swap_members(struct damon *d)
{
	struct members old = d->members;

	d->members = d->plan.after;
	d->plan.after = old;
}

/* Start with d->wanted, from nothing. */
static int start(struct damon *d)
{
	int r;

	forget_kdamond(d);
	r = commit_plan_make(&d->plan, &d->members, d->wanted, d->nr_wanted, true, getpid());
	if (!r)
		r = hold_slot(d);
	if (!r)
		r = configure(d);
	if (!r) {
		d->journal.thread = 0;
		r = session_store_journal(d);
	}
	if (!r)
		r = turn_on(d);
	if (r)
		return r;
	swap_members(d);
	d->members.commit_begin_ns = 0;
	d->members.commit_end_ns = 0;
	r = follow_kdamond(d);
	if (r < 0)
		stop(d);
	return r;
}

static bool limits_differ(const struct context_limits *a, const struct context_limits *b)
{
	return a->min_regions != b->min_regions || a->max_regions != b->max_regions;
}

void session_refresh_intervals(struct damon *d)
{
	struct context_intervals tuned;

	if (d->auto_intervals && !context_command(&d->context, "update_tuned_intervals") &&
	    !context_read_intervals(&tuned, &d->context) && tuned.sample_us &&
	    tuned.aggregation_us >= tuned.sample_us)
		d->intervals = tuned;
}

/* Take over the plan that was committed between BEGIN_NS and now. */
static void take_plan(struct damon *d, uint64_t begin_ns)
{
	uint64_t settled_us = d->journal.mark + 2 * d->intervals.aggregation_us;

	swap_members(d);
	d->members.commit_begin_ns = begin_ns;
	d->members.commit_end_ns = session_now_ns();
	for (size_t i = 0; i < d->members.nr; i++) {
		struct member *member = &d->members.list[i];

		if (member->index_before != MEMBER_NEW)
			continue;
		member->since_ns = d->members.commit_end_ns;
		if (member->reused)
			member->since_ns += settled_us * NSEC_PER_USEC;
	}
}

/* Bring the running kdamond to d->plan. */
static int commit(struct damon *d)
{
	struct context_limits limits = context_limits_for(d->plan.after.nr);
	uint64_t begin_ns;
	int r;

	session_refresh_intervals(d);
	r = context_write_targets(&d->context, d->plan.targets, d->plan.nr);
	if (!r && limits_differ(&limits, &d->limits))
		r = context_write_limits(&d->context, &limits);
	if (!r && !d->trace)
		r = context_write_schemes(&d->context, d->plan.after.nr);
	begin_ns = session_now_ns();
	if (!r)
		r = context_command(&d->context, "commit");
	if (r < 0)
		return r;
	d->limits = limits;
	take_plan(d, begin_ns);
	return 0;
}

static int apply_wanted(struct damon *d)
{
	int r;

	if (!d->nr_wanted)
		return d->thread ? stop(d) : 0;
	if (!session_runs(d))
		return start(d);
	r = commit_plan_make(&d->plan, &d->members, d->wanted, d->nr_wanted,
			     d->features.obsolete_target, getpid());
	if (r < 0 || !d->plan.changes)
		return r;
	return commit(d);
}

int damon_set_targets(struct damon *d, const struct damon_target *targets, size_t nr)
{
	for (size_t tries = 0; tries < ARRAY_SIZE(least_age_s); tries++) {
		bool complete;
		int r = take_wanted(d, targets, nr, least_age_s[tries], &complete);

		if (r < 0)
			return r;
		r = apply_wanted(d);
		if (!r)
			return complete ? 0 : -EAGAIN;
		/*
		 * One of them has exited (EINVAL).  Or the last one has, and so the kdamond has
		 * ended (ECANCELED).
		 */
		if (r != -EINVAL && r != -ECANCELED)
			return r;
		log_debug("targets refused (%s): looking again", strerror(-r));
	}
	return -EAGAIN;
}

/* Has the kdamond ended by itself?  It does when the last of its targets has exited. */
static bool ended_by_itself(const struct damon *d)
{
	for (size_t i = 0; i < d->members.nr; i++)
		if (d->members.list[i].target.tgid &&
		    target_is_alive(&d->members.list[i].target, d->sysroot))
			return false;
	return true;
}

int session_revive(struct damon *d)
{
	uint64_t now = session_now_ns();
	bool complete, by_itself = ended_by_itself(d);
	int r;

	r = take_wanted(d, d->wanted, d->nr_wanted, 0, &complete);
	if (r < 0)
		return r;
	if (!d->nr_wanted) {
		forget_kdamond(d);
		return 0;
	}
	if (d->restarted_ns && now - d->restarted_ns < NSEC_PER_SEC)
		return -EAGAIN;
	d->restarted_ns = now;
	if (!by_itself)
		log_warning("the kdamond in slot %u was stopped from outside: starting it again",
			    d->context.slot);
	r = start(d);
	if (r == DAMON_E_BUSY)
		return -EBUSY;
	/* a process has exited just now: the next call finds out */
	return r && r != -EINVAL && r != -ECANCELED ? r : -EAGAIN;
}

pid_t damon_kdamond_pid(const struct damon *d)
{
	return session_runs(d) ? d->thread : 0;
}
