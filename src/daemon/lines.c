/* SPDX-License-Identifier: GPL-2.0 */
/* How many lines from memory an access that DAMON saw stands for. */
#include "daemon/lines.h"

#include <stddef.h>

#include "base/util.h"
#include "counters/misses.h"

/* So long nothing is counted of a process whose ratio is known. */
#define REST_NS (10 * NSEC_PER_SEC)
/* Without a counter it is tried again: all may be in use, or a module may bring one. */
#define NO_COUNTER_NS (60 * NSEC_PER_SEC)
/* With fewer accesses a second the ratio says little. */
#define LEAST_HZ 100.0
/* Who is seen to access memory brings some of it.  Less: this is a counter that does not count. */
#define LEAST_LINES_HZ 1.0
/* A new ratio counts for so much beside those before. */
#define NEW_SHARE 0.5

void lines_deinit(struct lines *l)
{
	misses_free(l->count);
	l->count = NULL;
}

bool lines_begin(struct lines *l, pid_t tgid, uint64_t now_ns)
{
	if (l->count || now_ns < l->due_ns)
		return false;
	if (misses_begin(&l->count, tgid, now_ns) < 0)
		*l = (struct lines){.due_ns = now_ns + NO_COUNTER_NS};
	return true;
}

void lines_take(struct lines *l, double per_s, double access_hz, uint64_t now_ns)
{
	double ratio;

	if (access_hz >= LEAST_HZ && per_s < LEAST_LINES_HZ) {
		l->per_s = (struct metric){0};
		l->per_access = 0;
		return;
	}
	l->per_s = (struct metric){per_s, now_ns, METRIC_PERF};
	if (access_hz < LEAST_HZ)
		return;
	ratio = per_s / access_hz;
	if (l->per_access > 0)
		ratio = l->per_access + NEW_SHARE * (ratio - l->per_access);
	l->per_access = ratio;
}

void lines_end(struct lines *l, double access_hz, uint64_t now_ns)
{
	double per_s;

	if (!l->count)
		return;
	if (!misses_rate(l->count, now_ns, &per_s))
		lines_take(l, per_s, access_hz, now_ns);
	lines_deinit(l);
	/* where it did too little, another count follows */
	l->due_ns = l->per_access > 0 ? now_ns + REST_NS : now_ns;
}
