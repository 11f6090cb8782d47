/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A tick reads as the flow of data: look around -> choose -> measure -> aim -> collect ->
 * model -> publish.  Once a second the machine is looked at for changes, and a pass over all
 * processes begins, of which each tick does a piece.
 */
#ifndef TS_TICK_H
#define TS_TICK_H

#include "daemon/daemon.h"

void tick(struct daemon *d);

#endif
