/*
 * chunk.h - one second of samples of one process: what the sampler fills, what the store
 * encodes and what queries read, the same struct all the way.
 *
 * Ticks are columns; what a thread was doing is a run over consecutive ticks, so that a
 * thread that has not moved costs one increment:
 *
 *	tick      0    1    2    3    4          time_ns[], weight_ns[]
 *	thread 0  [ stack 17, CPU|GIL ][ 18 ..]  runs of thread 0, by first_tick
 *	thread 1  [ stack 4, BLOCKED, epoll_wait      ]
 *
 * A thread without a run at a tick was not there (or could not be read) at that tick.
 */
#ifndef PROF_CHUNK_H
#define PROF_CHUNK_H

#include "base/status.h"
#include "prof/state.h"
#include "prof/symbols.h"

#include <stddef.h>
#include <stdint.h>

/* A thread of a series: a small number that the series hands out once per thread. */
typedef uint32_t thread_id;
/* A process incarnation, see series.h. */
typedef uint32_t series_id;

struct run {
	thread_id thread;
	uint32_t first_tick, n_ticks;
	stack_id stack;
	uint16_t state; /* enum state */
	wait_id wait;
};

/* Of the whole process, at its own cadence. */
struct metric {
	int64_t time_ns;
	uint64_t rss_bytes;
	uint64_t cpu_ns; /* user and system since the process began */
	uint32_t n_threads;
	uint64_t n_voluntary, n_involuntary; /* context switches since it began */
};

/* The sampler's own honesty for this second and series. */
struct chunk_stats {
	uint32_t ticks_wanted, ticks_missed; /* missed: skipped because we were late */
	uint64_t late_ns_sum, late_ns_max;   /* wake-up after deadline */
	uint64_t read_ns;                    /* time spent reading this target */
	uint64_t n_samples;                  /* thread samples kept */
	uint64_t n_cut, n_repaired;          /* kept after the copy's evidence decided */
	uint64_t n_lost[STATUS_COUNT];       /* thread samples lost, by reason */
};

struct chunk {
	series_id series;
	int64_t *time_ns;    /* wall clock of each tick */
	uint64_t *weight_ns; /* real time it stands for: since the tick before */
	size_t n_ticks, cap_ticks;
	struct run *runs; /* in the order in which they began */
	size_t n_runs, cap_runs;
	struct metric *metrics;
	size_t n_metrics, cap_metrics;
	struct chunk_stats stats;
	struct symbols *symbols; /* borrowed: whose ids the runs hold */
};

void chunk_release(struct chunk *c);
/* Empties it and keeps the memory. */
void chunk_clear(struct chunk *c);
/* Adds a tick and returns its index. */
uint32_t chunk_tick(struct chunk *c, int64_t time_ns, uint64_t weight_ns);
/* Adds a run of one tick and returns its index: later ticks that find the thread
 * unchanged only increment runs[i].n_ticks. */
size_t chunk_run(struct chunk *c, const struct run *r);
void chunk_metric(struct chunk *c, const struct metric *m);
/* Everything of another but its symbols, in place of what *to has. */
void chunk_copy(struct chunk *to, const struct chunk *from);

#endif
