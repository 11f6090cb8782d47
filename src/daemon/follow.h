/* SPDX-License-Identifier: GPL-2.0 */
/* Follow what changes during a run: the machine, and whether our scheduler is attached. */
#ifndef TS_FOLLOW_H
#define TS_FOLLOW_H

#include "daemon/daemon.h"

/*
 * Nodes or CPUs came or went.  Where the nodes are the same, new figures take the place of the old
 * ones.  Else models and scheduler begin anew.  0, or -EAGAIN while the machine is changing.
 */
int follow_topology(struct daemon *d);

/*
 * Has the kernel ended our scheduler?  Attach it again where that may help.  -1 to go on, else an
 * exit status.
 */
int follow_scheduler(struct daemon *d);

#endif
