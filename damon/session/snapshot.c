/* SPDX-License-Identifier: GPL-2.0 */
/* Snapshots: from the kernel's target indices to processes. */
#include "damon/damon.h"

#include <errno.h>
#include <stdlib.h>

#include "base/util.h"
#include "damon/read/tried.h"
#include "damon/session/session.h"

static int read_regions(struct damon *d)
{
	if (d->trace)
		return trace_read(d->trace, &d->regions, &d->members);
	return tried_snapshot(&d->regions, &d->context, session_now_ns());
}

static int reserve_snapshots(struct damon *d)
{
	struct damon_snapshot *snapshots;

	if (d->members.nr <= d->snapshots_capacity)
		return 0;
	snapshots = realloc(d->snapshots, d->members.nr * sizeof(*snapshots));
	if (!snapshots)
		return -ENOMEM;
	d->snapshots = snapshots;
	d->snapshots_capacity = d->members.nr;
	return 0;
}

/*
 * A process that touched memory in the last aggregation lived then.  Of the others /proc tells
 * whether they live.
 */
static bool is_alive(const struct damon *d, const struct damon_target *target,
		     const struct regions_run *run)
{
	for (size_t i = 0; i < run->nr; i++)
		if (d->regions.all[run->first + i].nr_accesses)
			return true;
	return target_is_alive(target, d->sysroot);
}

/* Returns how many targets live.  *ANY tells whether the kernel reported any of them. */
static size_t fill_snapshots(struct damon *d, bool *any)
{
	uint32_t max = (uint32_t)(d->intervals.aggregation_us / d->intervals.sample_us);
	size_t nr = 0;

	*any = false;
	for (size_t i = 0; i < d->members.nr; i++) {
		const struct member *member = &d->members.list[i];
		const struct regions_run *run = &d->regions.runs[i];

		if (!run->wanted || !member->target.tgid || !is_alive(d, &member->target, run))
			continue;
		*any |= run->known;
		d->snapshots[nr++] = (struct damon_snapshot){
			.target = member->target,
			.regions = run->nr ? d->regions.all + run->first : NULL,
			.nr_regions = run->nr,
			.max_nr_accesses = max,
			.aggregation_us = d->intervals.aggregation_us,
			.time_ns = run->time_ns,
		};
	}
	return nr;
}

int damon_snapshot(struct damon *d, size_t max, const struct damon_snapshot **out, size_t *nr)
{
	size_t first;
	bool any;
	int r;

	if (d->members.nr && !session_runs(d)) {
		r = session_revive(d);
		if (r < 0)
			return r;
	}
	*out = d->snapshots;
	*nr = 0;
	if (!d->members.nr)
		return 0;
	if (reserve_snapshots(d))
		return -ENOMEM;
	session_refresh_intervals(d);
	first = d->turn % d->members.nr;
	if (regions_reset(&d->regions, d->members.nr, first, max) < 0)
		return -ENOMEM;
	r = read_regions(d);
	/* The lock was held for long, or the kdamond ended.  The next call finds out. */
	if (r == -EBUSY || r == -EINVAL || r == -ECANCELED)
		return -EAGAIN;
	if (r < 0)
		return r;
	d->turn = first + MIN(max, d->members.nr);
	*nr = fill_snapshots(d, &any);
	*out = d->snapshots;
	return *nr && !any ? -EAGAIN : 0;
}
