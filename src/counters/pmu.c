/* SPDX-License-Identifier: GPL-2.0 */
/* Performance monitoring units. */
#include "counters/pmu.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

#include <linux/perf_event.h>

#include "base/parse.h"
#include "base/sysfs.h"
#include "base/util.h"

static const char *const words[] = {"config", "config1", "config2"};

static int word_of(const char *name, size_t len)
{
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strlen(words[i]) == len && !memcmp(words[i], name, len))
			return (int)i;
	return -1;
}

/* Parse one number of a bit range, 0..63, and move *TEXT behind it. */
static int parse_bit(const char **text)
{
	int bit = 0;

	if (!isdigit((unsigned char)**text))
		return -EINVAL;
	for (; isdigit((unsigned char)**text); (*text)++) {
		bit = bit * 10 + (**text - '0');
		if (bit > 63)
			return -EINVAL;
	}
	return bit;
}

int pmu_format_parse(struct pmu_format *out, const char *text)
{
	const char *colon = strchr(text, ':');
	struct pmu_format format = {.word = colon ? word_of(text, (size_t)(colon - text)) : -1};

	if (format.word < 0)
		return -EINVAL;
	text = colon;
	do {
		int first, last;

		text++;
		first = last = parse_bit(&text);
		if (first >= 0 && *text == '-') {
			text++;
			last = parse_bit(&text);
		}
		if (first < 0 || last < first)
			return -EINVAL;
		for (int bit = first; bit <= last; bit++)
			format.bits |= UINT64_C(1) << bit;
	} while (*text == ',');
	if (*text)
		return -EINVAL;
	*out = format;
	return 0;
}

int pmu_format_put(struct pmu_config *config, const struct pmu_format *format, uint64_t value)
{
	uint64_t word = config->config[format->word] & ~format->bits;

	for (int bit = 0; bit < 64; bit++) {
		if (!(format->bits >> bit & 1))
			continue;
		word |= (value & 1) << bit;
		value >>= 1;
	}
	if (value)
		return -ERANGE;
	config->config[format->word] = word;
	return 0;
}

int pmu_find(struct pmu *out, const char *sysroot, const char *name)
{
	_cleanup_idlist_ struct idlist cpus = IDLIST_INIT;
	struct pmu pmu = {0};
	uint64_t type;
	int r;

	if (strlen(name) >= sizeof(pmu.name))
		return -ENAMETOOLONG;
	strcpy(pmu.name, name);
	r = sysfs_read_u64(&type, sysroot, PMU_DEVICES "/%s/type", name);
	if (r < 0)
		return r;
	r = sysfs_read_idlist(&cpus, sysroot, PMU_DEVICES "/%s/cpumask", name);
	if (r < 0)
		return r;
	if (!cpus.nr || type > UINT32_MAX)
		return -EINVAL;
	pmu.type = (uint32_t)type;
	pmu.cpu = cpus.ids[0];
	*out = pmu;
	return 0;
}

/* Apply a term, which is "name" or "name=value". */
static int apply_term(struct pmu_config *config, char *term,
		      int (*format_of)(struct pmu_format *out, const char *name, const void *arg),
		      const void *arg)
{
	char *equals = strchr(term, '=');
	struct pmu_format format;
	uint64_t value = 1;
	int word;

	if (equals) {
		*equals = '\0';
		if (parse_u64(&value, equals + 1) < 0)
			return -EINVAL;
	}
	word = word_of(term, strlen(term));
	if (word >= 0)
		format = (struct pmu_format){.word = word, .bits = UINT64_MAX};
	else if (format_of(&format, term, arg) < 0)
		return -EINVAL;
	return pmu_format_put(config, &format, value) < 0 ? -EINVAL : 0;
}

int pmu_terms_parse(struct pmu_config *out, char *text,
		    int (*format_of)(struct pmu_format *out, const char *name, const void *arg),
		    const void *arg)
{
	struct pmu_config config = {{0}};
	char *term;

	while ((term = strsep(&text, ",")))
		if (apply_term(&config, term, format_of, arg) < 0)
			return -EINVAL;
	*out = config;
	return 0;
}

struct unit_files {
	const struct pmu *pmu;
	const char *sysroot;
};

static int read_format(struct pmu_format *out, const char *name, const void *arg)
{
	const struct unit_files *files = arg;
	char text[256];
	int r;

	if (!*name || strchr(name, '/'))
		return -EINVAL;
	r = sysfs_read(text, sizeof(text), files->sysroot, PMU_DEVICES "/%s/format/%s",
		       files->pmu->name, name);
	return r < 0 ? r : pmu_format_parse(out, text);
}

int pmu_terms(struct pmu_config *out, const struct pmu *pmu, const char *sysroot, char *terms)
{
	const struct unit_files files = {pmu, sysroot};

	return pmu_terms_parse(out, terms, read_format, &files);
}

int pmu_event(struct pmu_config *out, const struct pmu *pmu, const char *sysroot, const char *event)
{
	char text[512];
	int r = sysfs_read(text, sizeof(text), sysroot, PMU_DEVICES "/%s/events/%s", pmu->name,
			   event);

	if (r < 0)
		return r == -ENOENT ? r : -EINVAL;
	return pmu_terms(out, pmu, sysroot, text);
}

static struct perf_event_attr attr_of(const struct pmu *pmu, const struct pmu_config *config)
{
	return (struct perf_event_attr){
		.type = pmu->type,
		.size = sizeof(struct perf_event_attr),
		.config = config->config[0],
		.config1 = config->config[1],
		.config2 = config->config[2],
		.read_format = PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING,
	};
}

/* GROUP is the descriptor of the first event of the group, or -1. */
static int event_open(struct perf_event_attr *attr, pid_t tid, int cpu, int group)
{
	int fd = (int)syscall(SYS_perf_event_open, attr, tid, cpu, group, PERF_FLAG_FD_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int pmu_open(const struct pmu *pmu, const struct pmu_config *config)
{
	struct perf_event_attr attr = attr_of(pmu, config);

	return event_open(&attr, -1, (int)pmu->cpu, -1);
}

int pmu_open_thread(const struct pmu *pmu, const struct pmu_config *config, pid_t tid)
{
	struct perf_event_attr attr = attr_of(pmu, config);

	attr.inherit = 1;
	attr.inherit_thread = 1;
	return event_open(&attr, tid, -1, -1);
}

int pmu_read(struct counter_reading *out, int fd)
{
	uint64_t values[3];

	/* the end of the file means that the kernel has taken the event from its unit */
	if (read(fd, values, sizeof(values)) != (ssize_t)sizeof(values))
		return -ENODEV;
	*out = (struct counter_reading){values[0], values[1], values[2]};
	return 0;
}

int pmu_open_group(int *fd, size_t nr, const struct pmu *pmu, const struct pmu_config *configs)
{
	for (size_t i = 0; i < nr; i++) {
		struct perf_event_attr attr = attr_of(pmu, &configs[i]);

		attr.read_format |= PERF_FORMAT_GROUP;
		fd[i] = event_open(&attr, -1, (int)pmu->cpu, i ? fd[0] : -1);
		if (fd[i] < 0) {
			int error = fd[i];

			while (i-- > 0)
				close(fd[i]);
			return error;
		}
	}
	return 0;
}

int pmu_read_group(struct counter_reading *out, size_t nr, int fd)
{
	struct {
		uint64_t nr, enabled_ns, running_ns, values[PMU_MAX_GROUP];
	} group;
	ssize_t size = (ssize_t)(offsetof(typeof(group), values) + nr * sizeof(uint64_t));

	if (read(fd, &group, sizeof(group)) != size || group.nr != nr)
		return -ENODEV;
	for (size_t i = 0; i < nr; i++)
		out[i] = (struct counter_reading){group.values[i], group.enabled_ns,
						  group.running_ns};
	return 0;
}
