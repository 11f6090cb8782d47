/* SPDX-License-Identifier: GPL-2.0 */
/* From the model's profiles to the scheduler's map. */
#include <string.h>

#include "base/util.h"
#include "sched/maps.h"
#include "sched/scheduler.h"

/* Keep the upper BITS bits of VALUE.  So a step is 1/2^BITS of it. */
static uint64_t round_to_bits(uint64_t value, int bits)
{
	int shift = 63 - (value ? __builtin_clzll(value) : 63) - bits;

	return shift > 0 ? value >> shift << shift : value;
}

void publish_convert(struct ts_profile *out, const struct model_profile *from, enum ts_class class)
{
	size_t nr = MIN(from->nr_cpu_nodes, (size_t)TS_MAX_CPU_NODES);

	*out = (struct ts_profile){
		.working_set_bytes = round_to_bits(from->working_set_bytes, 4),
		.hot_bytes = round_to_bits(from->hot_bytes, 4),
		.cold_bytes = round_to_bits(from->cold_bytes, 4),
		.access_hz = (__u32)round_to_bits(from->access_hz, 3),
		.intensity_mb_per_cpu_s =
			from->intensity_mb_per_cpu_s == UINT32_MAX
				? TS_UNKNOWN_U32
				: (__u32)round_to_bits(from->intensity_mb_per_cpu_s, 3),
		.cxl_heat_permille = (__u16)(from->cxl_heat_permille / 10 * 10),
		.confidence = from->confidence / 5 * 5,
		.flags = (from->memory_intensive ? TS_PROFILE_MEMORY_INTENSIVE : 0) |
			 (from->saturates ? TS_PROFILE_SATURATES : 0),
		.class = class,
		.preferred = from->preferred == MODEL_NO_NODE ? TS_NO_NODE : (__u8)from->preferred,
		.nr_nodes = (__u8)nr,
	};
	memset(out->locality, TS_UNKNOWN_U8, sizeof(out->locality));
	memset(out->order, TS_NO_NODE, sizeof(out->order));
	if (!nr)
		return;
	memcpy(out->locality, from->locality, nr);
	memcpy(out->score, from->score, nr);
	memcpy(out->order, from->order, nr);
}

static uint32_t round_known(uint32_t value, int bits)
{
	return value == TS_UNKNOWN_U32 ? value : (uint32_t)round_to_bits(value, bits);
}

static uint32_t round_permille(uint32_t value)
{
	return value == TS_UNKNOWN_U32 ? value : value / 50 * 50;
}

int publish_machine(struct sched *s, const struct machine *m)
{
	for (size_t c = 0; c < m->nr_cpu_nodes; c++)
		sched_set_vector_place(s, c, machine_nearest_to_cxl(m, c));
	for (uint32_t i = 0; i < sched_nr_cpus(s); i++) {
		struct ts_cpu cpu = machine_cpu(m, i);
		int r;

		cpu.bandwidth_mbps = round_known(cpu.bandwidth_mbps, 3);
		cpu.latency_ns = round_known(cpu.latency_ns, 4);
		cpu.utilisation_permille = round_permille(cpu.utilisation_permille);
		cpu.hit_rate_permille = round_permille(cpu.hit_rate_permille);
		r = sched_set_cpu(s, i, &cpu);
		if (r < 0)
			return r;
	}
	return 0;
}

int publish_profile(struct sched *s, pid_t tgid, const struct model_profile *from,
		    enum ts_class class, uint64_t now_ns, struct ts_profile *last)
{
	struct ts_profile next;
	int r;

	publish_convert(&next, from, class);
	next.generation = last->generation;
	next.updated_ns = last->updated_ns;
	if (last->generation && !memcmp(&next, last, sizeof(next)))
		return 0;
	next.generation++;
	next.updated_ns = now_ns;
	r = sched_set_profile(s, tgid, &next);
	if (r < 0)
		return r;
	*last = next;
	return 1;
}
