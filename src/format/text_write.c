/*
 * text_write.c - for reading in a terminal or a mail: heaviest functions, then the tree.
 *
 *	pystrobe: python3 app.py (pid 42)
 *	12.50 s of thread time in 1250 samples
 *
 *	   self   total  function
 *	 52.0 %  60.1 %  work (app.py:20)
 *
 *	  total    self  tree (branches below 0.5 % left out)
 *	100.0 %   0.0 %  main (app.py:10)
 *	 60.1 %  52.0 %    work (app.py:20)
 */
#include "format/export.h"
#include "format/text.h"
#include "query/flat.h"
#include "query/tree.h"

enum { MAX_ROWS = 40 };

static double percent(
	const struct export *ex, const struct weight *w, const struct weight *all)
{
	uint64_t part = export_value(ex, w->n, w->ns),
		 whole = export_value(ex, all->n, all->ns);

	return whole ? 100.0 * (double)part / (double)whole : 0;
}

static void put_clean(struct buf *b, const char *text)
{
	for (; *text; text++)
		buf_char(b, (unsigned char)*text < ' ' || *text == 127 ? '?' : *text);
}

static void put_place(struct buf *b, const struct place *p)
{
	uint32_t line = p->line ? p->line : p->first_line;

	put_clean(b, *p->name ? p->name : "(unknown)");
	if (!*p->file)
		return;
	buf_str(b, " (");
	put_clean(b, p->file);
	if (line)
		buf_printf(b, ":%u", line);
	buf_char(b, ')');
}

static int put_functions(struct export *ex, struct err *err)
{
	const struct flat_options o = {
		.by = ex->filter->lines ? FLAT_LINE : FLAT_FUNCTION, .max_rows = MAX_ROWS
	};
	struct flat t = { 0 };
	int ret = flat_query(&t, ex->source, ex->filter, &o, err);
	size_t i;

	if (ret == 0) {
		buf_printf(&ex->b, "%.2f s of thread time in %llu samples\n\n",
			(double)t.all.ns / 1e9, (unsigned long long)t.all.n);
		buf_str(&ex->b, "   self   total  function\n");
	}
	for (i = 0; ret == 0 && i < t.n_rows; i++) {
		buf_printf(&ex->b, "%5.1f %% %5.1f %%  ",
			percent(ex, &t.rows[i].self, &t.all),
			percent(ex, &t.rows[i].total, &t.all));
		put_place(&ex->b, &t.rows[i].place);
		buf_char(&ex->b, '\n');
	}
	flat_release(&t);
	return ret;
}

static int put_tree(struct export *ex, struct err *err)
{
	const struct tree_options o = { .min_share = 0.005,
		.group = ex->opt.threads ? TREE_BY_THREAD : TREE_PLAIN,
		.order = TREE_BY_WEIGHT };
	struct tree t = { 0 };
	int ret = tree_query(&t, ex->source, ex->filter, &o, err);
	size_t i;

	if (ret == 0)
		buf_str(&ex->b,
			"\n  total    self  tree (branches below 0.5 % left out)\n");
	for (i = 1; ret == 0 && i < t.n_nodes; i++) {
		const struct tree_node *n = &t.nodes[i];

		buf_printf(&ex->b, "%5.1f %% %5.1f %%  %*s",
			percent(ex, &n->total, &t.nodes[0].total),
			percent(ex, &n->self, &t.nodes[0].total),
			(int)(n->depth < 200 ? 2 * (n->depth - 1) : 400), "");
		put_place(&ex->b, &n->place);
		buf_char(&ex->b, '\n');
		ret = export_drain(ex, err);
	}
	tree_release(&t);
	return ret;
}

int text_write(struct export *ex, struct err *err)
{
	buf_str(&ex->b, "pystrobe: ");
	put_clean(&ex->b, ex->title);
	buf_char(&ex->b, '\n');
	return put_functions(ex, err) < 0 ? -1 : put_tree(ex, err);
}
