/*
 * walk_lists.c - the lists of interpreters and of thread states: followed when something
 * about them has changed. A list that is torn, or leads in a circle, changes nothing.
 */
#include "python/walk_impl.h"

#include "base/alloc.h"
#include "base/clock.h"

#define RELIST_NS (100 * NS_PER_MS) /* with threads parked: the whole list this often */

/* ---- those that are known ------------------------------------------------------------ */

void thread_free(struct walker *w, struct wthread *t)
{
	if (w->gone)
		w->gone(w->arg, &t->pub);
	w->era->release(t);
	free(t->pub.frames);
	free(t);
}

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

static void drop_unlinked(struct walker *w)
{
	size_t i, kept = 0;

	for (i = 0; i < w->n_threads; i++) {
		if (w->threads[i]->linked)
			w->threads[kept++] = w->threads[i];
		else
			thread_free(w, w->threads[i]);
	}
	if (kept == w->n_threads)
		return;
	w->n_threads = kept;
	index_threads(w);
}

/* ---- interpreters ------------------------------------------------------------------- */

void plan_interp(struct walker *w, struct winterp *in)
{
	plan_fields(w, &w->interpset, in->addr, in->copy, &in->ok);
	if (in->gil_addr && in->gil_addr != in->addr + w->abi->interp.gil)
		plan_add(
			w, in->gil_addr, in->gil_copy, sizeof(in->gil_copy), &in->gil_ok);
}

struct winterp *interp_at(const struct walker *w, uint64_t addr)
{
	uint32_t i;

	for (i = 0; i < w->n_interps; i++) {
		if (w->interps[i]->addr == addr)
			return w->interps[i];
	}
	return NULL;
}

/* One that lies where another lay, as its id tells, is another: nobody finds that again. */
static struct winterp *find_interp(struct walker *w, uint64_t addr)
{
	struct winterp *in = interp_at(w, addr);

	if (!in || !in->ok || w->i_id < 0 ||
		in->id == (int64_t)fieldset_get(&w->interpset, in->copy, w->i_id))
		return in;
	in->addr = 0;
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
	if (a->interp.gil_ptr != ABI_NONE)
		mem_read_u64(w->mem, addr + a->interp.gil_ptr, &in->gil_addr);
	plan_interp(w, in);
	if (plan_read(w) != ST_OK || !in->ok) {
		free(in);
		return NULL;
	}
	in->id = w->i_id >= 0 ? (int64_t)fieldset_get(&w->interpset, in->copy, w->i_id)
			      : w->n_interps;
	w->interps[w->n_interps++] = in;
	return in;
}

/* With their threads: one whose list is torn would keep its interpreter. */
static void drop_unlinked_interps(struct walker *w)
{
	uint32_t i, kept = 0;
	size_t k;

	for (k = 0; k < w->n_threads; k++)
		w->threads[k]->linked = w->threads[k]->interp->linked;
	drop_unlinked(w);
	for (i = 0; i < w->n_interps; i++) {
		if (w->interps[i]->linked)
			w->interps[kept++] = w->interps[i];
		else
			free(w->interps[i]);
	}
	w->n_interps = kept;
	w->relist = true;
}

enum status lists_update_interps(struct walker *w)
{
	uint64_t addr = fieldset_get(&w->rootset, w->root_copy, w->r_head);
	struct winterp *now[WALK_MAX_INTERPS];
	uint32_t i, n = 0;

	if (!addr)
		return ST_NO_INTERP;
	for (i = 0; i < w->n_interps; i++)
		w->interps[i]->linked = false;
	while (addr) {
		struct winterp *in = find_interp(w, addr);

		if (!in)
			in = add_interp(w, addr);
		if (!in || !in->ok || n == WALK_MAX_INTERPS)
			return n ? ST_TORN : ST_NO_INTERP;
		if (in->linked)
			return ST_CYCLE;
		in->linked = true;
		now[n++] = in;
		addr = fieldset_get(&w->interpset, in->copy, w->i_next);
	}
	if (n != w->n_interps)
		drop_unlinked_interps(w);
	/* the newest first, the main one last */
	memcpy(w->interps, now, n * sizeof(*now));
	return ST_OK;
}

/* ---- threads ------------------------------------------------------------------------ */

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
static bool mark_threads(struct walker *w, const struct winterp *in)
{
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
		t->interp = in;
		t->pub.interp = in->id;
		t->pub.interp_addr = in->addr;
		last = addr;
	}
	/* The main thread is the oldest of the list. */
	for (size_t i = 0; i < w->n_threads; i++) {
		t = w->threads[i];
		if (t->interp != in)
			continue;
		t->pub.flags &= ~(uint32_t)WALK_MAIN;
		if (t->pub.tstate_addr == (in->main ? in->main : last))
			t->pub.flags |= WALK_MAIN;
	}
	return true;
}

/* The threads as the lists say now. Of a torn list everybody stays, and those that were met
 * in it are new. */
static bool update_threads(struct walker *w)
{
	size_t k, n = w->n_threads;
	bool sound = true;
	uint32_t i;

	for (k = 0; k < n; k++)
		w->threads[k]->linked = false;
	for (i = 0; i < w->n_interps && sound; i++)
		sound = mark_threads(w, w->interps[i]);
	for (k = 0; k < n && !sound; k++)
		w->threads[k]->linked = true;
	drop_unlinked(w);
	return sound;
}

bool lists_moved(struct walker *w)
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

void lists_follow(struct walker *w)
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
			t->quiet = false;
			t->first = true;
			t->first_done = false;
		}
	}
	w->relist = !update_threads(w);
	for (i = 0; i < w->n_interps; i++)
		w->interps[i]->listed_head = w->interps[i]->head;
	w->listed_ns = w->now_ns;
}
