/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What moves of a process have gained, measured afterwards.  Pure: no I/O, no clock.
 *
 * A look says how often a process accesses its memory, and how long each access waits on average
 * from where the process runs: heat by node, as DAMON and the nodes of pages show it, times the
 * latency as loaded now.  There is a look before its pages move, and one when none has moved for
 * GAIN_SETTLE_NS.  What lies between is a bout.  It has gained
 *
 *   accesses a second before x (wait of each before - wait of each afterwards)      ns per second
 *
 * So the measure counts the same accesses as the promise of the plan, and not what the process does
 * with the time that it has won.  Moves gain less than was promised where pages were not where
 * the sample of a few said, where they did not stay hot, or where the task has not come to them.
 *
 * The gain is not known where something else has changed:
 *
 *   - accesses are more or fewer by GAIN_CHANGE than quicker memory explains, or there are none,
 *   - the heat lies elsewhere: the two looks have less than half of it in common,
 *   - others map what has moved, since their gain does not show here,
 *   - moves go on for GAIN_LONGEST_NS without a rest,
 *   - a latency is not known.
 */
#ifndef TS_TIER_GAIN_H
#define TS_TIER_GAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/util.h"

/* The shares of heat by node are means over some seconds. */
#define GAIN_SETTLE_NS (10 * NSEC_PER_SEC)
#define GAIN_LONGEST_NS (60 * NSEC_PER_SEC)
/* DAMON's counts differ by less than this while nothing changes. */
#define GAIN_CHANGE 2.0
#define GAIN_MAX_RANGES 64

struct gain_range {
	uint64_t start, bytes;
	double hz; /* accesses of each page a second */
};

/* Ranges ascend and do not overlap.  Behind GAIN_MAX_RANGES they are not compared. */
struct gain_look {
	uint64_t now_ns;
	double access_hz; /* of all pages, a second */
	double ns;	  /* that each waits.  0: not known */
	const struct gain_range *ranges;
	size_t nr_ranges;
};

/* All in ns a second.  What makes room for others has negative gains. */
struct gain_totals {
	double promised; /* of the moves that MEASURED is of */
	double measured;
	double unknown;	      /* promised of all others: it is not known yet, or it never will be */
	uint64_t nr_measured; /* bouts */
};

/* Of one process.  All 0: nothing has moved. */
struct gain {
	bool is_open, has_moved, is_mixed;
	uint64_t begun_ns, moved_ns;
	double access_hz, ns, promised;
	struct gain_range ranges[GAIN_MAX_RANGES];
	size_t nr_ranges;
};

/* Pages of it are about to move.  The look counts unless a bout is under way. */
void gain_begin(struct gain *g, const struct gain_look *look);

/* They have moved, which was to gain PROMISED.  Others may map them too: IS_SHARED. */
void gain_moved(struct gain *g, struct gain_totals *totals, double promised, bool is_shared,
		uint64_t when_ns);

/* Does a bout wait for the look afterwards? */
bool gain_is_due(const struct gain *g, uint64_t now_ns);

/* The look afterwards: the bout ends. */
void gain_end(struct gain *g, struct gain_totals *totals, const struct gain_look *look);

#endif
