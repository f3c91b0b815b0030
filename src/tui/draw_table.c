/* draw_table.c - the rows of each view; see draw.h */
#include "base/alloc.h"
#include "base/text.h"
#include "base/utf8.h"
#include "tui/draw.h"
#include "tui/term.h"

#include <stdio.h>
#include <string.h>

static double percent(const struct weight *w, double seconds)
{
	return seconds > 0 ? (double)w->ns / 1e7 / seconds : 0;
}

/* Nothing is nothing, not 0.0. */
static void put_percent(int row, int at, double v, enum term_ink ink)
{
	if (v >= 0.05)
		term_print(row, at, ink, v < 999.95 ? "%6.1f" : "%6.0f", v);
}

static enum term_ink ink_of(const struct place *p)
{
	if (p->flags & FUNC_MARK)
		return TERM_DIM;
	return top_is_mine(p) ? TERM_NAME : TERM_PLAIN;
}

/* "name ....... file:line" in the rest of a row. */
static void put_place(int row, int at, int columns, const struct place *p, bool lines)
{
	char where[16] = "";
	struct buf file = BUF_INIT;
	int room = columns - at, name, used;

	if (room < 10)
		return;
	if (p->line || p->first_line)
		snprintf(where, sizeof(where), ":%u",
			lines && p->line ? p->line : p->first_line);
	name = (int)utf8_columns(p->name, strlen(p->name));
	if (name > room * 55 / 100 && p->file[0])
		name = room * 55 / 100;
	term_put(row, at, ink_of(p), p->name, name, false);
	used = name + 2;
	if (p->file[0] && room - used > 12) {
		text_fit_end(&file, p->file, (size_t)(room - used) - strlen(where) - 1);
		term_print(row, at + used, TERM_DIM, "%s%s", file.data, where);
	}
	buf_release(&file);
}

/* ---- functions and lines ---- */

enum {
	AT_SELF = 3,
	AT_TOTAL = 10,
	AT_BAR = 17,
	AT_ALL_SELF = 20,
	AT_ALL_TOTAL = 27,
	AT_SECONDS = 34,
	AT_NAME = 44
};

enum top_sort draw_sort_at(const struct top *t, int column)
{
	if (t->sandwich || t->view > VIEW_LINES)
		return SORTS;
	if (column < AT_TOTAL)
		return SORT_SELF;
	if (column < AT_BAR)
		return SORT_TOTAL;
	if (column < AT_ALL_TOTAL)
		return SORT_ALL_SELF;
	if (column < AT_SECONDS)
		return SORT_ALL_TOTAL;
	return column >= AT_NAME ? SORT_NAME : SORTS;
}

static void head_table(const struct top *t, int row, int columns)
{
	static const struct {
		int at;
		enum top_sort sort;
		const char *text;
	} heads[] = {
		{ AT_SELF, SORT_SELF, "  SELF" },
		{ AT_TOTAL, SORT_TOTAL, " TOTAL" },
		{ AT_ALL_SELF, SORT_ALL_SELF, "  SELF" },
		{ AT_ALL_TOTAL, SORT_ALL_TOTAL, " TOTAL" },
		{ AT_SECONDS, SORTS, "     TIME" },
		{ AT_NAME, SORT_NAME, "FUNCTION" },
	};
	size_t i;

	term_put(row, 0, TERM_BAR, "", columns, true);
	for (i = 0; i < ARRAY_SIZE(heads); i++)
		term_put(row, heads[i].at,
			heads[i].sort == t->sort ? TERM_PICK : TERM_BAR, heads[i].text,
			columns, false);
	term_put(row, 1, TERM_BAR, "NOW", 3, false);
	term_put(row, AT_BAR, TERM_BAR,
		"\xe2\x94\x82"
		"ALL",
		4, false);
}

static void put_table_row(
	const struct top *t, const struct top_row *r, int row, int columns)
{
	char text[32];

	put_percent(row, AT_SELF, percent(&r->now_self, t->now_s), TERM_BOLD);
	put_percent(row, AT_TOTAL, percent(&r->now_total, t->now_s), TERM_PLAIN);
	put_percent(row, AT_ALL_SELF, percent(&r->all_self, t->all_s), TERM_PLAIN);
	put_percent(row, AT_ALL_TOTAL, percent(&r->all_total, t->all_s), TERM_PLAIN);
	term_put(row, AT_BAR, TERM_DIM, "\xe2\x94\x82", 1, false);
	if (r->all_self.ns)
		term_print(row, AT_SECONDS, TERM_PLAIN, "%9s",
			text_span(text, sizeof(text), (double)r->all_self.ns / 1e9));
	put_place(row, AT_NAME, columns, &r->place, t->view == VIEW_LINES);
}

/* ---- trees ---- */

static void head_tree(const struct top *t, int row, int columns)
{
	term_put(row, 0, TERM_BAR, "  TOTAL   SELF  FUNCTION", columns, true);
	if (t->sandwich) {
		term_put(row, 26, TERM_BAR, t->of_name, columns - 40, false);
		term_put(row, columns - 13, TERM_BAR, "Esc goes back", 13, false);
	}
}

static void put_tree_row(
	const struct top *t, const struct top_row *r, int row, int columns)
{
	int at = 16, step = columns >= 120 ? 2 : 1;
	int indent = (int)r->depth - 1;
	const char *sign = r->is_folded ? "+ " : "";

	if (r->is_heading) {
		term_put(row, 1, TERM_BOLD, r->place.name, columns - 2, false);
		return;
	}
	put_percent(row, 1, percent(&r->now_total, t->now_s), TERM_BOLD);
	put_percent(row, 8, percent(&r->now_self, t->now_s), TERM_PLAIN);
	if (indent < 0)
		indent = 0;
	/* a deep stack keeps two thirds of the row for its names */
	indent = indent * step;
	if (indent > columns / 3)
		indent = columns / 3;
	at += indent;
	at += term_print(row, at, TERM_WARN, "%s", sign);
	put_place(row, at, columns, &r->place, false);
}

/* ---- threads and processes ---- */

static void head_threads(int row, int columns)
{
	term_put(row, 0, TERM_BAR, "    CPU     GIL    WAIT    IDLE  THREAD", columns,
		true);
}

static void put_thread_row(const struct top_row *r, int row, int columns)
{
	put_percent(row, 1, r->cpu * 100, TERM_BOLD);
	put_percent(row, 9, r->gil * 100, TERM_GOOD);
	put_percent(
		row, 17, r->gil_wait * 100, r->gil_wait > 0.3 ? TERM_BAD : TERM_PLAIN);
	put_percent(row, 25, r->idle * 100, TERM_DIM);
	term_put(row, 33, TERM_PLAIN, r->place.name, columns - 33, false);
}

static void head_processes(int row, int columns)
{
	term_put(row, 0, TERM_BAR,
		"    PID     CPU     GIL    WAIT  THREADS       RSS   LOST  COMMAND",
		columns, true);
}

static void put_process_row(const struct top_row *r, int row, int columns)
{
	char text[32];

	term_print(row, 0, TERM_BOLD, "%7d", (int)r->pid);
	put_percent(row, 9, r->cpu * 100, TERM_BOLD);
	put_percent(row, 17, r->gil * 100, TERM_GOOD);
	put_percent(
		row, 25, r->gil_wait * 100, r->gil_wait > 0.5 ? TERM_BAD : TERM_PLAIN);
	term_print(row, 33, TERM_PLAIN, "%7llu %9s %6llu",
		(unsigned long long)r->n_threads,
		text_bytes(text, sizeof(text), (double)r->rss_bytes),
		(unsigned long long)r->n_lost);
	term_put(row, 59, TERM_PLAIN, r->place.name, columns - 59, false);
}

static void put_row(const struct top *t, const struct top_row *r, int row, int columns)
{
	if (t->sandwich || t->view == VIEW_TREE)
		put_tree_row(t, r, row, columns);
	else if (t->view == VIEW_THREADS)
		put_thread_row(r, row, columns);
	else if (t->view == VIEW_PROCESSES)
		put_process_row(r, row, columns);
	else
		put_table_row(t, r, row, columns);
}

void draw_rows(struct top *t, int row, int rows, int columns)
{
	size_t i;

	if (t->sandwich || t->view == VIEW_TREE)
		head_tree(t, row, columns);
	else if (t->view == VIEW_THREADS)
		head_threads(row, columns);
	else if (t->view == VIEW_PROCESSES)
		head_processes(row, columns);
	else
		head_table(t, row, columns);
	for (i = 0; i < (size_t)rows - 1 && t->scroll + i < t->n_rows; i++) {
		int at = row + 1 + (int)i;

		put_row(t, &t->rows[t->scroll + i], at, columns);
		if (t->scroll + i == t->picked)
			term_tint(at, TERM_PICK);
	}
	if (!t->n_rows)
		term_put(row + 2, 4, TERM_DIM,
			t->filter[0]     ? "nothing matches the filter"
			: t->states == 0 ? "nothing was on CPU; i shows other states"
					 : "nothing here",
			columns - 5, false);
}
