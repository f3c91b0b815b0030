/*
 * diff.c - see diff.h
 *
 * Both trees are interned into one table; then a node is two weights by stack id.
 * Whether a change of share could be chance: the two-proportion z-test on samples.
 * Samples of one thread follow each other and are not independent, so p is rather too
 * small than too large: it ranks, it does not prove.
 */
#include "query/diff.h"

#include "base/alloc.h"
#include "base/map.h"
#include "query/grove.h"
#include "query/twins.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static double share(struct weight w, struct weight all)
{
	if (all.ns)
		return (double)w.ns / (double)all.ns;
	return all.n ? (double)w.n / (double)all.n : 0;
}

static double chance(
	struct weight a, struct weight all_a, struct weight b, struct weight all_b)
{
	double na = (double)all_a.n, nb = (double)all_b.n, pooled, error;

	if (na < 1 || nb < 1 || (!a.n && !b.n))
		return 1;
	pooled = (double)(a.n + b.n) / (na + nb);
	error = sqrt(pooled * (1 - pooled) * (1 / na + 1 / nb));
	if (error <= 0)
		return 1;
	return erfc(fabs((double)a.n / na - (double)b.n / nb) / error / sqrt(2));
}

/* --- trees --- */

static frame_id intern_place(struct symbols *s, const struct place *p)
{
	struct func f = { .first_line = p->first_line, .flags = p->flags };

	f.name = symbols_str(s, p->name, strlen(p->name));
	f.file = symbols_str(s, p->file, strlen(p->file));
	f.module = symbols_str(s, p->module, strlen(p->module));
	return symbols_frame(s, symbols_func(s, &f), p->line);
}

/* twins: t is B. */
static void intern_tree(struct symbols *s, struct grove *g, const struct tree *t,
	const struct twins *twins)
{
	stack_id *ids = xcalloc(t->n_nodes + 1, sizeof(*ids));
	size_t i;

	for (i = 0; i < t->n_nodes; i++) {
		const struct tree_node *n = &t->nodes[i];
		struct place p = twins ? *twins_of(twins, &n->place) : n->place;

		p.line = n->place.line;
		if (i)
			ids[i] = symbols_stack(s, ids[n->parent], intern_place(s, &p));
		grove_add(g, ids[i], &n->self);
	}
	free(ids);
}

static struct weight at(const struct weight *w, size_t n, stack_id id)
{
	return id < n ? w[id] : (struct weight){ 0 };
}

static int larger_first(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x > y ? -1 : x < y;
}

struct pair {
	struct grove both, a, b;
};

static double larger_share(const struct pair *p, stack_id id)
{
	double x = share(at(p->a.total, p->a.n_self, id), p->a.total[0]);
	double y = share(at(p->b.total, p->b.n_self, id), p->b.total[0]);

	return x > y ? x : y;
}

static double least_share(const struct pair *p, const struct tree_options *o)
{
	double *all, least = o->min_share;
	size_t i;

	if (!o->max_nodes || p->both.n <= o->max_nodes)
		return least;
	all = xcalloc(p->both.n, sizeof(*all));
	for (i = 0; i < p->both.n; i++)
		all[i] = larger_share(p, p->both.order[i]);
	qsort(all, p->both.n, sizeof(*all), larger_first);
	least = fmax(least, all[o->max_nodes - 1]);
	free(all);
	return least;
}

struct texts {
	struct arena *arena;
	struct map known;
};

static const char *keep(struct texts *t, const char *text)
{
	uint64_t *known = map_put(&t->known, (uint64_t)(uintptr_t)text);

	if (!*known)
		*known = (uint64_t)(uintptr_t)arena_strdup(t->arena, text);
	return (const char *)(uintptr_t)*known;
}

static void fill_node(struct diff_node *n, const struct pair *p, stack_id id,
	const struct symbols *s, struct texts *texts)
{
	n->self[0] = at(p->a.self, p->a.n_self, id);
	n->self[1] = at(p->b.self, p->b.n_self, id);
	n->total[0] = at(p->a.total, p->a.n_self, id);
	n->total[1] = at(p->b.total, p->b.n_self, id);
	n->side = !n->total[0].n ? DIFF_ONLY_B : !n->total[1].n ? DIFF_ONLY_A : DIFF_BOTH;
	n->p = chance(n->total[0], p->a.total[0], n->total[1], p->b.total[0]);
	if (!id) {
		n->place = (struct place){ "all", "", "", 0, 0, FUNC_MARK };
		n->p = 1;
		n->side = DIFF_BOTH;
		return;
	}
	place_of(&n->place, s, symbols_stack_of(s, id)->frame);
	n->place.name = keep(texts, n->place.name);
	n->place.file = keep(texts, n->place.file);
	n->place.module = keep(texts, n->place.module);
}

static void plant(
	struct diff *d, const struct pair *p, const struct symbols *s, double least)
{
	struct texts texts = { .arena = &d->arena };
	const struct grove *g = &p->both;
	/* Position in the answer of each stack kept, and of each one's "(other)". */
	uint32_t *where = xcalloc(g->n_self + 1, sizeof(*where));
	uint32_t *other = xcalloc(g->n_self + 1, sizeof(*other));
	size_t i = 0, k;

	/* Twice the nodes is enough: every node may bring one "(other)". */
	d->nodes = arena_alloc(&d->arena, (g->n * 2 + 1) * sizeof(*d->nodes));
	while (i < g->n) {
		stack_id id = g->order[i];
		stack_id parent = symbols_stack_of(s, id)->parent;
		struct diff_node *n;

		if (i && larger_share(p, id) < least) {
			if (!other[parent]) {
				other[parent] = (uint32_t)d->n_nodes;
				n = &d->nodes[d->n_nodes++];
				n->place = (struct place){ "(other)", "", "", 0, 0,
					FUNC_MARK };
				n->parent = where[parent];
				n->depth = d->nodes[where[parent]].depth + 1;
				n->p = 1;
			}
			n = &d->nodes[other[parent]];
			for (int side = 0; side < 2; side++) {
				const struct grove *of = side ? &p->b : &p->a;
				const struct weight w = at(of->total, of->n_self, id);

				weight_add(&n->total[side], &w);
			}
			memcpy(n->self, n->total, sizeof(n->self));
			d->n_trimmed += 1 + g->n_below[i];
			i += 1 + g->n_below[i];
			continue;
		}
		where[id] = (uint32_t)d->n_nodes;
		n = &d->nodes[d->n_nodes++];
		fill_node(n, p, id, s, &texts);
		if (i) {
			n->parent = where[parent];
			n->depth = d->nodes[where[parent]].depth + 1;
		}
		i++;
	}
	for (k = d->n_nodes; k-- > 1;)
		d->nodes[d->nodes[k].parent].n_below += 1 + d->nodes[k].n_below;
	free(where);
	free(other);
	map_release(&texts.known);
}

int diff_trees(struct diff *d, const struct tree *a, const struct tree *b,
	const struct tree_options *o, struct err *err)
{
	const struct tree_options whole = { .order = o->order };
	struct symbols *s = symbols_new();
	struct twins twins = { 0 };
	struct pair p;
	size_t i;

	(void)err;
	*d = (struct diff){ 0 };
	grove_init(&p.both, s);
	grove_init(&p.a, s);
	grove_init(&p.b, s);
	for (i = 1; i < a->n_nodes; i++)
		twins_add(&twins, &a->nodes[i].place, 0);
	for (i = 1; i < b->n_nodes; i++)
		twins_add(&twins, &b->nodes[i].place, 1);
	twins_pair(&twins);
	intern_tree(s, &p.a, a, NULL);
	intern_tree(s, &p.b, b, &twins);
	intern_tree(s, &p.both, a, NULL);
	intern_tree(s, &p.both, b, &twins);
	grove_grow(&p.a, NULL);
	grove_grow(&p.b, NULL);
	grove_grow(&p.both, &whole);
	plant(d, &p, s, least_share(&p, o));
	grove_release(&p.both);
	grove_release(&p.a);
	grove_release(&p.b);
	twins_release(&twins);
	symbols_free(s);
	return 0;
}

void diff_release(struct diff *d)
{
	arena_release(&d->arena);
	*d = (struct diff){ 0 };
}

/* --- tables --- */

static uint64_t place_hash(const struct place *p)
{
	uint64_t h = hash_bytes(p->name, strlen(p->name));

	h = hash_step(h, hash_bytes(p->file, strlen(p->file)));
	return hash_step(h, (uint64_t)p->line << 32 | p->first_line);
}

/* twins: t is B. */
static void take_side(struct diff_table *d, struct map *index, const struct flat *t,
	const struct twins *twins)
{
	int side = twins != NULL;
	size_t i;

	for (i = 0; i < t->n_rows; i++) {
		const struct flat_row *from = &t->rows[i];
		struct place p = twins ? *twins_of(twins, &from->place) : from->place;
		uint64_t *known;
		struct diff_row *row;

		p.line = from->place.line;
		known = map_put(index, place_hash(&p));
		if (!*known) {
			d->rows[d->n_rows].place = p;
			*known = ++d->n_rows;
		}
		row = &d->rows[*known - 1];
		weight_add(&row->self[side], &from->self);
		weight_add(&row->total[side], &from->total);
	}
	d->all[side] = t->all;
}

/* Changes that chance does not explain first, the larger before the smaller. */
static int by_change(const void *a, const void *b)
{
	const struct diff_row *x = a, *y = b;
	bool sure_x = x->p < 0.01, sure_y = y->p < 0.01;

	if (sure_x != sure_y)
		return sure_x ? -1 : 1;
	if (fabs(x->share) != fabs(y->share))
		return fabs(x->share) > fabs(y->share) ? -1 : 1;
	return strcmp(x->place.name, y->place.name);
}

int diff_tables(struct diff_table *d, const struct flat *a, const struct flat *b,
	size_t max_rows, struct err *err)
{
	struct map index = MAP_INIT;
	struct twins twins = { 0 };
	size_t i;

	(void)err;
	*d = (struct diff_table){ 0 };
	d->rows = arena_alloc(&d->arena, (a->n_rows + b->n_rows + 1) * sizeof(*d->rows));
	for (i = 0; i < a->n_rows; i++)
		twins_add(&twins, &a->rows[i].place, 0);
	for (i = 0; i < b->n_rows; i++)
		twins_add(&twins, &b->rows[i].place, 1);
	twins_pair(&twins);
	take_side(d, &index, a, NULL);
	take_side(d, &index, b, &twins);
	for (i = 0; i < d->n_rows; i++) {
		struct diff_row *r = &d->rows[i];

		r->share = share(r->self[1], d->all[1]) - share(r->self[0], d->all[0]);
		r->p = r->total[0].n && r->total[1].n
			       ? chance(r->self[0], d->all[0], r->self[1], d->all[1])
			       : chance(r->total[0], d->all[0], r->total[1], d->all[1]);
	}
	if (d->n_rows)
		qsort(d->rows, d->n_rows, sizeof(*d->rows), by_change);
	if (max_rows && d->n_rows > max_rows)
		d->n_rows = max_rows;
	for (i = 0; i < d->n_rows; i++) {
		d->rows[i].place.name = arena_strdup(&d->arena, d->rows[i].place.name);
		d->rows[i].place.file = arena_strdup(&d->arena, d->rows[i].place.file);
		d->rows[i].place.module =
			arena_strdup(&d->arena, d->rows[i].place.module);
	}
	map_release(&index);
	twins_release(&twins);
	return 0;
}

void diff_table_release(struct diff_table *d)
{
	arena_release(&d->arena);
	*d = (struct diff_table){ 0 };
}
