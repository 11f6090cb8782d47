/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Whom to manage: processes named on the command line and those that match a
 * rule, then known names, then whatever has a large resident set, biggest
 * first.  Children of the named follow them.  What has been chosen stays chosen
 * until it exits or shrinks to half the size, so that the set does not flap.
 */
#ifndef TS_CHOOSE_H
#define TS_CHOOSE_H

#include "options.h"
#include "proc.h"

/* Why a process is managed; a smaller value is the stronger reason. */
enum choose_reason {
	CHOOSE_PID,   /* --pid */
	CHOOSE_RULE,  /* --match */
	CHOOSE_CHILD, /* descends from one of the two above */
	CHOOSE_NAME,  /* known vector database or MoE name */
	CHOOSE_SIZE,  /* at least --min-rss resident, for a second at least */
	CHOOSE_NOT,
};

struct choice {
	struct proc_stat proc;
	enum choose_reason reason;
	enum ts_class class; /* by rule, else TS_CLASS_UNSET */
};

struct chooser;

/* OPTIONS is borrowed for the chooser's life.  0 or -ENOMEM. */
int chooser_new(struct chooser **out, const struct options *options);
void chooser_free(struct chooser *c);

/*
 * Look at all processes again.  *OUT is the new choice, at most
 * options->max_processes, owned by the chooser until the next call.  0 or -errno.
 */
int chooser_scan(struct chooser *c, const struct choice **out, size_t *nr);

/*
 * The pure part: rank the NR candidates of ALL (any order; reason CHOOSE_NOT
 * except for pids and rules) and move the chosen to the front.  WAS_CHOSEN says
 * whether a process is in the present choice.  Returns their number.
 */
size_t choose_rank(struct choice *all, size_t nr, const struct options *options,
		   uint64_t uptime_ticks,
		   bool (*was_chosen)(void *user, const struct proc_stat *proc), void *user);

const char *choose_reason_name(enum choose_reason reason);

#endif
