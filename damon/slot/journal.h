/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a session has changed on this machine, kept in a small file so that the
 * next start can put it back if this one is killed.
 *
 * The file is replaced before each change, never after, so at any moment it
 * names at least what was changed.  Another boot voids it: sysfs forgets.
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
	JOURNAL_NO_SLOT,    /* none claimed */
	JOURNAL_CLAIMING,   /* the slot is being made or taken: its mark may not be there yet */
	JOURNAL_MARKED,     /* the slot bears our mark; its kdamond may be starting, running or stopped */
};

struct journal {
	char boot_id[PROC_BOOT_ID_SIZE]; /* of the boot the rest is true for */
	bool stat_lifted; /* DAMON_STAT was on and we turned it off */
	enum journal_stage stage;
	uint32_t slot; /* the rest is meaningless in JOURNAL_NO_SLOT */
	uint32_t nr_kdamonds_before; /* 0: we made the slot */
	uint32_t nr_contexts_before; /* of the slot */
	uint64_t mark; /* contexts/0/monitoring_attrs/intervals/update_us: no other user writes this odd number */
	pid_t thread; /* kdamond seen running; 0: none, or starting right now */
};

/* 0 or -EINVAL for anything that journal_format() would not have written.  OUT on success only. */
int journal_parse(struct journal *out, const char *text);

/* Writes J as text into BUF of JOURNAL_TEXT_SIZE bytes. */
void journal_format(char *buf, const struct journal *j);

/* 0, -ENOENT when there is none, -EINVAL, or another errno. */
int journal_load(struct journal *out, const char *path);

/* Replaces the file in one step; without room for another one, its contents.  0 or a negative errno. */
int journal_store(const struct journal *j, const char *path);

void journal_remove(const char *path);

#endif
