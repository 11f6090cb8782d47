/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a plan has to know of the managed processes: their ranges, on which nodes the pages of each
 * lie, where these may lie, and where the process may run.
 */
#ifndef TS_SURVEY_H
#define TS_SURVEY_H

#include "daemon/managed.h"
#include "numa/migrate.h"
#include "tier/input.h"
#include "tier/obey.h"

struct survey;

/* For at most MAX_PROCESSES on the nodes of M, whose memory nodes are NODE_IDS.  0 or -ENOMEM. */
int survey_new(struct survey **out, const struct machine *m, const unsigned int *node_ids,
	       size_t max_processes);
void survey_free(struct survey *s); /* NULL is fine */

/* Take over what is known of the processes of SET.  Its machine has the nodes of survey_new(). */
void survey_take(struct survey *s, const struct managed_set *set);

/* The machine as it was then. */
const struct model_machine *survey_machine(const struct survey *s);

/*
 * Ask the kernel where these processes may run, and where their pages lie.  Returns them in the
 * order of the set's items, valid until they are taken anew.  All of their pages may lie anywhere:
 * survey_obey() says more.
 */
struct plan_process *survey_look(struct survey *s);

/*
 * Cut the ranges of process AT, an index of the last look, where the rules change, and look at its
 * pages again.  RULES are of this process.
 */
void survey_obey(struct survey *s, size_t at, const struct obey_rules *rules);

/*
 * Who else maps the memory at START..+BYTES of process AT, a range of the last look with rules, and
 * where START is there.  Returns how many there are, at most MAX.
 */
size_t survey_sharers(const struct survey *s, struct mapper *out, size_t max, size_t at,
		      uint64_t start, uint64_t bytes);

/* Does a process of the last look access memory that others may map too? */
bool survey_shares(const struct survey *s, size_t at);

/*
 * All processes have rules: find out which of their shared memory others map that are none of them.
 * A few pages stand for each range.
 */
void survey_find_foreign(struct survey *s);

#endif
