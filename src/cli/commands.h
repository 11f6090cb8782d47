/* SPDX-License-Identifier: GPL-2.0 */
/* The commands.  Each gets parsed options and returns an exit status (enum ts_exit). */
#ifndef TS_COMMANDS_H
#define TS_COMMANDS_H

#include "cli/options.h"
#include "numa/topology.h"

int cmd_topology(const struct options *o);
int cmd_calibrate(const struct options *o);
int cmd_doctor(const struct options *o);
int cmd_status(const struct options *o);

/* Read the topology, IMPROVE it (it says why it cannot) and print it: what topology and calibrate do. */
int show_topology(const struct options *o, int (*improve)(struct topology *t));

#endif
