/* SPDX-License-Identifier: GPL-2.0 */
/* Claiming a kdamond slot and giving it back: see slots.h. */
#include "damon/slot/slots.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/sysfs.h"
#include "base/util.h"
#include "damon/damon.h"
#include "damon/files.h"
#include "damon/slot/holders.h"

#define UPDATE_US "%u/contexts/0/monitoring_attrs/intervals/update_us"

int slot_look(struct slot_seen *out, const char *sysroot, unsigned int slot)
{
	struct slot_seen seen = {0};
	uint64_t number;
	char text[32];
	int r;

	r = files_read(text, sizeof(text), sysroot, "%u/state", slot);
	if (r < 0)
		return r;
	seen.running = !strcmp(text, "on");
	if (seen.running) {
		r = files_read_u64(&number, sysroot, "%u/pid", slot);
		if (r < 0 && r != -EINVAL)
			return r;
		/* "-1" means that it has ended since. */
		seen.running = !r;
		seen.thread = r ? 0 : (pid_t)number;
	}
	r = files_read_u64(&number, sysroot, "%u/contexts/nr_contexts", slot);
	if (r < 0)
		return r;
	seen.nr_contexts = (uint32_t)MIN(number, UINT32_MAX);
	if (seen.nr_contexts) {
		if (!files_read_u64(&number, sysroot, "%u/contexts/0/targets/nr_targets", slot))
			seen.nr_targets = (uint32_t)MIN(number, UINT32_MAX);
		if (!files_read_u64(&number, sysroot, UPDATE_US, slot))
			seen.update_us = number;
	}
	*out = seen;
	return 0;
}

int slots_choose(const struct slot_seen *slots, size_t nr)
{
	int second_best = -1;

	for (size_t i = 0; i < nr; i++) {
		if (slots[i].running)
			continue;
		if (!slots[i].nr_contexts)
			return (int)i;
		if (second_best < 0)
			second_best = (int)i;
	}
	return second_best;
}

/*
 * Look at all slots, and enter the chosen one in *J.  0, DAMON_E_BUSY or a negative errno.
 */
static int survey(struct journal *j, const char *sysroot, uint32_t nr)
{
	_cleanup_free_ struct slot_seen *slots = calloc(nr, sizeof(*slots));
	int r, chosen;

	if (!slots)
		return -ENOMEM;
	for (uint32_t i = 0; i < nr; i++) {
		r = slot_look(&slots[i], sysroot, i);
		if (r < 0)
			return r;
	}
	chosen = slots_choose(slots, nr);
	if (chosen < 0) {
		holder_name_kdamond(sysroot, 0);
		return DAMON_E_BUSY;
	}
	j->slot = (uint32_t)chosen;
	j->nr_contexts_before = slots[chosen].nr_contexts;
	if (j->nr_contexts_before)
		log_warning("DAMON has no empty slot: using the idle kdamond %d, whose "
			    "configuration is lost",
			    chosen);
	return 0;
}

static int claim_once(struct journal *j, const char *path, const char *sysroot, uint64_t mark)
{
	uint64_t nr;
	int r;

	r = files_read_u64(&nr, sysroot, "nr_kdamonds");
	if (r < 0)
		return r;
	j->nr_kdamonds_before = (uint32_t)MIN(nr, INT_MAX);
	j->nr_contexts_before = 0;
	j->slot = 0;
	j->thread = 0;
	j->mark = mark;
	if (nr) {
		r = survey(j, sysroot, j->nr_kdamonds_before);
		if (r)
			return r;
	}
	j->stage = JOURNAL_CLAIMING;
	r = journal_store(j, path);
	if (!r && !nr)
		r = sysfs_write("1", sysroot, FILES_ROOT "/nr_kdamonds");
	if (!r)
		r = files_write("1", sysroot, "%u/contexts/nr_contexts", j->slot);
	if (!r)
		r = files_write_u64(mark, sysroot, UPDATE_US, j->slot);
	if (r < 0)
		return r;
	j->stage = JOURNAL_MARKED;
	return journal_store(j, path);
}

int slots_claim(struct journal *j, const char *path, const char *sysroot, uint64_t mark)
{
	struct backoff backoff = {0};
	int r;

	/*
	 * EBUSY and ENOENT mean that somebody made or removed slots between our look and our
	 * write.  So look again.
	 */
	do {
		r = claim_once(j, path, sysroot, mark);
		if (r) {
			struct journal slot_only = *j;

			slot_only.stat_lifted = false;
			slots_put_back(&slot_only, sysroot);
			j->stage = JOURNAL_NO_SLOT;
		}
	} while ((r == -EBUSY || r == -ENOENT) && backoff_wait(&backoff));
	return r;
}

int slot_is_marked(const struct journal *j, const char *sysroot)
{
	struct slot_seen seen;
	int r = slot_look(&seen, sysroot, j->slot);

	if (r == -ENOENT)
		return 0;
	return r < 0 ? r : seen.nr_contexts == 1 && seen.update_us == j->mark;
}

/* Is this the slot that the journal means, as far as a look can tell? */
static bool slot_is_ours(const struct journal *j, const struct slot_seen *seen)
{
	bool marked = seen->nr_contexts == 1 && seen->update_us == j->mark;

	switch (j->stage) {
	case JOURNAL_NO_SLOT:
		return false;
	case JOURNAL_CLAIMING:
		/* We start nothing before the mark stands in the journal. */
		if (seen->running)
			return false;
		if (marked)
			return true;
		/* Have we made it, and not touched it yet, or just given it its context? */
		if (!seen->nr_contexts)
			return !j->nr_kdamonds_before;
		return seen->nr_contexts == 1 && !j->nr_contexts_before && !seen->nr_targets &&
		       seen->update_us == SLOTS_DEFAULT_UPDATE_US;
	case JOURNAL_MARKED:
		/* Another thread than ours means that somebody else has started our slot. */
		return marked && (!seen->running || !j->thread || seen->thread == j->thread);
	}
	return false;
}

struct slots_putback slots_decide(const struct journal *j, const struct slots_found *found)
{
	struct slots_putback put = {0};

	if (!found->same_boot)
		return put;
	put.start_stat = j->stat_lifted && !found->stat_runs;
	if (!found->seen_valid || !slot_is_ours(j, &found->seen))
		return put;
	put.stop = found->seen.running;
	if (!j->nr_kdamonds_before)
		put.free_kdamonds = found->nr_kdamonds == 1;
	else
		put.reset_contexts = true;
	return put;
}

static void look_around(struct slots_found *out, const struct journal *j, const char *sysroot)
{
	char boot_id[PROC_BOOT_ID_SIZE];
	uint64_t nr;

	*out = (struct slots_found){0};
	out->same_boot = !proc_boot_id(boot_id, sysroot) && !strcmp(boot_id, j->boot_id);
	out->stat_runs = holder_runs(HOLDER_STAT, sysroot);
	if (!files_read_u64(&nr, sysroot, "nr_kdamonds"))
		out->nr_kdamonds = (uint32_t)MIN(nr, UINT32_MAX);
	if (j->stage != JOURNAL_NO_SLOT && j->slot < out->nr_kdamonds)
		out->seen_valid = !slot_look(&out->seen, sysroot, j->slot);
}

/*
 * "off" may fail in several ways when the kdamond ends by itself meanwhile.  It is trouble only if
 * the kdamond still runs.
 */
static int stop_kdamond(const char *sysroot, unsigned int slot)
{
	int r = files_write("off", sysroot, "%u/state", slot);
	struct slot_seen seen;

	if (r < 0 && !slot_look(&seen, sysroot, slot) && !seen.running)
		return 0;
	return r;
}

int slots_put_back(const struct journal *j, const char *sysroot)
{
	struct slots_putback put;
	struct slots_found found;
	int nr = 0, error = 0, r;

	look_around(&found, j, sysroot);
	put = slots_decide(j, &found);

#define STEP(wanted, call)                                                                         \
	do {                                                                                       \
		if (!(wanted))                                                                     \
			break;                                                                     \
		r = (call);                                                                        \
		nr += !r;                                                                          \
		if (r < 0 && !error)                                                               \
			error = r;                                                                 \
	} while (0)

	STEP(put.stop, stop_kdamond(sysroot, j->slot));
	STEP(put.free_kdamonds, files_write("0", sysroot, "nr_kdamonds"));
	STEP(put.reset_contexts,
	     files_write_u64(j->nr_contexts_before, sysroot, "%u/contexts/nr_contexts", j->slot));
	STEP(put.start_stat, holder_start_stat(sysroot));
#undef STEP
	return error ? error : nr;
}
