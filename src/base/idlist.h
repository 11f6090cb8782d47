/* SPDX-License-Identifier: GPL-2.0 */
/* Sets of CPU or node numbers of any size, in the kernel's list format ("0-3,8"). */
#ifndef TS_BASE_IDLIST_H
#define TS_BASE_IDLIST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/util.h"

/* Ascending, without duplicates.  Owned by whoever holds the struct. */
struct idlist {
	unsigned int *ids;
	size_t nr;
};

#define IDLIST_INIT {NULL, 0}
/* The greatest number accepted: above the kernel's NR_CPUS and MAX_NUMNODES limits. */
#define IDLIST_MAX_ID 65535u

/*
 * Parse TEXT; white space around it is ignored and an empty text is the empty
 * set.  Returns 0, -EINVAL for anything but a list, -ERANGE for a number above
 * IDLIST_MAX_ID, -ENOMEM.  OUT is written on success only.
 */
int idlist_parse(struct idlist *out, const char *text);

/* Add one number.  0 or -ENOMEM. */
int idlist_add(struct idlist *list, unsigned int id);

bool idlist_has(const struct idlist *list, unsigned int id);
bool idlist_equal(const struct idlist *a, const struct idlist *b);

/* 0 or -ENOMEM. */
int idlist_copy(struct idlist *out, const struct idlist *from);

/*
 * Write LIST as "0-3,8" into BUF (the empty set as ""), cut to SIZE with "..."
 * at the end.  Returns BUF.
 */
char *idlist_format(char *buf, size_t size, const struct idlist *list);

void idlist_deinit(struct idlist *list);

#define _cleanup_idlist_ _cleanup_(idlist_deinit)

#endif
