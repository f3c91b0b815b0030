/*
 * svg_write.c - lays the merged stacks out and writes them.
 *
 * Roots are on top. A box is as wide as its share of all weight; boxes narrower than half
 * a pixel and rows below SVG_MAX_ROWS are left out and counted in the heading. Each box is
 *
 *	<g class="f p3 s1" data-n="samples"><title>name (file:line) ...</title>
 *	<rect x= y= width= height=/><text>name</text></g>
 *
 * p: its package's colour, by rank of the package's own weight; s: the state in which most
 * of its weight was. The root element's class (by-package, by-state) says which colours.
 */
#include "format/merge.h"
#include "format/svg.h"
#include "format/svg_page.h"

#include "base/alloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	N_COLOURS = 12, /* the last one is "everything else" */
};

/* How a stack was seen; the order is that of svg.css. */
enum how { HOW_CPU, HOW_GIL, HOW_GIL_WAIT, HOW_BLOCKED, HOW_GC, HOW_OTHER, HOWS };

static const char *const how_text[HOWS] = {
	[HOW_CPU] = "on CPU without the GIL",
	[HOW_GIL] = "holds the GIL",
	[HOW_GIL_WAIT] = "waiting for the GIL",
	[HOW_BLOCKED] = "blocked",
	[HOW_GC] = "collecting garbage",
	[HOW_OTHER] = "not known",
};

struct box {
	uint64_t self, total, n_total;
	uint64_t how[HOWS]; /* of total */
	stack_id first_child, next_sibling;
	double x; /* in weight units from the left */
};

struct package {
	str_id name;
	uint64_t self;
};

struct svg {
	struct export *ex;
	struct box *box; /* by stack id; 0 is the whole */
	uint32_t n;
	struct svg_page page;
	struct buf tip;
	struct package *packages; /* heaviest first once ranked */
	size_t n_packages, cap_packages;
	struct map package_of; /* str -> 1 + index, then 1 + rank */
};

static enum how how_of(unsigned state)
{
	if (state & STATE_GC)
		return HOW_GC;
	if (state & STATE_GIL)
		return HOW_GIL;
	if (state & STATE_GIL_WAIT)
		return HOW_GIL_WAIT;
	if (state & STATE_BLOCKED)
		return HOW_BLOCKED;
	return state & STATE_CPU ? HOW_CPU : HOW_OTHER;
}

/* Children have larger ids than their parents: one pass downwards sums everything. */
static void sum_up(struct svg *s, const struct merge *m)
{
	struct export *ex = s->ex;
	size_t i;
	stack_id id;
	int h;

	s->n = symbols_count(ex->symbols, SYM_STACK);
	s->box = xcalloc(s->n, sizeof(*s->box));
	for (i = 0; i < m->n; i++) {
		struct box *b = &s->box[m->at[i].stack];
		uint64_t value = export_value(ex, m->at[i].n, m->at[i].ns);

		b->self += value;
		b->total += value;
		b->n_total += m->at[i].n;
		b->how[how_of(m->at[i].state)] += value;
	}
	for (id = s->n - 1; id > 0; id--) {
		struct box *b = &s->box[id];
		struct box *up = &s->box[symbols_stack_of(ex->symbols, id)->parent];

		up->total += b->total;
		up->n_total += b->n_total;
		for (h = 0; h < HOWS; h++)
			up->how[h] += b->how[h];
	}
}

static const struct func *func_of(const struct svg *s, stack_id id)
{
	const struct symbols *y = s->ex->symbols;

	return symbols_func_of(
		y, symbols_frame_of(y, symbols_stack_of(y, id)->frame)->func);
}

static int before(const struct svg *s, stack_id a, stack_id b)
{
	const struct symbols *y = s->ex->symbols;
	int order = strcmp(export_name(y, func_of(s, a)), export_name(y, func_of(s, b)));

	return order ? order < 0 : a < b;
}

struct sort_key {
	const struct svg *svg;
	stack_id id;
};

static int by_name(const void *a, const void *b)
{
	const struct sort_key *x = a, *y = b;

	return before(x->svg, x->id, y->id) ? -1 : before(x->svg, y->id, x->id);
}

/* Links the children of every stack by name, which keeps two graphs comparable. */
static void link_children(struct svg *s)
{
	struct sort_key *keys = xreallocarray(NULL, s->n, sizeof(*keys));
	uint32_t i;

	for (i = 1; i < s->n; i++)
		keys[i - 1] = (struct sort_key){ s, i };
	qsort(keys, s->n - 1, sizeof(*keys), by_name);
	for (i = s->n - 1; i > 0; i--) {
		stack_id id = keys[i - 1].id;
		struct box *up = &s->box[symbols_stack_of(s->ex->symbols, id)->parent];

		s->box[id].next_sibling = up->first_child;
		up->first_child = id;
	}
	free(keys);
}

/* --- packages --- */

static int by_self(const void *a, const void *b)
{
	const struct package *x = a, *y = b;

	if (x->self != y->self)
		return x->self > y->self ? -1 : 1;
	return x->name < y->name ? -1 : x->name > y->name;
}

static void rank_packages(struct svg *s)
{
	size_t i;
	stack_id id;

	for (id = 1; id < s->n; id++) {
		const struct func *f = func_of(s, id);
		str_id name;
		uint64_t *slot;

		if (f->flags & (FUNC_MARK | FUNC_TASK))
			continue;
		name = svg_package(s->ex->symbols, f);
		slot = map_put(&s->package_of, name);

		if (!*slot) {
			GROW(s->packages, s->cap_packages, s->n_packages + 1);
			s->packages[s->n_packages++] = (struct package){ name, 0 };
			*slot = s->n_packages;
		}
		s->packages[*slot - 1].self += s->box[id].self;
	}
	if (s->n_packages)
		qsort(s->packages, s->n_packages, sizeof(*s->packages), by_self);
	for (i = 0; i < s->n_packages; i++)
		*map_put(&s->package_of, s->packages[i].name) = i + 1;
}

static unsigned colour_of(struct svg *s, const struct func *f)
{
	const uint64_t *slot = map_get(&s->package_of, svg_package(s->ex->symbols, f));

	return slot && *slot < N_COLOURS ? (unsigned)*slot - 1 : N_COLOURS - 1;
}

/* --- text --- */

/* A name may hold a line end: the first line of a tip is the name and its place. */
static void put_line(struct buf *out, const char *text)
{
	for (; *text; text++)
		buf_char(out, *text == '\n' ? ' ' : *text);
}

static void put_value(const struct svg *s, struct buf *out, uint64_t value)
{
	if (s->ex->opt.weight == WEIGHT_SAMPLES)
		buf_printf(out, "%llu samples", (unsigned long long)value);
	else if (value >= 1000000000)
		buf_printf(out, "%.2f s", (double)value / 1e9);
	else
		buf_printf(out, "%.2f ms", (double)value / 1e6);
}

/* --- boxes --- */

/* What hovering says: name and place, weight and share, the states. */
static void fill_tip(struct svg *s, stack_id id)
{
	const struct symbols *y = s->ex->symbols;
	const struct box *b = &s->box[id];
	struct buf *out = &s->tip;
	double whole = (double)s->box[0].total;
	int h;

	buf_clear(out);
	if (id) {
		const struct func *f = func_of(s, id);
		const struct frame *fr =
			symbols_frame_of(y, symbols_stack_of(y, id)->frame);
		uint32_t line = fr->line ? fr->line : f->first_line;

		put_line(out, export_name(y, f));
		if (f->file) {
			buf_str(out, " (");
			put_line(out, symbols_text(y, f->file, NULL));
			if (line)
				buf_printf(out, ":%u", line);
			buf_char(out, ')');
		}
	} else {
		buf_str(out, "all");
	}
	buf_str(out, "\n");
	put_value(s, out, b->total);
	buf_printf(out, ", %.2f %%; itself ",
		whole > 0 ? 100 * (double)b->total / whole : 0);
	put_value(s, out, b->self);
	for (h = 0; h < HOWS; h++) {
		if (b->how[h])
			buf_printf(out, "\n%s %.1f %%", how_text[h],
				100 * (double)b->how[h] / (double)b->total);
	}
}

static enum how mostly(const struct box *b)
{
	int h, best = HOW_OTHER;

	for (h = 0; h < HOWS; h++) {
		if (b->how[h] > b->how[best])
			best = h;
	}
	return (enum how)best;
}

static void put_box(struct svg *s, stack_id id, double x, double width, uint32_t row)
{
	unsigned colour = id ? colour_of(s, func_of(s, id)) : N_COLOURS - 1;
	char classes[24];

	snprintf(classes, sizeof(classes), "p%u s%d", colour, (int)mostly(&s->box[id]));
	fill_tip(s, id);
	svg_page_box(&s->page, classes, s->box[id].total, s->tip.data,
		id ? export_name(s->ex->symbols, func_of(s, id)) : "all", x, width, row);
}

/* Depth first, with a stack of our own: recursion would follow the target's depth. */
static int put_boxes(struct svg *s, struct err *err)
{
	struct todo {
		stack_id id;
		double x;
		uint32_t row;
	} *todo = NULL;
	size_t n = 0, cap = 0;
	double scale = s->box[0].total ? (double)SVG_ROOM / (double)s->box[0].total : 0;
	int ret = -1;

	GROW(todo, cap, 1);
	todo[n++] = (struct todo){ 0, SVG_MARGIN, 0 };
	while (n) {
		struct todo at = todo[--n];
		double x = at.x, width = (double)s->box[at.id].total * scale;
		stack_id child;

		if (at.id && width < 0.5) {
			s->page.n_narrow++;
			continue;
		}
		if (at.row >= SVG_MAX_ROWS) {
			s->page.n_deep++;
			continue;
		}
		if (at.row >= s->page.n_rows)
			s->page.n_rows = at.row + 1;
		put_box(s, at.id, x, width, at.row);
		for (child = s->box[at.id].first_child; child;
			child = s->box[child].next_sibling) {
			GROW(todo, cap, n + 1);
			todo[n++] = (struct todo){ child, x, at.row + 1 };
			x += (double)s->box[child].total * scale;
		}
		if (export_drain(s->ex, err) < 0)
			goto out;
	}
	ret = 0;
out:
	free(todo);
	return ret;
}

/* What put_boxes will draw, so that the height stands in front of it. */
static void measure(struct svg *s)
{
	uint32_t depth_max = 0;
	stack_id id;
	double scale = s->box[0].total ? (double)SVG_ROOM / (double)s->box[0].total : 0;

	for (id = 1; id < s->n; id++) {
		uint32_t depth = symbols_stack_of(s->ex->symbols, id)->depth;

		if ((double)s->box[id].total * scale >= 0.5 && depth > depth_max)
			depth_max = depth;
	}
	s->page.n_rows = depth_max + 1 < SVG_MAX_ROWS ? depth_max + 1 : SVG_MAX_ROWS;
}

/* --- the rest of the file --- */

static void put_head(struct svg *s)
{
	buf_clear(&s->tip);
	put_value(s, &s->tip, s->box[0].total);
	if (s->ex->opt.weight == WEIGHT_TIME)
		buf_printf(&s->tip, " of thread time in %llu samples",
			(unsigned long long)s->box[0].n_total);
	buf_str(&s->tip, "; width is share");
	buf_str(s->page.out,
		"<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"no\"?>\n");
	svg_page_begin(&s->page, "by-package",
		s->ex->opt.weight == WEIGHT_TIME ? "ns" : "samples", s->ex->title,
		s->tip.data);
}

static void put_legends(struct svg *s)
{
	char classes[24];
	size_t i;

	for (i = 0; i < s->n_packages && i < N_COLOURS - 1; i++) {
		snprintf(classes, sizeof(classes), "package p%zu", i);
		svg_page_legend(&s->page, classes,
			symbols_text(s->ex->symbols, s->packages[i].name, NULL));
	}
	if (s->n_packages >= N_COLOURS)
		svg_page_legend(&s->page, "package p11", "others");
	s->page.legend_x = 0;
	for (i = 0; i < HOWS; i++) {
		snprintf(classes, sizeof(classes), "state s%zu", i);
		if (s->box[0].how[i])
			svg_page_legend(&s->page, classes, how_text[i]);
	}
}

int svg_write(struct export *ex, struct err *err)
{
	struct svg s = { .ex = ex, .page.out = &ex->b };
	struct merge m = { 0 };
	int ret = -1;

	if (merge_scan(&m, ex, !ex->filter->lines, ex->opt.threads, err) < 0)
		goto out;
	sum_up(&s, &m);
	link_children(&s);
	rank_packages(&s);
	measure(&s);
	put_head(&s);
	if (put_boxes(&s, err) < 0)
		goto out;
	svg_page_end_boxes(&s.page);
	put_legends(&s);
	svg_page_end(&s.page);
	ret = 0;
out:
	free(s.box);
	free(s.packages);
	buf_release(&s.tip);
	map_release(&s.package_of);
	merge_release(&m);
	return ret;
}
