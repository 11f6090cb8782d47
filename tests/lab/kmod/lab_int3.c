// SPDX-License-Identifier: GPL-2.0
/*
 * Repairs what QEMU's emulation does at times when the kernel changes its own code.
 *
 * The kernel switches a static branch in steps: a breakpoint (INT3) over the old
 * instruction, the rest of the new one, then its first byte in place of the breakpoint.
 * QEMU drops its translation of the old code just before it writes a byte.  A vCPU that
 * comes by in between translates the old byte anew, and keeps that: it runs into a
 * breakpoint that is in memory no more, and the kernel, which has done with it, dies of it.
 *
 * No CPU executes an INT3 that is not in memory.  So where that happens the byte is
 * written once more, which makes QEMU drop what it translated, and the instruction is
 * tried again.  Where the INT3 is there the branch may be on its way again, and the
 * next try finds the kernel prepared; one that stays is the kernel's own affair.
 */
#include <linux/kdebug.h>
#include <linux/module.h>
#include <linux/notifier.h>
#include <asm/processor-flags.h>
#include <asm/ptrace.h>

#define INT3 0xcc
#define MAX_TRIES 100000

static unsigned int mended;
module_param(mended, uint, 0444);
MODULE_PARM_DESC(mended, "how many times");

/* Write what is there to where nobody may write; in one step, for the kernel may be about to change it. */
static void rewrite(volatile u8 *at)
{
	unsigned long cr0;

	asm volatile("mov %%cr0, %0" : "=r"(cr0));
	asm volatile("mov %0, %%cr0" : : "r"(cr0 & ~X86_CR0_WP) : "memory");
	asm volatile("lock orb $0, %0" : "+m"(*at));
	asm volatile("mov %0, %%cr0" : : "r"(cr0) : "memory");
}

/* Other CPUs may count here too: it is the order of magnitude that matters. */
static bool is_there_to_stay(unsigned long ip)
{
	static unsigned long last_ip;
	static unsigned int tries;

	if (ip != READ_ONCE(last_ip)) {
		WRITE_ONCE(last_ip, ip);
		WRITE_ONCE(tries, 0);
	}
	WRITE_ONCE(tries, READ_ONCE(tries) + 1);
	return READ_ONCE(tries) > MAX_TRIES;
}

static int see(struct notifier_block *block, unsigned long what, void *data)
{
	struct pt_regs *regs = ((struct die_args *)data)->regs;
	volatile u8 *at;

	if (what != DIE_INT3 || user_mode(regs))
		return NOTIFY_DONE;
	at = (volatile u8 *)(regs->ip - 1);
	if (*at == INT3 && is_there_to_stay(regs->ip))
		return NOTIFY_DONE;
	if (*at != INT3) {
		rewrite(at);
		mended++;
	}
	regs->ip--;
	return NOTIFY_STOP;
}

static struct notifier_block block = {.notifier_call = see, .priority = INT_MAX};

static int __init start(void)
{
	return register_die_notifier(&block);
}

static void __exit end(void)
{
	unregister_die_notifier(&block);
}

module_init(start);
module_exit(end);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Stale translations of patched kernel code, for the lab's emulated machines");
