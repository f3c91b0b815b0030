/* model_rows.c - answers as lines on the screen, one way for each view; see model.h */
#include "base/alloc.h"
#include "base/clock.h"
#include "tui/model.h"

#include <stdio.h>
#include <string.h>

static struct top_row *add_row(struct top *t)
{
	GROW(t->rows, t->cap_rows, t->n_rows + 1);
	t->rows[t->n_rows] = (struct top_row){ .place = { "", "", "", 0, 0, 0 } };
	return &t->rows[t->n_rows++];
}

static bool passes(const struct top *t, const struct place *p)
{
	return !t->filter[0] || strcasestr(p->name, t->filter) ||
	       strcasestr(p->file, t->filter);
}

/* ---- functions and lines ---- */

static uint64_t hash_of_place(const struct place *p)
{
	uint64_t h = hash_bytes(p->name, strlen(p->name));

	h = hash_step(h, hash_bytes(p->file, strlen(p->file)));
	return hash_step(h, p->line ? p->line : p->first_line);
}

static int compare(const void *a, const void *b, void *arg)
{
	const struct top_row *x = a, *y = b;
	const struct top *t = arg;
	const struct weight *wx[] = { &x->now_self, &x->now_total, &x->all_self,
		&x->all_total };
	const struct weight *wy[] = { &y->now_self, &y->now_total, &y->all_self,
		&y->all_total };
	enum top_sort order[] = { t->sort, SORT_SELF, SORT_ALL_SELF, SORT_TOTAL };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(order) && order[i] != SORT_NAME; i++) {
		uint64_t u = wx[order[i]]->ns, v = wy[order[i]]->ns;

		if (u != v)
			return u > v ? -1 : 1;
	}
	return strcmp(x->place.name, y->place.name);
}

void rows_of_table(struct top *t)
{
	struct map index = MAP_INIT;
	size_t i;

	for (i = 0; i < t->all.n_rows; i++) {
		const struct flat_row *r = &t->all.rows[i];
		struct top_row *row;

		if (!passes(t, &r->place))
			continue;
		row = add_row(t);
		row->place = r->place;
		row->all_self = r->self;
		row->all_total = r->total;
		*map_put(&index, hash_of_place(&r->place)) = t->n_rows;
	}
	for (i = 0; i < t->now.n_rows; i++) {
		const struct flat_row *r = &t->now.rows[i];
		uint64_t *at = map_get(&index, hash_of_place(&r->place));
		struct top_row *row;

		if (!passes(t, &r->place))
			continue;
		row = at ? &t->rows[*at - 1] : add_row(t);
		row->place = r->place;
		row->now_self = r->self;
		row->now_total = r->total;
	}
	map_release(&index);
	if (t->n_rows)
		qsort_r(t->rows, t->n_rows, sizeof(*t->rows), compare, t);
}

/* ---- trees ---- */

/* Adds the nodes below `node`, without what is folded. Filtering a tree keeps a branch
 * when anything in it passes. */
static bool branch_passes(const struct top *t, const struct tree *tree, uint32_t node)
{
	uint32_t i, end = node + 1 + tree->nodes[node].n_below;

	for (i = node; i < end; i++) {
		if (passes(t, &tree->nodes[i].place))
			return true;
	}
	return false;
}

uint64_t tree_path_hash(const struct tree *tree, uint32_t node)
{
	uint64_t h = 1;

	for (; node; node = tree->nodes[node].parent)
		h = hash_step(h, hash_of_place(&tree->nodes[node].place));
	return h;
}

static void add_tree(
	struct top *t, const struct tree *tree, uint32_t root, bool with_root)
{
	uint32_t end = tree->n_nodes ? root + 1 + tree->nodes[root].n_below : 0;
	uint32_t i = with_root ? root : root + 1;

	while (i < end) {
		const struct tree_node *n = &tree->nodes[i];
		struct top_row *row;

		if (t->filter[0] && !branch_passes(t, tree, i)) {
			i += 1 + n->n_below;
			continue;
		}
		row = add_row(t);
		row->place = n->place;
		row->now_self = n->self;
		row->now_total = n->total;
		row->node = i;
		row->depth = n->depth;
		row->is_folded = n->n_below &&
				 map_get(&t->folded, tree_path_hash(tree, i)) &&
				 *map_get(&t->folded, tree_path_hash(tree, i));
		i += row->is_folded ? 1 + n->n_below : 1;
	}
}

void rows_of_tree(struct top *t)
{
	add_tree(t, &t->tree, 0, false);
}

static void add_heading(struct top *t, const char *text)
{
	struct top_row *row = add_row(t);

	row->is_heading = true;
	row->place.name = text;
}

void rows_of_callers(struct top *t)
{
	add_heading(t, "called by");
	if (t->callers.callers.n_nodes)
		add_tree(t, &t->callers.callers, 0, false);
	add_heading(t, "the function, and what it calls");
	if (t->callers.callees.n_nodes)
		add_tree(t, &t->callers.callees, 0, true);
}

/* ---- threads ---- */

struct share {
	unsigned flag;
	size_t offset; /* of the double in struct top_row */
};

static int by_cpu(const void *a, const void *b)
{
	const struct top_row *x = a, *y = b;

	if (x->cpu != y->cpu)
		return x->cpu > y->cpu ? -1 : 1;
	if (x->gil_wait != y->gil_wait)
		return x->gil_wait > y->gil_wait ? -1 : 1;
	if (x->series != y->series)
		return x->series < y->series ? -1 : 1;
	return (x->thread > y->thread) - (x->thread < y->thread);
}

/* The same query for each state; a thread is found again by series and number. */
void rows_of_threads(struct top *t)
{
	static const struct share shares[] = {
		{ 0, 0 },
		{ STATE_CPU, offsetof(struct top_row, cpu) },
		{ STATE_GIL, offsetof(struct top_row, gil) },
		{ STATE_GIL_WAIT, offsetof(struct top_row, gil_wait) },
		{ STATE_BLOCKED, offsetof(struct top_row, idle) },
	};
	struct flat_options fo = { .by = FLAT_THREAD, .max_rows = 1000 };
	struct err ignored = ERR_INIT;
	struct map index = MAP_INIT;
	struct arena *keep = &t->all.arena; /* lives as long as the rows */
	size_t k, i;

	for (k = 0; k < ARRAY_SIZE(shares); k++) {
		struct flat flat = { 0 };
		struct filter f;

		filter_init(&f);
		f.from_ns = t->until_ns - (int64_t)(t->now_s * 1e9);
		f.until_ns = t->until_ns;
		f.states = shares[k].flag;
		if (t->pid) {
			f.pids[0] = t->pid;
			f.n_pids = 1;
		}
		f.timeout_ns = NS_PER_SEC;
		if (flat_query(&flat, t->o->source, &f, &fo, &ignored) == 0) {
			for (i = 0; i < flat.n_rows; i++) {
				const struct flat_row *r = &flat.rows[i];
				uint64_t *at = map_put(
					&index, (uint64_t)r->series << 32 | r->thread);
				struct top_row *row;

				if (!passes(t, &r->place))
					continue;
				if (!*at) {
					row = add_row(t);
					row->place = r->place;
					row->place.name =
						arena_strdup(keep, r->place.name);
					row->place.file = row->place.module = "";
					row->series = r->series;
					row->thread = r->thread;
					*at = t->n_rows;
				}
				row = &t->rows[*at - 1];
				if (k == 0)
					row->now_total = r->total;
				else if (t->now_s > 0)
					*(double *)((char *)row + shares[k].offset) =
						(double)r->total.ns / 1e9 / t->now_s;
			}
		}
		flat_release(&flat);
		filter_release(&f);
	}
	map_release(&index);
	if (t->n_rows)
		qsort(t->rows, t->n_rows, sizeof(*t->rows), by_cpu);
}

/* ---- processes ---- */

static int add_process_point(void *arg, const struct point *p)
{
	struct top *t = arg;
	struct top_row *row = NULL;
	size_t i;
	int k;

	for (i = 0; i < t->n_rows && !row; i++) {
		if (t->rows[i].series == p->series)
			row = &t->rows[i];
	}
	if (!row)
		return 0;
	/* points of one series come in order: the last one wins where it is a level */
	if (p->ticks_ns) {
		row->now_total.ns += p->weight_ns;
		row->gil += (double)p->state_ns[2] / 1e9;
		row->gil_wait += (double)p->state_ns[3] / 1e9;
	}
	if (p->n_metrics) {
		row->rss_bytes = p->rss_sum / p->n_metrics;
		row->n_threads = p->threads_max;
		row->cpu += (double)(p->cpu_last_ns - p->cpu_first_ns) / 1e9;
		row->idle += (double)(p->metric_last_ns - p->metric_first_ns) / 1e9;
	}
	for (k = ST_OK + 1; k < STATUS_COUNT; k++)
		row->n_lost += p->n_lost[k];
	return 0;
}

/* Without the folder of the program. */
static const char *short_command(const char *command)
{
	const char *slash = memrchr(command, '/', strcspn(command, " "));

	return slash ? slash + 1 : command;
}

void rows_of_processes(struct top *t)
{
	struct err ignored = ERR_INIT;
	struct targets who = { 0 };
	struct ask a = { 0 };
	struct filter f;
	size_t i;

	filter_init(&f);
	f.from_ns = t->until_ns - (int64_t)(t->now_s * 1e9);
	f.until_ns = t->until_ns;
	if (targets_query(&who, t->o->source, &f, &ignored) == 0) {
		for (i = 0; i < who.n_targets; i++) {
			const char *command =
				series_get(&who.targets[i].series, "command");
			struct top_row *row = add_row(t);

			row->place.name = arena_strdup(
				&t->all.arena, short_command(command ? command : ""));
			row->series = who.targets[i].series.id;
			row->pid = who.targets[i].series.pid;
			if (!passes(t, &row->place))
				t->n_rows--;
		}
	}
	if (filter_ask(&f, t->o->source, &a, &ignored) == 0) {
		t->o->source->ops->points(
			t->o->source, &a, add_process_point, t, &ignored);
		ask_release(&a);
		filter_done(&a);
	}
	for (i = 0; i < t->n_rows; i++) {
		struct top_row *row = &t->rows[i];

		/* seconds so far; CPU over the time between its readings */
		row->cpu = row->idle > 0 ? row->cpu / row->idle : 0;
		row->gil = t->now_s > 0 ? row->gil / t->now_s : 0;
		row->gil_wait = t->now_s > 0 ? row->gil_wait / t->now_s : 0;
		row->idle = 0;
	}
	targets_release(&who);
	filter_release(&f);
	if (t->n_rows)
		qsort(t->rows, t->n_rows, sizeof(*t->rows), by_cpu);
}
