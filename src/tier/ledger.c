/* SPDX-License-Identifier: GPL-2.0 */
/* The ledger.  ledger.h has the theory. */
#include "tier/ledger.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/util.h"

/* Pages that have left a node. */
struct range {
	uint64_t start, end;
	uint64_t bytes;	  /* that have moved and have not come back */
	uint64_t covered; /* addresses that they are spread over: no more than END - START */
	uint64_t when_ns;
	double pays_s; /* after so long it was worth it */
	unsigned int from, to;
};

struct account {
	struct process_id process;
	struct ledger_totals totals;
	struct range *ranges;
	size_t nr_ranges;
	uint64_t last_ns;
	uint64_t budget_bytes; /* LEDGER_NO_LIMIT, or what it was at SINCE_NS */
	uint64_t full_bytes;   /* what the budget was cut from */
	uint64_t since_ns;     /* the last cut */
	uint64_t cut_plan;     /* the last plan that has cut it, 0: none */
	uint64_t back_bytes;   /* have come back too early, ... */
	uint64_t back_ns;      /* ... the last at this time, each within a window of the next */
	struct gain gain;
};

struct ledger {
	struct account *accounts;
	size_t nr_accounts, max_accounts;
	struct ledger_totals all;
};

int ledger_new(struct ledger **out, size_t max_processes)
{
	struct ledger *l = calloc(1, sizeof(*l));

	if (!l)
		return -ENOMEM;
	l->max_accounts = MAX(max_processes, (size_t)1);
	*out = l;
	return 0;
}

void ledger_free(struct ledger *l)
{
	if (!l)
		return;
	for (size_t i = 0; i < l->nr_accounts; i++)
		free(l->accounts[i].ranges);
	free(l->accounts);
	free(l);
}

static struct account *find(const struct ledger *l, struct process_id process)
{
	for (size_t i = 0; i < l->nr_accounts; i++)
		if (process_is_same(l->accounts[i].process, process))
			return &l->accounts[i];
	return NULL;
}

static void drop(struct ledger *l, struct account *a)
{
	free(a->ranges);
	*a = l->accounts[--l->nr_accounts];
}

/* The account that has had no move for longest.  There is one. */
static struct account *oldest(const struct ledger *l)
{
	struct account *found = &l->accounts[0];

	for (size_t i = 1; i < l->nr_accounts; i++)
		if (l->accounts[i].last_ns < found->last_ns)
			found = &l->accounts[i];
	return found;
}

static struct account *open_account(struct ledger *l, struct process_id process)
{
	struct account *a = find(l, process);

	if (a)
		return a;
	if (l->nr_accounts == l->max_accounts)
		drop(l, oldest(l));
	a = ARRAY_PLACE(l->accounts, l->nr_accounts);
	if (!a)
		return NULL;
	*a = (struct account){.process = process, .budget_bytes = LEDGER_NO_LIMIT};
	l->nr_accounts++;
	return a;
}

static void forget_range(struct account *a, size_t i)
{
	a->ranges[i] = a->ranges[--a->nr_ranges];
}

static void forget_old_ranges(struct account *a, uint64_t now_ns)
{
	for (size_t i = a->nr_ranges; i-- > 0;)
		if (now_ns - a->ranges[i].when_ns > LEDGER_WINDOW_NS)
			forget_range(a, i);
}

/* As much of AMOUNT as PART is of WHOLE. */
static uint64_t share_of(uint64_t amount, uint64_t part, uint64_t whole)
{
	return (uint64_t)((unsigned __int128)amount * part / whole);
}

/* Take from OLD what R puts back at so many common ADDRESSES, no more than MOST.  Returns it. */
static uint64_t take_from(struct range *old, const struct range *r, uint64_t addresses,
			  uint64_t most)
{
	uint64_t covered = MIN(addresses, old->covered),
		 there = share_of(old->bytes, covered, old->covered),
		 bytes = MIN(there, share_of(r->bytes, addresses, r->end - r->start));

	bytes = MIN(bytes, most);
	if (!bytes)
		return 0;
	old->bytes -= bytes;
	old->covered -= share_of(covered, bytes, there);
	return bytes;
}

/* Bytes that come back. */
struct returns {
	uint64_t all;
	uint64_t early; /* of these, before their move was worth it */
};

static bool is_early(const struct range *old, uint64_t now_ns)
{
	return (double)(now_ns - old->when_ns) < old->pays_s * (double)NSEC_PER_SEC;
}

/* The bytes that R puts back.  They are taken from the ranges that they had left with. */
static struct returns take_back(struct account *a, const struct range *r)
{
	struct returns returned = {0};

	for (size_t i = a->nr_ranges; i-- > 0;) {
		struct range *old = &a->ranges[i];
		uint64_t start = MAX(old->start, r->start), end = MIN(old->end, r->end), bytes;

		if (old->from != r->to || start >= end)
			continue;
		bytes = take_from(old, r, end - start, r->bytes - returned.all);
		returned.all += bytes;
		returned.early += is_early(old, r->when_ns) ? bytes : 0;
		if (!old->bytes || !old->covered)
			forget_range(a, i);
	}
	return returned;
}

/* The addresses between two ranges.  UINT64_MAX: they have not moved alike. */
static uint64_t gap(const struct range *a, const struct range *b)
{
	if (a->from != b->from || a->to != b->to)
		return UINT64_MAX;
	if (a->end <= b->start)
		return b->start - a->end;
	return b->end <= a->start ? a->start - b->end : 0;
}

/* Make place for one more range: join the two nearest.  Where none are alike, forget the oldest. */
static void join_ranges(struct account *a)
{
	uint64_t least = UINT64_MAX;
	size_t first = 0, second = 0, old = 0;

	for (size_t i = 0; i < a->nr_ranges; i++) {
		if (a->ranges[i].when_ns < a->ranges[old].when_ns)
			old = i;
		for (size_t j = i + 1; j < a->nr_ranges; j++) {
			uint64_t between = gap(&a->ranges[i], &a->ranges[j]);

			if (between < least) {
				least = between;
				first = i;
				second = j;
			}
		}
	}
	if (least < UINT64_MAX) {
		struct range *kept = &a->ranges[first], *other = &a->ranges[second];

		kept->start = MIN(kept->start, other->start);
		kept->end = MAX(kept->end, other->end);
		kept->bytes += other->bytes;
		kept->covered = MIN(kept->covered + other->covered, kept->end - kept->start);
		kept->when_ns = MAX(kept->when_ns, other->when_ns);
		kept->pays_s = MAX(kept->pays_s, other->pays_s);
		forget_range(a, second);
	} else {
		forget_range(a, old);
	}
}

static int keep_range(struct account *a, const struct range *r)
{
	struct range *place;

	if (a->nr_ranges == LEDGER_MAX_RANGES)
		join_ranges(a);
	place = ARRAY_PLACE(a->ranges, a->nr_ranges);
	if (!place)
		return -ENOMEM;
	*place = *r;
	a->nr_ranges++;
	return 0;
}

static uint64_t budget_of(const struct account *a, uint64_t now_ns)
{
	uint64_t bytes = a->budget_bytes,
		 windows = now_ns > a->since_ns ? (now_ns - a->since_ns) / LEDGER_WINDOW_NS : 0;

	for (; windows && bytes < a->full_bytes; windows--)
		bytes = bytes ? 2 * bytes : LEDGER_LEAST_BYTES;
	return bytes < a->full_bytes ? bytes : LEDGER_NO_LIMIT;
}

/* Within the window, and not come back. */
static uint64_t away_bytes(const struct account *a)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < a->nr_ranges; i++)
		bytes += a->ranges[i].bytes;
	return bytes;
}

/* Is it so much that has come back, with these, that it is no accident? */
static bool is_ping_pong(struct account *a, uint64_t returned, uint64_t now_ns)
{
	if (now_ns - a->back_ns > LEDGER_WINDOW_NS)
		a->back_bytes = 0;
	a->back_bytes += returned;
	a->back_ns = now_ns;
	return a->back_bytes > share_of(away_bytes(a) + a->back_bytes, LEDGER_RETURN_PERCENT, 100);
}

static void cut_budget(struct account *a, const struct move_done *done)
{
	uint64_t now = budget_of(a, done->when_ns);

	if (now == LEDGER_NO_LIMIT) {
		now = away_bytes(a);
		a->full_bytes = MAX(now, UINT64_C(1));
	}
	/* a plan has many moves, and they are one mistake */
	if (a->cut_plan != done->plan)
		now /= 2;
	a->budget_bytes = now < LEDGER_LEAST_BYTES ? 0 : now;
	a->since_ns = done->when_ns;
	a->cut_plan = done->plan;
}

static void add_totals(struct ledger_totals *t, const struct move_done *done, uint64_t returned)
{
	t->moved_bytes[done->job.direction] += done->moved_bytes;
	t->returned_bytes += returned;
	for (size_t i = 0; i < MIGRATE_NR_REASONS; i++)
		t->left_bytes[i] += done->left_bytes[i];
	t->nr_errors += done->end == MOVE_ERROR;
}

/* Add to the totals of all what has become of A's gains, which were BEFORE. */
static void add_gain(struct ledger *l, const struct account *a, const struct gain_totals *before)
{
	const struct gain_totals *now = &a->totals.gain;
	struct gain_totals *all = &l->all.gain;

	all->promised += now->promised - before->promised;
	all->measured += now->measured - before->measured;
	all->unknown += now->unknown - before->unknown;
	all->nr_measured += now->nr_measured - before->nr_measured;
}

/* What was moved had its part of the gain. */
static void promise(struct ledger *l, struct account *a, const struct move_done *done)
{
	struct gain_totals before = a->totals.gain;

	gain_moved(&a->gain, &a->totals.gain, done->job.gain * (double)done->moved_bytes,
		   done->job.nr_sharers > 0, done->when_ns);
	add_gain(l, a, &before);
}

int ledger_begin(struct ledger *l, struct process_id process, const struct gain_look *look)
{
	struct account *a = open_account(l, process);

	if (!a)
		return -ENOMEM;
	a->last_ns = MAX(a->last_ns, look->now_ns);
	gain_begin(&a->gain, look);
	return 0;
}

bool ledger_wants_look(const struct ledger *l, struct process_id process, uint64_t now_ns)
{
	const struct account *a = find(l, process);

	return a && gain_is_due(&a->gain, now_ns);
}

void ledger_look(struct ledger *l, struct process_id process, const struct gain_look *look)
{
	struct account *a = find(l, process);
	struct gain_totals before;

	if (!a || !gain_is_due(&a->gain, look->now_ns))
		return;
	before = a->totals.gain;
	gain_end(&a->gain, &a->totals.gain, look);
	add_gain(l, a, &before);
}

int ledger_add(struct ledger *l, const struct move_done *done)
{
	struct account *a = open_account(l, done->job.process);
	const struct range r = {.start = done->job.start,
				.end = done->reached,
				.bytes = done->moved_bytes,
				.covered = done->reached - done->job.start,
				.when_ns = done->when_ns,
				.pays_s = done->job.pays_s,
				.from = done->job.from,
				.to = done->job.to};
	struct returns returned = {0};
	int ret = a ? 0 : -ENOMEM;

	if (a && r.bytes && r.end > r.start) {
		a->last_ns = done->when_ns;
		forget_old_ranges(a, done->when_ns);
		returned = take_back(a, &r);
		ret = keep_range(a, &r);
		if (returned.early && is_ping_pong(a, returned.early, done->when_ns))
			cut_budget(a, done);
	}
	if (a && done->moved_bytes)
		promise(l, a, done);
	if (a)
		add_totals(&a->totals, done, returned.all);
	add_totals(&l->all, done, returned.all);
	return ret;
}

uint64_t ledger_budget(const struct ledger *l, struct process_id process, uint64_t now_ns)
{
	const struct account *a = find(l, process);

	return a ? budget_of(a, now_ns) : LEDGER_NO_LIMIT;
}

const struct ledger_totals *ledger_of(const struct ledger *l, struct process_id process)
{
	const struct account *a = find(l, process);

	return a ? &a->totals : NULL;
}

const struct ledger_totals *ledger_all(const struct ledger *l)
{
	return &l->all;
}

void ledger_drop(struct ledger *l, struct process_id process)
{
	struct account *a = find(l, process);

	if (a)
		drop(l, a);
}
