/* SPDX-License-Identifier: GPL-2.0 */
/* The types that every BPF program uses.  No header of the kernel or of libc is needed for them. */
#ifndef TS_BPF_TYPES_H
#define TS_BPF_TYPES_H

typedef signed char __s8;
typedef unsigned char __u8;
typedef short __s16;
typedef unsigned short __u16;
typedef int __s32;
typedef unsigned int __u32;
typedef long long __s64;
typedef unsigned long long __u64;
typedef __u16 __be16;
typedef __u32 __be32;
typedef __u32 __wsum;
typedef _Bool bool;
#define true 1
#define false 0
#define NULL ((void *)0)

typedef __s32 s32;
typedef __s64 s64;
typedef __u8 u8;
typedef __u32 u32;
typedef __u64 u64;

#endif
