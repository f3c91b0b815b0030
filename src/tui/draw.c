/* draw.c - see draw.h */
#include "tui/draw.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/text.h"
#include "base/utf8.h"
#include "tui/keys.h"
#include "tui/term.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

/* Eighths of a column, so that small shares show. */
static void bar(struct buf *b, double share, size_t columns)
{
	static const char *const parts[] = { " ", "\xe2\x96\x8f", "\xe2\x96\x8e",
		"\xe2\x96\x8d", "\xe2\x96\x8c", "\xe2\x96\x8b", "\xe2\x96\x8a",
		"\xe2\x96\x89", "\xe2\x96\x88" };
	double eighths = (share > 1 ? 1 : share < 0 ? 0 : share) * 8 * (double)columns;
	size_t i;

	for (i = 0; i < columns; i++) {
		double left = eighths - 8 * (double)i;

		buf_str(b, parts[left >= 8 ? 8 : left <= 0 ? 0 : (int)left]);
	}
}

static void draw_title(const struct top *t, int columns)
{
	struct sampler_stats st;
	char right[80], who[24], rate[24] = "", clock[16];
	time_t now = time(NULL);
	struct tm tm;
	int width;

	sampler_stats(t->o->sampler, &st);
	localtime_r(&now, &tm);
	strftime(clock, sizeof(clock), "%H:%M:%S", &tm);
	if (st.targets)
		snprintf(who, sizeof(who), "%u process%s", st.targets,
			st.targets == 1 ? "" : "es");
	else
		snprintf(who, sizeof(who), "%s", st.targets_seen ? "ended" : "starting");
	if (t->o->rate_hz > 0)
		snprintf(rate, sizeof(rate), "  %g Hz", t->o->rate_hz);
	snprintf(right, sizeof(right), "%s%s  %s ", who, rate, clock);
	term_put(0, 0, TERM_BAR, "", columns, true);
	width = columns - (int)strlen(right) - 2;
	term_print(0, 1, TERM_BAR, "pystrobe");
	if (width > 20)
		term_put(0, 11, TERM_BAR, t->o->title, width - 11, false);
	term_put(0, columns - (int)strlen(right), TERM_BAR, right, (int)strlen(right),
		false);
}

static int gauge(int row, int at, const char *name, double share, double full,
	enum term_ink ink, int width)
{
	struct buf b = BUF_INIT;

	at += term_print(row, at, TERM_BOLD, "%s ", name);
	at += term_print(row, at, ink, "%3.0f%% ", share * 100);
	bar(&b, full > 0 ? share / full : 0, (size_t)width);
	term_put(row, at, ink, b.data ? b.data : "", width, true);
	buf_release(&b);
	return at + width + 2;
}

static void draw_gauges(const struct top *t, int columns)
{
	const struct gauges *g = &t->gauges;
	int width = columns >= 120 ? 20 : columns >= 100 ? 12 : 6;
	double cores = g->cpu > 1 ? g->cpu : 1;
	int at = 1;

	at = gauge(
		1, at, "CPU", g->cpu, cores, g->cpu > 0.9 ? TERM_WARN : TERM_GOOD, width);
	at = gauge(1, at, "GIL", g->gil, 1, g->gil > 0.9 ? TERM_WARN : TERM_GOOD, width);
	at = gauge(1, at, "wait", g->gil_wait, g->gil_wait > 1 ? g->gil_wait : 1,
		g->gil_wait > 0.5 ? TERM_BAD : TERM_GOOD, width);
	at += term_print(1, at, TERM_BOLD, "GC ");
	at += term_print(
		1, at, g->gc > 0.1 ? TERM_BAD : TERM_PLAIN, "%2.0f%%  ", g->gc * 100);
	at += term_print(1, at, TERM_BOLD, "threads ");
	term_print(1, at, TERM_PLAIN, "%llu", (unsigned long long)g->n_threads);
}

/* Scaled between the least and the most of the minute: what matters is the change. */
static void spark(struct buf *b, const struct gauges *g, size_t columns)
{
	static const char *const levels[] = { "\xe2\x96\x81", "\xe2\x96\x82",
		"\xe2\x96\x83", "\xe2\x96\x84", "\xe2\x96\x85", "\xe2\x96\x86",
		"\xe2\x96\x87", "\xe2\x96\x88" };
	uint64_t least = UINT64_MAX, most = 0;
	size_t i, skip = g->n_spark > columns ? g->n_spark - columns : 0;

	for (i = skip; i < g->n_spark; i++) {
		if (!g->spark[i])
			continue;
		least = g->spark[i] < least ? g->spark[i] : least;
		most = g->spark[i] > most ? g->spark[i] : most;
	}
	/* noise of less than a thirtieth is drawn flat */
	if (most && most - least < most / 30)
		least = most - most / 30;
	for (i = skip; i < g->n_spark; i++) {
		size_t level = 0;

		if (most > least && g->spark[i] > least)
			level = (size_t)((g->spark[i] - least) * 7 / (most - least));
		buf_str(b, g->spark[i] ? levels[level] : " ");
	}
}

static void draw_memory(const struct top *t, int columns)
{
	const struct gauges *g = &t->gauges;
	int room = columns - 60 < 20 ? 20 : columns - 60;
	struct buf b = BUF_INIT;
	char text[32];
	int at = 1;

	at += term_print(2, at, TERM_BOLD, "RSS ");
	at += term_print(2, at, TERM_PLAIN, "%-9s ",
		text_bytes(text, sizeof(text), (double)g->rss_bytes));
	if (room > SPARK)
		room = SPARK;
	spark(&b, g, (size_t)room);
	term_put(2, at, TERM_GOOD, b.data ? b.data : "", room, true);
	at += room + 2;
	if (g->n_missed || g->n_lost)
		term_print(2, at, TERM_WARN, "missed %llu of %llu ticks, lost %llu",
			(unsigned long long)g->n_missed, (unsigned long long)g->n_wanted,
			(unsigned long long)g->n_lost);
	else if (columns - at > 14)
		term_print(2, at, TERM_DIM, "nothing lost");
	buf_release(&b);
}

enum top_view draw_tab_at(int column)
{
	int at = 1;
	int i;

	for (i = 0; i < VIEWS; i++) {
		int width = (int)strlen(top_view_names[i]) + 3;

		if (column >= at && column < at + width)
			return (enum top_view)i;
		at += width;
	}
	return VIEWS;
}

static void draw_tabs(const struct top *t, int columns)
{
	char text[500];
	int at = 1, i;

	for (i = 0; i < VIEWS; i++) {
		bool on = i == (int)t->view && !t->sandwich;

		at += term_print(DRAW_TAB_ROW, at, on ? TERM_PICK : TERM_DIM, " %d %s",
			i + 1, top_view_names[i]);
	}
	/* what is cut in a narrow window is what changes least */
	snprintf(text, sizeof(text), "%s%s%s%s%s%s%s%s%s%s, last %s",
		t->paused ? "PAUSED, " : "", t->filter[0] ? "/" : "", t->filter,
		t->filter[0] ? ", " : "", t->thread[0] ? "thread " : "", t->thread,
		t->thread[0] ? ", " : "", t->pid ? "one process, " : "",
		t->mine ? "mine, " : "", top_states[t->states].name,
		top_windows[t->window].name);
	if (columns - at - 2 > 10) {
		struct buf b = BUF_INIT;
		int width;

		text_fit(&b, text, (size_t)(columns - at - 2));
		width = (int)utf8_columns(b.data, b.len);
		term_put(DRAW_TAB_ROW, columns - width - 1,
			t->paused || t->filter[0] ? TERM_WARN : TERM_BOLD, b.data, width,
			false);
		buf_release(&b);
	}
}

/* Keys as far as they fit; or the filter that is being typed; or what went wrong. */
static void draw_bottom(const struct top *t, int row, int columns)
{
	size_t i;
	int at = 0;

	if (t->typing) {
		term_put(row, 0, TERM_BAR, "", columns, true);
		at = term_print(row, 1, TERM_BAR, "filter: %s_", t->filter);
		term_put(row, at + 3, TERM_BAR, "Enter keeps it, Esc clears it",
			columns - at - 4, false);
		return;
	}
	if (t->problem[0]) {
		term_put(row, 0, TERM_BAD, t->problem, columns, true);
		return;
	}
	for (i = 0; i < top_n_keys; i++) {
		const struct top_key *k = &top_keys[i];
		int width = (int)(strlen(k->shown) + strlen(k->label)) + 2;

		if (!k->label[0] || at + width > columns)
			continue;
		at += term_print(row, at, TERM_KEY, "%s", k->shown);
		at += term_print(row, at, TERM_PLAIN, " %s ", k->label);
	}
}

static void draw_help(int rows, int columns)
{
	static const char *const notes[] = {
		"NOW is the window, ALL since the start, TIME the self time since then.",
		"100% is one thread busy for the whole time. SELF is the function alone,",
		"TOTAL with all it calls. \"on CPU\" counts waiting for a free core, "
		"too.",
		"The mouse picks rows, tabs and the column to sort by; the wheel "
		"scrolls.",
	};
	size_t i;
	int row = 1;

	term_put(0, 0, TERM_BAR, " Keys", columns, true);
	for (i = 0; i < top_n_keys && row < rows - 1; i++) {
		if (!top_keys[i].help)
			continue;
		term_put(row, 2, TERM_NAME, top_keys[i].shown, 14, false);
		term_put(row++, 17, TERM_PLAIN, top_keys[i].help, columns - 18, false);
	}
	row++;
	for (i = 0; i < ARRAY_SIZE(notes) && row < rows - 1; i++)
		term_put(row++, 2, TERM_DIM, notes[i], columns - 3, false);
	term_put(rows - 1, 0, TERM_BAR, " any key goes back", columns, true);
}

void draw_all(struct top *t)
{
	int rows, columns;

	term_size(&rows, &columns);
	term_begin();
	if (t->help) {
		draw_help(rows, columns);
	} else if (rows < DRAW_HEAD_ROWS + 3 || columns < 40) {
		term_put(0, 0, TERM_WARN, "the window is too small", columns, false);
	} else {
		t->page = (size_t)(rows - DRAW_HEAD_ROWS - 1);
		top_move(t, 0);
		draw_title(t, columns);
		draw_gauges(t, columns);
		draw_memory(t, columns);
		draw_tabs(t, columns);
		draw_rows(t, DRAW_HEAD_ROWS - 1, rows - DRAW_HEAD_ROWS, columns);
		draw_bottom(t, rows - 1, columns);
	}
	term_end();
}
