/* SPDX-License-Identifier: GPL-2.0 */
/* What chase, fills and stream share: numbers of the command line, places to run and memory to use. */
#ifndef LAB_GUEST_NODES_H
#define LAB_GUEST_NODES_H

#include <stddef.h>
#include <stdint.h>

enum { LINE_BYTES = 64 };

uint64_t now_ns(void);

/* These end the program with a line on stderr where they cannot do what they are asked. */
uint64_t parse_number(const char *option, const char *text, uint64_t min, uint64_t max);
size_t parse_size(const char *option, const char *text); /* 64M, 512K, 1G, or bytes */
void run_on(int node, unsigned int index); /* this thread, on the index-th CPU of the node, around
					      again past the last */
void *memory_on(int node, size_t bytes);   /* zeroed and all there */

#endif
