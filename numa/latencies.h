/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Measured latencies, and their file below /run.  With the file a restart need not measure again.
 * They hold for one boot, and for the nodes and devices that they were measured with.
 */
#ifndef TS_LATENCIES_H
#define TS_LATENCIES_H

#include <stdbool.h>

#include "numa/topology.h"

/* The content of the file, as JSON.  Both functions are pure. */

/*
 * BOOT_ID and LATENCY_NS as text, which the caller frees.  LATENCY_NS is [nr_nodes * nr_nodes] of
 * T.  NULL without memory.
 */
char *latencies_format(const struct topology *t, const uint32_t *latency_ns, const char *boot_id);

/*
 * The reverse, into LATENCY_NS.  0, -EINVAL for text that is not such a document, or -ESTALE for
 * the document of another boot or other nodes.
 */
int latencies_parse(uint32_t *latency_ns, const struct topology *t, const char *boot_id,
		    const char *text);

/* Measure, write the file, and give them to T.  0, or -errno after logging why. */
int latencies_measure(struct topology *t);

/* Give T the latencies of the file, if they belong to it.  Returns whether they do. */
bool latencies_recall(struct topology *t);

#endif
