/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The footprint of a process: how much memory it accessed lately, out of DAMON's regions.  Pure:
 * no I/O, no clock.  The same snapshots and times give the same size.
 *
 * DAMON looks at one random page of a region each sampling interval.  In a large set that is
 * touched slowly, most of these looks find nothing.  So do they when the process waits for a
 * CPU.  The regions of one aggregation that show an access are then a random part of the set, or
 * a hot page in the middle of much cold memory.  But DAMON cuts its regions anew each time.  So
 * many snapshots together tell more than the last one.
 *
 * The footprint keeps the monitored addresses as segments.  Each segment has a rate: the share of
 * samples that find a page of it accessed.  A region that saw k accesses in n samples tells that
 * the mean rate of its segments is about k/n.  It does not tell which segments had the accesses.
 * So k/n is shared out among the segments in proportion to the rates that they have already.
 * This is expectation maximisation, as in the deconvolution of Richardson and Lucy, one step a
 * snapshot:
 *
 *   rate += weight x (k/n x (rate + e) / (mean rate of the region + e) - rate)
 *
 * A cold segment gets nothing whenever a region holds it alone, and its share of mixed regions
 * shrinks.  A segment between hot neighbours may have shown no access by chance.  It gets a share
 * of the regions that it has in common with them.  The small e lets cold memory become hot.
 *
 * The weight of a snapshot goes by its evidence: hits for each region's worth of the set.  At a
 * few dozen hits the old is forgotten.  With many accesses that takes about half a second.  With
 * few it takes up to eight seconds, or ten aggregation intervals if those are longer.
 *
 * A segment belongs to the footprint under three conditions.  It was in a region with an access
 * within those eight seconds.  Its rate is not noise: noise is a twentieth of the heat-weighted
 * mean, and up to three times that when few hits are seen.  And its rate is a quarter at least of
 * the rates of the regions that it was part of.  Otherwise it is only the rim of something hot
 * that DAMON has not cut away yet.
 *
 * Limits.  It can not tell within seconds how large a set is when seconds show only a handful of
 * hits.  Memory that is touched twenty times less than the hot part is left out where the two are
 * seen together.
 *
 * Time counts while the process accesses something.  A process that sleeps keeps the footprint
 * that it had.
 */
#ifndef TS_FOOTPRINT_H
#define TS_FOOTPRINT_H

#include <stddef.h>
#include <stdint.h>

#include "sample/sample.h"

/*
 * The limit, which is 256 KB in each of two arrays.  A few hundred segments are usual, and DAMON
 * is asked for at most 3000 regions.
 */
#define FOOTPRINT_MAX_SEGMENTS 4096

struct footprint;

/* NULL without memory. */
struct footprint *footprint_new(void);
void footprint_free(struct footprint *f); /* NULL is fine */

/*
 * Take in the regions of one snapshot, which ascend and do not overlap.  A snapshot changes
 * nothing if it is not later than the last (seen_ns), or if nothing was accessed in it.  Where
 * there is no room for more segments, boundaries are lost.
 */
void footprint_update(struct footprint *f, const struct sample *sample);

/* Bytes accessed lately, 0 before the first access. */
uint64_t footprint_bytes(const struct footprint *f);

/* How many segments there are.  The cost of an update goes by them. */
size_t footprint_nr_segments(const struct footprint *f);

/*
 * A segment of the footprint.  Segments ascend and do not overlap.  One that is not part of the
 * footprint has the rate 0.
 */
struct footprint_range {
	uint64_t start, bytes;
	double rate;	  /* share of samples that find a page of it accessed, 0..1 */
	double mean_rate; /* the same over its life, at most over the last minute or so */
	/*
	 * For so long it has been hot, or cold, and is expected to stay so: lives.h, by the last
	 * footprint_look_at_lives().  Only active time counts.
	 */
	double life_s, remaining_s;
};

/* Look how long each segment has lived by now.  For who asks what remains: not at each update. */
void footprint_look_at_lives(struct footprint *f);

/* Segment I, below footprint_nr_segments(). */
struct footprint_range footprint_range(const struct footprint *f, size_t i);

/*
 * How many segments there is room for.  It is at most eight times what the last update needed: its
 * segments and twice the regions of its sample.
 */
size_t footprint_capacity(const struct footprint *f);

#endif
