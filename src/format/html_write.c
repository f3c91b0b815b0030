/*
 * html_write.c - the dashboard's standalone flame graph page (options.page) with the call
 * tree inside it, in the columns that /api/v1/flamegraph answers with:
 *
 *	<script type="application/json" id="profile">{"title","unit":"time"|"samples",
 *	"from_ms","until_ms","trimmed","inverted",
 *	"nodes":{"depth","place","line","self_n","total_n","self_ns","total_ns"},
 *	"strings":[],"places":{"name","file","module","first_line","flags"}}</script>
 *
 * Nodes are in preorder. Every '<' in the data is written \u003c: a function may be called
 * "</script><!--<script>".
 */
#include "format/export.h"
#include "format/html.h"
#include "query/tree.h"

#include "base/alloc.h"

#include <string.h>

enum { MAX_NODES = 60000 };

static const char marker[] = "id=\"profile\">";

struct page {
	struct export *ex;
	struct tree tree;
	func_id *places; /* of each node, in ex->symbols */
	struct buf json;
	struct json j;
};

static str_id text(struct page *p, const char *s)
{
	return symbols_str(p->ex->symbols, s, strlen(s));
}

/* Gives what is in p->json to the output, with '<' made harmless. */
static int flush(struct page *p, struct err *err)
{
	const char *at = p->json.data, *end = at + p->json.len, *stop;

	while (at < end) {
		stop = memchr(at, '<', (size_t)(end - at));
		buf_add(&p->ex->b, at, (size_t)((stop ? stop : end) - at));
		if (stop)
			buf_str(&p->ex->b, "\\u003c");
		at = stop ? stop + 1 : end;
	}
	buf_clear(&p->json);
	return export_drain(p->ex, err);
}

#define COLUMN(name, count, value)                           \
	do {                                                 \
		json_key(&p->j, name);                       \
		json_array(&p->j);                           \
		for (i = 0; i < (count); i++)                \
			json_uint(&p->j, (uint64_t)(value)); \
		json_end(&p->j);                             \
		if (flush(p, err) < 0)                       \
			return -1;                           \
	} while (0)

static int put_nodes(struct page *p, struct err *err)
{
	const struct tree_node *n = p->tree.nodes;
	size_t i;

	json_key(&p->j, "nodes");
	json_object(&p->j);
	COLUMN("depth", p->tree.n_nodes, n[i].depth);
	COLUMN("place", p->tree.n_nodes, p->places[i]);
	COLUMN("line", p->tree.n_nodes, n[i].place.line);
	COLUMN("self_n", p->tree.n_nodes, n[i].self.n);
	COLUMN("total_n", p->tree.n_nodes, n[i].total.n);
	COLUMN("self_ns", p->tree.n_nodes, n[i].self.ns);
	COLUMN("total_ns", p->tree.n_nodes, n[i].total.ns);
	json_end(&p->j);
	return 0;
}

static int put_places(struct page *p, struct err *err)
{
	const struct symbols *s = p->ex->symbols;
	uint32_t i, n_funcs = symbols_count(s, SYM_FUNC);

	json_key(&p->j, "strings");
	json_array(&p->j);
	for (i = 0; i < symbols_count(s, SYM_STR); i++) {
		size_t len;
		const char *string = symbols_text(s, i, &len);

		json_strn(&p->j, string, len);
		if (flush(p, err) < 0)
			return -1;
	}
	json_end(&p->j);
	json_key(&p->j, "places");
	json_object(&p->j);
	COLUMN("name", n_funcs, symbols_func_of(s, i)->name);
	COLUMN("file", n_funcs, symbols_func_of(s, i)->file);
	COLUMN("module", n_funcs, symbols_func_of(s, i)->module);
	COLUMN("first_line", n_funcs, symbols_func_of(s, i)->first_line);
	COLUMN("flags", n_funcs, symbols_func_of(s, i)->flags);
	json_end(&p->j);
	return 0;
}

static int put_data(struct page *p, struct err *err)
{
	size_t i;

	p->places = xcalloc(p->tree.n_nodes + 1, sizeof(*p->places));
	for (i = 0; i < p->tree.n_nodes; i++) {
		const struct place *at = &p->tree.nodes[i].place;
		const struct func f = {
			.name = text(p, at->name),
			.file = text(p, at->file),
			.module = text(p, at->module),
			.first_line = at->first_line,
			.flags = at->flags,
		};

		p->places[i] = symbols_func(p->ex->symbols, &f);
	}
	json_object(&p->j);
	json_kstr(&p->j, "title", p->ex->title);
	json_kstr(&p->j, "unit", p->ex->opt.weight == WEIGHT_TIME ? "time" : "samples");
	json_kint(&p->j, "from_ms", p->tree.from_ns / 1000000);
	json_kint(&p->j, "until_ms", p->tree.until_ns / 1000000);
	json_kint(&p->j, "trimmed", (int64_t)p->tree.n_trimmed);
	json_kbool(&p->j, "inverted", false);
	if (put_nodes(p, err) < 0 || put_places(p, err) < 0)
		return -1;
	json_end(&p->j);
	return flush(p, err);
}

int html_write(struct export *ex, struct err *err)
{
	const struct tree_options o = { .max_nodes = MAX_NODES,
		.group = ex->opt.threads ? TREE_BY_THREAD : TREE_PLAIN };
	struct page p = { .ex = ex };
	const char *at = ex->opt.page ? memmem(ex->opt.page, ex->opt.page_len, marker,
						strlen(marker))
				      : NULL;
	size_t head;
	int ret = -1;

	if (!at)
		return err_set(err, ERR_FAILED,
			"the dashboard's standalone page was not built in (web/)");
	head = (size_t)(at - ex->opt.page) + strlen(marker);
	json_init(&p.j, &p.json);
	if (tree_query(&p.tree, ex->source, ex->filter, &o, err) < 0)
		goto out;
	buf_add(&ex->b, ex->opt.page, head);
	if (put_data(&p, err) < 0)
		goto out;
	buf_add(&ex->b, ex->opt.page + head, ex->opt.page_len - head);
	ret = 0;
out:
	tree_release(&p.tree);
	free(p.places);
	buf_release(&p.json);
	return ret;
}
