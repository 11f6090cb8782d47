/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Memory bandwidth by the L3 monitors of the CPUs (Intel RDT, AMD PQoS), as the file system
 * resctrl shows them.  It is read where it is mounted.  Nothing in it is changed.
 *
 * On AMD CPUs an administrator may tell each of the two counters what to count
 * (info/L3_MON/mbm_*_bytes_config).  A counter that counts what it is named after is "total" or
 * "local".  A counter that counts only reads from slow memory is "slow": that is what CPUs read
 * from CXL.  Any other choice has no name here, and is unknown.
 */
#ifndef TS_METRICS_RESCTRL_H
#define TS_METRICS_RESCTRL_H

#include "numa/topology.h"

#define RESCTRL "/sys/fs/resctrl"

enum resctrl_flow {
	RESCTRL_TOTAL, /* between its last-level caches and all memory */
	RESCTRL_LOCAL, /* between them and memory of its own node */
	RESCTRL_SLOW,  /* reads from slow memory */
	RESCTRL_NR_FLOWS,
};

struct resctrl;

/*
 * T is not kept.  SYSROOT (as in base/sysfs.h) is kept.  0, -ENOMEM, or -ENOENT where resctrl is
 * not mounted or the CPUs monitor no bandwidth.
 */
int resctrl_new(struct resctrl **out, const struct topology *t, const char *sysroot);
void resctrl_free(struct resctrl *r);

/*
 * Read all groups of all domains, as of NOW_NS, CLOCK_MONOTONIC.  Once a second is often enough.
 */
void resctrl_update(struct resctrl *r, uint64_t now_ns);

/*
 * MB/s (10^6 bytes) of the CPUs of node ID between the last two updates, all tasks together.  -1
 * unknown: before the second update, when a group has come or gone in between, when a count went
 * back or cannot be read, and where an L3 serves two nodes.
 */
double resctrl_mbps(const struct resctrl *r, unsigned int id, enum resctrl_flow flow);

/*
 * What a counter counts in DOMAIN, by the text of its configuration, such as "0=0x7f;1=0x15".
 * Pure.  0, or -EINVAL, also for a domain that is not in the text.
 */
int resctrl_events_parse(uint32_t *events, const char *text, unsigned int domain);

#endif
