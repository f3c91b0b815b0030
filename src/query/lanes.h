/*
 * lanes.h - what each thread did, in time order: runs of the same stack and state.
 *
 * lanes_scan() streams every run that passes the filter, series by series, in order of
 * time within a thread: this is what exporters of time-ordered formats read. Stacks are
 * those of one table for the whole answer, with hidden and folded frames already gone;
 * frames keep their columns, which format/remap.h drops for those who show lines.
 */
#ifndef QUERY_LANES_H
#define QUERY_LANES_H

#include "prof/symbols.h"
#include "query/tree.h"

struct lane_run {
	series_id series;
	thread_id thread;
	int64_t from_ns, until_ns; /* begin of the first tick's weight to the last tick */
	struct weight weight;
	stack_id stack; /* in `symbols` of the scan */
	uint16_t state;
	wait_id wait;
	/* Ticks, for formats that want each sample: borrowed during the call. */
	const int64_t *time_ns;
	const uint64_t *weight_ns;
	size_t n_ticks;
};

/* symbols: the table that run->stack and all before it belong to; it only grows during
 * the scan, and is freed after it. */
typedef int lane_fn(void *arg, const struct symbols *symbols, const struct lane_run *run);
int lanes_scan(struct source *s, const struct filter *f, lane_fn *fn, void *arg,
	struct err *err);

/* --- the picture --- */

struct lane_box {
	int64_t from_ns, until_ns;
	uint32_t stack; /* index into lanes.stacks */
	uint16_t state;
	wait_id wait;
	uint32_t n; /* samples */
};

/* A stack: frames from root to leaf. */
struct lane_stack {
	const uint32_t *places; /* indexes into lanes.places */
	uint32_t n_places;
};

struct lane {
	series_id series;
	struct thread_info thread; /* newest name in the range */
	struct lane_box *boxes;
	size_t n_boxes;
};

struct lanes {
	struct lane *lanes; /* main thread first, then by time on CPU */
	size_t n_lanes;
	struct lane_stack *stacks;
	size_t n_stacks;
	struct place *places;
	size_t n_places;
	size_t n_merged; /* runs joined into a neighbour's box to keep within max_boxes */
	int64_t from_ns, until_ns;
	struct arena arena;
};

struct lanes_options {
	size_t max_boxes; /* of all lanes; 0: 20 000. Then short runs join the heaviest near */
	size_t max_lanes; /* 0: 200 */
};

int lanes_query(struct lanes *l, struct source *s, const struct filter *f,
	const struct lanes_options *o, struct err *err);
void lanes_release(struct lanes *l);

#endif
