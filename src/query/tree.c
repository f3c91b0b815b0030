/*
 * tree.c - see tree.h
 *
 * Trimming keeps the heaviest nodes. A parent weighs at least as much as a child, so the
 * heaviest N, ties won by the smaller id, are closed under "parent of".
 */
#include "query/tree.h"

#include "base/alloc.h"
#include "query/grove.h"

#include <stdlib.h>
#include <string.h>

void place_of(struct place *p, const struct symbols *s, frame_id frame)
{
	const struct frame *fr = symbols_frame_of(s, frame);
	const struct func *fn = symbols_func_of(s, fr->func);

	*p = (struct place){
		.name = symbols_text(s, fn->name, NULL),
		.file = symbols_text(s, fn->file, NULL),
		.module = symbols_text(s, fn->module, NULL),
		.line = fr->line,
		.first_line = fn->first_line,
		.flags = fn->flags,
	};
}

/* --- which nodes stay --- */

struct heavy {
	struct weight w;
	stack_id id;
};

static int heaviest_first(const void *a, const void *b)
{
	const struct heavy *x = a, *y = b;

	if (x->w.ns != y->w.ns)
		return x->w.ns > y->w.ns ? -1 : 1;
	if (x->w.n != y->w.n)
		return x->w.n > y->w.n ? -1 : 1;
	return x->id < y->id ? -1 : x->id > y->id;
}

/* What a node must be at least to stay: entry `max_nodes` of the sorted list. */
static struct heavy threshold(const struct grove *g, size_t max_nodes)
{
	struct heavy *all = xcalloc(g->n, sizeof(*all)), last;
	size_t i;

	for (i = 0; i < g->n; i++)
		all[i] = (struct heavy){ g->total[g->order[i]], g->order[i] };
	qsort(all, g->n, sizeof(*all), heaviest_first);
	last = all[max_nodes - 1];
	free(all);
	return last;
}

struct trim {
	struct heavy least;
	bool has_least;
	double min_ns;
};

static bool stays(const struct trim *t, const struct grove *g, stack_id id)
{
	const struct heavy h = { g->total[id], id };

	if (!id)
		return true;
	if ((double)h.w.ns < t->min_ns)
		return false;
	return !t->has_least || heaviest_first(&h, &t->least) <= 0;
}

/* --- texts: each function's once --- */

struct texts {
	struct arena *arena;
	struct map known; /* str_id + 1 -> char * */
};

static const char *keep(struct texts *t, const struct symbols *s, str_id id)
{
	uint64_t *known;
	size_t len;
	const char *text;

	if (!id)
		return "";
	known = map_put(&t->known, id);
	if (!*known) {
		text = symbols_text(s, id, &len);
		*known = (uint64_t)(uintptr_t)arena_strndup(t->arena, text, len);
	}
	return (const char *)(uintptr_t)*known;
}

static void keep_place(
	struct texts *t, const struct symbols *s, frame_id frame, struct place *p)
{
	const struct func *fn = symbols_func_of(s, symbols_frame_of(s, frame)->func);

	place_of(p, s, frame);
	p->name = keep(t, s, fn->name);
	p->file = keep(t, s, fn->file);
	p->module = keep(t, s, fn->module);
}

/* --- out --- */

struct growing {
	struct tree *t;
	size_t cap;
	struct tree_node *nodes;
	uint32_t *path; /* open nodes from the root to here */
	uint32_t *past; /* for each: position in the grove's order where it ends */
	size_t depth, cap_path, cap_past;
	struct weight *other; /* for each: what was trimmed directly below it */
	size_t cap_other;
};

static uint32_t add_node(struct growing *x)
{
	GROW(x->nodes, x->cap, x->t->n_nodes + 1);
	x->nodes[x->t->n_nodes] = (struct tree_node){ .place = { "", "", "", 0, 0, 0 } };
	return (uint32_t)x->t->n_nodes++;
}

static void close_node(struct growing *x)
{
	struct weight other = x->other[--x->depth];
	uint32_t node = x->path[x->depth], mark;

	if (other.n || other.ns) {
		mark = add_node(x);
		x->nodes[mark].place.name = "(other)";
		x->nodes[mark].place.flags = FUNC_MARK;
		x->nodes[mark].parent = node;
		x->nodes[mark].depth = x->nodes[node].depth + 1;
		x->nodes[mark].self = x->nodes[mark].total = other;
	}
	x->nodes[node].n_below = (uint32_t)x->t->n_nodes - 1 - node;
}

static void open_node(struct growing *x, uint32_t node, uint32_t past)
{
	GROW(x->path, x->cap_path, x->depth + 1);
	GROW(x->past, x->cap_past, x->depth + 1);
	GROW(x->other, x->cap_other, x->depth + 1);
	x->path[x->depth] = node;
	x->past[x->depth] = past;
	x->other[x->depth++] = (struct weight){ 0 };
}

static void plant(struct growing *x, struct texts *texts, const struct grove *g,
	const struct trim *trim)
{
	size_t i = 0;

	while (i < g->n) {
		stack_id id = g->order[i];
		uint32_t past = (uint32_t)i + 1 + g->n_below[i], node;

		while (x->depth && x->past[x->depth - 1] <= i)
			close_node(x);
		if (!stays(trim, g, id)) {
			if (!x->depth)
				BUG("a grove that does not begin with its root");
			weight_add(&x->other[x->depth - 1], &g->total[id]);
			x->t->n_trimmed += past - i;
			i = past;
			continue;
		}
		node = add_node(x);
		x->nodes[node].self = g->self[id];
		x->nodes[node].total = g->total[id];
		if (x->depth) {
			x->nodes[node].parent = x->path[x->depth - 1];
			x->nodes[node].depth = (uint32_t)x->depth;
			keep_place(texts, g->symbols,
				symbols_stack_of(g->symbols, id)->frame,
				&x->nodes[node].place);
		} else {
			x->nodes[node].place.name = "all";
			x->nodes[node].place.flags = FUNC_MARK;
		}
		open_node(x, node, past);
		i++;
	}
	while (x->depth)
		close_node(x);
}

void grove_tree(const struct grove *g, const struct tree_options *o, struct tree *t)
{
	struct texts texts = { .arena = &t->arena };
	struct growing x = { .t = t };
	struct trim trim = { .min_ns = o->min_share * (double)g->total[0].ns };

	if (o->max_nodes && o->max_nodes < g->n) {
		trim.least = threshold(g, o->max_nodes);
		trim.has_least = true;
	}
	plant(&x, &texts, g, &trim);
	t->nodes = arena_dup(&t->arena, x.nodes, t->n_nodes, sizeof(*t->nodes));
	free(x.nodes);
	free(x.path);
	free(x.past);
	free(x.other);
	map_release(&texts.known);
}

int tree_query(struct tree *t, struct source *s, const struct filter *f,
	const struct tree_options *o, struct err *err)
{
	struct grove g = { 0 }, inverted = { 0 };
	struct fold fold = { 0 };
	struct ask a;
	int ret = -1;

	*t = (struct tree){ 0 };
	if (filter_ask(f, s, &a, err) < 0)
		return -1;
	t->from_ns = a.from_ns;
	t->until_ns = a.until_ns;
	if (fold_init(&fold, f, s, &a, false, err) < 0)
		goto out;
	if (grove_fill(&g, &fold, s, &a, o->inverted ? TREE_PLAIN : o->group, err) < 0)
		goto out;
	if (o->inverted) {
		grove_invert(&inverted, fold.out, &g);
		grove_grow(&inverted, o->order);
		grove_tree(&inverted, o, t);
	} else {
		grove_grow(&g, o->order);
		grove_tree(&g, o, t);
	}
	ret = 0;
out:
	grove_release(&inverted);
	grove_release(&g);
	fold_release(&fold);
	filter_done(&a);
	return ret;
}

void tree_release(struct tree *t)
{
	arena_release(&t->arena);
	*t = (struct tree){ 0 };
}
