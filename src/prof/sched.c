/* sched.c - see sched.h */
#include "prof/sched.h"

#include "base/clock.h"

#include <pthread.h>
#include <sys/resource.h>

/* In less, one tick more or less says nothing. */
#define JUDGE_MISSED_NS (500 * NS_PER_MS)

enum {
	MISSED_SHARE = 50,  /* many: more than one tick in so many, */
	STARVED_SHARE = 10, /* far too many */
	FIRST_S = 4,        /* real-time for so many seconds, then twice as many */
	MOST_S = 64,
	CORE_SHARE = 2 /* real-time not with more than such a part of a core */
};

static void set_policy(struct sched *s, int policy)
{
	const struct sched_param p = { .sched_priority = policy == SCHED_RR };

	if (s->may_hurry && pthread_setschedparam(pthread_self(), policy, &p))
		s->may_hurry = false;
}

void sched_begin(struct sched *s, double share)
{
	struct sched_param p;
	int policy;

	*s = (struct sched){ .share = share, .next = FIRST_S, .processor = -1 };
	s->may_move = !pthread_getschedparam(pthread_self(), &policy, &p) &&
		      policy == SCHED_OTHER && getpriority(PRIO_PROCESS, 0) <= 0 &&
		      !sched_getaffinity(0, sizeof(s->home), &s->home);
	s->may_hurry = s->may_move;
	set_policy(s, SCHED_RR); /* is it allowed? */
	set_policy(s, SCHED_OTHER);
	s->processors = s->may_move ? (size_t)CPU_COUNT(&s->home) : 0;
}

/* ---- where ---------------------------------------------------------------------------- */

void sched_try_beside(struct sched *s)
{
	s->beside = s->may_move && s->share > 0;
}

static void go_home(struct sched *s)
{
	if (s->processor >= 0)
		sched_setaffinity(0, sizeof(s->home), &s->home);
	s->processor = -1;
	s->beside = false;
}

static void judge_place(struct sched *s, bool wanted)
{
	if (s->beside && wanted) {
		s->next_away /= 2;
	} else if (s->beside) {
		go_home(s);
		s->left = s->left ? 1 : 0;
		s->away = s->next_away;
		s->next_away = s->away < MOST_S / 2 ? 2 * s->away + 1 : MOST_S;
	} else if (s->away) {
		s->away--;
	} else {
		s->beside = wanted;
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

/* ---- when ----------------------------------------------------------------------------- */

static void calm_down(struct sched *s)
{
	s->left = 0;
	set_policy(s, SCHED_OTHER);
}

static void judge_priority(struct sched *s, bool affordable, bool in_time)
{
	if (s->left) {
		s->left -= !s->beside;
		if (!affordable || !s->left)
			calm_down(s);
	} else if (s->may_hurry && affordable && (s->beside || !in_time)) {
		set_policy(s, SCHED_RR);
		s->left = s->next;
		s->next = s->next < MOST_S ? 2 * s->next : MOST_S;
	} else {
		s->next = FIRST_S;
	}
}

void sched_calm(struct sched *s)
{
	go_home(s);
	calm_down(s);
}

void sched_judge(
	struct sched *s, const struct sched_past *before, const struct sched_past *now)
{
	int64_t ns = now->ns - before->ns, cpu_ns = now->cpu_ns - before->cpu_ns;
	uint64_t ticks = now->ticks - before->ticks,
		 missed = now->missed - before->missed;
	size_t n = now->targets < s->processors ? now->targets : s->processors;
	/* elsewhere it takes up to twice as much */
	double most = s->share * (double)n * (s->beside ? 1 : 2) * (double)ns;
	bool brief = ns < JUDGE_MISSED_NS;
	bool in_time = brief || missed <= (ticks + missed) / MISSED_SHARE;
	bool starved = !brief && missed > (ticks + missed) / STARVED_SHARE;
	bool affordable = ticks && cpu_ns < ns / CORE_SHARE;

	judge_place(s, s->may_move && affordable && (double)cpu_ns < most &&
			       (s->may_hurry || (!starved && n == 1)));
	judge_priority(s, affordable, in_time);
}
