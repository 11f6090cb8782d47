/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The log: a line for each message, on stderr.  stdout is for results.  A message is escaped as a
 * whole (base/escape.h), so it is one line of printable text whatever its words hold.
 */
#ifndef TS_BASE_LOG_H
#define TS_BASE_LOG_H

#include <stdarg.h>

#include "base/util.h"

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/* Messages above LEVEL are dropped; the default is LOG_LEVEL_INFO. */
void log_set_level(enum log_level level);

/*
 * Begin each line with its syslog priority ("<4>"), as systemd's journal reads it.  log_init()
 * turns this on when stderr is the journal (JOURNAL_STREAM).
 */
void log_init(void);

/* Keeps errno as it was. */
void log_write(enum log_level level, const char *fmt, ...) _printf_(2, 3);

/* Each line of the text is a message.  Tabs become spaces.  Keeps errno as it was. */
void log_write_lines(enum log_level level, const char *fmt, va_list args) _printf_(2, 0);

#define log_error(...) log_write(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_write(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_info(...) log_write(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_write(LOG_LEVEL_DEBUG, __VA_ARGS__)

#endif
