/*
 * memory.c - see memory.h
 *
 * Chunks of a series come in order: weights are gathered per stack until the next reading
 * of RSS, then settled.
 */
#include "query/memory.h"

#include "base/alloc.h"
#include "base/map.h"
#include "query/fold.h"
#include "query/grove.h"

#include <stdlib.h>
#include <string.h>

enum class { HELD_GIL, ON_CPU, ANY, CLASSES };

struct seen {
	stack_id stack;
	uint64_t ns[CLASSES];
};

struct settling {
	struct ask *a;
	struct fold *fold;
	struct err *err;
	series_id series;
	struct metric before;
	bool has_before;
	struct seen *seen;
	size_t n_seen, cap_seen;
	struct map index; /* stack -> seen + 1 */
	uint64_t ns[CLASSES];
	int (*settle)(struct settling *x, const struct metric *m);
	/* of the tree */
	struct grove *grove;
	uint64_t shrunk;
	/* of the line */
	struct memory_point *points;
	size_t n_points, cap_points, max_points, first_of_series;
	stack_id *stacks; /* of the points */
	size_t cap_stacks;
	unsigned every, at; /* one of `every` readings is kept */
};

static void forget(struct settling *x)
{
	x->n_seen = 0;
	map_clear(&x->index);
	memset(x->ns, 0, sizeof(x->ns));
}

static void see(struct settling *x, stack_id stack, uint16_t state, uint64_t ns)
{
	uint64_t *at = map_put(&x->index, stack);
	enum class class = state & STATE_GIL   ? HELD_GIL
			   : state & STATE_CPU ? ON_CPU
					       : ANY;

	if (!*at) {
		GROW(x->seen, x->cap_seen, x->n_seen + 1);
		x->seen[x->n_seen] = (struct seen){ .stack = stack };
		*at = ++x->n_seen;
	}
	x->seen[*at - 1].ns[class] += ns;
	x->ns[class] += ns;
}

static enum class guilty(const struct settling *x) {
	return x->ns[HELD_GIL] ? HELD_GIL
	       : x->ns[ON_CPU] ? ON_CPU
			       : ANY;
}

/* Runs' ticks with from < time <= until. */
static void see_between(
	struct settling *x, const struct chunk *c, int64_t from, int64_t until)
{
	size_t i, k;

	for (i = 0; i < c->n_runs; i++) {
		const struct run *r = &c->runs[i];
		uint64_t ns = 0;
		stack_id stack;

		if (!fold_wants(x->fold, c->series, r->thread, r->state, r->wait))
			continue;
		for (k = r->first_tick; k < (size_t)r->first_tick + r->n_ticks; k++) {
			if (c->time_ns[k] > from && c->time_ns[k] <= until)
				ns += c->weight_ns[k];
		}
		if (!ns)
			continue;
		stack = fold_stack(x->fold, c->symbols, r->stack);
		if (stack != FOLD_DROP)
			see(x, stack, r->state, ns);
	}
}

static int settle_chunk(void *arg, const struct chunk *c)
{
	struct settling *x = arg;
	int64_t from = INT64_MIN;
	size_t i;

	if (ask_check(x->a, x->err) < 0)
		return -1;
	if (c->series != x->series) {
		forget(x);
		x->has_before = false;
		x->series = c->series;
		x->first_of_series = x->n_points;
		x->at = 0;
	}
	for (i = 0; i < c->n_metrics; i++) {
		const struct metric *m = &c->metrics[i];

		if (m->time_ns < x->a->from_ns || m->time_ns >= x->a->until_ns)
			continue;
		see_between(x, c, from, m->time_ns);
		from = m->time_ns;
		if (x->settle(x, m) != 0)
			return -1;
		x->before = *m;
		x->has_before = true;
		forget(x);
	}
	see_between(x, c, from, INT64_MAX);
	return 0;
}

static int run(
	struct settling *x, struct source *s, const struct filter *f, struct err *err)
{
	int ret = fold_init(x->fold, f, s, x->a, FOLD_FUNCS, err);

	x->err = err;
	if (ret == 0 && x->grove)
		grove_init(x->grove, x->fold->out);
	if (ret == 0)
		ret = s->ops->chunks(s, x->a, settle_chunk, x, err);
	free(x->seen);
	map_release(&x->index);
	return ret;
}

/* --- the tree --- */

static int divide_growth(struct settling *x, const struct metric *m)
{
	enum class class = guilty(x);
	uint64_t grown, given = 0;
	size_t i, heaviest = 0;

	if (!x->has_before || m->rss_bytes <= x->before.rss_bytes) {
		if (x->has_before)
			x->shrunk += x->before.rss_bytes - m->rss_bytes;
		return 0;
	}
	grown = m->rss_bytes - x->before.rss_bytes;
	if (!x->ns[class]) {
		grove_add(x->grove,
			symbols_stack(
				x->fold->out, 0, fold_mark(x->fold->out, "(not seen)")),
			&(struct weight){ .n = grown });
		return 0;
	}
	for (i = 0; i < x->n_seen; i++) {
		uint64_t ns = x->seen[i].ns[class], part;

		part = (uint64_t)((double)grown * (double)ns / (double)x->ns[class]);
		part = part > grown - given ? grown - given : part;
		given += part;
		if (ns)
			grove_add(x->grove, x->seen[i].stack,
				&(struct weight){ .n = part, .ns = ns });
		if (ns > x->seen[heaviest].ns[class])
			heaviest = i;
	}
	grove_add(x->grove, x->seen[heaviest].stack,
		&(struct weight){ .n = grown - given });
	return 0;
}

int memory_growth_query(struct tree *t, struct source *s, const struct filter *f,
	const struct tree_options *o, uint64_t *shrunk, struct err *err)
{
	struct fold fold = { 0 };
	struct grove g = { 0 };
	struct ask a;
	struct settling x = {
		.a = &a, .fold = &fold, .grove = &g, .settle = divide_growth
	};
	int ret;

	*t = (struct tree){ 0 };
	if (filter_ask(f, s, &a, err) < 0)
		return -1;
	t->from_ns = a.from_ns;
	t->until_ns = a.until_ns;
	ret = run(&x, s, f, err);
	if (ret == 0) {
		grove_grow(&g, o);
		grove_tree(&g, t);
		if (shrunk)
			*shrunk = x.shrunk;
	}
	grove_release(&g);
	fold_release(&fold);
	filter_done(&a);
	return ret;
}

/* --- the line --- */

/* Every second point of the series at hand goes; peaks stay. */
static void thin(struct settling *x)
{
	size_t i, n = x->first_of_series;

	for (i = x->first_of_series; i + 1 < x->n_points; i += 2) {
		bool second = x->points[i + 1].rss_bytes > x->points[i].rss_bytes;

		x->stacks[n] = x->stacks[i + second];
		x->points[n++] = x->points[i + second];
	}
	x->n_points = n;
	x->every *= 2;
}

static int add_reading(struct settling *x, const struct metric *m)
{
	enum class class = guilty(x);
	stack_id heaviest = FOLD_DROP;
	uint64_t most = 0;
	size_t i;

	if (x->at++ % x->every && x->n_points > x->first_of_series &&
		m->rss_bytes <= x->points[x->n_points - 1].rss_bytes)
		return 0;
	for (i = 0; i < x->n_seen; i++) {
		if (x->seen[i].ns[class] > most) {
			most = x->seen[i].ns[class];
			heaviest = x->seen[i].stack;
		}
	}
	GROW(x->points, x->cap_points, x->n_points + 1);
	GROW(x->stacks, x->cap_stacks, x->n_points + 1);
	x->stacks[x->n_points] = heaviest;
	x->points[x->n_points++] = (struct memory_point){ x->series, m->time_ns,
		m->rss_bytes, m->cpu_ns, m->n_threads, UINT32_MAX };
	if (x->n_points - x->first_of_series > x->max_points)
		thin(x);
	return 0;
}

static const char *stack_text(struct memory *m, const struct symbols *s, stack_id id)
{
	enum { SHOWN = 24 };
	const char *names[SHOWN];
	char *text, *at;
	size_t n = 0, len = 8, i;

	for (; id && n < SHOWN; id = symbols_stack_of(s, id)->parent) {
		const struct frame *fr =
			symbols_frame_of(s, symbols_stack_of(s, id)->frame);

		names[n] = symbols_text(s, symbols_func_of(s, fr->func)->name, NULL);
		len += strlen(names[n++]) + 1;
	}
	text = at = arena_alloc(&m->arena, len);
	if (id)
		at = stpcpy(at, "...;");
	for (i = n; i-- > 0;) {
		at = stpcpy(at, names[i]);
		if (i)
			*at++ = ';';
	}
	return text;
}

static void give_points(struct memory *m, struct settling *x)
{
	struct map index = MAP_INIT;
	const char **texts = NULL;
	size_t i, cap = 0;

	m->points = arena_alloc(&m->arena, (x->n_points + 1) * sizeof(*m->points));
	for (i = 0; i < x->n_points; i++) {
		uint64_t *at;

		m->points[i] = x->points[i];
		if (x->stacks[i] == FOLD_DROP)
			continue;
		at = map_put(&index, x->stacks[i]);
		if (!*at) {
			GROW(texts, cap, m->n_stacks + 1);
			texts[m->n_stacks] = stack_text(m, x->fold->out, x->stacks[i]);
			*at = ++m->n_stacks;
		}
		m->points[i].stack = (uint32_t)*at - 1;
	}
	m->n_points = x->n_points;
	m->stacks = arena_dup(&m->arena, texts, m->n_stacks, sizeof(*m->stacks));
	free(texts);
	map_release(&index);
}

int memory_query(struct memory *m, struct source *s, const struct filter *f,
	size_t max_points, struct err *err)
{
	struct fold fold = { 0 };
	struct ask a;
	struct settling x = { .a = &a,
		.fold = &fold,
		.settle = add_reading,
		.max_points = max_points > 2 ? max_points : 2000,
		.every = 1 };
	int ret;

	*m = (struct memory){ 0 };
	if (filter_ask(f, s, &a, err) < 0)
		return -1;
	ret = run(&x, s, f, err);
	if (ret == 0)
		give_points(m, &x);
	free(x.points);
	free(x.stacks);
	fold_release(&fold);
	filter_done(&a);
	return ret;
}

void memory_release(struct memory *m)
{
	arena_release(&m->arena);
	*m = (struct memory){ 0 };
}
