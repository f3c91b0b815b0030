/*
 * grove.h - weights on the stacks of one table, as a forest in preorder: what tree, flat,
 * callers and diff are all made from. Inside query only.
 *
 * Filling: grove_add() by stack id. Then grove_grow() sums up from leaves to roots (a
 * parent's id is always smaller than its children's), trims, and puts the stacks that
 * stay in preorder. Entry 0 of the order is stack 0, "all".
 */
#ifndef QUERY_GROVE_H
#define QUERY_GROVE_H

#include "query/fold.h"
#include "query/tree.h"

struct grove {
	const struct symbols *symbols; /* borrowed */
	struct weight *self, *total;   /* by stack id */
	size_t cap_self, n_self;
	stack_id *order;   /* preorder */
	uint32_t *n_below; /* by position in the order */
	size_t n, n_trimmed;
};

void grove_init(struct grove *g, const struct symbols *symbols);
void grove_release(struct grove *g);
void grove_add(struct grove *g, stack_id id, const struct weight *w);
/* Trimmed and in the order of the options; without (NULL) all, siblings as they come. */
void grove_grow(struct grove *g, const struct tree_options *o);

/* Sums of a range through the filter into a grove over fold->out. */
int grove_fill(struct grove *g, struct fold *fold, struct source *s, struct ask *a,
	enum tree_group group, struct err *err);
/* The same stacks, leaves first, as weights on another table. */
void grove_invert(struct grove *inverted, struct symbols *out, const struct grove *g);
/* What has grown, with texts: the result for callers. Releases nothing. */
void grove_tree(const struct grove *g, struct tree *t);
/* A frame's place; texts are the table's, borrowed. */
void place_of(struct place *p, const struct symbols *s, frame_id frame);

#endif
