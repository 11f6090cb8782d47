/* SPDX-License-Identifier: GPL-2.0 */
#include "chain.h"

bool chain_fits(size_t bytes)
{
	return bytes >= 1 << 16 && !(bytes & (bytes - 1));
}

struct chain *chain_make(int node, size_t bytes)
{
	struct chain *lines = memory_on(node, bytes);
	const uint64_t mask = bytes / sizeof(*lines) - 1;

	for (uint64_t i = 0; i <= mask; i++)
		lines[i].next = &lines[(i * 1664525 + 1013904223) & mask];
	return lines;
}

struct chain *chain_follow(struct chain *at, unsigned int loads)
{
	for (unsigned int i = 0; i < loads / CHAIN_STEP; i++) {
		at = at->next->next->next->next->next->next->next->next;
		__asm__ volatile("" : "+r"(at)); /* the loads are the point */
	}
	return at;
}
