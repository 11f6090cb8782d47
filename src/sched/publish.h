/* SPDX-License-Identifier: GPL-2.0 */
/* Writes the model's profiles into the scheduler's map, and only those that have changed. */
#ifndef TS_PUBLISH_H
#define TS_PUBLISH_H

#include "bpf/abi.h"
#include "model/machine.h"
#include "model/model.h"
#include "sched/scheduler.h"

/*
 * Convert FROM to the form of the map, without generation and time.  Pure.  Figures are rounded,
 * so that noise makes no new profile: sizes to 1/16 of themselves, frequencies and intensity to
 * 1/8, confidence to steps of 5.
 */
void publish_convert(struct ts_profile *out, const struct model_profile *from, enum ts_class class);

/*
 * Write the contexts of M's CPUs that differ from what was written before.  Also write where
 * vector tasks without a profile go.  Figures are rounded: bandwidth to 1/8 of itself,
 * utilisation and hit rate to 5 %, latency to 1/16.  0 or -errno.
 */
int publish_machine(struct sched *s, const struct machine *m);

/*
 * Write FROM for TGID if it differs from LAST.  LAST is what was written before (all zero:
 * nothing), and is updated.  Returns 1 when written, 0 when unchanged, or -errno.
 */
int publish_profile(struct sched *s, pid_t tgid, const struct model_profile *from,
		    enum ts_class class, uint64_t now_ns, struct ts_profile *last);

#endif
