/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Trouble that a run goes on with: a step of the tick that failed.  The log gets a warning when it
 * begins and a line when it is over.  In between `status` shows it.  The step is tried again at
 * the next tick, or at the next look around a second later.
 */
#ifndef TS_TROUBLE_H
#define TS_TROUBLE_H

#include <stddef.h>

enum trouble_with {
	TROUBLE_TOPOLOGY,  /* reading the machine anew, after a change */
	TROUBLE_PROCESSES, /* looking for processes to manage */
	TROUBLE_TARGETS,   /* telling DAMON what to monitor */
	TROUBLE_SNAPSHOTS, /* reading what DAMON saw */
	TROUBLE_TIER,	   /* planning which pages should move */
	TROUBLE_PUBLISH,   /* writing profiles and contexts into the scheduler's maps */
	TROUBLE_LOOP,	   /* waiting for the next tick */
	NR_TROUBLES,
};

struct troubles {
	int errors[NR_TROUBLES]; /* negative errno, 0 none */
};

/*
 * Take in how the step went: R is a negative errno, or not negative.  If WHO is not NULL, it is
 * told in place of the errno's words.
 */
void trouble_report(struct troubles *t, enum trouble_with with, int r, const char *who);

/* What a step does, and what follows while it fails: "no new processes are managed". */
const char *trouble_name(enum trouble_with with);
const char *trouble_meanwhile(enum trouble_with with);

#endif
