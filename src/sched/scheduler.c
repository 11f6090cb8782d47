/* SPDX-License-Identifier: GPL-2.0 */
/* The loader of the BPF scheduler. */
#include "sched/scheduler.h"

#include <errno.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "base/bpf-log.h"
#include "base/sysfs.h"
#include "base/util.h"
#include "sched/maps.h"

/*
 * The generated skeleton has the types of the BPF side.  These are the ones it uses beyond
 * linux/types.h.  The kptr tag means something to the kernel only.
 */
typedef int8_t s8;
typedef int32_t s32;
typedef int64_t s64;
typedef uint8_t u8;
typedef uint32_t u32;
typedef uint64_t u64;
#include "bpf/tiersched.skel.h"

/* include/linux/sched/ext.h; they are stable, because tools print them */
enum { EXIT_KIND_UNREG = 64, EXIT_KIND_ERROR = 1024 };
#define EXIT_CODE_RESTART (1ULL << 48)
#define OPS_ENQ_LAST (1ULL << 1)
#define OPS_SWITCH_PARTIAL (1ULL << 3)
/*
 * A task that wakes another hands it to its CPU.  Otherwise it would take that CPU's lock and wait
 * until the other has finished going to sleep.
 */
#define OPS_ALLOW_QUEUED_WAKEUP (1ULL << 5)
#define OPS_BUILTIN_IDLE_PER_NODE (1ULL << 6)

struct sched {
	struct tiersched_bpf *skel;
	struct bpf_link *link;
	int nr_possible_cpus;
	struct ts_cpu *contexts; /* of each possible CPU, as written last */
	uint64_t *percpu;	 /* scratch for sched_stats() */
};

static void configure(struct tiersched_bpf *skel, const struct sched_options *o,
		      const struct machine *m, uint64_t stale_after_ns)
{
	skel->rodata->nr_places = (u32)m->nr_cpu_nodes;
	skel->rodata->slice_ns = o->slice_ns;
	skel->rodata->hold_ns = o->hold_ns;
	skel->rodata->stale_after_ns = stale_after_ns;
	skel->rodata->tune = o->tune;
	memcpy((void *)skel->rodata->vector_names, o->names, sizeof(o->names));
	for (size_t c = 0; c < m->nr_cpu_nodes; c++) {
		skel->rodata->place_node_id[c] = m->cpu_nodes[c].id;
		for (size_t i = 0; i < m->nr_cpu_nodes; i++)
			skel->rodata->place_order[c][i] = m->cpu_nodes[c].near_order[i];
	}
	skel->struct_ops.tiersched_ops->flags = OPS_ENQ_LAST | OPS_ALLOW_QUEUED_WAKEUP |
						OPS_BUILTIN_IDLE_PER_NODE |
						(o->partial ? OPS_SWITCH_PARTIAL : 0);
}

/*
 * Without CONFIG_EXT_GROUP_SCHED the kernel has none of these members, and libbpf would refuse
 * them.
 */
static void leave_out_groups(struct tiersched_bpf *skel)
{
	skel->rodata->has_groups = false;
	skel->struct_ops.tiersched_ops->exit_task = NULL; /* needed only for groups */
	skel->struct_ops.tiersched_ops->cgroup_init = NULL;
	skel->struct_ops.tiersched_ops->cgroup_exit = NULL;
	skel->struct_ops.tiersched_ops->cgroup_move = NULL;
	skel->struct_ops.tiersched_ops->cgroup_set_weight = NULL;
	bpf_map__set_autocreate(skel->maps.cgroup_slots, false);
}

/* Load it into the kernel, without attaching.  -ENOTSUP: the kernel lacks some of its ops. */
static int load(struct sched *s, const struct sched_options *o, const struct machine *m,
		uint64_t stale_after_ns, bool with_groups)
{
	tiersched_bpf__destroy(s->skel);
	s->skel = tiersched_bpf__open();
	if (!s->skel)
		return -errno;
	configure(s->skel, o, m, stale_after_ns);
	if (!with_groups)
		leave_out_groups(s->skel);
	bpf_map__set_max_entries(s->skel->maps.cpu_contexts, (u32)s->nr_possible_cpus);
	/* attach the struct_ops map by hand: otherwise there is no link to poll */
	bpf_map__set_autoattach(s->skel->maps.tiersched_ops, false);
	return tiersched_bpf__load(s->skel);
}

int sched_load(struct sched **out, const struct sched_options *o, const struct machine *m,
	       uint64_t stale_after_ns)
{
	struct sched *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		return -ENOMEM;
	bpf_log_init();
	s->nr_possible_cpus = libbpf_num_possible_cpus();
	s->percpu = calloc(MAX(s->nr_possible_cpus, 1), sizeof(*s->percpu));
	s->contexts = calloc(MAX(s->nr_possible_cpus, 1), sizeof(*s->contexts));
	if (!s->percpu || !s->contexts || s->nr_possible_cpus < 0)
		r = s->nr_possible_cpus < 0 ? s->nr_possible_cpus : -ENOMEM;
	else
		r = load(s, o, m, stale_after_ns, true);
	/* no CONFIG_EXT_GROUP_SCHED; to look into the BTF first would cost each start */
	if (r == -ENOTSUP)
		r = load(s, o, m, stale_after_ns, false);
	if (r < 0) {
		sched_free(s);
		return r;
	}
	*out = s;
	return 0;
}

int sched_attach(struct sched *s)
{
	s->link = bpf_map__attach_struct_ops(s->skel->maps.tiersched_ops);
	return s->link ? 0 : -errno;
}

void sched_free(struct sched *s)
{
	if (!s)
		return;
	bpf_link__destroy(s->link);
	tiersched_bpf__destroy(s->skel);
	free(s->percpu);
	free(s->contexts);
	free(s);
}

void sched_poll(struct sched *s, struct sched_exit *out)
{
	int kind = __atomic_load_n(&s->skel->bss->exit_record.kind, __ATOMIC_ACQUIRE);

	*out = (struct sched_exit){.what = SCHED_RUNNING};
	if (!kind)
		return;
	out->code = s->skel->bss->exit_record.code;
	memcpy(out->reason, s->skel->bss->exit_record.reason, sizeof(out->reason));
	memcpy(out->message, s->skel->bss->exit_record.message, sizeof(out->message));
	out->reason[sizeof(out->reason) - 1] = out->message[sizeof(out->message) - 1] = '\0';
	if ((uint64_t)out->code & EXIT_CODE_RESTART)
		out->what = SCHED_RESTART;
	else
		out->what = kind >= EXIT_KIND_ERROR ? SCHED_EJECTED : SCHED_LEFT;
}

void sched_beat(struct sched *s, uint64_t now_ns)
{
	__atomic_store_n(&s->skel->bss->heartbeat_ns, now_ns, __ATOMIC_RELAXED);
}

void sched_memory_is_short(struct sched *s, bool is_short)
{
	s->skel->bss->memory_is_short = is_short;
}

int sched_set_profile(struct sched *s, pid_t tgid, const struct ts_profile *profile)
{
	struct ts_usage zero = {0};
	u32 key = (u32)tgid;
	int r;

	r = bpf_map_update_elem(bpf_map__fd(s->skel->maps.process_usage), &key, &zero, BPF_NOEXIST);
	if (r < 0 && r != -EEXIST)
		return r;
	if (!r)
		s->skel->bss->nr_profiles++;
	return bpf_map_update_elem(bpf_map__fd(s->skel->maps.damon_data), &key, profile, BPF_ANY);
}

void sched_drop(struct sched *s, pid_t tgid)
{
	u32 key = (u32)tgid;

	bpf_map_delete_elem(bpf_map__fd(s->skel->maps.damon_data), &key);
	if (!bpf_map_delete_elem(bpf_map__fd(s->skel->maps.process_usage), &key))
		s->skel->bss->nr_profiles--;
}

bool sched_usage(struct sched *s, pid_t tgid, struct ts_usage *out)
{
	u32 key = (u32)tgid;

	return !bpf_map_lookup_elem(bpf_map__fd(s->skel->maps.process_usage), &key, out);
}

uint32_t sched_nr_cpus(const struct sched *s)
{
	return (uint32_t)s->nr_possible_cpus;
}

int sched_set_cpu(struct sched *s, uint32_t cpu, const struct ts_cpu *context)
{
	int r;

	if (cpu >= (uint32_t)s->nr_possible_cpus)
		return -ERANGE;
	if (!memcmp(&s->contexts[cpu], context, sizeof(*context)))
		return 0;
	r = bpf_map_update_elem(bpf_map__fd(s->skel->maps.cpu_contexts), &cpu, context, BPF_ANY);
	if (!r)
		s->contexts[cpu] = *context;
	return r;
}

void sched_set_vector_place(struct sched *s, size_t place, uint8_t to)
{
	if (place < ARRAY_SIZE(s->skel->bss->vector_place))
		s->skel->bss->vector_place[place] = to;
}

void sched_stats(struct sched *s, uint64_t *out)
{
	for (u32 stat = 0; stat < TS_NR_STATS; stat++) {
		out[stat] = 0;
		if (bpf_map_lookup_elem(bpf_map__fd(s->skel->maps.stats), &stat, s->percpu))
			continue;
		for (int cpu = 0; cpu < s->nr_possible_cpus; cpu++)
			out[stat] += s->percpu[cpu];
	}
}

void sched_current(char *out, size_t size, const char *sysroot)
{
	if (sysfs_read(out, size, sysroot, "/sys/kernel/sched_ext/root/ops") < 0)
		out[0] = '\0';
}
