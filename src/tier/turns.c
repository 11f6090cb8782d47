/* SPDX-License-Identifier: GPL-2.0 */
/* Whether moves between two nodes have turned.  turns.h has the theory. */
#include "tier/turns.h"

#include "base/util.h"

/* Bytes that go from FROM to TO, less those that come from there. */
static double net_bytes(const struct plan_move *moves, size_t nr, size_t from, size_t to)
{
	double bytes = 0;

	for (size_t i = 0; i < nr; i++) {
		if (moves[i].why == PLAN_DEMOTE)
			continue;
		if (moves[i].from == from && moves[i].to == to)
			bytes += (double)moves[i].on_from;
		if (moves[i].from == to && moves[i].to == from)
			bytes -= (double)moves[i].on_from;
	}
	return bytes;
}

static void learn(struct spread_step *step, double bytes, uint64_t now_ns)
{
	int direction = (bytes > 0) - (bytes < 0);

	if (step->stays > 0 && now_ns - step->since_ns >= TURNS_CALM_NS) {
		step->stays = MAX(2 * step->stays - 1, 0.0);
		step->since_ns = now_ns;
	}
	if (!direction)
		return;
	if (direction == -step->direction) {
		step->stays = (1 + step->stays) / 2;
		step->since_ns = now_ns;
	}
	step->direction = direction;
}

void turns_learn(struct spread_step *steps, size_t nr_mem_nodes, const struct plan_move *moves,
		 size_t nr, uint64_t now_ns)
{
	for (size_t from = 0; from < nr_mem_nodes; from++)
		for (size_t to = from + 1; to < nr_mem_nodes; to++) {
			struct spread_step *step = &steps[from * nr_mem_nodes + to];

			learn(step, net_bytes(moves, nr, from, to), now_ns);
			steps[to * nr_mem_nodes + from] = *step;
		}
}
