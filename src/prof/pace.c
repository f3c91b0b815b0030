/* pace.c - see pace.h */
#include "prof/pace.h"

#include "base/clock.h"

void pace_start(
	struct pace *p, double rate_hz, bool jitter, uint64_t seed, int64_t now_ns)
{
	*p = (struct pace){
		.interval_ns = rate_hz > 0 ? (int64_t)((double)NS_PER_SEC / rate_hz) : 0,
		.jitter = jitter,
		.random = seed | 1,
	};
	p->line_ns = now_ns + p->interval_ns / 2;
}

/* xorshift64: fast, and nothing hangs on its quality. */
static uint64_t next_random(struct pace *p)
{
	p->random ^= p->random << 13;
	p->random ^= p->random >> 7;
	p->random ^= p->random << 17;
	return p->random;
}

/* The grid itself wanders over one interval and back, each time at another speed: in 64 to
 * 191 ticks every part of a target's own period is met for equally long. */
static int64_t wander(struct pace *p)
{
	int64_t speed = p->interval_ns / (int64_t)(64 + next_random(p) % 128);

	if (p->shift_ns >= p->interval_ns)
		p->step_ns = -speed;
	else if (p->shift_ns <= 0)
		p->step_ns = speed;
	p->shift_ns += p->step_ns;
	return p->step_ns;
}

int64_t pace_next(struct pace *p, int64_t now_ns)
{
	int64_t half = p->interval_ns / 2;

	if (!p->interval_ns)
		return now_ns;
	if (!p->jitter || !half)
		return p->line_ns;
	/* anywhere within a quarter of the interval before or after the line */
	return p->line_ns - half / 2 + (int64_t)(next_random(p) % (uint64_t)half);
}

uint32_t pace_take(struct pace *p, int64_t now_ns)
{
	int64_t missed = 0;

	if (!p->interval_ns)
		return 0;
	/* A tick is missed when even the next one's line has passed. */
	if (now_ns >= p->line_ns + p->interval_ns)
		missed = (now_ns - p->line_ns) / p->interval_ns;
	p->line_ns += (missed + 1) * p->interval_ns + (p->jitter ? wander(p) : 0);
	return missed < UINT32_MAX ? (uint32_t)missed : UINT32_MAX;
}
