/*
 * callers.h - the sandwich: one function, all that leads to it, all that it leads to.
 *
 * Both trees have the function as node 0. In `callers` a child is a caller; in `callees`
 * a child is called. Where the function recurses, its outermost call counts.
 */
#ifndef QUERY_CALLERS_H
#define QUERY_CALLERS_H

#include "query/tree.h"

struct callers {
	struct tree callers, callees;
	struct weight self, total; /* of the function */
	struct weight all;         /* of the whole answer */
};

/* Chosen by exact name; file and first_line when not NULL / 0 narrow it down. */
struct callers_of {
	const char *name, *file;
	uint32_t first_line;
};

int callers_query(struct callers *c, struct source *s, const struct filter *f,
	const struct callers_of *of, const struct tree_options *o, struct err *err);
void callers_release(struct callers *c);

#endif
