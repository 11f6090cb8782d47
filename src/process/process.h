/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which processes to manage.  A managed process has a place in the managed set, and the set has
 * max_processes places.  (In bpf/ and src/model/ a place is a CPU node.)
 *
 * Processes that the administrator has named come first: by pid, by rule, then their children.
 * The others compete for the places that are left.  Three things count: the memory that is a
 * process's own, whether it uses CPU and memory at all, and its name as a hint.
 *
 * Users share the places fairly.  As long as some user wants a place, no other user gets two more
 * than he has.  The same holds among the cgroups of a user.  (Otherwise a user could take all the
 * places, and others' processes would be ignored.)
 *
 * A managed process stays until it exits, shrinks to half the size, or another one is worth twice
 * as much.  So the set does not flap.
 */
#ifndef TS_PROCESS_H
#define TS_PROCESS_H

#include <stdbool.h>

#include "base/proc.h"
#include "bpf/abi.h"

/* A rule says which processes to manage and what they are: [CLASS=]FIELD:PATTERN. */

enum rule_field {
	RULE_COMM,   /* thread group leader's name, at most 15 bytes */
	RULE_EXE,    /* path of the executable */
	RULE_CGROUP, /* path in the cgroup v2 tree */
};

struct rule {
	enum rule_field field;
	enum ts_class class; /* TS_CLASS_UNSET: the name decides */
	char *pattern;	     /* glob, fnmatch(3) without flags: "*" matches "/" too */
};

/*
 * 0 or -ENOMEM.  -EINVAL: TEXT has not this form (unknown class or field, no pattern).  -EILSEQ:
 * the pattern has a '[' without its ']' or a '\' at its end.
 */
int rule_parse(struct rule *out, const char *text);
bool rule_matches(const struct rule *rule, const char *value);
void rule_deinit(struct rule *rule);

/* "regular", "vector", ... */
const char *class_name(enum ts_class class);

struct choose_options {
	pid_t *pids; /* processes to be managed */
	size_t nr_pids;
	struct rule *rules; /* a process that one of these matches is managed too */
	size_t nr_rules;
	char names[TS_MAX_NAMES][TS_NAME_LEN]; /* prefixes of known vector and MoE programs */
	uint64_t min_rss_bytes;
	uint64_t max_processes; /* 1 .. 1024 */
};

/* Why a process is managed.  A smaller value is a stronger reason, but NAME and SIZE are equal. */
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
	struct process_id task; /* the thread whose id stands for its memory */
	enum choose_reason reason;
	enum ts_class class; /* by rule, else TS_CLASS_UNSET */
};

struct chooser;

/* OPTIONS is borrowed for the chooser's life.  0 or -errno. */
int chooser_new(struct chooser **out, const struct choose_options *options);
void chooser_free(struct chooser *c);

/*
 * Go on looking at processes, for about BUDGET_NS of CPU time.  A pass over all of them begins a
 * second after the last one began, if that is over.  NOW_NS is CLOCK_MONOTONIC, not 0.
 *
 * Returns 1 when a pass is over.  *OUT is the new choice, at most options->max_processes.  The
 * chooser owns it, and it is valid until the next pass is over.  0 when there is none yet.  Or
 * -errno.
 */
int chooser_step(struct chooser *c, uint64_t now_ns, uint64_t budget_ns, const struct choice **out,
		 size_t *nr);

/* 0, or the -errno for which a process was not read in the pass that is over. */
int chooser_error(const struct chooser *c);

/* Tell how much memory a managed process has used of late.  Next to none is remembered. */
void chooser_tell_used(struct chooser *c, const struct choice *choice, uint64_t bytes);

const char *choose_reason_name(enum choose_reason reason);

#endif
