/*
 * walk_verdict.c - 3.11 and newer: what the copied frames say of themselves, against the
 * pointer that was read before them.
 *
 * Up to 3.13 a frame that runs has no saved stack pointer, one that has called on has. Hence
 * the leaf is the first running frame, seen from the root, that no C call lies above of; and
 * a leaf that has called on has its callee beside it on the data stack. From 3.14 on only
 * debug builds say whether a frame runs (_PyFrame_GetStackPointer() of
 * pycore_interpframe.h), but a frame that is popped says so, from 3.13 on: what is not and is
 * linked to the frame beside it is alive.
 */
#include "python/walk_iframe.h"

enum {
	EXTEND_MAX = 512,
	PAGE = 4096,
	HIDDEN_CALLER = 16 /* bytes of code in which a hidden frame calls another */
};

uint64_t beside(struct walker *w, const struct raw_frame *f)
{
	struct wcode *c = codes_find(w, f->code_addr);

	return c && c->bytes ? f->addr + c->bytes : 0;
}

/* Was the frame at this place, from the root, a caller in the last tick too? Then it need
 * not be asked whether it stands at a return. */
static bool was_caller(const struct wthread *t, uint32_t root, const struct raw_frame *f)
{
	const struct raw_frame *was = &t->pub.frames[root];

	return root + 1 < t->pub.n_frames && was->addr == f->addr &&
	       was->instr == f->instr && was->code_addr == f->code_addr;
}

/* Its code object as it is now: what is known of one may be of a dead one that lay at the
 * address, which is asked before a frame is dropped for it. */
static const struct wcode *living_code(
	struct walker *w, const struct wthread *t, const struct raw_frame *f)
{
	return codes_living(w, t, f->code_addr);
}

/* Has the frame not yet come to its first line? */
static bool is_incomplete(
	struct walker *w, const struct wthread *t, const struct raw_frame *f)
{
	const struct wcode *c = codes_get(w, t, f->code_addr);

	if (!c || f->tlbc || f->instr >= c->first ||
		w->abi->code.firsttraceable == ABI_NONE)
		return false;
	c = living_code(w, t, f);
	return c && f->instr < c->first;
}

/*
 * Has the frame been cleared? From 3.14 on it has lost its code then (clear_thread_frame() of
 * Python/ceval.c); 3.13 leaves an empty stack where locals must be (_PyFrame_ClearLocals() of
 * Python/frame.c), which the living code object is asked for. Before, nothing tells.
 */
static bool is_popped(
	struct walker *w, const struct wthread *t, const struct raw_frame *f)
{
	const struct wcode *c;

	if (!f->code_addr)
		return true;
	if (f->used || (f->flags & RAW_GENERATOR) ||
		w->abi->iframe.stackpointer != ABI_NONE)
		return false;
	c = codes_find(w, f->code_addr);
	if (!c || c->locals <= 0)
		return false;
	c = living_code(w, t, f);
	return c && c->locals > 0;
}

/*
 * Was the frame saved because it has ended, at a return with an empty stack, or because it
 * has not begun? Then nothing that it called is alive. (Where a caller was saved at the
 * cache entries behind its call, up to 3.12, the byte read here is no opcode.)
 */
static bool has_no_callee(
	struct walker *w, const struct wthread *t, const struct raw_frame *f)
{
	struct wcode *c = codes_find(w, f->code_addr);

	if (w->abi->value.op_return == ABI_NO_VALUE || !c || f->used > c->locals)
		return false;
	if (is_incomplete(w, t, f))
		return true;
	return f->used == c->locals && (site_of(w, f, c->number) & SITE_RETURN);
}

/* The callee of `f` where the stack has grown into the next chunk, which was copied along
 * (copies_enter_spare()); NULL when it has not. */
static const uint8_t *in_next_chunk(
	struct walker *w, struct wthread *t, const struct raw_frame *f, uint64_t *addr)
{
	const struct chunk_copy *c = &t->spare;

	*addr = c->addr + w->abi->chunk.data;
	if (!c->addr || !c->ok || c->len[t->side] < w->abi->chunk.data + header_len(w) ||
		ld64(c->buf[t->side] + w->abi->chunk.data + w->abi->iframe.previous) !=
			f->addr ||
		!copies_enter_spare(w, t))
		return NULL;
	return t->chunks[t->n_chunks - 1].buf[t->side] + w->abi->chunk.data;
}

/* Is a frame the callee of C that the one below it has called? It is linked to a shim on the C
 * stack. What has returned there is no callee; up to 3.12 what an exception has left does not
 * show that, so where the stack ended with the leaf when the pointer was read there is none. */
static bool is_entered(
	struct walker *w, const struct wthread *t, struct raw_frame *f, uint64_t below)
{
	uint64_t top = ts_u64(w, t, w->abi->tstate.datastack_top);

	if (top == beside(w, &w->chain[0]) || !is_on_c_stack(t, below) ||
		has_no_callee(w, t, f))
		return false;
	f->flags |= RAW_ENTRY | RAW_GUESSED;
	f->entry_addr = below;
	return true;
}

/*
 * Frames of the data stack above `last`, leaf last. A frame that was saved for a call has
 * its callee beside it; one that runs has one there if C runs for it that calls Python.
 */
static uint32_t frames_above(
	struct walker *w, struct wthread *t, struct raw_frame last, struct raw_frame *v)
{
	bool again = true;
	uint32_t n = 0;

	while (n < EXTEND_MAX && !(last.flags & RAW_GENERATOR)) {
		bool saved = last.flags & RAW_SAVED;
		uint64_t addr, below;
		int32_t index;
		const uint8_t *at;

		if (saved && has_no_callee(w, t, &last))
			break;
		addr = beside(w, &last);
		at = addr ? stacked_at(w, t, addr, &index, &again) : NULL;
		below = at ? ld64(at + w->abi->iframe.previous) : 0;
		if (saved && below != last.addr && !is_on_c_stack(t, below)) {
			at = in_next_chunk(w, t, &last, &addr);
			below = last.addr;
		}
		if (!at || !frame_of(w, at, addr, &v[n]) || is_popped(w, t, &v[n]) ||
			!codes_find(w, v[n].code_addr))
			break;
		if (!(saved && below == last.addr) && !is_entered(w, t, &v[n], below))
			break;
		last = v[n++];
	}
	return n;
}

void push_above(struct walker *w, const struct raw_frame *v, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		chain_push(w);
	memmove(w->chain + n, w->chain, (w->n_chain - n) * sizeof(*w->chain));
	for (i = 0; i < n; i++)
		w->chain[n - 1 - i] = v[i];
	w->chain_skip_at += w->chain_skipped ? n : 0;
}

/* Adds what the copy of the data stack shows above the leaf. */
static bool extend(struct walker *w, struct wthread *t)
{
	struct raw_frame up[EXTEND_MAX];
	uint32_t n;

	if (!w->n_chain)
		return false;
	/* Both pointers name it: it is clearing away its callee, or in C. */
	if (t->after_ok && t->top_after == w->chain[0].addr &&
		t->top[t->side] == w->chain[0].addr)
		return false;
	n = frames_above(w, t, w->chain[0], up);
	if (n)
		push_above(w, up, n);
	return n > 0;
}

void cut_above(struct walker *w, uint32_t i)
{
	if (w->chain_skipped && w->chain_skip_at <= i) {
		w->chain_skip_at = 0;
		w->chain_skipped = 0;
	} else if (w->chain_skipped) {
		w->chain_skip_at -= i;
	}
	memmove(w->chain, w->chain + i, (w->n_chain - i) * sizeof(*w->chain));
	w->n_chain -= i;
}

/* A frame that was popped and what lies above it have returned. */
static bool drop_popped(struct walker *w, const struct wthread *t)
{
	uint32_t i;

	for (i = w->n_chain; i-- > 0;) {
		if (is_popped(w, t, &w->chain[i]) && i + 1 < w->n_chain) {
			cut_above(w, i + 1);
			return true;
		}
	}
	return false;
}

/*
 * Cuts what lies above the first frame that runs without having called into C, or that
 * has returned. Generators were copied at another moment than the data stack: between
 * them and it the pointer decides.
 */
static bool drop_stale(struct walker *w, struct wthread *t)
{
	uint32_t i;

	for (i = w->n_chain; i-- > 1;) {
		const struct raw_frame *f = &w->chain[i];

		if ((f->flags | w->chain[i - 1].flags) & RAW_GENERATOR)
			continue;
		/* What was entered from C is under a trace function, or is the callee, if it
		 * has not returned. */
		if (w->chain[i - 1].flags & RAW_ENTRY) {
			if (w->abi->version < ABI_VERSION(3, 12) ||
				!(w->chain[i - 1].flags & RAW_SAVED) ||
				!has_no_callee(w, t, &w->chain[i - 1]))
				continue;
			cut_above(w, i);
			return true;
		}
		if (!(f->flags & RAW_SAVED) || (!was_caller(t, w->n_chain - 1 - i, f) &&
						       has_no_callee(w, t, f))) {
			cut_above(w, i);
			return true;
		}
	}
	return false;
}

/*
 * The links from the pointer lead nowhere: what the last tick knew is followed from the
 * root up as far as the copy still agrees, and on from there.
 */
static enum status from_root(struct walker *w, struct wthread *t)
{
	const struct walk_thread *p = &t->pub;
	uint64_t addr = 0;
	uint32_t i;

	if (p->n_skipped)
		return ST_TORN;
	for (i = 0; i < p->n_frames; i++) {
		int32_t index;
		bool again = true;
		const uint8_t *at = stacked_at(w, t, p->frames[i].addr, &index, &again);
		struct raw_frame f;

		if (index < 0) {
			const struct loose *l = find_loose(t, p->frames[i].addr);

			at = l && l->ok ? l->bytes[t->side] + LOOSE_BEFORE : NULL;
		}
		if (!at || !frame_of(w, at, p->frames[i].addr, &f) ||
			f.code_addr != p->frames[i].code_addr)
			break;
		addr = f.addr;
		if (!(f.flags & RAW_SAVED) &&
			!(i + 1 < p->n_frames && (p->frames[i + 1].flags & RAW_ENTRY)))
			break;
	}
	while (addr) {
		chain_clear(w);
		if (follow(w, t, addr) == ST_OK)
			return ST_OK;
		for (i = 0; i < p->n_frames && p->frames[i].addr != addr; i++)
			;
		addr = i && i < p->n_frames ? p->frames[i - 1].addr : 0;
	}
	return ST_TORN;
}

/*
 * The pointer named a generator that has ended since: what it leads to is gone, its code
 * is not. It stands on what is left of the stack; the edge to it is judged later. Where C
 * called it, as always up to 3.11, no edge tells anything: false, read again.
 */
static bool put_back_generator(struct walker *w, struct wthread *t, uint64_t pointer)
{
	const uint8_t *at;
	struct raw_frame f;
	int32_t index;
	bool again = true;

	if (!w->n_chain || w->chain[0].addr == pointer || t->left_chunk ||
		stacked_at(w, t, pointer, &index, &again) || index >= 0)
		return true;
	at = loose_at(w, t, pointer);
	if (!at || find_loose(t, pointer)->below || !frame_of(w, at, pointer, &f) ||
		!(f.flags & RAW_GENERATOR) || !codes_find(w, f.code_addr))
		return true;
	if ((f.flags & RAW_ENTRY) && t->again < 2)
		return false;
	f.flags |= RAW_GUESSED;
	push_above(w, &f, 1);
	return true;
}

/* See drop_hidden(). A frame that is below another has but one call to make. */
static bool is_hidden(struct walker *w, const struct wthread *t, uint32_t i)
{
	const struct raw_frame *f = &w->chain[i];
	uint64_t off = f->instr - f->code_addr - w->abi->code.code_adaptive;

	return !(f->flags & RAW_GENERATOR) && (!i || off < HIDDEN_CALLER) &&
	       is_incomplete(w, t, f);
}

/*
 * Frames that traceback does not show, _PyFrame_IsIncomplete() of Include/internal/pycore_frame.h:
 * a leaf that still creates cells or its generator, and what 3.13 puts between a class and its
 * __init__, under the same name (_Py_InitCleanup of Objects/codeobject.c).
 */
static void drop_hidden(struct walker *w, const struct wthread *t)
{
	uint32_t i = 0;

	while (i < w->n_chain) {
		if (!is_hidden(w, t, i)) {
			i++;
			continue;
		}
		w->n_chain--;
		memmove(w->chain + i, w->chain + i + 1,
			(w->n_chain - i) * sizeof(*w->chain));
		if (w->chain_skipped && w->chain_skip_at > i)
			w->chain_skip_at--;
	}
}

bool has_lost_generator(const struct walker *w, const struct wthread *t)
{
	uint32_t i;

	for (i = 0; i + 1 < w->n_chain; i++) {
		if (!w->chain[i].code_addr && find_loose(t, w->chain[i].addr))
			return true;
	}
	return false;
}

/* Is the place above a frame, where a callee of its size would be, on another page of the
 * data stack, in another chunk, or not copied at all? */
static bool is_at_edge(
	struct walker *w, const struct wthread *t, const struct raw_frame *f)
{
	uint64_t above = beside(w, f), room;
	int32_t i = chunk_at(t, f->addr);
	const struct chunk_copy *c;

	if (!above)
		return false;
	if (f->addr / PAGE != (above + header_len(w) - 1) / PAGE)
		return true;
	if (i < 0)
		return false;
	c = &t->chunks[i];
	room = c->addr + c->bytes - above;
	return above - f->addr > room ||
	       above + header_len(w) > c->addr + c->len[t->side];
}

/*
 * A page of the stack is copied a moment before the next. Where the stack unwinds over the
 * edge in between, the lower page has its last frame waiting for a callee, the upper one
 * that this has ended: how far down it went is on neither, and the edge would be shown too
 * often (7 % of the samples instead of 1, in a recursion).
 */
bool is_at_seam(struct walker *w, const struct wthread *t, bool repaired)
{
	const struct raw_frame *leaf = w->chain, *caller = w->chain + 1;

	if (w->n_chain < 2 || (leaf->flags & RAW_GENERATOR) || !(leaf->flags & RAW_SAVED))
		return false;
	if (w->abi->iframe.stackpointer == ABI_NONE && has_no_callee(w, t, leaf))
		return !(caller->flags & RAW_GENERATOR) && is_at_edge(w, t, caller);
	return repaired && is_at_edge(w, t, leaf);
}

enum status verdict_from_root(struct walker *w, struct wthread *t, uint64_t pointer)
{
	enum status st = from_root(w, t);

	return st == ST_OK && !put_back_generator(w, t, pointer) ? ST_TORN : st;
}

bool verdict(struct walker *w, struct wthread *t)
{
	bool mended = drop_popped(w, t);

	if (!t->still) {
		mended |= drop_stale(w, t);
		mended |= extend(w, t);
	}
	drop_hidden(w, t);
	return mended;
}
