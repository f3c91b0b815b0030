/*
 * timeline_cells.h - a timeline's points as columns of numbers, one process or the sum of
 * many. NaN where nothing was recorded: a gap, which JSON shows as null.
 */
#ifndef HTTP_TIMELINE_CELLS_H
#define HTTP_TIMELINE_CELLS_H

#include "base/arena.h"
#include "base/json.h"
#include "query/series.h"

enum { CELLS_MAX_COLUMNS = 32 };

struct cells {
	double *column[CELLS_MAX_COLUMNS];
	size_t n_buckets;
};

/* Columns full of NaN. Memory is the arena's. */
void cells_init(struct cells *c, size_t n_buckets, struct arena *a);
/* Adds a row: sums, or the larger where a sum means nothing. */
void cells_add(struct cells *c, const struct timeline *t, const struct timeline_row *row,
	struct arena *a);
/* Writes one array per column, within an open object. */
void cells_write(const struct cells *c, struct json *j);
/* The array of a column by name, or NULL. */
const double *cells_column(const struct cells *c, const char *name);

#endif
