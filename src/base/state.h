/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The daemon's directory under /run: the lock that only one daemon can hold, and the paths of the
 * other files there.  A reboot empties it.
 */
#ifndef TS_STATE_H
#define TS_STATE_H

#include <sys/types.h>

#define STATE_DAMON_JOURNAL TS_STATEDIR "/damon"
#define STATE_BALANCING TS_STATEDIR "/numa_balancing"
#define STATE_LATENCIES TS_STATEDIR "/latencies.json"
#define STATE_STATUS_SOCKET TS_STATEDIR "/status"	  /* for everybody */
#define STATE_STATUS_ALL_SOCKET TS_STATEDIR "/status-all" /* for those who may see all processes */

/*
 * Make the directory, or check that one that is there can be trusted.  0; -EPERM when it is not a
 * directory, belongs to somebody else, or others can write to it; or another errno.
 */
int state_make_directory(const char *path);

/*
 * Make DIRECTORY and take the lock in it.  A process does this once.  Returns a descriptor, which
 * holds the lock until it is closed; -EBUSY when another daemon has the lock (*HOLDER is its pid,
 * 0 unknown); or an errno of state_make_directory().
 */
int state_lock(const char *directory, pid_t *holder);

#endif
