/* SPDX-License-Identifier: GPL-2.0 */
/* The lab clock's model and arguments, without QEMU: accesses and times go in as numbers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "counts.h"
#include "model.h"
#include "settings.h"

enum { NR_ARGS = 9, LINE = 1 << LINE_SHIFT };

/* Node 0: vCPUs 0 and 1, 1 GB at 0.  Node 1: vCPU 2 and 1 GB.  Node 2: memory alone, 1000 MB/s,
 * which is 64 ns a line. */
static char *machine[NR_ARGS] = {"scale=2",
				 "l2=64K",
				 "llc=128K",
				 "cpus=0-1:0",
				 "cpus=2-2:1",
				 "memory=0-40000000:0",
				 "memory=40000000-80000000:1",
				 "memory=100000000-140000000:2",
				 "bandwidth=2:1000"};
static struct model m;

static void set_up(void)
{
	struct settings s;
	char why[128];
	char *args[NR_ARGS + 2];

	memcpy(args, machine, sizeof(machine));
	args[NR_ARGS] = "latency=0:100:150:400";
	args[NR_ARGS + 1] = "latency=1:150:100:250";
	assert_true(settings_parse(&s, NR_ARGS + 2, args, why, sizeof(why)));
	assert_int_equal(model_init(&m, &s), 0);
	model_restart(&m, 0);
}

static int tear_down(void **state)
{
	model_deinit(&m);
	return 0;
}

/* Line 0 stands for nothing in the caches; nothing here is there.  @nr lines from @pa on, @step
 * lines apart; virtual addresses are the same. */
static void walk(unsigned int vcpu, uint64_t pa, unsigned int nr, unsigned int step, bool store)
{
	for (unsigned int i = 0; i < nr; i++)
		if (!model_near(&m.vcpus[vcpu], pa + (uint64_t)i * step * LINE))
			model_access(&m, &m.vcpus[vcpu], pa + (uint64_t)i * step * LINE,
				     pa + (uint64_t)i * step * LINE, store);
}

static void pairs_have_their_latency(void **state)
{
	static const uint64_t base[] = {0x800000, 0x40000000, 0x100000000};
	static const uint64_t ns[3][3] = {{100, 150, 400}, {100, 150, 400}, {150, 100, 250}};

	set_up();
	for (unsigned int vcpu = 0; vcpu < 3; vcpu++)
		for (unsigned int node = 0; node < 3; node++) {
			struct vcpu *v = &m.vcpus[vcpu];

			/* Not the same lines for two vCPUs: they share a cache. */
			walk(vcpu, base[node] + (vcpu << 20), 10, 2, false);
			assert_int_equal(v->latency_due_ns, 10 * 2 * ns[vcpu][node]);
			assert_int_equal(v->counts[node].misses, 10);
			assert_int_equal(v->counts[node].stalled_ns, 10 * 2 * ns[vcpu][node]);
			model_settle(&m, v, 0);
		}
}

static void addresses_outside_cost_nothing(void **state)
{
	set_up();
	walk(0, 0x90000000, 10, 2, false);
	walk(0, 1ull << 40, 10, 2, false);
	assert_int_equal(m.vcpus[0].latency_due_ns, 0);
}

static void caches_keep_what_fits(void **state)
{
	const unsigned int l2_lines = (64 << 10) / LINE, llc_lines = (128 << 10) / LINE;
	struct vcpu *v;

	set_up();
	v = &m.vcpus[0];
	walk(0, 0x800000, l2_lines, 1, false);
	walk(0, 0x800000, l2_lines, 1, false);
	assert_int_equal(v->counts[0].misses, l2_lines);
	/* Its neighbour finds them in the cache of the node; a vCPU of the other node does not. */
	walk(1, 0x800000, l2_lines, 1, false);
	assert_int_equal(m.vcpus[1].counts[0].misses, 0);
	walk(2, 0x800000, l2_lines, 1, false);
	assert_int_equal(m.vcpus[2].counts[0].misses, l2_lines);
	/* Twice the last level, in turn: LRU has none of them when they come again. */
	model_restart(&m, 0);
	walk(0, 0x10000000, 2 * llc_lines, 1, false);
	walk(0, 0x10000000, 2 * llc_lines, 1, false);
	assert_int_equal(v->counts[0].misses, 4 * llc_lines);
}

static void streams_hide_latency_not_transfer(void **state)
{
	struct vcpu *v;

	set_up();
	v = &m.vcpus[2];
	walk(2, 0x100000000, 1000, 1, false);
	assert_int_equal(v->counts[2].prefetched, 999);
	assert_int_equal(v->latency_due_ns, 2 * 250);
	assert_int_equal(v->transfer_due_ns, 1000 * 2 * 64);
	/* Stores move lines twice. */
	walk(2, 0x110000000, 1000, 1, true);
	assert_int_equal(v->counts[2].bytes, 3000 * LINE);
	/* Two streams in turn are still streams. */
	model_restart(&m, 0);
	for (unsigned int i = 0; i < 100; i++) {
		walk(2, 0x120000000 + i * LINE, 1, 1, false);
		walk(2, 0x130000000 + i * LINE, 1, 1, false);
	}
	assert_int_equal(v->counts[2].prefetched, 198);
}

static void emulation_of_misses_is_part_of_their_latency(void **state)
{
	struct vcpu *v;

	set_up();
	v = &m.vcpus[0];
	/* 10 misses of 200 ns of guest time; at most 2 x 50 each is hidden. */
	walk(0, 0x800000, 10, 2, false);
	assert_int_equal(model_settle(&m, v, 600), 2000 - 600);
	model_slept(v, 1400, 600, 2000);
	walk(0, 0x900000, 10, 2, false);
	assert_int_equal(model_settle(&m, v, 2000 + 50000), 2000 - 1000);
}

static void oversleep_is_given_back(void **state)
{
	struct vcpu *v;

	set_up();
	v = &m.vcpus[0];
	walk(0, 0x800000, 10, 2, false);
	assert_int_equal(model_settle(&m, v, 0), 2000);
	model_slept(v, 2000, 0,
		    2000 + 3000); /* 3000 late: pays the next lump and half of the one after */
	walk(0, 0x900000, 10, 2, false);
	assert_int_equal(model_settle(&m, v, 5000), 0);
	walk(0, 0xa00000, 10, 2, false);
	assert_int_equal(model_settle(&m, v, 5000), 1000);
	/* The host's long pauses are not. */
	model_slept(v, 1000, 5000, 5000 + 1000 + 10ull * MAX_LATE_NS);
	assert_int_equal(v->late_ns, MAX_LATE_NS);
}

static void a_halted_vcpu_does_not_run(void **state)
{
	struct vcpu *v;

	set_up();
	v = &m.vcpus[0];
	walk(0, 0x800000, 10, 2, false);
	model_idle(v, 100);
	model_resume(v, 1000000);
	assert_int_equal(model_settle(&m, v, 1000000 + 100), 2000 - 200);
}

/* vCPUs that stream from node 2 for 100 ms get its bandwidth, however many they are; alone and
 * slow, what they ask for. */
static void the_channel_limits(void **state)
{
	for (unsigned int nr = 1; nr <= 3; nr++) {
		uint64_t at[3] = {0, 10000, 20000}, done[3] = {0}, lines = 0,
			 next[3] = {0, 1 << 22, 1 << 23};

		set_up();
		for (;;) {
			unsigned int vcpu = 0;
			uint64_t due;

			for (unsigned int i = 1; i < nr; i++)
				if (at[i] < at[vcpu])
					vcpu = i;
			if (at[vcpu] > 100000000)
				break;
			walk(vcpu, 0x100000000 + next[vcpu] * LINE % 0x40000000, 1600, 1, false);
			next[vcpu] += 1600;
			at[vcpu] += 50000;
			due = model_settle(&m, &m.vcpus[vcpu], at[vcpu]);
			model_slept(&m.vcpus[vcpu], due, at[vcpu], at[vcpu] + due);
			at[vcpu] += due;
			done[vcpu] += 1600;
		}
		for (unsigned int i = 0; i < nr; i++)
			lines += done[i];
		/* 128 ns a line: 781250 in 100 ms */
		assert_in_range(lines, 781250 * 98 / 100, 781250 * 102 / 100);
		assert_in_range(done[0], 781250 / nr * 95 / 100, 781250 / nr * 105 / 100);
		tear_down(NULL);
	}
	set_up();
	walk(0, 0x100000000, 100, 1, false);
	assert_true(model_settle(&m, &m.vcpus[0], 1000000) <= 800);
}

static void a_saturated_node_answers_late(void **state)
{
	uint64_t alone, queued;

	set_up();
	walk(2, 0x100000000, 10, 2, false);
	alone = model_settle(&m, &m.vcpus[2], 0);
	walk(0, 0x110000000, 1600, 1, false);
	model_settle(&m, &m.vcpus[0], 0);
	walk(2, 0x120000000, 10, 2, false);
	queued = model_settle(&m, &m.vcpus[2], 0);
	assert_int_equal(alone, 10 * 2 * 250);
	assert_true(queued >= alone + 1600 * 128);
	/* Other nodes do not care. */
	walk(2, 0x40000000, 10, 2, false);
	assert_int_equal(model_settle(&m, &m.vcpus[2], 0), 10 * 2 * 100);
}

static void arguments_are_strict(void **state)
{
	static char *const bad[] = {
		"scale=0",
		"scale=x",
		"scale=",
		"scale",
		"l2=3M",
		"l2=1",
		"l2=2048M",
		"l2=1G",
		"overlap=-1",
		"cpus=1-0:0",
		"cpus=0-1",
		"cpus=0-999:0",
		"cpus=0-0:8",
		"memory=0-1:0",
		"memory=200000-0:0",
		"memory=0-8000000000:0",
		"latency=0",
		"latency=0:",
		"latency=0:1:2:3:4:5:6:7:8:9",
		"bandwidth=1",
		"bandwidth=1:x",
		"counts=",
		"nonsense=1",
		"",
	};
	char *args[NR_ARGS + 1], why[128];
	struct settings s;

	memcpy(args, machine, sizeof(machine));
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		args[NR_ARGS] = bad[i];
		if (settings_parse(&s, NR_ARGS + 1, args, why, sizeof(why)))
			fail_msg("'%s' was taken", bad[i]);
		assert_non_null(strstr(why, bad[i]));
	}
	assert_false(settings_parse(&s, 0, NULL, why, sizeof(why)));
	assert_string_equal(why, "no cpus= or no memory=");
}

static void counts_are_a_line_of_json(void **state)
{
	char path[] = "/tmp/test-clock-XXXXXX", text[4096] = "";
	int fd = mkstemp(path);
	FILE *f;

	assert_true(fd >= 0);
	close(fd);
	set_up();
	walk(2, 0x100000000, 10, 2, true);
	assert_int_equal(counts_append(path, &m, 1, 2500000000), 0);
	assert_int_equal(counts_append(path, &m, 2, 1), 0);
	f = fopen(path, "r");
	assert_non_null(fgets(text, sizeof(text), f));
	assert_non_null(strstr(text, "{\"clock\": \"model\", \"period\": 1, \"seconds\": 2.500, "
				     "\"scale\": 2, \"vcpus\": [{\"vcpu\": 0, "));
	assert_non_null(strstr(text,
			       "{\"node\": 2, \"accesses\": 10, \"misses\": 10, \"prefetched\": 0, "
			       "\"bytes\": 1280, \"stalled_ns\": 5000}]}]}\n"));
	assert_non_null(fgets(text, sizeof(text), f));
	assert_null(fgets(text, sizeof(text), f));
	fclose(f);
	unlink(path);
	assert_true(counts_append("/nonexistent/file", &m, 1, 1) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(pairs_have_their_latency, tear_down),
		cmocka_unit_test_teardown(addresses_outside_cost_nothing, tear_down),
		cmocka_unit_test_teardown(caches_keep_what_fits, tear_down),
		cmocka_unit_test_teardown(streams_hide_latency_not_transfer, tear_down),
		cmocka_unit_test_teardown(emulation_of_misses_is_part_of_their_latency, tear_down),
		cmocka_unit_test_teardown(oversleep_is_given_back, tear_down),
		cmocka_unit_test_teardown(a_halted_vcpu_does_not_run, tear_down),
		cmocka_unit_test_teardown(the_channel_limits, tear_down),
		cmocka_unit_test_teardown(a_saturated_node_answers_late, tear_down),
		cmocka_unit_test(arguments_are_strict),
		cmocka_unit_test_teardown(counts_are_a_line_of_json, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
