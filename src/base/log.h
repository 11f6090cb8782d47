/* SPDX-License-Identifier: GPL-2.0 */
/* The log: one line per message on stderr.  stdout belongs to results. */
#ifndef TS_BASE_LOG_H
#define TS_BASE_LOG_H

#include "base/util.h"

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/* Messages above LEVEL are dropped; the default is LOG_LEVEL_INFO. */
void log_set_level(enum log_level level);
enum log_level log_get_level(void);

/*
 * Prefix each line with syslog priorities ("<4>") as systemd's journal reads
 * them; log_init() turns it on when stderr is the journal (JOURNAL_STREAM).
 */
void log_init(void);

/* Keeps errno as it was. */
void log_write(enum log_level level, const char *fmt, ...) _printf_(2, 3);

#define log_error(...) log_write(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_write(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_info(...) log_write(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_write(LOG_LEVEL_DEBUG, __VA_ARGS__)

#endif
