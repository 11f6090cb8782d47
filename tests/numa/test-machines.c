/* SPDX-License-Identifier: GPL-2.0 */
/*
 * numa/topology over kinds of machines, hand-made and small: what each is, and
 * which of its memory is CXL.  The comments at the heads of the recordings say
 * what they stand for.
 */
#include <errno.h>

#include "tests/helpers/topology.h"

static struct topology *read_with(const char *name, const char *cxl_nodes)
{
	_cleanup_sysroot_ struct sysroot root;
	struct topology *t = NULL;

	sysroot_init(&root, name);
	assert_int_equal(try_read(&t, &root, cxl_nodes), 0);
	assert_sound(t);
	return t;
}

static struct topology *read_machine(const char *name)
{
	return read_with(name, "");
}

/* Ids of the nodes that are CXL memory. */
static void assert_cxl(const struct topology *t, const char *text)
{
	_cleanup_idlist_ struct idlist ids = IDLIST_INIT;

	for (size_t i = 0; i < t->nr_nodes; i++)
		if (t->nodes[i].cxl != TOPOLOGY_CXL_NO)
			assert_int_equal(idlist_add(&ids, t->nodes[i].id), 0);
	assert_list(&ids, text);
}

/* High bandwidth memory, GPUs */

static void test_hbm_flat(void **state)
{
	_cleanup_topology_ struct topology *t = read_machine("hbm-flat");

	assert_cxl(t, "");
	assert_near(t, 2, "0", TOPOLOGY_SLIT);
	assert_near(t, 3, "1", TOPOLOGY_SLIT);
	assert_latency(t, 0, 2, 130, TOPOLOGY_SLIT);
	assert_latency(t, 0, 3, 230, TOPOLOGY_SLIT);
}

static void test_hbm_by_dax_is_not_cxl(void **state)
{
	_cleanup_topology_ struct topology *t = read_machine("hbm-dax");

	assert_cxl(t, "4");
	assert_near(t, 2, "0", TOPOLOGY_HMAT);
	assert_latency(t, 0, 2, 120, TOPOLOGY_HMAT);
	assert_bandwidth(t, 0, 2, 400000, TOPOLOGY_HMAT);
	assert_latency(t, 1, 4, 260, TOPOLOGY_HMAT);
}

/* One figure alone tells too, and the administrator's word goes before it. */
static void test_hbm_by_one_figure(void **state)
{
	_cleanup_sysroot_ struct sysroot root;
	struct topology *t;

	sysroot_init(&root, "hbm-dax");
	sysroot_remove(&root, NODE "/node2/access1/initiators/read_latency");
	sysroot_remove(&root, NODE "/node3/access1/initiators/read_bandwidth");
	t = read_root(&root);
	assert_cxl(t, "3-4"); /* 400 GB/s are more than DRAM's, 120 ns are later */
	topology_free(t);
	/* nothing of DRAM: nothing to compare with */
	sysroot_remove(&root, NODE "/node0/access1");
	sysroot_remove(&root, NODE "/node1/access1");
	t = read_root(&root);
	assert_cxl(t, "2-4");
	topology_free(t);
	t = read_with("hbm-dax", "2");
	assert_cxl(t, "2,4");
	assert_int_equal(node_of(t, 2)->cxl, TOPOLOGY_CXL_OPTION);
	topology_free(t);
}

static void test_snc_hbm(void **state)
{
	_cleanup_topology_ struct topology *t = read_machine("snc-hbm");

	assert_cxl(t, "");
	for (int i = 0; i < 4; i++) {
		char text[8];

		snprintf(text, sizeof(text), "%d", i);
		assert_near(t, i + 4, text, TOPOLOGY_HMAT);
		assert_latency(t, i, i + 4, 118, TOPOLOGY_HMAT);
	}
	/* two units of distance at 10.5 ns */
	assert_latency(t, 0, 5, 118 + 21, TOPOLOGY_SLIT);
}

static void test_gh200(void **state)
{
	_cleanup_topology_ struct topology *t = read_machine("gh200");

	assert_int_equal(t->nr_nodes, 18);
	assert_cxl(t, "");
	assert_list(&node_of(t, 1)->cpus, "72-143");
	assert_near(t, 2, "0", TOPOLOGY_SLIT);
	assert_near(t, 10, "1", TOPOLOGY_SLIT);
	assert_near(t, 17, "1", TOPOLOGY_SLIT);
	assert_latency(t, 0, 2, 800, TOPOLOGY_SLIT);
	assert_latency(t, 0, 10, 1200, TOPOLOGY_SLIT);
	assert_latency(t, 0, 11, 0, TOPOLOGY_UNKNOWN);
}

/* Sockets cut in parts, other architectures */

static void test_nps4(void **state)
{
	_cleanup_topology_ struct topology *t = read_machine("nps4");

	assert_cxl(t, "4");
	assert_list(&node_of(t, 2)->cpus, "4-5,12-13");
	assert_near(t, 4, "2", TOPOLOGY_ATTACH);
	assert_latency(t, 2, 4, 500, TOPOLOGY_ATTACH);
	assert_latency(t, 0, 4, 520, TOPOLOGY_ATTACH);
	assert_true(t->memdevs[0].serial == 0x8a0af70000000000u);
}

static void test_arm(void **state)
{
	_cleanup_topology_ struct topology *t = read_machine("arm");

	assert_cxl(t, "");
	assert_near(t, 2, "1", TOPOLOGY_HMAT);
	assert_latency(t, 1, 2, 230, TOPOLOGY_HMAT);
	/* the SLIT is the kernel's default: the way to node 1 counts */
	assert_latency(t, 0, 2, 230 + 95, TOPOLOGY_ATTACH);
	topology_free(TAKE(&t));
	t = read_with("arm", "2");
	assert_cxl(t, "2");
	assert_near(t, 2, "1", TOPOLOGY_HMAT);
}

static void test_generic_initiator(void **state)
{
	_cleanup_topology_ struct topology *t = read_machine("initiator");

	assert_cxl(t, "");
	assert_near(t, 3, "1", TOPOLOGY_HMAT);
	assert_latency(t, 1, 3, 310, TOPOLOGY_HMAT);
	assert_bandwidth(t, 1, 3, 64000, TOPOLOGY_HMAT);
	assert_latency(t, 0, 3, 310 + 81, TOPOLOGY_SLIT);
}

/* 26 ns are stated; a nominal way of 100 ns on top would be another scale. */
static void test_cpus_without_memory(void **state)
{
	_cleanup_topology_ struct topology *t = read_machine("far-dram");

	assert_cxl(t, "");
	assert_list(&node_of(t, 0)->cpus, "0-1");
	assert_list(&node_of(t, 1)->cpus, "2-3");
	assert_list(&node_of(t, 2)->cpus, "");
	assert_near(t, 2, "0", TOPOLOGY_HMAT);
	assert_latency(t, 0, 2, 26, TOPOLOGY_HMAT);
	assert_latency(t, 1, 2, 26 * 21 / 11, TOPOLOGY_SLIT);
	assert_latency(t, 0, 3, 26 * 21 / 11, TOPOLOGY_SLIT);
}

/* The same where distances are flat: by way of the device's node. */
static void test_nominal_way_is_not_added(void **state)
{
	_cleanup_sysroot_ struct sysroot root;
	_cleanup_topology_ struct topology *t = NULL;

	sysroot_init(&root, "cxl");
	sysroot_put(&root, "/sys/bus/cxl/devices/region0/access1/read_latency", "402\n");
	t = read_root(&root);
	assert_latency(t, 1, 2, 402, TOPOLOGY_CXL);
	assert_latency(t, 0, 2, 402 * 310 / 200, TOPOLOGY_ATTACH);
}

static void test_recording_of_directories_alone(void **state)
{
	_cleanup_topology_ struct topology *t = read_machine("bare");

	assert_int_equal(t->nr_nodes, 2);
	assert_list(&node_of(t, 0)->cpus, "0-5,48-53");
	assert_list(&node_of(t, 1)->cpus, "6-11,54-59");
	assert_int_equal(node_of(t, 0)->mem_bytes, 0);
	assert_near(t, 1, "1", TOPOLOGY_SLIT);
}

/* CXL */

static void test_interleaved(void **state)
{
	_cleanup_topology_ struct topology *t = read_machine("interleaved");

	assert_cxl(t, "2");
	assert_string_equal(node_of(t, 2)->devices, "mem0,mem1");
	assert_int_equal(node_of(t, 2)->attach_node, 0);
	assert_near(t, 2, "0", TOPOLOGY_HMAT);
	assert_latency(t, 0, 2, 242, TOPOLOGY_CXL);
	assert_bandwidth(t, 0, 2, 56500, TOPOLOGY_CXL);
	assert_latency(t, 1, 2, 342, TOPOLOGY_SLIT);
	assert_true(t->memdevs[0].has_region && t->memdevs[1].has_region);
}

static void test_two_regions_on_a_node(void **state)
{
	_cleanup_topology_ struct topology *t = read_machine("two-regions");

	assert_cxl(t, "2");
	assert_int_equal(t->nr_regions, 2);
	assert_string_equal(node_of(t, 2)->devices, "mem0,mem1");
	assert_int_equal(node_of(t, 2)->attach_node, -1);
	assert_near(t, 2, "0-1", TOPOLOGY_ATTACH);
	assert_latency(t, 0, 2, 255, TOPOLOGY_ATTACH);
	assert_latency(t, 1, 2, 255, TOPOLOGY_ATTACH);
}

static void test_joined_to_a_node_with_cpus(void **state)
{
	_cleanup_topology_ struct topology *t = read_machine("joined");

	assert_cxl(t, "");
	assert_int_equal(t->regions[0].target_node, 1);
	assert_string_equal(t->regions[0].devices, "mem0");
	assert_near(t, 1, "1", TOPOLOGY_SLIT);
}

static void test_node_for_memory_to_come(void **state)
{
	_cleanup_topology_ struct topology *t = read_machine("empty");

	assert_cxl(t, "");
	assert_int_equal(t->nr_nodes, 3);
	assert_int_equal(node_of(t, 2)->mem_bytes, 0);
	assert_string_equal(t->memdevs[0].name, "mem3");
	assert_false(t->memdevs[0].has_region);
	assert_latency(t, 0, 2, 0, TOPOLOGY_UNKNOWN);
}

static void test_switch(void **state)
{
	_cleanup_topology_ struct topology *t = read_machine("switch");

	assert_cxl(t, "2");
	assert_string_equal(node_of(t, 2)->devices, "mem0");
	assert_string_equal(t->memdevs[1].host, "0000:11:00.0");
	assert_true(t->memdevs[0].has_region);
	assert_false(t->memdevs[1].has_region);
	assert_near(t, 2, "1", TOPOLOGY_ATTACH);
}

/* Firmware put the region into the memory map: its address leads to its node. */
static void test_firmware_made_it_memory(void **state)
{
	_cleanup_topology_ struct topology *t = read_machine("firmware");

	assert_int_equal(t->regions[0].state, TOPOLOGY_REGION_RAM);
	assert_int_equal(t->regions[0].target_node, 2);
	assert_int_equal(node_of(t, 2)->cxl, TOPOLOGY_CXL_REGION);
	assert_string_equal(node_of(t, 2)->devices, "mem0");
	assert_near(t, 2, "1", TOPOLOGY_ATTACH);
	assert_latency(t, 0, 2, 310, TOPOLOGY_ATTACH);
}

/* What of the address may be missing or odd: then the node is unknown, and never a guess. */
static void test_firmware_and_no_telling(void **state)
{
	static const struct {
		const char *path, *text;
	} spoils[] = {
		{"/sys/bus/cxl/devices/region0/resource", "\n"},
		{"/sys/bus/cxl/devices/region0/resource", "0xffffffffffffffff\n"},
		{"/sys/bus/cxl/devices/region0/size", "0x1000\n"},
		{"/sys/devices/system/memory/block_size_bytes", "what\n"},
		{"/sys/devices/system/memory/block_size_bytes", "0\n"},
		{NODE "/node1/memory4/online", "1\n"},
		{NODE "/node0/memory3/online", "1\n"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(spoils); i++) {
		_cleanup_sysroot_ struct sysroot root;
		_cleanup_topology_ struct topology *t = NULL;

		sysroot_init(&root, "firmware");
		sysroot_put(&root, spoils[i].path, spoils[i].text);
		t = read_root(&root);
		assert_sound(t);
		assert_int_equal(t->regions[0].state, TOPOLOGY_REGION_RAM);
		assert_int_equal(t->regions[0].target_node, -1);
		assert_cxl(t, "");
		topology_free(TAKE(&t));
		/* named, it has the device's node */
		assert_int_equal(try_read(&t, &root, "2"), 0);
		assert_sound(t);
		assert_int_equal(node_of(t, 2)->cxl, TOPOLOGY_CXL_OPTION);
		assert_int_equal(node_of(t, 2)->attach_node, 1);
		assert_near(t, 2, "1", TOPOLOGY_ATTACH);
		assert_latency(t, 0, 2, 310, TOPOLOGY_ATTACH);
	}
}

static void test_region_states(void **state)
{
	_cleanup_sysroot_ struct sysroot root;
	_cleanup_topology_ struct topology *t = NULL;

	sysroot_init(&root, "firmware");
	sysroot_put(&root, "/sys/bus/cxl/devices/region0/resource", "0x800000000\n");
	t = read_root(&root);
	assert_int_equal(t->regions[0].state, TOPOLOGY_REGION_OFF); /* no memory at that address */
	topology_free(TAKE(&t));
	sysroot_put(&root, "/sys/bus/cxl/devices/dax_region0/modalias", "cxl:t5\n");
	t = read_root(&root);
	assert_int_equal(t->regions[0].state, TOPOLOGY_REGION_NO_DAX);
	topology_free(TAKE(&t));
	sysroot_put(&root, "/sys/bus/cxl/devices/region0/commit", "0\n");
	t = read_root(&root);
	assert_int_equal(t->regions[0].state, TOPOLOGY_REGION_OFF);
	topology_free(TAKE(&t));
	sysroot_put(&root, "/sys/bus/cxl/devices/region0/mode", "pmem\n");
	t = read_root(&root);
	assert_int_equal(t->regions[0].state, TOPOLOGY_REGION_UNKNOWN);
	topology_free(TAKE(&t));
	t = read_machine("devdax");
	assert_int_equal(t->regions[1].state, TOPOLOGY_REGION_DAX);
	assert_int_equal(t->regions[1].target_node, 3);
	assert_int_equal(t->nr_dax, 2);
	assert_string_equal(t->dax[1].name, "dax1.0");
	assert_string_equal(t->dax[1].driver, "device_dax");
	assert_int_equal(t->dax[1].region, 1);
}

/* Tables against the device */

static void test_disputed(void **state)
{
	_cleanup_topology_ struct topology *t = read_machine("disputed");
	uint32_t ns[] = {81, 143, 410, 143, 82, 257, 0, 0, 0};

	assert_list(&node_of(t, 2)->disputed, "1");
	assert_int_equal(node_of(t, 2)->attach_node, 0);
	assert_near(t, 2, "0", TOPOLOGY_ATTACH);
	assert_latency(t, 0, 2, 250, TOPOLOGY_ATTACH);
	assert_latency(t, 1, 2, 250 + 110, TOPOLOGY_ATTACH);
	/* measured, and the tables were right */
	assert_int_equal(topology_take_latencies(t, ns), 0);
	assert_list(&node_of(t, 2)->disputed, "");
	assert_near(t, 2, "1", TOPOLOGY_MEASURED);
}

static void test_distances_disputed(void **state)
{
	_cleanup_sysroot_ struct sysroot root;
	_cleanup_topology_ struct topology *t = NULL;

	sysroot_init(&root, "disputed");
	sysroot_remove(&root, NODE "/node2/access1");
	sysroot_remove(&root, "/sys/bus/cxl/devices/region0/access1");
	sysroot_put(&root, NODE "/node0/distance", "10 21 28\n");
	sysroot_put(&root, NODE "/node1/distance", "21 10 17\n");
	t = read_root(&root);
	assert_sound(t);
	assert_list(&node_of(t, 2)->disputed, "1");
	assert_near(t, 2, "0", TOPOLOGY_ATTACH);
	assert_latency(t, 0, 2, 280, TOPOLOGY_ATTACH);
	assert_latency(t, 1, 2, 280 + 110, TOPOLOGY_ATTACH);
	/* overlapping is no contradiction */
	topology_free(TAKE(&t));
	sysroot_put(&root, NODE "/node0/distance", "10 21 17\n");
	t = read_root(&root);
	assert_list(&node_of(t, 2)->disputed, "");
	assert_latency(t, 0, 2, 170, TOPOLOGY_ATTACH);
}

/* Of dax memory the device is inferred: HMAT goes first, and nothing is disputed. */
static void test_inferred_device_gives_way(void **state)
{
	_cleanup_sysroot_ struct sysroot root;
	_cleanup_topology_ struct topology *t = NULL;

	sysroot_init(&root, "hmem");
	sysroot_link(&root, NODE "/node2/access1/initiators/node0", "../../../node0");
	sysroot_put(&root, NODE "/node2/access1/initiators/read_latency", "300\n");
	t = read_root(&root);
	assert_sound(t);
	assert_int_equal(node_of(t, 2)->attach_node, 1);
	assert_near(t, 2, "0", TOPOLOGY_HMAT);
	assert_list(&node_of(t, 2)->disputed, "");
}

static void test_unreachable_by_slit(void **state)
{
	_cleanup_topology_ struct topology *t = read_machine("unreachable");

	assert_cxl(t, "2");
	assert_near(t, 2, "1", TOPOLOGY_ATTACH);
	assert_latency(t, 0, 2, 0, TOPOLOGY_UNKNOWN);
	assert_latency(t, 1, 2, 0, TOPOLOGY_UNKNOWN);
}

/* --cxl-node where there is no memory, or not yet: each says why on stderr. */
static void test_named_without_memory(void **state)
{
	static const struct {
		const char *machine, *nodes;
	} cases[] = {{"offline", "2"}, {"empty", "2"},	{"devdax", "2"},
		     {"devdax", "9"},  {"joined", "1"}, {"gh200", "2,3"}};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_sysroot_ struct sysroot root;
		struct topology *t = NULL;

		sysroot_init(&root, cases[i].machine);
		assert_int_equal(try_read(&t, &root, cases[i].nodes), -EINVAL);
		assert_null(t);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hbm_flat),
		cmocka_unit_test(test_hbm_by_dax_is_not_cxl),
		cmocka_unit_test(test_hbm_by_one_figure),
		cmocka_unit_test(test_snc_hbm),
		cmocka_unit_test(test_gh200),
		cmocka_unit_test(test_nps4),
		cmocka_unit_test(test_arm),
		cmocka_unit_test(test_generic_initiator),
		cmocka_unit_test(test_cpus_without_memory),
		cmocka_unit_test(test_nominal_way_is_not_added),
		cmocka_unit_test(test_recording_of_directories_alone),
		cmocka_unit_test(test_interleaved),
		cmocka_unit_test(test_two_regions_on_a_node),
		cmocka_unit_test(test_joined_to_a_node_with_cpus),
		cmocka_unit_test(test_node_for_memory_to_come),
		cmocka_unit_test(test_switch),
		cmocka_unit_test(test_firmware_made_it_memory),
		cmocka_unit_test(test_firmware_and_no_telling),
		cmocka_unit_test(test_region_states),
		cmocka_unit_test(test_disputed),
		cmocka_unit_test(test_distances_disputed),
		cmocka_unit_test(test_inferred_device_gives_way),
		cmocka_unit_test(test_unreachable_by_slit),
		cmocka_unit_test(test_named_without_memory),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
