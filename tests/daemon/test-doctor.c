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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cxl_advice),
		cmocka_unit_test(test_some_is_online),
		cmocka_unit_test(test_partly_online),
		cmocka_unit_test(test_region_advice),
		cmocka_unit_test(test_many_devices),
		cmocka_unit_test(test_named_node_that_cannot_be),
		cmocka_unit_test(test_disputed),
		cmocka_unit_test(test_latencies),
		cmocka_unit_test(test_too_many_nodes),
		cmocka_unit_test(test_no_nodes),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
