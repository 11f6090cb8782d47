/* SPDX-License-Identifier: GPL-2.0 */
/* For tests: the topology of a recorded machine, and what it should be.  Each fails the test where it is not. */
#ifndef TS_TESTS_TOPOLOGY_H
#define TS_TESTS_TOPOLOGY_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/util.h"
#include "numa/topology.h"
#include "tests/helpers/sysroot.h"

#define NODE "/sys/devices/system/node"

/* As topology_read(), with --cxl-node CXL_NODES ("" for none). */
int try_read(struct topology **out, const struct sysroot *root, const char *cxl_nodes);

/* The caller frees it with topology_free(). */
struct topology *read_root(const struct sysroot *root);

const struct topology_node *node_of(const struct topology *t, int id);
const struct topology_link *link_of(const struct topology *t, int from, int to);

/* What holds on any machine whatever. */
void assert_sound(const struct topology *t);

#define assert_list(list, text)                                                                    \
	do {                                                                                       \
		char _buf[256];                                                                    \
		assert_string_equal(idlist_format(_buf, sizeof(_buf), list), text);                \
	} while (0)

#define assert_near(t, id, text, source)                                                           \
	do {                                                                                       \
		assert_list(&node_of(t, id)->near_nodes, text);                                    \
		assert_int_equal(node_of(t, id)->near_source, source);                             \
	} while (0)

#define assert_latency(t, from, to, ns, source)                                                    \
	do {                                                                                       \
		assert_int_equal(link_of(t, from, to)->latency_ns, ns);                            \
		assert_int_equal(link_of(t, from, to)->latency_source, source);                    \
	} while (0)

#define assert_bandwidth(t, from, to, mbps, source)                                                \
	do {                                                                                       \
		assert_int_equal(link_of(t, from, to)->bandwidth_mbps, mbps);                      \
		assert_int_equal(link_of(t, from, to)->bandwidth_source, source);                  \
	} while (0)

#endif
