/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a run holds of the machine: the lock, DAMON, the scheduler, counters, the
 * status sockets.  What returns a status returns -1 to go on, or the exit status to
 * leave with, after saying why.
 */
#ifndef TS_HOLD_H
#define TS_HOLD_H

#include "daemon/daemon.h"

/* Take it all.  Whatever it returns, hold_let_go() is due.  *LOCK is -1 or a descriptor. */
int hold_take(struct daemon *d, int *lock);
void hold_let_go(struct daemon *d, int lock);

/* Parts of it that a change of the machine asks for again. */

/* Topology, its dense form, and its counters; counters that are open stay so.  A status. */
int hold_read_machine(struct daemon *d);

/* Nothing with --observe.  A status. */
int hold_attach(struct daemon *d);

/* An empty set for the machine as it is.  0 or -ENOMEM. */
int hold_new_set(struct managed_set *set, const struct daemon *d);

#endif
