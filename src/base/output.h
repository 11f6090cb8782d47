/* SPDX-License-Identifier: GPL-2.0 */
/* Results, on stdout.  Who prints them checks that they were written. */
#ifndef TS_OUTPUT_H
#define TS_OUTPUT_H

/*
 * Flush stdout.  0, or -EIO when some of what was printed is lost: the disk is full, or nobody
 * reads the pipe.  The first time it logs this.
 */
int output_flush(void);

#endif
