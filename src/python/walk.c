/* walk.c - the walker: made and freed, the tick, parked threads; see walk.h */
#include "python/walk_impl.h"

#include "base/alloc.h"
#include "base/clock.h"

#define ROOT_NS (50 * NS_PER_MS) /* a new interpreter is seen after that, at most */

/* ---- making and freeing ------------------------------------------------------------- */

static void want_runtime(struct walker *w)
{
	const struct abi *a = w->abi;
	struct fieldset *s = &w->rootset;

	w->root_base = w->root.runtime_addr;
	w->r_head = fieldset_add_far(s, w->root.interp_head_addr - w->root_base, 8);
	w->r_current = fieldset_add(s, a->runtime.tstate_current, 8);
	w->r_gc = fieldset_add(s, a->runtime.gc_collecting, 4);
}

/* 2.7 and 3.6 have no runtime structure but variables. */
static void want_statics(struct walker *w)
{
	struct fieldset *s = &w->rootset;

	w->root_base = 0;
	w->r_head = fieldset_add_far(s, w->root.interp_head_addr, 8);
	w->r_current = w->root.tstate_current_addr
			       ? fieldset_add_far(s, w->root.tstate_current_addr, 8)
			       : -1;
	w->r_gc = w->root.gc_addr ? fieldset_add_far(s, w->root.gc_addr, 4) : -1;
}

static void want_interp(struct walker *w)
{
	const struct abi *a = w->abi;
	struct fieldset *s = &w->interpset;
	bool gil = a->interp.gil != ABI_NONE;

	w->i_next = fieldset_add(s, a->interp.next, 8);
	w->i_id = fieldset_add(s, a->interp.id, 8);
	w->i_head = fieldset_add(s, a->interp.tstate_head, 8);
	w->i_main = fieldset_add(s, a->interp.threads_main, 8);
	w->i_gc = fieldset_add(s, a->interp.gc_collecting, 4);
	w->i_generation = a->interp.code_generation != ABI_NONE
				  ? fieldset_add(s, a->interp.code_generation, 8)
				  : fieldset_add(s, a->interp.next_version, 4);
	w->i_gil_locked = gil ? fieldset_add(s, a->interp.gil + a->gil.locked, 4) : -1;
	w->i_gil_holder = gil ? fieldset_add(s, a->interp.gil + a->gil.holder, 8) : -1;
}

static uint32_t thread_state_len(const struct abi *a)
{
	const uint32_t last[] = { a->tstate.next, a->tstate.interp, a->tstate.frame,
		a->tstate.cframe, a->tstate.current_frame, a->tstate.datastack_top,
		a->tstate.id, a->tstate.thread_id, a->tstate.native_id,
		a->tstate.exc_info, a->tstate.current_exception, a->tstate.curexc_type,
		a->tstate.exc_type, a->tstate.status, a->tstate.state,
		a->tstate.gil_requested };
	uint32_t len = 0;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(last); i++) {
		if (last[i] != ABI_NONE && last[i] + 8 > len)
			len = last[i] + 8;
	}
	if (a->tstate.exc_state != ABI_NONE && a->tstate.exc_state + 24 > len)
		len = a->tstate.exc_state + 24;
	return len < TS_MAX ? len : TS_MAX;
}

struct walker *walker_new(struct mem *mem, const struct abi *abi,
	const struct walk_root *root, void (*gone)(void *arg, struct walk_thread *t),
	void *arg)
{
	struct walker *w = xcalloc(1, sizeof(*w));

	w->mem = mem;
	w->abi = abi;
	w->root = *root;
	w->gone = gone;
	w->arg = arg;
	w->calls = abi_calls(abi->version);
	w->era = abi->value.frame_kind ? &walk_era_iframe : &walk_era_frame;
	if (root->runtime_addr)
		want_runtime(w);
	else
		want_statics(w);
	want_interp(w);
	gil_want_mark(w);
	fieldset_seal(&w->rootset);
	fieldset_seal(&w->interpset);
	if (w->rootset.total > sizeof(w->root_copy) ||
		w->interpset.total > sizeof(w->interps[0]->copy))
		BUG("fields of the runtime too far apart");
	w->ts_len = thread_state_len(abi);
	w->relist = true;
	w->proofs = xcalloc(PROOFS_MAX, sizeof(*w->proofs));
	codes_init(w);
	return w;
}

void walker_free(struct walker *w)
{
	size_t i;

	if (!w)
		return;
	for (i = 0; i < w->n_threads; i++)
		thread_free(w, w->threads[i]);
	for (i = 0; i < w->n_interps; i++)
		free(w->interps[i]);
	map_release(&w->by_tstate);
	map_release(&w->sites);
	codes_release(&w->codes);
	free(w->threads);
	free(w->visible);
	free(w->seg);
	free(w->seg_ok);
	free(w->gathered);
	free(w->gather_keys);
	free(w->chain);
	free(w->slots);
	free(w->fresh);
	free(w->proofs);
	free(w);
}

/* ---- reading ------------------------------------------------------------------------ */

void plan_fields(
	struct walker *w, const struct fieldset *s, uint64_t base, void *copy, bool *ok)
{
	unsigned i;

	*ok = true;
	for (i = 0; i < s->n_stretches; i++)
		plan_add(w, base + s->stretch[i].off, (char *)copy + s->stretch[i].pos,
			s->stretch[i].len, ok);
}

/*
 * Pointer and thread state of every thread come first in a read: copying any line that the
 * target writes makes its next write wait, and where it waits it would be found. So the
 * pointer says where it was before it was disturbed.
 */
static void plan_head(struct walker *w, struct wthread *t)
{
	t->quiet = false;
	t->planned = true;
	t->side = !t->side;
	if (w->era->plan_pointer)
		w->era->plan_pointer(w, t);
	plan_add(w, t->pub.tstate_addr, t->ts[t->side], w->ts_len, &t->ts_ok);
}

static void plan_stack(struct walker *w, struct wthread *t)
{
	if (t->exc_addr)
		plan_add(w, t->exc_addr, t->exc, EXC_LEN, &t->exc_ok);
	w->era->plan(w, t);
	codes_plan(w, t, w->now_ns - t->proved_ns >= STALE_NS ? 0 : t->changed);
}

static void plan_thread(struct walker *w, struct wthread *t)
{
	plan_head(w, t);
	plan_stack(w, t);
}

/* From 3.12 on the runtime says nothing but where the interpreters are. While there is
 * one, which outlives all others, that need not be asked at every tick. */
static bool only_head(const struct walker *w)
{
	return w->rootset.n == 1 && w->n_interps == 1;
}

/* ---- the tick ----------------------------------------------------------------------- */

static bool is_finished(const struct walker *w, const struct wthread *t)
{
	const struct abi *a = w->abi;
	uint32_t word = ts_u32(w, t, a->tstate.status);

	return abi_bits(word, a->status.cleared) || abi_bits(word, a->status.finalized);
}

static void decode_thread(struct walker *w, struct wthread *t)
{
	struct walk_thread *p = &t->pub;

	t->settled = false;
	if (!t->ts_ok || is_finished(w, t)) {
		p->status = t->ts_ok ? ST_GONE : ST_FAULT;
		p->n_same = p->n_frames = 0;
		w->stats.n_lost[p->status]++;
		return;
	}
	p->status = w->era->decode(w, t);
	if (p->status == ST_OK || p->status == ST_LIMIT)
		emit_chain(w, t);
	site_flags(w, p);
	/* Its pointer was read before the turn: one tick of the same turn must lie between. */
	t->settled = p->status == ST_OK && !w->turn_moved;
	t->settled_turn = w->turn;
	if (p->status != ST_OK)
		w->stats.n_lost[p->status]++;
	gil_thread_flags(w, t);
	if (t->first_done)
		p->flags &= ~(uint32_t)WALK_NEW;
	t->first_done = true;
	t->first = t->first && p->status != ST_OK;
}

static void forget_codes(struct walker *w)
{
	size_t k;

	for (k = 0; k < w->n_threads; k++) {
		w->threads[k]->pub.n_frames = 0;
		w->threads[k]->first = true;
	}
}

/* Threads that appeared in this tick: planned and read on their own. */
static void read_new(struct walker *w)
{
	size_t k;

	for (k = 0; k < w->n_threads; k++) {
		struct wthread *t = w->threads[k];

		if (t->planned || t->quiet || t->pub.flags & WALK_PARKED)
			continue;
		plan_thread(w, t);
		plan_read(w);
		codes_judge_planned(w);
	}
}

/* May it have run Python since it was last read? */
static bool may_have_run(const struct walker *w, const struct wthread *t)
{
	return !w->turn_known || w->turn_moved || !t->settled ||
	       t->settled_turn != w->turn || t->pub.tstate_addr == w->turn_holder;
}

static void plan_tick(struct walker *w)
{
	uint32_t i;
	size_t k;

	for (k = 0; k < w->n_threads; k++) {
		struct wthread *t = w->threads[k];

		t->quiet = t->planned = false;
		if (t->pub.flags & WALK_PARKED)
			continue;
		if (may_have_run(w, t)) {
			t->tick++;
			plan_head(w, t);
		} else {
			t->quiet = true;
			t->pub.flags &= ~(uint32_t)WALK_NEW;
		}
	}
	if (!only_head(w) || w->now_ns - w->root_ns >= ROOT_NS) {
		plan_fields(w, &w->rootset, w->root_base, w->root_copy, &w->root_ok);
		w->root_ns = w->now_ns;
	}
	for (i = 0; i < w->n_interps; i++)
		plan_interp(w, w->interps[i]);
	for (k = 0; k < w->n_threads; k++) {
		struct wthread *t = w->threads[k];

		if (!(t->pub.flags & WALK_PARKED) && !t->quiet)
			plan_stack(w, t);
	}
}

/* The GIL has changed hands: what was taken for quiet is read after all. */
static enum status read_quiet(struct walker *w)
{
	size_t k;

	for (k = 0; k < w->n_threads; k++) {
		if (!w->threads[k]->quiet)
			continue;
		w->threads[k]->tick++;
		plan_thread(w, w->threads[k]);
	}
	return w->n_seg ? plan_read(w) : ST_OK;
}

enum status walker_tick(struct walker *w)
{
	uint64_t calls = w->mem->n_calls;
	enum status st;
	size_t k, n;

	w->now_ns = clock_mono_ns();
	w->tick++;
	w->stats.n_ticks++;
	if (codes_trim(w))
		forget_codes(w);
	plan_tick(w);
	st = plan_read(w);
	if (st == ST_OK && !w->root_ok)
		st = ST_FAULT;
	if (st == ST_OK)
		st = lists_update_interps(w);
	if (st != ST_OK) {
		codes_judge_planned(w);
		goto out;
	}
	gil_update(w);
	gil_turn(w);
	if (w->turn_moved)
		st = read_quiet(w);
	codes_judge_planned(w);
	if (st != ST_OK)
		goto out;
	n = w->n_threads;
	for (k = 0; k < n; k++)
		w->threads[k]->linked = true;
	if (w->relist || lists_moved(w)) {
		lists_follow(w);
		read_new(w);
	}
	for (k = 0; k < w->n_threads; k++) {
		w->threads[k]->again = 0;
		if (!(w->threads[k]->pub.flags & WALK_PARKED) && !w->threads[k]->quiet)
			decode_thread(w, w->threads[k]);
	}
out:
	w->stats.n_calls += w->mem->n_calls - calls;
	return st;
}

enum status walker_again(struct walker *w, struct walk_thread *p, bool still)
{
	struct wthread *t = (struct wthread *)p;
	uint64_t calls = w->mem->n_calls;
	enum status st;

	w->now_ns = clock_mono_ns();
	plan_thread(w, t);
	st = plan_read(w);
	codes_judge_planned(w);
	t->still = still;
	t->again++;
	if (st == ST_OK)
		decode_thread(w, t);
	t->still = false;
	w->stats.n_calls += w->mem->n_calls - calls;
	return st == ST_OK ? p->status : st;
}

uint32_t walker_sound(struct walker *w, struct walk_thread *p)
{
	return w->era->sound && !p->n_skipped ? w->era->sound(w, (struct wthread *)p) : 0;
}

/* Where the leaf keeps its instruction, and what is known of it. */
static bool leaf_place(const struct walker *w, const struct wthread *t, uint64_t *addr)
{
	const struct abi *a = w->abi;

	if (!t->pub.n_frames)
		return false;
	*addr = t->pub.frames[t->pub.n_frames - 1].addr +
		(a->value.frame_kind ? a->iframe.instr : a->frame.lasti);
	return true;
}

static bool leaf_moved(const struct walker *w, const struct wthread *t)
{
	uint64_t instr = t->pub.frames[t->pub.n_frames - 1].instr;

	if (!t->peek_ok)
		return true;
	return w->abi->value.frame_kind ? t->peek != instr
					: (uint32_t)t->peek != (uint32_t)instr;
}

void walker_look(struct walker *w)
{
	uint64_t calls = w->mem->n_calls, addr;
	size_t k;

	for (k = 0; k < w->n_threads; k++) {
		struct wthread *t = w->threads[k];

		if (!(t->pub.flags & WALK_PARKED))
			continue;
		plan_add(w, t->pub.tstate_addr, t->ts[!t->side], w->ts_len, &t->ts_ok);
		if (leaf_place(w, t, &addr))
			plan_add(w, addr, &t->peek, sizeof(t->peek), &t->peek_ok);
	}
	plan_read(w);
	for (k = 0; k < w->n_threads; k++) {
		struct wthread *t = w->threads[k];

		if ((t->pub.flags & WALK_PARKED) &&
			(!t->ts_ok || memcmp(t->ts[0], t->ts[1], w->ts_len) ||
				(leaf_place(w, t, &addr) && leaf_moved(w, t))))
			t->pub.flags &= ~(uint32_t)WALK_PARKED;
	}
	w->stats.n_calls += w->mem->n_calls - calls;
}

struct walk_thread **walker_threads(struct walker *w, size_t *n)
{
	size_t k;

	GROW(w->visible, w->cap_visible, w->n_threads + 1);
	for (k = 0; k < w->n_threads; k++)
		w->visible[k] = &w->threads[k]->pub;
	*n = w->n_threads;
	return w->visible;
}

const struct walk_stats *walker_stats(const struct walker *w)
{
	return &w->stats;
}

/* New interpreters are put at the head of the list: the oldest is the main one. */
uint64_t walker_main_interp(const struct walker *w)
{
	return w->n_interps ? w->interps[w->n_interps - 1]->addr : 0;
}
