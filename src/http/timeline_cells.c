/* timeline_cells.c - see timeline_cells.h */
#include "http/timeline_cells.h"

#include "base/alloc.h"
#include "prof/state.h"

#include <math.h>
#include <string.h>

/* What a column shows of a bucket. */
struct bucket {
	const struct timeline_row *row;
	const struct point *p;
	size_t i;
	double cores;
};

#define SHOWS(name, expression)                    \
	static double name(const struct bucket *b) \
	{                                          \
		return (double)(expression);       \
	}
SHOWS(watched, b->p->ticks_ns)
SHOWS(thread_time, b->p->weight_ns)
SHOWS(match_ns, b->row->match_ns ? b->row->match_ns[b->i] : b->p->weight_ns)
SHOWS(match_n, b->row->match_n ? b->row->match_n[b->i] : b->p->n_samples)
SHOWS(samples, b->p->n_samples)
SHOWS(ticks, b->p->n_ticks)
SHOWS(wanted, b->p->wanted)
SHOWS(missed, b->p->missed)
SHOWS(cut, b->p->n_cut)
SHOWS(late_max, b->p->late_ns_max)
SHOWS(read_ns, b->p->read_ns)
SHOWS(rss_mean, (double)b->p->rss_sum / (double)b->p->n_metrics)
SHOWS(rss_max, b->p->rss_max)
SHOWS(threads, b->p->threads_max)
SHOWS(switches, (b->p->voluntary_last - b->p->voluntary_first) +
			(b->p->involuntary_last - b->p->involuntary_first))
SHOWS(cores, b->cores)
SHOWS(on_cpu, b->p->state_ns[0])
SHOWS(idle, b->p->state_ns[1])
SHOWS(gil, b->p->state_ns[2])
SHOWS(gil_wait, b->p->state_ns[3])
SHOWS(gc, b->p->state_ns[4])
SHOWS(gil_share, (double)b->p->state_ns[2] / (double)b->p->ticks_ns)
SHOWS(wait_share, (double)b->p->state_ns[3] / (double)b->p->ticks_ns)
SHOWS(exc, b->p->state_ns[5])
SHOWS(native, b->p->state_ns[6])

static double lost(const struct bucket *b)
{
	uint64_t n = 0;

	for (size_t i = 0; i < STATUS_COUNT; i++)
		n += b->p->n_lost[i];
	return (double)n;
}

enum column_flags { COL_MAX = 1 << 0, COL_METRIC = 1 << 1 };

static const struct {
	const char *name;
	double (*value)(const struct bucket *b);
	unsigned flags;
} columns[] = {
	{ "watched_ns", watched, 0 },
	{ "thread_ns", thread_time, 0 },
	{ "match_ns", match_ns, 0 },
	{ "match_n", match_n, 0 },
	{ "samples", samples, 0 },
	{ "ticks", ticks, 0 },
	{ "wanted", wanted, 0 },
	{ "missed", missed, 0 },
	{ "lost", lost, 0 },
	{ "cut", cut, 0 },
	{ "late_max_ns", late_max, COL_MAX },
	{ "read_ns", read_ns, 0 },
	{ "cpu_ns", on_cpu, 0 },
	{ "idle_ns", idle, 0 },
	{ "gil_ns", gil, 0 },
	{ "gil_wait_ns", gil_wait, 0 },
	{ "gil_share", gil_share, 0 }, /* of time watched; waiters add up */
	{ "gil_wait_share", wait_share, 0 },
	{ "gc_ns", gc, 0 },
	{ "exc_ns", exc, 0 },
	{ "native_ns", native, 0 },
	{ "cpu_cores", cores, COL_METRIC },
	{ "rss_mean", rss_mean, COL_METRIC },
	{ "rss_max", rss_max, COL_METRIC },
	{ "threads", threads, COL_METRIC },
	{ "switches", switches, COL_METRIC },
};

_Static_assert(ARRAY_SIZE(columns) <= CELLS_MAX_COLUMNS, "room for every column");

void cells_init(struct cells *c, size_t n_buckets, struct arena *a)
{
	c->n_buckets = n_buckets;
	for (size_t k = 0; k < ARRAY_SIZE(columns); k++) {
		c->column[k] = arena_alloc(a, (n_buckets + 1) * sizeof(double));
		for (size_t i = 0; i < n_buckets; i++)
			c->column[k][i] = NAN;
	}
}

/* Processor seconds per second in each bucket of one process. */
static double *row_cores(
	const struct timeline *t, const struct timeline_row *row, struct arena *a)
{
	double *out = arena_alloc(a, (t->n_buckets + 1) * sizeof(*out));
	uint64_t last_cpu = 0;
	int64_t last_ns = 0;

	for (size_t i = 0; i < t->n_buckets; i++) {
		const struct point *p = &row->points[i];

		out[i] = NAN;
		if (p->n_metrics == 0) {
			last_ns = 0; /* a gap: what was used in it belongs to no bucket */
			continue;
		}
		if (last_ns == 0) {
			last_cpu = p->cpu_first_ns;
			last_ns = p->metric_first_ns;
		}
		if (p->metric_last_ns > last_ns && p->cpu_last_ns >= last_cpu)
			out[i] = (double)(p->cpu_last_ns - last_cpu) /
				 (double)(p->metric_last_ns - last_ns);
		last_cpu = p->cpu_last_ns;
		last_ns = p->metric_last_ns;
	}
	return out;
}

static void cell_add(double *cell, double v, bool larger)
{
	if (isnan(v))
		return;
	if (isnan(*cell))
		*cell = v;
	else if (larger)
		*cell = fmax(*cell, v);
	else
		*cell += v;
}

void cells_add(struct cells *c, const struct timeline *t, const struct timeline_row *row,
	struct arena *a)
{
	const double *of_cpu = row_cores(t, row, a);

	for (size_t i = 0; i < t->n_buckets; i++) {
		struct bucket b = { row, &row->points[i], i, of_cpu[i] };

		for (size_t k = 0; k < ARRAY_SIZE(columns); k++)
			if (columns[k].flags & COL_METRIC ? b.p->n_metrics > 0
							  : b.p->n_ticks > 0)
				cell_add(&c->column[k][i], columns[k].value(&b),
					columns[k].flags & COL_MAX);
	}
}

void cells_write(const struct cells *c, struct json *j)
{
	for (size_t k = 0; k < ARRAY_SIZE(columns); k++) {
		json_key(j, columns[k].name);
		json_array(j);
		for (size_t i = 0; i < c->n_buckets; i++)
			json_double(j, c->column[k][i]);
		json_end(j);
	}
}

const double *cells_column(const struct cells *c, const char *name)
{
	for (size_t k = 0; k < ARRAY_SIZE(columns); k++)
		if (!strcmp(columns[k].name, name))
			return c->column[k];
	return NULL;
}
