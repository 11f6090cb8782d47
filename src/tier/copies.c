/* SPDX-License-Identifier: GPL-2.0 */
/* What copies cost.  copies.h has the contract. */
#include "tier/copies.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "numa/migrate.h"

struct copies {
	size_t nr;
	unsigned int *node_ids;
	copies_measure_fn *measure;
	uint64_t *due_ns; /* [from][to] it is not measured before this */
	double *ns;	  /* [from][to] */
};

int copies_new(struct copies **out, const unsigned int *node_ids, size_t nr,
	       copies_measure_fn *measure)
{
	struct copies *c = calloc(1, sizeof(*c));

	if (!c)
		return -ENOMEM;
	c->nr = nr;
	c->measure = measure ? measure : migrate_measure;
	c->node_ids = calloc(nr + 1, sizeof(*c->node_ids));
	c->due_ns = calloc(nr * nr + 1, sizeof(*c->due_ns));
	c->ns = calloc(nr * nr + 1, sizeof(*c->ns));
	if (!c->node_ids || !c->due_ns || !c->ns) {
		copies_free(c);
		return -ENOMEM;
	}
	memcpy(c->node_ids, node_ids, nr * sizeof(*node_ids));
	for (size_t i = 0; i < nr * nr; i++)
		c->ns[i] = INFINITY;
	*out = c;
	return 0;
}

void copies_free(struct copies *c)
{
	if (!c)
		return;
	free(c->node_ids);
	free(c->due_ns);
	free(c->ns);
	free(c);
}

const double *copies_ns(const struct copies *c)
{
	return c->ns;
}

void copies_learn(struct copies *c, size_t from, size_t to, uint64_t now_ns)
{
	size_t pair = from * c->nr + to;
	double ns;

	if (isfinite(c->ns[pair]) || now_ns < c->due_ns[pair])
		return;
	c->due_ns[pair] = now_ns + COPIES_AGAIN_NS;
	if (!c->measure(&ns, c->node_ids[from], c->node_ids[to]))
		c->ns[pair] = ns;
}
