/* SPDX-License-Identifier: GPL-2.0 */
/* Who gets a place in the managed set: the pure parts of the choice (process.h). */
#ifndef TS_CHOOSE_H
#define TS_CHOOSE_H

#include "process/process.h"
#include "process/scan.h"

/* A process that competes for a place. */
struct candidate {
	struct choice choice;
	uid_t uid;
	uint64_t cgroup;	/* any number that tells cgroups apart */
	uint64_t private_bytes; /* resident, and only its own */
	uint64_t shared_bytes;	/* resident, and others may map it too */
	bool chosen;		/* it has a place now */
	bool idle;		/* it uses no CPU, or no memory */
	size_t turn;		/* for choose_rank() only */
};

/*
 * Why P may have a place, or CHOOSE_NOT.  CHOSEN says whether it has one.  A process that neither
 * a pid nor a rule names must be a second old, because a program that ends at once is not worth a
 * place.
 */
enum choose_reason choose_judge(const struct process *p, const struct choose_options *options,
				uint64_t uptime_ticks, bool chosen);

/* Move the candidates that get one of MAX places to the front.  Returns their number. */
size_t choose_rank(struct candidate *all, size_t nr, size_t max);

#endif
