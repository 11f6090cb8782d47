/* SPDX-License-Identifier: GPL-2.0 */
/* Decoding damon_aggregated events: see ring.h. */
#include "damon/read/ring.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/util.h"

/* The longest record that is ours: header, time, size of raw data, the event. */
#define RECORD_MAX 256

/* A sample with PERF_SAMPLE_TIME | PERF_SAMPLE_RAW. */
struct record {
	struct perf_event_header header;
	uint64_t time_ns;
	uint32_t raw_size;
	unsigned char raw[RECORD_MAX - 20];
};

struct event {
	uint64_t time_ns, target;
	size_t member; /* index of the run it belongs to */
	uint32_t nr_regions;
	struct damon_region region;
};

static const char *const field_names[NR_RING_FIELDS] = {
	[RING_TARGET] = "target_id", [RING_NR_REGIONS] = "nr_regions",	 [RING_START] = "start",
	[RING_END] = "end",	     [RING_NR_ACCESSES] = "nr_accesses", [RING_AGE] = "age",
};

/* One line of the format: "\tfield:unsigned long target_id;\toffset:8;\tsize:8;\tsigned:0;" */
static void take_field(struct ring_layout *layout, const char *line, size_t len)
{
	char text[256], *end, *name;
	unsigned int offset, size;

	if (len >= sizeof(text))
		return;
	memcpy(text, line, len);
	text[len] = '\0';
	end = strchr(text, ';');
	if (!end || sscanf(end, "; offset:%u; size:%u;", &offset, &size) != 2)
		return;
	*end = '\0';
	name = strrchr(text, ' ');
	if (!name || !strstr(text, "field:"))
		return;
	if ((size != 4 && size != 8) || offset > sizeof(((struct record *)0)->raw) - size)
		return;
	for (int i = 0; i < NR_RING_FIELDS; i++) {
		if (strcmp(name + 1, field_names[i]))
			continue;
		layout->fields[i].offset = (uint16_t)offset;
		layout->fields[i].size = (uint16_t)size;
	}
}

int ring_layout_parse(struct ring_layout *out, const char *format)
{
	struct ring_layout layout = {0};

	while (*format) {
		size_t len = strcspn(format, "\n");

		take_field(&layout, format, len);
		format += len + (format[len] == '\n');
	}
	for (int i = 0; i < NR_RING_FIELDS; i++)
		if (!layout.fields[i].size)
			return -EINVAL;
	*out = layout;
	return 0;
}

static void copy_out(void *out, const unsigned char *data, size_t size, uint64_t at, size_t len)
{
	size_t offset = at & (size - 1), first = MIN(len, size - offset);

	memcpy(out, data + offset, first);
	memcpy((char *)out + first, data, len - first);
}

static bool get_field(uint64_t *out, const struct record *record, const struct ring_layout *layout,
		      enum ring_field f)
{
	uint16_t offset = layout->fields[f].offset, size = layout->fields[f].size;
	uint32_t narrow;

	if ((size_t)offset + size > record->raw_size)
		return false;
	if (size == 8) {
		memcpy(out, record->raw + offset, 8);
		return true;
	}
	memcpy(&narrow, record->raw + offset, 4);
	*out = narrow;
	return true;
}

/* Take the target of a record, its time and the number of regions.  False if it is no event. */
static bool get_origin(struct event *out, const struct record *record, size_t size,
		       const struct ring_layout *layout)
{
	uint64_t nr_regions;

	if (record->header.type != PERF_RECORD_SAMPLE || size < offsetof(struct record, raw) ||
	    record->raw_size > size - offsetof(struct record, raw))
		return false;
	if (!get_field(&out->target, record, layout, RING_TARGET) ||
	    !get_field(&nr_regions, record, layout, RING_NR_REGIONS))
		return false;
	out->time_ns = record->time_ns;
	out->nr_regions = (uint32_t)nr_regions;
	return true;
}

static bool get_region(struct damon_region *out, const struct record *record,
		       const struct ring_layout *layout)
{
	uint64_t nr_accesses, age;

	if (!get_field(&out->start, record, layout, RING_START) ||
	    !get_field(&out->end, record, layout, RING_END) ||
	    !get_field(&nr_accesses, record, layout, RING_NR_ACCESSES) ||
	    !get_field(&age, record, layout, RING_AGE))
		return false;
	out->nr_accesses = (uint32_t)nr_accesses;
	out->age = (uint32_t)age;
	return out->start < out->end;
}

/* The run being read, newest region first. */
struct reading {
	struct regions *out;
	const struct members *members;
	size_t nr_unknown; /* members that are wanted and have no run so far */
	struct event last;
	size_t first, nr;
	bool open;
};

static void drop_run(struct reading *reading)
{
	if (reading->open)
		reading->out->nr = reading->first;
	reading->open = false;
}

static void finish_run(struct reading *reading)
{
	struct regions_run *run = &reading->out->runs[reading->last.member];

	*run = (struct regions_run){reading->first, reading->nr, reading->last.time_ns, true, true};
	regions_reverse(reading->out, run);
	reading->nr_unknown--;
	reading->open = false;
}

static bool goes_on(const struct reading *reading, const struct event *event)
{
	return reading->open && event->member == reading->last.member &&
	       event->nr_regions == reading->last.nr_regions &&
	       event->region.end <= reading->last.region.start;
}

static bool is_of_use(const struct reading *reading, const struct event *event)
{
	const struct regions_run *run;

	if (event->member == MEMBER_NEW || !event->nr_regions)
		return false;
	run = &reading->out->runs[event->member];
	return run->wanted && !run->known;
}

/* The buffer to read.  It is written backward. */
struct ring {
	const struct ring_layout *layout;
	const void *data;
	size_t size;
	uint64_t head;
};

/*
 * RECORD has SIZE bytes and lies AT behind the head.  It begins the run of a target that is not
 * asked for.  All records of a run have the same size, so the place of the last one is known.
 * Look there, and believe what is there if it is of the same run.  Returns how many bytes may be
 * left out, 0: none.
 */
static size_t skip_run(const struct ring *ring, const struct record *record, size_t size,
		       uint64_t at, const struct event *event)
{
	uint64_t bytes = (uint64_t)(event->nr_regions - 1) * size;
	struct damon_region first, last;
	struct event end;
	struct record other;

	if (event->nr_regions < 2 || at + bytes + size > ring->size ||
	    !get_region(&first, record, ring->layout))
		return 0;
	copy_out(&other, ring->data, ring->size, ring->head + at + bytes, size);
	if (other.header.size != size || !get_origin(&end, &other, size, ring->layout) ||
	    !get_region(&last, &other, ring->layout) || end.target != event->target ||
	    end.nr_regions != event->nr_regions || last.start >= first.start ||
	    end.time_ns > event->time_ns)
		return 0;
	return bytes;
}

/* *SKIP is how many bytes behind the record may be left out. */
static int take_record(struct reading *reading, const struct ring *ring,
		       const struct record *record, size_t size, uint64_t at, size_t *skip)
{
	const struct ring_layout *layout = ring->layout;
	struct event event;
	int r;

	*skip = 0;

	if (!get_origin(&event, record, size, layout))
		return 0;
	event.member = members_find(reading->members, event.target, event.time_ns);
	if (!is_of_use(reading, &event)) {
		drop_run(reading);
		if (event.member != MEMBER_NEW && !reading->out->runs[event.member].wanted)
			*skip = skip_run(ring, record, size, at, &event);
		return 0;
	}
	if (!get_region(&event.region, record, layout))
		return 0;
	if (!goes_on(reading, &event))
		drop_run(reading);
	if (!reading->open) {
		reading->open = true;
		reading->first = reading->out->nr;
		reading->nr = 0;
	}
	r = regions_add(reading->out, &event.region);
	if (r < 0)
		return r;
	reading->nr++;
	reading->last = event;
	if (reading->nr == event.nr_regions)
		finish_run(reading);
	return 0;
}

int ring_decode(struct regions *out, const struct ring_layout *layout,
		const struct members *members, const void *data, size_t size, uint64_t head)
{
	struct reading reading = {.out = out, .members = members};
	const struct ring ring = {layout, data, size, head};
	uint64_t at = 0;
	int r = 0;

	for (size_t i = 0; i < members->nr; i++)
		reading.nr_unknown += out->runs[i].wanted;
	while (!r && reading.nr_unknown && at + sizeof(struct perf_event_header) <= size) {
		struct record record;
		size_t len, skip = 0;

		copy_out(&record.header, data, size, head + at, sizeof(record.header));
		len = record.header.size;
		/*
		 * A zero is space that was never written.  The record that was overwritten last
		 * reaches past the end.
		 */
		if (len < sizeof(record.header) || at + len > size)
			break;
		if (len <= sizeof(record)) {
			copy_out(&record, data, size, head + at, len);
			r = take_record(&reading, &ring, &record, len, at, &skip);
		}
		at += len + skip;
	}
	drop_run(&reading);
	return r;
}
