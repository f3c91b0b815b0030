/*
 * memory.h - resident memory over time, and which stacks ran while it grew.
 *
 * RSS is read once a second or so; a growth between two readings is divided among the
 * stacks that held the GIL (else were on CPU, else any) in between, by their weight. It
 * shows where to look, not who called malloc: the dashboard says so.
 */
#ifndef QUERY_MEMORY_H
#define QUERY_MEMORY_H

#include "base/arena.h"
#include "query/tree.h"

/* A tree whose weights are: n = bytes grown, ns = thread-time seen while growing.
 * Shrinking is not subtracted; *shrunk (may be NULL) says how much there was. */
int memory_growth_query(struct tree *t, struct source *s, const struct filter *f,
	const struct tree_options *o, uint64_t *shrunk, struct err *err);

struct memory_point {
	series_id series;
	int64_t time_ns;
	uint64_t rss_bytes;
	uint64_t cpu_ns;
	uint32_t n_threads;
	/* The heaviest stack between the reading before and this one: index into the
	 * stacks below, or UINT32_MAX. */
	uint32_t stack;
};

struct memory {
	struct memory_point *points; /* by series, then time; thinned to max_points */
	size_t n_points;
	const char **stacks; /* "main;load;parse": names, root first */
	size_t n_stacks;
	struct arena arena;
};

int memory_query(struct memory *m, struct source *s, const struct filter *f,
	size_t max_points, struct err *err);
void memory_release(struct memory *m);

#endif
