/* SPDX-License-Identifier: GPL-2.0 */
/* What a task is: by rule, by name, by the kernel's flag for its workers. */
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

/* The class by name; a kernel thread is a worker by its flag, never by its name. */
static u8 class_by_name(const struct task_struct *p, const char *comm)
{
	u32 i;

	if (p->flags & PF_KTHREAD)
		return p->flags & PF_WQ_WORKER ? TS_CLASS_KWORKER : TS_CLASS_REGULAR;
	bpf_for (i, 0, TS_MAX_NAMES) {
		if (has_vector_name(comm, i))
			return TS_CLASS_VECTOR;
	}
	return TS_CLASS_REGULAR;
}

/* Judge again when the name has changed (exec, prctl), or when a rule has given a class. */
static void judge(struct task_struct *p, struct ts_task *t, const struct ts_profile *profile)
{
	u64 *seen = (u64 *)t->comm, now[2];

	if (profile && profile->class != TS_CLASS_UNSET) {
		t->class = profile->class;
		seen[0] = 0; /* so that the name counts again when the rule is gone */
		return;
	}
	__builtin_memcpy(now, p->comm, sizeof(now));
	if (t->class != TS_CLASS_UNSET && seen[0] == now[0] && seen[1] == now[1])
		return;
	seen[0] = now[0];
	seen[1] = now[1];
	t->class = class_by_name(p, t->comm);
}

#endif
