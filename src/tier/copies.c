/* SPDX-License-Identifier: GPL-2.0 */
/* What copies cost.  copies.h has the contract. */
#include "tier/copies.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/util.h"
#include "numa/migrate.h"

struct copies {
	size_t nr;
	unsigned int *node_ids;
	copies_measure_fn *measure;
	uint64_t *due_ns; /* [from][to] it is not measured before this */
	/* of the thread, which is there while HAS_THREAD */
	pthread_t thread;
	bool has_thread;
	size_t pair; /* that it measures */
	/* under the lock */
	pthread_mutex_t lock;
	double *ns; /* [from][to] */
	bool done;  /* it has measured */
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
	if (!c->node_ids || !c->due_ns || !c->ns || pthread_mutex_init(&c->lock, NULL)) {
		free(c->node_ids);
		free(c->due_ns);
		free(c->ns);
		free(c);
		return -ENOMEM;
	}
	memcpy(c->node_ids, node_ids, nr * sizeof(*node_ids));
	for (size_t i = 0; i < nr * nr; i++)
		c->ns[i] = INFINITY;
	*out = c;
	return 0;
}

/* A thread that has ended is joined.  Returns whether there is one no more. */
static bool is_idle(struct copies *c)
{
	bool done;

	if (!c->has_thread)
		return true;
	pthread_mutex_lock(&c->lock);
	done = c->done;
	pthread_mutex_unlock(&c->lock);
	if (done) {
		pthread_join(c->thread, NULL);
		c->has_thread = false;
	}
	return done;
}

void copies_free(struct copies *c)
{
	if (!c)
		return;
	if (c->has_thread)
		pthread_join(c->thread, NULL);
	pthread_mutex_destroy(&c->lock);
	free(c->node_ids);
	free(c->due_ns);
	free(c->ns);
	free(c);
}

void copies_get(struct copies *c, double *ns)
{
	pthread_mutex_lock(&c->lock);
	memcpy(ns, c->ns, c->nr * c->nr * sizeof(*ns));
	pthread_mutex_unlock(&c->lock);
}

static void *measure(void *arg)
{
	struct copies *c = arg;
	double ns;
	int r;

	/* of this thread alone; the program itself may run at a stronger one */
	if (getpriority(PRIO_PROCESS, 0) < 0)
		(void)setpriority(PRIO_PROCESS, 0, 0);
	r = c->measure(&ns, c->node_ids[c->pair / c->nr], c->node_ids[c->pair % c->nr]);

	pthread_mutex_lock(&c->lock);
	if (!r)
		c->ns[c->pair] = ns;
	c->done = true;
	pthread_mutex_unlock(&c->lock);
	return NULL;
}

/* With all signals blocked: they are for the event loop. */
static bool start(struct copies *c, size_t pair)
{
	sigset_t all, before;

	c->pair = pair;
	c->done = false;
	sigfillset(&all);
	if (pthread_sigmask(SIG_SETMASK, &all, &before))
		return false;
	c->has_thread = !pthread_create(&c->thread, NULL, measure, c);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return c->has_thread;
}

bool copies_want(struct copies *c, size_t from, size_t to, uint64_t now_ns)
{
	size_t pair = from * c->nr + to;
	bool idle = is_idle(c), known;

	pthread_mutex_lock(&c->lock);
	known = isfinite(c->ns[pair]);
	pthread_mutex_unlock(&c->lock);
	if (known)
		return false;
	if (!idle)
		return c->pair == pair || now_ns >= c->due_ns[pair];
	if (now_ns < c->due_ns[pair])
		return false;
	c->due_ns[pair] = now_ns + COPIES_AGAIN_NS;
	return start(c, pair);
}
