/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The lab's clock, a QEMU TCG plugin: gives an emulated machine memory latencies and bandwidths.
 *
 * QEMU serves every guest page at the host's speed, so a guest cannot tell near memory from far or
 * from CXL.  While the clock is on, each guest access passes the model (model.h), and what it finds
 * due is slept off on the vCPU's thread: the guest sees a CPU that stalls, and the host's core is
 * free for another vCPU.
 *
 * While it is off, translated code carries no callbacks at all and runs at QEMU's own speed:
 * switching drops all translated code. Translation looks for the guest's magic no-ops either way
 * (magic.h).  The clock starts off.
 */
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>

#include "settings.h"
#include "counts.h"
#include "magic.h"
#include "model.h"
#include "qemu_plugin.h"

QEMU_PLUGIN_EXPORT int qemu_plugin_version = CLOCK_PLUGIN_API;

static struct model model;
static qemu_plugin_id_t plugin_id;
static bool is_on;	  /* changes while all vCPUs stand still */
static bool is_switching; /* atomic */
static unsigned int period;
static uint64_t period_start_ns;

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static __attribute__((noinline)) void pay(struct vcpu *v)
{
	static __thread bool is_precise;
	const uint64_t from = now_ns(), due = model_settle(&model, v, from);
	const struct timespec ts = {.tv_sec = (time_t)(due / 1000000000),
				    .tv_nsec = (long)(due % 1000000000)};

	if (!due)
		return;
	if (!is_precise)
		is_precise = !prctl(PR_SET_TIMERSLACK, 1);
	clock_nanosleep(CLOCK_MONOTONIC, 0, &ts, NULL);
	model_slept(v, due, from, now_ns());
}

static void on_access(unsigned int vcpu, qemu_plugin_meminfo_t info, uint64_t va, void *udata)
{
	struct vcpu *v = &model.vcpus[vcpu];
	struct qemu_plugin_hwaddr *hw;

	if (model_near(v, va))
		return;
	hw = qemu_plugin_get_hwaddr(info, va);
	if (!hw || qemu_plugin_hwaddr_is_io(hw))
		return;
	model_access(&model, v, va, qemu_plugin_hwaddr_phys_addr(hw),
		     qemu_plugin_mem_is_store(info));
	if (model_due(v))
		pay(v);
}

static void on_idle(unsigned int vcpu, void *udata)
{
	model_idle(&model.vcpus[vcpu], now_ns());
}

static void on_resume(unsigned int vcpu, void *udata)
{
	model_resume(&model.vcpus[vcpu], now_ns());
}

static void end_period(void)
{
	int r;

	if (!is_on || !model.settings.counts_path)
		return;
	r = counts_append(model.settings.counts_path, &model, period, now_ns() - period_start_ns);
	if (r)
		fprintf(stderr, "lab clock: %s: %s\n", model.settings.counts_path, strerror(-r));
}

static void on_exit_qemu(void *udata)
{
	end_period();
}

static void register_all(void);

/* All vCPUs stand still. */
static void after_reset(void *wanted)
{
	end_period();
	is_on = wanted != NULL;
	if (is_on) {
		period++;
		period_start_ns = now_ns();
		model_restart(&model, period_start_ns);
	}
	register_all();
	__atomic_store_n(&is_switching, false, __ATOMIC_RELEASE);
}

static void on_magic(unsigned int vcpu, void *wanted)
{
	if (is_on == (wanted != NULL) || __atomic_exchange_n(&is_switching, true, __ATOMIC_ACQUIRE))
		return;
	qemu_plugin_reset(plugin_id, after_reset, wanted);
}

/* The same for all vCPUs.  It is looked for once, since the array is never freed. */
static struct qemu_plugin_register *find_rax(void)
{
	static struct qemu_plugin_register *rax; /* atomic */
	struct qemu_plugin_register *found = __atomic_load_n(&rax, __ATOMIC_RELAXED);
	const struct qemu_bytes *all = found ? NULL : qemu_plugin_get_registers();
	const struct qemu_plugin_reg_descriptor *registers = all ? all->data : NULL;

	for (unsigned int i = 0; all && i < all->nr; i++)
		if (!strcmp(registers[i].name, "rax"))
			found = registers[i].handle;
	__atomic_store_n(&rax, found, __ATOMIC_RELAXED);
	return found;
}

static void on_count(unsigned int vcpu, void *misses)
{
	const struct vcpu *v = &model.vcpus[vcpu];
	struct qemu_plugin_register *rax = find_rax();
	uint64_t sum = 0;

	for (unsigned int node = 0; is_on && node < model.settings.nr_nodes; node++)
		sum += misses ? v->counts[node].misses : v->counts[node].lookups;
	if (rax)
		qemu_plugin_write_register(rax, &(struct qemu_bytes){&sum, sizeof(sum)});
}

static void look_for_magic(struct qemu_plugin_insn *insn)
{
	static const uint8_t nop[4] = {0x0f, 0x1f, 0x84, 0x00};
	uint8_t bytes[8];
	uint32_t word;

	if (qemu_plugin_insn_size(insn) != sizeof(bytes) ||
	    qemu_plugin_insn_data(insn, bytes, sizeof(bytes)) != sizeof(bytes) ||
	    memcmp(bytes, nop, sizeof(nop)))
		return;
	memcpy(&word, bytes + sizeof(nop), sizeof(word));
	if (word == CLOCK_MAGIC_ON || word == CLOCK_MAGIC_OFF)
		qemu_plugin_register_vcpu_insn_exec_cb(insn, on_magic, QEMU_PLUGIN_CB_NO_REGS,
						       word == CLOCK_MAGIC_ON ? &model : NULL);
	if (word == CLOCK_MAGIC_REFERENCES || word == CLOCK_MAGIC_MISSES)
		qemu_plugin_register_vcpu_insn_exec_cb(insn, on_count, QEMU_PLUGIN_CB_RW_REGS,
						       word == CLOCK_MAGIC_MISSES ? &model : NULL);
}

static void on_translate(struct qemu_plugin_tb *tb, void *udata)
{
	const size_t nr = qemu_plugin_tb_n_insns(tb);

	for (size_t i = 0; i < nr; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);

		look_for_magic(insn);
		if (is_on)
			qemu_plugin_register_vcpu_mem_cb(insn, on_access, QEMU_PLUGIN_CB_NO_REGS,
							 QEMU_PLUGIN_MEM_RW, NULL);
	}
}

static void register_all(void)
{
	qemu_plugin_register_vcpu_tb_trans_cb(plugin_id, on_translate, NULL);
	qemu_plugin_register_atexit_cb(plugin_id, on_exit_qemu, NULL);
	if (is_on) {
		qemu_plugin_register_vcpu_idle_cb(plugin_id, on_idle, NULL);
		qemu_plugin_register_vcpu_resume_cb(plugin_id, on_resume, NULL);
	}
}

QEMU_PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info *info,
					   int argc, char **argv)
{
	struct settings settings;
	char why[256];

	if (info->version.min > CLOCK_PLUGIN_API || info->version.cur < CLOCK_PLUGIN_API) {
		fprintf(stderr, "lab clock: QEMU has plugin API %d to %d, the clock knows %d\n",
			info->version.min, info->version.cur, CLOCK_PLUGIN_API);
		return -1;
	}
	if (!settings_parse(&settings, argc, argv, why, sizeof(why))) {
		fprintf(stderr, "lab clock: %s\n", why);
		return -1;
	}
	if (info->system.max_vcpus > (int)settings.nr_vcpus) {
		fprintf(stderr, "lab clock: told of %u vCPUs, the machine may have %d\n",
			settings.nr_vcpus, info->system.max_vcpus);
		return -1;
	}
	if (model_init(&model, &settings) < 0) {
		fprintf(stderr, "lab clock: out of memory\n");
		return -1;
	}
	plugin_id = id;
	register_all();
	return 0;
}
