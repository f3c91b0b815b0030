/*
 * sampler_impl.h - what the files of the sampler share; nobody else includes it.
 *
 *	sampler.c       the sampling thread
 *	sampler_api.c   everything that other threads call: queue, registry, counters
 *	scout.c         the scout thread: children, matching processes, expected ones
 */
#ifndef PROF_SAMPLER_IMPL_H
#define PROF_SAMPLER_IMPL_H

#include "prof/pace.h"
#include "prof/sampler.h"
#include "prof/sched.h"
#include "prof/target.h"

#include <pthread.h>
#include <stdatomic.h>

struct scout;

/* One followed process, for other threads to see. */
struct entry {
	struct sampler_target target;
	uint64_t start_ticks;
	bool unwanted; /* to be let go */
};

struct sampler {
	struct sink *sink;
	struct sampler_options options; /* rate_hz: the sampling thread's */
	pthread_t thread;
	bool running;
	atomic_bool stopping, pending;
	int wake_fd;

	pthread_mutex_t lock; /* for what follows */
	pthread_cond_t changed;
	double wanted_rate;
	struct target **incoming;
	size_t n_incoming, cap_incoming;
	struct entry *entries;
	size_t n_entries, cap_entries;
	struct sampler_stats stats;
	struct scout *scout;

	/* the sampling thread's own */
	struct target **targets;
	size_t n_targets, cap_targets, first, odd;
	struct pace pace;
	struct tick tick;
	uint64_t ticks, missed, beside, late_ns_sum, late_ns_max;
	int64_t began_ns, second_ns, cpu_began_ns, program_ns;
	int64_t judge_ns;         /* when judge_sched() is due */
	struct sched_past judged; /* the last time */
	struct sched sched;
	struct stop *late; /* of targets that were let go: see continue_late() */
	size_t n_late, cap_late;
	struct target_totals gone_totals;
};

void sampler_wake(struct sampler *s);
/* target_open with the labels of all series and these. */
struct target *sampler_open(struct sampler *s, pid_t pid, const struct label *labels,
	size_t n_labels, struct err *err);
/* An opened target joins. -1 and *err when the process is followed already. */
int sampler_take(struct sampler *s, struct target *t, struct err *err);
bool registry_has(struct sampler *s, pid_t pid);
bool registry_is_unwanted(struct sampler *s, pid_t pid);
void registry_update(struct sampler *s, const struct target *t);
void registry_drop(struct sampler *s, pid_t pid);
size_t registry_pids(struct sampler *s, pid_t *pids, size_t max);

void scout_new(struct sampler *s);
int scout_start(struct sampler *s, struct err *err);
void scout_stop(struct sampler *s);
void scout_free(struct sampler *s);
void scout_expect(struct sampler *s, pid_t pid, int64_t timeout_ns);
/* Is anything expected? With the lock held. */
bool scout_is_waiting(const struct sampler *s);

#endif
