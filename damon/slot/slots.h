/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The kdamond slots of this machine: which one to claim, and how to put back
 * what a session did to it.  What to do is decided by pure functions.
 *
 * Writing nr_kdamonds destroys every slot, so it is written in one case only:
 * there is none.  Otherwise an idle slot is borrowed.  One without a context is
 * nobody's; one with a context holds a configuration, most often the remains of
 * a tool that has ended, and is taken only when there is no other.
 *
 * A claimed slot bears a mark: an update_us that is odd by some microseconds.
 * It costs nothing, lives as long as the slot's directories, and tells after a
 * crash whether the slot is still the one we set up.
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
	pid_t thread; /* of the running kdamond, else 0 */
	uint32_t nr_contexts;
	uint32_t nr_targets; /* of context 0, 0 without */
	uint64_t update_us; /* of context 0, 0 without */
};

/* 0 or a negative errno: -ENOENT where the slot is gone. */
int slot_look(struct slot_seen *out, const char *sysroot, unsigned int slot);

/* Index of the slot to borrow, or -1 when all of them run. */
int slots_choose(const struct slot_seen *slots, size_t nr);

/*
 * Claim a slot: fills the slot part of *J and stores it at PATH before each
 * change.  0, DAMON_E_BUSY (holder named) or a negative errno.  When it fails the
 * caller puts back what *J says.
 */
int slots_claim(struct journal *j, const char *path, const char *sysroot, uint64_t mark);

/* Is the slot still as we marked it?  -errno when that can not be told. */
int slot_is_marked(const struct journal *j, const char *sysroot);

/* The state a recovery finds; what could not be read is as if it were not there. */
struct slots_found {
	bool same_boot;
	bool stat_runs;
	uint32_t nr_kdamonds;
	bool seen_valid; /* the journal's slot exists */
	struct slot_seen seen;
};

struct slots_putback {
	bool stop;           /* write "off" */
	bool free_kdamonds;  /* write 0 to nr_kdamonds */
	bool reset_contexts; /* write nr_contexts_before, which also clears our configuration */
	bool start_stat;
};

/* What of J still has to be put back. */
struct slots_putback slots_decide(const struct journal *j, const struct slots_found *found);

/*
 * Look, decide and do it.  Number of things put back, or the first negative
 * errno met (the rest is done all the same).
 */
int slots_put_back(const struct journal *j, const char *sysroot);

#endif
