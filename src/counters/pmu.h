/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Performance monitoring units (PMU), as the kernel shows them below
 * /sys/bus/event_source/devices.  Their counters come by perf_event_open(2).
 */
#ifndef TS_METRICS_PMU_H
#define TS_METRICS_PMU_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "counters/counter.h"

#define PMU_DEVICES "/sys/bus/event_source/devices"

/* The fields of perf_event_attr that have the same names. */
struct pmu_config {
	uint64_t config[3]; /* config, config1, config2 */
};

struct pmu {
	char name[64];
	uint32_t type;	  /* perf_event_attr.type */
	unsigned int cpu; /* open counters on this CPU; any CPU counts the whole device */
};

/*
 * Where the bits of a term's value go.  A file of format/ tells it: "config:0-7", "config1:3",
 * "config:0-7,32-35".  The lower bits of the value come first.
 */
struct pmu_format {
	int word; /* index in pmu_config.config */
	uint64_t bits;
};

/* Pure.  0 or -EINVAL. */
int pmu_format_parse(struct pmu_format *out, const char *text);

/* Put VALUE into its bits.  0, or -ERANGE where it does not fit. */
int pmu_format_put(struct pmu_config *config, const struct pmu_format *format, uint64_t value);

/*
 * Read a unit.  SYSROOT is as in base/sysfs.h.  0, -ENOENT where there is none, or another errno.
 */
int pmu_find(struct pmu *out, const char *sysroot, const char *name);

/*
 * Parse the terms of an event, "name=value,name,...".  A name is config, config1, config2, or one
 * that FORMAT_OF(out, name, ARG) knows.  FORMAT_OF returns less than 0 for any other.  A term
 * without a value is 1.  TEXT is cut up.  Pure.  0 or -EINVAL.
 */
int pmu_terms_parse(struct pmu_config *out, char *text,
		    int (*format_of)(struct pmu_format *out, const char *name, const void *arg),
		    const void *arg);

/* Parse TERMS by the unit's own format/.  TERMS is cut up.  0 or -EINVAL. */
int pmu_terms(struct pmu_config *out, const struct pmu *pmu, const char *sysroot, char *terms);

/*
 * Read EVENT of the unit's events/, by its own format/.  0, -ENOENT for an event that it does not
 * have, or -EINVAL for words that cannot be read.
 */
int pmu_event(struct pmu_config *out, const struct pmu *pmu, const char *sysroot,
	      const char *event);

/* Open a counter of the whole device.  It counts from now on.  Its descriptor, or -errno. */
int pmu_open(const struct pmu *pmu, const struct pmu_config *config);

/* The same for thread TID and all threads that it starts from now on, wherever they run. */
int pmu_open_thread(const struct pmu *pmu, const struct pmu_config *config, pid_t tid);

/* Read a counter.  0, or -ENODEV when the unit has gone. */
int pmu_read(struct counter_reading *out, int fd);

/*
 * Open NR counters that run together or not at all.  They are read in one go, because a reading
 * interrupts a CPU.  0 and their descriptors, or -errno and none.  When the hardware has too few
 * counters, their running time is 0.
 */
int pmu_open_group(int *fd, size_t nr, const struct pmu *pmu, const struct pmu_config *configs);

/* Read a whole group, up to PMU_MAX_GROUP counters, by its first descriptor.  As pmu_read(). */
#define PMU_MAX_GROUP 8
int pmu_read_group(struct counter_reading *out, size_t nr, int fd);

#endif
