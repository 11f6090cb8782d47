/* SPDX-License-Identifier: GPL-2.0 */
/* For tests: a run over a recorded machine. */
#include "tests/helpers/run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "cli/options.h"
#include "daemon/tiering.h"

static void open_damon(struct run *r)
{
	char journal[256];
	struct damon_options options = {
		.sysroot = r->root.path,
		.journal = journal,
		.aggregation_us = 100000,
		.reader = DAMON_READER_TRIED_REGIONS,
	};

	damon_tree_init(&r->root);
	damon_tree_make_targets(&r->root, 2);
	snprintf(journal, sizeof(journal), "%s/journal", r->root.path);
	assert_int_equal(damon_open(&r->d.damon, &options), 0);
}

void run_init(struct run *r, const char *machine)
{
	struct topology_options topology = {.cxl_nodes = &r->options.cxl_nodes};

	*r = (struct run){0};
	options_init(&r->options);
	r->options.choose.max_processes = 4;
	sysroot_init(&r->root, machine ? machine : "");
	topology.sysroot = machine ? r->root.path : NULL;
	r->d = (struct daemon){
		.options = &r->options,
		.model_options = MODEL_OPTIONS_DEFAULT,
		.tick_ns = r->options.damon_interval_ns,
	};
	assert_int_equal(topology_read(&r->d.topology, &topology), 0);
	assert_int_equal(machine_new(&r->d.machine, r->d.topology), 0);
	assert_int_equal(metrics_new(&r->d.metrics, r->d.topology, NULL, 0, NULL), 0);
	assert_int_equal(
		managed_init(&r->d.set, r->d.machine, r->options.choose.max_processes, false), 0);
	open_damon(r);
}

void run_deinit(struct run *r)
{
	chooser_free(r->d.chooser);
	sched_free(r->d.sched);
	damon_close(r->d.damon);
	tiering_free(r->d.tiering);
	managed_deinit(&r->d.set);
	metrics_free(r->d.metrics);
	machine_free(r->d.machine);
	topology_free(r->d.topology);
	sysroot_deinit(&r->root);
	options_deinit(&r->options);
}

struct choice run_choice(pid_t pid, uint64_t start_time, const char *name)
{
	struct choice c = {
		.proc = {.pid = pid, .start_time = start_time, .rss_bytes = UINT64_C(96) << 20},
		.task = {pid, start_time},
		.reason = CHOOSE_SIZE,
	};

	snprintf(c.proc.comm, sizeof(c.proc.comm), "%s", name);
	return c;
}
