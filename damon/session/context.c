/* SPDX-License-Identifier: GPL-2.0 */
/* Writing a slot's configuration: see context.h. */
#include "damon/session/context.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/util.h"
#include "damon/files.h"

#define CONTEXT "%u/contexts/0/"
#define INTERVALS CONTEXT "monitoring_attrs/intervals/"
#define LIMITS CONTEXT "monitoring_attrs/nr_regions/"

#define REGIONS_PER_TARGET 150
#define MIN_BUDGET 200
#define MAX_BUDGET 3000

/* A multiple of every page size. */
#define PIECE_UNIT (UINT64_C(64) << 10)

struct context_limits context_limits_for(size_t nr_targets)
{
	size_t step = 1;

	while (step < nr_targets && step < MAX_BUDGET)
		step *= 2;
	return (struct context_limits){
		.min_regions = (uint32_t)(10 * MIN(step, 16)),
		.max_regions =
			(uint32_t)MIN(MAX(step * REGIONS_PER_TARGET, MIN_BUDGET), MAX_BUDGET),
	};
}

static bool has_word(const char *text, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = text; (at = strstr(at, word)); at += len)
		if ((at == text || at[-1] == '\n' || at[-1] == ' ') &&
		    (!at[len] || strchr(" \n", at[len])))
			return true;
	return false;
}

void context_features(struct context_features *out, const struct context *c)
{
	char text[256];

	*out = (struct context_features){
		.auto_intervals =
			files_exists(c->sysroot, INTERVALS "intervals_goal/aggrs", c->slot),
		.obsolete_target =
			files_exists(c->sysroot, CONTEXT "targets/0/obsolete_target", c->slot),
		.tried_regions =
			files_exists(c->sysroot, CONTEXT "schemes/0/tried_regions", c->slot),
	};
	if (!files_read(text, sizeof(text), c->sysroot, CONTEXT "avail_operations", c->slot)) {
		out->vaddr = has_word(text, "vaddr");
		out->fvaddr = has_word(text, "fvaddr");
	}
}

int context_probe(struct context_features *out, const struct context *c)
{
	int r;

	r = files_write("1", c->sysroot, CONTEXT "targets/nr_targets", c->slot);
	if (!r)
		r = files_write("1", c->sysroot, CONTEXT "schemes/nr_schemes", c->slot);
	if (r < 0)
		return r;
	context_features(out, c);
	r = files_write("0", c->sysroot, CONTEXT "schemes/nr_schemes", c->slot);
	if (!r)
		r = files_write("0", c->sysroot, CONTEXT "targets/nr_targets", c->slot);
	return r;
}

static int write_auto_goal(const struct context *c, const struct context_intervals *intervals)
{
	const struct {
		const char *file;
		uint64_t value;
	} goal[] = {
		{"access_bp", CONTEXT_AUTO_ACCESS_BP},
		{"aggrs", CONTEXT_AUTO_AGGREGATIONS},
		{"min_sample_us", MIN(CONTEXT_AUTO_MIN_SAMPLE_US, intervals->sample_us)},
		{"max_sample_us", MAX(CONTEXT_AUTO_MAX_SAMPLE_US, intervals->sample_us)},
	};
	int r = 0;

	for (size_t i = 0; !r && i < ARRAY_SIZE(goal); i++)
		r = files_write_u64(goal[i].value, c->sysroot, INTERVALS "intervals_goal/%s",
				    c->slot, goal[i].file);
	return r;
}

int context_write_intervals(const struct context *c, const struct context_intervals *intervals,
			    uint64_t update_us, bool auto_intervals)
{
	int r;

	r = files_write_u64(intervals->sample_us, c->sysroot, INTERVALS "sample_us", c->slot);
	if (!r)
		r = files_write_u64(intervals->aggregation_us, c->sysroot, INTERVALS "aggr_us",
				    c->slot);
	if (!r)
		r = files_write_u64(update_us, c->sysroot, INTERVALS "update_us", c->slot);
	if (!r && auto_intervals)
		r = write_auto_goal(c, intervals);
	return r;
}

int context_write_operations(const struct context *c, const char *operations)
{
	return files_write(operations, c->sysroot, CONTEXT "operations", c->slot);
}

int context_write_limits(const struct context *c, const struct context_limits *limits)
{
	int r = files_write_u64(limits->min_regions, c->sysroot, LIMITS "min", c->slot);

	return r ? r : files_write_u64(limits->max_regions, c->sysroot, LIMITS "max", c->slot);
}

#define REGIONS CONTEXT "targets/%zu/regions/"

/* How many pieces a range is cut into.  A piece has PIECE_BYTES at most. */
static size_t count_pieces(const struct damon_range *range, uint64_t piece_bytes)
{
	return (size_t)((range->end - range->start + piece_bytes - 1) / piece_bytes);
}

static int write_range(const struct context *c, size_t target, size_t at,
		       const struct damon_range *range, uint64_t piece_bytes)
{
	size_t nr = count_pieces(range, piece_bytes);
	int r = 0;

	for (size_t i = 0; !r && i < nr; i++) {
		uint64_t start = range->start + i * piece_bytes;
		uint64_t end = MIN(start + piece_bytes, range->end);

		r = files_write_u64(start, c->sysroot, REGIONS "%zu/start", c->slot, target,
				    at + i);
		if (!r)
			r = files_write_u64(end, c->sysroot, REGIONS "%zu/end", c->slot, target,
					    at + i);
	}
	return r;
}

/* Write the ranges of a target.  Those of a new target are cut into pieces. */
static int write_ranges(const struct context *c, size_t index, const struct commit_target *target)
{
	const struct damon_ranges *ranges = target->ranges;
	uint64_t bytes = 0, piece_bytes = UINT64_MAX / 2;
	size_t nr = 0, at = 0;
	int r;

	for (size_t i = 0; i < ranges->nr; i++)
		bytes += ranges->list[i].end - ranges->list[i].start;
	if (target->in_pieces)
		piece_bytes = (bytes / CONTEXT_LEAST_PIECES / PIECE_UNIT + 1) * PIECE_UNIT;
	for (size_t i = 0; i < ranges->nr; i++)
		nr += count_pieces(&ranges->list[i], piece_bytes);
	r = files_write_u64(nr, c->sysroot, REGIONS "nr_regions", c->slot, index);
	for (size_t i = 0; !r && i < ranges->nr; i++) {
		r = write_range(c, index, at, &ranges->list[i], piece_bytes);
		at += count_pieces(&ranges->list[i], piece_bytes);
	}
	return r;
}

int context_write_targets(const struct context *c, const struct commit_target *targets, size_t nr)
{
	int r = files_write_u64(nr, c->sysroot, CONTEXT "targets/nr_targets", c->slot);

	/* nr_targets makes all directories anew, so each one must be written. */
	for (size_t i = 0; !r && i < nr; i++) {
		r = files_write_u64((uint64_t)targets[i].pid, c->sysroot,
				    CONTEXT "targets/%zu/pid_target", c->slot, i);
		if (!r && targets[i].obsolete)
			r = files_write("Y", c->sysroot, CONTEXT "targets/%zu/obsolete_target",
					c->slot, i);
		if (!r && targets[i].ranges)
			r = write_ranges(c, i, &targets[i]);
	}
	return r;
}

#define SCHEME CONTEXT "schemes/%zu/"

static int write_scheme(const struct context *c, size_t i)
{
	static const struct {
		const char *file;
		uint64_t value;
	} maxima[] = {{"sz", INT64_MAX}, {"nr_accesses", UINT32_MAX}, {"age", UINT32_MAX}};
	const char *filters = files_exists(c->sysroot, SCHEME "core_filters", c->slot, i)
				      ? "core_filters"
				      : "filters";
	int r = files_write("stat", c->sysroot, SCHEME "action", c->slot, i);

	for (size_t k = 0; !r && k < ARRAY_SIZE(maxima); k++)
		r = files_write_u64(maxima[k].value, c->sysroot, SCHEME "access_pattern/%s/max",
				    c->slot, i, maxima[k].file);
	if (!r)
		r = files_write("1", c->sysroot, SCHEME "%s/nr_filters", c->slot, i, filters);
	if (!r)
		r = files_write("target", c->sysroot, SCHEME "%s/0/type", c->slot, i, filters);
	/* The filter keeps out all that does not match this target. */
	if (!r)
		r = files_write("N", c->sysroot, SCHEME "%s/0/matching", c->slot, i, filters);
	if (!r)
		r = files_write_u64(i, c->sysroot, SCHEME "%s/0/damon_target_idx", c->slot, i,
				    filters);
	return r;
}

int context_write_schemes(const struct context *c, size_t nr)
{
	int r = files_write_u64(nr, c->sysroot, CONTEXT "schemes/nr_schemes", c->slot);

	for (size_t i = 0; !r && i < nr; i++)
		r = write_scheme(c, i);
	return r;
}

int context_command(const struct context *c, const char *command)
{
	return files_write(command, c->sysroot, "%u/state", c->slot);
}

int context_thread(const struct context *c)
{
	uint64_t thread;
	int r = files_read_u64(&thread, c->sysroot, "%u/pid", c->slot);

	/* "-1" means that it does not run. */
	if (r == -EINVAL)
		return 0;
	return r < 0 ? r : (int)thread;
}

int context_read_intervals(struct context_intervals *out, const struct context *c)
{
	struct context_intervals read;
	int r = files_read_u64(&read.sample_us, c->sysroot, INTERVALS "sample_us", c->slot);

	if (!r)
		r = files_read_u64(&read.aggregation_us, c->sysroot, INTERVALS "aggr_us", c->slot);
	if (!r)
		*out = read;
	return r;
}
