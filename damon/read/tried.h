/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Regions through sysfs: schemes/N/tried_regions.  This is for kernels whose trace events can not
 * be used.  Scheme N reports only target N.
 *
 * It costs much, so trace.h is preferred.  The kernel makes a directory of four to six files for
 * every region, and offers every region to every scheme.
 */
#ifndef TS_DAMON_TRIED_H
#define TS_DAMON_TRIED_H

#include <stddef.h>
#include <stdint.h>

#include "damon/read/regions.h"
#include "damon/session/context.h"

/*
 * Have the kernel fill the directories, and read the runs of OUT that are wanted.  OUT has been
 * reset.  NOW_NS is entered as the time of each run.  This blocks for up to an aggregation
 * interval.  0 or a negative errno.  -EINVAL, -ECANCELED and -ENOENT: the kdamond does not run any
 * more.
 */
int tried_snapshot(struct regions *out, const struct context *c, uint64_t now_ns);

/* Read the directories as they are now. */
int tried_read(struct regions *out, const struct context *c, uint64_t now_ns);

#endif
