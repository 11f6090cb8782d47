/* SPDX-License-Identifier: GPL-2.0 */
/* The rules right before a move.  guard.h has the theory. */
#include "tier/guard.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/util.h"

/* Who changes mappings has their lock.  mbind(2) may have it for as long as it moves pages. */
#define MOST_TRIES 50
#define TRY_AGAIN_US 1000

struct guard {
	struct obey *obey;
	unsigned int *node_ids;
	size_t nr_nodes;
	uint64_t huge_bytes;
};

int guard_new(struct guard **out, const unsigned int *node_ids, size_t nr_nodes,
	      uint64_t huge_bytes)
{
	struct guard *g = calloc(1, sizeof(*g));
	int r = -ENOMEM;

	if (!g)
		return r;
	g->nr_nodes = nr_nodes;
	g->huge_bytes = huge_bytes;
	g->node_ids = calloc(nr_nodes + 1, sizeof(*g->node_ids));
	if (g->node_ids) {
		memcpy(g->node_ids, node_ids, nr_nodes * sizeof(*node_ids));
		r = obey_new(&g->obey, node_ids, nr_nodes);
	}
	if (r < 0)
		guard_free(g);
	else
		*out = g;
	return r;
}

void guard_free(struct guard *g)
{
	if (!g)
		return;
	obey_free(g->obey);
	free(g->node_ids);
	free(g);
}

enum guard_answer guard_judge(const struct obey_rules *rules, uint64_t start, uint64_t end,
			      size_t to)
{
	struct obey_walk walk = obey_walk(rules, start, end);
	enum guard_answer answer = GUARD_MAY;
	struct obey_range part;

	while (obey_next(&walk, &part)) {
		if (!part.nodes)
			answer = MAX(answer, GUARD_STAYS);
		else if (!part.nodes[to])
			answer = GUARD_ELSEWHERE;
	}
	return answer;
}

/* Is there memory of a file that others may map? */
static bool has_shared(const struct obey_rules *rules, uint64_t start, uint64_t end)
{
	struct obey_walk walk = obey_walk(rules, start, end);
	struct obey_range part;

	while (obey_next(&walk, &part))
		if (part.shared)
			return true;
	return false;
}

static int read_rules(struct guard *g, pid_t task, uint64_t start, uint64_t end,
		      const struct obey_rules **out)
{
	int r = obey_read_part(g->obey, task, start, end, out);

	for (int i = 1; r == -EBUSY && i < MOST_TRIES; i++) {
		usleep(TRY_AGAIN_US);
		r = obey_read_part(g->obey, task, start, end, out);
	}
	return r;
}

enum guard_answer guard_ask(struct guard *g, pid_t task, uint64_t start, uint64_t end,
			    unsigned int to)
{
	uint64_t huge = MAX(g->huge_bytes, UINT64_C(1));
	uint64_t first = start - start % huge, last = end + (huge - end % huge) % huge;
	uint64_t wide_first = start - MIN(start, huge), wide_last = end + huge;
	const struct obey_rules *rules;
	size_t node = 0;

	while (node < g->nr_nodes && g->node_ids[node] != to)
		node++;
	/* what cannot be told counts as not allowed */
	if (node == g->nr_nodes || read_rules(g, task, wide_first, wide_last, &rules))
		return GUARD_STAYS;
	if (has_shared(rules, start, end)) {
		first = wide_first;
		last = wide_last;
	}
	return guard_judge(rules, first, last, node);
}
