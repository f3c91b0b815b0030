/*
 * heat.h - sub-second heat map: a column a second (or more), rows within it, so that
 * what repeats or stalls within a second shows.
 */
#ifndef QUERY_HEAT_H
#define QUERY_HEAT_H

#include "base/arena.h"
#include "query/filter.h"

struct heat {
	int64_t from_ns;   /* of the first column */
	int64_t column_ns; /* 1 s, or more where the range is long */
	size_t n_columns, n_rows;
	uint64_t *ns; /* [column * n_rows + row]: thread-time that passes the filter */
	uint64_t max_ns;
	struct arena arena;
};

struct heat_options {
	size_t n_rows;      /* 0: 50 */
	size_t max_columns; /* 0: 1200 */
};

int heat_query(struct heat *h, struct source *s, const struct filter *f,
	const struct heat_options *o, struct err *err);
void heat_release(struct heat *h);

#endif
