/* grove.c - see grove.h */
#include "query/grove.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

void grove_init(struct grove *g, const struct symbols *symbols)
{
	*g = (struct grove){ .symbols = symbols };
}

void grove_release(struct grove *g)
{
	free(g->self);
	free(g->total);
	free(g->order);
	free(g->n_below);
	*g = (struct grove){ 0 };
}

void grove_add(struct grove *g, stack_id id, const struct weight *w)
{
	if (id >= g->n_self) {
		size_t want = (size_t)id + 1;

		GROW(g->self, g->cap_self, want);
		memset(g->self + g->n_self, 0, (want - g->n_self) * sizeof(*g->self));
		g->n_self = want;
	}
	weight_add(&g->self[id], w);
}

/* --- which stacks stay --- */

/*
 * The heaviest. A parent weighs at least as much as a child, so the heaviest N, ties won
 * by the smaller id, are closed under "parent of".
 */
static bool is_heavier(const struct weight *total, stack_id x, stack_id y)
{
	const struct weight *a = &total[x], *b = &total[y];

	if (a->ns != b->ns)
		return a->ns > b->ns;
	return a->n != b->n ? a->n > b->n : x < y;
}

/* Entry k of the list, were it sorted. Pivots are drawn, so no input is slow. */
static stack_id select_heavy(
	const struct weight *total, stack_id *list, size_t n, size_t k)
{
	size_t low = 0, high = n - 1;
	uint64_t draw = 1;

	while (low < high) {
		size_t i = low, at = low;
		stack_id pivot, swap;

		draw = hash_u64(draw);
		i += draw % (high - low + 1);
		pivot = list[i];
		list[i] = list[high];
		for (i = low; i < high; i++) {
			if (!is_heavier(total, list[i], pivot))
				continue;
			swap = list[at];
			list[at++] = list[i];
			list[i] = swap;
		}
		list[high] = list[at];
		list[at] = pivot;
		if (at == k)
			break;
		if (at < k)
			low = at + 1;
		else
			high = at - 1;
	}
	return list[k];
}

static bool is_empty(const struct weight *w)
{
	return !w->n && !w->ns;
}

struct trim {
	stack_id least;
	bool has_least;
	double min_ns;
};

static bool stays(const struct trim *t, const struct grove *g, stack_id id)
{
	if (!id || is_empty(&g->total[id]))
		return !id;
	return (double)g->total[id].ns >= t->min_ns &&
	       (!t->has_least || !is_heavier(g->total, t->least, id));
}

static struct trim choose_trim(const struct grove *g, const struct tree_options *o)
{
	struct trim t = { .min_ns = 0 };
	stack_id *list;
	size_t i, n = 0;

	if (!o)
		return t;
	t.min_ns = o->min_share * (double)g->total[0].ns;
	if (!o->max_nodes || o->max_nodes >= g->n_self)
		return t;
	list = xcalloc(g->n_self, sizeof(*list));
	for (i = 0; i < g->n_self; i++) {
		if (!i || !is_empty(&g->total[i]))
			list[n++] = (stack_id)i;
	}
	if (o->max_nodes < n) {
		t.least = select_heavy(g->total, list, n, o->max_nodes - 1);
		t.has_least = true;
	}
	free(list);
	return t;
}

/* --- preorder --- */

/* Children of each stack as linked lists, sorted by name or weight. */
struct kin {
	const struct grove *g;
	stack_id *child, *next; /* by id */
};

struct sibling {
	stack_id id;
	const char *name;
	struct weight w;
};

static int by_name(const void *a, const void *b)
{
	const struct sibling *x = a, *y = b;
	int diff = strcmp(x->name, y->name);

	return diff ? diff : x->id < y->id ? -1 : 1;
}

static int by_weight(const void *a, const void *b)
{
	const struct sibling *x = a, *y = b;

	if (x->w.ns != y->w.ns)
		return x->w.ns > y->w.ns ? -1 : 1;
	return x->w.n != y->w.n ? (x->w.n > y->w.n ? -1 : 1) : by_name(a, b);
}

static void sort_children(struct kin *kin, stack_id parent, enum tree_order order,
	struct sibling **list, size_t *cap)
{
	const struct symbols *s = kin->g->symbols;
	stack_id id;
	size_t n = 0, i;

	for (id = kin->child[parent]; id; id = kin->next[id]) {
		const struct frame *f =
			symbols_frame_of(s, symbols_stack_of(s, id)->frame);

		GROW(*list, *cap, n + 1);
		(*list)[n++] = (struct sibling){ id,
			symbols_text(s, symbols_func_of(s, f->func)->name, NULL),
			kin->g->total[id] };
	}
	if (n < 2)
		return;
	qsort(*list, n, sizeof(**list), order == TREE_BY_WEIGHT ? by_weight : by_name);
	kin->child[parent] = (*list)[0].id;
	for (i = 0; i + 1 < n; i++)
		kin->next[(*list)[i].id] = (*list)[i + 1].id;
	kin->next[(*list)[n - 1].id] = 0;
}

/* Walks without recursion: stacks may be 100 000 deep. */
static void number(struct grove *g, const struct kin *kin)
{
	uint32_t *position = xcalloc(g->n_self + 1, sizeof(*position));
	stack_id id = 0;

	g->n = 0;
	for (;;) {
		position[id] = (uint32_t)g->n;
		g->order[g->n++] = id;
		if (kin->child[id]) {
			id = kin->child[id];
			continue;
		}
		/* Up until there is a sibling. */
		for (;;) {
			g->n_below[position[id]] = (uint32_t)g->n - 1 - position[id];
			if (!id || kin->next[id])
				break;
			id = symbols_stack_of(g->symbols, id)->parent;
		}
		if (!id)
			break;
		id = kin->next[id];
	}
	free(position);
}

static void sum_up(struct grove *g)
{
	size_t i;

	grove_add(g, 0, &(struct weight){ 0 });
	g->total = xreallocarray(NULL, g->n_self, sizeof(*g->total));
	memcpy(g->total, g->self, g->n_self * sizeof(*g->total));
	for (i = g->n_self; i-- > 1;) {
		if (!is_empty(&g->total[i]))
			weight_add(&g->total[symbols_stack_of(g->symbols, (stack_id)i)
						     ->parent],
				&g->total[i]);
	}
}

void grove_grow(struct grove *g, const struct tree_options *o)
{
	struct kin kin = { .g = g };
	struct sibling *list = NULL;
	size_t n_list = 0, n = 1, i;
	struct trim trim;

	sum_up(g);
	trim = choose_trim(g, o);
	kin.child = xcalloc(g->n_self, sizeof(*kin.child));
	kin.next = xcalloc(g->n_self, sizeof(*kin.next));
	for (i = g->n_self; i-- > 1;) {
		stack_id parent;

		if (!stays(&trim, g, (stack_id)i)) {
			g->n_trimmed += !is_empty(&g->total[i]);
			continue;
		}
		parent = symbols_stack_of(g->symbols, (stack_id)i)->parent;
		kin.next[i] = kin.child[parent];
		kin.child[parent] = (stack_id)i;
		n++;
	}
	for (i = 0; o && i < g->n_self; i++) {
		if (kin.child[i])
			sort_children(&kin, (stack_id)i, o->order, &list, &n_list);
	}
	g->order = xcalloc(n, sizeof(*g->order));
	g->n_below = xcalloc(n, sizeof(*g->n_below));
	number(g, &kin);
	free(list);
	free(kin.child);
	free(kin.next);
}

/* --- leaves first --- */

void grove_invert(struct grove *inverted, struct symbols *out, const struct grove *g)
{
	enum { MAX_DEPTH = 512 };
	frame_id cut = fold_mark(out, "(further callers)");
	size_t i;

	grove_init(inverted, out);
	for (i = 0; i < g->n_self; i++) {
		stack_id to = 0, at = (stack_id)i;
		int depth = 0;

		if (is_empty(&g->self[i]))
			continue;
		for (; at && depth < MAX_DEPTH; depth++) {
			const struct stack *s = symbols_stack_of(g->symbols, at);

			to = symbols_stack(out, to, s->frame);
			at = s->parent;
		}
		if (at)
			to = symbols_stack(out, to, cut);
		grove_add(inverted, to, &g->self[i]);
	}
}
