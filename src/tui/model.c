/* model.c - asks for what top shows; see model.h */
#include "tui/model.h"

#include "base/alloc.h"
#include "base/clock.h"

#include <stdio.h>
#include <string.h>

enum { MAX_ROWS = 1000, MAX_NODES = 2000, QUERY_LIMIT_S = 2 };

const struct top_window top_windows[] = {
	{ 1, "1 s" },
	{ 2, "2 s" },
	{ 5, "5 s" },
	{ 10, "10 s" },
	{ 30, "30 s" },
	{ 60, "1 min" },
	{ 300, "5 min" },
	{ 0, "all" },
};
const size_t top_n_windows = ARRAY_SIZE(top_windows);

const struct top_state top_states[] = {
	{ STATE_CPU, "on CPU" },
	{ 0, "all states" },
	{ STATE_GIL, "holding the GIL" },
	{ STATE_GIL_WAIT, "waiting for the GIL" },
	{ STATE_BLOCKED, "blocked" },
	{ STATE_GC, "collecting garbage" },
};
const size_t top_n_states = ARRAY_SIZE(top_states);

const char *const top_view_names[VIEWS] = {
	[VIEW_FUNCTIONS] = "functions",
	[VIEW_LINES] = "lines",
	[VIEW_TREE] = "tree",
	[VIEW_THREADS] = "threads",
	[VIEW_PROCESSES] = "processes",
};
const char *const top_sort_names[SORTS] = {
	[SORT_SELF] = "self now",
	[SORT_TOTAL] = "total now",
	[SORT_ALL_SELF] = "self since start",
	[SORT_ALL_TOTAL] = "total since start",
	[SORT_NAME] = "name",
};

void top_init(struct top *t, const struct top_options *o)
{
	size_t i;

	*t = (struct top){ .o = o, .mine = o->mine };
	t->since_ns = t->until_ns = clock_wall_ns();
	for (i = 0; i + 1 < top_n_windows && top_windows[i].seconds < o->window_s; i++)
		t->window++;
}

static void release_answers(struct top *t)
{
	flat_release(&t->now);
	flat_release(&t->all);
	tree_release(&t->tree);
	callers_release(&t->callers);
	t->now = t->all = (struct flat){ 0 };
	t->tree = (struct tree){ 0 };
	t->callers = (struct callers){ 0 };
}

void top_release(struct top *t)
{
	release_answers(t);
	map_release(&t->folded);
	free(t->rows);
	*t = (struct top){ 0 };
}

bool top_is_mine(const struct place *p)
{
	return !(p->flags & (FUNC_LIBRARY | FUNC_NATIVE | FUNC_MARK | FUNC_TASK)) &&
	       p->file[0];
}

/* The choices as a filter over [from, until of the picture). */
static int make_filter(
	const struct top *t, struct filter *f, int64_t from_ns, struct err *err)
{
	filter_init(f);
	f->from_ns = from_ns;
	f->until_ns = t->until_ns;
	f->states = top_states[t->states].flags;
	f->mine = t->mine;
	f->timeout_ns = QUERY_LIMIT_S * NS_PER_SEC;
	if (t->pid) {
		f->pids[0] = t->pid;
		f->n_pids = 1;
	}
	if (t->thread[0])
		return filter_set(f, "thread", t->thread, NULL, err);
	return 0;
}

static int ask_tables(
	struct top *t, struct filter *now, struct filter *all, struct err *err)
{
	struct flat_options fo = { .max_rows = MAX_ROWS };

	fo.by = t->view == VIEW_LINES ? FLAT_LINE : FLAT_FUNCTION;
	if (t->view == VIEW_THREADS)
		fo.by = FLAT_THREAD;
	if (flat_query(&t->now, t->o->source, now, &fo, err) < 0)
		return -1;
	return flat_query(&t->all, t->o->source, all, &fo, err);
}

static int ask_view(
	struct top *t, struct filter *now, struct filter *all, struct err *err)
{
	struct tree_options to = { .max_nodes = MAX_NODES, .order = TREE_BY_WEIGHT };
	struct callers_of of = { t->of_name, t->of_file[0] ? t->of_file : NULL,
		t->of_line };

	if (t->sandwich)
		return callers_query(&t->callers, t->o->source, now, &of, &to, err);
	switch (t->view) {
	case VIEW_TREE:
		return tree_query(&t->tree, t->o->source, now, &to, err);
	case VIEW_PROCESSES:
		return 0; /* asks points itself */
	default:
		return ask_tables(t, now, all, err);
	}
}

void top_ask(struct top *t)
{
	struct err err = ERR_INIT;
	double seconds = top_windows[t->window].seconds;
	int64_t first = 0, last = 0, from;
	struct filter now, all;

	release_answers(t);
	t->problem[0] = '\0';
	if (t->o->source->ops->range(t->o->source, &first, &last, &err) == 0 && last &&
		!t->paused)
		t->until_ns = last;
	from = seconds > 0 ? t->until_ns - (int64_t)(seconds * 1e9) : t->since_ns;
	if (from < t->since_ns)
		from = t->since_ns;
	if (from < first)
		from = first;
	t->now_s = (double)(t->until_ns - from) / 1e9;
	t->all_s =
		(double)(t->until_ns - (t->since_ns > first ? t->since_ns : first)) / 1e9;
	if (make_filter(t, &now, from, &err) < 0 ||
		make_filter(t, &all, t->since_ns, &err) < 0 || t->until_ns <= from ||
		ask_view(t, &now, &all, &err) < 0)
		snprintf(t->problem, sizeof(t->problem), "%.150s", err.msg);
	else
		top_ask_gauges(t, &now);
	filter_release(&now);
	filter_release(&all);
	top_make_rows(t);
}

const struct top_row *top_picked(const struct top *t)
{
	return t->picked < t->n_rows ? &t->rows[t->picked] : NULL;
}

static void key_of(const struct top_row *r, char *key, size_t size)
{
	snprintf(key, size, "%u %u %u %s %s", r->series, r->thread,
		r->place.line ? r->place.line : r->place.first_line, r->place.name,
		r->place.file);
}

/* The choice stays with its function, unless it is the first row: that is "the top". */
static void find_picked(struct top *t)
{
	char key[sizeof(t->picked_key)];
	size_t i;

	if (!t->picked || t->view == VIEW_TREE || t->sandwich)
		return;
	for (i = 0; i < t->n_rows; i++) {
		key_of(&t->rows[i], key, sizeof(key));
		if (!strcmp(key, t->picked_key)) {
			t->picked = i;
			return;
		}
	}
}

void top_move(struct top *t, long by)
{
	const struct top_row *r;
	long to = (long)t->picked + by;

	if (to >= (long)t->n_rows)
		to = (long)t->n_rows - 1;
	if (to < 0)
		to = 0;
	t->picked = (size_t)to;
	if (t->picked < t->scroll)
		t->scroll = t->picked;
	if (t->page && t->picked >= t->scroll + t->page)
		t->scroll = t->picked - t->page + 1;
	if (t->page && t->scroll + t->page > t->n_rows)
		t->scroll = t->n_rows > t->page ? t->n_rows - t->page : 0;
	r = top_picked(t);
	if (r)
		key_of(r, t->picked_key, sizeof(t->picked_key));
}

void top_make_rows(struct top *t)
{
	static void (*const make[VIEWS])(struct top *) = {
		[VIEW_FUNCTIONS] = rows_of_table,
		[VIEW_LINES] = rows_of_table,
		[VIEW_TREE] = rows_of_tree,
		[VIEW_THREADS] = rows_of_threads,
		[VIEW_PROCESSES] = rows_of_processes,
	};

	t->n_rows = 0;
	if (t->sandwich)
		rows_of_callers(t);
	else
		make[t->view](t);
	find_picked(t);
	top_move(t, 0);
}
