/*
 * diff.h - two trees merged node by node: before (A) and after (B).
 *
 * Either two ranges of one source or two sources. Shares are of each side's own whole,
 * so that ranges of different length compare. Which function of B is which of A: twins.h.
 */
#ifndef QUERY_DIFF_H
#define QUERY_DIFF_H

#include "query/flat.h"
#include "query/tree.h"

enum diff_side { DIFF_BOTH, DIFF_ONLY_A, DIFF_ONLY_B };

struct diff_node {
	struct place place;
	uint32_t parent, n_below, depth; /* as in struct tree_node */
	struct weight self[2], total[2]; /* A, B */
	enum diff_side side;
	/* Two-sided: could the change of share (total) be chance, given the samples? Below
	 * 0.01 it is worth a look. 1 where there is nothing to compare. */
	double p;
};

struct diff {
	struct diff_node *nodes; /* preorder; node 0 is the root */
	size_t n_nodes, n_trimmed;
	struct arena arena;
};

int diff_trees(struct diff *d, const struct tree *a, const struct tree *b,
	const struct tree_options *o, struct err *err);
void diff_release(struct diff *d);

/* By function: what became heavier and lighter, most significant first. */
struct diff_row {
	struct place place;
	struct weight self[2], total[2];
	double share; /* B's share of self minus A's */
	double p;     /* of that change; of all its total, where it is in one side only */
};

struct diff_table {
	struct diff_row *rows;
	size_t n_rows;
	struct weight all[2];
	struct arena arena;
};

int diff_tables(struct diff_table *d, const struct flat *a, const struct flat *b,
	size_t max_rows, struct err *err);
void diff_table_release(struct diff_table *d);

#endif
