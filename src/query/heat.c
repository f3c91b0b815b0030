/* heat.c - see heat.h */
#include "query/heat.h"

#include "base/clock.h"
#include "query/lanes.h"

#include <string.h>

enum { MAX_ROWS = 1000, MAX_COLUMNS = 100 * 1000, MAX_CELLS = 4 * 1000 * 1000 };

static int warm(void *arg, const struct symbols *symbols, const struct lane_run *run)
{
	struct heat *h = arg;
	size_t i;

	(void)symbols;
	for (i = 0; i < run->n_ticks; i++) {
		int64_t at = run->time_ns[i] - h->from_ns, within;
		size_t column, row;

		if (at < 0)
			continue;
		column = (size_t)(at / h->column_ns);
		within = at % h->column_ns % NS_PER_SEC;
		row = (size_t)(within * (int64_t)h->n_rows / NS_PER_SEC);
		if (column < h->n_columns && row < h->n_rows)
			h->ns[column * h->n_rows + row] += run->weight_ns[i];
	}
	return 0;
}

int heat_query(struct heat *h, struct source *s, const struct filter *f,
	const struct heat_options *o, struct err *err)
{
	size_t max_columns = o->max_columns ? o->max_columns : 1200, i;
	int64_t from = f->from_ns, until = f->until_ns, first, last, seconds;

	*h = (struct heat){ .n_rows = o->n_rows ? o->n_rows : 50 };
	if (h->n_rows > MAX_ROWS || max_columns > MAX_COLUMNS)
		return err_set(err, ERR_LIMIT, "more than %d rows or %d columns",
			MAX_ROWS, MAX_COLUMNS);
	if (s->ops->range(s, &first, &last, err) < 0)
		return -1;
	from = from ? from : first;
	until = until ? until : last;
	h->from_ns = from - from % NS_PER_SEC;
	seconds = until > h->from_ns ? (until - h->from_ns - 1) / NS_PER_SEC + 1 : 0;
	h->column_ns = NS_PER_SEC * (seconds / (int64_t)max_columns + 1);
	h->n_columns = (size_t)((seconds * NS_PER_SEC + h->column_ns - 1) / h->column_ns);
	if (h->n_columns * h->n_rows > MAX_CELLS)
		return err_set(err, ERR_LIMIT, "more than %d cells", MAX_CELLS);
	h->ns = arena_alloc(&h->arena, (h->n_columns * h->n_rows + 1) * sizeof(*h->ns));
	if (lanes_scan(s, f, warm, h, err) != 0) {
		heat_release(h);
		return -1;
	}
	for (i = 0; i < h->n_columns * h->n_rows; i++)
		h->max_ns = h->ns[i] > h->max_ns ? h->ns[i] : h->max_ns;
	return 0;
}

void heat_release(struct heat *h)
{
	arena_release(&h->arena);
	*h = (struct heat){ 0 };
}
