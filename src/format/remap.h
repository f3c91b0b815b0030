/*
 * remap.h - the same stacks in another table of symbols.
 *
 * Ids are only good beside the table that handed them out; whoever keeps stacks longer
 * than their table lives, or gathers from several tables, remaps them into its own.
 */
#ifndef FORMAT_REMAP_H
#define FORMAT_REMAP_H

#include "base/map.h"
#include "prof/symbols.h"

/* What makes two frames different ones. */
enum remap_how {
	REMAP_LINES,     /* function and line */
	REMAP_FUNCTIONS, /* the function alone */
	REMAP_PARTS,     /* function, line and part of the line: nothing is dropped */
};

struct remap {
	const struct symbols *from;
	struct symbols *to;
	enum remap_how how;
	stack_id base; /* of `to`: what roots are put on */
	struct map stacks, frames;
};

/* Both borrowed. A zeroed struct is fine to start with. When either differs from before,
 * what was known is forgotten; a table that only grew is the same table. */
void remap_set(struct remap *r, const struct symbols *from, struct symbols *to);
void remap_release(struct remap *r);
frame_id remap_frame(struct remap *r, frame_id id);
stack_id remap_stack(struct remap *r, stack_id id);

#endif
