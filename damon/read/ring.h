/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Regions out of a perf ring buffer that holds the newest damon:damon_aggregated events of one
 * kdamond.  Pure.
 *
 * At the end of each aggregation the kernel reports every region of every target in order.  Each
 * region is one event, with the index of its target and how many regions that target has.  The
 * regions of a target in one report are its run.
 *
 * The buffer is written backward and overwritten, so reading from its head gives the newest
 * first.  The regions of a run descend, and the first event says how many there are.  A run may
 * be shorter, because we looked while the kernel wrote it.  Then the run before it is taken.
 */
#ifndef TS_DAMON_RING_H
#define TS_DAMON_RING_H

#include <stddef.h>
#include <stdint.h>

#include "damon/read/regions.h"
#include "damon/session/members.h"

enum ring_field { RING_TARGET, RING_NR_REGIONS, RING_START, RING_END, RING_NR_ACCESSES, RING_AGE };
#define NR_RING_FIELDS 6

/* Where the fields lie in an event, from its "format" file in tracefs. */
struct ring_layout {
	struct {
		uint16_t offset, size; /* bytes; size is 4 or 8 */
	} fields[NR_RING_FIELDS];
};

/* 0, or -EINVAL when a field is missing or has a size that we do not read. */
int ring_layout_parse(struct ring_layout *out, const char *format);

/*
 * Take the newest whole run of each wanted member out of DATA.  That is a buffer of SIZE bytes (a
 * power of two), and its newest record begins at HEAD (modulo SIZE).  OUT has been reset for the
 * members, and gets the runs of those that are wanted.  0 or -ENOMEM.
 */
int ring_decode(struct regions *out, const struct ring_layout *layout,
		const struct members *members, const void *data, size_t size, uint64_t head);

#endif
