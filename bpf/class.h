/* SPDX-License-Identifier: GPL-2.0 */
/* The class of a task: by rule, by name, by the kernel's flag for its workers, by behaviour. */
#ifndef TS_BPF_CLASS_H
#define TS_BPF_CLASS_H

#include "bpf/maps.h"

static bool has_vector_name(const char *comm, u32 i)
{
	u32 c;

	if (i >= TS_MAX_NAMES || !vector_names[i][0])
		return false;
	for (c = 0; c < TS_NAME_LEN; c++) {
		if (!vector_names[i][c])
			return true;
		if (vector_names[i][c] != comm[c])
			return false;
	}
	return true;
}

/* The class by name.  A kernel thread is a worker by its flag, never by its name. */
static u8 class_by_name(const struct task_struct *p, const char *comm)
{
	u32 i;

	if (p->flags & PF_KTHREAD)
		return p->flags & PF_WQ_WORKER ? TS_CLASS_KWORKER : TS_CLASS_REGULAR;
	bpf_for(i, 0, TS_MAX_NAMES) {
		if (has_vector_name(comm, i))
			return TS_CLASS_VECTOR;
	}
	return TS_CLASS_REGULAR;
}

/* Judge again when the name has changed (exec, prctl), or when a rule has given a class. */
static void judge_given(struct task_struct *p, struct ts_task *t, const struct ts_profile *profile)
{
	u64 *seen = (u64 *)t->comm, now[2];
	u8 class = t->given_class;

	/* a regular task may become latency sensitive by behaviour: no rule says that */
	t->by_rule = profile && profile->class > TS_CLASS_REGULAR;
	if (profile && profile->class != TS_CLASS_UNSET) {
		class = profile->class;
		seen[0] = 0; /* so that the name counts again when the rule is gone */
	} else {
		__builtin_memcpy(now, p->comm, sizeof(now));
		if (class != TS_CLASS_UNSET && seen[0] == now[0] && seen[1] == now[1])
			return;
		seen[0] = now[0];
		seen[1] = now[1];
		class = class_by_name(p, t->comm);
	}
	if (class == t->given_class)
		return;
	t->given_class = t->class = class;
}

/*
 * Behaviour tells whether a regular task is latency sensitive: such a task runs in short bursts
 * and sleeps often.  It is regular again only beyond twice the limits, so that the class does not
 * flap.
 */
enum { ENOUGH_SLEEPS = 8, AVERAGE_SHIFT = 3 };

static u32 average(u32 old, u64 seen)
{
	u32 now = seen > ~0U >> 1 ? ~0U >> 1 : seen;

	return old - (old >> AVERAGE_SHIFT) + (now >> AVERAGE_SHIFT);
}

static bool bursts_within(const struct ts_task *t, u32 times)
{
	return t->burst_us <= times * tune.latency_burst_us &&
	       t->gap_us <= times * 1000000 / tune.latency_wakes_hz;
}

/* The task goes to sleep. */
static void judge_sleep(struct ts_task *t, u64 now)
{
	u64 burst_us = (t->run_ns - t->slept_run_ns) / 1000;
	u64 gap_us = (now - t->slept_ns) / 1000;

	if (!t->slept_ns)
		gap_us = ~0U >> 1; /* not known yet, so taken as the longest */
	t->slept_ns = now;
	t->slept_run_ns = t->run_ns;
	t->burst_us = t->nr_sleeps ? average(t->burst_us, burst_us) : burst_us;
	t->gap_us = t->nr_sleeps > 1 ? average(t->gap_us, gap_us) : gap_us;
	if (t->nr_sleeps < 255)
		t->nr_sleeps++;
	if (t->given_class != TS_CLASS_REGULAR || t->nr_sleeps < ENOUGH_SLEEPS)
		return;
	if (t->class == TS_CLASS_REGULAR && bursts_within(t, 1))
		t->class = TS_CLASS_LATENCY;
	else if (t->class == TS_CLASS_LATENCY && !bursts_within(t, 2))
		t->class = TS_CLASS_REGULAR;
}

/* The task stops running, perhaps not to sleep.  One that has become a hog is regular at once. */
static void judge_run(struct ts_task *t)
{
	if (t->class == TS_CLASS_LATENCY && t->given_class == TS_CLASS_REGULAR &&
	    t->run_ns - t->slept_run_ns > 4000ULL * tune.latency_burst_us) {
		t->class = TS_CLASS_REGULAR;
		t->nr_sleeps = 0;
	}
}

#endif
