/* SPDX-License-Identifier: GPL-2.0 */
/* The file of measured latencies as text: JSON.  topology.h says what it is for.  Pure. */
#ifndef TS_LATENCIES_H
#define TS_LATENCIES_H

#include "numa/topology.h"

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

#endif
