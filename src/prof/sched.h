/*
 * sched.h - when and where the sampling thread runs: its processor and its priority.
 *
 * Where: on the target's own processor its thread does not run while it is read, and nothing had
 * to stop it. What is read there is what an interrupt would find; seen from another processor,
 * states of some nanoseconds come too seldom or too often (bench/README.md). It is cheaper, too: no
 * processor that slept is woken, no cache line goes from one to another. But it is the target that
 * pays for it, so only while it is little.
 *
 * When: a thread that sleeps until its time is woken late on a busy machine, once another leaves
 * it a processor. One of real-time priority is woken at once: that it has beside its target, and for
 * a while after a second in which many ticks were missed, where CAP_SYS_NICE or RLIMIT_RTPRIO
 * allows it and it takes less than half of a processor. (The scheduler wakes such a thread where it
 * slept, whoever runs there: so not always.)
 *
 * Neither for who was started with nice or with a policy.
 */
#ifndef PROF_SCHED_H
#define PROF_SCHED_H

#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sched {
	bool may_move, may_hurry;
	bool beside;              /* on its target's processor, where that is known */
	double share;             /* of each processor, that may cost there */
	unsigned away, next_away; /* seconds until it is tried again, more each time */
	unsigned left, next;      /* seconds of real-time priority; 0: it has none */
	cpu_set_t home;           /* processors that it may use, */
	size_t processors;        /* so many */
	int processor;            /* the only one; -1: all */
};

/* What the thread has done until ns, and for whom. */
struct sched_past {
	int64_t ns, cpu_ns;
	uint64_t ticks, missed;
	size_t targets;
};

/* Of the calling thread, which is on its target's processor while it takes no more than that share
 * of it (0.01: a hundredth; 0: never). Several targets share the cost, taken to be each on a
 * processor of its own. */
void sched_begin(struct sched *s, double share);
/* Goes there before it is known what that costs, and without priority. */
void sched_try_beside(struct sched *s);
/* Everywhere, and without priority, until it is judged again: it has something else to do now. */
void sched_calm(struct sched *s);
/* Of what it did between the two, mostly a second. */
void sched_judge(
	struct sched *s, const struct sched_past *before, const struct sched_past *now);
/* Does it want to know where each of n targets runs? Without priority it would wait for its turn
 * there, at each of several: then not. */
static inline bool sched_wants_to_go(const struct sched *s, size_t n)
{
	return s->beside && (s->left || n == 1);
}
/* To that processor; -1: stays. */
void sched_go(struct sched *s, int processor);

#endif
