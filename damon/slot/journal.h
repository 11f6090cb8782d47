/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The journal: what a session has changed on this machine.  It is a small file, so that the next
 * start can put the changes back if this one is killed.
 *
 * The file is replaced before each change, never after.  So at any moment it names at least what
 * was changed.  After another boot it counts for nothing, because sysfs forgets.
 */
#ifndef TS_DAMON_JOURNAL_H
#define TS_DAMON_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/proc.h"

/* A journal is never longer than this. */
#define JOURNAL_TEXT_SIZE 512

enum journal_stage {
	JOURNAL_NO_SLOT, /* none claimed */
	/* The slot is being made or taken.  Its mark may not be there yet. */
	JOURNAL_CLAIMING,
	/* The slot has our mark.  Its kdamond may be starting, running or stopped. */
	JOURNAL_MARKED,
};

struct journal {
	char boot_id[PROC_BOOT_ID_SIZE]; /* the boot that the rest is true for */
	bool stat_lifted;		 /* DAMON_STAT was on and we turned it off */
	enum journal_stage stage;
	uint32_t slot;		     /* the rest is meaningless in JOURNAL_NO_SLOT */
	uint32_t nr_kdamonds_before; /* 0: we made the slot */
	uint32_t nr_contexts_before; /* of the slot */
	/*
	 * contexts/0/monitoring_attrs/intervals/update_us.  No other user writes this odd number.
	 */
	uint64_t mark;
	pid_t thread; /* the kdamond that ran; 0: none, or it is just starting */
};

/*
 * 0, or -EINVAL for anything that journal_format() would not have written.  OUT is written on
 * success only.
 */
int journal_parse(struct journal *out, const char *text);

/* Write J as text into BUF, which has JOURNAL_TEXT_SIZE bytes. */
void journal_format(char *buf, const struct journal *j);

/* 0, -ENOENT when there is none, -EINVAL, or another errno. */
int journal_load(struct journal *out, const char *path);

/*
 * Replace the file in one step.  Without room for another file, replace its contents.  0 or a
 * negative errno.
 */
int journal_store(const struct journal *j, const char *path);

void journal_remove(const char *path);

#endif
