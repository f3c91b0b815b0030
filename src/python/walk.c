/*
 * walk.c - the walker: lists of interpreters and threads, and the tick; see walk.h
 *
 * Longer than most files here: the lists are only ever followed as part of the tick.
 */
#include "python/walk_impl.h"

#include "base/alloc.h"
#include "base/clock.h"

#define ROOT_NS   (50 * NS_PER_MS)  /* a new interpreter is seen after that, at most */
#define RELIST_NS (100 * NS_PER_MS) /* with threads parked: the whole list this often */

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
	w->i_head = fieldset_add(s, a->interp.tstate_head, 8);
	w->i_main = fieldset_add(s, a->interp.threads_main, 8);
	w->i_gc = fieldset_add(s, a->interp.gc_collecting, 4);
	w->i_generation = fieldset_add(s, a->interp.code_generation, 8);
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

static void free_thread(struct walker *w, struct wthread *t)
{
	if (w->gone)
		w->gone(w->arg, &t->pub);
	w->era->release(t);
	free(t->pub.frames);
	free(t);
}

void walker_free(struct walker *w)
{
	size_t i;

	if (!w)
		return;
	for (i = 0; i < w->n_threads; i++)
		free_thread(w, w->threads[i]);
	for (i = 0; i < w->n_interps; i++)
		free(w->interps[i]);
	map_release(&w->by_tstate);
	map_release(&w->returns);
	codes_release(&w->codes);
	free(w->threads);
	free(w->visible);
	free(w->seg);
	free(w->seg_ok);
	free(w->chain);
	free(w->slots);
	free(w->fresh);
	free(w->proofs);
	free(w);
}

/* ---- reading ------------------------------------------------------------------------ */

static void plan_fields(
	struct walker *w, const struct fieldset *s, uint64_t base, void *copy, bool *ok)
{
	unsigned i;

	*ok = true;
	for (i = 0; i < s->n_stretches; i++)
		plan_add(w, base + s->stretch[i].off, (char *)copy + s->stretch[i].pos,
			s->stretch[i].len, ok);
}

static void plan_interp(struct walker *w, struct winterp *in)
{
	plan_fields(w, &w->interpset, in->addr, in->copy, &in->ok);
	if (in->gil_addr && in->gil_addr != in->addr + w->abi->interp.gil)
		plan_add(
			w, in->gil_addr, in->gil_copy, sizeof(in->gil_copy), &in->gil_ok);
}

static void plan_thread(struct walker *w, struct wthread *t)
{
	t->quiet = false;
	t->side = !t->side;
	plan_add(w, t->pub.tstate_addr, t->ts[t->side], w->ts_len, &t->ts_ok);
	if (t->exc_addr)
		plan_add(w, t->exc_addr, t->exc, EXC_LEN, &t->exc_ok);
	w->era->plan(w, t);
	codes_plan(w, &t->pub, w->now_ns - t->proved_ns >= STALE_NS ? 0 : t->changed);
}

/* ---- interpreters ------------------------------------------------------------------- */

static struct winterp *find_interp(struct walker *w, uint64_t addr, uint32_t *index)
{
	uint32_t i;

	for (i = 0; i < w->n_interps; i++) {
		if (w->interps[i]->addr == addr) {
			*index = i;
			return w->interps[i];
		}
	}
	return NULL;
}

static struct winterp *add_interp(struct walker *w, uint64_t addr)
{
	const struct abi *a = w->abi;
	struct winterp *in;

	if (w->n_interps == WALK_MAX_INTERPS || addr < 4096 || addr % 8)
		return NULL;
	in = xcalloc(1, sizeof(*in));
	in->addr = addr;
	in->id = w->n_interps;
	if (a->interp.id != ABI_NONE)
		mem_read(w->mem, addr + a->interp.id, &in->id, 8);
	if (a->interp.gil_ptr != ABI_NONE)
		mem_read_u64(w->mem, addr + a->interp.gil_ptr, &in->gil_addr);
	plan_interp(w, in);
	if (plan_read(w) != ST_OK || !in->ok) {
		free(in);
		return NULL;
	}
	w->interps[w->n_interps++] = in;
	return in;
}

/* Follows the list; interpreters that are no longer in it go, with their threads. */
static enum status update_interps(struct walker *w)
{
	uint64_t addr = fieldset_get(&w->rootset, w->root_copy, w->r_head);
	uint32_t i, n = 0, kept = 0, index;

	if (!addr)
		return ST_NO_INTERP;
	for (i = 0; i < w->n_interps; i++)
		w->interps[i]->linked = false;
	while (addr) {
		struct winterp *in = find_interp(w, addr, &index);

		if (!in)
			in = add_interp(w, addr);
		if (!in || !in->ok || n++ == WALK_MAX_INTERPS)
			return n ? ST_TORN : ST_NO_INTERP;
		if (in->linked)
			return ST_CYCLE;
		in->linked = true;
		addr = fieldset_get(&w->interpset, in->copy, w->i_next);
	}
	for (i = 0; i < w->n_interps; i++) {
		if (w->interps[i]->linked) {
			w->interps[kept++] = w->interps[i];
			continue;
		}
		free(w->interps[i]);
		w->relist = true;
	}
	if (kept != w->n_interps)
		w->relist = true;
	w->n_interps = kept;
	return ST_OK;
}

/* ---- threads ------------------------------------------------------------------------ */

static struct wthread *find_thread(const struct walker *w, uint64_t addr)
{
	const uint64_t *at = map_get(&w->by_tstate, addr);

	return at && *at ? w->threads[*at - 1] : NULL;
}

static void index_threads(struct walker *w)
{
	size_t i;

	map_clear(&w->by_tstate);
	for (i = 0; i < w->n_threads; i++)
		*map_put(&w->by_tstate, w->threads[i]->pub.tstate_addr) = i + 1;
}

/* What a fresh copy of a thread state says about who it is. */
static void identify(struct walker *w, struct wthread *t)
{
	const struct abi *a = w->abi;
	uint64_t serial = ts_u64(w, t, a->tstate.id);
	uint64_t pthread = ts_u64(w, t, a->tstate.thread_id);
	uint64_t native = ts_u64(w, t, a->tstate.native_id);

	t->next = ts_u64(w, t, a->tstate.next);
	t->prev = ts_u64(w, t, a->tstate.prev);
	if (t->pub.tid && t->pub.serial == serial && t->pub.pthread == pthread &&
		(!native || native == (uint64_t)t->pub.tid))
		return;
	t->pub.serial = serial;
	t->pub.pthread = pthread;
	t->pub.tid = thread_tid(w, t);
}

static struct wthread *add_thread(struct walker *w, uint64_t addr)
{
	struct wthread *t;

	if (w->n_threads == WALK_MAX_THREADS || addr < 4096 || addr % 8)
		return NULL;
	t = xcalloc(1, sizeof(*t));
	t->pub.tstate_addr = addr;
	t->pub.number = ++w->next_number;
	t->pub.flags = WALK_NEW;
	t->pub.status = ST_TORN;
	t->first = true;
	t->ts_ok = chase(w, addr, t->ts[0], w->ts_len);
	if (!t->ts_ok) {
		free(t);
		return NULL;
	}
	identify(w, t);
	GROW(w->threads, w->cap_threads, w->n_threads + 1);
	w->threads[w->n_threads++] = t;
	*map_put(&w->by_tstate, addr) = w->n_threads;
	return t;
}

static bool belongs(
	const struct walker *w, const struct wthread *t, const struct winterp *in)
{
	return ts_u64(w, t, w->abi->tstate.interp) == in->addr;
}

/* Marks the threads of one interpreter's list; false: the list is torn. */
static bool mark_threads(struct walker *w, uint32_t interp_index)
{
	const struct winterp *in = w->interps[interp_index];
	uint64_t addr = in->head, last = 0;
	struct wthread *t;
	size_t n = 0;

	for (; addr; addr = t->next) {
		if (n++ > WALK_MAX_THREADS)
			return false;
		t = find_thread(w, addr);
		if (t && (!t->ts_ok || !belongs(w, t, in)))
			return false;
		if (!t)
			t = add_thread(w, addr);
		if (!t || !belongs(w, t, in) || t->linked)
			return false;
		t->linked = true;
		t->interp_index = interp_index;
		t->pub.interp = in->id;
		t->pub.interp_addr = in->addr;
		last = addr;
	}
	/* The main thread is the oldest of the list. */
	for (size_t i = 0; i < w->n_threads; i++) {
		t = w->threads[i];
		if (t->interp_index != interp_index)
			continue;
		t->pub.flags &= ~(uint32_t)WALK_MAIN;
		if (t->pub.tstate_addr == (in->main ? in->main : last))
			t->pub.flags |= WALK_MAIN;
	}
	return true;
}

static void drop_unlinked(struct walker *w)
{
	size_t i, kept = 0;

	for (i = 0; i < w->n_threads; i++) {
		if (w->threads[i]->linked)
			w->threads[kept++] = w->threads[i];
		else
			free_thread(w, w->threads[i]);
	}
	if (kept == w->n_threads)
		return;
	w->n_threads = kept;
	index_threads(w);
}

/* The threads as the lists say now. A torn list leaves everything as it was. */
static bool update_threads(struct walker *w)
{
	bool sound = true;
	uint32_t i;
	size_t k;

	for (k = 0; k < w->n_threads; k++)
		w->threads[k]->linked = false;
	for (i = 0; i < w->n_interps && sound; i++)
		sound = mark_threads(w, i);
	if (sound)
		drop_unlinked(w);
	return sound;
}

/* Has anything about the lists changed since they were last followed? */
static bool lists_moved(struct walker *w)
{
	uint32_t i;
	size_t k;

	for (i = 0; i < w->n_interps; i++) {
		if (w->interps[i]->head != w->interps[i]->listed_head)
			return true;
	}
	for (k = 0; k < w->n_threads; k++) {
		const struct wthread *t = w->threads[k];

		if (!(t->pub.flags & WALK_PARKED) &&
			(!t->ts_ok || t->pub.serial != ts_u64(w, t, w->abi->tstate.id) ||
				t->next != ts_u64(w, t, w->abi->tstate.next) ||
				t->prev != ts_u64(w, t, w->abi->tstate.prev)))
			return true;
	}
	return w->now_ns - w->listed_ns > RELIST_NS;
}

/* Reads every thread state anew, parked or not, and follows the lists. */
static void relist(struct walker *w)
{
	size_t k, n = w->n_threads;
	uint32_t i;

	for (k = 0; k < n; k++) {
		struct wthread *t = w->threads[k];

		if ((t->pub.flags & WALK_PARKED) || t->quiet)
			plan_add(w, t->pub.tstate_addr, t->ts[t->side], w->ts_len,
				&t->ts_ok);
	}
	if (w->n_seg)
		plan_read(w);
	for (k = 0; k < n; k++) {
		struct wthread *t = w->threads[k];
		uint64_t serial = t->pub.serial;

		if (!t->ts_ok)
			continue;
		identify(w, t);
		if (serial != t->pub.serial) { /* another thread at the same address */
			if (w->gone)
				w->gone(w->arg, &t->pub);
			t->pub.user = NULL;
			t->pub.number = ++w->next_number;
			t->pub.flags = WALK_NEW;
			t->first = true;
			t->first_done = false;
		}
	}
	w->relist = !update_threads(w);
	for (i = 0; i < w->n_interps; i++)
		w->interps[i]->listed_head = w->interps[i]->head;
	w->listed_ns = w->now_ns;
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
	t->settled = p->status == ST_OK;
	t->settled_turn = w->turn;
	if (p->status == ST_OK || p->status == ST_LIMIT)
		emit_chain(w, t);
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
static void read_new(struct walker *w, size_t from)
{
	size_t k;

	for (k = from; k < w->n_threads; k++) {
		plan_thread(w, w->threads[k]);
		plan_read(w);
		codes_judge_planned(w);
	}
}

/* Plans the threads that may have run: all, unless the GIL did not change hands lately. */
static void plan_threads(struct walker *w)
{
	size_t k;

	for (k = 0; k < w->n_threads; k++) {
		struct wthread *t = w->threads[k];

		t->quiet = false;
		if (t->pub.flags & WALK_PARKED)
			continue;
		if (w->turn_known && !w->turn_moved && t->settled &&
			t->settled_turn == w->turn &&
			t->pub.tstate_addr != w->turn_holder) {
			t->quiet = true;
			t->pub.flags &= ~(uint32_t)WALK_NEW;
			continue;
		}
		t->tick++;
		plan_thread(w, t);
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
	uint32_t i;

	w->now_ns = clock_mono_ns();
	w->tick++;
	w->stats.n_ticks++;
	if (codes_trim(w))
		forget_codes(w);
	if (!only_head(w) || w->now_ns - w->root_ns >= ROOT_NS) {
		plan_fields(w, &w->rootset, w->root_base, w->root_copy, &w->root_ok);
		w->root_ns = w->now_ns;
	}
	for (i = 0; i < w->n_interps; i++)
		plan_interp(w, w->interps[i]);
	plan_threads(w);
	st = plan_read(w);
	if (st == ST_OK && !w->root_ok)
		st = ST_FAULT;
	if (st == ST_OK)
		st = update_interps(w);
	if (st != ST_OK) {
		codes_judge_planned(w);
		goto out;
	}
	gil_update(w);
	w->code_generation = w->interps[0]->code_generation;
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
		for (k = 0; k < n; k++)
			w->threads[k]->old = true;
		relist(w);
		for (k = 0; k < w->n_threads && w->threads[k]->old; k++)
			w->threads[k]->old = false;
		read_new(w, k);
	}
	for (k = 0; k < w->n_threads; k++) {
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
	if (st == ST_OK)
		decode_thread(w, t);
	t->still = false;
	w->stats.n_calls += w->mem->n_calls - calls;
	return st == ST_OK ? p->status : st;
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
