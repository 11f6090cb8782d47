/* SPDX-License-Identifier: GPL-2.0 */
/* Small things that every room uses: cleanup at the end of a scope, array sizes, bounds. */
#ifndef TS_BASE_UTIL_H
#define TS_BASE_UTIL_H

#include <dirent.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define NSEC_PER_USEC UINT64_C(1000)
#define NSEC_PER_MSEC UINT64_C(1000000)
#define NSEC_PER_SEC UINT64_C(1000000000)

/* Each side is evaluated once, in the type that arithmetic would give them. */
#define MIN(a, b)                                                                                  \
	({                                                                                         \
		__typeof__((a) + (b)) _a = (a), _b = (b);                                          \
		_a < _b ? _a : _b;                                                                 \
	})
#define MAX(a, b)                                                                                  \
	({                                                                                         \
		__typeof__((a) + (b)) _a = (a), _b = (b);                                          \
		_a > _b ? _a : _b;                                                                 \
	})

/* Run FN(&variable) when the variable leaves its scope. */
#define _cleanup_(fn) __attribute__((cleanup(fn)))
#define _cleanup_free_ _cleanup_(free_ptr)
#define _cleanup_close_ _cleanup_(close_fd)
#define _cleanup_fclose_ _cleanup_(fclose_ptr)
#define _cleanup_closedir_ _cleanup_(closedir_ptr)
#define _printf_(fmt, args) __attribute__((format(printf, fmt, args)))

static inline void free_ptr(void *p)
{
	free(*(void **)p);
}

static inline void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static inline void fclose_ptr(FILE **f)
{
	if (*f)
		fclose(*f);
}

static inline void closedir_ptr(DIR **d)
{
	if (*d)
		closedir(*d);
}

/* Hand a descriptor over: returns *fd and leaves -1 behind. */
static inline int take_fd(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}

/* Hand a pointer over: returns *pp and leaves NULL behind. */
#define TAKE(pp)                                                                                   \
	({                                                                                         \
		__typeof__(*(pp)) _t = *(pp);                                                      \
		*(pp) = NULL;                                                                      \
		_t;                                                                                \
	})

#endif
