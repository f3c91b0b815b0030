/*
 * import_finish.c - from samples in any order to seconds of ticks and runs.
 *
 * Files keep a list per thread, or no times at all; a chunk wants one time column for the
 * whole process. So: counts become that many samples, all are sorted by time, and samples
 * of different threads that are nearer to each other than half the time they stand for
 * share a tick.
 */
#include "format/import.h"

#include "base/alloc.h"
#include "format/remap.h"
#include "prof/sink.h"

#include <stdlib.h>
#include <string.h>

static int by_time(const void *a, const void *b)
{
	const struct import_sample *x = a, *y = b;

	if (x->time_ns != y->time_ns)
		return x->time_ns < y->time_ns ? -1 : 1;
	return x->thread < y->thread ? -1 : x->thread > y->thread;
}

/* Counted samples become single ones. When there would be too many, each stands for
 * several: the time stays exact, the number of samples does not. */
static void expand_counts(struct import *im)
{
	struct import_sample *all = NULL;
	size_t i, n = 0, cap = 0;
	uint64_t total = 0, by = 1, k;

	for (i = 0; i < im->n_samples; i++) {
		if (__builtin_add_overflow(total, im->samples[i].count, &total))
			total = UINT64_MAX;
	}
	if (total == im->n_samples)
		return;
	if (total > IMPORT_MAX_SAMPLES) {
		by = total / (IMPORT_MAX_SAMPLES / 2) + 1;
		import_warn(im, "%llu samples: each one kept stands for %llu",
			(unsigned long long)total, (unsigned long long)by);
	}
	for (i = 0; i < im->n_samples; i++) {
		const struct import_sample *from = &im->samples[i];
		uint64_t count = from->count / by ? from->count / by : 1;
		int64_t begin = from->time_ns - (int64_t)from->weight_ns;

		GROW(all, cap, n + count);
		for (k = 0; k < count; k++) {
			struct import_sample *to = &all[n++];
			uint64_t done =
				(uint64_t)((__uint128_t)from->weight_ns * k / count);
			uint64_t end = (uint64_t)((__uint128_t)from->weight_ns * (k + 1) /
						  count);

			*to = *from;
			to->count = 1;
			to->weight_ns = end - done;
			to->time_ns = begin + (int64_t)end;
		}
	}
	free(im->samples);
	im->samples = all;
	im->n_samples = n;
	im->cap_samples = cap;
}

static void start_process(struct import *im, struct import_process *p, int64_t time_ns)
{
	p->series.start_ns = time_ns;
	if (!series_get(&p->series, "imported"))
		series_label(&p->series, "imported", im->name);
	im->sink->ops->series(im->sink, &p->series);
	p->open.series = p->series.id;
}

static void start_thread(struct import *im, struct import_thread *t, int64_t time_ns)
{
	t->info.series = im->processes[t->process].series.id;
	t->info.since_ns = time_ns;
	im->sink->ops->thread(im->sink, &t->info);
}

static void flush_second(struct import *im, struct remap *r)
{
	size_t i;

	for (i = 0; i < im->n_processes; i++) {
		struct import_process *p = &im->processes[i];

		if (!p->open.n_ticks)
			continue;
		p->open.symbols = r->to;
		im->sink->ops->chunk(im->sink, &p->open);
		chunk_clear(&p->open);
		p->open.series = p->series.id;
		memset(p->in_tick, 0, p->cap_in_tick * sizeof(*p->in_tick));
		memset(p->last_run, 0, p->cap_last_run * sizeof(*p->last_run));
	}
	remap_set(r, im->symbols, im->sink->ops->commit(im->sink));
}

static void fit_threads(struct import_process *p)
{
	size_t old_tick = p->cap_in_tick, old_run = p->cap_last_run;

	GROW(p->in_tick, p->cap_in_tick, p->n_threads);
	GROW(p->last_run, p->cap_last_run, p->n_threads);
	memset(p->in_tick + old_tick, 0,
		(p->cap_in_tick - old_tick) * sizeof(*p->in_tick));
	memset(p->last_run + old_run, 0,
		(p->cap_last_run - old_run) * sizeof(*p->last_run));
}

/* The tick for a sample: the last one when this thread is not in it yet and it is as
 * long and as good as at the same time, else a new one. */
static uint32_t tick_for(
	struct import_process *p, const struct import_sample *s, thread_id thread)
{
	struct chunk *c = &p->open;
	size_t last = c->n_ticks - 1;

	if (c->n_ticks && p->in_tick[thread] != c->n_ticks &&
		c->weight_ns[last] == s->weight_ns &&
		(uint64_t)(s->time_ns - c->time_ns[last]) <= s->weight_ns / 2)
		return (uint32_t)last;
	return chunk_tick(c, s->time_ns, s->weight_ns);
}

static void add(struct import *im, struct remap *r, const struct import_sample *s)
{
	struct import_thread *t = &im->threads[s->thread];
	struct import_process *p = &im->processes[t->process];
	thread_id thread = t->info.thread;
	struct run run = { .thread = thread, .state = s->state, .wait = s->wait };
	uint32_t tick;
	struct run *last;

	if (!p->series.id) {
		start_process(im, p, s->time_ns - (int64_t)s->weight_ns);
		fit_threads(p);
	}
	if (!t->info.series)
		start_thread(im, t, s->time_ns - (int64_t)s->weight_ns);
	tick = tick_for(p, s, thread);
	p->in_tick[thread] = (uint64_t)tick + 1;
	run.stack = remap_stack(r, s->stack);
	run.first_tick = tick;
	last = p->last_run[thread] ? &p->open.runs[p->last_run[thread] - 1] : NULL;
	if (last && last->stack == run.stack && last->state == run.state &&
		last->wait == run.wait && last->first_tick + last->n_ticks == tick) {
		last->n_ticks++;
		return;
	}
	run.n_ticks = 1;
	p->last_run[thread] = chunk_run(&p->open, &run) + 1;
}

static int metric_by_time(const void *a, const void *b)
{
	const struct import_metric *x = a, *y = b;

	return x->metric.time_ns < y->metric.time_ns
		       ? -1
		       : x->metric.time_ns > y->metric.time_ns;
}

/* The metrics of the second that ends here go into its chunks. A process without ticks in
 * it has none: metrics belong to chunks. */
static void add_metrics(struct import *im, size_t *next, int64_t until_ns)
{
	for (; *next < im->n_metrics; (*next)++) {
		const struct import_metric *m = &im->metrics[*next];
		struct import_process *p = &im->processes[m->process];

		if (m->metric.time_ns >= until_ns)
			return;
		if (p->open.n_ticks)
			chunk_metric(&p->open, &m->metric);
	}
}

static void give_events(struct import *im)
{
	size_t i;

	for (i = 0; i < im->n_events; i++) {
		struct import_event *e = &im->events[i];

		e->event.series = im->processes[e->process].series.id;
		if (e->event.series)
			im->sink->ops->event(im->sink, &e->event);
	}
}

static void set_clock(struct import *im)
{
	int64_t first, last, by;
	size_t i;

	if (im->absolute || !im->samples)
		return;
	first = last = im->samples[0].time_ns;
	for (i = 0; i < im->n_samples; i++) {
		int64_t t = im->samples[i].time_ns;

		first = t < first ? t : first;
		last = t > last ? t : last;
	}
	/* start_ns 0 never gets here: format_read() makes it "the end" as a negative */
	by = im->start_ns < 0 ? -im->start_ns - last : im->start_ns;
	for (i = 0; i < im->n_samples; i++)
		im->samples[i].time_ns += by;
	for (i = 0; i < im->n_metrics; i++)
		im->metrics[i].metric.time_ns += by;
	for (i = 0; i < im->n_events; i++)
		im->events[i].event.time_ns += by;
}

int import_finish(struct import *im, struct err *err)
{
	const int64_t second_ns = 1000000000;
	struct remap r = { .how = REMAP_PARTS };
	int64_t second = INT64_MIN;
	size_t i, metric = 0;

	if (!im->n_samples)
		return err_set(err, ERR_CORRUPT, "%s: no samples in it", im->name);
	if (im->n_dropped)
		import_warn(im, "kept the first %d samples; %llu more were dropped",
			IMPORT_MAX_SAMPLES, (unsigned long long)im->n_dropped);
	expand_counts(im);
	if (!im->samples)
		BUG("%s: the samples are gone", im->name);
	set_clock(im);
	qsort(im->samples, im->n_samples, sizeof(*im->samples), by_time);
	if (im->n_metrics)
		qsort(im->metrics, im->n_metrics, sizeof(*im->metrics), metric_by_time);
	remap_set(&r, im->symbols, im->sink->ops->symbols(im->sink));
	for (i = 0; i < im->n_samples; i++) {
		int64_t at = im->samples[i].time_ns / second_ns;

		if (at != second && second != INT64_MIN) {
			add_metrics(im, &metric, (second + 1) * second_ns);
			flush_second(im, &r);
		}
		second = at;
		add(im, &r, &im->samples[i]);
	}
	add_metrics(im, &metric, INT64_MAX);
	give_events(im);
	flush_second(im, &r);
	remap_release(&r);
	return 0;
}
