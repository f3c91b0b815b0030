/*
 * source.h - where samples come from: the contract between whatever keeps them (store,
 * tape, a profile format) and whoever asks (query, format, http).
 *
 * All functions may be called from any thread, several at once. Callbacks run in the
 * caller's thread; one that returns non-zero ends the walk and its value is returned.
 * Times are wall clock in ns; ranges are [from, until).
 *
 * Ids in a chunk or sum belong to the `symbols` that come with it. There may be several
 * tables in one answer (one per block of a store); each is good until ask_release().
 */
#ifndef PROF_SOURCE_H
#define PROF_SOURCE_H

#include "base/err.h"
#include "prof/chunk.h"
#include "prof/series.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What is asked for, and what must be given back after it. */
struct ask {
	int64_t from_ns, until_ns;
	const series_id *series; /* sorted; NULL: every series. Borrowed */
	size_t n_series;
	/* sums and points only: no answer crosses a multiple of this; 0: do not care. */
	int64_t step_ns;
	/* sums only: series and thread of an answer do not matter and may be 0. */
	bool merged;
	bool once;                 /* what is read for it need not be kept in memory */
	int64_t deadline_ns;       /* CLOCK_MONOTONIC; 0: none */
	const atomic_bool *cancel; /* set to true to give up; may be NULL */
	struct pin *pins;          /* the source's: what keeps the symbols alive */
};

struct pin {
	struct pin *next;
	void (*drop)(void *what);
	void *what;
};

/* Symbols handed out for this ask die here. */
void ask_release(struct ask *a);
/* For sources: `drop(what)` is called by ask_release. */
void ask_pin(struct ask *a, void (*drop)(void *), void *what);
/* ERR_CANCELLED or ERR_LIMIT when it is time to stop. Call it every few thousand items. */
int ask_check(const struct ask *a, struct err *err);
bool ask_wants(const struct ask *a, series_id series);
/* In the range, and of a series that is wanted or of none. */
bool ask_wants_event(const struct ask *a, const struct event *e);

/* How often and how long one thread was seen like this. */
struct sum {
	thread_id thread;
	stack_id stack;
	uint16_t state;
	wait_id wait;
	uint64_t n, weight_ns;
};

/* Everything of one series in [from, until): exact. A (thread, stack, state, wait) may
 * appear more than once, in one answer and in several. */
struct sums {
	series_id series;
	int64_t from_ns, until_ns;
	const struct symbols *symbols;
	const struct sum *sums;
	size_t n;
};

enum { STATE_BITS = 8 };

/* What timelines are drawn from: one series in [from, until) without stacks. */
struct point {
	series_id series;
	int64_t from_ns, until_ns;
	uint64_t n_ticks, n_samples;
	uint64_t ticks_ns;             /* weights of the ticks: time that was watched */
	uint64_t weight_ns;            /* thread-time: weights of all samples */
	uint64_t state_ns[STATE_BITS]; /* the part of it with this flag, by bit */
	uint64_t wanted, missed;       /* ticks */
	uint64_t late_ns_sum, late_ns_max, read_ns;
	uint64_t n_cut, n_repaired;
	uint64_t n_lost[STATUS_COUNT];
	uint64_t n_metrics;        /* 0: the rest is 0 */
	uint64_t rss_sum, rss_max; /* bytes; mean is rss_sum / n_metrics */
	uint64_t threads_max;
	uint64_t cpu_first_ns, cpu_last_ns;      /* of the process, since it began */
	int64_t metric_first_ns, metric_last_ns; /* when those were read */
	/* context switches since it began, at the same two instants */
	uint64_t voluntary_first, voluntary_last;
	uint64_t involuntary_first, involuntary_last;
};

/* Empties it but for series, from and until. */
void point_init(struct point *p, series_id series, int64_t from_ns, int64_t until_ns);
/* Adds b, which is no earlier than a, to a. */
void point_add(struct point *a, const struct point *b);
/* Adds what of a chunk lies in [p->from, p->until). Stats count with the first tick. */
void point_add_chunk(struct point *p, const struct chunk *c);

/* For sources: emits what of a chunk is asked for, cut at the ask's range and steps.
 * scratch is memory that is kept from call to call. */
struct sums_scratch {
	struct sum *sums;
	size_t cap;
	uint64_t *upto; /* weights of the ticks before each */
	size_t cap_upto;
};
typedef int sums_fn(void *arg, const struct sums *s);
typedef int point_fn(void *arg, const struct point *p);
int chunk_emit_sums(const struct ask *a, const struct chunk *c,
	struct sums_scratch *scratch, sums_fn *fn, void *arg);
int chunk_emit_points(
	const struct ask *a, const struct chunk *c, point_fn *fn, void *arg);
void sums_scratch_release(struct sums_scratch *scratch);

typedef int series_fn(void *arg, const struct series *s);
typedef int thread_fn(void *arg, const struct thread_info *t);
typedef int event_fn(void *arg, const struct event *e);
typedef int chunk_fn(void *arg, const struct chunk *c);

/* How keeping what is sampled goes. */
struct source_health {
	bool failing; /* nothing can be written now; sampling goes on */
	uint64_t seconds_lost, samples_lost; /* so far, unwritten */
	char problem[256];                   /* why, or why it last did; "" never */
};

struct source;

struct source_ops {
	/* First and last instant with data; an empty source gives from == until == 0. */
	int (*range)(
		struct source *s, int64_t *from_ns, int64_t *until_ns, struct err *err);
	/* The series that have data in the range. */
	int (*series)(struct source *s, struct ask *a, series_fn *fn, void *arg,
		struct err *err);
	/* What the asked series' threads were called: in order of since_ns per thread. The
	 * range is not looked at. */
	int (*threads)(struct source *s, struct ask *a, thread_fn *fn, void *arg,
		struct err *err);
	int (*events)(struct source *s, struct ask *a, event_fn *fn, void *arg,
		struct err *err);
	/* Every chunk that has a tick in the range, whole (ticks outside it included): by
	 * series, in time order within one unless the clock stepped. Borrowed during the
	 * call. c->symbols is set. */
	int (*chunks)(struct source *s, struct ask *a, chunk_fn *fn, void *arg,
		struct err *err);
	/* From roll-ups where they are exact for the range, else from chunks. */
	int (*sums)(
		struct source *s, struct ask *a, sums_fn *fn, void *arg, struct err *err);
	int (*points)(struct source *s, struct ask *a, point_fn *fn, void *arg,
		struct err *err);
	/* Changes when there is something new to see: live views poll it. */
	uint64_t (*generation)(struct source *s);
	/* NULL where nothing is being written. */
	void (*health)(struct source *s, struct source_health *h);
	/* NULL where the source is a part of what its owner frees. */
	void (*close)(struct source *s);
};

struct source {
	const struct source_ops *ops;
};

/* NULL is fine. */
static inline void source_close(struct source *s)
{
	if (s && s->ops->close)
		s->ops->close(s);
}

#endif
