/*
 * api_diff.c - before (A) and after (B): every filter counts for both sides, and "b."
 * before its name changes it for B alone. ?from=-2h&until=-1h&b.from=-1h&b.until=now
 */
#include "http/params.h"
#include "http/places.h"
#include "http/route.h"
#include "http/server_state.h"
#include "query/diff.h"

#include <math.h>
#include <string.h>

enum { DEFAULT_NODES = 16000, MAX_NODES = 200000, DEFAULT_ROWS = 2000 };

struct sides {
	struct filter filter[2];
	struct tree tree[2];
	struct flat flat[2];
};

static int read_sides(struct call *c, struct sides *s, struct err *err)
{
	filter_init(&s->filter[1]);
	if (params_filter(c, NULL, &s->filter[0], err) < 0)
		return -1;
	return params_filter(c, "b.", &s->filter[1], err);
}

static void sides_release(struct sides *s)
{
	for (int i = 0; i < 2; i++) {
		tree_release(&s->tree[i]);
		flat_release(&s->flat[i]);
		filter_release(&s->filter[i]);
	}
}

/* Two columns, "self_n_a" and "self_n_b". */
#define SIDE_COLUMNS(j, name, count, from, member)                               \
	do {                                                                     \
		JSON_COLUMN((j), name "_n_a", (count), (from)[i].member[0].n);   \
		JSON_COLUMN((j), name "_n_b", (count), (from)[i].member[1].n);   \
		JSON_COLUMN((j), name "_ns_a", (count), (from)[i].member[0].ns); \
		JSON_COLUMN((j), name "_ns_b", (count), (from)[i].member[1].ns); \
	} while (0)

static void write_nodes(struct json *j, const struct diff *d, struct places *places)
{
	const struct diff_node *n = d->nodes;

	json_kint(j, "trimmed", (int64_t)d->n_trimmed);
	json_key(j, "nodes");
	json_object(j);
	JSON_COLUMN(j, "depth", d->n_nodes, n[i].depth);
	JSON_COLUMN(j, "place", d->n_nodes, places_index(places, &n[i].place));
	JSON_COLUMN(j, "line", d->n_nodes, n[i].place.line);
	SIDE_COLUMNS(j, "self", d->n_nodes, n, self);
	SIDE_COLUMNS(j, "total", d->n_nodes, n, total);
	JSON_COLUMN(j, "side", d->n_nodes, n[i].side);
	json_key(j, "p");
	json_array(j);
	for (size_t i = 0; i < d->n_nodes; i++)
		json_double(j, round(n[i].p * 1e4) / 1e4);
	json_end(j);
	json_end(j);
}

static void write_rows(struct json *j, const struct diff_table *d, struct places *places)
{
	const struct diff_row *r = d->rows;

	json_key(j, "rows");
	json_object(j);
	JSON_COLUMN(j, "place", d->n_rows, places_index(places, &r[i].place));
	JSON_COLUMN(j, "line", d->n_rows, r[i].place.line);
	SIDE_COLUMNS(j, "self", d->n_rows, r, self);
	SIDE_COLUMNS(j, "total", d->n_rows, r, total);
	json_key(j, "share");
	json_array(j);
	for (size_t i = 0; i < d->n_rows; i++)
		json_double(j, r[i].share);
	json_end(j);
	json_key(j, "p");
	json_array(j);
	for (size_t i = 0; i < d->n_rows; i++)
		json_double(j, round(r[i].p * 1e4) / 1e4);
	json_end(j);
	json_end(j);
}

static int diff_as_tree(struct call *c, struct sides *s, struct json *j,
	struct places *places, struct err *err)
{
	struct tree_options o = { .max_nodes = DEFAULT_NODES,
		.inverted = call_flag(c, "invert") };
	struct tree_options whole = { .inverted = o.inverted };
	struct diff diff = { 0 };
	int ret = -1;

	if (params_size(c, "max_nodes", 1, MAX_NODES, &o.max_nodes, err) < 0)
		return -1;
	whole.max_nodes = MAX_NODES;
	for (int i = 0; i < 2; i++)
		if (tree_query(&s->tree[i], c->server->source, &s->filter[i], &whole,
			    err) < 0)
			return -1;
	if (diff_trees(&diff, &s->tree[0], &s->tree[1], &o, err) < 0)
		goto out;
	write_nodes(j, &diff, places);
	places_write(places, j);
	ret = 0;
out:
	diff_release(&diff);
	return ret;
}

static int diff_as_table(struct call *c, struct sides *s, struct json *j,
	struct places *places, struct err *err)
{
	struct flat_options o = { .by = FLAT_FUNCTION };
	struct diff_table diff = { 0 };
	size_t max_rows = DEFAULT_ROWS;
	int ret = -1;

	if (params_size(c, "max_rows", 1, MAX_NODES, &max_rows, err) < 0)
		return -1;
	for (int i = 0; i < 2; i++)
		if (flat_query(&s->flat[i], c->server->source, &s->filter[i], &o, err) <
			0)
			return -1;
	if (diff_tables(&diff, &s->flat[0], &s->flat[1], max_rows, err) < 0)
		goto out;
	json_kint(j, "all_n_a", (int64_t)diff.all[0].n);
	json_kint(j, "all_n_b", (int64_t)diff.all[1].n);
	json_kint(j, "all_ns_a", (int64_t)diff.all[0].ns);
	json_kint(j, "all_ns_b", (int64_t)diff.all[1].ns);
	write_rows(j, &diff, places);
	places_write(places, j);
	ret = 0;
out:
	diff_table_release(&diff);
	return ret;
}

int api_diff(struct call *c, struct err *err)
{
	const char *view = call_arg(c, "view");
	struct sides sides = { 0 };
	struct places places;
	struct json j;
	int ret = -1;

	places_init(&places);
	if (read_sides(c, &sides, err) < 0)
		goto out;
	call_json(c, &j);
	ret = view && !strcmp(view, "table") ? diff_as_table(c, &sides, &j, &places, err)
					     : diff_as_tree(c, &sides, &j, &places, err);
	if (ret == 0)
		call_json_end(c, &j);
out:
	sides_release(&sides);
	places_release(&places);
	return ret;
}
