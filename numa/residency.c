/* SPDX-License-Identifier: GPL-2.0 */
/*
 * On which node do the pages of a process lie?  move_pages(2) without target nodes moves nothing.
 * It answers for each address with the node, or with the reason why there is none.
 * /proc/PID/numa_maps would walk whole mappings.  move_pages asks for pages of our choice.
 *
 * A range is cut into as many equal strata as pages are wanted.  One page of each is taken at
 * random.  So no page comes twice, and no part of the range is left out.  There is no stride
 * either that a program's own layout could resonate with.
 */
#include "numa/residency.h"

#include <errno.h>
#include <numa.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "base/util.h"

struct residency {
	void **pages; /* [max_pages] */
	int *status;  /* [max_pages] */
	int *columns; /* [nr_columns]: the column of each node id, -1 for none */
	size_t max_pages, nr_nodes, nr_columns;
	uint64_t page_bytes;
	/* State of random_next().  The seed is always the same, so that runs can be repeated. */
	uint64_t random;
};

int residency_new(struct residency **out, const unsigned int *node_ids, size_t nr_nodes,
		  size_t max_pages)
{
	_cleanup_(residency_freep) struct residency *r = calloc(1, sizeof(*r));

	if (!r)
		return -ENOMEM;
	for (size_t i = 0; i < nr_nodes; i++)
		r->nr_columns = MAX(r->nr_columns, (size_t)node_ids[i] + 1);
	r->nr_nodes = nr_nodes;
	r->max_pages = max_pages;
	r->page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);
	r->pages = calloc(MAX(max_pages, (size_t)1), sizeof(*r->pages));
	r->status = calloc(MAX(max_pages, (size_t)1), sizeof(*r->status));
	r->columns = calloc(MAX(r->nr_columns, (size_t)1), sizeof(*r->columns));
	if (!r->pages || !r->status || !r->columns)
		return -ENOMEM;
	for (size_t i = 0; i < r->nr_columns; i++)
		r->columns[i] = -1;
	for (size_t i = 0; i < nr_nodes; i++)
		r->columns[node_ids[i]] = (int)i;
	*out = TAKE(&r);
	return 0;
}

static uint64_t first_page(const struct residency *r, const struct residency_range *range)
{
	return range->start / r->page_bytes;
}

/* How many pages the range touches. */
static uint64_t range_pages(const struct residency *r, const struct residency_range *range)
{
	if (range->end <= range->start)
		return 0;
	return (range->end - 1) / r->page_bytes - first_page(r, range) + 1;
}

static uint64_t wanted_pages(const struct residency *r, const struct residency_range *range)
{
	return MIN(range_pages(r, range), (uint64_t)range->nr_wanted);
}

static void pick_pages(struct residency *r, size_t at, const struct residency_range *range,
		       uint64_t nr)
{
	uint64_t first = first_page(r, range), pages = range_pages(r, range);
	uint64_t width = nr ? pages / nr : 0, spare = nr ? pages % nr : 0, start = 0;

	for (uint64_t i = 0; i < nr; i++) {
		/* the first SPARE strata are one page wider */
		uint64_t size = width + (i < spare);
		uint64_t page = first + start + random_next(&r->random) % size;

		r->pages[at + i] = (void *)(uintptr_t)(page * r->page_bytes);
		start += size;
	}
}

/*
 * WANTED of TOTAL wanted pages, scaled to max_pages.  WANTED is a running sum, so that rounding
 * loses no page.
 */
static size_t scale_end(const struct residency *r, uint64_t wanted, uint64_t total)
{
	if (total <= r->max_pages)
		return (size_t)wanted;
	return (size_t)((unsigned __int128)wanted * r->max_pages / total);
}

static void count_pages(const struct residency *r, size_t from, size_t to, uint32_t *counts)
{
	for (size_t i = from; i < to; i++) {
		int node = r->status[i];

		if (node >= 0 && (size_t)node < r->nr_columns && r->columns[node] >= 0)
			counts[r->columns[node]]++;
	}
}

static int query(struct residency *r, pid_t tgid, size_t nr)
{
	/* a page that the kernel did not come to must not look like one on node 0 */
	for (size_t i = 0; i < nr; i++)
		r->status[i] = -ENOENT;
	/* 0 would mean this process */
	if (tgid <= 0)
		return -ESRCH;
	if (numa_move_pages(tgid, nr, r->pages, NULL, r->status, 0) >= 0)
		return 0;
	/* a zombie or a kernel thread has no memory; no other argument of ours can be invalid */
	return errno == EINVAL ? -ESRCH : -errno;
}

int residency_sample(struct residency *r, pid_t tgid, const struct residency_range *ranges,
		     size_t nr, uint32_t *counts)
{
	uint64_t total = 0, seen = 0;
	size_t at = 0, end;
	int ret;

	memset(counts, 0, nr * r->nr_nodes * sizeof(*counts));
	for (size_t i = 0; i < nr; i++)
		total += wanted_pages(r, &ranges[i]);
	for (size_t i = 0; i < nr; i++, at = end) {
		seen += wanted_pages(r, &ranges[i]);
		end = scale_end(r, seen, total);
		pick_pages(r, at, &ranges[i], end - at);
	}
	ret = query(r, tgid, at);
	if (ret < 0)
		return ret;
	seen = 0;
	at = 0;
	for (size_t i = 0; i < nr; i++, at = end) {
		seen += wanted_pages(r, &ranges[i]);
		end = scale_end(r, seen, total);
		count_pages(r, at, end, counts + i * r->nr_nodes);
	}
	return 0;
}

void residency_free(struct residency *r)
{
	if (!r)
		return;
	free(r->pages);
	free(r->status);
	free(r->columns);
	free(r);
}
