/* SPDX-License-Identifier: GPL-2.0 */
/* Strict parsers for what people type: the whole text must be right. */
#ifndef TS_BASE_PARSE_H
#define TS_BASE_PARSE_H

#include <stdint.h>

/*
 * All return 0, -EINVAL (wrong form) or -ERANGE (too large for the type), and write *OUT on
 * success only.
 */

/* Decimal, or hexadecimal after 0x; no sign, no spaces. */
int parse_u64(uint64_t *out, const char *text);

/*
 * A number with an optional fraction and a unit: ns us ms s m(in) h.  "1.5s", "100ms".  The unit
 * is required, for 0 too.
 */
int parse_duration_ns(uint64_t *out, const char *text);

/* A whole number of bytes, with an optional binary unit K M G T: "64M", "64MiB". */
int parse_size_bytes(uint64_t *out, const char *text);

#endif
