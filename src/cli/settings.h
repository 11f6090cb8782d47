/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The configuration file: lines of "key = value", comments, nothing else.
 * cxl-tiersched.conf(5) has the format; what the keys mean is for the caller.
 */
#ifndef TS_SETTINGS_H
#define TS_SETTINGS_H

#include <stddef.h>

#define SETTINGS_MAX_BYTES 65536 /* of a whole file */

/*
 * Takes one setting.  WHERE is "FILE:LINE: ", to begin a complaint with.  KEY and
 * VALUE are without white space around them; they may be empty and go with the
 * call.  0, or negative after saying what is wrong, which ends the reading.
 */
typedef int (*settings_take)(void *user, const char *where, const char *key, const char *value);

/*
 * Read the file at PATH: a regular one, so that nothing blocks and no device is
 * opened, of at most SETTINGS_MAX_BYTES.  0, or negative errno after one line that
 * says what is wrong.
 */
int settings_read(const char *path, settings_take take, void *user);

/* The same for SIZE bytes of TEXT, which is written to; TEXT[SIZE] must be there too. */
int settings_parse(const char *path, char *text, size_t size, settings_take take, void *user);

#endif
