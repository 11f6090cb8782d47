/* SPDX-License-Identifier: GPL-2.0 */
/*
 * For tests: a run (daemon/daemon.h) over a recorded machine, with DAMON as plain files below the
 * same root (damon-tree.h) and without a scheduler, a chooser or status sockets.
 */
#ifndef TS_TESTS_RUN_H
#define TS_TESTS_RUN_H

#include "daemon/daemon.h"
#include "tests/helpers/damon-tree.h"

struct run {
	struct options options;
	struct sysroot root;
	struct daemon d;
};

/* MACHINE as sysroot_init() takes it; NULL: the topology of the machine that this runs on. */
void run_init(struct run *r, const char *machine);
void run_deinit(struct run *r);

/* A process that may be managed; nobody has to live under that id. */
struct choice run_choice(pid_t pid, uint64_t start_time, const char *name);

#endif
