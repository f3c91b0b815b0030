/* load.c - see load.h */
#include "load.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/file.h"

#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_DEPTH = 64 };

/* A stack as functions and lines, root first, independent of any table. */
struct recipe {
	uint32_t func[MAX_DEPTH];
	uint32_t line[MAX_DEPTH];
	unsigned depth;
	double blocks; /* chance that its leaf blocks: what a stack does is its own */
	stack_id id;   /* in the tables of now; 0 not yet */
};

struct worker {
	size_t recipe;
	uint16_t state;
	wait_id wait;
	unsigned ticks_left;
	bool idle; /* mostly */
};

struct process {
	struct series series;
	struct worker *workers;
	struct chunk chunk;
	size_t *open; /* run index of each worker */
	uint64_t rss, cpu_ns;
};

struct load {
	struct load_options o;
	struct sink *sink;
	struct symbols *symbols;
	uint64_t rng;
	struct recipe *recipes;
	double *cumulative; /* of the law */
	size_t n_recipes;
	char **names; /* of functions */
	size_t n_names, cap_names;
	struct process *processes;
	int64_t now_ns;
	uint64_t n_samples;
};

/* xorshift64* */
static uint64_t next(struct load *l)
{
	l->rng ^= l->rng >> 12;
	l->rng ^= l->rng << 25;
	l->rng ^= l->rng >> 27;
	return l->rng * 2685821657736338717u;
}

static double uniform(struct load *l)
{
	return (double)(next(l) >> 11) / 9007199254740992.0;
}

static unsigned below(struct load *l, unsigned n)
{
	return (unsigned)(next(l) % n);
}

/* --- stacks --- */

/* A random call tree: each stack shares a prefix with one before it. */
static void make_stacks(struct load *l)
{
	size_t i, n = l->o.n_stacks;
	unsigned n_funcs = (unsigned)(n / 8 + 20), k;
	double sum = 0;

	l->recipes = xcalloc(n, sizeof(*l->recipes));
	l->cumulative = xcalloc(n, sizeof(*l->cumulative));
	l->n_recipes = n;
	l->names = xcalloc(n_funcs, sizeof(*l->names));
	l->n_names = n_funcs;
	for (k = 0; k < n_funcs; k++)
		l->names[k] = xasprintf("Handler%u.method_%u", k % 97, k);
	for (i = 0; i < n; i++) {
		struct recipe *r = &l->recipes[i];
		unsigned shared = 0, depth = 12 + below(l, 24);

		if (i) {
			const struct recipe *from = &l->recipes[below(l, (unsigned)i)];

			shared = 1 + below(l, from->depth);
			memcpy(r, from, sizeof(*r));
			depth = shared + below(l, 12) + 1;
		}
		if (depth > MAX_DEPTH - 1)
			depth = MAX_DEPTH - 1;
		for (k = shared; k < depth; k++) {
			r->func[k] = below(l, n_funcs);
			r->line[k] = r->func[k] * 10 + below(l, 9);
		}
		r->depth = depth > shared ? depth : shared;
		r->blocks = below(l, 5) ? 0.02 : 0.95;
		r->id = 0;
		sum += 1.0 / (double)(i + 1);
		l->cumulative[i] = sum;
	}
}

static uint32_t name_id(struct load *l, const char *name, size_t len)
{
	size_t i;

	for (i = 0; i < l->n_names; i++) {
		if (strlen(l->names[i]) == len && !memcmp(l->names[i], name, len))
			return (uint32_t)i;
	}
	GROW(l->names, l->cap_names, l->n_names + 1);
	l->names[l->n_names] = xstrndup(name, len);
	return (uint32_t)l->n_names++;
}

static void read_stacks(struct load *l, const char *path)
{
	struct buf text = BUF_INIT;
	struct err err = ERR_INIT;
	double sum = 0;
	size_t cap = 0, cap_law = 0;
	char *line, *save = NULL;

	if (file_read(&text, AT_FDCWD, path, 256 << 20, &err) < 0)
		BUG("%s", err.msg);
	for (line = strtok_r(text.data, "\n", &save); line;
		line = strtok_r(NULL, "\n", &save)) {
		char *space = strrchr(line, ' ');
		struct recipe r = { .depth = 0 };
		char *p = line;

		if (!space)
			continue;
		*space = '\0';
		while (p && r.depth < MAX_DEPTH - 1) {
			char *end = strchr(p, ';');

			r.func[r.depth] =
				name_id(l, p, end ? (size_t)(end - p) : strlen(p));
			r.line[r.depth] = r.func[r.depth] * 10;
			r.depth++;
			p = end ? end + 1 : NULL;
		}
		GROW(l->recipes, cap, l->n_recipes + 1);
		GROW(l->cumulative, cap_law, l->n_recipes + 1);
		sum += strtod(space + 1, NULL);
		l->recipes[l->n_recipes] = r;
		l->cumulative[l->n_recipes++] = sum;
	}
	buf_release(&text);
	if (!l->n_recipes)
		BUG("no stacks in %s", path);
}

static size_t choose_stack(struct load *l)
{
	double at = uniform(l) * l->cumulative[l->n_recipes - 1];
	size_t low = 0, high = l->n_recipes - 1;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (l->cumulative[mid] < at)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static stack_id intern(struct load *l, size_t which)
{
	struct recipe *r = &l->recipes[which];
	stack_id id = 0;
	unsigned i;

	if (r->id)
		return r->id;
	for (i = 0; i < r->depth; i++) {
		const char *name = l->names[r->func[i]];
		char file[64];
		struct func f = { .first_line = r->func[i] * 10 };

		snprintf(file, sizeof(file), "/srv/%s/module_%u.py",
			r->func[i] % 3 ? "app" : "lib/python3/site-packages/dep",
			r->func[i] % 61);
		f.name = symbols_str(l->symbols, name, strlen(name));
		f.file = symbols_str(l->symbols, file, strlen(file));
		f.flags = r->func[i] % 3 ? 0 : FUNC_LIBRARY;
		id = symbols_stack(l->symbols, id,
			symbols_frame(
				l->symbols, symbols_func(l->symbols, &f), r->line[i]));
	}
	r->id = id;
	return id;
}

static void forget_ids(struct load *l)
{
	size_t i;

	for (i = 0; i < l->n_recipes; i++)
		l->recipes[i].id = 0;
}

/* --- threads --- */

static void decide(struct load *l, struct worker *w)
{
	double what = uniform(l);

	w->wait = WAIT_NONE;
	if (w->idle && what < 0.95) {
		w->recipe = 3; /* always the same poll */
		w->state = STATE_BLOCKED | STATE_NATIVE;
		w->wait = wait_of_syscall(232);
		w->ticks_left = 50 + below(l, 400);
		return;
	}
	w->recipe = choose_stack(l);
	w->ticks_left = uniform(l) < 0.5 ? 1 : 1 + below(l, 6);
	what = uniform(l);
	if (what < l->recipes[w->recipe].blocks) {
		w->state = STATE_BLOCKED;
		w->wait = wait_of_syscall(w->recipe % 2 ? 0 : 45);
	} else if (what > 0.8) {
		w->state = STATE_BLOCKED | STATE_GIL_WAIT;
		w->wait = WAIT_FUTEX_GIL;
	} else {
		w->state = STATE_CPU | STATE_GIL | (w->recipe % 7 ? 0 : STATE_NATIVE);
	}
}

static void tick(struct load *l, struct process *p, int64_t at_ns, uint64_t weight)
{
	uint32_t index = chunk_tick(&p->chunk, at_ns, weight);
	unsigned i;

	for (i = 0; i < l->o.n_threads; i++) {
		struct worker *w = &p->workers[i];
		bool fresh = index == 0;

		if (!w->ticks_left) {
			decide(l, w);
			fresh = true;
		}
		w->ticks_left--;
		if (fresh) {
			const struct run r = { i, index, 1, intern(l, w->recipe),
				w->state, w->wait };

			p->open[i] = chunk_run(&p->chunk, &r);
		} else {
			p->chunk.runs[p->open[i]].n_ticks++;
		}
		p->chunk.stats.n_samples++;
		l->n_samples++;
		if (w->state & STATE_CPU)
			p->cpu_ns += weight;
	}
}

static void second_of(struct load *l, struct process *p)
{
	int64_t interval = NS_PER_SEC / l->o.hz, last = l->now_ns, at;
	unsigned i;

	p->chunk.series = p->series.id;
	p->chunk.symbols = l->symbols;
	for (i = 0; i < l->o.hz; i++) {
		/* A tenth of the interval of jitter, and the scheduler's own. */
		at = l->now_ns + i * interval +
		     (int64_t)below(l, (unsigned)interval / 10) +
		     (int64_t)below(l, 80 * 1000);
		tick(l, p, at, (uint64_t)(i ? at - last : interval));
		last = at;
	}
	p->chunk.stats.ticks_wanted = l->o.hz;
	p->chunk.stats.late_ns_sum = l->o.hz * 60000u + below(l, 100000);
	p->chunk.stats.late_ns_max = 80000 + below(l, 200000);
	p->chunk.stats.read_ns = l->o.hz * 5000u + below(l, 100000);
	p->rss += below(l, 10) ? 0 : below(l, 64) * 4096u;
	chunk_metric(&p->chunk, &(struct metric){ .time_ns = l->now_ns + 1000,
					.rss_bytes = p->rss,
					.cpu_ns = p->cpu_ns,
					.n_threads = l->o.n_threads });
	l->sink->ops->chunk(l->sink, &p->chunk);
	chunk_clear(&p->chunk);
}

void load_second(struct load *l)
{
	struct symbols *now = l->sink->ops->symbols(l->sink);
	unsigned i;

	if (now != l->symbols) {
		l->symbols = now;
		forget_ids(l);
	}
	for (i = 0; i < l->o.n_series; i++)
		second_of(l, &l->processes[i]);
	l->now_ns += NS_PER_SEC;
	l->sink->ops->commit(l->sink);
}

/* --- */

static void begin(struct load *l, struct process *p, unsigned index)
{
	static const char *const names[] = { "MainThread", "worker", "poller", "timer" };
	char text[64];
	unsigned i;

	p->series.pid = (pid_t)(4000 + index);
	p->series.start_ns = l->now_ns - 3600 * NS_PER_SEC;
	p->rss = 100 << 20;
	series_label(&p->series, "host", "box");
	series_label(&p->series, "service", index % 2 ? "web" : "jobs");
	snprintf(text, sizeof(text), "python3 app.py --worker %u", index);
	series_label(&p->series, "command", text);
	l->sink->ops->series(l->sink, &p->series);
	p->workers = xcalloc(l->o.n_threads, sizeof(*p->workers));
	p->open = xcalloc(l->o.n_threads, sizeof(*p->open));
	for (i = 0; i < l->o.n_threads; i++) {
		struct thread_info t = { .series = p->series.id,
			.thread = i,
			.tid = (pid_t)(5000 + index * 100 + i),
			.is_main = i == 0,
			.since_ns = l->now_ns };

		snprintf(t.name, sizeof(t.name), i ? "%s-%u" : "%s", names[i % 4], i);
		l->sink->ops->thread(l->sink, &t);
		p->workers[i].idle = i >= (l->o.n_threads + 1) / 2;
	}
	l->sink->ops->event(l->sink, &(struct event){ .series = p->series.id,
					     .time_ns = l->now_ns,
					     .kind = EVENT_ATTACH,
					     .text = "load" });
}

struct load *load_new(const struct load_options *o, struct sink *sink)
{
	struct load *l = xcalloc(1, sizeof(*l));
	unsigned i;

	l->o = *o;
	l->o.n_series = o->n_series ? o->n_series : 1;
	l->o.n_threads = o->n_threads ? o->n_threads : 8;
	l->o.hz = o->hz ? o->hz : 100;
	l->o.n_stacks = o->n_stacks > 3 ? o->n_stacks : 10000;
	l->now_ns = o->start_ns ? o->start_ns : 1795219200 * NS_PER_SEC;
	l->rng = o->seed * 0x9e3779b97f4a7c15u + 88172645463325252u;
	l->sink = sink;
	l->symbols = sink->ops->symbols(sink);
	if (o->folded)
		read_stacks(l, o->folded);
	else
		make_stacks(l);
	l->processes = xcalloc(l->o.n_series, sizeof(*l->processes));
	for (i = 0; i < l->o.n_series; i++)
		begin(l, &l->processes[i], i);
	return l;
}

void load_free(struct load *l)
{
	unsigned i;
	size_t k;

	if (!l)
		return;
	for (i = 0; i < l->o.n_series; i++) {
		series_release(&l->processes[i].series);
		chunk_release(&l->processes[i].chunk);
		free(l->processes[i].workers);
		free(l->processes[i].open);
	}
	for (k = 0; k < l->n_names; k++)
		free(l->names[k]);
	free(l->names);
	free(l->processes);
	free(l->recipes);
	free(l->cumulative);
	free(l);
}

void load_step_clock(struct load *l, int64_t ns)
{
	l->now_ns += ns;
}

int64_t load_now_ns(const struct load *l)
{
	return l->now_ns;
}

uint64_t load_samples(const struct load *l)
{
	return l->n_samples;
}
