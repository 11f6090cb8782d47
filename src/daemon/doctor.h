/* SPDX-License-Identifier: GPL-2.0 */
/* Can this machine run it?  Every requirement, what was found, how to mend it. */
#ifndef TS_DOCTOR_H
#define TS_DOCTOR_H

#include <stddef.h>

#include "daemon/options.h"

enum doctor_state {
	DOCTOR_OK,
	DOCTOR_NOTE,	/* works without; something is lost */
	DOCTOR_MISSING, /* needed to schedule */
};

/* Who needs it: the run stops for what it needs, `doctor` shows all. */
enum doctor_need {
	DOCTOR_FOR_ALL,	     /* measuring too */
	DOCTOR_FOR_SCHEDULE, /* not with --observe */
	DOCTOR_OPTIONAL,
};

struct doctor_check {
	const char *name;
	enum doctor_need need;
	enum doctor_state state;
	char found[160];
	char mend[160]; /* "" when there is nothing to mend */
};

#define DOCTOR_MAX_CHECKS 32

/*
 * Fill CHECKS.  Reads only.  Returns their number, or -EINVAL where --cxl-node
 * names a node that cannot be CXL memory (logged).
 */
int doctor_examine(struct doctor_check checks[DOCTOR_MAX_CHECKS], const struct options *o);

/*
 * The run's question: is anything missing that it needs?  Logs one line for
 * each thing, with how to mend it, and returns how many.
 */
size_t doctor_refuse(const struct options *o);

/* Warn, in one line, of what the run does not keep to while it schedules: CPU limits of cgroups. */
void doctor_warn(const struct options *o);

#endif
