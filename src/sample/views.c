/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Several views of the same memory.
 *
 * Finding.  Mappings are sorted by file and offset.  The mapping that reaches farthest so far
 * covers the next one.  It is the original of what they share.
 *
 * Folding.  Regions are cut where views begin and end, and each piece moves to its original.  The
 * pieces that lie between two neighbouring bounds of all pieces are put together.
 */
#include "sample/views.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/util.h"

void views_deinit(struct views *v)
{
	free(v->list);
	*v = (struct views){0};
}

void view_regions_deinit(struct view_regions *r)
{
	free(r->list);
	free(r->pieces);
	free(r->bounds);
	*r = (struct view_regions){0};
}

static int compare_u64(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int by_file(const void *a, const void *b)
{
	const struct view_mapping *x = a, *y = b;
	int r = compare_u64(x->device, y->device);

	if (!r)
		r = compare_u64(x->inode, y->inode);
	if (!r)
		r = compare_u64(x->offset, y->offset);
	return r ? r : compare_u64(x->start, y->start);
}

static int by_address(const void *a, const void *b)
{
	return compare_u64(((const struct view *)a)->start, ((const struct view *)b)->start);
}

static uint64_t end_offset(const struct view_mapping *m)
{
	return m->offset + (m->end - m->start);
}

static int add_view(struct views *v, uint64_t start, uint64_t bytes, uint64_t original)
{
	if (v->nr == v->capacity) {
		size_t capacity = MAX(2 * v->capacity, (size_t)16);
		struct view *list = reallocarray(v->list, capacity, sizeof(*list));

		if (!list)
			return -ENOMEM;
		v->list = list;
		v->capacity = capacity;
	}
	v->list[v->nr++] = (struct view){start, start + bytes, original};
	return 0;
}

/*
 * Add what M shares with COVER.  The beginning of COVER may itself be a view of the mapping that
 * covered before.  Then so is that part of M, and the views that are there lead to its original.
 */
static int add_shared(struct views *v, size_t first, const struct view_mapping *m,
		      const struct view_mapping *cover)
{
	uint64_t shared_end = MIN(end_offset(m), end_offset(cover)), at = m->offset;

	while (at < shared_end) {
		uint64_t original = cover->start + (at - cover->offset), bytes = shared_end - at;
		int r;

		for (size_t i = first; i < v->nr; i++) {
			const struct view *other = &v->list[i];

			if (original < other->start || original >= other->end)
				continue;
			bytes = MIN(bytes, other->end - original);
			original = other->original + (original - other->start);
			break;
		}
		r = add_view(v, m->start + (at - m->offset), bytes, original);
		if (r < 0)
			return r;
		at += bytes;
	}
	return 0;
}

int views_find(struct views *v, struct view_mapping *mappings, size_t nr)
{
	const struct view_mapping *cover = NULL;
	size_t first = 0;

	v->nr = 0;
	if (nr)
		qsort(mappings, nr, sizeof(*mappings), by_file);
	for (size_t i = 0; i < nr; i++) {
		const struct view_mapping *m = &mappings[i];
		bool same_file = cover && m->device == cover->device && m->inode == cover->inode;

		if (!same_file)
			first = v->nr;
		if (same_file && m->offset < end_offset(cover)) {
			int r = add_shared(v, first, m, cover);

			if (r < 0)
				return r;
		}
		if (!same_file || end_offset(m) > end_offset(cover))
			cover = m;
	}
	if (v->nr)
		qsort(v->list, v->nr, sizeof(*v->list), by_address);
	return 0;
}

/* Make room for what NR_PIECES can come to at most.  The old contents are lost. */
static int reserve(struct view_regions *out, size_t nr_pieces)
{
	size_t capacity = MAX(2 * nr_pieces, 2 * out->capacity);

	if (2 * nr_pieces <= out->capacity)
		return 0;
	view_regions_deinit(out);
	out->list = calloc(capacity, sizeof(*out->list));
	out->pieces = calloc(capacity, sizeof(*out->pieces));
	out->bounds = calloc(capacity, sizeof(*out->bounds));
	if (!out->list || !out->pieces || !out->bounds) {
		view_regions_deinit(out);
		return -ENOMEM;
	}
	out->capacity = capacity;
	return 0;
}

static int by_piece_start(const void *a, const void *b)
{
	const struct view_region *x = a, *y = b;

	return compare_u64(x->region.start, y->region.start);
}

static int by_value(const void *a, const void *b)
{
	return compare_u64(*(const uint64_t *)a, *(const uint64_t *)b);
}

/* Cut the regions at the bounds of views, and move them to the originals.  Returns how many. */
static size_t cut(struct view_region *pieces, const struct views *v,
		  const struct damon_region *regions, size_t nr)
{
	size_t nr_pieces = 0, view = 0;

	for (size_t i = 0; i < nr; i++) {
		uint64_t at = regions[i].start, end;

		for (; at < regions[i].end; at = end) {
			struct view_region *piece = &pieces[nr_pieces++];
			uint64_t original = at;

			while (view < v->nr && v->list[view].end <= at)
				view++;
			end = regions[i].end;
			if (view < v->nr && v->list[view].start <= at) {
				end = MIN(end, v->list[view].end);
				original = v->list[view].original + (at - v->list[view].start);
			} else if (view < v->nr) {
				end = MIN(end, v->list[view].start);
			}
			*piece = (struct view_region){regions[i], at};
			piece->region.start = original;
			piece->region.end = original + (end - at);
		}
	}
	qsort(pieces, nr_pieces, sizeof(*pieces), by_piece_start);
	return nr_pieces;
}

/* Make one region of all PIECES that cover START..END.  False when none does. */
static bool put_together(struct view_region *out, const struct view_region *pieces, size_t nr,
			 uint64_t start, uint64_t end, uint32_t max_nr_accesses)
{
	uint64_t accesses = 0;
	uint32_t most = 0, age = UINT32_MAX;
	bool found = false;

	for (size_t i = 0; i < nr && pieces[i].region.start <= start; i++) {
		const struct damon_region *r = &pieces[i].region;

		if (r->end < end)
			continue;
		accesses += r->nr_accesses;
		age = MIN(age, r->age);
		if (!found || r->nr_accesses > most) {
			most = r->nr_accesses;
			out->seen_at = pieces[i].seen_at + (start - r->start);
		}
		found = true;
	}
	out->region = (struct damon_region){
		start, end, (uint32_t)MIN(accesses, (uint64_t)max_nr_accesses), age};
	return found;
}

/* Does B continue A, so that both are one region again? */
static bool continues(const struct view_region *a, const struct view_region *b)
{
	return a->region.end == b->region.start && a->region.nr_accesses == b->region.nr_accesses &&
	       a->region.age == b->region.age &&
	       a->seen_at + (a->region.end - a->region.start) == b->seen_at;
}

static void sweep(struct view_regions *out, size_t nr_pieces, uint32_t max_nr_accesses)
{
	size_t nr_bounds = 0, first = 0;

	for (size_t i = 0; i < nr_pieces; i++) {
		out->bounds[nr_bounds++] = out->pieces[i].region.start;
		out->bounds[nr_bounds++] = out->pieces[i].region.end;
	}
	qsort(out->bounds, nr_bounds, sizeof(*out->bounds), by_value);
	out->nr = 0;
	for (size_t i = 0; i + 1 < nr_bounds; i++) {
		struct view_region *next = &out->list[out->nr];

		if (out->bounds[i] == out->bounds[i + 1])
			continue;
		while (first < nr_pieces && out->pieces[first].region.end <= out->bounds[i])
			first++;
		if (!put_together(next, out->pieces + first, nr_pieces - first, out->bounds[i],
				  out->bounds[i + 1], max_nr_accesses))
			continue;
		if (out->nr && continues(next - 1, next))
			next[-1].region.end = next->region.end;
		else
			out->nr++;
	}
}

int views_fold(struct view_regions *out, const struct views *v, const struct damon_region *regions,
	       size_t nr, uint32_t max_nr_accesses)
{
	size_t nr_pieces;

	out->nr = 0;
	if (!nr)
		return 0;
	/* a bound of a view cuts one region at most */
	if (reserve(out, nr + 2 * v->nr) < 0)
		return -ENOMEM;
	if (!v->nr) {
		for (size_t i = 0; i < nr; i++)
			out->list[i] = (struct view_region){regions[i], regions[i].start};
		out->nr = nr;
		return 0;
	}
	nr_pieces = cut(out->pieces, v, regions, nr);
	sweep(out, nr_pieces, max_nr_accesses);
	return 0;
}
