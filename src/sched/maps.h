/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Below the publisher: the form of a profile in the map, and the loader's calls that write maps.
 * Others publish (scheduler.h).
 */
#ifndef TS_SCHED_MAPS_H
#define TS_SCHED_MAPS_H

#include <stdint.h>
#include <sys/types.h>

#include "bpf/abi.h"
#include "model/model.h"

struct sched;

/*
 * Convert FROM to the form of the map, without generation and time.  Pure.  Figures are rounded,
 * so that noise makes no new profile: sizes to 1/16 of themselves, frequencies and intensity to
 * 1/8, confidence to steps of 5.
 */
void publish_convert(struct ts_profile *out, const struct model_profile *from, enum ts_class class);

/* Write a profile, and enter the process in the usage map.  0 or -errno. */
int sched_set_profile(struct sched *s, pid_t tgid, const struct ts_profile *profile);

/* Possible CPUs, numbered from 0. */
uint32_t sched_nr_cpus(const struct sched *s);

/* Write a CPU's context if it differs from what was written before.  0 or -errno. */
int sched_set_cpu(struct sched *s, uint32_t cpu, const struct ts_cpu *context);

/* Vector tasks without a profile go from PLACE to TO. */
void sched_set_vector_place(struct sched *s, size_t place, uint8_t to);

#endif
