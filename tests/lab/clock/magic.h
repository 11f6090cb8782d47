/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How the guest talks to the plugin: it executes a no-op of eight bytes, `nopl MAGIC(%rax,%rax)`,
 * whose displacement no compiler chooses.  Anywhere else it does nothing, and it needs no device,
 * no driver and no privilege.
 *
 * Two of them switch the clock.  The others leave in %rax what the model has counted of this CPU
 * since the clock was switched on: lookups in its node's last-level cache, and lines from memory.
 * They read 0 while it is off.
 */
#ifndef LAB_CLOCK_MAGIC_H
#define LAB_CLOCK_MAGIC_H

#define CLOCK_MAGIC_OFF 0x4b4c4300
#define CLOCK_MAGIC_ON 0x4b4c4301
#define CLOCK_MAGIC_REFERENCES 0x4b4c4302
#define CLOCK_MAGIC_MISSES 0x4b4c4303

/* For asm: such a no-op, by one of these names. */
#define CLOCK_NOP(magic) ".byte 0x0f, 0x1f, 0x84, 0x00\n\t.long " CLOCK_TEXT(magic)
#define CLOCK_TEXT(x) #x

#endif
