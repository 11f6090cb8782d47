/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Arrays that grow by one at a time, with nothing but a list and its number.  The room doubles
 * whenever the number is a power of two.  So no capacity has to be kept.
 */
#ifndef TS_BASE_ARRAY_H
#define TS_BASE_ARRAY_H

#include <stdlib.h>

/*
 * LIST of NR elements, NULL for none, with room for one more.  NULL without memory, and LIST is as
 * it was.
 */
static inline void *array_grow(void *list, size_t nr, size_t element)
{
	if (nr && (nr & (nr - 1)))
		return list;
	return reallocarray(list, nr ? 2 * nr : 1, element);
}

/* The place behind the last of NR elements of LIST, not filled in.  NULL without memory. */
#define ARRAY_PLACE(list, nr)                                                                      \
	({                                                                                         \
		__typeof__(list) _grown = array_grow(list, nr, sizeof(*(list)));                   \
		if (_grown)                                                                        \
			(list) = _grown;                                                           \
		_grown ? &(list)[nr] : NULL;                                                       \
	})

#endif
