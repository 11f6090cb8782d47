/* SPDX-License-Identifier: GPL-2.0 */
/* Figures for people. */
#include "base/format.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/util.h"

char *format_bytes(char *buf, size_t size, uint64_t bytes)
{
	static const char units[] = "KMGTPE";
	double value = (double)bytes;
	int unit = -1;

	while (value >= 999.5 && unit < 5) {
		value /= 1024;
		unit++;
	}
	if (unit < 0)
		snprintf(buf, size, "%" PRIu64, bytes);
	else
		snprintf(buf, size, "%.*f%c",
			 value >= 99.95	  ? 0
			 : value >= 9.995 ? 1
					  : 2,
			 value, units[unit]);
	return buf;
}

char *format_duration(char *buf, size_t size, uint64_t ns)
{
	uint64_t s = ns / NSEC_PER_SEC;

	if (ns < NSEC_PER_MSEC)
		snprintf(buf, size, "%" PRIu64 "us", ns / NSEC_PER_USEC);
	else if (ns < NSEC_PER_SEC)
		snprintf(buf, size, "%" PRIu64 "ms", ns / NSEC_PER_MSEC);
	else if (s < 60)
		snprintf(buf, size, "%" PRIu64 "s", s);
	else if (s < 3600)
		snprintf(buf, size, "%" PRIu64 "m%02" PRIu64 "s", s / 60, s % 60);
	else
		snprintf(buf, size, "%" PRIu64 "h%02" PRIu64 "m", s / 3600, s / 60 % 60);
	return buf;
}

char *format_mbps(char *buf, size_t size, uint64_t mbps)
{
	if (mbps < 1000)
		snprintf(buf, size, "%" PRIu64 " MB/s", mbps);
	else
		snprintf(buf, size, "%.*f GB/s",
			 mbps >= 99950	? 0
			 : mbps >= 9995 ? 1
					: 2,
			 (double)mbps / 1000);
	return buf;
}
