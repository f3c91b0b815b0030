/* sched.c - see sched.h */
#include "prof/sched.h"

#include <pthread.h>
#include <stddef.h>
#include <sys/resource.h>

enum {
	MISSED_SHARE =
		50,  /* real-time where more than one tick in so many is missed... */
	FIRST_S = 4, /* ...for so many seconds, then one without, then twice as many */
	MOST_S = 64,
	CORE_SHARE = 2 /* not with more than such a part of a core */
};

void sched_begin(struct sched *s, bool beside)
{
	struct sched_param p;
	int policy;

	*s = (struct sched){ .beside = beside, .next = FIRST_S, .processor = -1 };
	s->allowed = !pthread_getschedparam(pthread_self(), &policy, &p) &&
		     policy == SCHED_OTHER && getpriority(PRIO_PROCESS, 0) <= 0 &&
		     !sched_getaffinity(0, sizeof(s->home), &s->home);
}

static void set_policy(struct sched *s, int policy)
{
	const struct sched_param p = { .sched_priority = policy == SCHED_RR };

	if (s->allowed && pthread_setschedparam(pthread_self(), policy, &p))
		s->allowed = false;
}

static void begin(struct sched *s)
{
	set_policy(s, SCHED_RR);
	s->left = s->allowed ? s->next : 0;
	s->next = s->next < MOST_S ? 2 * s->next : MOST_S;
}

static void end(struct sched *s)
{
	s->left = 0;
	set_policy(s, SCHED_OTHER);
	if (s->processor >= 0)
		sched_setaffinity(0, sizeof(s->home), &s->home);
	s->processor = -1;
}

void sched_judge(
	struct sched *s, uint64_t ticks, uint64_t missed, int64_t cpu_ns, int64_t ns)
{
	bool affordable = cpu_ns < ns / CORE_SHARE;
	bool wanted = s->beside || missed > (ticks + missed) / MISSED_SHARE;

	if (s->left) {
		s->left -= !s->beside;
		if (!affordable || !s->left)
			end(s);
	} else if (ticks && affordable && wanted) {
		begin(s);
	} else {
		s->next = FIRST_S;
	}
}

void sched_go(struct sched *s, int processor)
{
	cpu_set_t only;

	if (processor < 0 || processor >= CPU_SETSIZE || processor == s->processor ||
		!CPU_ISSET((size_t)processor, &s->home))
		return;
	CPU_ZERO(&only);
	CPU_SET((size_t)processor, &only);
	if (!sched_setaffinity(0, sizeof(only), &only))
		s->processor = processor;
}
