/* opt_help.c - what --help prints, from the tables of opt.h */
#include "base/alloc.h"
#include "base/opt.h"
#include "base/utf8.h"

#include <string.h>

enum { NAME_COLUMN = 28 }; /* where the explanations begin */

void opt_name(const struct opt *o, struct buf *out)
{
	if (o->letter)
		buf_printf(out, "-%c, ", o->letter);
	else
		buf_str(out, "    ");
	buf_printf(out, "--%s", o->name);
	if (o->kind->takes_value)
		buf_printf(out, " %s", o->metavar);
}

void opt_wrap(struct buf *out, const char *text, size_t columns, size_t indent)
{
	size_t room = columns > indent + 20 ? columns - indent : 20;
	size_t used = 0;

	while (*text) {
		size_t len = strcspn(text, " \n");
		size_t width = utf8_columns(text, len);

		if (used && used + 1 + width > room) {
			buf_printf(out, "\n%*s", (int)indent, "");
			used = 0;
		}
		if (used) {
			buf_char(out, ' ');
			used++;
		}
		buf_add(out, text, len);
		used += width;
		text += len;
		if (text[0] == '\n' && text[1] == '\n') {
			buf_printf(out, "\n\n%*s", (int)indent, "");
			used = 0;
		}
		text += strspn(text, " \n");
	}
}

static void title(struct buf *out, const char *text, bool colour)
{
	buf_printf(out, colour ? "\n\033[1m%s\033[0m\n" : "\n%s\n", text);
}

static void row(struct buf *out, const struct opt *o, size_t columns)
{
	size_t start = out->len;
	struct buf text = BUF_INIT;

	buf_str(&text, o->help);
	if (o->choices && o->kind == &opt_choice && !strchr(o->metavar, '|'))
		buf_printf(&text, ": %s", o->choices);
	if (o->initial)
		buf_printf(&text, " (default: %s)", o->initial);
	buf_str(out, "  ");
	opt_name(o, out);
	if (out->len - start + 2 > NAME_COLUMN)
		buf_printf(out, "\n%*s", NAME_COLUMN, "");
	else
		buf_printf(out, "%*s", (int)(NAME_COLUMN - (out->len - start)), "");
	opt_wrap(out, text.data, columns, NAME_COLUMN);
	buf_char(out, '\n');
	buf_release(&text);
}

void opt_help(const struct opt_page *page, struct buf *out, size_t columns, bool colour)
{
	size_t g, i;

	if (columns > 100)
		columns = 100;
	buf_printf(out, "pystrobe %s - %s\n", page->name, page->summary);
	title(out, "Usage", colour);
	buf_printf(out, "  pystrobe %s %s\n", page->name, page->usage);
	if (page->about) {
		buf_str(out, "\n");
		opt_wrap(out, page->about, columns, 0);
		buf_char(out, '\n');
	}
	for (g = 0; opt_has_group(page, g); g++) {
		if (page->groups[g].title[0])
			title(out, page->groups[g].title, colour);
		for (i = 0; page->groups[g].rows[i].name; i++)
			row(out, &page->groups[g].rows[i], columns);
	}
	title(out, "Examples", colour);
	for (i = 0; i < ARRAY_SIZE(page->examples) && page->examples[i].command; i++) {
		buf_printf(out, "  %s\n      ", page->examples[i].command);
		opt_wrap(out, page->examples[i].what, columns, 6);
		buf_char(out, '\n');
	}
}

/* Edit distance with neighbours swapped as one step; words are short. */
static size_t distance(const char *a, const char *b)
{
	size_t la = strlen(a), lb = strlen(b);
	size_t row_of[3][34];
	size_t i, j;

	if (la > 32 || lb > 32)
		return 99;
	for (j = 0; j <= lb; j++)
		row_of[0][j] = j;
	for (i = 1; i <= la; i++) {
		size_t *now = row_of[i % 3], *last = row_of[(i + 2) % 3];
		size_t *older = row_of[(i + 1) % 3];

		now[0] = i;
		for (j = 1; j <= lb; j++) {
			size_t best = last[j - 1] + (a[i - 1] != b[j - 1]);

			if (last[j] + 1 < best)
				best = last[j] + 1;
			if (now[j - 1] + 1 < best)
				best = now[j - 1] + 1;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
				a[i - 2] == b[j - 1] && older[j - 2] + 1 < best)
				best = older[j - 2] + 1;
			now[j] = best;
		}
	}
	return row_of[la % 3][lb];
}

const char *opt_nearest(const char *word, const char *const *words, size_t n)
{
	size_t best = 99, limit = strlen(word) / 3 + 1;
	const char *found = NULL;
	size_t i;

	for (i = 0; i < n; i++) {
		size_t d = distance(word, words[i]);

		if (d < best) {
			best = d;
			found = words[i];
		}
	}
	return best <= limit ? found : NULL;
}
