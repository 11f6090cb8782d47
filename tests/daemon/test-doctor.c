/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What doctor says of recorded machines: what it found, and what it tells people
 * to do, which has to be the step that helps on that machine.
 */
#include <errno.h>
#include <stdlib.h>

#include "cli/options.h"
#include "daemon/doctor.h"
#include "model/machine.h"
#include "tests/helpers/topology.h"

struct visit {
	struct doctor_check checks[DOCTOR_MAX_CHECKS];
	int nr;
};

static void examine(struct visit *v, const struct sysroot *root, const char *cxl_nodes)
{
	struct options o;

	options_init(&o);
	o.sysroot = strdup(root->path);
	assert_non_null(o.sysroot);
	assert_int_equal(idlist_parse(&o.cxl_nodes, cxl_nodes), 0);
	v->nr = doctor_examine(v->checks, &o);
	assert_true(v->nr <= DOCTOR_MAX_CHECKS);
	options_deinit(&o);
}

static void visit(struct visit *v, const char *name)
{
	_cleanup_sysroot_ struct sysroot root;

	sysroot_init(&root, name);
	examine(v, &root, "");
}

/* The NR-th check of that name; NULL when there are fewer. */
static const struct doctor_check *find(const struct visit *v, const char *name, int nr)
{
	for (int i = 0; i < v->nr; i++)
		if (!strcmp(v->checks[i].name, name) && !nr--)
			return &v->checks[i];
	return NULL;
}

static void assert_check(const struct visit *v, const char *name, enum doctor_state state,
			 const char *found, const char *mend)
{
	const struct doctor_check *c = find(v, name, 0);

	assert_non_null(c);
	assert_int_equal(c->state, state);
	assert_string_equal(c->found, found);
	assert_string_equal(c->mend, mend);
}

static void test_cxl_advice(void **state)
{
	static const struct {
		const char *machine;
		enum doctor_state state;
		const char *found, *mend;
	} cases[] = {
		{"cxl", DOCTOR_OK, "node 2", ""},
		{"hmem", DOCTOR_OK, "node 2", ""},
		{"firmware", DOCTOR_OK, "node 2", ""},
		{"numa", DOCTOR_NOTE, "none found",
		 "name memory-only nodes with --cxl-node where firmware hides CXL"},
		{"hbm-flat", DOCTOR_NOTE, "none found",
		 "name memory-only nodes with --cxl-node where firmware hides CXL"},
		{"empty", DOCTOR_NOTE,
		 "no region is made of mem3: none of that memory is known to be online",
		 "bring it online: cxl create-region -t ram -m mem3 (see cxl-create-region(1))"},
		{"devdax", DOCTOR_NOTE, "dax0.0,dax1.0 in devdax mode: a file, not memory",
		 "daxctl reconfigure-device --mode=system-ram dax0.0 dax1.0"},
		{"offline", DOCTOR_NOTE, "dax0.0 bound to kmem, with memory that is not online",
		 "daxctl online-memory dax0.0"},
		{"joined", DOCTOR_NOTE,
		 "region0 is memory of node 1, which has CPUs: nothing tells its pages from DRAM",
		 "a node of its own is for firmware to give: its SRAT or CXL window"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct visit v;

		visit(&v, cases[i].machine);
		assert_check(&v, "CXL memory", cases[i].state, cases[i].found, cases[i].mend);
		assert_null(find(&v, "CXL memory", 1));
		assert_null(find(&v, "nearest CPUs", 0));
	}
}

/* A device that serves already, and one that could. */
static void test_some_is_online(void **state)
{
	const struct doctor_check *c;
	struct visit v;

	visit(&v, "switch");
	assert_check(&v, "CXL memory", DOCTOR_OK, "node 2", "");
	c = find(&v, "CXL memory", 1);
	assert_non_null(c);
	assert_int_equal(c->state, DOCTOR_NOTE);
	assert_string_equal(c->mend, "bring it online: cxl create-region -t ram -m mem1 (see "
				     "cxl-create-region(1))");
}

/* Of 1 GiB that kmem has, some is online: memory that describes itself is not missed. */
static void test_partly_online(void **state)
{
	_cleanup_sysroot_ struct sysroot root;
	const struct doctor_check *c;
	struct visit v;

	sysroot_init(&root, "cxl");
	sysroot_put(&root, NODE "/node2/meminfo", "Node 2 MemTotal: 1032192 kB\n");
	examine(&v, &root, "");
	assert_null(find(&v, "CXL memory", 1));
	sysroot_put(&root, NODE "/node2/meminfo", "Node 2 MemTotal: 131072 kB\n");
	examine(&v, &root, "");
	assert_check(&v, "CXL memory", DOCTOR_OK, "node 2", "");
	c = find(&v, "CXL memory", 1);
	assert_non_null(c);
	assert_string_equal(c->found, "dax0.0 bound to kmem, with memory that is not online");
	assert_string_equal(c->mend, "daxctl online-memory dax0.0");
}

/* Steps on the way from a region to memory. */
static void test_region_advice(void **state)
{
	_cleanup_sysroot_ struct sysroot root;
	struct visit v;

	sysroot_init(&root, "firmware");
	sysroot_remove(&root, "/sys/bus/cxl/devices/region0/resource");
	examine(&v, &root, "");
	assert_check(&v, "CXL memory", DOCTOR_NOTE,
		     "region0 is System RAM since boot; nothing tells of which node",
		     "name its node: --cxl-node 2");
	examine(&v, &root, "2");
	assert_check(&v, "CXL memory", DOCTOR_OK, "node 2", "");
	assert_null(find(&v, "CXL memory", 1));
	sysroot_put(&root, "/sys/bus/cxl/devices/dax_region0/modalias", "cxl:t5\n");
	examine(&v, &root, "");
	assert_check(&v, "CXL memory", DOCTOR_NOTE,
		     "region0 enabled, and no driver has made a dax device of it",
		     "modprobe -a dax_cxl kmem");
	sysroot_put(&root, "/sys/bus/cxl/devices/region0/commit", "0\n");
	examine(&v, &root, "");
	assert_check(&v, "CXL memory", DOCTOR_NOTE, "region0 not enabled",
		     "cxl enable-region region0");
	/* the drivers did not put the region together: it may still be memory */
	sysroot_remove(&root, "/sys/bus/cxl/devices/region0");
	examine(&v, &root, "");
	assert_check(&v, "CXL memory", DOCTOR_NOTE,
		     "no region is made of mem0: none of that memory is known to be online",
		     "if firmware made it memory of node 2: --cxl-node; else: cxl create-region -t "
		     "ram -m mem0");
}

/* A list that is too long is seen to be cut. */
static void test_many_devices(void **state)
{
	_cleanup_sysroot_ struct sysroot root;
	const struct doctor_check *c;
	struct visit v;

	sysroot_init(&root, "empty");
	for (int i = 10; i < 40; i++) {
		char path[64];

		snprintf(path, sizeof(path), "/sys/bus/cxl/devices/mem%d/ram/size", i);
		sysroot_put(&root, path, "0x40000000\n");
	}
	examine(&v, &root, "");
	c = find(&v, "CXL memory", 0);
	assert_non_null(c);
	assert_non_null(strstr(c->found, "mem3,mem10,mem11,"));
	assert_non_null(strstr(c->found, "...: none of that memory"));
	assert_non_null(strstr(c->mend, "-m mem3 "));
}

static void test_named_node_that_cannot_be(void **state)
{
	_cleanup_sysroot_ struct sysroot root;
	struct visit v;

	sysroot_init(&root, "offline");
	examine(&v, &root, "2");
	assert_int_equal(v.nr, -EINVAL);
}

#define DEMOTION "/sys/kernel/mm/numa/demotion_enabled"
#define TIERS "/sys/devices/virtual/memory_tiering"

static void test_who_moves_pages(void **state)
{
	_cleanup_sysroot_ struct sysroot root;
	struct visit v;

	sysroot_init(&root, "cxl");
	examine(&v, &root, "");
	assert_check(&v, "NUMA balancing", DOCTOR_OK,
		     "kernel.numa_balancing is 1: it rests while this runs, which moves pages in "
		     "its place (--tier)",
		     "");
	assert_check(&v, "memory tiers", DOCTOR_OK, "2: to the kernel CXL memory is a slower one",
		     "");
	assert_check(&v, "demotion", DOCTOR_NOTE,
		     "off: when DRAM is full, the kernel swaps cold pages and does not put them "
		     "on CXL memory",
		     "echo true > " DEMOTION);
	assert_check(&v, "DAMOS", DOCTOR_OK, "not used: pages are moved by move_pages(2)", "");
	sysroot_put(&root, "/proc/sys/kernel/numa_balancing", "0\n");
	sysroot_put(&root, "/proc/sys/kernel/osrelease", "6.12.48+deb13-amd64\n");
	sysroot_put(&root, DEMOTION, "true\n");
	sysroot_put(&root, TIERS "/memory_tier4/nodelist", "0-2\n");
	sysroot_remove(&root, TIERS "/memory_tier22");
	examine(&v, &root, "");
	assert_check(&v, "NUMA balancing", DOCTOR_OK,
		     "off: this only says which pages should move; --tier on moves them", "");
	assert_check(&v, "memory tiers", DOCTOR_NOTE,
		     "the kernel has DRAM and CXL memory in one tier: it demotes nothing to CXL "
		     "memory",
		     "only firmware can tell the kernel (HMAT, CDAT); this goes by its own "
		     "latencies");
	assert_check(&v, "demotion", DOCTOR_OK,
		     "on: when DRAM is full, cold pages go to CXL memory", "");
	assert_check(&v, "DAMOS", DOCTOR_NOTE,
		     "not used, and other programs (damo) should not move pages by it: it counts "
		     "moves that failed",
		     "trust its migrate_hot and migrate_cold from Linux 7.3 on");
}

/* What is not there, or not known, is not spoken of. */
static void test_nobody_moves_pages(void **state)
{
	_cleanup_sysroot_ struct sysroot root;
	struct visit v;

	visit(&v, "flat");
	assert_null(find(&v, "NUMA balancing", 0));
	assert_null(find(&v, "demotion", 0));
	visit(&v, "numa");
	assert_non_null(find(&v, "NUMA balancing", 0));
	assert_null(find(&v, "memory tiers", 0));
	sysroot_init(&root, "cxl");
	sysroot_remove(&root, TIERS);
	sysroot_remove(&root, DEMOTION);
	sysroot_put(&root, "/proc/sys/kernel/osrelease", "unknown\n");
	examine(&v, &root, "");
	assert_null(find(&v, "memory tiers", 0));
	assert_null(find(&v, "demotion", 0));
	assert_null(find(&v, "DAMOS", 0));
}

static void test_disputed(void **state)
{
	struct visit v;

	visit(&v, "disputed");
	assert_check(&v, "nearest CPUs", DOCTOR_NOTE,
		     "of node 2: node 0 by its device, node 1 by firmware's tables; the device is "
		     "believed",
		     "measure which is right: cxl-tiersched calibrate");
}

static void test_latencies(void **state)
{
	struct visit v;

	visit(&v, "unreachable");
	assert_check(&v, "latencies", DOCTOR_NOTE,
		     "of node 2 not known from all CPUs: no preference where they are missing",
		     "measure them: cxl-tiersched calibrate");
	/* nothing to measure */
	visit(&v, "bare");
	assert_check(&v, "latencies", DOCTOR_NOTE, "none: no node with CPUs, or none with memory",
		     "");
	visit(&v, "garbage");
	assert_check(&v, "CPU nodes", DOCTOR_NOTE, "none: no node lists CPUs that are online", "");
}

static void make_cpu_nodes(const struct sysroot *root, int nr)
{
	char path[80], text[80];

	for (int i = 0; i < nr; i++) {
		snprintf(path, sizeof(path), NODE "/node%d/cpulist", i);
		snprintf(text, sizeof(text), "%d\n", i);
		sysroot_put(root, path, text);
		snprintf(path, sizeof(path), NODE "/node%d/meminfo", i);
		snprintf(text, sizeof(text), "Node %d MemTotal: 1048576 kB\n", i);
		sysroot_put(root, path, text);
	}
}

/* Doctor and the run refuse the same machines. */
static void test_too_many_nodes(void **state)
{
	_cleanup_sysroot_ struct sysroot root;
	struct topology *t;
	struct machine *m;
	struct visit v;

	sysroot_init(&root, "");
	make_cpu_nodes(&root, TS_MAX_CPU_NODES);
	examine(&v, &root, "");
	assert_check(&v, "CPU nodes", DOCTOR_OK, "32", "");
	t = read_root(&root);
	assert_int_equal(machine_new(&m, t), 0);
	machine_free(m);
	topology_free(t);
	make_cpu_nodes(&root, TS_MAX_CPU_NODES + 1);
	examine(&v, &root, "");
	assert_check(&v, "CPU nodes", DOCTOR_MISSING,
		     "33 NUMA nodes have CPUs; this program knows at most 32",
		     "have firmware make fewer nodes of a socket (its NPS or SNC setting)");
	t = read_root(&root);
	assert_int_equal(machine_new(&m, t), -E2BIG);
	topology_free(t);
}

static void test_no_nodes(void **state)
{
	_cleanup_sysroot_ struct sysroot root;
	struct visit v;

	sysroot_init(&root, "");
	examine(&v, &root, "");
	assert_check(&v, "CPU nodes", DOCTOR_MISSING, "the recording has no NUMA nodes",
		     "record it anew with tests/helpers/record-sysfs");
}

static void test_what_is_missing(void **state)
{
	_cleanup_sysroot_ struct sysroot root;
	struct visit v;

	sysroot_init(&root, "cxl");
	sysroot_remove(&root, "/sys/kernel/sched_ext");
	sysroot_remove(&root, "/sys/kernel/btf");
	sysroot_remove(&root, "/sys/kernel/mm");
	examine(&v, &root, "");
	assert_check(&v, "sched_ext", DOCTOR_MISSING, "this kernel has no sched_ext",
		     "boot a kernel with CONFIG_SCHED_CLASS_EXT=y (Linux 6.15 or later; Debian: "
		     "trixie-backports), or use --observe");
	assert_check(&v, "BTF", DOCTOR_MISSING,
		     "no /sys/kernel/btf/vmlinux: the BPF program cannot be fitted to this kernel",
		     "boot a kernel with CONFIG_DEBUG_INFO_BTF=y");
	assert_check(&v, "DAMON", DOCTOR_MISSING,
		     "the kernel has no DAMON sysfs interface (/sys/kernel/mm/damon)",
		     "boot a kernel with CONFIG_DAMON_SYSFS=y (Linux 6.2 or later)");
	assert_null(find(&v, "DAMON users", 0));
	assert_check(&v, "resctrl", DOCTOR_NOTE, "these CPUs have none: no bandwidth of CPU nodes",
		     "");
	assert_check(&v, "memory pressure", DOCTOR_NOTE,
		     "the kernel counts none: kernel workers are not demoted when memory is short",
		     "boot with psi=1");
	assert_check(&v, "CPU limits", DOCTOR_NOTE, "unknown: no cgroup v2 at /sys/fs/cgroup", "");
	assert_check(&v, "CPU nodes", DOCTOR_OK, "2", "");
	/* what a recording cannot tell is not asked */
	assert_null(find(&v, "root", 0));
	assert_null(find(&v, "memory in use", 0));
	assert_null(find(&v, "cache counters", 0));
	assert_null(find(&v, "fill latency", 0));
}

static void test_what_is_there(void **state)
{
	_cleanup_sysroot_ struct sysroot root;
	struct visit v;

	sysroot_init(&root, "cxl");
	sysroot_put(&root, "/proc/sys/kernel/osrelease", "6.99.1-test\n");
	sysroot_put(&root, "/sys/kernel/sched_ext/state", "disabled\n");
	sysroot_put(&root, "/sys/kernel/btf/vmlinux", "\n");
	sysroot_put(&root, "/proc/pressure/memory", "\n");
	sysroot_put(&root, "/sys/fs/resctrl/info/last_cmd_status", "ok\n");
	sysroot_put(&root, "/sys/fs/cgroup/cgroup.controllers", "cpu\n");
	sysroot_put(&root, "/sys/bus/event_source/devices/cxl_pmu_mem0.0/type", "20\n");
	examine(&v, &root, "");
	assert_check(&v, "kernel", DOCTOR_OK, "6.99.1-test", "");
	assert_check(&v, "sched_ext", DOCTOR_OK, "disabled", "");
	assert_check(&v, "BTF", DOCTOR_OK, "/sys/kernel/btf/vmlinux", "");
	assert_check(&v, "memory pressure", DOCTOR_OK, "/proc/pressure/memory", "");
	assert_check(&v, "resctrl", DOCTOR_NOTE, "mounted, but these CPUs monitor nothing", "");
	assert_check(&v, "CPU limits", DOCTOR_OK, "no cgroup has one (cpu.max)", "");
	assert_check(&v, "CXL PMU", DOCTOR_OK, "1", "");
	sysroot_put(&root, "/sys/fs/resctrl/mon_data/mon_L3_00/mbm_total_bytes", "1\n");
	sysroot_put(&root, "/sys/kernel/sched_ext/state", "enabled\n");
	sysroot_put(&root, "/sys/kernel/sched_ext/root/ops", "tiersched_0.1.0\n");
	sysroot_put(&root, "/sys/fs/cgroup/a/cgroup.controllers", "cpu\n");
	sysroot_put(&root, "/sys/fs/cgroup/a/cpu.max", "50000 100000\n");
	examine(&v, &root, "");
	assert_check(&v, "resctrl", DOCTOR_OK, "monitors memory bandwidth by L3 cache", "");
	assert_check(&v, "sched_ext", DOCTOR_OK, "enabled, tiersched_0.1.0", "");
	assert_check(&v, "CPU limits", DOCTOR_NOTE,
		     "1 cgroup has a CPU limit (cpu.max), which does not hold while all is "
		     "scheduled here",
		     "keep them with --partial; list them: grep -rv ^max --include=cpu.max "
		     "/sys/fs/cgroup");
	sysroot_put(&root, "/sys/kernel/sched_ext/root/ops", "scx_rusty\n");
	examine(&v, &root, "");
	assert_check(&v, "sched_ext", DOCTOR_NOTE, "in use by the scheduler 'scx_rusty'",
		     "stop it first: only one sched_ext scheduler runs at a time");
	sysroot_remove(&root, "/sys/fs/resctrl/mon_data");
	sysroot_remove(&root, "/sys/fs/resctrl/info");
	examine(&v, &root, "");
	assert_check(&v, "resctrl", DOCTOR_NOTE, "not mounted: no bandwidth of CPU nodes",
		     "mount -t resctrl resctrl /sys/fs/resctrl");
}

static void test_damon(void **state)
{
	static const char reclaim[] = "/sys/module/damon_reclaim/parameters/enabled",
			  stat[] = "/sys/module/damon_stat/parameters/enabled";
	_cleanup_sysroot_ struct sysroot root;
	struct visit v;

	sysroot_init(&root, "../damon/boot");
	examine(&v, &root, "");
	assert_check(&v, "CPU nodes", DOCTOR_MISSING, "the recording has no NUMA nodes",
		     "record it anew with tests/helpers/record-sysfs");
	assert_check(
		&v, "DAMON", DOCTOR_OK,
		"monitors address spaces, tells by trace event, tunes intervals, swaps targets "
		"while running",
		"");
	assert_check(&v, "DAMON users", DOCTOR_OK,
		     "DAMON_STAT is on; it is stopped while cxl-tiersched runs, and put back", "");
	/* a wish alone, and then with its thread */
	sysroot_put(&root, reclaim, "Y\n");
	examine(&v, &root, "");
	assert_int_equal(find(&v, "DAMON users", 0)->state, DOCTOR_OK);
	sysroot_put(&root, "/sys/module/damon_reclaim/parameters/kdamond_pid", "99\n");
	examine(&v, &root, "");
	assert_check(&v, "DAMON users", DOCTOR_NOTE, "DAMON_RECLAIM holds DAMON",
		     "disable it while cxl-tiersched runs: echo N to its parameter 'enabled'");
	sysroot_put(&root, reclaim, "N\n");
	sysroot_put(&root, stat, "N\n");
	examine(&v, &root, "");
	assert_check(&v, "DAMON users", DOCTOR_OK, "none", "");
	sysroot_put(&root, "/proc/kallsyms", "0000000000000000 t damon_something\n");
	examine(&v, &root, "");
	assert_int_equal(find(&v, "DAMON", 0)->state, DOCTOR_MISSING);
	assert_string_equal(find(&v, "DAMON", 0)->mend, "boot a kernel with CONFIG_DAMON_VADDR=y");
	sysroot_remove(&root, "/proc/kallsyms");
	examine(&v, &root, "");
	assert_check(&v, "DAMON", DOCTOR_NOTE, "there; what it can do shows when it runs", "");
	sysroot_deinit(&root);

	sysroot_init(&root, "../damon/running");
	examine(&v, &root, "");
	assert_check(&v, "DAMON users", DOCTOR_NOTE, "1 of 1 kdamonds are in use", "");
	assert_int_equal(find(&v, "DAMON", 0)->state, DOCTOR_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cxl_advice),
		cmocka_unit_test(test_some_is_online),
		cmocka_unit_test(test_partly_online),
		cmocka_unit_test(test_region_advice),
		cmocka_unit_test(test_many_devices),
		cmocka_unit_test(test_named_node_that_cannot_be),
		cmocka_unit_test(test_who_moves_pages),
		cmocka_unit_test(test_nobody_moves_pages),
		cmocka_unit_test(test_disputed),
		cmocka_unit_test(test_latencies),
		cmocka_unit_test(test_too_many_nodes),
		cmocka_unit_test(test_no_nodes),
		cmocka_unit_test(test_what_is_missing),
		cmocka_unit_test(test_what_is_there),
		cmocka_unit_test(test_damon),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
