/* source.c - see source.h */
#include "prof/source.h"

#include "base/alloc.h"
#include "base/clock.h"

#include <string.h>

void ask_pin(struct ask *a, void (*drop)(void *), void *what)
{
	struct pin *p = xmalloc(sizeof(*p));

	*p = (struct pin){ a->pins, drop, what };
	a->pins = p;
}

void ask_release(struct ask *a)
{
	while (a->pins) {
		struct pin *p = a->pins;

		a->pins = p->next;
		p->drop(p->what);
		free(p);
	}
}

int ask_check(const struct ask *a, struct err *err)
{
	if (a->cancel && atomic_load_explicit(a->cancel, memory_order_relaxed))
		return err_set(err, ERR_CANCELLED, "the query was cancelled");
	if (a->deadline_ns && clock_mono_ns() > a->deadline_ns) {
		err_set(err, ERR_LIMIT, "the query took longer than it may");
		return err_hint(err, "ask for a shorter range, or allow it more time");
	}
	return 0;
}

bool ask_wants(const struct ask *a, series_id series)
{
	size_t low = 0, high = a->n_series;

	if (!a->series)
		return true;
	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (a->series[mid] < series)
			low = mid + 1;
		else
			high = mid;
	}
	return low < a->n_series && a->series[low] == series;
}

bool ask_wants_event(const struct ask *a, const struct event *e)
{
	return e->time_ns >= a->from_ns && e->time_ns < a->until_ns &&
	       (!e->series || ask_wants(a, e->series));
}

void point_init(struct point *p, series_id series, int64_t from_ns, int64_t until_ns)
{
	*p = (struct point){ .series = series, .from_ns = from_ns, .until_ns = until_ns };
}

static uint64_t max_u64(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static void add_metrics(struct point *a, const struct point *b)
{
	if (!b->n_metrics)
		return;
	if (!a->n_metrics) {
		a->cpu_first_ns = b->cpu_first_ns;
		a->metric_first_ns = b->metric_first_ns;
		a->voluntary_first = b->voluntary_first;
		a->involuntary_first = b->involuntary_first;
	}
	a->n_metrics += b->n_metrics;
	a->rss_sum += b->rss_sum;
	a->rss_max = max_u64(a->rss_max, b->rss_max);
	a->threads_max = max_u64(a->threads_max, b->threads_max);
	a->cpu_last_ns = b->cpu_last_ns;
	a->metric_last_ns = b->metric_last_ns;
	a->voluntary_last = b->voluntary_last;
	a->involuntary_last = b->involuntary_last;
}

void point_add(struct point *a, const struct point *b)
{
	size_t i;

	a->n_ticks += b->n_ticks;
	a->n_samples += b->n_samples;
	a->ticks_ns += b->ticks_ns;
	a->weight_ns += b->weight_ns;
	for (i = 0; i < STATE_BITS; i++)
		a->state_ns[i] += b->state_ns[i];
	a->wanted += b->wanted;
	a->missed += b->missed;
	a->late_ns_sum += b->late_ns_sum;
	a->late_ns_max = max_u64(a->late_ns_max, b->late_ns_max);
	a->read_ns += b->read_ns;
	a->n_cut += b->n_cut;
	a->n_repaired += b->n_repaired;
	for (i = 0; i < STATUS_COUNT; i++)
		a->n_lost[i] += b->n_lost[i];
	add_metrics(a, b);
}

static void add_stats(struct point *p, const struct chunk_stats *s)
{
	size_t i;

	p->wanted += s->ticks_wanted;
	p->missed += s->ticks_missed;
	p->late_ns_sum += s->late_ns_sum;
	p->late_ns_max = max_u64(p->late_ns_max, s->late_ns_max);
	p->read_ns += s->read_ns;
	p->n_cut += s->n_cut;
	p->n_repaired += s->n_repaired;
	for (i = 0; i < STATUS_COUNT; i++)
		p->n_lost[i] += s->n_lost[i];
}

static void add_runs(struct point *p, const struct chunk *c)
{
	size_t i, k;

	for (i = 0; i < c->n_runs; i++) {
		const struct run *r = &c->runs[i];
		uint64_t ns = 0;

		for (k = r->first_tick; k < (size_t)r->first_tick + r->n_ticks; k++) {
			if (c->time_ns[k] < p->from_ns || c->time_ns[k] >= p->until_ns)
				continue;
			ns += c->weight_ns[k];
			p->n_samples++;
		}
		p->weight_ns += ns;
		for (k = 0; k < STATE_BITS; k++) {
			if (r->state >> k & 1)
				p->state_ns[k] += ns;
		}
	}
}

static void add_metric(struct point *p, const struct metric *m)
{
	const struct point one = {
		.n_metrics = 1,
		.rss_sum = m->rss_bytes,
		.rss_max = m->rss_bytes,
		.threads_max = m->n_threads,
		.cpu_first_ns = m->cpu_ns,
		.cpu_last_ns = m->cpu_ns,
		.metric_first_ns = m->time_ns,
		.metric_last_ns = m->time_ns,
		.voluntary_first = m->n_voluntary,
		.voluntary_last = m->n_voluntary,
		.involuntary_first = m->n_involuntary,
		.involuntary_last = m->n_involuntary,
	};

	add_metrics(p, &one);
}

void point_add_chunk(struct point *p, const struct chunk *c)
{
	size_t i;

	for (i = 0; i < c->n_ticks; i++) {
		if (c->time_ns[i] < p->from_ns || c->time_ns[i] >= p->until_ns)
			continue;
		p->n_ticks++;
		p->ticks_ns += c->weight_ns[i];
		if (i == 0)
			add_stats(p, &c->stats);
	}
	add_runs(p, c);
	for (i = 0; i < c->n_metrics; i++) {
		const struct metric *m = &c->metrics[i];

		if (m->time_ns >= p->from_ns && m->time_ns < p->until_ns)
			add_metric(p, m);
	}
}

/* --- a chunk in pieces --- */

/* End of the piece that begins at `from`: the next multiple of step, or the end. */
static int64_t piece_end(const struct ask *a, int64_t from, int64_t end)
{
	int64_t next = a->step_ns ? from - from % a->step_ns + a->step_ns : end;

	if (a->until_ns < end)
		end = a->until_ns;
	return next < end ? next : end;
}

/* The part of a chunk's time that is asked for. Ticks may run backwards when the clock
 * steps, so all of them are looked at. */
static bool chunk_span(
	const struct ask *a, const struct chunk *c, int64_t *from, int64_t *end)
{
	size_t i;

	*from = INT64_MAX;
	*end = INT64_MIN;
	for (i = 0; i < c->n_ticks; i++) {
		if (c->time_ns[i] < a->from_ns || c->time_ns[i] >= a->until_ns)
			continue;
		if (c->time_ns[i] < *from)
			*from = c->time_ns[i];
		if (c->time_ns[i] >= *end)
			*end = c->time_ns[i] + 1;
	}
	return *from < *end;
}

static bool is_sorted(const struct chunk *c)
{
	size_t i;

	for (i = 1; i < c->n_ticks; i++) {
		if (c->time_ns[i] < c->time_ns[i - 1])
			return false;
	}
	return true;
}

static void prefix_weights(const struct chunk *c, struct sums_scratch *s)
{
	size_t i;

	GROW(s->upto, s->cap_upto, c->n_ticks + 1);
	s->upto[0] = 0;
	for (i = 0; i < c->n_ticks; i++)
		s->upto[i + 1] = s->upto[i] + c->weight_ns[i];
}

static size_t first_tick_at(const struct chunk *c, int64_t ns)
{
	size_t low = 0, high = c->n_ticks;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (c->time_ns[mid] < ns)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* Ticks in order: a range of time is a range of indexes. */
static size_t sums_sorted(
	const struct chunk *c, int64_t from, int64_t end, struct sums_scratch *s)
{
	size_t low = first_tick_at(c, from), high = first_tick_at(c, end), n = 0, i;

	for (i = 0; i < c->n_runs; i++) {
		const struct run *r = &c->runs[i];
		size_t first = r->first_tick, past = first + r->n_ticks;

		first = first < low ? low : first;
		past = past > high ? high : past;
		if (first >= past)
			continue;
		s->sums[n++] = (struct sum){ r->thread, r->stack, r->state, r->wait,
			past - first, s->upto[past] - s->upto[first] };
	}
	return n;
}

static size_t sums_stepped(
	const struct chunk *c, int64_t from, int64_t end, struct sums_scratch *s)
{
	size_t n = 0, i, k;

	for (i = 0; i < c->n_runs; i++) {
		const struct run *r = &c->runs[i];
		struct sum sum = { r->thread, r->stack, r->state, r->wait, 0, 0 };

		for (k = r->first_tick; k < (size_t)r->first_tick + r->n_ticks; k++) {
			if (c->time_ns[k] < from || c->time_ns[k] >= end)
				continue;
			sum.n++;
			sum.weight_ns += c->weight_ns[k];
		}
		if (sum.n)
			s->sums[n++] = sum;
	}
	return n;
}

int chunk_emit_sums(const struct ask *a, const struct chunk *c,
	struct sums_scratch *scratch, sums_fn *fn, void *arg)
{
	bool sorted = is_sorted(c);
	int64_t from, end;
	int ret = 0;

	if (!chunk_span(a, c, &from, &end))
		return 0;
	GROW(scratch->sums, scratch->cap, c->n_runs);
	if (sorted)
		prefix_weights(c, scratch);
	while (from < end && !ret) {
		int64_t until = piece_end(a, from, end);
		struct sums out = { c->series, from, until, c->symbols, NULL, 0 };

		out.n = sorted ? sums_sorted(c, from, until, scratch)
			       : sums_stepped(c, from, until, scratch);
		out.sums = scratch->sums;
		if (out.n)
			ret = fn(arg, &out);
		from = until;
	}
	return ret;
}

void sums_scratch_release(struct sums_scratch *scratch)
{
	free(scratch->sums);
	free(scratch->upto);
	*scratch = (struct sums_scratch){ 0 };
}

int chunk_emit_points(const struct ask *a, const struct chunk *c, point_fn *fn, void *arg)
{
	int64_t from, end;
	size_t i;
	int ret = 0;

	chunk_span(a, c, &from, &end);
	for (i = 0; i < c->n_metrics; i++) {
		int64_t at = c->metrics[i].time_ns;

		if (at < a->from_ns || at >= a->until_ns)
			continue;
		from = at < from ? at : from;
		end = at >= end ? at + 1 : end;
	}
	while (from < end && !ret) {
		int64_t until = piece_end(a, from, end);
		struct point p;

		point_init(&p, c->series, from, until);
		point_add_chunk(&p, c);
		if (p.n_ticks || p.n_metrics)
			ret = fn(arg, &p);
		from = until;
	}
	return ret;
}
