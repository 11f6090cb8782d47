/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The daemon's directory under /run: the lock that keeps it alone, and the
 * paths of what lives beside it.  A reboot empties it.
 */
#ifndef TS_STATE_H
#define TS_STATE_H

#include <sys/types.h>

#define STATE_DAMON_JOURNAL TS_STATEDIR "/damon"
#define STATE_LATENCIES TS_STATEDIR "/latencies.json"
#define STATE_STATUS_SOCKET TS_STATEDIR "/status"	  /* for everybody */
#define STATE_STATUS_ALL_SOCKET TS_STATEDIR "/status-all" /* for who may see all processes */

/*
 * Make the directory, or see to it that one that is there can be trusted.  0;
 * -EPERM when it is no directory, somebody else's, or others can write it; or
 * another errno.
 */
int state_make_directory(const char *path);

/*
 * Make DIRECTORY and take the lock in it, once in a process.  Returns its
 * descriptor, which holds it until closed; -EBUSY when another daemon has it (its
 * pid in *HOLDER, 0 unknown), or an errno of state_make_directory().
 */
int state_lock(const char *directory, pid_t *holder);

#endif
