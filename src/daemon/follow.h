/* SPDX-License-Identifier: GPL-2.0 */
/* Following what changes under a run: the machine, and whether the kernel has our scheduler. */
#ifndef TS_FOLLOW_H
#define TS_FOLLOW_H

#include "daemon/daemon.h"

/*
 * Nodes or CPUs came or went.  While the nodes are the same the new figures take the old one's
 * place; else models and scheduler begin anew.  0, or -EAGAIN when it is changing just now.
 */
int follow_topology(struct daemon *d);

/*
 * Has the kernel let the scheduler go?  It is attached again where that may help.  -1 to go on,
 * else an exit status.
 */
int follow_scheduler(struct daemon *d);

#endif
