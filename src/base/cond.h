/*
 * cond.h - condition variables that wait by clock_mono_ns(): the other clock may step, and
 * then a wait of a second takes an hour.
 */
#ifndef BASE_COND_H
#define BASE_COND_H

#include <pthread.h>
#include <time.h>

/* Timed waits on it end at a clock_timespec() of a clock_mono_ns(). The caller destroys it with
 * pthread_cond_destroy(). */
static inline void cond_init(pthread_cond_t *cond)
{
	pthread_condattr_t attr;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(cond, &attr);
	pthread_condattr_destroy(&attr);
}

#endif
