/* tree.c - what a grove has grown, as nodes with texts; see tree.h */
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
	uint32_t *path;      /* open nodes from the root to here */
	uint32_t *past;      /* for each: position in the grove's order where it ends */
	struct weight *left; /* and its total without self and children so far */
	size_t depth, cap_path, cap_past, cap_left;
};

static uint32_t add_node(struct growing *x)
{
	x->t->nodes[x->t->n_nodes].place = (struct place){ "", "", "", 0, 0, 0 };
	return (uint32_t)x->t->n_nodes++;
}

static void close_node(struct growing *x)
{
	uint32_t node = x->path[--x->depth], mark;
	const struct weight *left = &x->left[x->depth];

	if (left->n || left->ns) {
		mark = add_node(x);
		x->t->nodes[mark].place.name = "(other)";
		x->t->nodes[mark].place.flags = FUNC_MARK;
		x->t->nodes[mark].parent = node;
		x->t->nodes[mark].depth = x->t->nodes[node].depth + 1;
		x->t->nodes[mark].self = x->t->nodes[mark].total = *left;
	}
	x->t->nodes[node].n_below = (uint32_t)x->t->n_nodes - 1 - node;
}

static void take_away(struct weight *left, const struct weight *w)
{
	left->n -= w->n;
	left->ns -= w->ns;
	left->cpu_ns -= w->cpu_ns;
	left->wait_ns -= w->wait_ns;
}

static void open_node(struct growing *x, uint32_t node, uint32_t past)
{
	const struct tree_node *n = &x->t->nodes[node];

	GROW(x->path, x->cap_path, x->depth + 1);
	GROW(x->past, x->cap_past, x->depth + 1);
	GROW(x->left, x->cap_left, x->depth + 1);
	if (x->depth)
		take_away(&x->left[x->depth - 1], &n->total);
	x->path[x->depth] = node;
	x->past[x->depth] = past;
	x->left[x->depth] = n->total;
	take_away(&x->left[x->depth++], &n->self);
}

static void plant(struct growing *x, struct texts *texts, const struct grove *g)
{
	size_t i = 0;

	do {
		stack_id id = g->order[i];
		uint32_t node;

		while (x->depth && x->past[x->depth - 1] <= i)
			close_node(x);
		node = add_node(x);
		x->t->nodes[node].self = g->self[id];
		x->t->nodes[node].total = g->total[id];
		if (x->depth) {
			x->t->nodes[node].parent = x->path[x->depth - 1];
			x->t->nodes[node].depth = (uint32_t)x->depth;
			keep_place(texts, g->symbols,
				symbols_stack_of(g->symbols, id)->frame,
				&x->t->nodes[node].place);
		} else {
			x->t->nodes[node].place.name = "all";
			x->t->nodes[node].place.flags = FUNC_MARK;
		}
		open_node(x, node, (uint32_t)i + 1 + g->n_below[i]);
	} while (++i < g->n);
	while (x->depth)
		close_node(x);
}

void grove_tree(const struct grove *g, struct tree *t)
{
	struct texts texts = { .arena = &t->arena };
	struct growing x = { .t = t };

	/* Each node may bring one "(other)". */
	t->nodes =
		arena_alloc(&t->arena, g->n * (g->n_trimmed ? 2 : 1) * sizeof(*t->nodes));
	t->n_trimmed = g->n_trimmed;
	plant(&x, &texts, g);
	free(x.path);
	free(x.past);
	free(x.left);
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
	if (fold_init(&fold, f, s, &a, FOLD_FUNCS, err) < 0)
		goto out;
	if (grove_fill(&g, &fold, s, &a, o->inverted ? TREE_PLAIN : o->group, err) < 0)
		goto out;
	if (o->inverted) {
		grove_invert(&inverted, fold.out, &g);
		grove_grow(&inverted, o);
		grove_tree(&inverted, t);
	} else {
		grove_grow(&g, o);
		grove_tree(&g, t);
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
