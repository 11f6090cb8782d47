/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Performance monitoring units as the kernel shows them below
 * /sys/bus/event_source/devices, and their counters by perf_event_open(2).
 */
#ifndef TS_METRICS_PMU_H
#define TS_METRICS_PMU_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "counters/counter.h"

#define PMU_DEVICES "/sys/bus/event_source/devices"

/* What goes into perf_event_attr of the same names. */
struct pmu_config {
	uint64_t config[3]; /* config, config1, config2 */
};

struct pmu {
	char name[64];
	uint32_t type;	  /* perf_event_attr.type */
	unsigned int cpu; /* to open its counters on; any CPU counts the whole device */
};

/*
 * Where the bits of a term's value go, as a file of format/ tells: "config:0-7",
 * "config1:3", "config:0-7,32-35" (lower bits of the value first).
 */
struct pmu_format {
	int word; /* of pmu_config.config */
	uint64_t bits;
};

/* Pure.  0 or -EINVAL. */
int pmu_format_parse(struct pmu_format *out, const char *text);

/* VALUE in its bits; -ERANGE where it does not fit. */
int pmu_format_put(struct pmu_config *config, const struct pmu_format *format, uint64_t value);

/*
 * Read a unit.  SYSROOT as in base/sysfs.h.  0, -ENOENT where there is none, or
 * another errno.
 */
int pmu_find(struct pmu *out, const char *sysroot, const char *name);

/*
 * The terms of an event, "name=value,name,...": each a name that FORMAT_OF(out, name,
 * ARG) knows (else it returns less than 0), or config, config1, config2; without a value it
 * is 1.  Cuts TEXT up.  Pure.  0 or -EINVAL.
 */
int pmu_terms_parse(struct pmu_config *out, char *text,
		    int (*format_of)(struct pmu_format *out, const char *name, const void *arg),
		    const void *arg);

/* TERMS by the unit's own format/; cuts them up.  0 or -EINVAL. */
int pmu_terms(struct pmu_config *out, const struct pmu *pmu, const char *sysroot, char *terms);

/*
 * What EVENT of the unit's events/ stands for, by its own format/.  0, -ENOENT for an
 * event it does not have, -EINVAL for words it cannot read.
 */
int pmu_event(struct pmu_config *out, const struct pmu *pmu, const char *sysroot,
	      const char *event);

/* A counter of the whole device, counting from now on: its descriptor, or -errno. */
int pmu_open(const struct pmu *pmu, const struct pmu_config *config);

/* One of thread TID, and of all threads that it starts from now on, wherever they run. */
int pmu_open_thread(const struct pmu *pmu, const struct pmu_config *config, pid_t tid);

/* 0, or -ENODEV when the unit has gone. */
int pmu_read(struct counter_reading *out, int fd);

/*
 * NR counters that run together or not at all, and are read in one go: a reading
 * interrupts a CPU.  0 and their descriptors, or -errno and none.  That the hardware has
 * too few counters shows in a running time of 0.
 */
int pmu_open_group(int *fd, size_t nr, const struct pmu *pmu, const struct pmu_config *configs);

/* As pmu_read(), of a whole group, up to PMU_MAX_GROUP counters, by its first descriptor. */
#define PMU_MAX_GROUP 8
int pmu_read_group(struct counter_reading *out, size_t nr, int fd);

#endif
