/*
 * api_flamegraph.c - call trees: the flame graph and the sandwich.
 */
#include "http/params.h"
#include "http/route.h"
#include "http/server_state.h"
#include "http/tree_answer.h"
#include "http/tree_json.h"
#include "query/callers.h"

int api_flamegraph(struct call *c, struct err *err)
{
	struct tree tree = { 0 };
	struct tree_options o;
	struct filter f;
	int ret = -1;

	if (params_filter(c, NULL, &f, err) < 0 || tree_read_options(c, &o, err) < 0 ||
		tree_query(&tree, c->server->source, &f, &o, err) < 0)
		goto out;
	tree_write(c, &tree, o.inverted, NULL, 0);
	ret = 0;
out:
	tree_release(&tree);
	filter_release(&f);
	return ret;
}

static void write_weight(struct json *j, const char *key, const struct weight *w)
{
	json_key(j, key);
	json_object(j);
	json_kint(j, "n", (int64_t)w->n);
	json_kint(j, "ns", (int64_t)w->ns);
	json_end(j);
}

int api_callers(struct call *c, struct err *err)
{
	struct callers_of of = { .name = call_arg(c, "of"),
		.file = call_arg(c, "of_file") };
	struct callers callers = { 0 };
	struct tree_options o;
	struct places places;
	struct filter f;
	struct json j;
	size_t line = 0;
	int ret = -1;

	places_init(&places);
	if (params_filter(c, NULL, &f, err) < 0 || tree_read_options(c, &o, err) < 0 ||
		params_size(c, "of_line", 0, 1 << 30, &line, err) < 0)
		goto out;
	if (!of.name) {
		err_set(err, ERR_USAGE, "which function? give of=NAME");
		goto out;
	}
	of.first_line = (uint32_t)line;
	if (callers_query(&callers, c->server->source, &f, &of, &o, err) < 0)
		goto out;
	call_json(c, &j);
	tree_write_head(&j, &callers.callees, false);
	write_weight(&j, "self", &callers.self);
	write_weight(&j, "total", &callers.total);
	write_weight(&j, "all", &callers.all);
	tree_json_nodes(&j, "callers", &callers.callers, &places);
	tree_json_nodes(&j, "callees", &callers.callees, &places);
	places_write(&places, &j);
	call_json_end(c, &j);
	ret = 0;
out:
	callers_release(&callers);
	filter_release(&f);
	places_release(&places);
	return ret;
}
