/*
 * api_timeline.c - what processes did over time, in equal buckets. A bucket in which
 * nothing was recorded is null in every column: a gap, not a zero.
 */
#include "http/params.h"
#include "http/places.h"
#include "http/route.h"
#include "http/server_state.h"
#include "http/timeline_cells.h"

enum { DEFAULT_BUCKETS = 600, MAX_BUCKETS = 20000 };

static int read_options(struct call *c, struct timeline_options *o, struct err *err)
{
	double bucket_ms = 0;

	*o = (struct timeline_options){ .max_buckets = DEFAULT_BUCKETS,
		.by_series = true }; /* processor time adds up only by process */
	if (call_number(c, "bucket_ms", 0, 86400000, &bucket_ms, err) < 0)
		return -1;
	o->bucket_ns = (int64_t)(bucket_ms * 1e6);
	return params_size(c, "max_buckets", 1, MAX_BUCKETS, &o->max_buckets, err);
}

static void write_row(struct json *j, series_id series, const struct cells *cells)
{
	json_object(j);
	json_kint(j, "series", series);
	cells_write(cells, j);
	json_end(j);
}

static void write_rows(struct call *c, struct json *j, const struct timeline *t)
{
	bool by_series = call_flag(c, "by_series");
	struct cells cells;

	json_key(j, "rows");
	json_array(j);
	cells_init(&cells, t->n_buckets, &c->arena);
	for (size_t i = 0; i < t->n_rows; i++) {
		cells_add(&cells, t, &t->rows[i], &c->arena);
		if (!by_series)
			continue;
		write_row(j, t->rows[i].series, &cells);
		cells_init(&cells, t->n_buckets, &c->arena);
	}
	if (!by_series)
		write_row(j, 0, &cells);
	json_end(j);
}

int api_timeline(struct call *c, struct err *err)
{
	struct timeline t = { 0 };
	struct timeline_options o;
	struct filter f;
	struct json j;
	int ret = -1;

	if (params_filter(c, NULL, &f, err) < 0 || read_options(c, &o, err) < 0 ||
		timeline_query(&t, c->server->source, &f, &o, err) < 0)
		goto out;
	call_json(c, &j);
	json_kms(&j, "from_ms", t.from_ns);
	json_kdouble(&j, "bucket_ms", (double)t.bucket_ns / 1e6);
	json_kint(&j, "n_buckets", (int64_t)t.n_buckets);
	write_rows(c, &j, &t);
	call_json_end(c, &j);
	ret = 0;
out:
	timeline_release(&t);
	filter_release(&f);
	return ret;
}
