/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Whom to manage.  Those that the administrator has named go first: by pid, by rule, then their
 * children.  Everybody else competes for the places that are left, by what is known to matter:
 * memory that is a process's own, whether it uses CPU and memory at all, and its name as a hint.
 *
 * Places are shared fairly: as long as somebody wants one, no user gets two more than he has, and
 * so within a user among cgroups.  (Taking all the places would otherwise be a way to have
 * others' processes ignored.)
 *
 * What is managed stays until it exits, shrinks to half the size, or another one is worth twice
 * as much, so that the set does not flap.
 */
#ifndef TS_CHOOSE_H
#define TS_CHOOSE_H

#include "base/proc.h"
#include "process/rule.h"
#include "process/scan.h"

struct choose_options {
	pid_t *pids; /* to be managed ... */
	size_t nr_pids;
	struct rule *rules; /* ... as well as what one of these matches */
	size_t nr_rules;
	char names[TS_MAX_NAMES][TS_NAME_LEN]; /* prefixes of known vector and MoE programs */
	uint64_t min_rss_bytes;
	uint64_t max_processes; /* 1 .. 1024 */
};

/* Why a process is managed; a smaller value is the stronger reason, but NAME and SIZE are equal. */
enum choose_reason {
	CHOOSE_PID,   /* --pid */
	CHOOSE_RULE,  /* --match */
	CHOOSE_CHILD, /* descends from one of the two above */
	CHOOSE_NAME,  /* known vector database or MoE name */
	CHOOSE_SIZE,  /* at least --min-rss resident */
	CHOOSE_NOT,
};

struct choice {
	struct proc_stat proc;
	struct scan_task task; /* whose id stands for its memory; its own nearly always */
	enum choose_reason reason;
	enum ts_class class; /* by rule, else TS_CLASS_UNSET */
};

/* What competes for a place. */
struct candidate {
	struct choice choice;
	uid_t uid;
	uint64_t cgroup;	/* any number that tells cgroups apart */
	uint64_t private_bytes; /* resident, and nobody else's */
	uint64_t shared_bytes;	/* resident, and perhaps others' too */
	bool chosen;		/* has a place now */
	bool idle;		/* uses no CPU, or no memory */
	size_t turn;		/* choose_rank()'s own */
};

struct chooser;

/* OPTIONS is borrowed for the chooser's life.  0 or -errno. */
int chooser_new(struct chooser **out, const struct choose_options *options);
void chooser_free(struct chooser *c);

/*
 * Go on looking at processes, for about BUDGET_NS of CPU time; a pass over all of them begins a
 * second after the last began, if that is over.  NOW_NS is CLOCK_MONOTONIC, not 0.
 *
 * 1 when a pass is over: *OUT is the new choice, at most options->max_processes, owned by the
 * chooser until the next pass is over.  0 when there is none yet.  Or -errno.
 */
int chooser_step(struct chooser *c, uint64_t now_ns, uint64_t budget_ns, const struct choice **out,
		 size_t *nr);

/* What went wrong in the pass that is over: 0, or the -errno for which a process was not read. */
int chooser_error(const struct chooser *c);

/* How much memory a managed process has used of late; it is remembered if that is next to none. */
void chooser_tell_used(struct chooser *c, const struct choice *choice, uint64_t bytes);

/* The pure parts. */

/*
 * Why P may have a place, or CHOOSE_NOT; CHOSEN says whether it has one.  A second of age is asked
 * of who is not named by pid or rule: a program that ends at once is not worth a place.
 */
enum choose_reason choose_judge(const struct process *p, const struct choose_options *options,
				uint64_t uptime_ticks, bool chosen);

/* Move those who get one of MAX places to the front, and return their number. */
size_t choose_rank(struct candidate *all, size_t nr, size_t max);

const char *choose_reason_name(enum choose_reason reason);

#endif
