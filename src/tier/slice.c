/* SPDX-License-Identifier: GPL-2.0 */
/* A process in pieces: what of its ranges lies where, and how much of its heat counts. */
#include <stdlib.h>

#include "base/util.h"
#include "tier/piece.h"

static int hottest_first(const void *a, const void *b)
{
	const struct piece *x = a, *y = b;

	return (x->hz < y->hz) - (x->hz > y->hz);
}

static void add_pieces(struct slice *slice, const struct plan_process *process, size_t nr_nodes)
{
	for (size_t r = 0; r < process->nr_ranges; r++) {
		const struct plan_range *range = &process->ranges[r];

		for (size_t n = 0; n < nr_nodes; n++) {
			double bytes = range->share[n] * (double)range->bytes;

			if (bytes < PAGE_BYTES)
				continue;
			slice->pieces[slice->nr++] = (struct piece){
				.process = slice->process,
				.range = r,
				.node = n,
				.bytes = (uint64_t)bytes,
				.hz = range->hz,
				.least_hz = MIN(range->hz, range->mean_hz),
				.most_hz = range->hz > 0 ? MAX(range->hz, range->mean_hz) : 0,
				.life_s = range->life_s,
				.remaining_s = range->remaining_s,
				.stays = -1,
				.why = -1,
			};
			slice->bytes_hz += bytes * range->hz;
		}
	}
	qsort(slice->pieces, slice->nr, sizeof(*slice->pieces), hottest_first);
}

/* What its accesses wait for at place C, ns a second.  Negative: a latency is not known. */
static double wait_at(const struct plan_input *in, const struct slice *slice, size_t c)
{
	double wait_ns = 0;

	for (size_t i = 0; i < slice->nr; i++) {
		const struct piece *piece = &slice->pieces[i];
		double ns = piece_latency_ns(in, c, piece->node);

		if (piece->hz > 0 && ns <= 0)
			return -1;
		wait_ns += (double)piece->bytes * piece->hz / PAGE_BYTES * ns;
	}
	return wait_ns;
}

/*
 * An access that was seen stands for so many lines, where that is known.  But a process does not
 * wait for longer than it runs.  Where there are more accesses than that, many of them are under
 * way at a time, and each counts for less.
 */
static void scale(const struct plan_input *in, struct slice *slice)
{
	const struct plan_process *process = &in->processes[slice->process];
	double least_ns = -1, part = process->lines_per_access > 0 ? process->lines_per_access : 1;

	for (size_t c = 0; c < in->machine->nr_cpu_nodes; c++) {
		double ns = wait_at(in, slice, c);

		/* where it runs; somewhere, if that is not known */
		if (ns < 0 || (process->place >= 0 && (size_t)process->place != c))
			continue;
		least_ns = least_ns < 0 ? ns : MIN(least_ns, ns);
	}
	if (least_ns > 0)
		part = MIN(part, process->cpus * 1e9 / least_ns);
	slice->part = part;
	for (size_t i = 0; i < slice->nr; i++) {
		slice->pieces[i].hz *= part;
		slice->pieces[i].least_hz *= part;
		slice->pieces[i].most_hz *= part;
	}
	slice->bytes_hz *= part;
}

void slice_fill(struct slice *slice, const struct plan_input *in)
{
	add_pieces(slice, &in->processes[slice->process], in->machine->nr_mem_nodes);
	scale(in, slice);
}
