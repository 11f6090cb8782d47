/* SPDX-License-Identifier: GPL-2.0 */
/* Counts of one period, from `on` to `off` or the end, as one line of JSON. */
#ifndef LAB_CLOCK_COUNTS_H
#define LAB_CLOCK_COUNTS_H

#include "model.h"

/* Appends to @path; zero or a negative errno. */
int counts_append(const char *path, const struct model *m, unsigned int period, uint64_t lasted_ns);

#endif
