/* model_gauges.c - CPU, GIL and memory of everything that is shown; see model.h */
#include "tui/model.h"

#include "base/alloc.h"
#include "base/clock.h"

#include <string.h>

struct sum_up {
	struct gauges *g;
	double cpu_ns, cpu_wall_ns; /* of the process that is being summed */
	series_id series;
	struct point whole; /* all points of one series joined */
	bool any;
};

/* One process is complete: add it to the gauges. */
static void finish(struct sum_up *s)
{
	const struct point *p = &s->whole;
	int i;

	if (!s->any)
		return;
	s->g->n_missed += p->missed;
	s->g->n_wanted += p->wanted;
	for (i = ST_OK + 1; i < STATUS_COUNT; i++)
		s->g->n_lost += p->n_lost[i];
	if (p->ticks_ns) {
		s->g->gil += (double)p->state_ns[2] / (double)p->ticks_ns;
		s->g->gil_wait += (double)p->state_ns[3] / (double)p->ticks_ns;
		s->g->gc += (double)p->state_ns[4] / (double)p->ticks_ns;
	}
	if (p->n_metrics > 1 && p->metric_last_ns > p->metric_first_ns)
		s->g->cpu += (double)(p->cpu_last_ns - p->cpu_first_ns) /
			     (double)(p->metric_last_ns - p->metric_first_ns);
	if (p->n_metrics) {
		s->g->rss_bytes += p->rss_sum / p->n_metrics;
		s->g->n_threads += p->threads_max;
	}
}

static int add_point(void *arg, const struct point *p)
{
	struct sum_up *s = arg;

	if (!s->any || s->whole.series != p->series) {
		finish(s);
		s->whole = *p;
		s->any = true;
		return 0;
	}
	point_add(&s->whole, p);
	return 0;
}

/* RSS of the last minute, a bucket a second, all processes together. */
static void ask_spark(struct top *t, const struct filter *f)
{
	struct timeline_options o = { .bucket_ns = NS_PER_SEC, .by_series = true };
	struct err ignored = ERR_INIT;
	struct timeline line = { 0 };
	struct filter wide = *f; /* borrows the words of f */
	size_t i, r;

	wide.from_ns = t->until_ns - SPARK * NS_PER_SEC;
	wide.until_ns = t->until_ns;
	if (timeline_query(&line, t->o->source, &wide, &o, &ignored) == 0) {
		size_t skip = line.n_buckets > SPARK ? line.n_buckets - SPARK : 0;

		t->gauges.n_spark = line.n_buckets - skip;
		for (i = skip; i < line.n_buckets; i++) {
			for (r = 0; r < line.n_rows; r++) {
				const struct point *p = &line.rows[r].points[i];

				if (p->n_metrics)
					t->gauges.spark[i - skip] +=
						p->rss_sum / p->n_metrics;
			}
		}
	}
	timeline_release(&line);
}

void top_ask_gauges(struct top *t, const struct filter *f)
{
	struct sum_up s = { .g = &t->gauges };
	struct err ignored = ERR_INIT;
	struct ask a = { 0 };
	struct filter plain = *f; /* borrows the words of f */

	memset(&t->gauges, 0, sizeof(t->gauges));
	/* CPU time is told ten times a second: below two seconds there is little of it */
	if (plain.until_ns - plain.from_ns < 2 * NS_PER_SEC)
		plain.from_ns = plain.until_ns - 2 * NS_PER_SEC;
	if (filter_ask(&plain, t->o->source, &a, &ignored) == 0) {
		t->o->source->ops->points(t->o->source, &a, add_point, &s, &ignored);
		finish(&s);
		ask_release(&a);
		filter_done(&a);
	}
	ask_spark(t, f);
}
