/*
 * walk_iframe.c - 3.11 and newer: from the copies of one tick to the chain of frames.
 *
 * The frames are copied within some nanoseconds of each other, while the pointer to the
 * leaf was read some hundred before. It is followed first; where the copies disagree with
 * it they are right, and walk_verdict.c mends the chain from their evidence. Of a frame that C
 * calls the link is on the C stack, where it does not last: that it lies beside its caller does.
 */
#include "python/walk_iframe.h"

#include "base/alloc.h"

/* What a thread has for its C stack, unless it asks for more. Chunks may lie just below it. */
enum { C_STACK_LEN = 8 << 20 };

static uint64_t top_addr(const struct walker *w, const struct wthread *t)
{
	const struct abi *a = w->abi;

	if (a->tstate.current_frame != ABI_NONE)
		return t->pub.tstate_addr + a->tstate.current_frame;
	return t->cframe_addr ? t->cframe_addr + a->cframe.current_frame : 0;
}

static void plan_pointer(struct walker *w, struct wthread *t)
{
	uint64_t top = top_addr(w, t);

	t->top_ok = t->after_ok = false;
	if (w->abi->tstate.cframe != ABI_NONE && top)
		plan_add(w, top, &t->top[t->side], 8, &t->top_ok);
}

static void iframe_plan(struct walker *w, struct wthread *t)
{
	uint64_t top = top_addr(w, t);

	copies_plan(w, t);
	if (top && !t->first)
		plan_add(w, top, &t->top_after, 8, &t->after_ok);
}

/* Words in use when the frame was saved, -1 while it runs. From 3.14 on every frame counts as
 * saved, but in debug builds. */
static int32_t words_used(const struct walker *w, const uint8_t *at, uint64_t addr)
{
	const struct abi *a = w->abi;
	uint64_t sp;

	if (a->iframe.stackpointer == ABI_NONE)
		return (int32_t)ld32(at + a->iframe.stacktop);
	sp = ld64(at + a->iframe.stackpointer);
	return sp ? (int32_t)((sp - addr - a->iframe.localsplus) / 8 & INT32_MAX) : -1;
}

bool frame_of(struct walker *w, const uint8_t *at, uint64_t addr, struct raw_frame *f)
{
	const struct abi *a = w->abi;
	uint8_t owner = at[a->iframe.owner];

	if (owner >= 3 && a->version >= ABI_VERSION(3, 12))
		return false;
	f->addr = addr;
	f->code_addr =
		ld64(at + a->iframe.code) & ~(uint64_t)(uint32_t)a->value.stackref_mask;
	f->instr = ld64(at + a->iframe.instr);
	f->tlbc = a->iframe.tlbc_index != ABI_NONE
			  ? (int32_t)ld32(at + a->iframe.tlbc_index)
			  : 0;
	f->code = 0;
	f->entry_addr = 0;
	f->used = words_used(w, at, addr);
	f->flags = (f->used >= 0 ? RAW_SAVED : 0) |
		   (owner == a->value.owner_generator ? RAW_GENERATOR : 0) |
		   (a->iframe.is_entry != ABI_NONE && at[a->iframe.is_entry] ? RAW_ENTRY
									     : 0);
	return true;
}

/* From a frame that was skipped into: how many frames a chunk outside of the window
 * holds, and where the one below is. Counted once, kept with the chunk. */
static uint64_t skip_chunk(struct walker *w, struct wthread *t, uint32_t i, uint64_t addr)
{
	struct chunk_copy *c = &t->chunks[i];
	uint32_t len =
		(uint32_t)(c->bytes < CHUNK_MAX_BYTES ? c->bytes : CHUNK_MAX_BYTES);
	uint8_t *copy;

	if (c->n_frames)
		goto out;
	copy = xmalloc(len);
	if (!chase(w, c->addr, copy, len)) {
		free(copy);
		return 0;
	}
	while (addr >= c->addr + w->abi->chunk.data &&
		addr + header_len(w) <= c->addr + len && addr % 8 == 0) {
		uint64_t below = ld64(copy + (addr - c->addr) + w->abi->iframe.previous);
		struct loose *l;

		c->n_frames++;
		/* a shim or generator between two frames of the chunk: step over it */
		if (below && (below < c->addr || below >= c->addr + len)) {
			const uint8_t *at = loose_at(w, t, below);
			uint64_t next = at ? ld64(at + w->abi->iframe.previous) : 0;

			l = find_loose(t, below);
			if (l)
				l->used_tick = 0; /* not to be predicted */
			if (next >= c->addr && next < addr)
				below = next;
		}
		if (below >= addr && below < c->addr + len)
			break;
		addr = below;
		c->below = below;
	}
	free(copy);
out:
	w->chain_skipped += c->n_frames;
	return c->below;
}

/*
 * The link of a frame. A generator that was copied a moment after it yielded has none any
 * more: it was where it was when it last had one, if the pointer says that it ran.
 */
static uint64_t link_of(
	struct walker *w, struct wthread *t, const uint8_t *at, uint64_t addr)
{
	uint64_t below = ld64(at + w->abi->iframe.previous);
	const struct loose *l;

	if (below || t->still ||
		at[w->abi->iframe.owner] != w->abi->value.owner_generator)
		return below;
	l = find_loose(t, addr);
	w->chain_patched = l && l->below;
	return l ? l->below : 0;
}

/* The first frame on a data stack: below it is nothing but shims and, where C has begun
 * with one, a generator. Its first chunk, and no other, leaves the first slot free
 * (push_chunk() of pystate.c). */
static bool is_base(const struct walker *w, const struct wthread *t, uint64_t addr)
{
	return addr == t->chunks[0].addr + w->abi->chunk.data + 8;
}

/*
 * Whether what was found below the first frame of the data stack can be there. Greenlets
 * move the C stack, and with it the shim, away from under a stack that does not run: what
 * lies at its address then is another's, and the stack is whole without it.
 */
static bool stands(const struct walker *w, uint32_t n_base)
{
	uint32_t i;

	for (i = n_base; i < w->n_chain; i++) {
		if (!(w->chain[i].flags & RAW_GENERATOR))
			return false;
	}
	return true;
}

bool is_on_c_stack(const struct wthread *t, uint64_t addr)
{
	return addr && addr <= t->c_stack && t->c_stack - addr < C_STACK_LEN &&
	       chunk_at(t, addr) < 0;
}

/* Is the shim read, and of one opinion with the frame above it about the frame below? */
static bool shim_holds(
	struct walker *w, struct wthread *t, uint64_t shim, const struct raw_frame *above)
{
	const uint8_t *at = loose_at(w, t, shim);
	struct raw_frame f;
	bool again = true;
	uint64_t below;
	int32_t index;

	if (!at)
		return false;
	if (frame_of(w, at, shim, &f))
		return f.flags & RAW_GENERATOR; /* not on the C stack after all */
	below = ld64(at + w->abi->iframe.previous);
	at = stacked_at(w, t, below, &index, &again);
	if (index < 0) /* a generator, nothing, or the shim of another loop */
		return !is_on_c_stack(t, below) || below > shim;
	return at && frame_of(w, at, below, &f) && beside(w, &f) == above->addr;
}

/*
 * The frame below another on the data stack, from those that lie between it and the start of
 * their chunk; 0: not known. Frames that C calls are linked through a shim on the C stack,
 * which is used for something else as soon as the call has returned; on the data stack each
 * still lies next to its caller, unless that is a generator.
 */
static uint64_t frame_below(struct walker *w, struct wthread *t, uint64_t addr)
{
	bool again = true;
	int32_t index, i;
	uint64_t at_addr;

	stacked_at(w, t, addr, &index, &again);
	if (index < 0)
		return 0;
	at_addr = t->chunks[index].addr + w->abi->chunk.data + (index ? 0 : 8);
	while (at_addr < addr) {
		const uint8_t *at = stacked_at(w, t, at_addr, &i, &again);
		struct raw_frame f;
		uint64_t next;

		if (!at || !frame_of(w, at, at_addr, &f))
			return 0;
		next = beside(w, &f);
		if (next == addr)
			return at_addr;
		if (!next)
			return 0;
		at_addr = next;
	}
	return 0;
}

/* Outside of the data stack are generators, and shims, which lead up the C stack; f: NULL for
 * a shim. Anything else has taken their place. */
static bool is_sound(const struct walker *w, const struct wthread *t, const uint8_t *at,
	uint64_t addr, const struct raw_frame *f)
{
	uint64_t below = ld64(at + w->abi->iframe.previous);

	if (f)
		return f->flags & RAW_GENERATOR;
	return !is_on_c_stack(t, below) || below > addr;
}

/* No frame was on the data stack that was copied: it may be a greenlet that took over since,
 * whose frames are on a stack of their own. Up to 3.11 the pointer may be younger than what
 * names the stack, and shims are not taken for frames. */
static bool is_elsewhere(const struct walker *w, int32_t chunk)
{
	return w->abi->version < ABI_VERSION(3, 12) && chunk == INT32_MAX;
}

static enum status follow_links(
	struct walker *w, struct wthread *t, uint64_t addr, uint32_t *n_base)
{
	int32_t chunk = INT32_MAX, index;
	uint64_t lowest = UINT64_MAX;
	uint32_t n_loose = 0;
	bool again = false, shim = false, stacked = false;

	while (addr && w->n_chain < CHAIN_MAX) {
		const uint8_t *at = stacked_at(w, t, addr, &index, &again);
		struct raw_frame *f;

		if (index >= 0) {
			stacked = true;
			/* Down the stack only: links that lead up are stale, or a cycle. */
			if (index > chunk || (index == chunk && addr >= lowest))
				return ST_TORN;
			chunk = index;
			lowest = addr;
			if (!at && !in_window(t, (uint32_t)index)) {
				w->chain_skip_at = w->n_chain;
				addr = skip_chunk(w, t, (uint32_t)index, addr);
				if (!addr)
					return ST_TORN;
				lowest = UINT64_MAX;
				chunk = index - 1;
				continue;
			}
		} else {
			uint64_t below = 0;

			if (n_loose++ == LOOSE_MAX)
				return ST_LIMIT;
			if (stacked && w->n_chain && !t->still &&
				is_on_c_stack(t, addr) &&
				!shim_holds(w, t, addr, &w->chain[w->n_chain - 1]))
				below = frame_below(w, t, w->chain[w->n_chain - 1].addr);
			stacked = false;
			if (below) {
				f = &w->chain[w->n_chain - 1];
				f->flags |= RAW_ENTRY | RAW_GUESSED;
				f->entry_addr = addr;
				w->chain_patched = true;
				addr = below;
				continue;
			}
			at = loose_at(w, t, addr);
			if (at)
				find_loose(t, addr)->from_leaf = w->n_chain;
		}
		if (!at)
			return ST_TORN;
		f = chain_push(w);
		shim = !frame_of(w, at, addr, f);
		if (index < 0 && !is_sound(w, t, at, addr, shim ? NULL : f) &&
			!is_elsewhere(w, chunk))
			return ST_TORN;
		if (shim) {
			w->n_chain--;
			/* From 3.15 the first frame has two: the loop's, and one in the
			 * thread state. */
			if (w->n_chain && !(f[-1].flags & RAW_ENTRY)) {
				f[-1].flags |= RAW_ENTRY;
				f[-1].entry_addr = addr;
				if (*n_base == w->n_chain)
					t->c_stack = addr;
			}
		}
		if (index == 0 && is_base(w, t, addr))
			*n_base = w->n_chain;
		addr = link_of(w, t, at, addr);
	}
	if (addr)
		return ST_LIMIT;
	/* From 3.12 every stack stands on a shim; before, on a frame of a data stack. */
	if (w->abi->version >= ABI_VERSION(3, 12))
		return shim || !w->n_chain ? ST_OK : ST_TORN;
	if (!w->n_chain || !(w->chain[w->n_chain - 1].flags & RAW_GENERATOR))
		return ST_OK;
	/* One that C has begun with stays alone, one that has yielded since does not. */
	return w->n_chain == 1 && (t->still || t->again >= 2) ? ST_OK : ST_TORN;
}

enum status follow(struct walker *w, struct wthread *t, uint64_t addr)
{
	uint32_t n_base = 0;
	enum status st = follow_links(w, t, addr, &n_base);

	if (n_base && (st != ST_OK || !stands(w, n_base))) {
		w->n_chain = n_base;
		st = ST_OK;
	}
	return st;
}

static uint64_t pointer_now(struct walker *w, struct wthread *t)
{
	const struct abi *a = w->abi;
	uint64_t cframe;

	if (a->tstate.current_frame != ABI_NONE)
		return ts_u64(w, t, a->tstate.current_frame);
	cframe = ts_u64(w, t, a->tstate.cframe);
	if (cframe == t->cframe_addr && t->top_ok)
		return t->top[t->side];
	t->cframe_addr = cframe;
	t->after_ok = false;
	if (!chase(w, cframe + a->cframe.current_frame, &t->top[t->side], 8))
		t->top[t->side] = 0;
	return t->top[t->side];
}

static enum status iframe_decode(struct walker *w, struct wthread *t)
{
	uint64_t pointer = pointer_now(w, t);
	bool repaired, agrees;
	enum status st;

	t->top[t->side] = pointer;
	t->pub.flags &= ~(uint32_t)(WALK_TORN | WALK_REPAIRED);
	chain_clear(w);
	if (!ts_u64(w, t, w->abi->tstate.datastack_chunk)) {
		/* a thread that has not run Python yet, or not any more */
		return ST_OK;
	}
	st = copies_update(w, t);
	if (st != ST_OK)
		return st;
	t->met_loose = false;
	st = t->left_chunk ? ST_TORN : follow(w, t, pointer);
	if (st == ST_OK && !w->n_chain && t->pub.n_frames && !t->still)
		st = ST_TORN; /* junk that looked like a shim */
	if (st != ST_OK && st != ST_LIMIT) {
		/* What was met for the first time is read with the rest the next time. */
		if (t->met_loose && !t->still && !t->again)
			return ST_TORN;
		if (verdict_from_root(w, t, pointer) != ST_OK)
			return st;
		w->chain_patched = true;
	}
	/* To take its caller instead would show callers too often: read again, twice. */
	if (!t->still && t->again < 2 && has_lost_generator(w, t))
		return ST_TORN;
	repaired = w->chain_patched;
	repaired |= verdict(w, t);
	agrees = w->n_chain && w->chain[0].addr == pointer;
	if (!t->still && !agrees) {
		agrees = run_to_pointer(w, t, pointer);
		repaired |= agrees;
	}
	if (!t->still && !agrees && t->again < 2 &&
		(t->left_chunk || is_at_seam(w, t, repaired)))
		return ST_TORN;
	if (repaired) {
		t->pub.flags |= WALK_REPAIRED;
		w->stats.n_repaired++;
	}
	if (repaired || (t->after_ok && t->top_after != pointer)) {
		t->pub.flags |= WALK_TORN;
		w->stats.n_torn++;
	}
	return st == ST_LIMIT ? ST_LIMIT : ST_OK;
}

const struct walk_era walk_era_iframe = {
	.plan_pointer = plan_pointer,
	.plan = iframe_plan,
	.decode = iframe_decode,
	.first_changed = copies_first_changed,
	.release = copies_release,
};
