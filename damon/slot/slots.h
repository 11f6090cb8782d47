/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The kdamond slots of this machine: which one to claim, and how to put back what a session did to
 * it.  Pure functions decide what to do.
 *
 * Writing nr_kdamonds destroys every slot, so it is written only where there is none.  Otherwise
 * an idle slot is borrowed.  A slot without a context is nobody's.  A slot with a context holds a
 * configuration, most often the remains of a tool that has ended.  It is taken only when there is
 * no other.
 *
 * A claimed slot has a mark: an update_us that is odd by some microseconds.  The mark costs
 * nothing and lives as long as the slot's directories.  After a crash it tells whether the slot
 * is still the one that we set up.
 */
#ifndef TS_DAMON_SLOTS_H
#define TS_DAMON_SLOTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "damon/slot/journal.h"

/* update_us of a context that nobody configured. */
#define SLOTS_DEFAULT_UPDATE_US 60000000

struct slot_seen {
	bool running;
	pid_t thread; /* the running kdamond, else 0 */
	uint32_t nr_contexts;
	uint32_t nr_targets; /* of context 0, 0 without */
	uint64_t update_us;  /* of context 0, 0 without */
};

/* 0 or a negative errno: -ENOENT where the slot is gone. */
int slot_look(struct slot_seen *out, const char *sysroot, unsigned int slot);

/* The index of the slot to borrow, or -1 when all of them run. */
int slots_choose(const struct slot_seen *slots, size_t nr);

/*
 * Claim a slot.  It fills the slot part of *J and stores *J at PATH before each change.  0,
 * DAMON_E_BUSY (the holder is named) or a negative errno.  When it fails, the caller puts back
 * what *J says.
 */
int slots_claim(struct journal *j, const char *path, const char *sysroot, uint64_t mark);

/* Does the slot still have our mark?  -errno when nothing tells. */
int slot_is_marked(const struct journal *j, const char *sysroot);

/* The state that a recovery finds.  What could not be read counts as not there. */
struct slots_found {
	bool same_boot;
	bool stat_runs;
	uint32_t nr_kdamonds;
	bool seen_valid; /* the journal's slot exists */
	struct slot_seen seen;
};

struct slots_putback {
	bool stop;	     /* write "off" */
	bool free_kdamonds;  /* write 0 to nr_kdamonds */
	bool reset_contexts; /* write nr_contexts_before; that also clears our configuration */
	bool start_stat;
};

/* Decide which changes in J are still to be put back. */
struct slots_putback slots_decide(const struct journal *j, const struct slots_found *found);

/*
 * Look, decide and do it.  Returns the number of things put back, or the first negative errno.
 * The rest is done all the same.
 */
int slots_put_back(const struct journal *j, const char *sysroot);

#endif
