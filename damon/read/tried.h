/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Regions through sysfs: schemes/N/tried_regions, for kernels whose trace events
 * can not be used.  Scheme N reports target N alone.
 *
 * It costs: the kernel makes a directory of four to six files for every region, and
 * offers every region to every scheme.  trace.h is preferred.
 */
#ifndef TS_DAMON_TRIED_H
#define TS_DAMON_TRIED_H

#include <stddef.h>
#include <stdint.h>

#include "damon/read/regions.h"
#include "damon/session/context.h"

/*
 * Have the kernel fill the directories, and read those that are wanted of OUT, which has been
 * reset; NOW_NS is entered as the time of each run.  Blocks for up to an aggregation interval.  0, or a negative
 * errno: -EINVAL, -ECANCELED, -ENOENT when the kdamond does not run any more.
 */
int tried_snapshot(struct regions *out, const struct context *c, uint64_t now_ns);

/* Read what is there now. */
int tried_read(struct regions *out, const struct context *c, uint64_t now_ns);

#endif
