/* SPDX-License-Identifier: GPL-2.0 */
/* Where the memory of a process is: runs of cells, views of one memory, and a look at ourselves. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/proc.h"
#include "base/random.h"
#include "base/util.h"
#include "sample/collect.h"
#include "sample/extent.h"
#include "sample/views.h"

/* A sanitizer's own memory lies all over the addresses, in more ranges than there may be. */
#ifndef __has_feature /* clang says it by this, gcc by a macro */
#define __has_feature(x) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
enum { SANITIZED = true };
#else
enum { SANITIZED = false };
#endif

#define MB (UINT64_C(1) << 20)
#define GB (UINT64_C(1) << 30)

static void add(struct extent_runs *runs, uint64_t start, uint64_t end)
{
	assert_int_equal(extent_runs_add(runs, start, end), 0);
}

static void runs_join(void **state)
{
	struct extent_runs runs = {.gap_bytes = 10};

	add(&runs, 100, 200);
	add(&runs, 200, 300); /* touches */
	add(&runs, 250, 280); /* within */
	add(&runs, 309, 400); /* a gap of 9 */
	add(&runs, 410, 500); /* one of 10 stays */
	assert_int_equal(runs.nr, 2);
	assert_int_equal(runs.list[0].start, 100);
	assert_int_equal(runs.list[0].end, 400);
	assert_int_equal(runs.list[1].start, 410);
	free(runs.list);
}

static void runs_are_bounded(void **state)
{
	struct extent_runs runs = {0};
	const uint64_t nr = 5000;

	for (uint64_t i = 0; i < nr; i++)
		add(&runs, i * 16 * MB, i * 16 * MB + 2 * MB);
	assert_in_range(runs.nr, 1, EXTENT_MAX_RUNS);
	assert_int_equal(runs.list[0].start, 0);
	assert_int_equal(runs.list[runs.nr - 1].end, (nr - 1) * 16 * MB + 2 * MB);
	free(runs.list);
}

static void smallest_gaps_are_closed(void **state)
{
	struct extent_runs runs = {0};

	add(&runs, 0, 10);
	add(&runs, 20, 30);   /* gap 10 */
	add(&runs, 35, 40);   /* gap 5 */
	add(&runs, 140, 150); /* gap 100 */
	extent_runs_close(&runs, 4);
	assert_int_equal(runs.nr, 4);
	extent_runs_close(&runs, 3);
	assert_int_equal(runs.nr, 3);
	assert_int_equal(runs.list[1].start, 20);
	assert_int_equal(runs.list[1].end, 40);
	extent_runs_close(&runs, 2);
	assert_int_equal(runs.nr, 2);
	assert_int_equal(runs.list[0].end, 40);
	assert_int_equal(runs.list[1].start, 140);
	free(runs.list);
}

/* Whatever comes: what was added stays covered, in order, and few enough. */
static void runs_cover_all(void **state)
{
	uint64_t seed = 3;

	for (int round = 0; round < 50; round++) {
		uint64_t starts[3000], at = 0;
		struct extent_runs runs = {0};
		size_t nr = 1 + random_next(&seed) % ARRAY_SIZE(starts), k = 0;

		for (size_t i = 0; i < nr; i++) {
			at += 4096 * (random_next(&seed) % (1 + (1 << random_next(&seed) % 20)));
			starts[i] = at;
			add(&runs, at, at + 4096);
		}
		extent_runs_close(&runs, DAMON_MAX_RANGES);
		assert_in_range(runs.nr, 1, DAMON_MAX_RANGES);
		for (size_t i = 1; i < runs.nr; i++)
			assert_true(runs.list[i - 1].end < runs.list[i].start);
		for (size_t i = 0; i < nr; i++) {
			while (runs.list[k].end <= starts[i])
				assert_true(++k < runs.nr);
			assert_true(runs.list[k].start <= starts[i]);
			assert_true(runs.list[k].end >= starts[i] + 4096);
		}
		free(runs.list);
	}
}

static struct damon_ranges ranges(uint64_t start, uint64_t end)
{
	return (struct damon_ranges){1, {{start, end}}};
}

static void what_differs(void **state)
{
	struct damon_ranges none = {0}, now = ranges(0, 64 * MB), next;

	assert_true(extent_differs(&none, &now));
	assert_true(extent_differs(&now, &none));
	assert_false(extent_differs(&now, &now));
	next = ranges(0, 65 * MB);
	assert_false(extent_differs(&now, &next)); /* a 65th of it is not looked at */
	next = ranges(0, 66 * MB);
	assert_true(extent_differs(&now, &next));
	next = ranges(0, 60 * MB); /* some is gone: that costs little */
	assert_false(extent_differs(&now, &next));
	next = ranges(0, 32 * MB);
	assert_true(extent_differs(&now, &next));
	next = ranges(64 * MB, 128 * MB);
	assert_true(extent_differs(&now, &next));
}

/* VIEWS as "start-end>original ...", in megabytes. */
static void assert_views(const struct views *v, const char *wanted)
{
	char text[256] = "";

	for (size_t i = 0; i < v->nr; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%llu-%llu>%llu",
			 i ? " " : "", (unsigned long long)(v->list[i].start / MB),
			 (unsigned long long)(v->list[i].end / MB),
			 (unsigned long long)(v->list[i].original / MB));
	assert_string_equal(text, wanted);
}

static struct view_mapping mapping(uint64_t start, uint64_t size, uint64_t offset, uint64_t inode)
{
	return (struct view_mapping){start * MB, (start + size) * MB, offset * MB, 1, inode};
}

static void views_are_found(void **state)
{
	struct view_mapping thrice[] = {mapping(300, 50, 0, 7), mapping(100, 50, 0, 7),
					mapping(200, 50, 0, 7)};
	struct view_mapping others[] = {mapping(100, 50, 0, 7), mapping(200, 50, 50, 7),
					mapping(300, 50, 0, 8)};
	struct view_mapping overlap[] = {mapping(100, 50, 0, 7), mapping(200, 50, 40, 7),
					 mapping(300, 60, 30, 7)};
	struct views v = {0};

	assert_int_equal(views_find(&v, thrice, ARRAY_SIZE(thrice)), 0);
	assert_views(&v, "200-250>100 300-350>100");
	/* parts of a file side by side, and another file */
	assert_int_equal(views_find(&v, others, ARRAY_SIZE(others)), 0);
	assert_views(&v, "");
	/* by offset the third comes second: it shares 20 with the first, the other 10 with both and 40 with it */
	assert_int_equal(views_find(&v, overlap, ARRAY_SIZE(overlap)), 0);
	assert_views(&v, "200-210>140 210-250>320 300-320>130");
	assert_int_equal(views_find(&v, NULL, 0), 0);
	assert_views(&v, "");
	views_deinit(&v);
}

static struct damon_region region(uint64_t start, uint64_t end, uint32_t accesses)
{
	return (struct damon_region){start * MB, end * MB, accesses, 5};
}

static void assert_folded(const struct view_regions *r, const char *wanted)
{
	char text[512] = "";

	for (size_t i = 0; i < r->nr; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%llu-%llu:%u@%llu",
			 i ? " " : "", (unsigned long long)(r->list[i].region.start / MB),
			 (unsigned long long)(r->list[i].region.end / MB),
			 r->list[i].region.nr_accesses,
			 (unsigned long long)(r->list[i].seen_at / MB));
	assert_string_equal(text, wanted);
}

static void views_are_folded(void **state)
{
	struct view_mapping thrice[] = {mapping(100, 50, 0, 7), mapping(200, 50, 0, 7),
					mapping(300, 50, 0, 7)};
	const struct damon_region plain[] = {region(10, 20, 3), region(20, 30, 3)};
	const struct damon_region seen[] = {region(100, 150, 2), region(190, 220, 7),
					    region(220, 260, 0), region(300, 350, 15)};
	struct view_regions out = {0};
	struct views v = {0};

	/* without views nothing changes */
	assert_int_equal(views_fold(&out, &v, plain, ARRAY_SIZE(plain), 20), 0);
	assert_folded(&out, "10-20:3@10 20-30:3@20");
	assert_int_equal(views_find(&v, thrice, ARRAY_SIZE(thrice)), 0);
	assert_int_equal(views_fold(&out, &v, seen, ARRAY_SIZE(seen), 20), 0);
	/* 2 + 7 + 15 are 20 at most; pages are asked for where most accesses are */
	assert_folded(&out, "100-120:20@300 120-150:17@320 190-200:7@190 250-260:0@250");
	assert_int_equal(views_fold(&out, &v, NULL, 0, 20), 0);
	assert_int_equal(out.nr, 0);
	view_regions_deinit(&out);
	views_deinit(&v);
}

/* One whole look, as from so many steps as it takes. */
static int look(struct extent *e, uint64_t now_ns)
{
	struct proc_memory memory;
	int r;

	assert_int_equal(proc_memory_read(&memory, getpid()), 0);
	/* one question a call, until it says that something has changed or that it is done */
	for (int i = 0; i < 100000; i++) {
		r = extent_look(e, getpid(), now_ns, 0, memory.private_bytes + memory.shared_bytes);
		if (r)
			return r;
	}
	return 0;
}

static bool covers(const struct damon_ranges *r, const void *start, uint64_t bytes)
{
	for (size_t i = 0; i < r->nr; i++)
		if (r->list[i].start <= (uintptr_t)start &&
		    r->list[i].end >= (uintptr_t)start + bytes)
			return true;
	return false;
}

static uint64_t bytes_of(const struct damon_ranges *r)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < r->nr; i++)
		bytes += r->list[i].end - r->list[i].start;
	return bytes;
}

/* What reads page tables is the kernel's, and older ones cannot. */
static void need_support(void)
{
	if (!extent_is_supported())
		skip();
}

static char *reserve(uint64_t bytes)
{
	char *at = mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	assert_ptr_not_equal(at, MAP_FAILED);
	return at;
}

static void use(char *at, uint64_t bytes)
{
	assert_int_equal(mprotect(at, bytes, PROT_READ | PROT_WRITE), 0);
	memset(at, 1, bytes);
}

static void little_in_much(void **state)
{
	struct extent *e;
	char *reserved;
	uint64_t sizes;
	int changed;

	need_support();
	e = extent_new();
	reserved = reserve(1024 * GB);
	use(reserved + 512 * GB, 20 * MB);
	assert_int_equal(look(e, 1), 1);
	assert_true(covers(extent_ranges(e), reserved + 512 * GB, 20 * MB));
	sizes = bytes_of(extent_ranges(e));
	assert_true(SANITIZED || sizes < 2 * GB);
	assert_in_range(extent_resident_bytes(e), 20 * MB, sizes);
	/* it grows far away: a second later that is known */
	use(reserved + 100 * GB, 30 * MB);
	assert_int_equal(extent_look(e, getpid(), NSEC_PER_SEC, 0, 1), 0); /* too early to look */
	changed = look(e, 2 * NSEC_PER_SEC);
	/* beside what a sanitizer keeps, 30 MB may be too little of a change */
	assert_true(changed || SANITIZED);
	assert_true(!changed || covers(extent_ranges(e), reserved + 100 * GB, 30 * MB));
	assert_true(covers(extent_ranges(e), reserved + 512 * GB, 20 * MB));
	munmap(reserved, 1024 * GB);
	extent_free(e);
}

static void three_views_count_once(void **state)
{
	uint64_t before, once;
	struct extent *e;
	char *views[3];
	int fd;

	need_support();
	e = extent_new();
	fd = memfd_create("views", MFD_CLOEXEC);
	assert_int_equal(look(e, 1), 1);
	before = extent_resident_bytes(e);
	assert_int_equal(ftruncate(fd, 64 * MB), 0);
	for (int i = 0; i < 3; i++) {
		views[i] = mmap(NULL, 64 * MB, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		assert_ptr_not_equal(views[i], MAP_FAILED);
		memset(views[i], 1, 64 * MB);
	}
	assert_true(look(e, 2 * NSEC_PER_SEC) || SANITIZED);
	assert_int_equal(extent_views(e)->nr, 2);
	once = extent_resident_bytes(e);
	if (!SANITIZED)
		assert_in_range(once, before + 60 * MB, before + 80 * MB);
	for (int i = 0; i < 3; i++)
		munmap(views[i], 64 * MB);
	close(fd);
	extent_free(e);
}

static void nobody_there(void **state)
{
	struct extent *e = extent_new();

	assert_int_equal(extent_look(e, INT32_MAX, 1, UINT64_MAX, 0), -ESRCH);
	assert_int_equal(extent_ranges(e)->nr, 0);
	assert_int_equal(extent_resident_bytes(e), 0);
	extent_free(e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(runs_join),
		cmocka_unit_test(runs_are_bounded),
		cmocka_unit_test(smallest_gaps_are_closed),
		cmocka_unit_test(runs_cover_all),
		cmocka_unit_test(what_differs),
		cmocka_unit_test(views_are_found),
		cmocka_unit_test(views_are_folded),
		cmocka_unit_test(little_in_much),
		cmocka_unit_test(three_views_count_once),
		cmocka_unit_test(nobody_there),
	};

	return cmocka_run_group_tests_name("extent", tests, NULL, NULL);
}
