/*
 * api_table.c - self and total by function, line, file, module, thread or wait.
 */
#include "http/params.h"
#include "http/places.h"
#include "http/route.h"
#include "http/server_state.h"
#include "query/flat.h"

enum { DEFAULT_ROWS = 2000, MAX_ROWS = 200000 };

static int read_options(struct call *c, struct flat_options *o, struct err *err)
{
	const char *by = call_arg(c, "by");
	int which = by && *by ? flat_by_word(by) : FLAT_FUNCTION;

	if (which < 0) {
		err_set(err, ERR_USAGE, "by=%.40s is not a kind of row", by);
		return err_hint(err, "give function, line, file, module, thread or wait");
	}
	*o = (struct flat_options){ .by = (enum flat_by)which,
		.max_rows = DEFAULT_ROWS,
		.by_total = call_flag(c, "by_total") };
	return params_size(c, "max_rows", 1, MAX_ROWS, &o->max_rows, err);
}

static void write_rows(struct json *j, const struct flat *t, struct places *places)
{
	const struct flat_row *r = t->rows;

	json_key(j, "rows");
	json_object(j);
	JSON_COLUMN(j, "place", t->n_rows, places_index(places, &r[i].place));
	JSON_COLUMN(j, "line", t->n_rows, r[i].place.line);
	JSON_COLUMN(j, "self_n", t->n_rows, r[i].self.n);
	JSON_COLUMN(j, "total_n", t->n_rows, r[i].total.n);
	JSON_COLUMN(j, "self_ns", t->n_rows, r[i].self.ns);
	JSON_COLUMN(j, "total_ns", t->n_rows, r[i].total.ns);
	JSON_COLUMN(j, "series", t->n_rows, r[i].series);
	JSON_COLUMN(j, "thread", t->n_rows, r[i].thread);
	json_end(j);
}

int api_table(struct call *c, struct err *err)
{
	struct flat flat = { 0 };
	struct flat_options o;
	struct places places;
	struct filter f;
	struct json j;
	int ret = -1;

	places_init(&places);
	if (params_filter(c, NULL, &f, err) < 0 || read_options(c, &o, err) < 0 ||
		flat_query(&flat, c->server->source, &f, &o, err) < 0)
		goto out;
	call_json(c, &j);
	json_kms(&j, "from_ms", flat.from_ns);
	json_kms(&j, "until_ms", flat.until_ns);
	json_kint(&j, "trimmed", (int64_t)flat.n_trimmed);
	json_kint(&j, "all_n", (int64_t)flat.all.n);
	json_kint(&j, "all_ns", (int64_t)flat.all.ns);
	write_rows(&j, &flat, &places);
	places_write(&places, &j);
	call_json_end(c, &j);
	ret = 0;
out:
	flat_release(&flat);
	filter_release(&f);
	places_release(&places);
	return ret;
}
