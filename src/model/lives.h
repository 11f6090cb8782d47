/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How long memory of a process stays as it is, hot or cold.  Pure.
 *
 * Lives that have ended are remembered.  One that goes on is expected to last as long again as it
 * has so far, since nobody knows better.  What is left to memory of age a is the mean of what all
 * lives that reached a had left then, each weighted by its bytes:
 *
 *   remaining(a) = sum of (life - a) / number,   of the lives >= a
 *
 * So memory that is alone lasts as long again.  Memory that has just become hot, in a process whose
 * heat has lasted for ten seconds each time, is expected to stay so for some seconds, too.  And
 * after nine seconds not for long.  Short lives say nothing of one that is past them.
 *
 * Lives are kept in classes, each up to twice as long as the one before.
 */
#ifndef TS_LIVES_H
#define TS_LIVES_H

enum { LIVES_NR_CLASSES = 20 };
/* The first class ends here, the last one has no end. */
#define LIVES_SHORTEST_S 0.25
/* The weight of lives that have ended falls with this time constant. */
#define LIVES_REMEMBERED_S 600.0

struct lives_class {
	double bytes, byte_s; /* sums over lives: of bytes, and of bytes x life */
};

/* All 0 to begin with. */
struct lives {
	struct lives_class ended[LIVES_NR_CLASSES], living[LIVES_NR_CLASSES];
};

/* DT_S seconds have passed.  All that lives has to be told anew. */
void lives_begin(struct lives *l, double dt_s);

/* So much memory lives, and has for LIFE_S. */
void lives_add_living(struct lives *l, double bytes, double life_s);

/* A life of LIFE_S is over. */
void lives_add_ended(struct lives *l, double bytes, double life_s);

/* How long something of this age, which was told, is expected to stay as it is.  Not negative. */
double lives_remaining(const struct lives *l, double age_s);

#endif
