/* diff_page.c - see diff_page.h */
#include "format/diff_page.h"

#include "base/alloc.h"
#include "format/svg_page.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static const double NOISE = 0.01;

struct drawing {
	const struct diff *d;
	const struct diff_page *o;
	struct svg_page page;
	struct buf tip;
	double *next_x; /* by depth: where the next child goes */
	size_t cap_next_x;
};

/* Of its side's whole. */
static double share(const struct drawing *g, const struct diff_node *n, int side)
{
	const struct weight *w = &n->total[side], *all = &g->d->nodes[0].total[side];
	bool samples = g->o->weight == WEIGHT_SAMPLES;
	uint64_t whole = samples ? all->n : all->ns;

	return whole ? (double)(samples ? w->n : w->ns) / (double)whole : 0;
}

static double width(const struct drawing *g, const struct diff_node *n)
{
	return (share(g, n, 0) + share(g, n, 1)) / 2;
}

static const char *classes_of(const struct drawing *g, const struct diff_node *n)
{
	static const char *const steps[2][3] = { { "less1", "less2", "less3" },
		{ "more1", "more2", "more3" } };
	double a = share(g, n, 0), b = share(g, n, 1), change;

	if (n->side == DIFF_ONLY_A)
		return "only-a";
	if (n->side == DIFF_ONLY_B)
		return "only-b";
	if (n->p >= NOISE || a == b)
		return "noise";
	change = fabs(b - a) / fmax(a, b);
	return steps[b > a][change > 0.5 ? 2 : change > 0.2 ? 1 : 0];
}

static const char *verdict(const struct drawing *g, const struct diff_node *n)
{
	if (n->side == DIFF_ONLY_A)
		return "only in A";
	if (n->side == DIFF_ONLY_B)
		return "only in B";
	if (n->p >= NOISE)
		return "no more than chance";
	return share(g, n, 1) > share(g, n, 0) ? "grew" : "shrank";
}

static void put_line(struct buf *out, const char *text)
{
	for (; *text; text++)
		buf_char(out, *text == '\n' ? ' ' : *text);
}

static void fill_tip(struct drawing *g, size_t i)
{
	const struct diff_node *n = &g->d->nodes[i];
	double a = 100 * share(g, n, 0), b = 100 * share(g, n, 1);
	uint32_t line = n->place.line ? n->place.line : n->place.first_line;

	buf_clear(&g->tip);
	put_line(&g->tip, i ? n->place.name : "all");
	if (n->place.file[0]) {
		buf_str(&g->tip, " (");
		put_line(&g->tip, n->place.file);
		if (line)
			buf_printf(&g->tip, ":%u", line);
		buf_char(&g->tip, ')');
	}
	buf_printf(&g->tip, "\nA %.2f %%, B %.2f %%, %+.2f points", a, b, b - a);
	if (i)
		buf_printf(&g->tip, "\n%s (p = %.2g)", verdict(g, n), n->p);
	buf_printf(&g->tip, "\n%llu and %llu samples", (unsigned long long)n->total[0].n,
		(unsigned long long)n->total[1].n);
}

/* Preorder: a parent sets where its children begin, each child moves that on. */
static void put_boxes(struct drawing *g)
{
	size_t i = 0;

	while (i < g->d->n_nodes) {
		const struct diff_node *n = &g->d->nodes[i];
		double x, w = width(g, n) * SVG_ROOM;

		GROW(g->next_x, g->cap_next_x, (size_t)n->depth + 2);
		x = n->depth ? g->next_x[n->depth] : SVG_MARGIN;
		g->next_x[n->depth] = x + w;
		g->next_x[n->depth + 1] = x;
		if ((n->depth && w < 0.5) || n->depth >= SVG_MAX_ROWS) {
			if (w < 0.5)
				g->page.n_narrow++;
			else
				g->page.n_deep++;
			i += (size_t)n->n_below + 1;
			continue;
		}
		fill_tip(g, i);
		svg_page_box(&g->page, i ? classes_of(g, n) : "noise",
			(uint64_t)(width(g, n) * 1e6), g->tip.data,
			i ? n->place.name : "all", x, w, n->depth);
		i++;
	}
}

static unsigned rows_of(const struct drawing *g)
{
	unsigned rows = 1;
	size_t i;

	for (i = 0; i < g->d->n_nodes; i++) {
		if (g->d->nodes[i].depth >= rows &&
			width(g, &g->d->nodes[i]) * SVG_ROOM >= 0.5)
			rows = g->d->nodes[i].depth + 1;
	}
	return rows < SVG_MAX_ROWS ? rows : SVG_MAX_ROWS;
}

static void put_legends(struct svg_page *p)
{
	static const struct {
		const char *classes, *text;
	} rows[] = {
		{ "more3", "grew by more than half" },
		{ "more2", "grew" },
		{ "less2", "shrank" },
		{ "less3", "shrank by more than half" },
		{ "only-a", "only in A" },
		{ "only-b", "only in B" },
		{ "noise", "no more than chance" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++)
		svg_page_legend(p, rows[i].classes, rows[i].text);
}

void diff_page_write(const struct diff *d, const struct diff_page *o, struct buf *out)
{
	struct drawing g = { .d = d, .o = o, .page.out = out };
	struct buf subtitle = BUF_INIT;

	g.page.n_rows = rows_of(&g);
	buf_printf(
		&subtitle, "A %s, B %s; width is the mean share", o->name_a, o->name_b);
	buf_str(out,
		o->html ? "<!doctype html>\n<meta charset=\"utf-8\">\n<title>pystrobe: "
			  "difference</title>\n<body>\n"
			: "<?xml version=\"1.0\" encoding=\"UTF-8\" "
			  "standalone=\"no\"?>\n");
	svg_page_begin(&g.page, "by-diff", "share", o->title, subtitle.data);
	put_boxes(&g);
	svg_page_end_boxes(&g.page);
	put_legends(&g.page);
	svg_page_end(&g.page);
	if (o->html)
		buf_str(out, "</body>\n");
	buf_release(&g.tip);
	buf_release(&subtitle);
	free(g.next_x);
}
