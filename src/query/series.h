/*
 * series.h - timelines: what processes did over time, in equal buckets.
 *
 * (struct series, in prof, is who; this is when.) Buckets are aligned to multiples of
 * their width since 1970, the first begins at or before from_ns. With a filter on
 * threads, states or stacks, weights and samples count what passes; process metrics and
 * losses are always those of the whole process.
 */
#ifndef QUERY_SERIES_H
#define QUERY_SERIES_H

#include "base/arena.h"
#include "query/filter.h"

struct timeline_row {
	series_id series;     /* 0: all together */
	struct point *points; /* n_buckets of them, empty ones included */
	uint64_t *match_ns;   /* thread-time that passes the filter, by bucket */
	uint64_t *match_n;    /* samples that do */
};

struct timeline {
	int64_t from_ns;   /* start of bucket 0 */
	int64_t bucket_ns; /* 10 ms to a day */
	size_t n_buckets;
	struct timeline_row *rows;
	size_t n_rows;
	struct arena arena;
};

struct timeline_options {
	int64_t bucket_ns;  /* 0: chosen, so that about max_buckets come out */
	size_t max_buckets; /* 0: 1000. More is ERR_LIMIT above 100 000 */
	bool by_series;     /* a row per series, else one row for all */
};

int timeline_query(struct timeline *t, struct source *s, const struct filter *f,
	const struct timeline_options *o, struct err *err);
void timeline_release(struct timeline *t);

/* --- who is there --- */

struct target {
	struct series series;        /* a copy */
	int64_t first_ns, last_ns;   /* with data, within the range asked for */
	bool has_ended;              /* an exit or detach event came */
	struct thread_info *threads; /* the newest name of each */
	size_t n_threads;
};

struct targets {
	struct target *targets; /* newest data first */
	size_t n_targets;
	struct event *events; /* in the range, by time; the newest 10 000 */
	size_t n_events;
	struct arena arena;
};

int targets_query(
	struct targets *t, struct source *s, const struct filter *f, struct err *err);
void targets_release(struct targets *t);

#endif
