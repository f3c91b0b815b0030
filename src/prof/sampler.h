/*
 * sampler.h - samples many processes from one thread into a sink.
 *
 *	s = sampler_new(sink, &options);
 *	sampler_start(s, &err);
 *	sampler_add(s, pid, NULL, 0, &err);       as often as wanted, from any thread
 *	...
 *	sampler_stop(s);                          last second given to the sink
 *	sampler_free(s);
 *
 * Three kinds of work: the sampling thread sleeps, reads and fills chunks, and never
 * waits for anything; the scout thread looks for children, matching processes and thread
 * names, and prepares targets; callers control both through a queue. All functions may
 * be called from any thread. The sink's functions are called from the sampling thread
 * only.
 */
#ifndef PROF_SAMPLER_H
#define PROF_SAMPLER_H

#include "base/err.h"
#include "prof/series.h"
#include "prof/sink.h"
#include "python/runtime.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum blocking {
	BLOCKING_NEVER,
	BLOCKING_AUTO, /* stops a thread only where its samples keep failing; may cost the
			   target's processor more than the others */
	BLOCKING_ALWAYS /* stops every thread that is read, while it is read */
};

/* The word of --blocking ("auto"), or NULL; and back: -1 when it is none. */
const char *blocking_word(enum blocking b);
int blocking_of_word(const char *word);

struct sampler_options {
	double rate_hz; /* 0.1 and more; 0: free running, no sleep at all */
	enum blocking blocking;
	enum abi_source abi;
	bool asyncio;      /* under each thread's frames the asyncio task that it steps */
	bool native;       /* C frames too: every thread that runs is stopped shortly */
	bool subprocesses; /* follow the children of every target */
	bool no_jitter;    /* exact intervals: for tests and the bench */
	int64_t metric_ns; /* cadence of process metrics; 0: a tenth of a second */
	const struct label *labels; /* put on every series; copied */
	size_t n_labels;
	/* Processes that should be followed, by a rule of the caller's: fills pids, returns
	 * how many. Called by the scout thread every match_ns (0: a second); may be NULL. */
	size_t (*match)(void *arg, pid_t *pids, size_t max);
	void *match_arg;
	int64_t match_ns;
};

struct sampler;

struct sampler *sampler_new(struct sink *sink, const struct sampler_options *o);
/* Stops first, when it runs. */
void sampler_free(struct sampler *s);
int sampler_start(struct sampler *s, struct err *err);
/* Ends the sampling: partial seconds, exit events and a last commit go to the sink. */
void sampler_stop(struct sampler *s);

/* Attaches to a process: 0, or -1 and why not (ERR_PERM names the cure; ERR_NOT_READY:
 * still starting, try again; ERR_BUSY: it is followed already). Returns when the target
 * is ready and the sampling thread has been told. */
int sampler_add(struct sampler *s, pid_t pid, const struct label *labels, size_t n_labels,
	struct err *err);
/* The same, retried by the scout until the interpreter is there, the process is gone or
 * timeout_ns is over: for a command just started. Returns at once. */
void sampler_expect(struct sampler *s, pid_t pid, int64_t timeout_ns);
/* Lets go of a process. -1 when it is not followed. */
int sampler_remove(struct sampler *s, pid_t pid);
/* Until there is nothing left to sample or expect (true), or the time is over (false).
 * timeout_ns < 0: no limit. */
bool sampler_wait_idle(struct sampler *s, int64_t timeout_ns);
/* Changes the rate of all processes while it runs. */
void sampler_set_rate(struct sampler *s, double rate_hz);
/* As wanted now; 0: as fast as it goes. */
double sampler_rate(struct sampler *s);

struct sampler_target {
	pid_t pid;
	series_id series;
	char python[16];  /* "3.12.1" */
	int64_t since_ns; /* wall clock */
	uint32_t n_threads;
	uint64_t n_samples;
};

/* What is followed now; fills at most max, returns how many there are. */
size_t sampler_targets(struct sampler *s, struct sampler_target *v, size_t max);

/* Since the start, over all targets. */
struct sampler_stats {
	uint64_t ticks, missed;            /* taken; skipped because we were late */
	uint64_t beside;                   /* taken on the target's processor */
	uint64_t late_ns_sum, late_ns_max; /* wake-up after deadline */
	uint64_t samples, cut, repaired;
	uint64_t doubted; /* kept, though CPython counts another depth; to 3.10 */
	uint64_t lost[STATUS_COUNT];
	uint64_t stops, stopped_ns, stopped_ns_max; /* --blocking, --native */
	uint64_t unmerged; /* --native: kept as Python stacks, the two did not fit */
	uint64_t reads;    /* memory-read calls of the ticks */
	uint64_t read_ns;  /* time in them and in deciding */
	int64_t cpu_ns;    /* of the sampling thread */
	int64_t elapsed_ns;
	uint32_t targets, targets_seen, children_missed; /* missed: born and gone */
};

void sampler_stats(struct sampler *s, struct sampler_stats *out);

#endif
