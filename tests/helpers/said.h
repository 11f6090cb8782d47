/* SPDX-License-Identifier: GPL-2.0 */
/* For tests: what a function says and returns in a process of its own. */
#ifndef TS_TESTS_SAID_H
#define TS_TESTS_SAID_H

/* FD (1 or 2) of CALL(ARG), whose result is *STATUS (0..255).  The text stays until the next call. */
const char *said(int fd, int (*call)(void *arg), void *arg, int *status);

#endif
