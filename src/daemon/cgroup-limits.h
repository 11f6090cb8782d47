/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Cgroups with a CPU limit (cpu.max).  The kernel's fair scheduler enforces such limits.  A
 * sched_ext scheduler would have to do that itself, and this one does not.
 */
#ifndef TS_CGROUP_LIMITS_H
#define TS_CGROUP_LIMITS_H

#include <stdbool.h>
#include <stddef.h>

#define CGROUP_ROOT "/sys/fs/cgroup"
#define CGROUP_LIMITS_MOST 4096 /* cgroups looked at */
#define CGROUP_LIMITS_DEPTH 64	/* below the root */

struct cgroup_limits {
	size_t nr;     /* cgroups whose cpu.max is not "max", found so far */
	size_t looked; /* cgroups looked at, the root too */
	bool all;      /* all cgroups were looked at */
};

/*
 * Look at the cgroup v2 tree below SYSROOT (NULL: this machine).  A group that comes or goes in
 * between may be missed.  0, or -ENOENT where no cgroup v2 is mounted at CGROUP_ROOT.
 */
int cgroup_limits_read(struct cgroup_limits *out, const char *sysroot);

#endif
