/*
 * target_park.c - threads that sleep cost nothing.
 *
 * A thread that was blocked, without the GIL, for some ticks is parked: its memory is not
 * read and the kernel not asked. To run Python it must take the GIL, or begin to wait for
 * it, and either leaves its mark in the GIL's own memory, which every tick reads: while
 * the mark stands, parked threads are as they were. When it has changed, one read looks at
 * all of them, and the kernel is asked about some; two are asked at every tick, so that
 * one which works in C without the GIL is found too.
 */
#include "prof/target.h"

enum {
	STILL_TICKS = 4,   /* blocked and unchanged for so long: parked */
	ASK_ALWAYS = 2,    /* parked threads that the kernel is asked about, per tick */
	ASK_ON_CHANGE = 16 /* the same when the GIL has moved */
};

void target_wake(struct target *t, const struct tick *k)
{
	struct walk_thread **w;
	uint64_t mark = 0;
	size_t n, i, asked = 0, limit;
	bool moved;

	if (!t->n_parked)
		return;
	moved = !walker_gil_mark(t->walker, &mark) || mark != t->gil_mark;
	t->gil_mark = mark;
	w = walker_threads(t->walker, &n);
	if (moved)
		walker_look(t->walker);
	limit = moved ? ASK_ON_CHANGE : ASK_ALWAYS;
	for (i = 0; i < n && asked < limit; i++) {
		struct walk_thread *p = w[t->next_parked++ % n];
		struct lane *l = p->user;
		wait_id wait;

		if (!l || !(p->flags & WALK_PARKED))
			continue;
		asked++;
		wait = l->wait;
		l->state_ns = 0;
		lane_update_state(t, l, k);
		if (!(l->state & STATE_BLOCKED) || l->wait != wait)
			p->flags &= ~(uint32_t)WALK_PARKED;
	}
	for (i = 0, t->n_parked = 0; i < n; i++) {
		struct lane *l = w[i]->user;

		if (w[i]->flags & WALK_PARKED) {
			t->n_parked++;
		} else if (l && l->parked) {
			l->parked = false;
			l->n_still = 0;
			walker_again(t->walker, w[i], false);
		}
	}
}

void target_park(struct target *t, struct lane *l)
{
	struct walk_thread *p = l->walk;
	uint64_t mark;

	if (l->parked)
		return;
	if (p->status != ST_OK || !(l->state & STATE_BLOCKED) || l->wait == WAIT_NONE ||
		(l->state & (STATE_GIL | STATE_GIL_WAIT)) || l->changed) {
		l->n_still = 0;
		return;
	}
	if (++l->n_still < STILL_TICKS || !walker_gil_mark(t->walker, &mark))
		return;
	if (!t->n_parked)
		t->gil_mark = mark;
	l->parked = true;
	p->flags |= WALK_PARKED;
	t->n_parked++;
}
