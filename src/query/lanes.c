/*
 * lanes.c - see lanes.h
 *
 * The picture is bounded while it is drawn: when there are four times more boxes than
 * may come out, neighbours shorter than a growing limit are joined, the one with most
 * samples giving its stack.
 */
#include "query/lanes.h"

#include "base/alloc.h"
#include "query/fold.h"
#include "query/grove.h"

#include <stdlib.h>
#include <string.h>

/* --- scanning --- */

struct scan {
	const struct ask *a;
	struct fold *fold;
	lane_fn *fn;
	void *arg;
	struct err *err;
};

static bool in_range(const struct ask *a, int64_t ns)
{
	return ns >= a->from_ns && ns < a->until_ns;
}

/* Part of a run: ticks first .. past, all in the range. */
static int give_part(struct scan *s, const struct chunk *c, const struct run *r,
	stack_id stack, size_t first, size_t past)
{
	struct lane_run out = {
		.series = c->series,
		.thread = r->thread,
		.from_ns = c->time_ns[first] - (int64_t)c->weight_ns[first],
		.until_ns = c->time_ns[past - 1],
		.stack = stack,
		.state = r->state,
		.wait = r->wait,
		.time_ns = c->time_ns + first,
		.weight_ns = c->weight_ns + first,
		.n_ticks = past - first,
	};
	size_t i;

	out.weight.n = past - first;
	for (i = first; i < past; i++)
		out.weight.ns += c->weight_ns[i];
	return s->fn(s->arg, s->fold->out, &out);
}

static int scan_run(struct scan *s, const struct chunk *c, const struct run *r)
{
	size_t first = r->first_tick, past, end = first + r->n_ticks;
	stack_id stack;
	int ret = 0;

	if (!fold_wants(s->fold, c->series, r->thread, r->state, r->wait))
		return 0;
	stack = fold_stack(s->fold, c->symbols, r->stack);
	if (stack == FOLD_DROP)
		return 0;
	for (; first < end && !ret; first = past) {
		while (first < end && !in_range(s->a, c->time_ns[first]))
			first++;
		for (past = first; past < end && in_range(s->a, c->time_ns[past]);)
			past++;
		if (first < past)
			ret = give_part(s, c, r, stack, first, past);
	}
	return ret;
}

static int scan_chunk(void *arg, const struct chunk *c)
{
	struct scan *s = arg;
	size_t i;
	int ret = ask_check(s->a, s->err);

	for (i = 0; i < c->n_runs && !ret; i++)
		ret = scan_run(s, c, &c->runs[i]);
	return ret;
}

int lanes_scan(
	struct source *s, const struct filter *f, lane_fn *fn, void *arg, struct err *err)
{
	struct fold fold = { 0 };
	struct ask a;
	struct scan scan = { &a, &fold, fn, arg, err };
	int ret = -1;

	if (filter_ask(f, s, &a, err) < 0)
		return -1;
	if (fold_init(&fold, f, s, &a, FOLD_COLUMNS, err) == 0)
		ret = s->ops->chunks(s, &a, scan_chunk, &scan, err);
	fold_release(&fold);
	filter_done(&a);
	return ret;
}

/* --- the picture --- */

struct row {
	series_id series;
	thread_id thread;
	struct lane_box *boxes;
	size_t n, cap;
	uint64_t cpu_ns;
	bool is_main;
};

struct picture {
	struct row *rows;
	size_t n_rows, cap_rows, n_boxes, max_boxes;
	struct map index; /* series << 32 | thread -> row + 1 */
	int64_t limit_ns; /* neighbours this close are joined; 0: none */
	uint64_t n_merged;
	struct ask *a;
	struct fold *fold;
};

static struct row *row_of(struct picture *p, series_id series, thread_id thread)
{
	uint64_t *at = map_put(&p->index, (uint64_t)series << 32 | thread);

	if (!*at) {
		GROW(p->rows, p->cap_rows, p->n_rows + 1);
		p->rows[p->n_rows] = (struct row){ .series = series, .thread = thread };
		*at = ++p->n_rows;
	}
	return &p->rows[*at - 1];
}

static bool continues(const struct lane_box *box, const struct lane_run *run)
{
	return box->stack == run->stack && box->state == run->state &&
	       box->wait == run->wait && run->from_ns <= box->until_ns + 1000000;
}

static void join_row(struct picture *p, struct row *r)
{
	size_t i, n = 0;
	uint32_t heaviest = 0;

	for (i = 0; i < r->n; i++) {
		const struct lane_box *b = &r->boxes[i];
		struct lane_box *to = n ? &r->boxes[n - 1] : NULL;

		if (!to || b->until_ns - to->from_ns > p->limit_ns) {
			heaviest = b->n;
			r->boxes[n++] = *b;
			continue;
		}
		if (b->n > heaviest) {
			heaviest = b->n;
			to->stack = b->stack;
			to->state = b->state;
			to->wait = b->wait;
		}
		to->n += b->n;
		to->until_ns = b->until_ns;
		p->n_merged++;
	}
	p->n_boxes -= r->n - n;
	r->n = n;
}

static void join_all(struct picture *p, size_t down_to)
{
	int64_t span = p->a->until_ns - p->a->from_ns;
	size_t i;

	while (p->n_boxes > down_to) {
		if (!p->limit_ns)
			p->limit_ns = span / (int64_t)(p->max_boxes + 1) / 8 + 1;
		else if (p->limit_ns / 2 <= span && p->limit_ns < INT64_MAX / 4)
			p->limit_ns *= 2;
		for (i = 0; i < p->n_rows; i++)
			join_row(p, &p->rows[i]);
		if (p->limit_ns / 2 > span || p->limit_ns >= INT64_MAX / 4)
			break; /* a box a lane: no fewer are possible */
	}
}

static int draw(void *arg, const struct symbols *symbols, const struct lane_run *run)
{
	struct picture *p = arg;
	struct row *r = row_of(p, run->series, run->thread);
	struct lane_box *last = r->n ? &r->boxes[r->n - 1] : NULL;

	(void)symbols;
	if (run->state & STATE_CPU)
		r->cpu_ns += run->weight.ns;
	if (last && continues(last, run)) {
		last->until_ns = run->until_ns;
		last->n += (uint32_t)run->weight.n;
		return 0;
	}
	GROW(r->boxes, r->cap, r->n + 1);
	r->boxes[r->n++] = (struct lane_box){ run->from_ns, run->until_ns, run->stack,
		run->state, run->wait, (uint32_t)run->weight.n };
	if (++p->n_boxes > p->max_boxes * 4)
		join_all(p, p->max_boxes * 2);
	return 0;
}

struct naming {
	struct picture *p;
	struct lanes *l;
	struct thread_info *names; /* by row */
};

static int note_name(void *arg, const struct thread_info *t)
{
	struct naming *x = arg;
	uint64_t *at = map_get(&x->p->index, (uint64_t)t->series << 32 | t->thread);

	if (!at)
		return 0;
	x->names[*at - 1] = *t;
	x->p->rows[*at - 1].is_main = t->is_main;
	return 0;
}

struct ranked {
	size_t row;
	bool is_main;
	series_id series;
	uint64_t cpu_ns;
};

static int main_first(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;

	if (x->is_main != y->is_main)
		return x->is_main ? -1 : 1;
	if (x->cpu_ns != y->cpu_ns)
		return x->cpu_ns > y->cpu_ns ? -1 : 1;
	return x->row < y->row ? -1 : 1;
}

/* --- texts of what is drawn --- */

struct inking {
	struct lanes *l;
	const struct symbols *symbols;
	struct map places, stacks; /* frame or stack -> index + 1 */
	struct place *place;
	struct lane_stack *stack;
	size_t cap_places, cap_stacks;
};

static uint32_t ink_place(struct inking *k, frame_id frame)
{
	uint64_t *at = map_put(&k->places, frame);
	struct place p;

	if (!*at) {
		place_of(&p, k->symbols, frame);
		p.name = arena_strdup(&k->l->arena, p.name);
		p.file = arena_strdup(&k->l->arena, p.file);
		p.module = arena_strdup(&k->l->arena, p.module);
		GROW(k->place, k->cap_places, k->l->n_places + 1);
		k->place[k->l->n_places] = p;
		*at = ++k->l->n_places;
	}
	return (uint32_t)*at - 1;
}

/* Of a very deep stack the frames nearest to the leaf. */
static uint32_t ink_stack(struct inking *k, stack_id id)
{
	enum { MAX_DEPTH = 512 };
	uint32_t depth = symbols_stack_of(k->symbols, id)->depth, n;
	uint64_t *at = map_put(&k->stacks, id);
	uint32_t *places;

	if (*at)
		return (uint32_t)*at - 1;
	n = depth < MAX_DEPTH ? depth : MAX_DEPTH;
	places = arena_alloc(&k->l->arena, (n + 1) * sizeof(*places));
	GROW(k->stack, k->cap_stacks, k->l->n_stacks + 1);
	k->stack[k->l->n_stacks] = (struct lane_stack){ places, n };
	*at = ++k->l->n_stacks;
	depth = (uint32_t)*at - 1;
	for (; n; id = symbols_stack_of(k->symbols, id)->parent)
		places[--n] = ink_place(k, symbols_stack_of(k->symbols, id)->frame);
	return depth;
}

static void ink(struct lanes *l, struct picture *p, const struct thread_info *names,
	size_t max_lanes)
{
	struct ranked *ranked = xcalloc(p->n_rows + 1, sizeof(*ranked));
	struct inking k = { .l = l, .symbols = p->fold->out };
	size_t i, n;

	for (i = 0; i < p->n_rows; i++)
		ranked[i] = (struct ranked){ i, p->rows[i].is_main, p->rows[i].series,
			p->rows[i].cpu_ns };
	if (p->n_rows)
		qsort(ranked, p->n_rows, sizeof(*ranked), main_first);
	l->n_lanes = p->n_rows < max_lanes ? p->n_rows : max_lanes;
	l->lanes = arena_alloc(&l->arena, (l->n_lanes + 1) * sizeof(*l->lanes));
	for (i = 0; i < l->n_lanes; i++) {
		struct row *r = &p->rows[ranked[i].row];
		struct lane *lane = &l->lanes[i];

		lane->series = r->series;
		lane->thread = names[ranked[i].row];
		lane->thread.series = r->series;
		lane->thread.thread = r->thread;
		lane->n_boxes = r->n;
		lane->boxes = arena_dup(&l->arena, r->boxes, r->n, sizeof(*r->boxes));
		for (n = 0; n < r->n; n++)
			lane->boxes[n].stack = ink_stack(&k, lane->boxes[n].stack);
	}
	l->places = arena_dup(&l->arena, k.place, l->n_places, sizeof(*l->places));
	l->stacks = arena_dup(&l->arena, k.stack, l->n_stacks, sizeof(*l->stacks));
	free(ranked);
	free(k.place);
	free(k.stack);
	map_release(&k.places);
	map_release(&k.stacks);
}

int lanes_query(struct lanes *l, struct source *s, const struct filter *f,
	const struct lanes_options *o, struct err *err)
{
	struct fold fold = { 0 };
	struct ask a;
	struct picture p = {
		.max_boxes = o->max_boxes ? o->max_boxes : 20000, .a = &a, .fold = &fold
	};
	struct scan scan = { &a, &fold, draw, &p, err };
	struct naming naming = { &p, l, NULL };
	size_t i;
	int ret = -1;

	*l = (struct lanes){ 0 };
	if (filter_ask(f, s, &a, err) < 0)
		return -1;
	l->from_ns = a.from_ns;
	l->until_ns = a.until_ns;
	if (fold_init(&fold, f, s, &a, FOLD_FUNCS, err) < 0 ||
		s->ops->chunks(s, &a, scan_chunk, &scan, err) != 0)
		goto out;
	join_all(&p, p.max_boxes);
	naming.names = xcalloc(p.n_rows + 1, sizeof(*naming.names));
	if (s->ops->threads(s, &a, note_name, &naming, err) != 0)
		goto out;
	ink(l, &p, naming.names, o->max_lanes ? o->max_lanes : 200);
	l->n_merged = p.n_merged;
	ret = 0;
out:
	for (i = 0; i < p.n_rows; i++)
		free(p.rows[i].boxes);
	free(p.rows);
	free(naming.names);
	map_release(&p.index);
	fold_release(&fold);
	filter_done(&a);
	return ret;
}

void lanes_release(struct lanes *l)
{
	arena_release(&l->arena);
	*l = (struct lanes){ 0 };
}
