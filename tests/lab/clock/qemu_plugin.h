/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The part of QEMU's TCG plugin ABI that the clock uses, declared by hand: Debian ships no header.
 *
 * Written for API 7 (QEMU 11), where every callback carries user data and none the plugin's id.
 * QEMU states the range of versions it honours: it refuses a plugin whose `qemu_plugin_version`
 * lies outside, and tells the range in qemu_info.
 */
#ifndef LAB_CLOCK_QEMU_PLUGIN_H
#define LAB_CLOCK_QEMU_PLUGIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifndef CLOCK_PLUGIN_API
#define CLOCK_PLUGIN_API 7 /* another number serves the tests: QEMU has to refuse it */
#endif

#define QEMU_PLUGIN_EXPORT __attribute__((visibility("default")))

typedef uint64_t qemu_plugin_id_t;
typedef uint32_t qemu_plugin_meminfo_t;

struct qemu_plugin_tb;
struct qemu_plugin_insn;
struct qemu_plugin_hwaddr;
struct qemu_plugin_register;

/* As GLib has its GByteArray and GArray, for reading only. */
struct qemu_bytes {
	void *data;
	unsigned int nr;
};

/* What the array of qemu_plugin_get_registers is of. */
struct qemu_plugin_reg_descriptor {
	struct qemu_plugin_register *handle;
	const char *name, *feature;
	bool is_readonly;
};

struct qemu_info {
	const char *target_name;
	struct {
		int min;
		int cur;
	} version;
	bool system_emulation;
	struct {
		int smp_vcpus;
		int max_vcpus;
	} system;
};

enum { QEMU_PLUGIN_CB_NO_REGS = 0, QEMU_PLUGIN_CB_RW_REGS = 2 };
enum { QEMU_PLUGIN_MEM_RW = 3 };

typedef void (*qemu_plugin_udata_cb)(void *udata);
typedef void (*qemu_plugin_tb_cb)(struct qemu_plugin_tb *tb, void *udata);
typedef void (*qemu_plugin_vcpu_cb)(unsigned int vcpu, void *udata);
typedef void (*qemu_plugin_mem_cb)(unsigned int vcpu, qemu_plugin_meminfo_t info, uint64_t vaddr,
				   void *udata);

extern QEMU_PLUGIN_EXPORT int qemu_plugin_version;
QEMU_PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info *info,
					   int argc, char **argv);

/* Takes back every callback and drops all translated code, then calls @cb; to be called on a vCPU's
 * thread. */
void qemu_plugin_reset(qemu_plugin_id_t id, qemu_plugin_udata_cb cb, void *udata);
void qemu_plugin_register_atexit_cb(qemu_plugin_id_t id, qemu_plugin_udata_cb cb, void *udata);
void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id, qemu_plugin_tb_cb cb, void *udata);
void qemu_plugin_register_vcpu_idle_cb(qemu_plugin_id_t id, qemu_plugin_vcpu_cb cb, void *udata);
void qemu_plugin_register_vcpu_resume_cb(qemu_plugin_id_t id, qemu_plugin_vcpu_cb cb, void *udata);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn, qemu_plugin_vcpu_cb cb,
					    int flags, void *udata);
void qemu_plugin_register_vcpu_mem_cb(struct qemu_plugin_insn *insn, qemu_plugin_mem_cb cb,
				      int flags, int rw, void *udata);

size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t i);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);
size_t qemu_plugin_insn_data(const struct qemu_plugin_insn *insn, void *to, size_t size);

struct qemu_plugin_hwaddr *qemu_plugin_get_hwaddr(qemu_plugin_meminfo_t info, uint64_t vaddr);
bool qemu_plugin_hwaddr_is_io(const struct qemu_plugin_hwaddr *hw);
uint64_t qemu_plugin_hwaddr_phys_addr(const struct qemu_plugin_hwaddr *hw);
bool qemu_plugin_mem_is_store(qemu_plugin_meminfo_t info);

/* Both on a vCPU's thread, the second from a callback with QEMU_PLUGIN_CB_RW_REGS. */
const struct qemu_bytes *qemu_plugin_get_registers(void);
bool qemu_plugin_write_register(struct qemu_plugin_register *to, const struct qemu_bytes *from);

#endif
