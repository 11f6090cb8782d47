/* SPDX-License-Identifier: GPL-2.0 */
/* Results, on stdout.  Whoever prints them looks whether they got there. */
#ifndef TS_OUTPUT_H
#define TS_OUTPUT_H

/*
 * Flush stdout.  0, or -EIO when something printed so far is lost: a full disk, a
 * pipe that nobody reads.  Says so, but once in the life of the program.
 */
int output_flush(void);

#endif
