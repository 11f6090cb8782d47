/* SPDX-License-Identifier: GPL-2.0 */
/* The leaf helpers: strict parsers, id lists, sysfs files. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/array.h"
#include "base/format.h"
#include "base/idlist.h"
#include "base/parse.h"
#include "base/proc.h"
#include "base/sysfs.h"
#include "base/util.h"

static void durations(void **state)
{
	static const struct {
		const char *text;
		int r;
		uint64_t ns;
	} cases[] = {
		{"100ms", 0, 100000000},
		{"1.5s", 0, 1500000000},
		{"0ms", 0, 0},
		{"250us", 0, 250000},
		{"7ns", 0, 7},
		{"2m", 0, 120000000000},
		{"1h", 0, 3600000000000},
		{"0.000000001s", 0, 1},
		{"2min", 0, 120000000000},
		{"3sec", 0, 3000000000},
		{"18446744073709551615ns", 0, UINT64_MAX},
		/* refused */
		{"", -EINVAL, 0},
		{"ms", -EINVAL, 0},
		{"-5ms", -EINVAL, 0},
		{"+5ms", -EINVAL, 0},
		{"5", -EINVAL, 0},
		{"5 ms", -EINVAL, 0},
		{" 5ms", -EINVAL, 0},
		{"5ms ", -EINVAL, 0},
		{"10 parsecs", -EINVAL, 0},
		{"1.s", -EINVAL, 0},
		{".5s", -EINVAL, 0},
		{"1.5.5s", -EINVAL, 0},
		{"0x10ms", -EINVAL, 0},
		{"1e3ms", -EINVAL, 0},
		{"5MS", -EINVAL, 0},
		{"1.0000000001s", -EINVAL, 0},
		{"99999999999999999999s", -ERANGE, 0},
		{"6000000h", -ERANGE, 0},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint64_t ns = 42;

		print_message("# %s\n", cases[i].text);
		assert_int_equal(parse_duration_ns(&ns, cases[i].text), cases[i].r);
		assert_int_equal(ns, cases[i].r ? 42 : cases[i].ns);
	}
}

static void sizes(void **state)
{
	static const struct {
		const char *text;
		int r;
		uint64_t bytes;
	} cases[] = {
		{"0", 0, 0},
		{"4096", 0, 4096},
		{"64M", 0, 64 << 20},
		{"2G", 0, 2ULL << 30},
		{"1KiB", 0, 1024},
		{"3kB", 0, 3072},
		{"1T", 0, 1ULL << 40},
		/* refused */
		{"", -EINVAL, 0},
		{"M", -EINVAL, 0},
		{"64X", -EINVAL, 0},
		{"64Mi", -EINVAL, 0},
		{"64 M", -EINVAL, 0},
		{"-1", -EINVAL, 0},
		{"1.5M", -EINVAL, 0},
		{"16777216T", -ERANGE, 0},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint64_t bytes = 42;

		print_message("# %s\n", cases[i].text);
		assert_int_equal(parse_size_bytes(&bytes, cases[i].text), cases[i].r);
		assert_int_equal(bytes, cases[i].r ? 42 : cases[i].bytes);
	}
}

static void numbers(void **state)
{
	uint64_t value;

	assert_int_equal(parse_u64(&value, "0x1f"), 0);
	assert_int_equal(value, 31);
	assert_int_equal(parse_u64(&value, "18446744073709551615"), 0);
	assert_true(value == UINT64_MAX);
	assert_int_equal(parse_u64(&value, "18446744073709551616"), -ERANGE);
	assert_int_equal(parse_u64(&value, "0x"), -EINVAL);
	assert_int_equal(parse_u64(&value, "12a"), -EINVAL);
	assert_int_equal(parse_u64(&value, ""), -EINVAL);
}

static void lists(void **state)
{
	static const struct {
		const char *text;
		int r;
		const char *back;
	} cases[] = {
		{"", 0, ""},
		{"\n", 0, ""},
		{"0", 0, "0"},
		{"0-3", 0, "0-3"},
		{"0-1,3\n", 0, "0-1,3"},
		{"8,0,4-5", 0, "0,4-5,8"},
		{"1,1,1", 0, "1"},
		{"0-2,1-4", 0, "0-4"},
		/* refused */
		{"1-", -EINVAL, NULL},
		{",", -EINVAL, NULL},
		{"1,", -EINVAL, NULL},
		{"3-1", -EINVAL, NULL},
		{"a", -EINVAL, NULL},
		{"1 2", -EINVAL, NULL},
		{"-1", -EINVAL, NULL},
		{"70000", -ERANGE, NULL},
		{"99999999999", -ERANGE, NULL},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_idlist_ struct idlist list = IDLIST_INIT;
		char back[64];

		print_message("# '%s'\n", cases[i].text);
		assert_int_equal(idlist_parse(&list, cases[i].text), cases[i].r);
		if (!cases[i].r)
			assert_string_equal(idlist_format(back, sizeof(back), &list),
					    cases[i].back);
	}
}

static void list_operations(void **state)
{
	_cleanup_idlist_ struct idlist a = IDLIST_INIT, b = IDLIST_INIT;
	char text[12];

	assert_int_equal(idlist_parse(&a, "0,2,4,6,8,10,12"), 0);
	assert_int_equal(idlist_copy(&b, &a), 0);
	assert_true(idlist_equal(&a, &b));
	assert_true(idlist_has(&a, 8));
	assert_false(idlist_has(&a, 7));
	assert_int_equal(idlist_add(&b, 7), 0);
	assert_int_equal(idlist_add(&b, 7), 0);
	assert_int_equal(b.nr, 8);
	assert_false(idlist_equal(&a, &b));
	/* cut, with a mark, and never past the buffer */
	assert_string_equal(idlist_format(text, sizeof(text), &a), "0,2,4,6...");
	assert_true(strlen(idlist_format(text, 5, &a)) < 5);
}

static void sysfs_files(void **state)
{
	char dir[] = "/tmp/test-base-XXXXXX", path[64], text[16];
	_cleanup_idlist_ struct idlist list = IDLIST_INIT;
	uint64_t u64;
	FILE *f;
	int i;

	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/value", dir);
	f = fopen(path, "w");
	fputs("-1\n", f);
	fclose(f);
	assert_int_equal(sysfs_read_int(&i, dir, "/%s", "value"), 0);
	assert_int_equal(i, -1);
	assert_int_equal(sysfs_read_u64(&u64, dir, "/value"), -EINVAL);
	assert_int_equal(sysfs_read_idlist(&list, dir, "/value"), -EINVAL);
	assert_int_equal(sysfs_write("0-3\n", dir, "/value"), 0);
	assert_int_equal(sysfs_read_idlist(&list, dir, "/value"), 0);
	assert_int_equal(list.nr, 4);
	assert_int_equal(sysfs_read(text, 2, dir, "/value"), -E2BIG);
	assert_int_equal(sysfs_read(text, sizeof(text), dir, "/none"), -ENOENT);
	assert_int_equal(sysfs_write("x", dir, "/none"), -ENOENT);
	assert_true(sysfs_exists(dir, "/value"));
	assert_false(sysfs_exists(dir, "/none"));
	unlink(path);
	rmdir(dir);
}

static void figures(void **state)
{
	char b[32];

	assert_string_equal(format_bytes(b, sizeof(b), 0), "0");
	assert_string_equal(format_bytes(b, sizeof(b), 999), "999");
	assert_string_equal(format_bytes(b, sizeof(b), 1000), "0.98K");
	assert_string_equal(format_bytes(b, sizeof(b), 24 << 20), "24.0M");
	assert_string_equal(format_bytes(b, sizeof(b), 153600000), "146M");
	assert_string_equal(format_bytes(b, sizeof(b), UINT64_MAX), "16.0E");
	assert_string_equal(format_duration(b, sizeof(b), 100000000), "100ms");
	assert_string_equal(format_duration(b, sizeof(b), 90 * NSEC_PER_SEC), "1m30s");
	assert_string_equal(format_duration(b, sizeof(b), 7380 * NSEC_PER_SEC), "2h03m");
	assert_string_equal(format_mbps(b, sizeof(b), 312), "312 MB/s");
	assert_string_equal(format_mbps(b, sizeof(b), 30000), "30.0 GB/s");
}

static void pressure(void **state)
{
	static const char text[] = "some avg10=12.50 avg60=3.00 avg300=1.00 total=99\n"
				   "full avg10=1.00 avg60=0.00 avg300=0.00 total=5\n";
	static const char *const bad[] = {
		"",
		"some",
		"some avg10=",
		"some avg10=x avg60=0.00",
		"some avg10=-1.00",
		"some avg10=100.01",
		"some avg10=nan",
		"full avg10=1.00 avg60=0.00 avg300=0.00 total=1",
	};
	double percent = 7;

	(void)state;
	assert_int_equal(proc_pressure_parse(&percent, text), 0);
	assert_true(percent == 12.5);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(proc_pressure_parse(&percent, bad[i]), -EINVAL);
	assert_true(percent == 12.5);
}

static void vmstat_counters(void **state)
{
	static const char text[] =
		"nr_free_pages 1\npgpromote_success 7\npgdemote_kswapd 10\npgdemote_direct 3\n"
		"pgdemote_khugepaged 0\nthp_fault 9\n";
	uint64_t sum = 99;

	assert_int_equal(proc_vmstat_sum(&sum, text, "pgpromote_success"), 0);
	assert_int_equal(sum, 7);
	assert_int_equal(proc_vmstat_sum(&sum, text, "pgdemote_"), 0);
	assert_int_equal(sum, 13);
	assert_int_equal(proc_vmstat_sum(&sum, text, "pgmigrate_"), -ENOENT);
	assert_int_equal(proc_vmstat_sum(&sum, "", "a"), -ENOENT);
	assert_int_equal(proc_vmstat_sum(&sum, "a\na \na x\n", "a"), -ENOENT);
	assert_int_equal(sum, 13);
}

static void owners(void **state)
{
	struct proc_stat self;

	(void)state;
	assert_int_equal(proc_stat_read(&self, getpid()), 0);
	assert_true(proc_is_of(&self, geteuid()));
	assert_false(proc_is_of(&self, geteuid() + 1));
	self.start_time++; /* another process had the pid */
	assert_false(proc_is_of(&self, geteuid()));
}

static void bounds_evaluate_once(void **state)
{
	int calls = 0;

	assert_int_equal(MAX(++calls, 0), 1);
	assert_int_equal(MIN(++calls, 9), 2);
	assert_int_equal(calls, 2);
}

static void arrays_grow(void **state)
{
	_cleanup_free_ size_t *list = NULL;

	for (size_t nr = 0; nr < 1000; nr++) {
		size_t *place = ARRAY_PLACE(list, nr);

		assert_non_null(place);
		assert_ptr_equal(place, &list[nr]);
		*place = nr;
	}
	for (size_t i = 0; i < 1000; i++)
		assert_int_equal(list[i], i);
}

/* It may shrink in between: there is always room for one more. */
static void arrays_shrink_and_grow(void **state)
{
	_cleanup_free_ size_t *list = NULL;
	static const size_t numbers[] = {0, 1, 2, 3, 4, 5, 2, 3, 4, 1, 2, 0, 1, 2, 3, 4};

	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		size_t *place = ARRAY_PLACE(list, numbers[i]);

		assert_non_null(place);
		*place = numbers[i];
	}
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(list[i], i);
}

static void no_memory_for_an_array(void **state)
{
	/* the compiler must not know it: it would warn */
	const volatile size_t too_many = SIZE_MAX / 4 + 1;
	size_t *list = malloc(4 * sizeof(*list)), *was = list;

	assert_non_null(list);
	list[3] = 7;
	assert_null(ARRAY_PLACE(list, too_many));
	assert_ptr_equal(list, was);
	assert_int_equal(list[3], 7);
	free(list);
}

static void a_pid_is_reused(void **state)
{
	const struct process_id old = {7, 100}, same = {7, 100}, next = {7, 101}, other = {8, 100};

	assert_true(process_is_same(old, same));
	assert_false(process_is_same(old, next));
	assert_false(process_is_same(old, other));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bounds_evaluate_once),
		cmocka_unit_test(durations),
		cmocka_unit_test(sizes),
		cmocka_unit_test(numbers),
		cmocka_unit_test(lists),
		cmocka_unit_test(list_operations),
		cmocka_unit_test(sysfs_files),
		cmocka_unit_test(pressure),
		cmocka_unit_test(owners),
		cmocka_unit_test(vmstat_counters),
		cmocka_unit_test(figures),
		cmocka_unit_test(arrays_grow),
		cmocka_unit_test(arrays_shrink_and_grow),
		cmocka_unit_test(no_memory_for_an_array),
		cmocka_unit_test(a_pid_is_reused),
	};

	return cmocka_run_group_tests_name("base", tests, NULL, NULL);
}
