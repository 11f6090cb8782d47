/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One CXL performance monitoring unit (PMU).  It counts what passes over the link of a CXL device.
 * Names, vendor id and event codes are those of the CXL 3.1 specification, 13.2.
 */
#ifndef TS_METRICS_MEMDEV_PMU_H
#define TS_METRICS_MEMDEV_PMU_H

#include <stdbool.h>
#include <stddef.h>

#include "counters/pmu.h"

#define MEMDEV_PMU_PREFIX "cxl_pmu_" /* cxl_pmu_mem0.0: the first unit of mem0 */

enum memdev_pmu_counter {
	MEMDEV_PMU_READ,  /* requests for data: M2S Req, MemRd and MemRdData */
	MEMDEV_PMU_WRITE, /* M2S RwD, MemWr and MemWrPtl */
	MEMDEV_PMU_TICKS, /* the unit's clock: it tells whether the others count at all */
	MEMDEV_PMU_NR_COUNTERS,
};

struct memdev_pmu {
	struct pmu pmu;
	char device[32];		/* its memdev, "mem0" */
	int fd[MEMDEV_PMU_NR_COUNTERS]; /* or the -errno of opening it */
	bool grouped; /* they run together; else each runs when the hardware has room */
	int nr_idle;  /* readings in a row between which the group did not run */
	struct memdev_pmu_history {
		bool primed; /* the readings are filled in */
		struct counter_reading last[MEMDEV_PMU_NR_COUNTERS];
		/* The older first, a second apart. */
		struct counter_reading since[2][MEMDEV_PMU_NR_COUNTERS];
	} history;
};

struct memdev_pmu_rates {
	bool known;		      /* both are known */
	double read_mbps, write_mbps; /* 64 bytes a request, MB/s (10^6 bytes) */
};

/* The memdev in a unit's name: "mem12" of "cxl_pmu_mem12.0".  0 or -EINVAL. */
int memdev_pmu_device(char *out, size_t size, const char *name);

/* The event of a counter, by the unit's own names, else by the specification's code. */
int memdev_pmu_event(struct pmu_config *out, const struct pmu *pmu, const char *sysroot,
		     enum memdev_pmu_counter counter);

/*
 * Find the unit NAME and open its counters.  0, or the errno of finding it, or of opening the
 * counter for reads.
 */
int memdev_pmu_open(struct memdev_pmu *out, const char *name);
void memdev_pmu_close(struct memdev_pmu *p);

/*
 * Rates since the last call.  Counters that take turns on the hardware are different: their rates
 * are over the last one to two seconds, because the ends of a turn are not sharp.
 *
 * Rates are not known the first time, and in the first second of turns.  They are not known while
 * counters stand still with their clock, share hardware with too many others, wrap or jump
 * (counter.h).
 *
 * 0, or -ENODEV when the unit has gone.  -EAGAIN: reading it took so long that nobody can say of
 * when the counts are, because a hypervisor or firmware had the CPU meanwhile.  The rates of the
 * next call are over this time too.
 */
int memdev_pmu_sample(struct memdev_pmu *p, struct memdev_pmu_rates *out);

/* The same for readings that are there already.  Pure.  FD is as below. */
void memdev_pmu_follow(struct memdev_pmu_history *h, const int fd[MEMDEV_PMU_NR_COUNTERS],
		       const struct counter_reading now[MEMDEV_PMU_NR_COUNTERS],
		       struct memdev_pmu_rates *out);

/* The arithmetic of that, for readings of all counters.  FD < 0 is not open.  Pure. */
void memdev_pmu_rates(struct memdev_pmu_rates *out, const int fd[MEMDEV_PMU_NR_COUNTERS],
		      const struct counter_reading before[MEMDEV_PMU_NR_COUNTERS],
		      const struct counter_reading after[MEMDEV_PMU_NR_COUNTERS]);

#endif
