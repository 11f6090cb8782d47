/* SPDX-License-Identifier: GPL-2.0 */
/* Parsers for what the kernel writes into a node's directory, beyond single numbers and lists. */
#ifndef TS_NUMA_TEXT_H
#define TS_NUMA_TEXT_H

#include <stddef.h>
#include <stdint.h>

#include "base/idlist.h"

/*
 * nodeN/cpumap: hexadecimal words of 32 bits with commas between, the highest first, as in
 * "3,0000000f".  0, -EINVAL, -ERANGE for a number above IDLIST_MAX_ID, or -ENOMEM.  OUT is written
 * on success only.  The caller frees it.
 */
int text_parse_mask(struct idlist *out, const char *text);

/*
 * nodeN/distance: one number for each online node, as in "10 21 17".  The first MAX go into OUT,
 * which may be written on failure too.  Returns how many numbers there are, or -EINVAL for
 * anything but numbers and white space.
 */
int text_parse_distances(uint32_t *out, size_t max, const char *text);

/* nodeN/meminfo: bytes of "Node N MemTotal: X kB".  0, -EINVAL (no such line), -ERANGE. */
int text_parse_mem_total(uint64_t *out_bytes, const char *text);

#endif
