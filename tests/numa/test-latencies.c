/* SPDX-License-Identifier: GPL-2.0 */
/* Measured latencies come back from their file for the boot and the nodes that they belong to. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/util.h"
#include "numa/latencies.h"
#include "tests/helpers/sysroot.h"
#include "tests/helpers/topology.h"

/* CPUs on nodes 0 and 1, CXL memory on node 2. */
static struct topology *read_cxl(struct sysroot *root)
{
	sysroot_init(root, "cxl");
	return read_root(root);
}

static void kept_latencies_come_back(void **state)
{
	static const uint32_t measured[9] = {81, 143, 410, 143, 82, 257};
	_cleanup_sysroot_ struct sysroot root;
	_cleanup_topology_ struct topology *t = read_cxl(&root);
	_cleanup_free_ char *text = latencies_format(t, measured, "boot-1");
	uint32_t ns[9];

	assert_int_equal(latencies_parse(ns, t, "boot-1", text), 0);
	assert_memory_equal(ns, measured, sizeof(ns));
	assert_int_equal(latencies_parse(ns, t, "boot-2", text), -ESTALE);
	snprintf(t->nodes[2].devices, sizeof(t->nodes[2].devices), "mem7");
	assert_int_equal(latencies_parse(ns, t, "boot-1", text), -ESTALE);
}

static void what_is_no_document_of_latencies(void **state)
{
	static const uint32_t measured[9] = {81, 143, 410, 143, 82, 257};
	static const char *const bad[] = {
		"", "{", "[]", "7", "null", "{}", "{\"links\": 3}", "{\"links\": null}"};
	_cleanup_sysroot_ struct sysroot root;
	_cleanup_topology_ struct topology *t = read_cxl(&root);
	_cleanup_free_ char *text = latencies_format(t, measured, "boot-1");
	uint32_t ns[9];
	char *at;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(latencies_parse(ns, t, "boot-1", bad[i]), -EINVAL);
	assert_int_equal(latencies_parse(ns, t, "boot-1", "{\"links\": []}"), -ESTALE);
	at = strstr(text, "143");
	memcpy(at, "-43", 3);
	assert_int_equal(latencies_parse(ns, t, "boot-1", text), -EINVAL);
	memcpy(at, "1e9", 3);
	assert_int_equal(latencies_parse(ns, t, "boot-1", text), -EINVAL);
	memcpy(at, "\"a\"", 3);
	assert_int_equal(latencies_parse(ns, t, "boot-1", text), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kept_latencies_come_back),
		cmocka_unit_test(what_is_no_document_of_latencies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
