/* SPDX-License-Identifier: GPL-2.0 */
/* Memory that several processes map.  shared.h has the theory. */
#include "tier/shared.h"

#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "tier/piece.h"

static int by_memory(const void *a, const void *b)
{
	const struct shared_range *x = a, *y = b;

	if (x->memory != y->memory)
		return x->memory < y->memory ? -1 : 1;
	return (x->process > y->process) - (x->process < y->process);
}

static int by_offset(const void *a, const void *b)
{
	const struct shared_range *x = a, *y = b;

	if (x->offset != y->offset)
		return x->offset < y->offset ? -1 : 1;
	if (x->process != y->process)
		return x->process < y->process ? -1 : 1;
	return (x->range > y->range) - (x->range < y->range);
}

static double heat(const struct shared_range *r)
{
	return (double)r->bytes * r->hz;
}

/* Note in each range the heat of its process in all of the memory: RANGES are of one. */
static void sum_heat(struct shared_range *ranges, size_t nr)
{
	for (size_t first = 0, end; first < nr; first = end) {
		double sum = 0;

		for (end = first; end < nr && ranges[end].process == ranges[first].process; end++)
			sum += heat(&ranges[end]);
		for (size_t i = first; i < end; i++)
			ranges[i].all_hz = sum;
	}
}

/* Does B decide and not A?  ALL_HZ is the heat of their processes. */
static bool goes_before(const struct shared_range *b, const struct shared_range *a)
{
	if (a->process != b->process)
		return b->all_hz > a->all_hz || (b->all_hz >= a->all_hz && b->process < a->process);
	/* the process maps it twice */
	return b->range < a->range;
}

/* How many bytes two ranges of one memory have in common. */
static uint64_t common(const struct shared_range *a, const struct shared_range *b)
{
	uint64_t start = MAX(a->offset, b->offset),
		 end = MIN(a->offset + a->bytes, b->offset + b->bytes);

	return end > start ? end - start : 0;
}

/* Add what the accesses of R wait for, at HZ a page. */
static void add_wait(double *wait_ns, const struct shared_range *r, double hz,
		     const struct plan_input *in)
{
	if (hz <= 0)
		return;
	for (size_t n = 0; n < in->machine->nr_mem_nodes; n++) {
		double ns = r->place < 0 ? 0 : piece_latency_ns(in, (size_t)r->place, n);

		/* once not known, never known */
		wait_ns[n] = ns > 0 && wait_ns[n] >= 0 ? wait_ns[n] + hz * ns : -1;
	}
}

/* R owns: find out what all do, of the NR ranges of its memory that are in order of offsets. */
static void join(struct shared_range *r, const struct shared_range *ranges, size_t nr,
		 const struct plan_input *in)
{
	size_t nodes = in->machine->nr_mem_nodes;
	double all_hz = 0;

	memset(r->all_ns, 0, nodes * sizeof(*r->all_ns));
	memset(r->all_may, 1, nodes * sizeof(*r->all_may));
	for (size_t i = 0; i < nr && ranges[i].offset < r->offset + r->bytes; i++) {
		const struct shared_range *other = &ranges[i];
		uint64_t bytes = common(r, other);
		double hz = other->hz * (double)bytes / (double)r->bytes;

		if (!bytes)
			continue;
		add_wait(r->all_ns, other, hz, in);
		all_hz += hz;
		for (size_t n = 0; other->may_lie && n < nodes; n++)
			r->all_may[n] = r->all_may[n] && other->may_lie[n];
	}
	for (size_t n = 0; n < nodes; n++)
		r->all_ns[n] = all_hz > 0 && r->all_ns[n] > 0 ? r->all_ns[n] / all_hz : 0;
	r->all_hz = all_hz;
}

/* All ranges of one memory. */
static void join_memory(struct shared_range *ranges, size_t nr, const struct plan_input *in)
{
	sum_heat(ranges, nr);
	qsort(ranges, nr, sizeof(*ranges), by_offset);
	for (size_t i = 0; i < nr; i++) {
		struct shared_range *r = &ranges[i];

		r->owns = true;
		for (size_t j = 0; j < nr && ranges[j].offset < r->offset + r->bytes; j++)
			r->owns &= !common(r, &ranges[j]) || !goes_before(&ranges[j], r);
	}
	/* from here on the heat of its process is no longer wanted */
	for (size_t i = 0; i < nr; i++)
		if (ranges[i].owns)
			join(&ranges[i], ranges, nr, in);
}

void shared_join(struct shared_range *ranges, size_t nr, const struct plan_input *in)
{
	qsort(ranges, nr, sizeof(*ranges), by_memory);
	for (size_t first = 0, end; first < nr; first = end) {
		for (end = first; end < nr && ranges[end].memory == ranges[first].memory; end++)
			;
		join_memory(ranges + first, end - first, in);
	}
}
