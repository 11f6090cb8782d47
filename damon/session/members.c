/* SPDX-License-Identifier: GPL-2.0 */
/* Which process sits at which target index: see members.h. */
#include "damon/session/members.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/sysfs.h"
#include "base/util.h"

int members_reserve(struct members *m, size_t nr)
{
	struct member *list;

	if (nr <= m->capacity)
		return 0;
	list = realloc(m->list, nr * sizeof(*list));
	if (!list)
		return -ENOMEM;
	m->list = list;
	m->capacity = nr;
	return 0;
}

void members_deinit(struct members *m)
{
	free(m->list);
	*m = (struct members){0};
}

size_t members_find(const struct members *m, size_t index, uint64_t time_ns)
{
	if (time_ns >= m->commit_end_ns)
		return index < m->nr && time_ns >= m->list[index].since_ns ? index : MEMBER_NEW;
	if (time_ns >= m->commit_begin_ns)
		return MEMBER_NEW;
	for (size_t i = 0; i < m->nr; i++)
		if (m->list[i].index_before == index && time_ns >= m->list[i].since_ns)
			return i;
	return MEMBER_NEW;
}

static int plan_reserve(struct commit_plan *plan, size_t nr)
{
	struct commit_target *targets;

	if (nr > plan->capacity) {
		targets = realloc(plan->targets, nr * sizeof(*targets));
		if (!targets)
			return -ENOMEM;
		plan->targets = targets;
		plan->capacity = nr;
	}
	return members_reserve(&plan->after, nr);
}

void commit_plan_deinit(struct commit_plan *plan)
{
	free(plan->targets);
	members_deinit(&plan->after);
	*plan = (struct commit_plan){0};
}

static bool same_target(const struct damon_target *a, const struct damon_target *b)
{
	return a->tgid == b->tgid && a->start_time == b->start_time;
}

static const struct damon_target *find_wanted(const struct member *member,
					      const struct damon_target *wanted, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		if (same_target(&member->target, &wanted[i]))
			return &wanted[i];
	return NULL;
}

static bool same_ranges(const struct damon_ranges *a, const struct damon_ranges *b)
{
	return a->nr == b->nr && (!a->nr || !memcmp(a->list, b->list, a->nr * sizeof(*a->list)));
}

static bool is_member(const struct damon_target *target, const struct members *m)
{
	for (size_t i = 0; i < m->nr; i++)
		if (same_target(target, &m->list[i].target))
			return true;
	return false;
}

/* The next process of WANTED, from *AT on, that is not yet a member.  NULL: none. */
static const struct damon_target *next_new(const struct members *now,
					   const struct damon_target *wanted, size_t nr, size_t *at)
{
	while (*at < nr) {
		const struct damon_target *target = &wanted[(*at)++];

		if (!is_member(target, now))
			return target;
	}
	return NULL;
}

static struct commit_target *plan_add(struct commit_plan *plan, pid_t pid)
{
	struct commit_target *added = &plan->targets[plan->nr++];

	*added = (struct commit_target){.pid = pid};
	return added;
}

/* WANTED is the member at INDEX.  Its ranges may have changed. */
static void plan_keep(struct commit_plan *plan, const struct members *now, size_t index,
		      const struct damon_target *wanted)
{
	struct commit_target *target = plan_add(plan, wanted->tgid);
	struct member *kept = &plan->after.list[plan->after.nr++];

	*kept = now->list[index];
	kept->index_before = index;
	if (!wanted->ranges || same_ranges(&kept->ranges, wanted->ranges))
		return;
	target->ranges = wanted->ranges;
	kept->ranges = *wanted->ranges;
	plan->changes = true;
}

static void plan_new(struct commit_plan *plan, const struct damon_target *wanted, bool reused)
{
	struct commit_target *target = plan_add(plan, wanted->tgid);
	struct member *member = &plan->after.list[plan->after.nr++];

	*member = (struct member){.target = *wanted, .index_before = MEMBER_NEW, .reused = reused};
	member->target.ranges = NULL;
	if (!wanted->ranges)
		return;
	target->ranges = wanted->ranges;
	target->in_pieces = true;
	member->ranges = *wanted->ranges;
}

/* Point an index without use at our own process, where it costs least. */
static void plan_park(struct commit_plan *plan, pid_t self)
{
	/* nothing can be mapped so low */
	static const struct damon_ranges nowhere = {1, {{0, 4096}}};

	plan_new(plan, &(struct damon_target){0}, true);
	plan->targets[plan->nr - 1].pid = self;
	plan->targets[plan->nr - 1].ranges = &nowhere;
}

/* Drop every member that is not wanted.  The others keep their order. */
static void plan_obsolete(struct commit_plan *plan, const struct members *now,
			  const struct damon_target *wanted, size_t nr_wanted, pid_t self)
{
	for (size_t i = 0; i < now->nr; i++) {
		const struct damon_target *kept = find_wanted(&now->list[i], wanted, nr_wanted);

		if (kept) {
			plan_keep(plan, now, i, kept);
			continue;
		}
		/* Even an obsolete target needs a pid that exists. */
		plan_add(plan, self)->obsolete = true;
		plan->changes = true;
	}
}

/*
 * Give the indices of members that are not wanted to new ones.  Park the indices that are left in
 * the middle, and cut those at the end.
 */
static void plan_reuse(struct commit_plan *plan, const struct members *now,
		       const struct damon_target *wanted, size_t nr_wanted, size_t *at, pid_t self)
{
	for (size_t i = 0; i < now->nr; i++) {
		const struct damon_target *target = find_wanted(&now->list[i], wanted, nr_wanted);

		if (target) {
			plan_keep(plan, now, i, target);
			continue;
		}
		target = next_new(now, wanted, nr_wanted, at);
		if (target)
			plan_new(plan, target, true);
		else
			plan_park(plan, self);
		if (target || now->list[i].target.tgid)
			plan->changes = true;
	}
	while (plan->nr && !plan->after.list[plan->nr - 1].target.tgid) {
		plan->nr--;
		plan->after.nr--;
		plan->changes = true;
	}
}

int commit_plan_make(struct commit_plan *plan, const struct members *now,
		     const struct damon_target *wanted, size_t nr_wanted, bool can_obsolete,
		     pid_t self)
{
	const struct damon_target *target;
	size_t at = 0;

	if (plan_reserve(plan, now->nr + nr_wanted))
		return -ENOMEM;
	plan->nr = 0;
	plan->after.nr = 0;
	plan->changes = false;
	if (can_obsolete)
		plan_obsolete(plan, now, wanted, nr_wanted, self);
	else
		plan_reuse(plan, now, wanted, nr_wanted, &at, self);
	while ((target = next_new(now, wanted, nr_wanted, &at))) {
		plan_new(plan, target, false);
		plan->changes = true;
	}
	return 0;
}

int target_parse_stat(uint64_t *start_time, const char *text)
{
	/* The name, field 2, may hold spaces and parentheses.  So count from the last ')'. */
	const char *field = strrchr(text, ')');
	unsigned long long value;

	if (!field || field[1] != ' ' || !field[2])
		return -EINVAL;
	field += 2; /* field 3, the state */
	if (*field == 'Z' || *field == 'X')
		return -ESRCH;
	field = sysfs_skip_fields(field, 22 - 3);
	if (!field || sscanf(field, "%llu", &value) != 1)
		return -EINVAL;
	*start_time = value;
	return 0;
}

bool target_is_alive(const struct damon_target *target, const char *sysroot)
{
	uint64_t start_time;
	char text[1024];

	if (sysfs_read(text, sizeof(text), sysroot, "/proc/%d/stat", target->tgid))
		return false;
	return !target_parse_stat(&start_time, text) && start_time == target->start_time;
}
