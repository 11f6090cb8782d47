/* SPDX-License-Identifier: GPL-2.0 */
/* What a machine needs to run it. */
#include "daemon/doctor.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "base/log.h"
#include "base/sysfs.h"
#include "base/util.h"
#include "counters/metrics.h"
#include "daemon/cgroup-limits.h"
#include "daemon/cxl-advice.h"
#include "daemon/tier-advice.h"
#include "damon/damon.h"
#include "model/machine.h"
#include "numa/topology.h"
#include "sample/collect.h"
#include "sched/scheduler.h"

/* A check in the making. */
struct finding {
	struct doctor_check *checks;
	size_t nr;
};

static struct doctor_check *begin(struct finding *f, const char *name, enum doctor_need need)
{
	struct doctor_check *c = &f->checks[f->nr++];

	*c = (struct doctor_check){.name = name, .need = need};
	return c;
}

static void say(struct doctor_check *c, enum doctor_state state, const char *mend, const char *fmt,
		...) _printf_(4, 5);

static void say(struct doctor_check *c, enum doctor_state state, const char *mend, const char *fmt,
		...)
{
	va_list args;

	c->state = state;
	va_start(args, fmt);
	vsnprintf(c->found, sizeof(c->found), fmt, args);
	va_end(args);
	snprintf(c->mend, sizeof(c->mend), "%s", mend);
}

static void check_kernel(struct finding *f, const char *root)
{
	struct doctor_check *c = begin(f, "kernel", DOCTOR_OPTIONAL);
	char release[128] = "not recorded";

	(void)sysfs_read(release, sizeof(release), root, "/proc/sys/kernel/osrelease");
	say(c, DOCTOR_OK, "", "%s", release);
}

static void check_sched_ext(struct finding *f, const char *root)
{
	struct doctor_check *c = begin(f, "sched_ext", DOCTOR_FOR_SCHEDULE);
	char state[32] = "", ops[128];

	if (!sysfs_exists(root, "/sys/kernel/sched_ext")) {
		say(c, DOCTOR_MISSING,
		    "boot a kernel with CONFIG_SCHED_CLASS_EXT=y (Linux 6.15 or later; Debian: "
		    "trixie-backports), or use --observe",
		    "this kernel has no sched_ext");
		return;
	}
	(void)sysfs_read(state, sizeof(state), root, "/sys/kernel/sched_ext/state");
	sched_current(ops, sizeof(ops), root);
	if (ops[0] && strncmp(ops, "tiersched", 9))
		say(c, DOCTOR_NOTE, "stop it first: only one sched_ext scheduler runs at a time",
		    "in use by the scheduler '%s'", ops);
	else
		say(c, DOCTOR_OK, "", "%s%s%s", state, ops[0] ? ", " : "", ops);
}

static void check_btf(struct finding *f, const char *root)
{
	struct doctor_check *c = begin(f, "BTF", DOCTOR_FOR_SCHEDULE);

	if (sysfs_exists(root, "/sys/kernel/btf/vmlinux"))
		say(c, DOCTOR_OK, "", "/sys/kernel/btf/vmlinux");
	else
		say(c, DOCTOR_MISSING, "boot a kernel with CONFIG_DEBUG_INFO_BTF=y",
		    "no /sys/kernel/btf/vmlinux: the BPF program cannot be fitted to this kernel");
}

static void say_no_damon(struct doctor_check *c)
{
	say(c, DOCTOR_MISSING, "boot a kernel with CONFIG_DAMON_SYSFS=y (Linux 6.2 or later)",
	    "the kernel has no DAMON sysfs interface (" DAMON_SYSFS ")");
}

static void check_damon(struct finding *f, const struct options *o, const struct damon_probe *p)
{
	struct doctor_check *c = begin(f, "DAMON", DOCTOR_FOR_ALL);

	if (!p->sysfs)
		say_no_damon(c);
	else if (!o->sysroot && geteuid() != 0)
		say(c, DOCTOR_NOTE, "run doctor as root to see more",
		    "there; only root can look into it");
	else if (p->vaddr == DAMON_NO)
		say(c, DOCTOR_MISSING, "boot a kernel with CONFIG_DAMON_VADDR=y", "%s",
		    damon_strerror(DAMON_E_NO_VADDR));
	else if (p->tried_regions == DAMON_NO && !p->trace)
		say(c, DOCTOR_MISSING, "boot Linux 6.2 or later", "%s",
		    damon_strerror(DAMON_E_NO_REGIONS));
	else if (p->vaddr == DAMON_UNKNOWN)
		say(c, DOCTOR_NOTE, "", "there; what it can do shows when it runs");
	else
		say(c, DOCTOR_OK, "", "monitors address spaces%s%s%s",
		    p->trace ? ", tells by trace event" : "",
		    p->auto_intervals == DAMON_YES ? ", tunes intervals" : "",
		    p->obsolete_target == DAMON_YES ? ", swaps targets while running" : "");
	if (o->damon_auto && p->sysfs && p->auto_intervals == DAMON_NO)
		say(c, DOCTOR_MISSING, "leave out --damon-auto, or boot Linux 6.15 or later",
		    "no interval tuning in this kernel's DAMON");
}

static void check_damon_users(struct finding *f, const struct options *o,
			      const struct damon_probe *p)
{
	struct doctor_check *c;

	if (!p->sysfs)
		return;
	c = begin(f, "DAMON users", DOCTOR_OPTIONAL);
	if (p->reclaim_enabled || p->lru_sort_enabled)
		say(c, DOCTOR_NOTE,
		    "disable it while cxl-tiersched runs: echo N to its parameter 'enabled'",
		    "%s holds DAMON", p->reclaim_enabled ? "DAMON_RECLAIM" : "DAMON_LRU_SORT");
	else if (p->nr_running > 0)
		say(c, DOCTOR_NOTE, "", "%d of %d kdamonds are in use", p->nr_running,
		    p->nr_kdamonds);
	else if (p->stat_enabled)
		say(c, o->keep_damon ? DOCTOR_NOTE : DOCTOR_OK, "",
		    "DAMON_STAT is on; it is stopped while cxl-tiersched runs, and put back");
	else
		say(c, DOCTOR_OK, "", "none");
}

/* Of a recording nobody can be asked. */
static void check_extent(struct finding *f, const char *root)
{
	struct doctor_check *c;

	if (root)
		return;
	c = begin(f, "memory in use", DOCTOR_OPTIONAL);
	if (extent_is_supported())
		say(c, DOCTOR_OK, "", "the kernel tells which addresses hold memory");
	else
		say(c, DOCTOR_NOTE, "boot Linux 6.11 or later",
		    "the kernel cannot tell which addresses hold memory: of programs that reserve "
		    "much more than they use (Go, Java, LMDB) little is seen");
}

static void say_no_nodes(struct doctor_check *c, const char *root)
{
	if (root)
		say(c, DOCTOR_MISSING, "record it anew with tests/helpers/record-sysfs",
		    "the recording has no NUMA nodes");
	else
		say(c, DOCTOR_MISSING, "boot a kernel with CONFIG_NUMA=y",
		    "the kernel shows no NUMA nodes");
}

static void check_nodes(struct finding *f, const struct topology *t, const char *root)
{
	struct doctor_check *c = begin(f, "CPU nodes", DOCTOR_FOR_ALL);
	size_t nr = t ? machine_count_cpu_nodes(t) : 0;

	if (!t)
		say_no_nodes(c, root);
	else if (nr > TS_MAX_CPU_NODES)
		say(c, DOCTOR_MISSING,
		    "have firmware make fewer nodes of a socket (its NPS or SNC setting)",
		    MACHINE_TOO_MANY_NODES, nr, TS_MAX_CPU_NODES);
	else if (!nr)
		say(c, DOCTOR_NOTE, "", "none: no node lists CPUs that are online");
	else if (nr < 2)
		say(c, DOCTOR_NOTE, "",
		    "%zu: every CPU is equally near all memory, so placement gains nothing", nr);
	else
		say(c, DOCTOR_OK, "", "%zu", nr);
}

static void check_cxl(struct finding *f, const struct topology *t)
{
	_cleanup_idlist_ struct idlist ids = IDLIST_INIT;
	struct cxl_advice advice[CXL_ADVICE_MAX];
	size_t nr_advice = t ? cxl_advise(advice, t) : 0;
	char text[64];

	for (size_t i = 0; t && i < t->nr_nodes; i++)
		if (t->nodes[i].cxl != TOPOLOGY_CXL_NO)
			(void)idlist_add(&ids, t->nodes[i].id);
	if (ids.nr)
		say(begin(f, "CXL memory", DOCTOR_OPTIONAL), DOCTOR_OK, "", "node %s",
		    idlist_format(text, sizeof(text), &ids));
	else if (!nr_advice)
		say(begin(f, "CXL memory", DOCTOR_OPTIONAL), DOCTOR_NOTE,
		    "name memory-only nodes with --cxl-node where firmware hides CXL",
		    "none found");
	for (size_t i = 0; i < nr_advice; i++)
		say(begin(f, "CXL memory", DOCTOR_OPTIONAL), DOCTOR_NOTE, advice[i].mend, "%s",
		    advice[i].found);
}

static void check_tiering(struct finding *f, const struct topology *t, const char *root)
{
	struct tier_advice advice[TIER_ADVICE_MAX];
	size_t nr = tier_advise(advice, t, root);

	for (size_t i = 0; i < nr; i++)
		say(begin(f, advice[i].name, DOCTOR_OPTIONAL),
		    advice[i].lacks ? DOCTOR_NOTE : DOCTOR_OK, advice[i].mend, "%s",
		    advice[i].found);
}

/* Where firmware's tables and the device itself name different CPUs as the nearest. */
static void check_disputed(struct finding *f, const struct topology *t)
{
	_cleanup_idlist_ struct idlist ids = IDLIST_INIT;
	const struct topology_node *first = NULL;
	char stated[64], near[64], all[64] = "";

	for (size_t i = 0; t && i < t->nr_nodes; i++) {
		if (!t->nodes[i].disputed.nr)
			continue;
		first = first ? first : &t->nodes[i];
		(void)idlist_add(&ids, t->nodes[i].id);
	}
	if (!first)
		return;
	if (ids.nr > 1)
		idlist_format(all, sizeof(all), &ids);
	say(begin(f, "nearest CPUs", DOCTOR_OPTIONAL), DOCTOR_NOTE,
	    "measure which is right: cxl-tiersched calibrate",
	    "of node %u: node %s by its device, node %s by firmware's tables; the device is "
	    "believed%s%s",
	    first->id, idlist_format(near, sizeof(near), &first->near_nodes),
	    idlist_format(stated, sizeof(stated), &first->disputed), all[0] ? " (such nodes: " : "",
	    all[0] ? strcat(all, ")") : "");
}

static void check_latency(struct finding *f, const struct topology *t)
{
	_cleanup_idlist_ struct idlist unknown = IDLIST_INIT;
	struct doctor_check *c = begin(f, "latencies", DOCTOR_OPTIONAL);
	enum topology_source worst = t ? topology_worst_latency(t, &unknown) : TOPOLOGY_UNKNOWN;
	char text[64];

	if (unknown.nr)
		say(c, DOCTOR_NOTE, "measure them: cxl-tiersched calibrate",
		    "of node %s not known from all CPUs: no preference where they are missing",
		    idlist_format(text, sizeof(text), &unknown));
	else if (worst == TOPOLOGY_UNKNOWN)
		say(c, DOCTOR_NOTE, "", "none: no node with CPUs, or none with memory");
	else if (worst == TOPOLOGY_SLIT || worst == TOPOLOGY_ATTACH)
		say(c, DOCTOR_NOTE, "measure them: cxl-tiersched calibrate",
		    "from SLIT distances in part: the order is firmware's, the nanoseconds are "
		    "nominal");
	else if (worst == TOPOLOGY_MEASURED)
		say(c, DOCTOR_OK, "", "measured");
	else
		say(c, DOCTOR_OK, "", "stated by firmware (%s)", topology_source_name(worst));
}

static void check_cxl_pmu(struct finding *f, const char *root)
{
	struct doctor_check *c = begin(f, "CXL PMU", DOCTOR_OPTIONAL);
	size_t nr = probe_cxl_pmus(root);

	if (nr)
		say(c, DOCTOR_OK, "", "%zu", nr);
	else
		say(c, DOCTOR_NOTE,
		    "boot a kernel with CONFIG_CXL_PMU, where the device has one (modprobe "
		    "cxl_pmu)",
		    "none: no bandwidth of CXL devices");
}

/* The CPUs' own counters, of the machine itself only. */
static void check_caches(struct finding *f, const struct options *o, const struct topology *t)
{
	struct doctor_check *c;
	int error;

	if (o->sysroot || !t)
		return;
	error = probe_llc(t);
	if (error == -ENOMEM)
		return;
	c = begin(f, "cache counters", DOCTOR_OPTIONAL);
	if (!error)
		say(c, DOCTOR_OK, "", "references and misses of last-level caches");
	else if (error == -EACCES || error == -EPERM)
		say(c, DOCTOR_NOTE, "run it as root", "not allowed: no hit rates");
	else
		say(c, DOCTOR_NOTE, "", "none (%s): no hit rates", strerror(-error));
}

/* Whether the CPUs measure what loads from CXL memory take. */
static void check_fills(struct finding *f, const struct options *o, const struct topology *t)
{
	struct doctor_check *c;
	int r;

	if (o->sysroot || !t)
		return;
	r = probe_fill_latency(t);
	c = begin(f, "fill latency", DOCTOR_OPTIONAL);
	if (!r)
		say(c, DOCTOR_OK, "", "of last-level caches from CXL memory, by amd_l3");
	else if (r == -EACCES || r == -EPERM)
		say(c, DOCTOR_NOTE, "run it as root",
		    "not allowed: latency under load follows utilisation");
	else
		say(c, DOCTOR_NOTE, "",
		    "not told by these CPUs (AMD's tell from Zen 4 on): latency under load follows "
		    "utilisation");
}

static void check_resctrl(struct finding *f, const char *root)
{
	struct doctor_check *c = begin(f, "resctrl", DOCTOR_OPTIONAL);
	int r = probe_resctrl(root);

	if (!r)
		say(c, DOCTOR_OK, "", "monitors memory bandwidth by L3 cache");
	else if (r == -ENODATA)
		say(c, DOCTOR_NOTE, "", "mounted, but these CPUs monitor nothing");
	else if (r == -ENOENT)
		say(c, DOCTOR_NOTE, "mount -t resctrl resctrl /sys/fs/resctrl",
		    "not mounted: no bandwidth of CPU nodes");
	else
		say(c, DOCTOR_NOTE, "", "these CPUs have none: no bandwidth of CPU nodes");
}

static void check_pressure(struct finding *f, const char *root)
{
	struct doctor_check *c = begin(f, "memory pressure", DOCTOR_OPTIONAL);

	if (sysfs_exists(root, "/proc/pressure/memory"))
		say(c, DOCTOR_OK, "", "/proc/pressure/memory");
	else
		say(c, DOCTOR_NOTE, "boot with psi=1",
		    "the kernel counts none: kernel workers are not demoted when memory is short");
}

/* What CXL memory can deliver, without which counters tell no utilisation. */
static void check_bandwidth(struct finding *f, const struct topology *t)
{
	_cleanup_idlist_ struct idlist silent = IDLIST_INIT;
	const struct metrics_node *nodes;
	struct metrics *metrics = NULL;
	struct doctor_check *c;
	size_t nr = 0, nr_cxl = 0;
	char text[64];

	if (!t || metrics_new(&metrics, t, NULL, 0, NULL) < 0)
		return;
	nodes = metrics_nodes(metrics, &nr);
	for (size_t i = 0; i < nr; i++) {
		if (t->nodes[topology_find(t, (int)nodes[i].id)].cxl == TOPOLOGY_CXL_NO)
			continue;
		nr_cxl++;
		if (!nodes[i].capacity_mbps)
			(void)idlist_add(&silent, nodes[i].id);
	}
	metrics_free(metrics);
	if (!nr_cxl)
		return;
	c = begin(f, "CXL bandwidth", DOCTOR_OPTIONAL);
	if (silent.nr)
		say(c, DOCTOR_NOTE, "name it for the run: --bandwidth NODE=MBPS",
		    "firmware does not say what node %s can deliver: no utilisation",
		    idlist_format(text, sizeof(text), &silent));
	else
		say(c, DOCTOR_OK, "", "stated by firmware");
}

/* Of cgroups whose CPU limit does not hold, and "" when there are none. */
static const char *limits_text(char *buf, size_t size, const struct cgroup_limits *limits)
{
	buf[0] = '\0';
	if (limits->nr)
		snprintf(buf, size,
			 "%s%zu cgroup%s a CPU limit (cpu.max), which does not hold while all is "
			 "scheduled here",
			 limits->all ? "" : "at least ", limits->nr,
			 limits->nr == 1 ? " has" : "s have");
	else if (!limits->all)
		snprintf(buf, size,
			 "none of the first %zu cgroups has a CPU limit (cpu.max); others, not "
			 "looked at, may",
			 limits->looked);
	return buf;
}

static void check_limits(struct finding *f, const char *root)
{
	struct doctor_check *c = begin(f, "CPU limits", DOCTOR_OPTIONAL);
	struct cgroup_limits limits;
	char text[160];

	if (cgroup_limits_read(&limits, root) < 0)
		say(c, DOCTOR_NOTE, "", "unknown: no cgroup v2 at " CGROUP_ROOT);
	else if (!limits_text(text, sizeof(text), &limits)[0])
		say(c, DOCTOR_OK, "", "no cgroup has one (cpu.max)");
	else
		say(c, DOCTOR_NOTE,
		    "keep them with --partial; list them: grep -rv ^max "
		    "--include=cpu.max " CGROUP_ROOT,
		    "%s", text);
}

void doctor_warn(const struct options *o)
{
	struct cgroup_limits limits;
	char text[160];

	if (o->observe || o->sched.partial || cgroup_limits_read(&limits, NULL) < 0)
		return;
	if (limits_text(text, sizeof(text), &limits)[0])
		log_warning("%s; --partial keeps them, cxl-tiersched doctor tells more", text);
}

static void check_root(struct finding *f, const struct options *o)
{
	struct doctor_check *c;

	if (o->sysroot)
		return;
	c = begin(f, "root", DOCTOR_OPTIONAL);
	if (geteuid() == 0)
		say(c, DOCTOR_OK, "", "yes");
	else
		say(c, DOCTOR_NOTE, "run it with sudo", "no: the run needs it");
}

int doctor_examine(struct doctor_check checks[DOCTOR_MAX_CHECKS], const struct options *o)
{
	struct topology_options options = {.sysroot = o->sysroot, .cxl_nodes = &o->cxl_nodes};
	_cleanup_topology_ struct topology *topology = NULL;
	struct finding f = {.checks = checks};
	struct damon_probe probe = {0};
	int r = topology_read(&topology, &options);

	if (r == -EINVAL)
		return r;
	if (r < 0)
		topology = NULL;
	else if (!o->sysroot)
		(void)latencies_recall(topology);
	(void)damon_probe(&probe, o->sysroot);
	check_root(&f, o);
	check_kernel(&f, o->sysroot);
	check_sched_ext(&f, o->sysroot);
	check_btf(&f, o->sysroot);
	check_damon(&f, o, &probe);
	check_damon_users(&f, o, &probe);
	check_extent(&f, o->sysroot);
	check_nodes(&f, topology, o->sysroot);
	check_cxl(&f, topology);
	check_disputed(&f, topology);
	check_latency(&f, topology);
	check_cxl_pmu(&f, o->sysroot);
	check_bandwidth(&f, topology);
	check_caches(&f, o, topology);
	check_fills(&f, o, topology);
	check_resctrl(&f, o->sysroot);
	check_pressure(&f, o->sysroot);
	check_tiering(&f, topology, o->sysroot);
	check_limits(&f, o->sysroot);
	return (int)f.nr;
}

/* What DAMON can do is left to damon_open(), which looks more closely and says so itself. */
static void check_damon_exists(struct finding *f)
{
	struct doctor_check *c = begin(f, "DAMON", DOCTOR_FOR_ALL);

	if (!sysfs_exists(NULL, DAMON_SYSFS))
		say_no_damon(c);
}

size_t doctor_refuse(const struct options *o)
{
	struct doctor_check checks[DOCTOR_MAX_CHECKS];
	struct finding f = {.checks = checks};
	size_t refused = 0;

	if (!o->observe) {
		check_sched_ext(&f, NULL);
		check_btf(&f, NULL);
	}
	check_damon_exists(&f);
	for (size_t i = 0; i < f.nr; i++) {
		if (checks[i].state != DOCTOR_MISSING)
			continue;
		log_error("%s; %s", checks[i].found, checks[i].mend);
		refused++;
	}
	return refused;
}
