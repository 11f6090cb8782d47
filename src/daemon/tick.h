/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A tick reads as the flow of data: look around -> choose -> measure -> aim -> collect ->
 * model -> publish.  Once a second it looks for changes of the machine, and begins a pass over all
 * processes.  Each tick does a piece of that pass.
 */
#ifndef TS_TICK_H
#define TS_TICK_H

#include "daemon/daemon.h"

void tick(struct daemon *d);

#endif
