/* SPDX-License-Identifier: GPL-2.0 */
/* The run, from taking hold of the machine to giving it back. */
#ifndef TS_RUN_H
#define TS_RUN_H

#include "daemon/options.h"

/* An exit status. */
int daemon_run(const struct options *o);

#endif
