/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Loads the program of bpf/vmas.bpf.c and runs it over the mappings of a process.  obey.h and the
 * program have the theory.
 */
#include "tier/obey.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "base/bpf-log.h"
#include "base/util.h"
#include "bpf/vmas.h"
#include "bpf/vmas.skel.h"
#include "tier/rules.h"

/*
 * The kernel's own buffer for records, where pages are 4 KB.  With more it would write into the
 * rest of ours without a pause for those who wait for the lock of the address space.
 */
#define BUFFER_BYTES 32768

struct obey {
	struct vmas_bpf *skel;
	struct rules rules;
	_Alignas(__u64) char buffer[BUFFER_BYTES];
};

static int load(struct obey *o)
{
	o->skel = vmas_bpf__open();
	if (!o->skel)
		return -errno;
	o->skel->rodata->nr_words = (__u32)rules_nr_words(&o->rules);
	o->skel->rodata->page_shift = (__u32)__builtin_ctzl((unsigned long)sysconf(_SC_PAGESIZE));
	return vmas_bpf__load(o->skel);
}

int obey_new(struct obey **out, const unsigned int *node_ids, size_t nr_nodes)
{
	struct obey *o = calloc(1, sizeof(*o));
	int r;

	if (!o)
		return -ENOMEM;
	bpf_log_init();
	r = rules_init(&o->rules, node_ids, nr_nodes);
	if (!r)
		r = load(o);
	if (r < 0) {
		obey_free(o);
		return r;
	}
	*out = o;
	return 0;
}

void obey_free(struct obey *o)
{
	if (!o)
		return;
	vmas_bpf__destroy(o->skel);
	rules_deinit(&o->rules);
	free(o);
}

/*
 * Make a file that holds the records of a process.  A descriptor, or -errno.  bpf_link_create()
 * and not libbpf's bpf_program__attach_iter(), which allocates.
 */
static int open_records(struct obey *o, pid_t task)
{
	union bpf_iter_link_info info = {.task.tid = (__u32)task};
	LIBBPF_OPTS(bpf_link_create_opts, options, .iter_info = &info,
		    .iter_info_len = sizeof(info));
	_cleanup_close_ int link = bpf_link_create(bpf_program__fd(o->skel->progs.ts_vmas), 0,
						   BPF_TRACE_ITER, &options);

	/* the file holds the program; the link may go */
	return link < 0 ? link : bpf_iter_create(link);
}

/*
 * A look ends with a read that leaves room for a record, or that brings nothing new.  The end of
 * the file is not waited for: for a single task the kernel (7.3 and before) begins anew there, with
 * the first mapping of its last full buffer.
 */
static int read_records(struct obey *o, int fd)
{
	size_t filled = 0;

	for (;;) {
		size_t room = sizeof(o->buffer) - filled;
		uint64_t end = rules_seen_end(&o->rules);
		ssize_t bytes = read(fd, o->buffer + filled, room), taken;

		if (bytes < 0)
			return -errno;
		filled += (size_t)bytes;
		taken = rules_take(&o->rules, o->buffer, filled);
		if (taken < 0)
			return taken == -ENOBUFS ? 0 : (int)taken;
		filled -= (size_t)taken;
		memmove(o->buffer, o->buffer + taken, filled);
		if (rules_seen_end(&o->rules) == end ||
		    (room == sizeof(o->buffer) && (size_t)bytes + sizeof(struct ts_vma) < room))
			/* a record that is cut would be a fault of the program */
			return filled ? -EPROTO : 0;
	}
}

int obey_read(struct obey *o, pid_t task, const struct obey_rules **out)
{
	_cleanup_close_ int fd = -1;
	const struct obey_rules *rules;
	int r;

	/* the kernel takes 0 for all tasks */
	if (task <= 0)
		return -ESRCH;
	fd = open_records(o, task);
	if (fd < 0)
		return fd;
	rules_begin(&o->rules);
	r = read_records(o, fd);
	if (r < 0)
		return r;
	rules = rules_end(&o->rules);
	if (!rules->nr_mappings)
		return -ESRCH;
	*out = rules;
	return 0;
}

int obey_read_part(struct obey *o, pid_t task, uint64_t start, uint64_t end,
		   const struct obey_rules **out)
{
	struct ts_vmas_ask ask = {.task = task, .start = start, .end = end};
	/* of such a program the kernel writes what it says where it was asked */
	LIBBPF_OPTS(bpf_test_run_opts, options, .ctx_in = &ask, .ctx_size_in = sizeof(ask));
	int r = task > 0 ? bpf_prog_test_run_opts(bpf_program__fd(o->skel->progs.ts_vmas_at),
						  &options)
			 : -ESRCH;

	if (r < 0)
		return r;
	r = (int)options.retval ? (int)options.retval : ask.error;
	if (r < 0)
		return r;
	rules_begin(&o->rules);
	for (uint32_t i = 0; i < ask.nr_found; i++) {
		const struct ts_vma *found = &o->skel->bss->found[i];
		ssize_t taken = rules_take(&o->rules, found, TS_VMA_SIZE((size_t)found->nr_words));

		if (taken <= 0)
			return taken < 0 ? (int)taken : -EPROTO;
	}
	*out = rules_end(&o->rules);
	return 0;
}
