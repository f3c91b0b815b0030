/* keys.c - see keys.h */
#include "tui/keys.h"

#include "base/alloc.h"
#include "base/utf8.h"
#include "tui/draw.h"
#include "tui/term.h"

#include <stdio.h>
#include <string.h>

/* ---- the screen ---- */

static void go_to_view(struct top *t, enum top_view view)
{
	t->view = view;
	t->sandwich = false;
	t->picked = t->scroll = 0;
}

static unsigned next_view(struct top *t, unsigned key)
{
	int step = key == KEY_IS_BACKTAB ? VIEWS - 1 : 1;

	go_to_view(t, (enum top_view)(((int)t->view + step) % VIEWS));
	return EFFECT_ASK;
}

static unsigned number_view(struct top *t, unsigned key)
{
	if (key < '1' || key >= '1' + VIEWS)
		return EFFECT_NONE;
	go_to_view(t, (enum top_view)(key - '1'));
	return EFFECT_ASK;
}

static unsigned help(struct top *t, unsigned key)
{
	(void)key;
	t->help = true;
	return EFFECT_DRAW;
}

static unsigned quit(struct top *t, unsigned key)
{
	(void)t, (void)key;
	return EFFECT_QUIT;
}

/* ---- moving ---- */

static unsigned move(struct top *t, unsigned key)
{
	long page = (long)(t->page ? t->page : 1);

	switch (key) {
	case KEY_IS_UP:
	case 'k':
		top_move(t, -1);
		break;
	case KEY_IS_DOWN:
	case 'j':
		top_move(t, 1);
		break;
	case KEY_IS_PAGE_UP:
		top_move(t, -page);
		break;
	case KEY_IS_PAGE_DOWN:
		top_move(t, page);
		break;
	case KEY_IS_HOME:
		top_move(t, -(long)t->n_rows);
		break;
	case KEY_IS_END:
		top_move(t, (long)t->n_rows);
		break;
	case KEY_IS_WHEEL_UP:
		top_move(t, -3);
		break;
	case KEY_IS_WHEEL_DOWN:
		top_move(t, 3);
		break;
	default:
		return EFFECT_NONE;
	}
	return EFFECT_DRAW;
}

/* ---- what is asked ---- */

static unsigned sort(struct top *t, unsigned key)
{
	int step = key == 'S' ? SORTS - 1 : 1;

	t->sort = (enum top_sort)(((int)t->sort + step) % SORTS);
	return EFFECT_ROWS;
}

static unsigned start_filter(struct top *t, unsigned key)
{
	(void)key;
	t->typing = true;
	return EFFECT_DRAW;
}

static unsigned pause(struct top *t, unsigned key)
{
	(void)key;
	t->paused = !t->paused;
	return EFFECT_ASK;
}

static unsigned reset(struct top *t, unsigned key)
{
	(void)key;
	t->since_ns = t->until_ns;
	return EFFECT_ASK;
}

static unsigned window(struct top *t, unsigned key)
{
	if (key == '+' || key == '=' || key == KEY_IS_RIGHT) {
		if (t->window + 1 < top_n_windows)
			t->window++;
	} else if (t->window) {
		t->window--;
	}
	return EFFECT_ASK;
}

static unsigned states(struct top *t, unsigned key)
{
	size_t step = key == 'I' ? top_n_states - 1 : 1;

	t->states = (unsigned)((t->states + step) % top_n_states);
	return EFFECT_ASK;
}

static unsigned mine(struct top *t, unsigned key)
{
	(void)key;
	t->mine = !t->mine;
	return EFFECT_ASK;
}

static unsigned lines(struct top *t, unsigned key)
{
	(void)key;
	go_to_view(t, t->view == VIEW_LINES ? VIEW_FUNCTIONS : VIEW_LINES);
	return EFFECT_ASK;
}

/* ---- one row ---- */

static unsigned toggle_fold(struct top *t, const struct top_row *r)
{
	const struct tree *tree = &t->tree;
	uint64_t *folded = map_put(&t->folded, tree_path_hash(tree, r->node));

	*folded = !*folded;
	return EFFECT_ROWS;
}

static unsigned callers(struct top *t, unsigned key)
{
	const struct top_row *r = top_picked(t);

	(void)key;
	if (!r || r->is_heading || r->place.flags & FUNC_MARK ||
		(t->view > VIEW_TREE && !t->sandwich))
		return EFFECT_NONE;
	snprintf(t->of_name, sizeof(t->of_name), "%s", r->place.name);
	snprintf(t->of_file, sizeof(t->of_file), "%s", r->place.file);
	t->of_line = r->place.first_line;
	t->sandwich = true;
	t->picked = t->scroll = 0;
	return EFFECT_ASK;
}

/* "worker-1 (4243)": its number where there is one, for names may be shared. */
static void choose_thread(struct top *t, const char *name)
{
	const char *open = strrchr(name, '(');
	size_t len = open ? strspn(open + 1, "0123456789") : 0;

	if (len && open[1 + len] == ')')
		snprintf(t->thread, sizeof(t->thread), "%.*s", (int)len, open + 1);
	else
		snprintf(t->thread, sizeof(t->thread), "%s", name);
}

static unsigned enter(struct top *t, unsigned key)
{
	const struct top_row *r = top_picked(t);

	if (!r)
		return EFFECT_NONE;
	if (t->sandwich || t->view < VIEW_TREE)
		return callers(t, key);
	if (t->view == VIEW_TREE)
		return toggle_fold(t, r);
	if (t->view == VIEW_THREADS)
		choose_thread(t, r->place.name);
	else
		t->pid = r->pid;
	t->filter[0] = '\0';
	go_to_view(t, VIEW_FUNCTIONS);
	return EFFECT_ASK;
}

/* Out of the innermost thing that was entered. */
static unsigned back(struct top *t, unsigned key)
{
	(void)key;
	if (t->sandwich)
		t->sandwich = false;
	else if (t->filter[0])
		t->filter[0] = '\0';
	else if (t->thread[0])
		t->thread[0] = '\0';
	else if (t->pid)
		t->pid = 0;
	else
		return EFFECT_NONE;
	t->picked = t->scroll = 0;
	return EFFECT_ASK;
}

static unsigned click(struct top *t, unsigned key)
{
	int row, column;
	size_t at;

	term_mouse(&row, &column);
	if (row == DRAW_TAB_ROW && draw_tab_at(column) != VIEWS) {
		go_to_view(t, draw_tab_at(column));
		return EFFECT_ASK;
	}
	if (row == DRAW_HEAD_ROWS - 1 && draw_sort_at(t, column) != SORTS) {
		t->sort = draw_sort_at(t, column);
		return EFFECT_ROWS;
	}
	if (row < DRAW_HEAD_ROWS)
		return EFFECT_NONE;
	at = t->scroll + (size_t)(row - DRAW_HEAD_ROWS);
	if (at >= t->n_rows)
		return EFFECT_NONE;
	if (at == t->picked || key == KEY_IS_DOUBLE_CLICK)
		return enter(t, key);
	top_move(t, (long)at - (long)t->picked);
	return EFFECT_DRAW;
}

static unsigned redraw(struct top *t, unsigned key)
{
	(void)t, (void)key;
	return EFFECT_DRAW;
}

const struct top_key top_keys[] = {
	{ { '?' }, "?", "help", "this help", help },
	{ { 'q', KEY_IS_INTERRUPT }, "q", "quit", "leave", quit },
	{ { KEY_IS_TAB, KEY_IS_BACKTAB }, "Tab", "view",
		"functions, lines, tree, threads, processes; also 1 to 5", next_view },
	{ { 's', 'S' }, "s", "sort", "sort by the next column; S by the one before",
		sort },
	{ { '/' }, "/", "filter", "only names or files with this text, as you type",
		start_filter },
	{ { 'p', ' ' }, "p", "pause", "hold the picture still; sampling goes on", pause },
	{ { 'r' }, "r", "reset", "\"since the start\" begins now", reset },
	{ { '+', '=', KEY_IS_RIGHT }, "+", "", NULL, window },
	{ { '-', KEY_IS_LEFT }, "-/+", "window", "a shorter, or longer, \"now\"",
		window },
	{ { 'i', 'I' }, "i", "state",
		"on CPU, all, holds or waits for the GIL, blocked, collecting", states },
	{ { 'm' }, "m", "mine", "fold library code into yours", mine },
	{ { KEY_IS_ENTER }, "Enter", "open",
		"a function's callers; fold a branch; or only this thread", enter },
	{ { 'c' }, "c", "", "callers and callees of a function, also in the tree",
		callers },
	{ { KEY_IS_ESCAPE, KEY_IS_BACKSPACE }, "Esc", "", "back", back },
	{ { 'l' }, "l", "", "functions or lines", lines },
	{ { '1', '2', '3' }, "1-5", "", NULL, number_view },
	{ { '4', '5' }, "", "", NULL, number_view },
	{ { KEY_IS_UP, KEY_IS_DOWN }, "", "", NULL, move },
	{ { 'j', 'k' }, "", "", NULL, move },
	{ { KEY_IS_PAGE_UP, KEY_IS_PAGE_DOWN }, "", "", NULL, move },
	{ { KEY_IS_HOME, KEY_IS_END }, "", "", NULL, move },
	{ { KEY_IS_WHEEL_UP, KEY_IS_WHEEL_DOWN }, "", "", NULL, move },
	{ { KEY_IS_CLICK, KEY_IS_DOUBLE_CLICK }, "", "", NULL, click },
	{ { KEY_IS_RESIZE }, "", "", NULL, redraw },
};
const size_t top_n_keys = ARRAY_SIZE(top_keys);

/* The filter line is open: keys are text. */
static unsigned type(struct top *t, unsigned key)
{
	size_t len = strlen(t->filter);
	struct buf b = BUF_INIT;

	if (key == KEY_IS_INTERRUPT)
		return EFFECT_QUIT;
	if (key == KEY_IS_ENTER || key == KEY_IS_ESCAPE) {
		t->typing = false;
		if (key == KEY_IS_ESCAPE)
			t->filter[0] = '\0';
	} else if (key == KEY_IS_BACKSPACE) {
		while (len && (t->filter[len - 1] & 0xc0) == 0x80)
			len--;
		t->filter[len ? len - 1 : 0] = '\0';
	} else if (key >= ' ' && key < 0x110000) {
		utf8_put(&b, key);
		if (len + b.len < sizeof(t->filter))
			memcpy(t->filter + len, b.data, b.len + 1);
		buf_release(&b);
	} else {
		return EFFECT_DRAW;
	}
	t->picked = t->scroll = 0;
	return EFFECT_ROWS;
}

unsigned keys_press(struct top *t, unsigned key)
{
	size_t i, k;

	if (t->help && key != KEY_IS_INTERRUPT) {
		t->help = key == KEY_IS_RESIZE;
		return EFFECT_DRAW;
	}
	if (t->typing)
		return type(t, key);
	for (i = 0; i < top_n_keys; i++) {
		for (k = 0; k < ARRAY_SIZE(top_keys[i].key) && top_keys[i].key[k]; k++) {
			if (top_keys[i].key[k] == key)
				return top_keys[i].act(t, key);
		}
	}
	return EFFECT_NONE;
}
