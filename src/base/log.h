/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The log: one line per message on stderr.  stdout belongs to results.  Messages
 * are escaped as a whole (base/escape.h), so that whatever is in their words,
 * a message is one line of printable text.
 */
#ifndef TS_BASE_LOG_H
#define TS_BASE_LOG_H

#include <stdarg.h>

#include "base/util.h"

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/* Messages above LEVEL are dropped; the default is LOG_LEVEL_INFO. */
void log_set_level(enum log_level level);

/*
 * Prefix each line with syslog priorities ("<4>") as systemd's journal reads
 * them; log_init() turns it on when stderr is the journal (JOURNAL_STREAM).
 */
void log_init(void);

/* Keeps errno as it was. */
void log_write(enum log_level level, const char *fmt, ...) _printf_(2, 3);

/* Text of many lines, each a message; tabs become spaces.  Keeps errno as it was. */
void log_write_lines(enum log_level level, const char *fmt, va_list args) _printf_(2, 0);

#define log_error(...) log_write(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_write(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_info(...) log_write(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_write(LOG_LEVEL_DEBUG, __VA_ARGS__)

#endif
