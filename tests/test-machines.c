/* SPDX-License-Identifier: GPL-2.0 */
/*
 * numa/topology over kinds of machines, hand-made and small: what each is, and
 * which of its memory is CXL.  The comments at the heads of the recordings say
 * what they stand for.
 */
#include "tests/topology.h"

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

static void test_recording_of_directories_alone(void **state)
{
	_cleanup_topology_ struct topology *t = read_machine("bare");

	assert_int_equal(t->nr_nodes, 2);
	assert_list(&node_of(t, 0)->cpus, "0-5,48-53");
	assert_list(&node_of(t, 1)->cpus, "6-11,54-59");
	assert_int_equal(node_of(t, 0)->mem_bytes, 0);
	assert_near(t, 1, "1", TOPOLOGY_SLIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_recording_of_directories_alone),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
