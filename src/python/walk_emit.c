/* walk_emit.c - a decoded chain, leaf first, becomes the frames that the caller sees */
#include "python/walk_impl.h"

#include "base/alloc.h"

void chain_clear(struct walker *w)
{
	w->n_chain = 0;
	w->chain_patched = false;
	w->chain_skip_at = 0;
	w->chain_skipped = 0;
}

struct raw_frame *chain_push(struct walker *w)
{
	GROW(w->chain, w->cap_chain, w->n_chain + 1);
	return &w->chain[w->n_chain++];
}

/* Of a chain that is too long the middle is left out. */
static void trim(struct walker *w)
{
	uint32_t gone;

	if (w->n_chain <= WALK_MAX_FRAMES)
		return;
	gone = w->n_chain - WALK_MAX_FRAMES;
	memmove(w->chain + WALK_LEAF_FRAMES, w->chain + w->n_chain - WALK_ROOT_FRAMES,
		WALK_ROOT_FRAMES * sizeof(*w->chain));
	w->n_chain = WALK_MAX_FRAMES;
	w->chain_skipped += gone;
	w->chain_skip_at = WALK_LEAF_FRAMES;
}

static bool same_place(const struct raw_frame *a, const struct raw_frame *b)
{
	return a->addr == b->addr && a->code_addr == b->code_addr && a->instr == b->instr;
}

/* How many frames, from the root, are where they were. */
static uint32_t count_same(const struct walker *w, const struct walk_thread *p)
{
	uint32_t n = w->n_chain < p->n_frames ? w->n_chain : p->n_frames, same = 0;

	while (same < n && same_place(&w->chain[w->n_chain - 1 - same], &p->frames[same]))
		same++;
	return same;
}

/* Numbers for the frames from the root index on; false: one has no code object. */
static bool number_codes(struct walker *w, const struct wthread *t, uint32_t from)
{
	uint32_t i;

	for (i = w->n_chain - from; i-- > 0;) {
		if (!codes_get(w, t, w->chain[i].code_addr))
			return false;
	}
	return true;
}

void emit_chain(struct walker *w, struct wthread *t)
{
	struct walk_thread *p = &t->pub;
	uint32_t n, same, changed, skip_at, i;
	bool stale = w->now_ns - t->proved_ns >= STALE_NS;

	trim(w);
	n = w->n_chain;
	skip_at = w->chain_skipped ? n - w->chain_skip_at : 0;
	same = count_same(w, p);
	changed = t->first ? 0 : w->era->first_changed(w, t);
	if (same < changed)
		changed = same;
	if (changed >= n && same == n && n == p->n_frames && !stale &&
		p->n_skipped == w->chain_skipped) {
		t->changed = n;
		return;
	}
	if (!number_codes(w, t, same)) {
		p->status = ST_TORN;
		return;
	}
	t->changed = changed;
	if (stale) {
		changed = 0;
		t->proved_ns = w->now_ns;
	}
	if (changed < n)
		codes_prove(w, t, n - changed);
	if (p->n_skipped != w->chain_skipped || p->skip_at != skip_at) {
		if (p->n_skipped && p->skip_at < same)
			same = p->skip_at;
		if (w->chain_skipped && skip_at < same)
			same = skip_at;
	}
	GROW(p->frames, t->cap_frames, n);
	for (i = 0; i < n; i++) {
		struct raw_frame *f = &w->chain[n - 1 - i];

		if (i < same && i < changed) {
			p->frames[i].flags = f->flags;
			continue;
		}
		f->code = codes_find(w, f->code_addr)->number;
		if (!f->code) { /* its code object died under the sample */
			p->status = ST_TORN;
			n = i;
			break;
		}
		if (i < same && p->frames[i].code != f->code)
			same = i;
		p->frames[i] = *f;
	}
	if (same < n || n != p->n_frames)
		p->flags |= WALK_CHANGED;
	p->skip_at = skip_at;
	p->n_skipped = w->chain_skipped;
	p->n_frames = n;
	if (p->n_same > same)
		p->n_same = same;
}
