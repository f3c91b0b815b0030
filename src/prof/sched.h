/*
 * sched.h - when and where the sampling thread runs: its priority and its processor.
 *
 * A thread that sleeps until its time is woken late on a busy machine, once another leaves it a
 * core. One of real-time priority is woken at once: after a second in which many ticks were
 * missed it has that for a while. The scheduler wakes such a thread where it slept, even if the
 * target runs there and another core is idle: so not always.
 *
 * With --blocking auto just that is wanted. On the target's own core its thread does not run
 * while it is read, and nothing had to stop it; it costs the target what a tick takes.
 *
 * Where CAP_SYS_NICE and RLIMIT_RTPRIO do not allow it, nothing changes; nor for who was started
 * with nice or with a policy, nor where it would take more than half of a core.
 */
#ifndef PROF_SCHED_H
#define PROF_SCHED_H

#include <sched.h>
#include <stdbool.h>
#include <stdint.h>

struct sched {
	bool allowed, beside;
	unsigned left, next; /* seconds of real-time priority; 0: it has none */
	cpu_set_t home;      /* processors that it may use */
	int processor;       /* the only one; -1: all */
};

/* Of the calling thread. beside: sched_go() is wanted. */
void sched_begin(struct sched *s, bool beside);
/* ns have passed, mostly a second: so many ticks were taken and missed in it, and so much
 * processor time was used. */
void sched_judge(
	struct sched *s, uint64_t ticks, uint64_t missed, int64_t cpu_ns, int64_t ns);
/* Is it time to say on which processor the target runs? */
static inline bool sched_is_beside(const struct sched *s)
{
	return s->beside && s->left;
}
/* Moves there; -1: stays. */
void sched_go(struct sched *s, int processor);

#endif
