/* target_tick.c - one tick of one process: from raw stacks to runs in its chunk */
#include "prof/target.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "proc/stop.h"

enum {
	RETRIES = 3,
	/* --blocking auto: so many of so many reads were bad, no more for so many ticks */
	BAD = 3,
	LOOK = 64,
	STOPS = 1024,
};
/* A thread that waits for a processor stops when it gets one. */
#define STOP_TIMEOUT_NS (20 * NS_PER_MS)

/* The lane of a thread, made when it is new. A thread that is being born has its creator's
 * id for a moment: when the id changes, the right task is looked at from then on. */
static struct lane *lane_of(struct target *t, struct walk_thread *w, const struct tick *k)
{
	struct thread_info info = { .series = t->series.id,
		.since_ns = k->now_ns + k->wall_ns };
	struct lane *l = w->user;

	if (l && l->tid == w->tid)
		return l;
	if (l) {
		task_close(&l->task);
		l->misses = 0;
		l->state = 0;
		l->state_ns = 0;
		l->named = false;
	} else {
		l = xcalloc(1, sizeof(*l));
		l->id = ++t->next_thread;
		l->walk = w;
		l->task.syscall_fd = -1;
		w->user = l;
	}
	l->tid = w->tid;
	lane_update_state(t, l, k);
	info.thread = l->id;
	info.tid = l->task.tid;
	info.is_main = w->flags & WALK_MAIN;
	memcpy(info.name, l->name, sizeof(info.name));
	k->sink->ops->thread(k->sink, &info);
	t->names_due = true;
	return l;
}

/* Reads a thread that stands still for it. */
static bool read_stopped(struct target *t, struct walk_thread *w, struct lane *l)
{
	struct stop stop;
	int64_t began = clock_mono_ns(), took;
	bool ok;

	if (!l->task.tid || !stop_end(&t->unstopped))
		return false;
	if (stop_begin(&stop, l->task.tid, STOP_TIMEOUT_NS) != 0) {
		if (!stop_end(&stop))
			t->unstopped = stop; /* it stops when its system call returns */
		return false;
	}
	ok = walker_again(t->walker, w, true) == ST_OK;
	l->shot = t->natives && ok && natives_take(t->natives, l->task.tid) == ST_OK;
	stop_end(&stop);
	took = clock_mono_ns() - began;
	t->totals.stops++;
	t->totals.stopped_ns += (uint64_t)took;
	if ((uint64_t)took > t->totals.stopped_ns_max)
		t->totals.stopped_ns_max = (uint64_t)took;
	if (ok) {
		w->flags &= ~(uint32_t)WALK_TORN;
		edges_trust(t->edges, w, walker_epoch(t->walker));
	}
	return ok;
}

static bool same_frame(const struct raw_frame *a, const struct raw_frame *b)
{
	return a->addr == b->addr && a->code == b->code && a->instr == b->instr;
}

/* An edge that is not known is looked at again: one that is still there is real, unless it
 * is a guess both times. */
static uint32_t look_twice(struct target *t, struct walk_thread *w, uint32_t sound)
{
	const struct raw_frame caller = w->frames[sound - 1], callee = w->frames[sound];

	if (walker_again(t->walker, w, false) != ST_OK)
		return sound < w->n_frames ? sound : w->n_frames;
	if (sound < w->n_frames && same_frame(&caller, &w->frames[sound - 1]) &&
		callee.addr == w->frames[sound].addr &&
		callee.code == w->frames[sound].code &&
		!(w->frames[sound].flags & RAW_GUESSED))
		edges_trust_one(t->edges, &caller, callee.code);
	return edges_judge(t->edges, w, walker_epoch(t->walker));
}

/*
 * Is the thread stopped for its sample, whatever a read without would bring? Where many
 * are bad, those that are not are unlike the others (shallow, in a recursion): to stop
 * for the bad ones only would make a profile of the good ones.
 */
static bool is_stopped_for(
	const struct walk_thread *w, struct lane *l, enum blocking blocking)
{
	if (w->flags & WALK_PARKED)
		return false;
	if (blocking == BLOCKING_AUTO && l->n_stops) {
		l->n_stops--;
		return !(l->state & STATE_BLOCKED);
	}
	return blocking == BLOCKING_ALWAYS;
}

/* Counts one read without a stop. */
static void note_read(struct lane *l, bool bad)
{
	l->n_bad += bad;
	if (l->n_bad < BAD && ++l->n_read < LOOK)
		return;
	l->n_stops = l->n_bad >= BAD ? STOPS : 0;
	l->n_bad = l->n_read = 0;
}

/* How many frames can be vouched for, and whether there were more; reads again where that
 * may help, stops where that is allowed. */
static uint32_t settle(struct target *t, struct walk_thread *w, struct lane *l,
	enum blocking blocking, bool *cut)
{
	uint32_t epoch = walker_epoch(t->walker), sound;
	bool may_stop = blocking == BLOCKING_AUTO, bad;
	int tries;

	*cut = false;
	if (is_stopped_for(w, l, blocking) && read_stopped(t, w, l))
		return w->n_frames;
	bad = w->status == ST_TORN || w->status == ST_CYCLE || w->flags & WALK_DOUBTED;
	if (may_stop && !(l->state & STATE_BLOCKED))
		note_read(l, bad);
	if (may_stop && bad && read_stopped(t, w, l))
		return w->n_frames;
	for (tries = 0; tries < RETRIES && w->status != ST_OK && w->status != ST_GONE &&
			w->status != ST_LIMIT;
		tries++)
		walker_again(t->walker, w, false);
	if (w->status == ST_TORN || w->status == ST_CYCLE) {
		sound = walker_sound(t->walker, w);
		*cut = sound > 0;
		return sound;
	}
	if (!(w->flags & WALK_CHANGED))
		return w->n_frames;
	sound = edges_judge(t->edges, w, epoch);
	if (sound < w->n_frames && may_stop && read_stopped(t, w, l))
		return w->n_frames;
	if (sound < w->n_frames)
		sound = look_twice(t, w, sound);
	*cut = sound < w->n_frames;
	return sound;
}

void target_put(struct target *t, struct lane *l, uint32_t tick, stack_id stack)
{
	struct run fresh = {
		.thread = l->id,
		.first_tick = tick,
		.n_ticks = 1,
		.stack = stack,
		.state = l->state,
		.wait = l->wait,
	};

	if (l->second == t->second) {
		struct run *r = &t->chunk.runs[l->run];

		if (r->stack == stack && r->state == l->state && r->wait == l->wait &&
			r->first_tick + r->n_ticks == tick) {
			r->n_ticks++;
			return;
		}
	}
	l->run = chunk_run(&t->chunk, &fresh);
	l->second = t->second;
}

/* What the thread's frames stand on. Of a thread that has slept since the last tick the
 * task is still the same. */
static stack_id base_of(
	struct target *t, struct walk_thread *w, struct lane *l, const struct tick *k)
{
	if (t->tasks && (!l->parked || l->tasks_in != k->symbols)) {
		l->tasks = aiotasks_stack(t->tasks, k->symbols, w);
		l->tasks_in = k->symbols;
	}
	return l->tasks;
}

static stack_id stack_of(struct target *t, struct walk_thread *w, struct lane *l,
	uint32_t n, bool still, const struct tick *k)
{
	bool merged;

	if (l->shot) {
		l->merged = natives_stack(t->natives, t->resolver, k->symbols, w, n,
			base_of(t, w, l, k), &merged);
		l->merged_in = k->symbols;
		l->shot = false;
		l->stack.n = 0; /* the frames are taken without it */
		t->totals.unmerged += !merged;
		return l->merged;
	}
	if (still)
		return l->merged;
	t->totals.unmerged += t->natives != NULL;
	return resolver_stack(
		t->resolver, &l->stack, w, n, l->state & STATE_CUT, base_of(t, w, l, k));
}

static void sample_thread(
	struct target *t, struct walk_thread *w, const struct tick *k, uint32_t tick)
{
	struct chunk_stats *stats = &t->chunk.stats;
	struct lane *l = lane_of(t, w, k);
	wait_id wait = l->wait;
	bool still; /* sleeps where it slept: its native stack is known */
	bool cut;
	uint32_t n;

	if (l->parked) {
		target_put(t, l, tick,
			resolver_stack(t->resolver, &l->stack, w, l->n_kept,
				l->state & STATE_CUT, base_of(t, w, l, k)));
		stats->n_samples++;
		t->totals.samples++;
		return;
	}
	/* The kernel is asked before a stop, which would show as one. */
	if ((k->options->blocking != BLOCKING_NEVER || t->natives) &&
		!(w->flags & WALK_PARKED))
		lane_update_state(t, l, k);
	still = l->merged && l->merged_in == k->symbols && !(w->flags & WALK_CHANGED) &&
		l->wait != WAIT_NONE && l->wait == wait;
	n = settle(t, w, l, t->natives && !still ? BLOCKING_ALWAYS : k->options->blocking,
		&cut);

	if (w->status != ST_OK && w->status != ST_LIMIT && !cut) {
		stats->n_lost[w->status]++;
		t->totals.lost[w->status]++;
		return;
	}
	if (!(w->flags & WALK_PARKED))
		lane_update_state(t, l, k);
	l->state &= (uint16_t)~STATE_CUT;
	if (cut) {
		l->state |= STATE_CUT;
		stats->n_cut++;
		t->totals.cut++;
	}
	if (w->flags & WALK_REPAIRED && w->flags & WALK_CHANGED) {
		stats->n_repaired++;
		t->totals.repaired++;
	}
	t->totals.doubted += !cut && w->flags & WALK_DOUBTED && w->flags & WALK_CHANGED;
	l->changed = w->flags & WALK_CHANGED;
	l->n_kept = n;
	target_put(t, l, tick, stack_of(t, w, l, n, still, k));
	walk_taken(w);
	if (!t->natives && k->options->blocking != BLOCKING_ALWAYS)
		target_park(t, l);
	stats->n_samples++;
	t->totals.samples++;
}

static void announce(struct target *t, const struct tick *k)
{
	k->sink->ops->series(k->sink, &t->series);
	t->announced = true;
	t->second = 1;
	t->resolver = resolver_new(t->walker, t->mem, &t->runtime.abi, k->symbols);
	target_event(t, k, EVENT_ATTACH, t->runtime.version.text);
}

enum status target_tick(struct target *t, const struct tick *k)
{
	struct chunk_stats *stats = &t->chunk.stats;
	uint64_t calls = t->mem->n_calls;
	int64_t began = clock_mono_ns(), weight;
	struct walk_thread **w;
	enum status st;
	uint32_t tick;
	size_t n, i;

	if (!t->announced)
		announce(t, k);
	resolver_use(t->resolver, k->symbols);
	t->chunk.symbols = k->symbols;
	stats->ticks_wanted += 1 + k->missed;
	stats->ticks_missed += k->missed;
	stats->late_ns_sum += (uint64_t)k->late_ns;
	if ((uint64_t)k->late_ns > stats->late_ns_max)
		stats->late_ns_max = (uint64_t)k->late_ns;
	st = walker_tick(t->walker);
	if (st != ST_OK) {
		if (t->trouble == ST_OK)
			t->trouble_ns = k->now_ns;
		t->trouble = st;
		if (st != ST_GONE) {
			stats->n_lost[st]++;
			t->totals.lost[st]++;
		}
		return st;
	}
	t->trouble = ST_OK;
	weight = t->last_ns ? began - t->last_ns : 0;
	t->last_ns = began;
	tick = chunk_tick(&t->chunk, began + k->wall_ns, (uint64_t)weight);
	target_wake(t, k);
	w = walker_threads(t->walker, &n);
	for (i = 0; i < n; i++)
		sample_thread(t, w[i], k, tick);
	if (t->natives)
		target_native_threads(t, k, tick);
	stats->read_ns += (uint64_t)(clock_mono_ns() - began);
	t->totals.read_ns += (uint64_t)(clock_mono_ns() - began);
	t->totals.reads += t->mem->n_calls - calls;
	return ST_OK;
}
