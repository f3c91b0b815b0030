/*
 * walk_iframe.c - 3.11 and newer: interpreter frames.
 *
 * Where they are (Include/internal/pycore_frame.h, pycore_interpframe_structs.h):
 *
 *	data stack chunk   [ header | frame | frame | frame |  stale ...   ]
 *	                            ^ root           ^ datastack_top
 *	generator object   [ ... state | frame ]       linked in while it runs
 *	C stack (3.12+)    shim: one below each evaluation loop; 3.11 has is_entry instead
 *
 * The used part of the newest chunk is copied as one stretch, so that its frames are some
 * nanoseconds apart, while the pointer to the leaf was read some hundred before. Where
 * they disagree the frames are right: a frame that runs has no saved stack pointer, one
 * that has called on has. Hence the leaf is the first running frame, seen from the root,
 * that no C call lies above of; and a leaf that has called on has its callee beside it.
 *
 * One file because planning, following and judging share the copies of one tick.
 *
 * Longer than most files here: copies, links and the verdict on them are one argument.
 */
#include "python/walk_impl.h"

#include "base/alloc.h"

enum {
	MIN_COPY = 4096,       /* of a chunk: no dearer than 8 bytes, hardly */
	SLACK = 1024,          /* beyond what was used lately */
	NEWEST = 24,           /* chunks of a very deep stack that are read... */
	OLDEST = 8,            /* ...at either end */
	KEEP_LOOSE_TICKS = 32, /* a generator that was not met for so long is dropped */
	EXTEND_MAX = 64,
	CHUNKS_MAX = 65536,
};

static uint32_t header_len(const struct walker *w)
{
	return w->abi->iframe.localsplus;
}

/* ---- what is read ------------------------------------------------------------------- */

static bool in_window(const struct wthread *t, uint32_t i)
{
	return i < OLDEST || i + NEWEST >= t->n_chunks;
}

static void chunk_reserve(struct chunk_copy *c, uint32_t len)
{
	int side;

	if (len <= c->cap)
		return;
	len = (len + 4095) & ~4095u;
	for (side = 0; side < 2; side++) {
		c->buf[side] = xreallocarray(c->buf[side], len, 1);
		memset(c->buf[side] + c->cap, 0, len - c->cap);
	}
	c->cap = len;
}

/* How much of a chunk to copy. */
static uint32_t chunk_want(const struct chunk_copy *c, bool newest)
{
	uint64_t want = newest ? (uint64_t)c->high + SLACK : c->high;

	want = want < MIN_COPY ? MIN_COPY : (want + 511) & ~511ull;
	if (c->bytes && want > c->bytes)
		want = c->bytes;
	return want < CHUNK_MAX_BYTES ? (uint32_t)want : CHUNK_MAX_BYTES;
}

static void plan_chunk(
	struct walker *w, struct wthread *t, struct chunk_copy *c, bool newest)
{
	uint32_t want = chunk_want(c, newest);

	chunk_reserve(c, want);
	c->len[t->side] = want;
	plan_add(w, c->addr, c->buf[t->side], want, &c->ok);
}

static uint64_t top_addr(const struct walker *w, const struct wthread *t)
{
	const struct abi *a = w->abi;

	if (a->tstate.current_frame != ABI_NONE)
		return t->pub.tstate_addr + a->tstate.current_frame;
	return t->cframe_addr ? t->cframe_addr + a->cframe.current_frame : 0;
}

/* A shim that ends the chain stays where it is as long as the thread's first frame. One
 * that was not met in the last tick is dead stack, whatever its bytes look like. */
static bool is_bottom(
	const struct walker *w, const struct wthread *t, const struct loose *l)
{
	const uint8_t *at = l->bytes[!t->side] + LOOSE_BEFORE;

	return l->fresh && l->used_tick + 1 == t->tick && at[w->abi->iframe.owner] >= 3 &&
	       !ld64(at + w->abi->iframe.previous);
}

/* Nearest to the root first, so that whoever is copied later is the later evidence. */
static void sort_loose(struct wthread *t)
{
	uint32_t i, k;

	for (i = 1; i < t->n_loose; i++) {
		struct loose l = t->loose[i];

		if (t->loose[i - 1].from_leaf >= l.from_leaf)
			continue;
		for (k = i; k && t->loose[k - 1].from_leaf < l.from_leaf; k--)
			t->loose[k] = t->loose[k - 1];
		t->loose[k] = l;
	}
}

static void plan_loose(struct walker *w, struct wthread *t)
{
	uint32_t i, kept = 0;

	for (i = 0; i < t->n_loose; i++) {
		if (t->tick - t->loose[i].used_tick <= KEEP_LOOSE_TICKS) {
			if (kept != i)
				t->loose[kept] = t->loose[i];
			kept++;
		}
	}
	t->n_loose = kept;
	sort_loose(t);
	for (i = 0; i < t->n_loose; i++) {
		struct loose *l = &t->loose[i];

		if (is_bottom(w, t, l) && t->tick % 16) {
			memcpy(l->bytes[t->side], l->bytes[!t->side], LOOSE_LEN);
			l->ok = true;
			continue;
		}
		plan_add(w, l->addr - LOOSE_BEFORE, l->bytes[t->side], LOOSE_LEN, &l->ok);
	}
}

static void iframe_plan(struct walker *w, struct wthread *t)
{
	uint64_t top = top_addr(w, t);
	uint32_t i;

	t->top_ok = t->after_ok = false;
	if (w->abi->tstate.cframe != ABI_NONE && top)
		plan_add(w, top, &t->top[t->side], 8, &t->top_ok);
	for (i = 0; i < t->n_chunks; i++) {
		if (in_window(t, i))
			plan_chunk(w, t, &t->chunks[i], i + 1 == t->n_chunks);
	}
	plan_loose(w, t);
	if (top && !t->first)
		plan_add(w, top, &t->top_after, 8, &t->after_ok);
}

/* ---- chunks ------------------------------------------------------------------------- */

static void chunk_drop(struct chunk_copy *c)
{
	free(c->buf[0]);
	free(c->buf[1]);
	*c = (struct chunk_copy){ 0 };
}

static bool read_chunk_now(
	struct walker *w, struct wthread *t, struct chunk_copy *c, bool newest)
{
	uint32_t want = chunk_want(c, newest);

	chunk_reserve(c, want);
	c->len[t->side] = want;
	c->ok = chase(w, c->addr, c->buf[t->side], want);
	return c->ok;
}

/* Collects the chunks from addr on that are not in the list; returns how many of the list
 * stay: those up to the first that was met. */
static uint32_t find_new_chunks(
	struct walker *w, struct wthread *t, uint64_t addr, uint32_t *n_fresh)
{
	const struct abi *a = w->abi;
	uint32_t n = 0, known = 0;

	while (addr && n < CHUNKS_MAX) {
		uint8_t head[32];
		struct chunk_copy c = { .addr = addr };

		for (known = t->n_chunks; known && t->chunks[known - 1].addr != addr;
			known--)
			;
		if (known || !chase(w, addr, head, sizeof(head)))
			break;
		c.bytes = ld64(head + a->chunk.bytes);
		if (c.bytes < 64 || c.bytes > (1ull << 32))
			break;
		c.high = (uint32_t)(ld64(head + a->chunk.top) * 8 + a->chunk.data);
		if (c.high > c.bytes)
			c.high = 0;
		GROW(w->fresh, w->cap_fresh, n + 1);
		w->fresh[n++] = c;
		addr = ld64(head + a->chunk.previous);
	}
	*n_fresh = n;
	return known;
}

static void note_used(
	const struct walker *w, const struct wthread *t, struct chunk_copy *c)
{
	uint64_t top = ts_u64(w, t, w->abi->tstate.datastack_top);
	uint32_t used;

	if (top <= c->addr || (c->bytes && top > c->addr + c->bytes) ||
		top - c->addr > UINT32_MAX)
		return;
	used = (uint32_t)(top - c->addr);
	c->high = used > c->high ? used : c->high - (c->high - used) / 64;
}

/* The list of chunks as it is now, newest last. */
static enum status update_chunks(struct walker *w, struct wthread *t)
{
	uint64_t addr = ts_u64(w, t, w->abi->tstate.datastack_chunk);
	struct chunk_copy *newest = t->n_chunks ? &t->chunks[t->n_chunks - 1] : NULL;
	uint32_t n_fresh, known, i;

	if (t->n_chunks && !t->chunks)
		BUG("chunks counted that are not there");
	if (newest && newest->addr == addr) {
		if (!newest->ok)
			return ST_FAULT;
		newest->bytes = ld64(newest->buf[t->side] + w->abi->chunk.bytes);
		note_used(w, t, newest);
		return ST_OK;
	}
	known = find_new_chunks(w, t, addr, &n_fresh);
	while (t->n_chunks > known)
		chunk_drop(&t->chunks[--t->n_chunks]);
	GROW(t->chunks, t->cap_chunks, t->n_chunks + n_fresh);
	for (i = n_fresh; i-- > 0;)
		t->chunks[t->n_chunks++] = w->fresh[i];
	if (!t->n_chunks)
		return ST_TORN;
	note_used(w, t, &t->chunks[t->n_chunks - 1]);
	for (i = 0; i < t->n_chunks; i++) {
		struct chunk_copy *c = &t->chunks[i];

		if (in_window(t, i) && (!c->len[t->side] || !c->ok))
			read_chunk_now(w, t, c, i + 1 == t->n_chunks);
	}
	return ST_OK;
}

/* ---- frames ------------------------------------------------------------------------- */

static struct loose *find_loose(struct wthread *t, uint64_t addr)
{
	uint32_t i;

	for (i = 0; i < t->n_loose; i++) {
		if (t->loose[i].addr == addr)
			return &t->loose[i];
	}
	return NULL;
}

static const uint8_t *loose_at(struct walker *w, struct wthread *t, uint64_t addr)
{
	struct loose *l = find_loose(t, addr);

	if (!l) {
		if (t->n_loose == LOOSE_MAX || addr < 4096 || addr % 8)
			return NULL;
		GROW(t->loose, t->cap_loose, t->n_loose + 1);
		l = &t->loose[t->n_loose++];
		*l = (struct loose){ .addr = addr, .fresh = false };
		l->ok = chase(w, addr - LOOSE_BEFORE, l->bytes[t->side], LOOSE_LEN);
	} else if (l->ok) {
		l->fresh = true;
	}
	l->used_tick = t->tick;
	if (!l->ok)
		return NULL;
	if (ld64(l->bytes[t->side] + LOOSE_BEFORE + w->abi->iframe.previous))
		l->below =
			ld64(l->bytes[t->side] + LOOSE_BEFORE + w->abi->iframe.previous);
	return l->bytes[t->side] + LOOSE_BEFORE;
}

/* The copy of a frame on a data stack, or NULL. *index: which chunk holds it; -1: none,
 * it is loose. A frame beyond what was copied has its chunk read again. */
static const uint8_t *stacked_at(
	struct walker *w, struct wthread *t, uint64_t addr, int32_t *index, bool *again)
{
	uint32_t i;

	for (i = t->n_chunks; i-- > 0;) {
		struct chunk_copy *c = &t->chunks[i];
		uint64_t off = addr - c->addr;

		if (addr < c->addr || off >= (c->bytes ? c->bytes : c->len[t->side]))
			continue;
		*index = (int32_t)i;
		if (!in_window(t, i) || !c->ok)
			return NULL;
		if (off < w->abi->chunk.data || addr % 8)
			return NULL;
		if (off + header_len(w) > c->len[t->side]) {
			if (off + header_len(w) > c->bytes || *again)
				return NULL;
			c->high = (uint32_t)(off + header_len(w));
			*again = true;
			return read_chunk_now(w, t, c, true) ? c->buf[t->side] + off
							     : NULL;
		}
		return c->buf[t->side] + off;
	}
	*index = -1;
	return NULL;
}

/* Words in use when the frame was saved, -1 while it runs. */
static int32_t words_used(const struct walker *w, const uint8_t *at, uint64_t addr)
{
	const struct abi *a = w->abi;
	uint64_t sp;

	if (a->iframe.stackpointer == ABI_NONE)
		return (int32_t)ld32(at + a->iframe.stacktop);
	sp = ld64(at + a->iframe.stackpointer);
	return sp ? (int32_t)((sp - addr - a->iframe.localsplus) / 8 & INT32_MAX) : -1;
}

/* A frame becomes an entry of the chain. False: it is a shim, which nobody sees. */
static bool frame_of(
	struct walker *w, const uint8_t *at, uint64_t addr, struct raw_frame *f)
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

/* Follows the links from `addr` to the root. */
static enum status follow(struct walker *w, struct wthread *t, uint64_t addr)
{
	int32_t chunk = INT32_MAX, index;
	uint64_t lowest = UINT64_MAX;
	uint32_t n_loose = 0;
	bool again = false, shim = false;

	while (addr && w->n_chain < CHAIN_MAX) {
		const uint8_t *at = stacked_at(w, t, addr, &index, &again);
		struct raw_frame *f;

		if (index >= 0) {
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
			if (n_loose++ == LOOSE_MAX)
				return ST_LIMIT;
			at = loose_at(w, t, addr);
			if (at)
				find_loose(t, addr)->from_leaf = w->n_chain;
		}
		if (!at)
			return ST_TORN;
		f = chain_push(w);
		shim = !frame_of(w, at, addr, f);
		if (shim) {
			w->n_chain--;
			if (w->n_chain) {
				w->chain[w->n_chain - 1].flags |= RAW_ENTRY;
				w->chain[w->n_chain - 1].entry_addr = addr;
			}
		}
		addr = link_of(w, t, at, addr);
	}
	if (addr)
		return ST_LIMIT;
	/* From 3.12 every stack stands on a shim; before, on a frame of a data stack. */
	if (w->abi->version >= ABI_VERSION(3, 12))
		return shim || !w->n_chain ? ST_OK : ST_TORN;
	return !w->n_chain || !(w->chain[w->n_chain - 1].flags & RAW_GENERATOR) ||
			       w->n_chain == 1
		       ? ST_OK
		       : ST_TORN;
}

/* Where the frame above `f` would be on the data stack, when `f` is on it. */
static uint64_t beside(struct walker *w, const struct raw_frame *f)
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

/* What is known of the instruction at which a frame was saved. */
enum { SITE_SEEN = 1, SITE_RETURN = 2 };

static uint64_t *site_of(
	struct walker *w, const struct raw_frame *f, const struct wcode *c)
{
	const struct abi_values *v = &w->abi->value;
	uint64_t *site;
	uint8_t op = 0;

	if (w->returns.n > CODES_MAX)
		map_clear(&w->returns);
	site = map_put(&w->returns, hash_step(f->instr, c->number));
	if (*site)
		return site;
	*site = SITE_SEEN;
	if (chase(w, f->instr, &op, 1) &&
		(op == v->op_return || op == v->op_return_const ||
			op == v->op_return_traced || op == v->op_return_const_traced))
		*site |= SITE_RETURN;
	return site;
}

/* Has the frame not yet come to its first line? What is known of the code object may be of
 * a dead one that lay at the address: the living one is asked before a frame is dropped. */
static bool is_incomplete(struct walker *w, const struct raw_frame *f)
{
	const struct abi *a = w->abi;
	struct wcode *c = codes_get(w, f->code_addr);
	uint32_t first = 0;

	if (!c || f->instr >= c->first || a->code.firsttraceable == ABI_NONE)
		return false;
	return chase(w, f->code_addr + a->code.firsttraceable, &first, sizeof(first)) &&
	       f->instr < f->code_addr + a->code.code_adaptive + 2 * (uint64_t)first;
}

/*
 * Was the frame saved because it has ended, at a return with an empty stack, or because it
 * has not begun? Then nothing that it called is alive. (Where a caller was saved at the
 * cache entries behind its call, up to 3.12, the byte read here is no opcode.)
 */
static bool has_no_callee(struct walker *w, const struct raw_frame *f)
{
	struct wcode *c = codes_find(w, f->code_addr);

	if (w->abi->value.op_return == ABI_NO_VALUE || !c)
		return false;
	if (!f->tlbc && is_incomplete(w, f))
		return true;
	return f->used == c->locals && (*site_of(w, f, c) & SITE_RETURN);
}

/*
 * Frames of the data stack above `last`, leaf last. A frame that was saved for a call has
 * its callee beside it; one that runs, or has just returned, is the last. From 3.14 on
 * frames are saved for calls into C as well: there only what ends in a running one counts.
 */
static uint32_t frames_above(
	struct walker *w, struct wthread *t, struct raw_frame last, struct raw_frame *v)
{
	bool again = true, calls_only = w->abi->iframe.stackpointer == ABI_NONE;
	uint32_t n = 0;

	while (n < EXTEND_MAX && (last.flags & RAW_SAVED) &&
		!(last.flags & RAW_GENERATOR)) {
		int32_t index;
		uint64_t addr;
		const uint8_t *at;

		if (has_no_callee(w, &last))
			break;
		addr = beside(w, &last);
		at = addr ? stacked_at(w, t, addr, &index, &again) : NULL;
		if (!at || ld64(at + w->abi->iframe.previous) != last.addr ||
			!frame_of(w, at, addr, &v[n]) || !codes_find(w, v[n].code_addr))
			break;
		last = v[n++];
	}
	return calls_only || !(last.flags & RAW_SAVED) ? n : 0;
}

/* Puts n frames on top of the chain; v has the leaf last. */
static void push_above(struct walker *w, const struct raw_frame *v, uint32_t n)
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

static void cut_above(struct walker *w, uint32_t i)
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

/* From 3.14 on a frame that is popped has lost its code (clear_thread_frame() of
 * Python/ceval.c): it and what lies above it have returned. */
static bool drop_popped(struct walker *w)
{
	uint32_t i;

	for (i = w->n_chain; i-- > 0;) {
		if (!w->chain[i].code_addr && i + 1 < w->n_chain) {
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
		/* What was entered from C is under a trace function, or is the callee. */
		if (w->chain[i - 1].flags & RAW_ENTRY)
			continue;
		if (!(f->flags & RAW_SAVED) ||
			(!was_caller(t, w->n_chain - 1 - i, f) && has_no_callee(w, f))) {
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

/* Not yet at its first line (creating cells, generators): traceback does not show it. */
static void drop_incomplete(struct walker *w)
{
	uint32_t i = 0;

	while (i < w->n_chain && !(w->chain[i].flags & RAW_GENERATOR) &&
		!w->chain[i].tlbc && is_incomplete(w, &w->chain[i]))
		i++;
	if (!i)
		return;
	memmove(w->chain, w->chain + i, (w->n_chain - i) * sizeof(*w->chain));
	w->n_chain -= i;
	if (w->chain_skipped)
		w->chain_skip_at = w->chain_skip_at > i ? w->chain_skip_at - i : 0;
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

/*
 * The pointer named a generator that has ended since: what it leads to is gone, its code
 * is not. It stands on what is left of the stack; the edge to it is judged later.
 */
static void put_back_generator(struct walker *w, struct wthread *t, uint64_t pointer)
{
	const uint8_t *at;
	struct raw_frame f;
	int32_t index;
	bool again = true;

	if (!w->n_chain || w->chain[0].addr == pointer ||
		stacked_at(w, t, pointer, &index, &again) || index >= 0)
		return;
	at = loose_at(w, t, pointer);
	if (at && !find_loose(t, pointer)->below && frame_of(w, at, pointer, &f) &&
		(f.flags & RAW_GENERATOR) && codes_find(w, f.code_addr))
		push_above(w, &f, 1);
}

static enum status iframe_decode(struct walker *w, struct wthread *t)
{
	uint64_t pointer = pointer_now(w, t);
	bool repaired;
	enum status st;

	t->top[t->side] = pointer;
	t->pub.flags &= ~(uint32_t)(WALK_TORN | WALK_REPAIRED | WALK_IN_C);
	chain_clear(w);
	if (!ts_u64(w, t, w->abi->tstate.datastack_chunk)) {
		/* a thread that has not run Python yet, or not any more */
		return ST_OK;
	}
	st = update_chunks(w, t);
	if (st != ST_OK)
		return st;
	st = follow(w, t, pointer);
	if (st == ST_OK && !w->n_chain && t->pub.n_frames && !t->still)
		st = ST_TORN; /* junk that looked like a shim */
	if (st != ST_OK && st != ST_LIMIT) {
		if (from_root(w, t) != ST_OK)
			return st;
		put_back_generator(w, t, pointer);
		w->chain_patched = true;
	}
	repaired = w->chain_patched;
	repaired |= drop_popped(w);
	if (!t->still) {
		repaired |= drop_stale(w, t);
		repaired |= extend(w, t);
	}
	if (w->abi->iframe.stackpointer != ABI_NONE && w->n_chain &&
		(w->chain[0].flags & RAW_SAVED))
		t->pub.flags |= WALK_IN_C;
	drop_incomplete(w);
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

/* ---- what changed ------------------------------------------------------------------- */

static uint32_t first_difference(const uint8_t *a, const uint8_t *b, uint32_t len)
{
	uint32_t at = 0;

	while (at + 256 <= len && !memcmp(a + at, b + at, 256))
		at += 256;
	while (at + 8 <= len && ld64(a + at) == ld64(b + at))
		at += 8;
	return at;
}

static uint32_t iframe_first_changed(const struct walker *w, const struct wthread *t)
{
	uint32_t i, root;

	for (i = 0; i < t->n_chunks; i++) {
		const struct chunk_copy *c = &t->chunks[i];
		uint32_t a = c->len[0], b = c->len[1], len = a < b ? a : b, at;
		uint64_t addr;

		if (!in_window(t, i))
			continue;
		if (!len)
			return 0;
		/* the header's own words are not frames */
		at = w->abi->chunk.data;
		at += first_difference(c->buf[0] + at, c->buf[1] + at, len - at);
		if (at + 8 > len && a == b)
			continue;
		addr = c->addr + at;
		for (root = 0; root < w->n_chain; root++) {
			const struct raw_frame *f = &w->chain[w->n_chain - 1 - root];
			const struct wcode *code;

			if (f->addr < c->addr || f->addr >= c->addr + c->bytes)
				continue;
			code = codes_find((struct walker *)(uintptr_t)w, f->code_addr);
			if (!code || f->addr + code->bytes > addr)
				return root;
		}
	}
	return UINT32_MAX;
}

static void iframe_release(struct wthread *t)
{
	uint32_t i;

	for (i = 0; i < t->n_chunks; i++)
		chunk_drop(&t->chunks[i]);
	free(t->chunks);
	free(t->loose);
}

const struct walk_era walk_era_iframe = {
	.plan = iframe_plan,
	.decode = iframe_decode,
	.first_changed = iframe_first_changed,
	.release = iframe_release,
};
