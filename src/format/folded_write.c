/*
 * folded_write.c - folded stacks: one line per distinct stack, root first, then its value.
 *
 *	main (app.py:10);work (app.py:20) 120
 *
 * What would break the line in a name is replaced: ';' by ',', line ends and other
 * controls by a space. Time is written in microseconds, as Austin does.
 */
#include "format/export.h"
#include "format/folded.h"
#include "query/tree.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

static void put_clean(struct buf *b, const char *text)
{
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		buf_char(b, c == ';' ? ',' : c < ' ' || c == 127 ? ' ' : (char)c);
	}
}

static void put_frame(struct buf *b, const struct place *p, enum folded_style style)
{
	const char *name = *p->name ? p->name : "(unknown)";

	if ((!*p->file && !*p->module) || (p->flags & FUNC_MARK)) {
		put_clean(b, name);
	} else if (style == FOLDED_COLON) {
		put_clean(b, p->file);
		buf_char(b, ':');
		put_clean(b, name);
		buf_printf(b, ":%u", p->line ? p->line : p->first_line);
	} else {
		bool module = style == FOLDED_MODULE;

		put_clean(b, name);
		buf_str(b, module ? "(" : " (");
		put_clean(b, module && *p->module ? p->module : p->file);
		if (!module && (p->line || p->first_line))
			buf_printf(b, ":%u", p->line ? p->line : p->first_line);
		buf_char(b, ')');
	}
}

/* path[] holds where each frame of the current line ends, by depth. */
static int put_tree(struct export *ex, const struct tree *t, struct err *err)
{
	struct buf line = BUF_INIT;
	size_t *path = NULL, cap = 0, i;
	int ret = -1;

	for (i = 1; i < t->n_nodes; i++) {
		const struct tree_node *n = &t->nodes[i];
		uint64_t value = export_value(ex, n->self.n, n->self.ns / 1000);

		GROW(path, cap, (size_t)n->depth + 1);
		line.len = n->depth > 1 ? path[n->depth - 1] : 0;
		if (line.len)
			buf_char(&line, ';');
		put_frame(&line, &n->place, ex->opt.style);
		path[n->depth] = line.len;
		if (!value)
			continue;
		buf_add(&ex->b, line.data, line.len);
		buf_printf(&ex->b, " %llu\n", (unsigned long long)value);
		if (export_drain(ex, err) < 0)
			goto out;
	}
	if (t->n_nodes && t->nodes[0].self.n)
		buf_printf(&ex->b, "(no frames) %llu\n",
			(unsigned long long)export_value(
				ex, t->nodes[0].self.n, t->nodes[0].self.ns / 1000));
	ret = 0;
out:
	free(path);
	buf_release(&line);
	return ret;
}

int folded_write(struct export *ex, struct err *err)
{
	struct tree_options o = { .group =
					  ex->opt.threads ? TREE_BY_THREAD : TREE_PLAIN };
	struct filter f = *ex->filter; /* shallow: only `lines` differs */
	struct tree t = { 0 };
	int ret = -1;

	f.lines = ex->opt.style != FOLDED_MODULE;
	if (tree_query(&t, ex->source, &f, &o, err) == 0)
		ret = put_tree(ex, &t, err);
	tree_release(&t);
	return ret;
}
