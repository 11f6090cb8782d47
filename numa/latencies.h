/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Measured latencies and their file below /run, so that a restart need not
 * measure again.  They hold for one boot, and for the nodes and devices they
 * were measured with.
 */
#ifndef TS_LATENCIES_H
#define TS_LATENCIES_H

#include <stdbool.h>

#include "numa/topology.h"

/* What the file holds, as JSON.  Pure. */

/* BOOT_ID and LATENCY_NS ([nr_nodes * nr_nodes] of T) as text that the caller frees; NULL without memory. */
char *latencies_format(const struct topology *t, const uint32_t *latency_ns, const char *boot_id);

/*
 * The reverse, into LATENCY_NS.  0; -EINVAL for text that is not such a
 * document; -ESTALE for one of another boot or other nodes.
 */
int latencies_parse(uint32_t *latency_ns, const struct topology *t, const char *boot_id,
		    const char *text);

/* Measure, print nothing, keep, and let T have them.  0 or -errno after saying why. */
int latencies_measure(struct topology *t);

/* Let T have those that were kept, if they are of it.  Did it? */
bool latencies_recall(struct topology *t);

#endif
