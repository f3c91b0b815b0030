/*
 * flat.c - see flat.h
 *
 * Rows are keyed by what makes a place equal: strings of fold->out, so comparing texts is
 * comparing ids. A preorder walk knows which keys are open above a node: only the
 * outermost one adds to the total.
 */
#include "query/flat.h"

#include "base/alloc.h"
#include "query/grove.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const by_words[] = {
	[FLAT_FUNCTION] = "function",
	[FLAT_LINE] = "line",
	[FLAT_FILE] = "file",
	[FLAT_MODULE] = "module",
	[FLAT_THREAD] = "thread",
	[FLAT_WAIT] = "wait",
};

int flat_by_word(const char *word)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(by_words); i++) {
		if (!strcmp(by_words[i], word))
			return (int)i;
	}
	return -1;
}

struct row_state {
	struct flat_row row;
	frame_id frame;
	uint32_t open; /* nodes of this row on the path to here */
};

struct table {
	struct row_state *rows;
	size_t n, cap;
	struct map index;
};

static struct row_state *row_of(struct table *t, uint64_t key)
{
	uint64_t *at = map_put(&t->index, key);

	if (!*at) {
		GROW(t->rows, t->cap, t->n + 1);
		memset(&t->rows[t->n], 0, sizeof(*t->rows));
		*at = ++t->n;
	}
	return &t->rows[*at - 1];
}

enum { FLAT_PART = FLAT_WAIT + 1 }; /* of a line, inside this file only */

static uint64_t frame_key(const struct symbols *s, frame_id frame, int by)
{
	const struct frame *fr = symbols_frame_of(s, frame);
	const struct func *fn = symbols_func_of(s, fr->func);

	switch (by) {
	case FLAT_LINE:
		return (uint64_t)fr->func << 32 | fr->line;
	case FLAT_PART:
		return frame;
	case FLAT_FILE:
		return fn->file;
	case FLAT_MODULE:
		return fn->module ? fn->module : (uint64_t)fn->file << 32;
	default:
		return fr->func;
	}
}

static void close_rows(struct table *t, const uint32_t *path, size_t *depth, size_t to)
{
	while (*depth > to)
		t->rows[path[--*depth]].open--;
}

static void count(struct table *t, const struct grove *g, int by)
{
	uint32_t *path = NULL, *past = NULL;
	size_t cap_path = 0, cap_past = 0, depth = 0, i;

	for (i = 1; i < g->n; i++) {
		stack_id id = g->order[i];
		frame_id frame = symbols_stack_of(g->symbols, id)->frame;
		struct row_state *r;

		while (depth && past[depth - 1] <= i)
			close_rows(t, path, &depth, depth - 1);
		r = row_of(t, frame_key(g->symbols, frame, by));
		r->frame = frame;
		if (!r->open++) {
			r->row.total.n += g->total[id].n;
			r->row.total.ns += g->total[id].ns;
		}
		r->row.self.n += g->self[id].n;
		r->row.self.ns += g->self[id].ns;
		GROW(path, cap_path, depth + 1);
		GROW(past, cap_past, depth + 1);
		path[depth] = (uint32_t)(r - t->rows);
		past[depth++] = (uint32_t)i + 1 + g->n_below[i];
	}
	free(path);
	free(past);
}

static int by_self(const void *a, const void *b)
{
	const struct flat_row *x = a, *y = b;

	if (x->self.ns != y->self.ns)
		return x->self.ns > y->self.ns ? -1 : 1;
	if (x->total.ns != y->total.ns)
		return x->total.ns > y->total.ns ? -1 : 1;
	return strcmp(x->place.name, y->place.name);
}

static int by_total(const void *a, const void *b)
{
	const struct flat_row *x = a, *y = b;

	if (x->total.ns != y->total.ns)
		return x->total.ns > y->total.ns ? -1 : 1;
	return by_self(a, b);
}

static void keep_row(struct flat *t, struct flat_row *row, enum flat_by by)
{
	struct place *p = &row->place;

	if (by == FLAT_FILE || by == FLAT_MODULE) {
		if (by == FLAT_MODULE && !p->module[0])
			p->module = p->file;
		p->name = by == FLAT_FILE ? p->file : p->module;
		p->file = by == FLAT_FILE ? p->file : "";
		p->line = p->first_line = 0;
	}
	p->name = arena_strdup(&t->arena, p->name);
	p->file = arena_strdup(&t->arena, p->file);
	p->module = arena_strdup(&t->arena, p->module);
}

static void finish(struct flat *t, const struct flat_options *o)
{
	if (t->n_rows)
		qsort(t->rows, t->n_rows, sizeof(*t->rows),
			o->by_total ? by_total : by_self);
	if (o->max_rows && t->n_rows > o->max_rows) {
		t->n_trimmed = t->n_rows - o->max_rows;
		t->n_rows = o->max_rows;
	}
}

static void emit_frames(struct flat *t, const struct table *table,
	const struct symbols *s, const struct flat_options *o)
{
	size_t i;

	t->rows = arena_alloc(&t->arena, (table->n + 1) * sizeof(*t->rows));
	for (i = 0; i < table->n; i++) {
		frame_id frame = table->rows[i].frame;

		t->rows[i] = table->rows[i].row;
		t->rows[i].columns = columns_unpack(symbols_frame_of(s, frame)->columns);
		place_of(&t->rows[i].place, s, frame);
	}
	t->n_rows = table->n;
	finish(t, o);
	for (i = 0; i < t->n_rows; i++)
		keep_row(t, &t->rows[i], o->by);
}

/* --- by thread and by wait: straight from the sums --- */

struct straight {
	struct table table;
	struct fold *fold;
	struct ask *ask;
	enum flat_by by;
	struct weight all;
	struct flat *flat;
	struct err *err;
};

static int take(void *arg, const struct sums *sums)
{
	struct straight *x = arg;
	char scratch[32];
	size_t i;

	if (ask_check(x->ask, x->err) < 0)
		return -1;
	for (i = 0; i < sums->n; i++) {
		const struct sum *s = &sums->sums[i];
		struct row_state *r;

		if (!fold_wants(x->fold, sums->series, s->thread, s->state, s->wait) ||
			fold_stack(x->fold, sums->symbols, s->stack) == FOLD_DROP)
			continue;
		x->all.n += s->n;
		x->all.ns += s->weight_ns;
		if (x->by == FLAT_WAIT && !s->wait)
			continue;
		r = row_of(&x->table, x->by == FLAT_WAIT
					      ? s->wait
					      : (uint64_t)sums->series << 32 | s->thread);
		if (!r->row.place.name) {
			r->row.place =
				(struct place){ .name = "", .file = "", .module = "" };
			r->row.series = sums->series;
			r->row.thread = s->thread;
			if (x->by == FLAT_WAIT)
				r->row.place.name = arena_strdup(&x->flat->arena,
					wait_name(s->wait, scratch, sizeof(scratch)));
		}
		r->row.self.n += s->n;
		r->row.self.ns += s->weight_ns;
		r->row.total = r->row.self;
	}
	return 0;
}

static int name_thread(void *arg, const struct thread_info *t)
{
	struct straight *x = arg;
	uint64_t *at = map_get(&x->table.index, (uint64_t)t->series << 32 | t->thread);

	if (at)
		x->table.rows[*at - 1].row.place.name = arena_printf(&x->flat->arena,
			"%s (%d)", t->name[0] ? t->name : "thread", (int)t->tid);
	return 0;
}

static int straight_query(struct flat *t, struct fold *fold, struct source *s,
	struct ask *a, const struct flat_options *o, struct err *err)
{
	struct straight x = {
		.fold = fold, .ask = a, .by = o->by, .flat = t, .err = err
	};
	int ret = s->ops->sums(s, a, take, &x, err);
	size_t i;

	if (ret == 0 && o->by == FLAT_THREAD)
		ret = s->ops->threads(s, a, name_thread, &x, err);
	if (ret == 0) {
		t->all = x.all;
		t->n_rows = x.table.n;
		t->rows = arena_alloc(&t->arena, (x.table.n + 1) * sizeof(*t->rows));
		for (i = 0; i < x.table.n; i++)
			t->rows[i] = x.table.rows[i].row;
		finish(t, o);
	}
	free(x.table.rows);
	map_release(&x.table.index);
	return ret ? -1 : 0;
}

/* --- */

static void keep_file(struct flat *t, const char *file)
{
	size_t i, n = 0;

	for (i = 0; i < t->n_rows; i++) {
		if (!strcmp(t->rows[i].place.file, file))
			t->rows[n++] = t->rows[i];
	}
	t->n_rows = n;
}

/* Rows of one file by line, after those by part, which become t->parts. */
static void lines_and_parts(struct flat *t, struct table *table, const struct grove *g,
	const struct flat_options *o, const char *file)
{
	size_t i, n = 0;

	count(table, g, FLAT_PART);
	emit_frames(t, table, g->symbols, o);
	keep_file(t, file);
	for (i = 0; i < t->n_rows; i++) {
		if (t->rows[i].columns.end_column)
			t->rows[n++] = t->rows[i];
	}
	t->parts = t->rows;
	t->n_parts = n;
	table->n = 0;
	map_clear(&table->index);
}

static int query(struct flat *t, struct source *s, const struct filter *f,
	const struct flat_options *o, const char *file, struct err *err)
{
	const enum fold_detail detail = file                 ? FOLD_COLUMNS
					: o->by == FLAT_LINE ? FOLD_LINES
							     : FOLD_FUNCS;
	struct table table = { 0 };
	struct grove g = { 0 };
	struct fold fold = { 0 };
	struct ask a;
	int ret = -1;

	*t = (struct flat){ 0 };
	if (filter_ask(f, s, &a, err) < 0)
		return -1;
	t->from_ns = a.from_ns;
	t->until_ns = a.until_ns;
	if (fold_init(&fold, f, s, &a, detail, err) < 0)
		goto out;
	if (o->by == FLAT_THREAD || o->by == FLAT_WAIT) {
		ret = straight_query(t, &fold, s, &a, o, err);
		goto out;
	}
	if (grove_fill(&g, &fold, s, &a, TREE_PLAIN, err) < 0)
		goto out;
	grove_grow(&g, NULL);
	t->all = g.total[0];
	if (file)
		lines_and_parts(t, &table, &g, o, file);
	count(&table, &g, (int)o->by);
	emit_frames(t, &table, fold.out, o);
	if (file)
		keep_file(t, file);
	ret = 0;
out:
	free(table.rows);
	map_release(&table.index);
	grove_release(&g);
	fold_release(&fold);
	filter_done(&a);
	return ret;
}

int flat_query(struct flat *t, struct source *s, const struct filter *f,
	const struct flat_options *o, struct err *err)
{
	return query(t, s, f, o, NULL, err);
}

void flat_release(struct flat *t)
{
	arena_release(&t->arena);
	*t = (struct flat){ 0 };
}

int flat_lines_of(struct flat *t, struct source *s, const struct filter *f,
	const char *file, struct err *err)
{
	const struct flat_options by_line = { .by = FLAT_LINE };

	return query(t, s, f, &by_line, file, err);
}
