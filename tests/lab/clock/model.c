/* SPDX-License-Identifier: GPL-2.0 */
/* The model's arithmetic; model.h has the theory. */
#include "model.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_NS_SHIFT = 10 };

/*
 * Least recently used in one pass: each way hands its tag on to the next until the wanted one turns
 * up, or the last falls out. vCPUs of a node do this to their shared cache without a lock; where
 * two meet in a set, a tag may be doubled or lost, which costs a miss or a hit and is rarer than
 * either.
 */
static inline bool cache_touch(uint32_t *set, unsigned int ways, uint32_t tag)
{
	uint32_t carried = tag;

	for (unsigned int way = 0; way < ways; way++) {
		const uint32_t old = __atomic_load_n(&set[way], __ATOMIC_RELAXED);

		__atomic_store_n(&set[way], carried, __ATOMIC_RELAXED);
		if (old == tag)
			return true;
		carried = old;
	}
	return false;
}

/* Ascending lines, in virtual addresses so that a stream goes on across pages.  A line's right-hand
 * neighbour counts as fetched with it. */
static inline bool stream_continues(struct vcpu *v, uint32_t line)
{
	for (unsigned int i = 0; i < STREAMS; i++) {
		if (v->stream[i] != line)
			continue;
		v->stream[i] = line + 1;
		return true;
	}
	v->stream[v->next_stream] = line + 1;
	v->next_stream = (v->next_stream + 1) % STREAMS;
	return false;
}

void model_access(struct model *m, struct vcpu *v, uint64_t va, uint64_t pa, bool store)
{
	const uint32_t line = (uint32_t)(pa >> LINE_SHIFT);
	struct node_counts *counts;
	unsigned int node, moves;

	if (pa >> CLOCK_MAX_SHIFT)
		return;
	node = m->node_of[pa >> CLOCK_GRANULE_SHIFT];
	if (node == NO_NODE)
		return;
	counts = &v->counts[node];
	counts->accesses++;
	if (cache_touch(v->l2 + (line & m->l2_mask) * L2_WAYS, L2_WAYS, line))
		return;
	counts->lookups++;
	if (cache_touch(v->llc + (line & m->llc_mask) * LLC_WAYS, LLC_WAYS, line))
		return;
	moves = store ? 2 : 1;
	counts->misses++;
	counts->bytes += (uint64_t)moves << LINE_SHIFT;
	v->transfer_ns[node] += moves * m->line_ns[node];
	v->transfer_due_ns += moves * m->line_ns[node] >> LINE_NS_SHIFT;
	if (stream_continues(v, (uint32_t)(va >> LINE_SHIFT))) {
		counts->prefetched++;
		return;
	}
	v->waited_for++;
	v->latency_due_ns += v->latency_ns[node];
	counts->stalled_ns += v->latency_ns[node];
}

static uint64_t min_u64(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}
static uint64_t max_u64(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* Books @cost on a channel, from @from or when it is free; returns the start. */
static uint64_t channel_book(uint64_t *until, uint64_t from, uint64_t cost)
{
	uint64_t free = __atomic_load_n(until, __ATOMIC_RELAXED), start;

	do
		start = max_u64(free, from);
	while (!__atomic_compare_exchange_n(until, &free, start + cost, true, __ATOMIC_RELAXED,
					    __ATOMIC_RELAXED));
	return start;
}

uint64_t model_settle(struct model *m, struct vcpu *v, uint64_t now_ns)
{
	const uint64_t ran = now_ns - min_u64(v->resumed_ns, now_ns);
	const uint64_t hidden = min_u64(ran, v->waited_for * m->overlap_ns);
	/* A long lump with few misses has them late, as far as the channel is concerned. */
	const uint64_t since = min_u64(ran, SETTLE_NS);
	const uint64_t began = now_ns - since;
	const int64_t latency = (int64_t)v->latency_due_ns - (int64_t)hidden;
	uint64_t queued = 0, moved = 0;
	unsigned int last = 0;
	int64_t stall;

	for (unsigned int node = 0; node < m->settings.nr_nodes; node++) {
		const uint64_t cost = v->transfer_ns[node] >> LINE_NS_SHIFT;
		uint64_t start, queue;

		if (!cost)
			continue;
		/* One that is late books in the past, where the channel may have been idle, but
		 * does not wait for what passed meanwhile. */
		start = channel_book(&m->channel[node].until_ns, began - v->late_ns, cost);
		queue = start > began ? start - began : 0;
		queued = max_u64(queued, queue);
		if (moved < queue + cost) {
			moved = queue + cost;
			last = node;
		}
		v->transfer_ns[node] &= (1 << LINE_NS_SHIFT) - 1;
	}
	stall = latency + (int64_t)queued;
	if (stall < (int64_t)moved - (int64_t)since)
		stall = (int64_t)moved - (int64_t)since;
	if (stall > 0 && stall > latency)
		v->counts[last].stalled_ns += (uint64_t)(stall - (latency > 0 ? latency : 0));
	stall -= (int64_t)v->late_ns;
	v->latency_due_ns = v->transfer_due_ns = v->waited_for = 0;
	v->resumed_ns = now_ns;
	/* What was late and could not be given back now stays so; being slow is not being late. */
	v->late_ns = stall < 0 ? min_u64(v->late_ns, (uint64_t)-stall) : 0;
	return stall > 0 ? (uint64_t)stall : 0;
}

void model_slept(struct vcpu *v, uint64_t asked_ns, uint64_t from_ns, uint64_t to_ns)
{
	const uint64_t took = to_ns - from_ns;

	v->slept_ns += took;
	if (took > asked_ns)
		v->late_ns = min_u64(v->late_ns + took - asked_ns, MAX_LATE_NS);
	v->resumed_ns = to_ns;
}

void model_restart(struct model *m, uint64_t now_ns)
{
	for (unsigned int cpu = 0; cpu < m->settings.nr_vcpus; cpu++) {
		struct vcpu *v = &m->vcpus[cpu];

		v->latency_due_ns = v->transfer_due_ns = v->waited_for = v->late_ns = 0;
		v->accesses = v->slept_ns = 0;
		memset(v->transfer_ns, 0, sizeof(v->transfer_ns));
		memset(v->counts, 0, sizeof(v->counts));
		v->resumed_ns = now_ns;
		v->idle_ns = 0;
	}
}

static void *zeroed(size_t bytes)
{
	void *p = NULL;

	if (posix_memalign(&p, 64, bytes))
		return NULL;
	return memset(p, 0, bytes);
}

int model_init(struct model *m, const struct settings *settings)
{
	const size_t granules = (size_t)1 << (CLOCK_MAX_SHIFT - CLOCK_GRANULE_SHIFT);
	const size_t l2_lines = settings->l2_bytes >> LINE_SHIFT,
		     llc_lines = settings->llc_bytes >> LINE_SHIFT;

	memset(m, 0, sizeof(*m));
	m->settings = *settings;
	m->overlap_ns = settings->overlap_ns * settings->scale;
	m->l2_mask = (uint32_t)(l2_lines / L2_WAYS - 1);
	m->llc_mask = (uint32_t)(llc_lines / LLC_WAYS - 1);
	for (unsigned int from = 0; from < settings->nr_nodes; from++)
		for (unsigned int to = 0; to < settings->nr_nodes; to++)
			m->latency_ns[from][to] = settings->latency_ns[from][to] * settings->scale;
	for (unsigned int node = 0; node < settings->nr_nodes; node++)
		if (settings->bandwidth_mbps[node])
			m->line_ns[node] = ((64000ull * settings->scale) << LINE_NS_SHIFT) /
					   settings->bandwidth_mbps[node];

	m->node_of = zeroed(granules);
	m->vcpus = zeroed(settings->nr_vcpus * sizeof(*m->vcpus));
	if (!m->node_of || !m->vcpus)
		goto no_memory;
	memset(m->node_of, NO_NODE, granules);
	for (unsigned int i = 0; i < settings->nr_ranges; i++)
		memset(m->node_of + (settings->range[i].start >> CLOCK_GRANULE_SHIFT),
		       (int)settings->range[i].node,
		       (settings->range[i].end - settings->range[i].start) >> CLOCK_GRANULE_SHIFT);
	for (unsigned int cpu = 0; cpu < settings->nr_vcpus; cpu++) {
		struct vcpu *v = &m->vcpus[cpu];

		v->node = settings->cpu_node[cpu];
		v->latency_ns = m->latency_ns[v->node];
		if (!m->llc[v->node])
			m->llc[v->node] = zeroed(llc_lines * sizeof(uint32_t));
		v->llc = m->llc[v->node];
		v->l2 = zeroed(l2_lines * sizeof(uint32_t));
		if (!v->l2 || !v->llc)
			goto no_memory;
	}
	return 0;

no_memory:
	model_deinit(m);
	return -ENOMEM;
}

void model_deinit(struct model *m)
{
	for (unsigned int cpu = 0; m->vcpus && cpu < m->settings.nr_vcpus; cpu++)
		free(m->vcpus[cpu].l2);
	for (unsigned int node = 0; node < CLOCK_MAX_NODES; node++)
		free(m->llc[node]);
	free(m->vcpus);
	free(m->node_of);
	memset(m, 0, sizeof(*m));
}
