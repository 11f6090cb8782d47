/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What perf asks of a unit, for counters that are computed when they are looked at.
 * A module includes it and says what of.
 */
#include <linux/perf_event.h>

/* Where an event stands now, a count or a time: hw.prev_count keeps it. */
static u64 reading(struct perf_event *event);
/* How much it has counted between two of those. */
static u64 counted(struct perf_event *event, u64 before, u64 now);

static void event_update(struct perf_event *event)
{
	u64 now = reading(event);
	u64 before = local64_xchg(&event->hw.prev_count, now);

	local64_add(counted(event, before, now), &event->count);
}

static void event_start(struct perf_event *event, int flags)
{
	local64_set(&event->hw.prev_count, reading(event));
	event->hw.state = 0;
}

static void event_stop(struct perf_event *event, int flags)
{
	if (event->hw.state & PERF_HES_STOPPED)
		return;
	event_update(event);
	event->hw.state = PERF_HES_STOPPED | PERF_HES_UPTODATE;
}

static int event_add(struct perf_event *event, int flags)
{
	event->hw.state = PERF_HES_STOPPED | PERF_HES_UPTODATE;
	if (flags & PERF_EF_START)
		event_start(event, flags);
	return 0;
}

static void event_del(struct perf_event *event, int flags)
{
	event_stop(event, flags);
}
