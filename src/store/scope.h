/*
 * scope.h - what a query looks at, chosen in one go: the blocks that its range touches,
 * their symbols, one view of the database, the seconds that are not in it yet. Inside
 * store only.
 */
#ifndef STORE_SCOPE_H
#define STORE_SCOPE_H

#include "store/walk.h"

struct part {
	struct block *block;
	const struct symbols *symbols, *leaves; /* see struct walk */
	const struct chart *chart;
	int64_t from, until; /* of the ask, widened where the block has no more data */
	bool whole;          /* all of the block is in the range */
	struct series_list series; /* that are asked for */
};

struct query {
	struct store *s;
	struct ask *a;
	struct err *err;
	struct view *v; /* NULL: there is no database now */
	struct atlas *atlas;
	struct part *parts;
	size_t n_parts;
	struct second **tail;
	size_t n_tail;
	series_id *series; /* of all parts and the tail, sorted */
	size_t n_series, cap_series;
};

/* Chooses; the database stays open and the blocks stay where they are until query_end,
 * which is not called after -1 (a damaged file). s, a and err are borrowed until then. */
int query_begin(struct query *q, struct store *s, struct ask *a, struct err *err);
void query_end(struct query *q);
/* Finds the tables that a part's stacks are in; they are kept until ask_release. -1 when
 * the block's symbols are damaged. */
int query_symbols(struct query *q, struct part *p);
/* The tables of a block of this session outlive the query, until ask_release. */
void query_pin(struct query *q, struct block *b);
/* Is the series in the block, and asked for? */
bool part_has(const struct part *p, series_id id);

#endif
