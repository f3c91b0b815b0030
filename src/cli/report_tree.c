/* report_tree.c - a call tree in text: as deep as it branches, not as deep as it calls */
#include "cli/report.h"
#include "cli/screen.h"

#include "base/alloc.h"
#include "base/utf8.h"

#include <string.h>

struct drawing {
	const struct tree *t;
	struct buf *out;
	bool samples, colour;
	size_t columns, max_lines, lines;
};

static uint64_t weight_of(const struct drawing *d, const struct weight *w)
{
	return d->samples ? w->n : w->ns;
}

static double share(const struct drawing *d, const struct weight *w)
{
	uint64_t all = weight_of(d, &d->t->nodes[0].total);

	return all ? 100 * (double)weight_of(d, w) / (double)all : 0;
}

static void put_node(struct drawing *d, uint32_t i, const char *branch)
{
	const struct tree_node *n = &d->t->nodes[i];
	const struct place *p = &n->place;
	bool mark = p->flags & FUNC_MARK, mine = report_is_mine(p);
	const char *off = ink(d->colour, INK_PLAIN);
	struct buf *out = d->out;
	char self[16] = "";
	size_t start, used;

	if (share(d, &n->self) >= 0.05)
		snprintf(self, sizeof(self), "%5.1f%%", share(d, &n->self));
	start = out->len;
	buf_printf(out, "%6.1f%% %6s  %s", share(d, &n->total), self, branch);
	used = utf8_columns(out->data + start, out->len - start);
	buf_str(out, ink(d->colour, mark ? INK_DIM : mine ? INK_NAME : INK_PLAIN));
	start = out->len;
	text_fit(out, p->name, d->columns > used + 24 ? d->columns - used - 14 : 10);
	used += utf8_columns(out->data + start, out->len - start);
	buf_str(out, off);
	if (p->file[0] && d->columns > used + 12) {
		char at[16] = "";

		if (p->line || p->first_line)
			snprintf(
				at, sizeof(at), ":%u", p->line ? p->line : p->first_line);
		buf_printf(out, "  %s", ink(d->colour, INK_DIM));
		text_fit_end(out, p->file,
			d->columns - used - 2 - strlen(at) - (mine ? 6 : 0));
		buf_printf(out, "%s%s", at, off);
	}
	if (mine)
		buf_printf(out, " %s<====%s", ink(d->colour, INK_GOOD), off);
	buf_char(out, '\n');
	d->lines++;
}

/* Children of node i; prefix is what stands to the left of them. A node with one child
 * only does not move it to the right. */
static void put_children(struct drawing *d, uint32_t i, const char *prefix)
{
	const struct tree *t = d->t;
	uint32_t child, last = 0, count = 0;
	uint32_t end = i + 1 + t->nodes[i].n_below;

	for (child = i + 1; child < end; child += 1 + t->nodes[child].n_below) {
		last = child;
		count++;
	}
	for (child = i + 1; child < end; child += 1 + t->nodes[child].n_below) {
		bool only = count == 1;
		char *branch, *below;

		if (d->max_lines && d->lines >= d->max_lines)
			return;
		branch = xasprintf("%s%s", prefix,
			only            ? ""
			: child == last ? "\xe2\x94\x94 "
					: "\xe2\x94\x9c ");
		below = xasprintf("%s%s", prefix,
			only            ? ""
			: child == last ? "  "
					: "\xe2\x94\x82 ");
		put_node(d, child, branch);
		/* no deeper than a terminal is wide */
		if (strlen(below) < 400)
			put_children(d, child, below);
		free(branch);
		free(below);
	}
}

void report_tree(const struct tree *t, bool samples, size_t columns, bool colour,
	size_t max_lines, struct buf *out)
{
	struct drawing d = { .t = t,
		.out = out,
		.samples = samples,
		.colour = colour,
		.columns = columns,
		.max_lines = max_lines };

	if (!t->n_nodes)
		return;
	put_children(&d, 0, "");
	if (max_lines && d.lines >= max_lines)
		buf_str(out, "  ...\n");
}
