/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A chain of dependent loads over memory of a node.  Each line points to another one.
 *
 * The order is that of a linear congruential sequence of full period (modulus a power of two,
 * multiplier 1 modulo 4, odd increment).  Every line comes once, and no neighbours come one after
 * the other.  It is written in address order, which is quick where random writes are slow.
 */
#ifndef LAB_GUEST_CHAIN_H
#define LAB_GUEST_CHAIN_H

#include <stdbool.h>
#include <stddef.h>

#include "nodes.h"

enum { CHAIN_STEP = 8 }; /* loads are followed so many at a time */

struct chain {
	struct chain *next;
	char rest[LINE_BYTES - sizeof(struct chain *)];
};

/* Can a chain have so many bytes?  A power of two, from 64 KiB. */
bool chain_fits(size_t bytes);

/* Ends the program with a line on stderr where there is no such memory. */
struct chain *chain_make(int node, size_t bytes);

/* LOADS loads, in steps of CHAIN_STEP.  Returns where that ends. */
struct chain *chain_follow(struct chain *at, unsigned int loads);

#endif
