/*
 * walk_iframe.h - what the four files of the iframe era share; nobody else includes it.
 *
 *	walk_copies.c   data-stack chunks, generators and shims: planned, copied, compared
 *	walk_iframe.c   links followed from the pointer to the root
 *	walk_verdict.c  where pointer and copies disagree, the chain as the copies have it
 *	walk_run.c      but in a recursion as the pointer has it
 */
#ifndef PYTHON_WALK_IFRAME_H
#define PYTHON_WALK_IFRAME_H

#include "python/walk_impl.h"

/* Bytes of a frame before its locals. */
static inline uint32_t header_len(const struct walker *w)
{
	return w->abi->iframe.localsplus;
}

/* Plans the chunks and loose frames of the last tick. */
void copies_plan(struct walker *w, struct wthread *t);
/* Brings the list of chunks up to date with the thread state, newest last, and reads those
 * that were not planned. ST_FAULT, ST_TORN: no chunk can be read. */
enum status copies_update(struct walker *w, struct wthread *t);
/* The chunk that was last left, copied again in this tick, becomes the newest: the stack has
 * grown into it. False: there is none, or it is not linked to the newest. */
bool copies_enter_spare(struct walker *w, struct wthread *t);
/* Which chunk of the list an address lies in; -1: none. */
int32_t chunk_at(const struct wthread *t, uint64_t addr);
/* Are the frames of chunk i read at all? The middle of a very deep stack is not. */
bool in_window(const struct wthread *t, uint32_t i);
/* The copy of a frame on a data stack, or NULL. *index: which chunk holds it; -1: none,
 * it is loose. A frame beyond what was copied has its chunk read again, unless *again; the next
 * tick copies as much. */
const uint8_t *stacked_at(
	struct walker *w, struct wthread *t, uint64_t addr, int32_t *index, bool *again);
/* A loose frame that is known, or NULL. */
struct loose *find_loose(const struct wthread *t, uint64_t addr);
/* The copy of a loose frame; reads it when it was not predicted. NULL: unreadable. */
const uint8_t *loose_at(struct walker *w, struct wthread *t, uint64_t addr);
/* See struct walk_era. */
uint32_t copies_first_changed(const struct walker *w, const struct wthread *t);
void copies_release(struct wthread *t);

/* A frame becomes an entry of the chain. False: it is a shim, which nobody sees. */
bool frame_of(struct walker *w, const uint8_t *at, uint64_t addr, struct raw_frame *f);
/* Follows the links from `addr` to the root, into w->chain: to a shim that ends it, or to
 * the first frame of the data stack where what lies below cannot be there. */
enum status follow(struct walker *w, struct wthread *t, uint64_t addr);

/* 3.14+: did a generator that the pointer leads to end before it was copied, and lose its
 * code? Nothing says any more which it was. */
bool has_lost_generator(const struct walker *w, const struct wthread *t);

/* When the pointer's links lead nowhere: the chain from what the last tick knew, as far as
 * the copies agree, with a generator that ended since. ST_TORN: there is none. */
enum status verdict_from_root(struct walker *w, struct wthread *t, uint64_t pointer);
/* Mends w->chain; true: it was not as the pointer had it. */
bool verdict(struct walker *w, struct wthread *t);
/* Is the address on the thread's C stack, where the shims are? Never up to 3.11. */
bool is_on_c_stack(const struct wthread *t, uint64_t addr);
/* Where the frame above `f` would be on the data stack, when `f` is on it; 0: not known. */
uint64_t beside(struct walker *w, const struct raw_frame *f);
/* Puts n frames on top of the chain; v has the leaf last. */
void push_above(struct walker *w, const struct raw_frame *v, uint32_t n);
/* Takes the i frames next to the leaf away. */
void cut_above(struct walker *w, uint32_t i);
/* Of functions that call themselves or each other (to 4 of them): makes the frame that the
 * pointer named the leaf of w->chain, where the recursion is 32 frames and more, and what
 * unwinds can mostly be put back (t->run_trust). False: w->chain is as it was. */
bool run_to_pointer(struct walker *w, struct wthread *t, uint64_t pointer);
/* Does the mended chain end where one page of the data stack was copied before the stack
 * unwound over its edge, and the next page after it? */
bool is_at_seam(struct walker *w, const struct wthread *t, bool repaired);

#endif
