/*
 * export.c - see export.h
 */
#include "format/export.h"

#include "base/alloc.h"
#include "base/utf8.h"
#include "format/remap.h"
#include "query/lanes.h"

#include <stdio.h>
#include <string.h>

enum { DRAIN_AT = 64 * 1024 };

int export_drain(struct export *ex, struct err *err)
{
	if (ex->b.len < DRAIN_AT)
		return 0;
	if (ex->out->emit(ex->out, ex->b.data, ex->b.len, err) < 0)
		return -1;
	buf_clear(&ex->b);
	return 0;
}

void export_warn(struct export *ex, const char *fmt, ...)
{
	va_list ap;

	if (!ex->warnings)
		return;
	va_start(ap, fmt);
	buf_vprintf(ex->warnings, fmt, ap);
	va_end(ap);
	buf_char(ex->warnings, '\n');
}

static const struct target *target_of(const struct export *ex, series_id series)
{
	size_t i;

	for (i = 0; i < ex->targets.n_targets; i++) {
		if (ex->targets.targets[i].series.id == series)
			return &ex->targets.targets[i];
	}
	return NULL;
}

static void name_thread(const struct export *ex, struct export_thread *t)
{
	char name[160];

	if (t->info.name[0])
		snprintf(name, sizeof(name), "%s", t->info.name);
	else if (t->info.tid)
		snprintf(name, sizeof(name), "thread %d", (int)t->info.tid);
	else
		snprintf(name, sizeof(name), "thread #%u", t->info.thread);
	if (ex->targets.n_targets > 1 && t->target)
		snprintf(t->label, sizeof(t->label), "pid %d %s",
			(int)t->target->series.pid, name);
	else
		snprintf(t->label, sizeof(t->label), "%s", name);
}

uint32_t export_thread(struct export *ex, series_id series, thread_id thread)
{
	uint64_t *slot = map_put(&ex->thread_of, (uint64_t)series << 32 | thread);
	struct export_thread *t;
	size_t i;

	if (*slot)
		return (uint32_t)(*slot - 1);
	GROW(ex->threads, ex->cap_threads, ex->n_threads + 1);
	t = &ex->threads[ex->n_threads++];
	*slot = ex->n_threads;
	memset(t, 0, sizeof(*t));
	t->info.series = series;
	t->info.thread = thread;
	t->target = target_of(ex, series);
	for (i = 0; t->target && i < t->target->n_threads; i++) {
		if (t->target->threads[i].thread == thread)
			t->info = t->target->threads[i];
	}
	name_thread(ex, t);
	return (uint32_t)(ex->n_threads - 1);
}

struct gather {
	struct export *ex;
	struct remap remap;
	unsigned how;
	struct err *err;
};

/* The scan cuts runs where its chunks end: what goes on is one span. */
static bool goes_on(struct export *ex, const struct span *s)
{
	const int64_t jitter_ns = 1000000;
	struct export_thread *t = &ex->threads[s->thread];
	struct span *last = t->last_span ? &ex->spans[t->last_span - 1] : NULL;

	if (!last || last->stack != s->stack || last->state != s->state ||
		last->wait != s->wait || s->from_ns - last->until_ns > jitter_ns)
		return false;
	last->until_ns = s->until_ns;
	last->n += s->n;
	last->ns += s->ns;
	return true;
}

static int keep_run(void *arg, const struct symbols *symbols, const struct lane_run *run)
{
	struct gather *g = arg;
	struct export *ex = g->ex;
	size_t i, n = g->how & GATHER_EACH_TICK ? run->n_ticks : 1;
	struct span s = {
		.thread = export_thread(ex, run->series, run->thread),
		.from_ns = run->from_ns,
		.until_ns = run->until_ns,
		.n = run->weight.n,
		.ns = run->weight.ns,
		.state = run->state,
		.wait = run->wait,
	};

	if (ex->n_spans + n > EXPORT_MAX_SPANS) {
		err_set(g->err, ERR_LIMIT,
			"more than %d changes of stack: too many for this format",
			EXPORT_MAX_SPANS);
		return err_hint(g->err,
			"choose a shorter range (--from, --until), one thread "
			"(--thread), or a format that merges: folded, pprof, svg");
	}
	remap_set(&g->remap, symbols, ex->symbols);
	s.stack = remap_stack(&g->remap, run->stack);
	if (!(g->how & GATHER_STATES)) {
		s.state = 0;
		s.wait = WAIT_NONE;
	}
	if (!(g->how & GATHER_EACH_TICK) && goes_on(ex, &s))
		return 0;
	GROW(ex->spans, ex->cap_spans, ex->n_spans + n);
	for (i = 0; i < n; i++) {
		if (g->how & GATHER_EACH_TICK) {
			s.until_ns = run->time_ns[i];
			s.from_ns = s.until_ns - (int64_t)run->weight_ns[i];
			s.n = 1;
			s.ns = run->weight_ns[i];
		}
		ex->spans[ex->n_spans++] = s;
	}
	ex->threads[s.thread].last_span = ex->n_spans;
	return 0;
}

/* The scan goes second by second; a stable sort by thread keeps the order within one. */
static void sort_by_thread(struct export *ex)
{
	struct span *sorted = xreallocarray(NULL, ex->n_spans + 1, sizeof(*sorted));
	size_t i, at = 0;

	for (i = 0; i < ex->n_spans; i++)
		ex->threads[ex->spans[i].thread].n_spans++;
	for (i = 0; i < ex->n_threads; i++) {
		ex->threads[i].first_span = at;
		at += ex->threads[i].n_spans;
		ex->threads[i].n_spans = 0;
	}
	for (i = 0; i < ex->n_spans; i++) {
		const struct span *s = &ex->spans[i];
		struct export_thread *t = &ex->threads[s->thread];

		sorted[t->first_span + t->n_spans++] = *s;
		t->n += s->n;
		t->ns += s->ns;
		if (i == 0 || s->from_ns < ex->from_ns)
			ex->from_ns = s->from_ns;
		if (i == 0 || s->until_ns > ex->until_ns)
			ex->until_ns = s->until_ns;
	}
	free(ex->spans);
	ex->spans = sorted;
	ex->cap_spans = ex->n_spans + 1;
}

int export_gather(struct export *ex, unsigned how, struct err *err)
{
	struct gather g = { .ex = ex, .how = how, .err = err };
	int ret;

	g.remap.how = how & GATHER_BY_FUNC ? REMAP_FUNCTIONS : REMAP_LINES;
	ret = lanes_scan(ex->source, ex->filter, keep_run, &g, err);
	if (ret == 0)
		sort_by_thread(ex);
	remap_release(&g.remap);
	return ret ? -1 : 0;
}

const char *export_name(const struct symbols *s, const struct func *f)
{
	const char *name = symbols_text(s, f->name, NULL);

	return *name ? name : "(unknown)";
}

void export_clean_utf8(struct buf *out, const char *s, size_t len)
{
	size_t i = 0;

	buf_add(out, "", 0);
	while (i < len) {
		size_t n = utf8_valid_at(s + i, len - i);

		if (n)
			buf_add(out, s + i, n);
		else
			utf8_put(out, 0xfffd);
		i += n ? n : 1;
	}
}

void export_json_state(struct json *j, unsigned state)
{
	unsigned bit;

	json_array(j);
	for (bit = 0; bit < STATE_BITS; bit++) {
		const char *word = state & (1u << bit) ? state_word(1u << bit) : NULL;

		if (word)
			json_str(j, word);
	}
	json_end(j);
}
