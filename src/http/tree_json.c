/* tree_json.c - see tree_json.h */
#include "http/tree_json.h"

void tree_json_nodes(
	struct json *j, const char *key, const struct tree *t, struct places *places)
{
	const struct tree_node *n = t->nodes;

	json_key(j, key);
	json_object(j);
	JSON_COLUMN(j, "depth", t->n_nodes, n[i].depth);
	JSON_COLUMN(j, "place", t->n_nodes, places_index(places, &n[i].place));
	JSON_COLUMN(j, "line", t->n_nodes, n[i].place.line);
	JSON_COLUMN(j, "self_n", t->n_nodes, n[i].self.n);
	JSON_COLUMN(j, "total_n", t->n_nodes, n[i].total.n);
	JSON_COLUMN(j, "self_ns", t->n_nodes, n[i].self.ns);
	JSON_COLUMN(j, "total_ns", t->n_nodes, n[i].total.ns);
	JSON_COLUMN(j, "cpu_ns", t->n_nodes, n[i].total.cpu_ns);
	JSON_COLUMN(j, "wait_ns", t->n_nodes, n[i].total.wait_ns);
	json_end(j);
}
