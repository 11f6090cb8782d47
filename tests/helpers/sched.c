/* SPDX-License-Identifier: GPL-2.0 */
/* For tests: the loader's interface over memory. */
#include "tests/helpers/sched.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/sysfs.h"

int sched_attach_error;
unsigned int sched_nr_attached, sched_nr_freed;

struct sched_profile *sched_profile_of(struct sched *s, pid_t tgid)
{
	for (size_t i = 0; i < SCHED_PROFILES; i++)
		if (s->profiles[i].tgid == tgid)
			return &s->profiles[i];
	return NULL;
}

int sched_load(struct sched **out, const struct sched_options *o, const struct machine *m,
	       uint64_t stale_after_ns)
{
	*out = calloc(1, sizeof(**out));
	return *out ? 0 : -ENOMEM;
}

int sched_attach(struct sched *s)
{
	sched_nr_attached++;
	return sched_attach_error;
}

uint32_t sched_nr_cpus(const struct sched *s)
{
	return SCHED_CPUS;
}

void sched_free(struct sched *s)
{
	sched_nr_freed += s != NULL;
	free(s);
}

void sched_poll(struct sched *s, struct sched_exit *out)
{
	*out = s->exit;
}

void sched_beat(struct sched *s, uint64_t now_ns)
{
	s->beat_ns = now_ns;
}

void sched_memory_is_short(struct sched *s, bool is_short)
{
	s->memory_is_short = is_short;
}

int sched_set_profile(struct sched *s, pid_t tgid, const struct ts_profile *profile)
{
	struct sched_profile *at = sched_profile_of(s, tgid);

	if (s->error)
		return s->error;
	if (!at)
		at = sched_profile_of(s, 0);
	if (!at)
		return -E2BIG;
	at->tgid = tgid;
	at->profile = *profile;
	s->nr_writes++;
	return 0;
}

void sched_drop(struct sched *s, pid_t tgid)
{
	struct sched_profile *at = sched_profile_of(s, tgid);

	if (at)
		*at = (struct sched_profile){0};
}

bool sched_usage(struct sched *s, pid_t tgid, struct ts_usage *out)
{
	const struct sched_profile *at = sched_profile_of(s, tgid);

	if (at)
		*out = at->usage;
	return at;
}

int sched_set_cpu(struct sched *s, uint32_t cpu, const struct ts_cpu *context)
{
	if (s->error)
		return s->error;
	if (cpu >= SCHED_CPUS)
		return -ERANGE;
	s->nr_writes += memcmp(&s->cpus[cpu], context, sizeof(*context)) != 0;
	s->cpus[cpu] = *context;
	s->cpu_written[cpu] = true;
	return 0;
}

void sched_set_vector_place(struct sched *s, size_t place, uint8_t to)
{
	s->vector_place[place] = to;
}

void sched_stats(struct sched *s, uint64_t *out)
{
	memcpy(out, s->stats, sizeof(s->stats));
}

void sched_current(char *out, size_t size, const char *sysroot)
{
	if (sysfs_read(out, size, sysroot, "/sys/kernel/sched_ext/root/ops") < 0)
		out[0] = '\0';
}
