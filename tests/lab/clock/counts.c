/* SPDX-License-Identifier: GPL-2.0 */
#include "counts.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

static void print_node(FILE *f, unsigned int node, const struct node_counts *c)
{
	fprintf(f,
		"%s{\"node\": %u, \"accesses\": %" PRIu64 ", \"misses\": %" PRIu64
		", \"prefetched\": %" PRIu64 ", \"bytes\": %" PRIu64 ", \"stalled_ns\": %" PRIu64
		"}",
		node ? ", " : "", node, c->accesses, c->misses, c->prefetched, c->bytes,
		c->stalled_ns);
}

int counts_append(const char *path, const struct model *m, unsigned int period, uint64_t lasted_ns)
{
	FILE *f = fopen(path, "ae");
	int error = 0;

	if (!f)
		return -errno;
	fprintf(f,
		"{\"clock\": \"model\", \"period\": %u, \"seconds\": %.3f, \"scale\": %" PRIu64
		", \"vcpus\": [",
		period, (double)lasted_ns / 1e9, m->settings.scale);
	for (unsigned int cpu = 0; cpu < m->settings.nr_vcpus; cpu++) {
		const struct vcpu *v = &m->vcpus[cpu];

		fprintf(f,
			"%s{\"vcpu\": %u, \"node\": %u, \"accesses\": %" PRIu64
			", \"slept_ns\": %" PRIu64 ", \"nodes\": [",
			cpu ? ", " : "", cpu, v->node, v->accesses, v->slept_ns);
		for (unsigned int node = 0; node < m->settings.nr_nodes; node++)
			print_node(f, node, &v->counts[node]);
		fputs("]}", f);
	}
	fputs("]}\n", f);
	if (ferror(f))
		error = -EIO;
	if (fclose(f) && !error)
		error = -errno;
	return error;
}
