/*
 * pace.h - when the next tick is due: absolute deadlines on a grid, each with its own
 * random place around the grid line, and a grid that wanders by less than two intervals, so
 * that a program that works in step with a timer is not always met at the same moment. Ticks
 * that are missed are skipped and counted, never caught up. Pure arithmetic: the caller sleeps.
 */
#ifndef PROF_PACE_H
#define PROF_PACE_H

#include <stdbool.h>
#include <stdint.h>

struct pace {
	int64_t interval_ns; /* 0: free running */
	int64_t line_ns;     /* grid line of the next tick */
	bool jitter;
	int64_t shift_ns,
		step_ns; /* how far the grid has wandered; how far at each tick */
	uint64_t random;
};

void pace_start(
	struct pace *p, double rate_hz, bool jitter, uint64_t seed, int64_t now_ns);
/* The deadline of the next tick. Free running: now. */
int64_t pace_next(struct pace *p, int64_t now_ns);
/* After waking up for a deadline: how many ticks were missed before this one, now being
 * later than their deadlines. Moves on to the next grid line. */
uint32_t pace_take(struct pace *p, int64_t now_ns);

#endif
