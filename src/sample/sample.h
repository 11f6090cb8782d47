/* SPDX-License-Identifier: GPL-2.0 */
/* What was seen of one process in one tick.  It is plain data, which the model reads. */
#ifndef TS_SAMPLE_H
#define TS_SAMPLE_H

#include <stddef.h>
#include <stdint.h>

/* Regions are in order of addresses, and do not overlap. */
struct sample_region {
	uint64_t start; /* address */
	uint64_t bytes;
	uint32_t nr_accesses; /* samples that found it accessed, 0..max_nr_accesses */
	uint32_t age;	      /* aggregation intervals */
	/* [mem node] pages that sampling found there.  All 0: not known of this region. */
	const uint32_t *pages;
};

struct sample {
	uint64_t now_ns; /* CLOCK_MONOTONIC; 0: no sample yet */
	/* End of the aggregation that saw the regions.  The same as before: nothing new. */
	uint64_t seen_ns;
	uint64_t aggregation_ns;
	uint32_t max_nr_accesses; /* > 0 */
	const struct sample_region *regions;
	size_t nr_regions;
	uint64_t resident_bytes; /* of the process; of several views one counts; 0 unknown */
	uint64_t cpu_ns;	 /* CPU time used since the sample before */
	uint64_t wall_ns;	 /* time since the sample before; 0 for the first */
	uint32_t nr_migrations;	 /* node changes of its threads since the sample before */
};

#endif
