/* SPDX-License-Identifier: GPL-2.0 */
/* The commands.  Each gets parsed options and returns an exit status (enum ts_exit). */
#ifndef TS_COMMANDS_H
#define TS_COMMANDS_H

#include "options.h"

int cmd_run(const struct options *o);
int cmd_topology(const struct options *o);
int cmd_doctor(const struct options *o);
int cmd_status(const struct options *o);

#endif
