/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a run holds of the machine: the lock, DAMON, the scheduler, counters, the status sockets.
 * A function that returns a status returns -1 to go on, or the exit status to leave with after
 * logging why.
 */
#ifndef TS_HOLD_H
#define TS_HOLD_H

#include "daemon/daemon.h"

/* Take it all.  Whatever it returns, call hold_let_go() later.  *LOCK is -1 or a descriptor. */
int hold_take(struct daemon *d, int *lock);
void hold_let_go(struct daemon *d, int lock);

/* The parts that are taken again when the machine changes. */

/* Topology, its dense form, and its counters.  Counters that are open stay open.  A status. */
int hold_read_machine(struct daemon *d);

/* Attach the scheduler; with --observe do nothing.  A status. */
int hold_attach(struct daemon *d);

/* Make an empty set of processes for the machine as it is.  0 or -ENOMEM. */
int hold_new_set(struct managed_set *set, const struct daemon *d);

/* Make what plans for their pages, NULL with --tier off.  0 or -ENOMEM. */
int hold_new_tiering(struct tiering **out, const struct daemon *d);

#endif
