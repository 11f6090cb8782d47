/* SPDX-License-Identifier: GPL-2.0 */
/* Parsers for what the kernel writes into a node's directory, beyond single numbers and lists. */
#ifndef TS_NUMA_TEXT_H
#define TS_NUMA_TEXT_H

#include <stddef.h>
#include <stdint.h>

/*
 * nodeN/distance: one number for each online node, "10 21 17".  The first MAX
 * go into OUT (which may be written on failure too).  Returns how many numbers
 * there are, or -EINVAL for anything but numbers and white space.
 */
int text_parse_distances(uint32_t *out, size_t max, const char *text);

/* nodeN/meminfo: bytes of "Node N MemTotal: X kB".  0, -EINVAL (no such line), -ERANGE. */
int text_parse_mem_total(uint64_t *out_bytes, const char *text);

#endif
