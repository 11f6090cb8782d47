/* SPDX-License-Identifier: GPL-2.0 */
/* Figures for people: short, with a unit, three significant digits. */
#ifndef TS_FORMAT_H
#define TS_FORMAT_H

#include <stddef.h>
#include <stdint.h>

/* "0", "812K", "24.0M", "1.50G" (binary units).  Returns BUF. */
char *format_bytes(char *buf, size_t size, uint64_t bytes);

/* "100ms", "2s", "1m30s", "3h02m".  Returns BUF. */
char *format_duration(char *buf, size_t size, uint64_t ns);

/* "312 MB/s", "30.0 GB/s" (decimal units). */
char *format_mbps(char *buf, size_t size, uint64_t mbps);

#endif
