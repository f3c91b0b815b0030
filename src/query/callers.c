/* callers.c - see callers.h */
#include "query/callers.h"

#include "base/alloc.h"
#include "query/grove.h"

#include <stdlib.h>
#include <string.h>

static bool is_it(const struct symbols *s, stack_id id, const struct callers_of *of)
{
	const struct frame *fr = symbols_frame_of(s, symbols_stack_of(s, id)->frame);
	const struct func *fn = symbols_func_of(s, fr->func);

	if (strcmp(symbols_text(s, fn->name, NULL), of->name) != 0)
		return false;
	if (of->file && strcmp(symbols_text(s, fn->file, NULL), of->file) != 0)
		return false;
	return !of->first_line || fn->first_line == of->first_line;
}

/* The path above a stack, nearest caller first, behind the function's own frame. */
static stack_id callers_path(struct symbols *out, const struct symbols *s, stack_id id)
{
	enum { MAX_DEPTH = 512 };
	stack_id to = 0;
	int depth;

	for (depth = 0; id && depth < MAX_DEPTH; depth++) {
		to = symbols_stack(out, to, symbols_stack_of(s, id)->frame);
		id = symbols_stack_of(s, id)->parent;
	}
	if (id)
		to = symbols_stack(out, to, fold_mark(out, "(further callers)"));
	return to;
}

/* below[i]: the stack relative to the outermost match above or at order[i], or 0. */
static void split(struct callers *c, struct grove *up, struct grove *down,
	struct symbols *out, const struct grove *g, const struct callers_of *of)
{
	stack_id *below = xcalloc(g->n_self + 1, sizeof(*below));
	size_t i;

	for (i = 1; i < g->n; i++) {
		stack_id id = g->order[i];
		const struct stack *s = symbols_stack_of(out, id);
		frame_id frame = s->frame;
		stack_id parent = s->parent;

		if (below[parent]) {
			below[id] = symbols_stack(out, below[parent], frame);
			if (is_it(out, id, of)) {
				weight_add(&c->self, &g->self[id]);
			}
		} else if (is_it(out, id, of)) {
			below[id] = symbols_stack(out, 0, frame);
			grove_add(up, callers_path(out, out, id), &g->total[id]);
			weight_add(&c->self, &g->self[id]);
			weight_add(&c->total, &g->total[id]);
		}
		if (below[id])
			grove_add(down, below[id], &g->self[id]);
	}
	free(below);
}

/* Node 0 is "all", node 1 the function: makes the function the root. */
static void lift(struct tree *t)
{
	size_t i;

	if (t->n_nodes < 2)
		return;
	t->nodes++;
	t->n_nodes--;
	for (i = 0; i < t->n_nodes; i++) {
		if (i)
			t->nodes[i].parent--;
		t->nodes[i].depth--;
	}
	t->nodes[0].parent = 0;
}

int callers_query(struct callers *c, struct source *s, const struct filter *f,
	const struct callers_of *of, const struct tree_options *o, struct err *err)
{
	struct grove g = { 0 }, up = { 0 }, down = { 0 };
	struct fold fold = { 0 };
	struct ask a;
	int ret = -1;

	*c = (struct callers){ 0 };
	if (filter_ask(f, s, &a, err) < 0)
		return -1;
	if (fold_init(&fold, f, s, &a, FOLD_FUNCS, err) < 0)
		goto out;
	if (grove_fill(&g, &fold, s, &a, TREE_PLAIN, err) < 0)
		goto out;
	grove_grow(&g, NULL);
	c->all = g.total[0];
	grove_init(&up, fold.out);
	grove_init(&down, fold.out);
	split(c, &up, &down, fold.out, &g, of);
	grove_grow(&up, o);
	grove_grow(&down, o);
	grove_tree(&up, &c->callers);
	grove_tree(&down, &c->callees);
	lift(&c->callers);
	lift(&c->callees);
	c->callers.from_ns = c->callees.from_ns = a.from_ns;
	c->callers.until_ns = c->callees.until_ns = a.until_ns;
	ret = 0;
out:
	grove_release(&up);
	grove_release(&down);
	grove_release(&g);
	fold_release(&fold);
	filter_done(&a);
	return ret;
}

void callers_release(struct callers *c)
{
	tree_release(&c->callers);
	tree_release(&c->callees);
	*c = (struct callers){ 0 };
}
