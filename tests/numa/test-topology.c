/* SPDX-License-Identifier: GPL-2.0 */
/*
 * numa/topology over recorded machines (flat, numa, tier, cxl, port) and hand-made ones
 * (snc, power, hmem, garbage; the comments at their heads say what they stand
 * for).  A test of one rule spoils or completes one of them.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/util.h"
#include "numa/names.h"
#include "numa/text.h"
#include "numa/topology.h"
#include "tests/helpers/sysroot.h"
#include "tests/helpers/topology.h"

/* Recorded machines */

static void test_flat(void **state)
{
	_cleanup_sysroot_ struct sysroot root;
	_cleanup_topology_ struct topology *t = NULL;

	sysroot_init(&root, "flat");
	t = read_root(&root);
	assert_sound(t);
	assert_int_equal(t->nr_nodes, 1);
	assert_list(&node_of(t, 0)->cpus, "0-3");
	assert_true(node_of(t, 0)->mem_bytes > 1ull << 30);
	assert_near(t, 0, "0", TOPOLOGY_SLIT);
	assert_latency(t, 0, 0, 100, TOPOLOGY_SLIT);
	assert_int_equal(t->nr_memdevs + t->nr_regions, 0);
	assert_false(topology_changed(t, root.path));
}

static void test_numa(void **state)
{
	_cleanup_sysroot_ struct sysroot root;
	_cleanup_topology_ struct topology *t = NULL;

	sysroot_init(&root, "numa");
	t = read_root(&root);
	assert_sound(t);
	assert_int_equal(t->nr_nodes, 2);
	assert_near(t, 0, "0", TOPOLOGY_SLIT);
	assert_near(t, 1, "1", TOPOLOGY_SLIT);
	assert_latency(t, 0, 0, 100, TOPOLOGY_SLIT);
	assert_latency(t, 0, 1, 210, TOPOLOGY_SLIT);
	assert_latency(t, 1, 0, 210, TOPOLOGY_SLIT);
	assert_int_equal(node_of(t, 0)->tier, 4);
	assert_int_equal(node_of(t, 1)->cxl, TOPOLOGY_CXL_NO);
}

/* The figures are the machine's HMAT: 80 and 250 ns for the nearest, distance 21 and 50 to 31. */
static void test_tier(void **state)
{
	_cleanup_sysroot_ struct sysroot root;
	_cleanup_topology_ struct topology *t = NULL;

	sysroot_init(&root, "tier");
	t = read_root(&root);
	assert_sound(t);
	assert_int_equal(t->nr_nodes, 3);
	assert_int_equal(node_of(t, 2)->cpus.nr, 0);
	assert_near(t, 0, "0", TOPOLOGY_HMAT);
	assert_near(t, 1, "1", TOPOLOGY_HMAT);
	assert_near(t, 2, "1", TOPOLOGY_HMAT);
	assert_latency(t, 0, 0, 80, TOPOLOGY_HMAT);
	assert_latency(t, 1, 1, 80, TOPOLOGY_HMAT);
	assert_latency(t, 1, 2, 250, TOPOLOGY_HMAT);
	assert_latency(t, 0, 1, 168, TOPOLOGY_SLIT);
	assert_latency(t, 0, 2, 250 + (50 - 31) * 8, TOPOLOGY_SLIT);
	assert_int_not_equal(link_of(t, 1, 2)->bandwidth_mbps, 0);
	assert_int_equal(link_of(t, 1, 2)->bandwidth_source, TOPOLOGY_HMAT);
	assert_bandwidth(t, 0, 2, 0, TOPOLOGY_UNKNOWN);
	assert_true(node_of(t, 2)->tier > node_of(t, 0)->tier);
	/* it stands for CXL in the lab, but nothing in the machine says so */
	assert_int_equal(node_of(t, 2)->cxl, TOPOLOGY_CXL_NO);
}

static void test_cxl(void **state)
{
	_cleanup_sysroot_ struct sysroot root;
	_cleanup_topology_ struct topology *t = NULL;

	sysroot_init(&root, "cxl");
	t = read_root(&root);
	assert_sound(t);
	assert_int_equal(t->nr_nodes, 3);
	assert_int_equal(t->nr_memdevs, 1);
	assert_string_equal(t->memdevs[0].name, "mem0");
	assert_int_equal(t->memdevs[0].numa_node, 1);
	assert_int_equal(t->memdevs[0].ram_bytes, 1ull << 30);
	assert_int_equal(t->memdevs[0].pmem_bytes, 0);
	assert_non_null(strchr(t->memdevs[0].host, ':'));
	assert_int_equal(t->nr_regions, 1);
	assert_string_equal(t->regions[0].name, "region0");
	assert_string_equal(t->regions[0].devices, "mem0");
	assert_int_equal(t->regions[0].bytes, 1ull << 30);
	assert_int_equal(t->regions[0].target_node, 2);
	assert_int_equal(node_of(t, 2)->cxl, TOPOLOGY_CXL_REGION);
	assert_string_equal(node_of(t, 2)->devices, "mem0");
	assert_int_equal(node_of(t, 2)->attach_node, 1);
	assert_int_equal(node_of(t, 2)->tier, 22);
	/* the SLIT is flat and no figure known: the device's node decides */
	assert_near(t, 2, "1", TOPOLOGY_ATTACH);
	assert_latency(t, 1, 2, 200, TOPOLOGY_ATTACH);
	assert_latency(t, 0, 2, 310, TOPOLOGY_ATTACH);
	assert_bandwidth(t, 1, 2, 0, TOPOLOGY_UNKNOWN);
}

/* Hand-made machines */

static void test_snc(void **state)
{
	_cleanup_sysroot_ struct sysroot root;
	_cleanup_topology_ struct topology *t = NULL;

	sysroot_init(&root, "snc");
	t = read_root(&root);
	assert_sound(t);
	assert_int_equal(t->nr_nodes, 6);
	/* CPU 31 is in the node's list, and offline */
	assert_list(&node_of(t, 3)->cpus, "24-30");
	assert_near(t, 0, "0", TOPOLOGY_HMAT);
	assert_near(t, 4, "0-1", TOPOLOGY_HMAT);
	assert_near(t, 5, "2-3", TOPOLOGY_HMAT);
	assert_string_equal(node_of(t, 4)->devices, "mem0");
	assert_string_equal(node_of(t, 5)->devices, "mem1,mem10");
	assert_int_equal(node_of(t, 4)->attach_node, 0);
	assert_int_equal(node_of(t, 5)->attach_node, 2);
	/* region coordinates before the node's, access1 before access0 */
	assert_latency(t, 0, 4, 252, TOPOLOGY_CXL);
	assert_latency(t, 1, 4, 252, TOPOLOGY_CXL);
	assert_bandwidth(t, 0, 4, 28500, TOPOLOGY_CXL);
	assert_bandwidth(t, 2, 4, 0, TOPOLOGY_UNKNOWN);
	/* the way between sockets: 105 ns are 10 units, so 10 more cost 105 more */
	assert_latency(t, 2, 4, 252 + 105, TOPOLOGY_SLIT);
	assert_latency(t, 0, 5, 265 + 105, TOPOLOGY_SLIT);
	assert_latency(t, 0, 0, 105, TOPOLOGY_HMAT);
	assert_latency(t, 0, 1, 126, TOPOLOGY_SLIT);
	assert_latency(t, 3, 0, 105 + 116, TOPOLOGY_SLIT);
	/* from a node without CPUs nothing is accessed */
	assert_latency(t, 4, 0, 0, TOPOLOGY_UNKNOWN);
	assert_int_equal(t->nr_memdevs, 3);
	assert_string_equal(t->memdevs[2].name, "mem10");
	assert_string_equal(t->memdevs[2].host, "0000:a7:00.0");
	assert_int_equal(t->memdevs[2].serial, 0xc3);
	assert_int_equal(t->regions[0].read_latency_ns[0], 250);
	assert_int_equal(t->regions[0].read_latency_ns[1], 252);
	assert_int_equal(t->regions[1].read_latency_ns[0], 0);
	assert_string_equal(t->regions[1].devices, "mem1,mem10");
}

static void test_snc_without_region_coordinates(void **state)
{
	_cleanup_sysroot_ struct sysroot root;
	_cleanup_topology_ struct topology *t = NULL;

	sysroot_init(&root, "snc");
	sysroot_remove(&root, "/sys/bus/cxl/devices/region0/access0");
	sysroot_remove(&root, "/sys/bus/cxl/devices/region0/access1");
	t = read_root(&root);
	assert_latency(t, 0, 4, 255, TOPOLOGY_HMAT);
	assert_bandwidth(t, 0, 4, 28000, TOPOLOGY_HMAT);
	assert_int_equal(t->regions[0].read_latency_ns[1], 0);
}

static void test_access0_alone(void **state)
{
	_cleanup_sysroot_ struct sysroot root;
	_cleanup_topology_ struct topology *t = NULL;

	sysroot_init(&root, "snc");
	sysroot_remove(&root, "/sys/bus/cxl/devices/region0/access0");
	sysroot_remove(&root, "/sys/bus/cxl/devices/region0/access1");
	sysroot_remove(&root, NODE "/node4/access1");
	t = read_root(&root);
	assert_near(t, 4, "0-1", TOPOLOGY_HMAT);
	assert_latency(t, 0, 4, 250, TOPOLOGY_HMAT);
}

/* access0 names a GPU's node: its figures are not the CPUs'. */
static void test_access0_of_a_device(void **state)
{
	_cleanup_sysroot_ struct sysroot root;
	_cleanup_topology_ struct topology *t = NULL;

	sysroot_init(&root, "snc");
	sysroot_remove(&root, "/sys/bus/cxl/devices/region0/access0");
	sysroot_remove(&root, "/sys/bus/cxl/devices/region0/access1");
	sysroot_remove(&root, NODE "/node4/access1");
	sysroot_remove(&root, NODE "/node4/access0/initiators/node0");
	sysroot_remove(&root, NODE "/node4/access0/initiators/node1");
	sysroot_link(&root, NODE "/node4/access0/initiators/node5", "../../../node5");
	t = read_root(&root);
	/* back to the device's node and to the SLIT */
	assert_near(t, 4, "0", TOPOLOGY_ATTACH);
	assert_latency(t, 0, 4, 147, TOPOLOGY_SLIT);
	assert_latency(t, 2, 4, 252, TOPOLOGY_SLIT);
}

/* Figures on the region, a flat SLIT, no access classes on the node: ways add up. */
static void test_port(void **state)
{
	_cleanup_sysroot_ struct sysroot root;
	_cleanup_topology_ struct topology *t = NULL;

	sysroot_init(&root, "port");
	t = read_root(&root);
	assert_sound(t);
	assert_int_equal(t->regions[0].read_latency_ns[0], 402);
	assert_int_equal(t->regions[0].read_latency_ns[1], 402);
	assert_near(t, 2, "1", TOPOLOGY_ATTACH);
	assert_latency(t, 1, 2, 402, TOPOLOGY_CXL);
	assert_bandwidth(t, 1, 2, 16000, TOPOLOGY_CXL);
	assert_latency(t, 0, 2, 402 + 168 - 80, TOPOLOGY_ATTACH);
	assert_bandwidth(t, 0, 2, 0, TOPOLOGY_UNKNOWN);
	topology_free(TAKE(&t));
	/* access0 alone still is a figure for the nearest */
	sysroot_put(&root, "/sys/bus/cxl/devices/region0/access0/read_latency", "399\n");
	sysroot_remove(&root, "/sys/bus/cxl/devices/region0/access1");
	t = read_root(&root);
	assert_latency(t, 1, 2, 399, TOPOLOGY_CXL);
}

/* With local latencies known, the way to the device's node is in their scale. */
static void test_attach_in_known_scale(void **state)
{
	_cleanup_sysroot_ struct sysroot root;
	_cleanup_topology_ struct topology *t = NULL;

	sysroot_init(&root, "cxl");
	sysroot_link(&root, NODE "/node1/access1/initiators/node1", "../../../node1");
	sysroot_put(&root, NODE "/node1/access1/initiators/read_latency", "80\n");
	t = read_root(&root);
	assert_latency(t, 1, 1, 80, TOPOLOGY_HMAT);
	assert_latency(t, 0, 0, 80, TOPOLOGY_SLIT);
	assert_latency(t, 0, 1, 168, TOPOLOGY_SLIT);
	assert_latency(t, 1, 2, 160, TOPOLOGY_ATTACH);
	assert_latency(t, 0, 2, 160 + 88, TOPOLOGY_ATTACH);
}

/* A region over devices of both sockets is near to both, and attached to neither. */
static void test_interleaved_over_sockets(void **state)
{
	_cleanup_sysroot_ struct sysroot root;
	_cleanup_topology_ struct topology *t = NULL;

	sysroot_init(&root, "snc");
	sysroot_put(&root, "/sys/bus/cxl/devices/mem10/numa_node", "0\n");
	sysroot_remove(&root, NODE "/node5/access1");
	for (int node = 0; node < 6; node++) {
		char path[64];

		snprintf(path, sizeof(path), NODE "/node%d/distance", node);
		sysroot_put(&root, path,
			    ((const char *[]){"10 12 21 21 14 20", "12 10 21 21 14 20",
					      "21 21 10 12 24 20", "21 21 12 10 24 20",
					      "14 14 24 24 10 20", "20 20 20 20 20 10"})[node]);
	}
	t = read_root(&root);
	assert_int_equal(node_of(t, 5)->attach_node, -1);
	assert_near(t, 5, "0,2", TOPOLOGY_ATTACH);
	assert_latency(t, 0, 5, 265, TOPOLOGY_CXL);
	assert_latency(t, 2, 5, 265, TOPOLOGY_CXL);
	/* node 1: 2 units to node 0, 11 to node 2, 10.5 ns each */
	assert_latency(t, 1, 5, 265 + (21 + 116) / 2, TOPOLOGY_ATTACH);
}

/* A device hangs on a node of its own without CPUs: the CPUs closest to that one are near. */
static void test_attached_to_a_node_without_cpus(void **state)
{
	_cleanup_sysroot_ struct sysroot root;
	_cleanup_topology_ struct topology *t = NULL;

	sysroot_init(&root, "cxl");
	sysroot_put(&root, NODE "/online", "0-3\n");
	sysroot_put(&root, NODE "/node3/cpulist", "\n");
	sysroot_put(&root, NODE "/node3/meminfo", "Node 3 MemTotal: 0 kB\n");
	sysroot_put(&root, NODE "/node0/distance", "10 21 20 31\n");
	sysroot_put(&root, NODE "/node1/distance", "21 10 20 15\n");
	sysroot_put(&root, NODE "/node2/distance", "20 20 10 20\n");
	sysroot_put(&root, NODE "/node3/distance", "31 15 20 10\n");
	sysroot_put(&root, "/sys/bus/cxl/devices/mem0/numa_node", "3\n");
	t = read_root(&root);
	assert_sound(t);
	assert_int_equal(node_of(t, 2)->attach_node, 3);
	assert_near(t, 2, "1", TOPOLOGY_ATTACH);
	assert_latency(t, 1, 2, 200 + 50, TOPOLOGY_ATTACH);
	assert_latency(t, 0, 2, 200 + 210, TOPOLOGY_ATTACH);
	/* the ghost itself */
	assert_near(t, 3, "1", TOPOLOGY_SLIT);
	assert_latency(t, 0, 3, 0, TOPOLOGY_UNKNOWN);
	/* and tells nothing where its own distances are flat */
	sysroot_put(&root, NODE "/node0/distance", "10 21 20 20\n");
	sysroot_put(&root, NODE "/node1/distance", "21 10 20 20\n");
	topology_free(TAKE(&t));
	t = read_root(&root);
	assert_near(t, 2, "0-1", TOPOLOGY_UNKNOWN);
	assert_latency(t, 0, 2, 300, TOPOLOGY_ATTACH);
	assert_latency(t, 1, 2, 300, TOPOLOGY_ATTACH);
}

static void test_device_without_a_node(void **state)
{
	_cleanup_sysroot_ struct sysroot root;
	_cleanup_topology_ struct topology *t = NULL;

	sysroot_init(&root, "cxl");
	sysroot_put(&root, "/sys/bus/cxl/devices/mem0/numa_node", "-1\n");
	t = read_root(&root);
	assert_int_equal(t->memdevs[0].numa_node, -1);
	assert_int_equal(node_of(t, 2)->cxl, TOPOLOGY_CXL_REGION);
	assert_int_equal(node_of(t, 2)->attach_node, -1);
	assert_near(t, 2, "0-1", TOPOLOGY_UNKNOWN);
	assert_latency(t, 0, 2, 200, TOPOLOGY_SLIT);
	/* a figure is for the nearest: without knowing which, it is no link's own */
	sysroot_put(&root, "/sys/bus/cxl/devices/region0/access1/read_latency", "260\n");
	sysroot_put(&root, "/sys/bus/cxl/devices/region0/access1/read_bandwidth", "30000\n");
	topology_free(TAKE(&t));
	t = read_root(&root);
	assert_latency(t, 0, 2, 260, TOPOLOGY_SLIT);
	assert_latency(t, 1, 2, 260, TOPOLOGY_SLIT);
	assert_bandwidth(t, 0, 2, 0, TOPOLOGY_UNKNOWN);
}

static void test_power(void **state)
{
	_cleanup_sysroot_ struct sysroot root;
	_cleanup_topology_ struct topology *t = NULL;

	sysroot_init(&root, "power");
	t = read_root(&root);
	assert_sound(t);
	assert_int_equal(t->nr_nodes, 5);
	assert_int_equal(topology_find(t, 8), 1);
	assert_int_equal(topology_find(t, 255), 4);
	assert_int_equal(topology_find(t, 1), -1);
	assert_int_equal(topology_find(t, 256), -1);
	assert_int_equal(topology_find(t, -1), -1);
	assert_list(&node_of(t, 8)->cpus, "1,3,5,7");
	assert_int_equal(node_of(t, 16)->mem_bytes, 0);
	assert_int_equal(node_of(t, 0)->tier, -1);
	/* columns are places among the online nodes, not node numbers */
	assert_latency(t, 16, 8, 200, TOPOLOGY_SLIT);
	assert_latency(t, 16, 0, 400, TOPOLOGY_SLIT);
	/* CPUs alone: nothing to reach there */
	assert_latency(t, 8, 16, 0, TOPOLOGY_UNKNOWN);
	assert_near(t, 252, "0,8,16", TOPOLOGY_UNKNOWN);
	/* the distance is that from the CPUs, whatever the way back says */
	assert_latency(t, 0, 255, 800, TOPOLOGY_SLIT);
}

static void test_hmem(void **state)
{
	_cleanup_sysroot_ struct sysroot root;
	_cleanup_topology_ struct topology *t = NULL;

	sysroot_init(&root, "hmem");
	t = read_root(&root);
	assert_sound(t);
	assert_int_equal(node_of(t, 2)->cxl, TOPOLOGY_CXL_DAX);
	assert_int_equal(node_of(t, 2)->attach_node, 1);
	assert_string_equal(node_of(t, 2)->devices, "");
	assert_near(t, 2, "1", TOPOLOGY_ATTACH);
	assert_latency(t, 1, 2, 200, TOPOLOGY_ATTACH);
	assert_latency(t, 0, 2, 310, TOPOLOGY_ATTACH);
	/* HBM, and persistent memory on an NFIT bus */
	assert_int_equal(node_of(t, 3)->cxl, TOPOLOGY_CXL_NO);
	assert_int_equal(node_of(t, 4)->cxl, TOPOLOGY_CXL_NO);
	assert_near(t, 3, "0-1", TOPOLOGY_UNKNOWN);
	assert_near(t, 4, "0", TOPOLOGY_SLIT);
}

static void test_hmem_variations(void **state)
{
	_cleanup_sysroot_ struct sysroot root;
	_cleanup_topology_ struct topology *t = NULL;

	sysroot_init(&root, "hmem");
	/* a second memdev on the other socket: which is behind node 2? */
	sysroot_put(&root, "/sys/bus/cxl/devices/mem1/numa_node", "0\n");
	t = read_root(&root);
	assert_int_equal(node_of(t, 2)->cxl, TOPOLOGY_CXL_DAX);
	assert_int_equal(node_of(t, 2)->attach_node, -1);
	assert_near(t, 2, "0-1", TOPOLOGY_UNKNOWN);
	topology_free(TAKE(&t));
	/* not bound to kmem: the memory is another's */
	sysroot_link(&root, "/sys/bus/dax/devices/dax0.0/driver", "../bus/dax/drivers/device_dax");
	t = read_root(&root);
	assert_int_equal(node_of(t, 2)->cxl, TOPOLOGY_CXL_NO);
	topology_free(TAKE(&t));
	/* without tiers there is no telling HBM */
	sysroot_remove(&root, "/sys/devices/virtual/memory_tiering");
	t = read_root(&root);
	assert_int_equal(node_of(t, 3)->cxl, TOPOLOGY_CXL_DAX);
}

static void test_garbage(void **state)
{
	_cleanup_sysroot_ struct sysroot root;
	_cleanup_topology_ struct topology *t = NULL;

	sysroot_init(&root, "garbage");
	t = read_root(&root);
	assert_sound(t);
	assert_int_equal(t->nr_nodes, 2);
	assert_int_equal(node_of(t, 0)->cpus.nr, 0);
	assert_int_equal(node_of(t, 0)->mem_bytes, 0);
	assert_int_equal(node_of(t, 0)->tier, -1);
	assert_int_equal(node_of(t, 0)->near_nodes.nr, 0);
	assert_int_equal(t->nr_regions, 2);
	assert_int_equal(t->regions[0].target_node, -1);
	assert_int_equal(t->regions[0].bytes, 0);
	assert_int_equal(t->regions[0].read_latency_ns[1], 0);
	assert_string_equal(t->regions[0].devices, "");
	assert_int_equal(t->memdevs[0].numa_node, -1);
	assert_false(topology_changed(t, root.path));
}

/* Odd trees */

static void test_no_nodes(void **state)
{
	static const char *const texts[] = {"", "\n", "none\n", "0-\n", "99999999\n"};
	_cleanup_sysroot_ struct sysroot root;
	struct topology *t = NULL;

	sysroot_init(&root, "");
	assert_int_equal(try_read(&t, &root, ""), -ENOENT);
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		sysroot_put(&root, NODE "/online", texts[i]);
		assert_int_equal(try_read(&t, &root, ""), -ENOENT);
	}
	/* listed, but gone */
	sysroot_put(&root, NODE "/online", "0-3\n");
	assert_int_equal(try_read(&t, &root, ""), -ENOENT);
	assert_null(t);
}

static void test_vanishing_node(void **state)
{
	_cleanup_sysroot_ struct sysroot root;
	_cleanup_topology_ struct topology *t = NULL;

	sysroot_init(&root, "cxl");
	sysroot_remove(&root, NODE "/node2");
	t = read_root(&root);
	assert_sound(t);
	assert_int_equal(t->nr_nodes, 2);
	assert_int_equal(topology_find(t, 2), -1);
	/* the region is still there; its node is not */
	assert_int_equal(t->regions[0].target_node, 2);
	/* three distances for two nodes fit nobody, but a node is 10 from itself */
	assert_latency(t, 0, 0, 100, TOPOLOGY_SLIT);
	assert_latency(t, 0, 1, 0, TOPOLOGY_UNKNOWN);
	assert_near(t, 0, "0", TOPOLOGY_SLIT);
}

static void test_unplugged(void **state)
{
	_cleanup_sysroot_ struct sysroot root;
	_cleanup_topology_ struct topology *t = NULL;

	sysroot_init(&root, "snc");
	sysroot_put(&root, NODE "/online", "0-3,5\n");
	sysroot_remove(&root, NODE "/node4");
	sysroot_put(&root, NODE "/node0/distance", "10 12 21 21 24\n");
	sysroot_put(&root, NODE "/node1/distance", "12 10 21 21 24\n");
	sysroot_put(&root, NODE "/node2/distance", "21 21 10 12 14\n");
	sysroot_put(&root, NODE "/node3/distance", "21 21 12 10 14\n");
	sysroot_put(&root, NODE "/node5/distance", "24 24 14 14 10\n");
	t = read_root(&root);
	assert_sound(t);
	assert_int_equal(t->nr_nodes, 5);
	assert_int_equal(node_of(t, 5)->cxl, TOPOLOGY_CXL_REGION);
	assert_latency(t, 0, 5, 265 + 105, TOPOLOGY_SLIT);
	assert_latency(t, 2, 5, 265, TOPOLOGY_CXL);
}

static void test_short_distances(void **state)
{
	_cleanup_sysroot_ struct sysroot root;
	_cleanup_topology_ struct topology *t = NULL;

	sysroot_init(&root, "numa");
	sysroot_put(&root, NODE "/node0/distance", "10\n");
	t = read_root(&root);
	/* the other direction stands in */
	assert_latency(t, 0, 1, 210, TOPOLOGY_SLIT);
	topology_free(TAKE(&t));
	sysroot_remove(&root, NODE "/node1/distance");
	t = read_root(&root);
	assert_latency(t, 0, 1, 0, TOPOLOGY_UNKNOWN);
	assert_latency(t, 1, 1, 100, TOPOLOGY_SLIT);
	topology_free(TAKE(&t));
	/* reserved and unreachable values are no distances */
	sysroot_put(&root, NODE "/node0/distance", "10 255\n");
	sysroot_put(&root, NODE "/node1/distance", "9 10\n");
	t = read_root(&root);
	assert_latency(t, 0, 1, 0, TOPOLOGY_UNKNOWN);
	assert_latency(t, 1, 0, 0, TOPOLOGY_UNKNOWN);
}

static void test_odd_figures(void **state)
{
	static const char *const texts[] = {"0\n", "-5\n", "1e3\n", "", "4294967296\n", "80 ns\n"};
	_cleanup_sysroot_ struct sysroot root;

	sysroot_init(&root, "snc");
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		_cleanup_topology_ struct topology *t = NULL;

		sysroot_put(&root, NODE "/node0/access1/initiators/read_latency", texts[i]);
		t = read_root(&root);
		assert_sound(t);
		/* the others' scale stands in */
		assert_latency(t, 0, 0, 105, TOPOLOGY_SLIT);
		assert_bandwidth(t, 0, 0, 150000, TOPOLOGY_HMAT);
	}
}

static void test_files_missing_one_by_one(void **state)
{
	static const char *const paths[] = {
		"/sys/devices/system/cpu",
		NODE "/node0/cpulist",
		NODE "/node0/meminfo",
		NODE "/node4/access1",
		NODE "/node4/access0",
		"/sys/bus/cxl/devices/decoder5.0",
		"/sys/bus/cxl/devices/mem0",
		"/sys/bus/cxl/devices/region0",
		"/sys/bus/dax",
		"/sys/devices/virtual",
		NODE "/node4/distance",
		NODE "/node1",
		NODE "/has_cpu",
		"/sys/devices/platform/ACPI0017:00",
		"/sys/bus/cxl",
		NODE "/node2/access1",
		"/sys/devices/pci0000:16",
		NODE "/node3",
	};
	_cleanup_sysroot_ struct sysroot root;

	sysroot_init(&root, "snc");
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		_cleanup_topology_ struct topology *t = NULL;

		sysroot_remove(&root, paths[i]);
		t = read_root(&root);
		assert_sound(t);
	}
}

static void test_offline_cpus(void **state)
{
	_cleanup_sysroot_ struct sysroot root;
	_cleanup_topology_ struct topology *t = NULL;

	sysroot_init(&root, "numa");
	sysroot_put(&root, "/sys/devices/system/cpu/online", "0-1\n");
	t = read_root(&root);
	assert_sound(t);
	/* node 1 has lost its CPUs: memory alone, near node 0 for want of others */
	assert_int_equal(node_of(t, 1)->cpus.nr, 0);
	assert_near(t, 1, "0", TOPOLOGY_UNKNOWN);
	assert_latency(t, 0, 1, 210, TOPOLOGY_SLIT);
	assert_latency(t, 1, 0, 0, TOPOLOGY_UNKNOWN);
}

/* A region's target with CPUs, or without memory, is no CXL node. */
static void test_region_of_a_node_with_cpus(void **state)
{
	_cleanup_sysroot_ struct sysroot root;
	_cleanup_topology_ struct topology *t = NULL;

	sysroot_init(&root, "cxl");
	sysroot_put(&root, "/sys/bus/cxl/devices/region0/dax_region0/dax0.0/target_node", "1\n");
	t = read_root(&root);
	assert_sound(t);
	assert_int_equal(t->regions[0].target_node, 1);
	assert_int_equal(node_of(t, 1)->cxl, TOPOLOGY_CXL_NO);
	assert_int_equal(node_of(t, 2)->cxl, TOPOLOGY_CXL_NO);
}

static void test_many_devices(void **state)
{
	_cleanup_sysroot_ struct sysroot root;
	_cleanup_topology_ struct topology *t = NULL;

	sysroot_init(&root, "cxl");
	for (int i = 1; i < 16; i++) {
		char path[160], text[64];

		snprintf(path, sizeof(path), "/sys/bus/cxl/devices/region0/target%d", i);
		snprintf(text, sizeof(text), "decoder%d.0\n", 100 + i);
		sysroot_put(&root, path, text);
		snprintf(path, sizeof(path), "/sys/bus/cxl/devices/decoder%d.0", 100 + i);
		snprintf(text, sizeof(text), "x/endpoint%d/decoder%d.0", 100 + i, 100 + i);
		sysroot_link(&root, path, text);
		snprintf(path, sizeof(path), "/sys/bus/cxl/devices/endpoint%d/uport", 100 + i);
		snprintf(text, sizeof(text), "../../mem%d", i);
		sysroot_link(&root, path, text);
		snprintf(path, sizeof(path), "/sys/bus/cxl/devices/mem%d/numa_node", i);
		sysroot_put(&root, path, "1\n");
	}
	t = read_root(&root);
	assert_sound(t);
	assert_int_equal(t->nr_memdevs, 16);
	assert_string_equal(t->memdevs[9].name, "mem9");
	assert_int_equal(node_of(t, 2)->attach_node, 1);
	/* cut, and seen to be */
	assert_int_equal(strncmp(node_of(t, 2)->devices, "mem0,mem1,mem2,", 15), 0);
	assert_non_null(strstr(node_of(t, 2)->devices, "..."));
}

/* Options and changes */

static void test_option(void **state)
{
	_cleanup_sysroot_ struct sysroot root;
	_cleanup_topology_ struct topology *t = NULL;

	sysroot_init(&root, "tier");
	assert_int_equal(try_read(&t, &root, "2"), 0);
	assert_int_equal(node_of(t, 2)->cxl, TOPOLOGY_CXL_OPTION);
	assert_near(t, 2, "1", TOPOLOGY_HMAT);
	topology_free(TAKE(&t));
	/* each says why on stderr */
	assert_int_equal(try_read(&t, &root, "1"), -EINVAL);
	assert_int_equal(try_read(&t, &root, "2,7"), -EINVAL);
	sysroot_put(&root, NODE "/node2/meminfo", "Node 2 MemTotal: 0 kB\n");
	assert_int_equal(try_read(&t, &root, "2"), -EINVAL);
	assert_null(t);
}

static void test_option_keeps_the_better_proof(void **state)
{
	_cleanup_sysroot_ struct sysroot root;
	_cleanup_topology_ struct topology *t = NULL;

	sysroot_init(&root, "cxl");
	assert_int_equal(try_read(&t, &root, "2"), 0);
	assert_int_equal(node_of(t, 2)->cxl, TOPOLOGY_CXL_REGION);
}

static void test_changed(void **state)
{
	static const struct {
		const char *path, *text;
	} changes[] = {
		{NODE "/online", "0-1\n"},
		{NODE "/has_cpu", "0\n"},
		{NODE "/has_memory", "0-1\n"},
		{"/sys/devices/system/cpu/online", "0-2\n"},
		{NODE "/node2/meminfo", "Node 2 MemTotal: 524288 kB\n"},
		{"/sys/bus/cxl/devices/region1/size", "0x0\n"},
		{"/sys/bus/cxl/devices/mem1/serial", "0x1\n"},
		{"/sys/bus/dax/devices/dax3.0/target_node", "2\n"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		_cleanup_sysroot_ struct sysroot root;
		_cleanup_topology_ struct topology *t = NULL;

		sysroot_init(&root, "cxl");
		t = read_root(&root);
		assert_false(topology_changed(t, root.path));
		sysroot_put(&root, changes[i].path, changes[i].text);
		assert_true(topology_changed(t, root.path));
	}
}

/* A balloon at work in a node with CPUs is not hotplug. */
static void test_balloon(void **state)
{
	_cleanup_sysroot_ struct sysroot root;
	_cleanup_topology_ struct topology *t = NULL;

	sysroot_init(&root, "cxl");
	t = read_root(&root);
	sysroot_put(&root, NODE "/node0/meminfo", "Node 0 MemTotal: 524288 kB\n");
	assert_false(topology_changed(t, root.path));
}

/* The CXL region goes and comes back while the program runs. */
static void test_region_comes_and_goes(void **state)
{
	_cleanup_sysroot_ struct sysroot with, without;
	_cleanup_topology_ struct topology *before = NULL, *after = NULL;

	sysroot_init(&with, "cxl");
	sysroot_init(&without, "cxl");
	sysroot_remove(&without, "/sys/bus/cxl/devices/region0");
	sysroot_remove(&without, "/sys/bus/dax/devices/dax0.0");
	sysroot_remove(&without, NODE "/node2");
	sysroot_put(&without, NODE "/online", "0-1\n");
	sysroot_put(&without, NODE "/has_memory", "0-1\n");
	sysroot_put(&without, NODE "/node0/distance", "10 21\n");
	sysroot_put(&without, NODE "/node1/distance", "21 10\n");
	before = read_root(&without);
	assert_int_equal(before->nr_nodes, 2);
	assert_int_equal(before->nr_memdevs, 1);
	assert_int_equal(before->nr_regions, 0);
	assert_true(topology_changed(before, with.path));
	after = read_root(&with);
	assert_int_equal(node_of(after, 2)->cxl, TOPOLOGY_CXL_REGION);
	assert_true(topology_changed(after, without.path));
}

/* The small parsers */

static void test_text(void **state)
{
	uint32_t distances[3];
	uint64_t bytes = 7;

	assert_int_equal(text_parse_distances(distances, 3, " 10  21 17\n"), 3);
	assert_int_equal(distances[1], 21);
	assert_int_equal(text_parse_distances(distances, 1, "10 21 17"), 3);
	assert_int_equal(text_parse_distances(distances, 3, ""), 0);
	assert_int_equal(text_parse_distances(distances, 3, "10,21"), -EINVAL);
	assert_int_equal(text_parse_distances(distances, 3, "10 -1"), -EINVAL);
	assert_int_equal(text_parse_distances(distances, 3, "4294967296"), -EINVAL);
	assert_int_equal(text_parse_mem_total(&bytes, "Node 0 MemTotal: 12 kB\nMemFree: 1 kB"), 0);
	assert_int_equal(bytes, 12 * 1024);
	assert_int_equal(text_parse_mem_total(&bytes, "Node 0 MemFree: 12 kB"), -EINVAL);
	assert_int_equal(text_parse_mem_total(&bytes, "MemTotal: 12"), -EINVAL);
	assert_int_equal(text_parse_mem_total(&bytes, "MemTotal: 12 MB"), -EINVAL);
	assert_int_equal(text_parse_mem_total(&bytes, "MemTotal: kB"), -EINVAL);
	assert_int_equal(text_parse_mem_total(&bytes, "MemTotal: 18446744073709551615 kB"),
			 -ERANGE);
	assert_int_equal(bytes, 12 * 1024);
}

static void test_mask(void **state)
{
	static const struct {
		const char *text, *list;
	} good[] = {
		{"f\n", "0-3"},
		{"00000000\n", ""},
		{"00000000,003F0000,0000003f\n", "0-5,48-53"},
		{"1,00000000", "32"},
		{"80000000", "31"},
		{"0001,80000001", "0,31-32"},
	};
	static const char *const bad[] = {
		"", ",", "1,", ",1", "1,,1", "0x1", "1 1,00000000", "000000001", "-1", "g"};

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		_cleanup_idlist_ struct idlist list = IDLIST_INIT;

		assert_int_equal(text_parse_mask(&list, good[i].text), 0);
		assert_list(&list, good[i].list);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct idlist list = IDLIST_INIT;

		assert_int_equal(text_parse_mask(&list, bad[i]), -EINVAL);
		assert_null(list.ids);
	}
}

/* Numbers beyond IDLIST_MAX_ID: zeros are no numbers. */
static void test_mask_too_long(void **state)
{
	static char text[9 * 2050];
	struct idlist list = IDLIST_INIT;

	for (size_t i = 0; i < 2049; i++)
		strcpy(text + 9 * i, i < 2048 ? "00000000," : "00000001");
	assert_int_equal(text_parse_mask(&list, text), 0);
	assert_list(&list, "0");
	idlist_deinit(&list);
	text[7] = '1';
	assert_int_equal(text_parse_mask(&list, text), -ERANGE);
}

static void test_names(void **state)
{
	_cleanup_sysroot_ struct sysroot root;
	_cleanup_names_ struct names names = NAMES_INIT;
	static const char *const made[] = {"/d/dax1.10", "/d/dax1.2", "/d/dax0.1",   "/d/dax10.0",
					   "/d/dax",	 "/d/dax1.",  "/d/dax1.2.3", "/d/daxx1",
					   "/d/dax2",	 "/d/1"};
	static const char *const wanted[] = {"dax0.1", "dax1.2", "dax1.10", "dax2", "dax10.0"};

	sysroot_init(&root, "");
	for (size_t i = 0; i < ARRAY_SIZE(made); i++)
		sysroot_put(&root, made[i], "");
	assert_int_equal(names_read(&names, "dax", root.path, "/%s", "d"), 0);
	assert_int_equal(names.nr, ARRAY_SIZE(wanted));
	for (size_t i = 0; i < names.nr; i++)
		assert_string_equal(names.list[i], wanted[i]);
	assert_int_equal(names_number("node12", "node"), 12);
	assert_int_equal(names_number("node", "node"), -1);
	assert_int_equal(names_number("node1x", "node"), -1);
	assert_int_equal(names_number("node99999999999", "node"), -1);
	assert_int_equal(names_number("mem1", "node"), -1);
}

/* As measured on machine tier: 80/140/400 and 140/80/250 ns. */
static void test_measured_latencies(void **state)
{
	_cleanup_sysroot_ struct sysroot root;
	_cleanup_topology_ struct topology *t = NULL;
	uint32_t ns[] = {81, 143, 410, 143, 82, 257, 0, 0, 0};

	sysroot_init(&root, "cxl");
	t = read_root(&root);
	assert_int_equal(t->nr_nodes, 3);
	ns[4] = 0; /* one is missing: nothing changes */
	assert_int_equal(topology_take_latencies(t, ns), -EINVAL);
	assert_int_not_equal(link_of(t, 0, 0)->latency_source, TOPOLOGY_MEASURED);
	assert_near(t, 2, "1", TOPOLOGY_ATTACH);
	ns[4] = 82;
	assert_int_equal(topology_take_latencies(t, ns), 0);
	assert_latency(t, 0, 2, 410, TOPOLOGY_MEASURED);
	assert_latency(t, 1, 2, 257, TOPOLOGY_MEASURED);
	assert_near(t, 2, "1", TOPOLOGY_MEASURED);
	assert_near(t, 0, "0", TOPOLOGY_MEASURED);
	ns[2] = 280; /* within a tenth: as near */
	assert_int_equal(topology_take_latencies(t, ns), 0);
	assert_near(t, 2, "0-1", TOPOLOGY_MEASURED);
}

static void test_source_names(void **state)
{
	assert_string_equal(topology_source_name(TOPOLOGY_UNKNOWN), "unknown");
	assert_string_equal(topology_source_name(TOPOLOGY_MEASURED), "measured");
	assert_string_equal(topology_source_name((enum topology_source)99), "unknown");
	assert_string_equal(topology_cxl_name(TOPOLOGY_CXL_NO), "no");
	assert_string_equal(topology_cxl_name(TOPOLOGY_CXL_REGION), "region");
	assert_string_equal(topology_cxl_name((enum topology_cxl)99), "no");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_flat),
		cmocka_unit_test(test_numa),
		cmocka_unit_test(test_tier),
		cmocka_unit_test(test_cxl),
		cmocka_unit_test(test_snc),
		cmocka_unit_test(test_snc_without_region_coordinates),
		cmocka_unit_test(test_access0_alone),
		cmocka_unit_test(test_access0_of_a_device),
		cmocka_unit_test(test_port),
		cmocka_unit_test(test_attach_in_known_scale),
		cmocka_unit_test(test_interleaved_over_sockets),
		cmocka_unit_test(test_attached_to_a_node_without_cpus),
		cmocka_unit_test(test_device_without_a_node),
		cmocka_unit_test(test_power),
		cmocka_unit_test(test_hmem),
		cmocka_unit_test(test_hmem_variations),
		cmocka_unit_test(test_garbage),
		cmocka_unit_test(test_no_nodes),
		cmocka_unit_test(test_vanishing_node),
		cmocka_unit_test(test_unplugged),
		cmocka_unit_test(test_short_distances),
		cmocka_unit_test(test_odd_figures),
		cmocka_unit_test(test_files_missing_one_by_one),
		cmocka_unit_test(test_offline_cpus),
		cmocka_unit_test(test_region_of_a_node_with_cpus),
		cmocka_unit_test(test_many_devices),
		cmocka_unit_test(test_option),
		cmocka_unit_test(test_option_keeps_the_better_proof),
		cmocka_unit_test(test_changed),
		cmocka_unit_test(test_balloon),
		cmocka_unit_test(test_region_comes_and_goes),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_mask),
		cmocka_unit_test(test_mask_too_long),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_measured_latencies),
		cmocka_unit_test(test_source_names),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
