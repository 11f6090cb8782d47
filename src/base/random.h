/* SPDX-License-Identifier: GPL-2.0 */
/* Random numbers that can be repeated. */
#ifndef TS_BASE_RANDOM_H
#define TS_BASE_RANDOM_H

#include <stdint.h>

/*
 * The next number of the sequence that STATE determines.  STATE may begin with any number.  The
 * method is splitmix64, by Steele, Lea and Flood.
 */
static inline uint64_t random_next(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

#endif
