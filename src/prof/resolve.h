/*
 * resolve.h - raw frames become ids: code object -> function, instruction -> line, and
 * the stack as a chain of ids of which only the changed part is looked up.
 *
 * Everything seen before is an array access: the walker numbers code objects, and gives a
 * new number to a new object at an old address, so a cache can never show a dead function.
 */
#ifndef PROF_RESOLVE_H
#define PROF_RESOLVE_H

#include "prof/symbols.h"
#include "python/walk.h"

struct resolver;

/* Borrows all three; code objects are read through mem when first seen. */
struct resolver *resolver_new(struct walker *w, struct mem *mem, const struct abi *abi,
	struct symbols *symbols);
void resolver_free(struct resolver *r);
/* Other tables: ids of the old ones are forgotten. The same tables: nothing happens. */
void resolver_use(struct resolver *r, struct symbols *symbols);

/* One frame. 0, the unknown frame, when its code could not be read. */
frame_id resolver_frame(struct resolver *r, const struct raw_frame *f);
/*
 * Frame i of a thread's first n_frames. Inside a recursion only the leaf has columns:
 * else each way through the calls of one line, f(n - 1) + f(n - 2), would be a stack of
 * its own, as many as samples.
 */
frame_id resolver_frame_in(
	struct resolver *r, const struct walk_thread *t, uint32_t i, uint32_t n_frames);

/* On top of below the mark of n frames left out, "(about 98000 frames)": two digits only, so that
 * a recursion that winds and unwinds does not make a new mark, and with it a new stack, at every
 * step. */
stack_id resolver_skipped(struct resolver *r, stack_id below, uint32_t n);

/* The ids of one thread's stack, kept from tick to tick. Zeroed is empty. */
struct resolved {
	stack_id *ids; /* ids[i]: the stack up to and including frames[i] */
	uint32_t n;
	size_t cap;
	stack_id base;              /* what they stand on */
	uint32_t generation, epoch; /* of the tables and numbers they were made with */
};

void resolved_release(struct resolved *s);
/* The stack of a thread's first n_frames frames, on top of `base` (0: nothing); frames
 * left out in the middle appear as one mark, those that are cut off above
 * the last sound one as "(cut)": its time is not shown as its own. */
stack_id resolver_stack(struct resolver *r, struct resolved *s,
	const struct walk_thread *t, uint32_t n_frames, bool cut, stack_id base);

#endif
