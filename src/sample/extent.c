/* SPDX-License-Identifier: GPL-2.0 */
/* The extent of a process.  extent.h has the theory. */
#include "sample/extent.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>

#include "base/array.h"
#include "base/clock.h"
#include "base/proc.h"
#include "base/util.h"
#include "sample/collect.h"
#include "sample/views.h"

#define LEAST_CELL_BYTES (UINT64_C(2) << 20)
#define CELLS 256 /* if resident memory has more, cells are made larger */
/*
 * How many bytes of addresses one question may span.  A hostile process can have many page tables
 * without a page.  For so many bytes they cost some milliseconds.
 */
#define WINDOW_BYTES (UINT64_C(4) << 30)
#define MAX_MAPPINGS 1024 /* shared mappings; of a process with more, no view is known */
/* The time between two looks.  It is doubled each time that nothing has changed. */
#define SHORTEST_NS NSEC_PER_SEC
#define LONGEST_NS (8 * NSEC_PER_SEC)

struct extent {
	struct damon_ranges ranges; /* what extent_ranges() returns */
	uint64_t resident_bytes;
	struct views views;
	uint64_t next_ns, wait_ns; /* time of the next look, and how long after the last one */
	uint64_t rss_bytes;	   /* when the last look began */
	/* the look under way */
	int pagemap; /* -1: none */
	int maps;
	uint64_t at;  /* the next address to ask for */
	uint64_t top; /* addresses from here on cannot be asked for; 0: not known yet */
	uint64_t cell_bytes;
	struct extent_runs runs;
	struct view_regions folded; /* scratch */
};

struct extent *extent_new(void)
{
	struct extent *e = calloc(1, sizeof(*e));

	if (!e)
		return NULL;
	e->pagemap = e->maps = -1;
	e->wait_ns = SHORTEST_NS;
	return e;
}

static void end_look(struct extent *e)
{
	close_fd(&e->pagemap);
	close_fd(&e->maps);
	e->pagemap = e->maps = -1;
}

void extent_free(struct extent *e)
{
	if (!e)
		return;
	end_look(e);
	views_deinit(&e->views);
	view_regions_deinit(&e->folded);
	free(e->runs.list);
	free(e);
}

const struct damon_ranges *extent_ranges(const struct extent *e)
{
	return &e->ranges;
}

uint64_t extent_resident_bytes(const struct extent *e)
{
	return e->resident_bytes;
}

const struct views *extent_views(const struct extent *e)
{
	return &e->views;
}

/* Find the first page in START..END that holds memory.  1, 0 when there is none, or -errno. */
static int first_page(uint64_t *out, int pagemap, uint64_t start, uint64_t end)
{
	struct page_region found;
	struct pm_scan_arg arg = {
		.size = sizeof(arg),
		.start = start,
		.end = end,
		.vec = (uintptr_t)&found,
		.vec_len = 1,
		.max_pages = 1,
		/* the page of zeros does not count: all processes share it */
		.category_inverted = PAGE_IS_PFNZERO,
		.category_mask = PAGE_IS_PRESENT | PAGE_IS_PFNZERO,
		.return_mask = PAGE_IS_PRESENT,
	};
	int r = ioctl(pagemap, PAGEMAP_SCAN, &arg);

	if (r < 0)
		return -errno;
	if (r)
		*out = found.start;
	return r > 0;
}

/* Find the mapping with FLAGS that is at ADDRESS, or the next one.  -ENOENT: none. */
static int find_mapping(struct procmap_query *out, int maps, uint64_t address, uint64_t flags)
{
	*out = (struct procmap_query){
		.size = sizeof(*out),
		.query_addr = address,
		.query_flags = flags | PROCMAP_QUERY_COVERING_OR_NEXT_VMA,
	};
	return ioctl(maps, PROCMAP_QUERY, out) < 0 ? -errno : 0;
}

/* The end of the addresses that can be asked for, by the width of addresses here. */
static uint64_t find_top(int pagemap, uint64_t page_bytes)
{
	uint64_t address, end;

	for (int bits = 63; bits > 30; bits--) {
		end = (UINT64_C(1) << bits) - page_bytes;
		if (first_page(&address, pagemap, end - page_bytes, end) != -EFAULT)
			return end;
	}
	return 0;
}

bool extent_is_supported(void)
{
	_cleanup_close_ int pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	_cleanup_close_ int maps = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
	uint64_t page_bytes = (uint64_t)sysconf(_SC_PAGESIZE), address;
	uint64_t here = (uintptr_t)&page_bytes / page_bytes * page_bytes;
	struct procmap_query mapping;

	return first_page(&address, pagemap, here, here + page_bytes) == 1 &&
	       !find_mapping(&mapping, maps, here, 0);
}

static void close_gaps(struct extent_runs *runs, uint64_t gap_bytes)
{
	size_t nr = 0;

	for (size_t i = 0; i < runs->nr; i++) {
		if (nr && runs->list[i].start - runs->list[nr - 1].end < gap_bytes)
			runs->list[nr - 1].end = runs->list[i].end;
		else
			runs->list[nr++] = runs->list[i];
	}
	runs->nr = nr;
}

int extent_runs_add(struct extent_runs *runs, uint64_t start, uint64_t end)
{
	struct damon_range *last = runs->nr ? &runs->list[runs->nr - 1] : NULL;

	if (last && (start <= last->end || start - last->end < runs->gap_bytes)) {
		last->end = MAX(last->end, end);
		return 0;
	}
	if (runs->nr == EXTENT_MAX_RUNS) {
		while (runs->nr > EXTENT_MAX_RUNS / 2) {
			runs->gap_bytes = MAX(2 * runs->gap_bytes, LEAST_CELL_BYTES);
			close_gaps(runs, runs->gap_bytes);
		}
		return extent_runs_add(runs, start, end);
	}
	if (runs->nr == runs->capacity) {
		size_t capacity = MAX(2 * runs->capacity, (size_t)64);
		struct damon_range *list = reallocarray(runs->list, capacity, sizeof(*list));

		if (!list)
			return -ENOMEM;
		runs->list = list;
		runs->capacity = capacity;
	}
	/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): with capacity there is a list */
	runs->list[runs->nr++] = (struct damon_range){start, end};
	return 0;
}

static int compare_gap(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

void extent_runs_close(struct extent_runs *runs, size_t max)
{
	uint64_t gaps[EXTENT_MAX_RUNS];
	size_t nr_gaps = 0;

	if (runs->nr <= max)
		return;
	for (size_t i = 1; i < runs->nr; i++)
		gaps[nr_gaps++] = runs->list[i].start - runs->list[i - 1].end;
	qsort(gaps, nr_gaps, sizeof(*gaps), compare_gap);
	/* gaps of the same size are closed together, so fewer than MAX may be left */
	close_gaps(runs, gaps[runs->nr - max - 1] + 1);
}

static uint64_t ranges_bytes(const struct damon_ranges *ranges)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < ranges->nr; i++)
		bytes += ranges->list[i].end - ranges->list[i].start;
	return bytes;
}

static uint64_t common_bytes(const struct damon_ranges *a, const struct damon_ranges *b)
{
	uint64_t bytes = 0;

	for (size_t i = 0, j = 0; i < a->nr && j < b->nr;) {
		uint64_t start = MAX(a->list[i].start, b->list[j].start);
		uint64_t end = MIN(a->list[i].end, b->list[j].end);

		bytes += start < end ? end - start : 0;
		if (a->list[i].end < b->list[j].end)
			i++;
		else
			j++;
	}
	return bytes;
}

/* Memory that DAMON misses matters more than addresses without memory. */
bool extent_differs(const struct damon_ranges *now, const struct damon_ranges *next)
{
	uint64_t bytes = ranges_bytes(next), common = common_bytes(now, next);

	return (bytes - common) * 64 > bytes || (ranges_bytes(now) - common) * 8 > bytes;
}

static int begin_look(struct extent *e, pid_t task, uint64_t rss_bytes)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/pagemap", task);
	e->pagemap = open(path, O_RDONLY | O_CLOEXEC);
	if (e->pagemap < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	snprintf(path, sizeof(path), "/proc/%d/maps", task);
	e->maps = open(path, O_RDONLY | O_CLOEXEC);
	if (e->maps < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	if (!e->top)
		e->top = find_top(e->pagemap, (uint64_t)sysconf(_SC_PAGESIZE));
	e->at = 0;
	e->rss_bytes = rss_bytes;
	e->cell_bytes = LEAST_CELL_BYTES;
	while (e->cell_bytes < rss_bytes / CELLS)
		e->cell_bytes *= 2;
	e->runs.nr = 0;
	e->runs.gap_bytes = 0;
	return 0;
}

/* Ask once.  1 when nothing is left behind e->at, 0 to go on, or -errno. */
static int ask(struct extent *e)
{
	uint64_t end = MIN(e->at + WINDOW_BYTES, e->top), page;
	struct procmap_query mapping;
	int r;

	if (e->at >= e->top)
		return 1;
	r = first_page(&page, e->pagemap, e->at, end);
	if (r < 0)
		return r;
	if (r) {
		/* do not look for gaps that would be closed anyway */
		e->cell_bytes = MAX(e->cell_bytes, e->runs.gap_bytes);
		e->at = (page / e->cell_bytes + 1) * e->cell_bytes;
		return extent_runs_add(&e->runs, page, e->at);
	}
	r = find_mapping(&mapping, e->maps, end, 0);
	if (r < 0)
		return r == -ENOENT ? 1 : r;
	e->at = MAX(end, mapping.vma_start);
	return 0;
}

static int look_for_views(struct extent *e)
{
	_cleanup_free_ struct view_mapping *mappings = NULL;
	struct procmap_query q;
	uint64_t at = 0;
	size_t nr = 0;
	int r;

	e->views.nr = 0;
	while (!(r = find_mapping(&q, e->maps, at,
				  PROCMAP_QUERY_VMA_SHARED | PROCMAP_QUERY_FILE_BACKED_VMA))) {
		struct view_mapping *place;

		if (nr == MAX_MAPPINGS)
			return 0;
		place = ARRAY_PLACE(mappings, nr);
		if (!place)
			return -ENOMEM;
		*place = (struct view_mapping){
			.start = q.vma_start,
			.end = q.vma_end,
			.offset = q.vma_offset,
			.device = (uint64_t)q.dev_major << 32 | q.dev_minor,
			.inode = q.inode,
		};
		nr++;
		at = q.vma_end;
	}
	return r == -ENOENT ? views_find(&e->views, mappings, nr) : r;
}

/* Measure what is resident.  Of several views one counts.  It is no more than /proc says. */
static int measure(struct extent *e, pid_t task)
{
	_cleanup_free_ struct damon_region *regions =
		calloc(MAX(e->runs.nr, (size_t)1), sizeof(*regions));
	struct proc_memory memory;
	uint64_t bytes = 0;
	int r;

	if (!regions)
		return -ENOMEM;
	for (size_t i = 0; i < e->runs.nr; i++)
		regions[i] =
			(struct damon_region){e->runs.list[i].start, e->runs.list[i].end, 0, 0};
	r = views_fold(&e->folded, &e->views, regions, e->runs.nr, 0);
	if (r < 0)
		return r;
	for (size_t i = 0; i < e->folded.nr; i++)
		bytes += e->folded.list[i].region.end - e->folded.list[i].region.start;
	r = proc_memory_read(&memory, task);
	if (r < 0)
		return r;
	e->resident_bytes =
		MIN(bytes, memory.private_bytes + memory.shared_bytes + memory.hugetlb_bytes);
	return 0;
}

/* All has been asked.  1 when the ranges have changed, else 0 or -errno. */
static int finish(struct extent *e, pid_t task, uint64_t now_ns)
{
	struct damon_ranges next = {0};
	bool differs;
	int r = look_for_views(e);

	if (!r)
		r = measure(e, task);
	if (r < 0)
		return r;
	extent_runs_close(&e->runs, ARRAY_SIZE(next.list));
	next.nr = e->runs.nr;
	if (next.nr)
		memcpy(next.list, e->runs.list, next.nr * sizeof(*next.list));
	differs = extent_differs(&e->ranges, &next);
	if (differs)
		e->ranges = next;
	e->wait_ns = differs ? SHORTEST_NS : MIN(2 * e->wait_ns, LONGEST_NS);
	e->next_ns = now_ns + e->wait_ns;
	return differs;
}

/*
 * Is it time for a look?  It is earlier than planned when the resident set has changed by a
 * thirty-second.
 */
static bool is_due(const struct extent *e, uint64_t now_ns, uint64_t rss_bytes)
{
	uint64_t change =
		rss_bytes > e->rss_bytes ? rss_bytes - e->rss_bytes : e->rss_bytes - rss_bytes;

	if (now_ns >= e->next_ns)
		return true;
	return change > e->rss_bytes / 32 && now_ns + e->wait_ns >= e->next_ns + SHORTEST_NS;
}

int extent_look(struct extent *e, pid_t task, uint64_t now_ns, uint64_t until_ns,
		uint64_t rss_bytes)
{
	int r = 0;

	if (e->pagemap < 0) {
		if (!is_due(e, now_ns, rss_bytes))
			return 0;
		r = begin_look(e, task, rss_bytes);
	}
	while (!r) {
		r = ask(e);
		if (!r && clock_ns(CLOCK_MONOTONIC) >= until_ns)
			return 0;
	}
	if (r > 0)
		r = finish(e, task, now_ns);
	end_look(e);
	/* it may be gone, or there is too little memory: look again later */
	if (r < 0)
		e->next_ns = now_ns + e->wait_ns;
	return r;
}
