/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The beginning and the end of a monitoring session.  It makes DAMON free, claims a slot, and puts
 * all of that back.
 */
#include "damon/damon.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "base/sysfs.h"
#include "base/util.h"
#include "damon/files.h"
#include "damon/session/session.h"
#include "damon/slot/holders.h"
#include "damon/slot/slots.h"

/* DAMON notices new mappings after this time.  Its own 60 s suit heaps that do not grow. */
#define UPDATE_US 1000000

uint64_t session_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * NSEC_PER_SEC + (uint64_t)now.tv_nsec;
}

/* An update interval that nobody else writes: one second and an odd rest. */
static uint64_t make_mark(uint64_t aggregation_us)
{
	return MAX(UPDATE_US, aggregation_us) + 1 + session_now_ns() % 9973;
}

int session_store_journal(struct damon *d)
{
	return journal_store(&d->journal, d->journal_path);
}

/* Stop DAMON_STAT, or name the module that holds DAMON.  0, DAMON_E_BUSY or a negative errno. */
static int clear_modules(struct damon *d)
{
	int r;

	if (holder_runs(HOLDER_STAT, d->sysroot) && !d->keep_stat) {
		d->journal.stat_lifted = true;
		r = session_store_journal(d);
		if (!r)
			r = holder_stop_stat(d->sysroot);
		if (r < 0)
			return r;
		log_info("DAMON_STAT excludes every other use of DAMON: stopped, it is started "
			 "again at exit");
	}
	return holder_name_module(d->sysroot) ? DAMON_E_BUSY : 0;
}

int session_claim(struct damon *d)
{
	int r = slots_claim(&d->journal, d->journal_path, d->sysroot,
			    make_mark(d->intervals.aggregation_us));

	d->context.slot = d->journal.slot;
	return r;
}

static int choose_reader(struct damon *d, enum damon_reader reader)
{
	int r = -EOPNOTSUPP;

	/* Events come from this machine's kernel, so they do not serve a sysroot. */
	if (reader != DAMON_READER_TRIED_REGIONS && !d->sysroot[0])
		r = trace_new(&d->trace);
	if (!r)
		return 0;
	if (reader == DAMON_READER_TRACE)
		return r == -ENOMEM ? r : DAMON_E_NO_REGIONS;
	if (!d->features.tried_regions)
		return DAMON_E_NO_REGIONS;
	if (reader == DAMON_READER_AUTO)
		log_warning("DAMON's trace events can not be used (%s): reading regions from "
			    "sysfs, which costs more",
			    strerror(-r));
	return 0;
}

static int check_kernel(struct damon *d, enum damon_reader reader)
{
	int r = context_probe(&d->features, &d->context);

	if (r < 0)
		return r;
	if (!d->features.vaddr)
		return DAMON_E_NO_VADDR;
	if (d->auto_intervals && !d->features.auto_intervals)
		return -EOPNOTSUPP;
	d->by_ranges = d->by_ranges && d->features.fvaddr;
	return choose_reader(d, reader);
}

static void free_session(struct damon *d)
{
	trace_free(d->trace);
	members_deinit(&d->members);
	commit_plan_deinit(&d->plan);
	regions_deinit(&d->regions);
	free(d->wanted);
	free(d->wanted_ranges);
	free(d->snapshots);
	free(d->sysroot);
	free(d->journal_path);
	free(d);
}

static int new_session(struct damon **out, const struct damon_options *options)
{
	struct damon *d = calloc(1, sizeof(*d));
	uint64_t samples = options->samples ? options->samples : DAMON_SAMPLES;

	if (!d)
		return -ENOMEM;
	d->sysroot = strdup(options->sysroot ? options->sysroot : "");
	d->journal_path = strdup(options->journal);
	if (!d->sysroot || !d->journal_path) {
		free_session(d);
		return -ENOMEM;
	}
	d->context.sysroot = d->sysroot;
	d->intervals.aggregation_us = MAX(options->aggregation_us, 1);
	d->intervals.sample_us = MAX(options->aggregation_us / samples, 1);
	d->auto_intervals = options->auto_intervals;
	d->keep_stat = options->keep_stat;
	d->by_ranges = options->by_ranges;
	*out = d;
	return 0;
}

static int check_sysfs(const char *sysroot)
{
	char text[32];
	int r;

	if (!sysfs_exists(sysroot, DAMON_SYSFS "/admin"))
		return DAMON_E_NO_SYSFS;
	r = files_read(text, sizeof(text), sysroot, "nr_kdamonds");
	return r == -EACCES || r == -EPERM ? DAMON_E_PERMISSION : r;
}

/* Put back all that the journal says.  When that worked, remove the journal. */
static int put_back(const struct journal *j, const char *sysroot, const char *path)
{
	int r = slots_put_back(j, sysroot);

	if (r >= 0)
		journal_remove(path);
	return r;
}

int damon_recover(const char *sysroot, const char *journal)
{
	struct journal j;
	int r = journal_load(&j, journal);

	if (r == -ENOENT)
		return 0;
	if (r == -EINVAL) {
		log_warning("%s is not a journal of ours: removed", journal);
		journal_remove(journal);
		return 0;
	}
	return r < 0 ? r : put_back(&j, sysroot, journal);
}

int damon_open(struct damon **out, const struct damon_options *options)
{
	struct damon *d;
	int r;

	r = check_sysfs(options->sysroot);
	if (r)
		return r;
	/* A journal that is there would be overwritten, and its changes forgotten. */
	r = damon_recover(options->sysroot, options->journal);
	if (r < 0)
		return r;
	r = new_session(&d, options);
	if (r < 0)
		return r;
	r = proc_boot_id(d->journal.boot_id, d->sysroot);
	if (!r)
		r = clear_modules(d);
	if (!r)
		r = session_claim(d);
	if (!r)
		r = check_kernel(d, options->reader);
	if (r) {
		put_back(&d->journal, d->sysroot, d->journal_path);
		free_session(d);
		return r;
	}
	*out = d;
	return 0;
}

/* Log what the NR steps were. */
static void tell_put_back(const struct damon *d, int nr)
{
	bool stat = d->journal.stat_lifted && holder_runs(HOLDER_STAT, d->sysroot);
	bool slot = nr > stat;

	if (slot || stat)
		log_info("put back: %s%s%s", slot ? "kdamond slot freed" : "",
			 slot && stat ? ", " : "", stat ? "DAMON_STAT started again" : "");
}

void damon_close(struct damon *d)
{
	int r;

	if (!d)
		return;
	if (d->trace)
		trace_detach(d->trace);
	r = put_back(&d->journal, d->sysroot, d->journal_path);
	if (r < 0)
		log_error("DAMON could not be left as it was found (%s); the next start tries "
			  "again, by %s",
			  strerror(-r), d->journal_path);
	else
		tell_put_back(d, r);
	free_session(d);
}
