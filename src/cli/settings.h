/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The configuration file: lines of "key = value", comments, nothing else.  cxl-tiersched.conf(5)
 * has the format.  What the keys mean is the caller's business.
 */
#ifndef TS_SETTINGS_H
#define TS_SETTINGS_H

#include <stddef.h>

#define SETTINGS_MAX_BYTES 65536 /* of a whole file */

/*
 * Takes one setting.  A complaint begins with WHERE, which is "FILE:LINE: ".  KEY and VALUE have
 * no white space around them, may be empty, and are gone after the call.  0, or negative after
 * logging what is wrong, which ends the reading.
 */
typedef int (*settings_take)(void *user, const char *where, const char *key, const char *value);

/*
 * Read the file at PATH.  It must be a regular file, so that nothing blocks and no device is
 * opened, and have at most SETTINGS_MAX_BYTES.  0, or a negative errno after one line that says
 * what is wrong.
 */
int settings_read(const char *path, settings_take take, void *user);

/* The same for SIZE bytes of TEXT.  It writes to TEXT, up to TEXT[SIZE]. */
int settings_parse(const char *path, char *text, size_t size, settings_take take, void *user);

#endif
