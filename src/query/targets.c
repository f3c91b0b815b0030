/* targets.c - who was there: targets_query of series.h */
#include "query/series.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/map.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_EVENTS = 10 * 1000, MAX_TARGETS = 20 * 1000 };

struct gathering {
	struct targets *t;
	size_t cap_targets, cap_events;
	struct map index; /* series -> target + 1 */
	struct ask *ask;
	struct err *err;
};

static int take_series(void *arg, const struct series *s)
{
	struct gathering *g = arg;
	struct targets *t = g->t;
	struct target *to;
	size_t i;

	if (t->n_targets >= MAX_TARGETS) {
		err_set(g->err, ERR_LIMIT, "more than %d processes", MAX_TARGETS);
		return err_hint(g->err, "ask for a shorter range, or choose by label");
	}
	GROW(t->targets, g->cap_targets, t->n_targets + 1);
	to = &t->targets[t->n_targets];
	*to = (struct target){ .first_ns = INT64_MAX };
	to->series.id = s->id;
	to->series.pid = s->pid;
	to->series.start_ns = s->start_ns;
	to->series.n_labels = s->n_labels;
	to->series.labels =
		arena_alloc(&t->arena, (s->n_labels + 1) * sizeof(*to->series.labels));
	for (i = 0; i < s->n_labels; i++) {
		to->series.labels[i].key = arena_strdup(&t->arena, s->labels[i].key);
		to->series.labels[i].value = arena_strdup(&t->arena, s->labels[i].value);
	}
	*map_put(&g->index, s->id) = ++t->n_targets;
	return 0;
}

static struct target *target_of(struct gathering *g, series_id series)
{
	uint64_t *at = map_get(&g->index, series);

	return at ? &g->t->targets[*at - 1] : NULL;
}

static int take_thread(void *arg, const struct thread_info *info)
{
	struct gathering *g = arg;
	struct target *to = target_of(g, info->series);
	struct thread_info *wider;
	size_t i;

	if (!to)
		return 0;
	for (i = 0; i < to->n_threads; i++) {
		if (to->threads[i].thread == info->thread) {
			to->threads[i] = *info;
			return 0;
		}
	}
	if (!(to->n_threads & (to->n_threads - 1))) {
		size_t n = to->n_threads ? to->n_threads * 2 : 1;

		wider = arena_alloc(&g->t->arena, n * sizeof(*wider));
		if (to->n_threads)
			memcpy(wider, to->threads, to->n_threads * sizeof(*wider));
		to->threads = wider;
	}
	to->threads[to->n_threads++] = *info;
	return 0;
}

static int take_event(void *arg, const struct event *e)
{
	struct gathering *g = arg;
	struct target *to = target_of(g, e->series);
	struct targets *t = g->t;

	if (to && (e->kind == EVENT_EXIT || e->kind == EVENT_DETACH))
		to->has_ended = true;
	GROW(t->events, g->cap_events, t->n_events + 1);
	t->events[t->n_events++] = *e;
	return 0;
}

static int take_point(void *arg, const struct point *p)
{
	struct gathering *g = arg;
	struct target *to = target_of(g, p->series);

	if (ask_check(g->ask, g->err) < 0)
		return -1;
	if (!to)
		return 0;
	if (p->from_ns < to->first_ns)
		to->first_ns = p->from_ns;
	if (p->until_ns > to->last_ns)
		to->last_ns = p->until_ns;
	return 0;
}

static int newest_first(const void *a, const void *b)
{
	const struct target *x = a, *y = b;

	if (x->last_ns != y->last_ns)
		return x->last_ns > y->last_ns ? -1 : 1;
	return x->series.id > y->series.id ? -1 : 1;
}

static int by_time(const void *a, const void *b)
{
	const struct event *x = a, *y = b;

	return x->time_ns < y->time_ns ? -1 : x->time_ns > y->time_ns;
}

int targets_query(
	struct targets *t, struct source *s, const struct filter *f, struct err *err)
{
	struct gathering g = { .t = t, .err = err };
	struct ask a;
	size_t i;
	int ret = -1;

	*t = (struct targets){ 0 };
	if (filter_ask(f, s, &a, err) < 0)
		return -1;
	g.ask = &a;
	if (s->ops->series(s, &a, take_series, &g, err) != 0 ||
		s->ops->threads(s, &a, take_thread, &g, err) != 0 ||
		s->ops->events(s, &a, take_event, &g, err) != 0 ||
		s->ops->points(s, &a, take_point, &g, err) != 0)
		goto out;
	for (i = 0; i < t->n_targets; i++) {
		if (t->targets[i].last_ns == 0)
			t->targets[i].first_ns = 0;
	}
	if (t->n_targets)
		qsort(t->targets, t->n_targets, sizeof(*t->targets), newest_first);
	if (t->n_events)
		qsort(t->events, t->n_events, sizeof(*t->events), by_time);
	if (t->n_events > MAX_EVENTS) {
		memmove(t->events, t->events + t->n_events - MAX_EVENTS,
			MAX_EVENTS * sizeof(*t->events));
		t->n_events = MAX_EVENTS;
	}
	ret = 0;
out:
	map_release(&g.index);
	filter_done(&a);
	if (ret)
		targets_release(t);
	return ret;
}

void targets_release(struct targets *t)
{
	free(t->targets);
	free(t->events);
	arena_release(&t->arena);
	*t = (struct targets){ 0 };
}
