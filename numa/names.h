/* SPDX-License-Identifier: GPL-2.0 */
/* Numbered entries of a sysfs directory: node0 node2, region0, dax1.0. */
#ifndef TS_NUMA_NAMES_H
#define TS_NUMA_NAMES_H

#include <stddef.h>

#include "base/util.h"

/* Names in the order of their numbers (region2 before region10).  It owns the strings. */
struct names {
	char **list;
	size_t nr;
};

#define NAMES_INIT {NULL, 0}

/*
 * List the entries of SYSROOT/PATH (a printf format) that are PREFIX and a number, or PREFIX and
 * two numbers with a dot between.  A directory that is not there, or cannot be read, has none.  0
 * or -ENOMEM.  OUT is written on success only.
 */
int names_read(struct names *out, const char *prefix, const char *sysroot, const char *fmt, ...)
	_printf_(4, 5);

/* The number after PREFIX in NAME ("node", "node12").  -1 when NAME is not of that form. */
int names_number(const char *name, const char *prefix);

void names_deinit(struct names *names);

#define _cleanup_names_ _cleanup_(names_deinit)

#endif
