/* SPDX-License-Identifier: GPL-2.0 */
/* Where pages go, and where they may.  fuzz-policies.c has the theory. */
#include <err.h>
#include <linux/mempolicy.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clock.h"
#include "tests/lab/guest/fuzz-watch.h"

/* A rule that has been the same for so long is known to all. */
#define LATE_NS (5 * NSEC_PER_SEC)

struct watch watch = {.policy = {.mode = -1}, .cpuset = ALL_NODES};

static uint64_t now_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

/* Rules, as tier/obey.h has them. */

static unsigned int nodes_of(const struct policy *p)
{
	switch (p->mode) {
	case -1:
	case MPOL_DEFAULT:
	case MPOL_LOCAL:
		return watch.cpuset;
	case MPOL_BIND:
		/* the kernel takes the whole cpuset where nothing is left of a policy */
		return p->nodes & watch.cpuset || p->fixed ? p->nodes & watch.cpuset : watch.cpuset;
	case MPOL_INTERLEAVE:
		return 0;
	default:
		return p->nodes & watch.cpuset;
	}
}

unsigned int watch_may_go(const struct slot *slot, const struct page *page)
{
	if (page->locked || slot->kind == HUGETLB)
		return 0;
	return nodes_of(page->policy.mode < 0 ? &watch.policy : &page->policy);
}

static void found_outside(const struct slot *slot, struct page *page, int from, int to)
{
	uint64_t now = now_ns(), changed = MAX(slot->changed_ns, watch.changed_ns);
	bool late = now - changed < LATE_NS;
	static const struct slot *told;
	static uint64_t told_ns;

	if (late)
		watch.counts.late++;
	else
		watch.counts.plain++;
	/* of pages that moved together one is enough */
	if (told != slot || now - told_ns > NSEC_PER_SEC / 10)
		fprintf(stderr,
			"outside: slot %zu (kind %d) page %zu: %d to %d, mode %d nodes %x, "
			"cpuset %x, locked %d, %.0f ms after the last change\n",
			(size_t)(slot - watch.slots), slot->kind, (size_t)(page - slot->pages),
			from, to, page->policy.mode < 0 ? watch.policy.mode : page->policy.mode,
			page->policy.mode < 0 ? watch.policy.nodes : page->policy.nodes,
			watch.cpuset, page->locked, (double)(now - changed) / 1e6);
	told = slot;
	told_ns = now;
	page->outside = (short)from;
	page->outside_ns = now;
}

static void came_back(struct page *page)
{
	watch.counts.back++;
	watch.counts.longest_ns = MAX(watch.counts.longest_ns, now_ns() - page->outside_ns);
	page->outside = -1;
}

/* A page was on one node and is on another. */
static void judge(const struct slot *slot, struct page *page, int to, unsigned int allowed)
{
	int from = page->node;
	bool may_be_there = allowed >> to & 1;

	watch.counts.moved++;
	/* the kernel moves what lies outside of a cpuset itself, and it asks no policy */
	if (!(watch.cpuset >> from & 1))
		return;
	if (page->outside >= 0) {
		if (may_be_there || to == page->outside)
			came_back(page);
		return;
	}
	if (!may_be_there)
		found_outside(slot, page, from, to);
}

static void read_nodes(const struct slot *slot, int status[FUZZ_SLOT_PAGES])
{
	void *at[FUZZ_SLOT_PAGES];

	for (size_t i = 0; i < FUZZ_SLOT_PAGES; i++)
		at[i] = slot->at + i * FUZZ_PAGE;
	if (syscall(SYS_move_pages, 0, (long)FUZZ_SLOT_PAGES, at, NULL, status, 0))
		err(1, "move_pages");
}

void watch_look(struct slot *slot, enum look who, const unsigned int *before)
{
	int status[FUZZ_SLOT_PAGES];

	read_nodes(slot, status);
	for (size_t i = 0; i < FUZZ_SLOT_PAGES; i++) {
		struct page *page = &slot->pages[i];
		unsigned int allowed = watch_may_go(slot, page) | (before ? before[i] : 0);

		if (status[i] >= 0 && page->node >= 0 && status[i] != page->node &&
		    who == BY_OTHERS)
			judge(slot, page, status[i], allowed);
		/* a rule that has changed may allow what was outside, and who moved it anew is us */
		if (page->outside >= 0 &&
		    (who == BY_US || status[i] < 0 || watch_may_go(slot, page) >> status[i] & 1))
			page->outside = -1;
		page->node = (short)status[i];
	}
	watch.counts.looked += FUZZ_SLOT_PAGES;
}

void watch_all(enum look who)
{
	for (size_t i = 0; i < fuzz.nr_slots; i++)
		watch_look(&watch.slots[i], who, NULL);
}

size_t watch_nr_outside(void)
{
	size_t nr = 0;

	for (size_t i = 0; i < fuzz.nr_slots; i++)
		for (size_t p = 0; p < FUZZ_SLOT_PAGES; p++)
			nr += watch.slots[i].pages[p].outside >= 0;
	return nr;
}

void watch_report(void)
{
	printf("{\"seed\": %ju, \"ops\": %ju, \"looked\": %ju, \"moved\": %ju, \"late\": %ju, "
	       "\"plain\": %ju, \"back\": %ju, \"longest_ms\": %.0f, \"stayed\": %ju",
	       (uintmax_t)fuzz.seed, (uintmax_t)watch.counts.ops, (uintmax_t)watch.counts.looked,
	       (uintmax_t)watch.counts.moved, (uintmax_t)watch.counts.late,
	       (uintmax_t)watch.counts.plain, (uintmax_t)watch.counts.back,
	       (double)watch.counts.longest_ns / 1e6, (uintmax_t)watch.counts.stayed);
	fflush(stdout);
}
