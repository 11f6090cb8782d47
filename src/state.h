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
#define STATE_STATUS_SOCKET TS_STATEDIR "/status"

/*
 * Make the directory and take the lock.  Returns its descriptor, which holds it
 * until closed; -EBUSY when another daemon has it (its pid in *HOLDER, 0
 * unknown), or another errno.
 */
int state_lock(pid_t *holder);

#endif
