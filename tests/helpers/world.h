/* SPDX-License-Identifier: GPL-2.0 */
/*
 * For tests: a mover whose kernel is played.  A function stands for move_pages(2), and files for
 * /proc/zoneinfo and /proc/pressure.
 */
#ifndef TS_TESTS_WORLD_H
#define TS_TESTS_WORLD_H

#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/helpers/sysroot.h"
#include "tier/move.h"

#define MB (UINT64_C(1) << 20)
#define BATCH_BYTES (2 * MB)
#define MAX_CALLS 1024

/* The kernel, and the mover that is tested. */
struct world {
	struct sysroot root;
	struct mover *mover;
	struct move_options options;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	size_t nr_calls, nr_allowed; /* calls that came, and that may return */
	struct migrate_order calls[MAX_CALLS];
	uint64_t begun_ns[MAX_CALLS], cpu_ns[MAX_CALLS]; /* when one came, CPU time at its end */
	uint64_t burn_ns;				 /* CPU time of a call */
	int error;					 /* that calls return */
	int reason;	  /* nothing moves, and this is why; -1: all moves */
	uint64_t room_mb; /* of node 1, which calls fill; 0: it has plenty */
	atomic_bool freed;
	bool signals_blocked;
	int nice;
	char name[16];
};

/* Of cmocka: *STATE is a world then.  Its options make a mover, which is not there yet. */
int world_setup(void **state);
int world_teardown(void **state); /* frees the mover, too */

/* Write zoneinfo anew, by room_mb. */
void world_put_room(struct world *w);

/* Wait until NR batches have begun in all.  How many have. */
void world_wait_for_calls(struct world *w, size_t nr);
size_t world_nr_calls(struct world *w);

/* Let so many batches end, in all.  The others wait.  At first all may. */
void world_allow(struct world *w, size_t nr);

/* What batches return from now on; see .error and .reason. */
void world_set_answer(struct world *w, int error, int reason);

#endif
