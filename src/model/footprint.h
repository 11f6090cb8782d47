/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The footprint of a process: how much memory it accessed lately, out of DAMON's
 * regions.  Pure: no I/O, no clock; the same snapshots and times give the same size.
 *
 * DAMON looks at one random page of a region each sampling interval.  Of a large
 * set that is touched slowly, or by a process that waits for a CPU, most such
 * looks find nothing: the regions of one aggregation that show an access are
 * then a random part of the set, or a hot page in the middle of much that is
 * cold.  But DAMON cuts its regions anew each time, and so many snapshots
 * together tell more than the last one.
 *
 * The footprint keeps the monitored addresses as segments, each with a rate: the
 * share of samples that find a page of it accessed.  A region that saw k accesses in
 * n samples tells that the mean rate of its segments is about k/n, not whose
 * they were.  So k/n is dealt out to the segments in proportion to the rates that
 * they have already (expectation maximisation, as in Richardson's and Lucy's
 * deconvolution, one step a snapshot):
 *
 *   rate += weight x (k/n x (rate + e) / (mean rate of the region + e) - rate)
 *
 * Memory that is cold keeps getting nothing whenever a region holds it alone, and
 * its share in mixed regions shrinks; memory between hot neighbours that
 * happened to show no access is filled from their common regions.  The small e
 * lets cold memory become hot.
 *
 * How much one snapshot weighs goes by the evidence it has, hits for each region's
 * worth of the set: at a few dozen hits the old is forgotten.  With many accesses
 * seen that takes about half a second, with few up to eight (or ten aggregation
 * intervals, if those are longer).
 *
 * A segment belongs to the footprint when it was in a region with an access
 * within those eight seconds, its rate is not noise (a twentieth of the
 * heat-weighted mean, up to three times that when few hits are seen), and is
 * not small (a quarter) against the rates of the regions that it was part of: else it
 * is but the rim of something hot that DAMON has not cut away yet.
 *
 * What it can not do: tell in seconds how large a set is of which seconds show a
 * handful of hits.  And memory touched twenty times less than the hot part
 * is left out where the two are seen together.
 *
 * Time counts while the process accesses something: one that sleeps keeps the
 * footprint that it had.
 */
#ifndef TS_FOOTPRINT_H
#define TS_FOOTPRINT_H

#include <stddef.h>
#include <stdint.h>

#include "sample/sample.h"

/*
 * Most that is kept, 160 KB in each of two arrays; a few hundred segments are usual, and DAMON is
 * asked for at most 3000 regions.
 */
#define FOOTPRINT_MAX_SEGMENTS 4096

struct footprint;

/* NULL without memory. */
struct footprint *footprint_new(void);
void footprint_free(struct footprint *f); /* NULL is fine */

/*
 * Take in the regions of one snapshot: ascending, without overlap.  One that is
 * not later than the last (seen_ns), or in which nothing was accessed, changes
 * nothing.  Where there is no room for more segments boundaries are lost.
 */
void footprint_update(struct footprint *f, const struct sample *sample);

/* Bytes accessed lately; 0 before the first access. */
uint64_t footprint_bytes(const struct footprint *f);

/* Segments in use: what an update costs. */
size_t footprint_nr_segments(const struct footprint *f);

/*
 * Segments there is room for: at most eight times as many as the last update needed, which is its
 * segments and twice the regions of its sample.
 */
size_t footprint_capacity(const struct footprint *f);

#endif
