/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How the guest tells the plugin to switch: it executes a no-op of eight bytes, `nopl
 * MAGIC(%rax,%rax)`, whose displacement no compiler chooses.  Anywhere else it does nothing, and it
 * needs no device, no driver and no privilege.
 */
#ifndef LAB_CLOCK_MAGIC_H
#define LAB_CLOCK_MAGIC_H

#define CLOCK_MAGIC_OFF 0x4b4c4300
#define CLOCK_MAGIC_ON 0x4b4c4301

#endif
