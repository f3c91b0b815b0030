/*
 * walk_run.c - 3.11 and newer: functions that call themselves or each other, as deep as the
 * pointer had them.
 *
 * The pointer to the leaf is read first, the stack up to two microseconds later, when a
 * recursion has wound or unwound by dozens of levels. The copy is true for its own moment, but
 * that is no moment like any other: a read waits while a chunk of the stack is mapped or
 * unmapped, and who writes where it copies waits for it. The pointer is read at once. Where
 * the frames between it and the leaf of the copy are of a recursion they lie one beside the
 * other, and nothing has to be known of them but that.
 */
#include "python/walk_iframe.h"

enum {
	RUN_MIN = 32, /* frames: a recursion of fewer does not get far in a microsecond */
	FILL_MAX = 512,
	TRUST = 8, /* stacks put back, less LOSS for each that could not be */
	LOSS = 4,
};

/* Called by Python, not by C, and not a generator: it lies beside its caller. */
static bool is_direct(const struct raw_frame *f)
{
	return !(f->flags & (RAW_GENERATOR | RAW_ENTRY));
}

/* So many frames next to the leaf repeat those `period` further to the root. */
static uint32_t n_repeated(const struct walker *w, uint32_t period)
{
	uint32_t i;

	for (i = 0; i + period < w->n_chain; i++) {
		if (w->chain[i].code_addr != w->chain[i + period].code_addr ||
			!is_direct(&w->chain[i]))
			break;
	}
	return i;
}

/* The recursion that the leaf is in: how many functions; 0: none. */
static uint32_t period_of(const struct walker *w)
{
	uint32_t p;

	for (p = 1; p <= RUN_PERIOD_MAX; p++) {
		if (n_repeated(w, p) >= p)
			return p;
	}
	return 0;
}

/* The chunk that a frame lies in: of the list, or the one that was last left. */
static const struct chunk_copy *chunk_of(const struct wthread *t, uint64_t addr)
{
	int32_t i = chunk_at(t, addr);

	if (i >= 0)
		return &t->chunks[i];
	return t->spare.addr && addr - t->spare.addr < t->spare.bytes ? &t->spare : NULL;
}

/* The chunk that the stack grows into from another; NULL: not known. */
static const struct chunk_copy *chunk_after(
	const struct wthread *t, const struct chunk_copy *c)
{
	if (c == &t->spare)
		return NULL;
	if (c + 1 < t->chunks + t->n_chunks)
		return c + 1;
	return t->spare.addr ? &t->spare : NULL;
}

/* Gives `f` the place above `last`, which lies in chunk *c; *c becomes the chunk of it.
 * False: the stack has no place for it that is known. */
static bool put_above(struct walker *w, const struct wthread *t, struct raw_frame *f,
	const struct raw_frame *last, const struct chunk_copy **c)
{
	const struct wcode *code = codes_find(w, f->code_addr);

	f->addr = beside(w, last);
	if (!f->addr || !code || !code->bytes)
		return false;
	/* _PyThreadState_HasStackSpace() of pycore_frame.h: one word stays free */
	if (f->addr + code->bytes >= (*c)->addr + (*c)->bytes) {
		*c = chunk_after(t, *c);
		f->addr = *c ? (*c)->addr + w->abi->chunk.data : 0;
	}
	return f->addr;
}

/* Does what is left of the frame at its place not belie it? Of a chunk that is gone, or
 * beyond what was copied, nothing is left. */
static bool may_have_been(struct walker *w, const struct wthread *t,
	const struct raw_frame *f, uint64_t below, const struct chunk_copy *c)
{
	const struct wcode *code;
	struct raw_frame was;
	const uint8_t *at;

	if (!c->ok || f->addr - c->addr + header_len(w) > c->len[t->side])
		return true;
	at = c->buf[t->side] + (f->addr - c->addr);
	if (ld64(at + w->abi->iframe.previous) != below ||
		!frame_of(w, at, f->addr, &was))
		return false;
	if (was.code_addr)
		return was.code_addr == f->code_addr;
	/* 3.14+: its code is gone, where it stood is not, unless in a thread's own copy */
	code = codes_find(w, f->code_addr);
	return was.tlbc || (code && was.instr >= f->code_addr && was.instr < code->end);
}

/* The stack has unwound since: the frames up to the pointer's, into v; 0: they cannot be put
 * back. */
static uint32_t unwound(struct walker *w, const struct wthread *t, uint64_t pointer,
	uint32_t period, struct raw_frame *v)
{
	const struct chunk_copy *to = chunk_of(t, pointer),
				*c = chunk_of(t, w->chain[0].addr);
	struct raw_frame last = w->chain[0];
	uint32_t n = 0;

	if (!to || !c)
		return 0;
	while (last.addr != pointer && n < FILL_MAX) {
		/* as one that has called on: in the chain, or already put back */
		struct raw_frame f =
			n < period ? w->chain[2 * period - 1 - n] : v[n - period];

		if (!put_above(w, t, &f, &last, &c) || (c == to && f.addr > pointer) ||
			!may_have_been(w, t, &f, last.addr, c))
			return 0;
		f.flags |= RAW_GUESSED;
		v[n++] = last = f;
	}
	return last.addr == pointer ? n : 0;
}

/*
 * What has unwound can be put back only where nothing else was called there since. Where that is
 * often so, what has wound must not be taken away either: the stacks would be too shallow.
 */
static bool is_trusted(struct wthread *t, bool put_back)
{
	if (put_back)
		t->run_trust += t->run_trust < 2 * TRUST;
	else
		t->run_trust -= t->run_trust < LOSS ? t->run_trust : LOSS;
	return t->run_trust >= TRUST;
}

/* See run_to_pointer(); the instruction at which the new leaf stands is not its own yet. */
static bool move_leaf(struct walker *w, struct wthread *t, uint64_t pointer)
{
	struct raw_frame v[FILL_MAX];
	uint32_t period = period_of(w), run, n, i;

	if (!period)
		return false;
	run = n_repeated(w, period);
	for (i = 1; i < w->n_chain && w->chain[i].addr != pointer; i++)
		;
	if (i < w->n_chain) {
		/* It has wound since: are the frames above the pointer's of the recursion? */
		if (run < RUN_MIN || i > run + period || t->run_trust < TRUST)
			return false;
		cut_above(w, i);
		return true;
	}
	n = unwound(w, t, pointer, period, v);
	if (run + n < RUN_MIN || !is_trusted(t, n > 0) || !n)
		return false;
	w->chain[0].instr = w->chain[period].instr; /* it stood at its call */
	push_above(w, v, n);
	return true;
}

bool run_to_pointer(struct walker *w, struct wthread *t, uint64_t pointer)
{
	struct raw_frame leaf;

	if (!w->n_chain || !t->n_chunks)
		return false;
	leaf = w->chain[0];
	if (!move_leaf(w, t, pointer))
		return false;
	/* Where in its function a leaf stands is known of that of the copy alone. */
	if (w->chain[0].code_addr == leaf.code_addr)
		w->chain[0].instr = leaf.instr;
	return true;
}
