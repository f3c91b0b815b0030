/* target.c - opening, naming, measuring and closing a followed process; see target.h */
#include "prof/target.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "proc/find.h"
#include "proc/why.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { NAME_READS = 4096 };
#define NAMES_EVERY   (100 * NS_PER_MS) /* at most so often, when threads are new */
#define RENAMES_EVERY (10 * NS_PER_SEC)

/* ---- opening ------------------------------------------------------------------------ */

static void label_process(struct target *t, double rate_hz)
{
	struct series *s = &t->series;
	struct buf text = BUF_INIT;
	struct err ignored = ERR_INIT;
	char host[HOST_NAME_MAX + 1] = "", word[64];

	gethostname(host, sizeof(host) - 1);
	series_label(s, "host", host);
	snprintf(word, sizeof(word), "%d", (int)t->pid);
	series_label(s, "pid", word);
	snprintf(word, sizeof(word), "%" PRId64, (int64_t)(s->start_ns / NS_PER_SEC));
	series_label(s, "start", word);
	find_command(t->pid, &text);
	series_label(s, "command", text.data ? text.data : "");
	series_label(s, "python", t->runtime.version.text);
	series_label(s, "build",
		t->runtime.version.free_threaded
			? (t->runtime.version.debug ? "free-threaded debug"
						    : "free-threaded")
			: (t->runtime.version.debug ? "debug" : "release"));
	buf_clear(&text);
	if (file_read_proc(&text, t->pid, "cgroup", &ignored) == 0 && text.data) {
		find_container(text.data, word, sizeof(word));
		if (word[0])
			series_label(s, "container", word);
	}
	if (rate_hz > 0)
		snprintf(word, sizeof(word), "%g", rate_hz);
	series_label(s, "rate", rate_hz > 0 ? word : "max");
	buf_release(&text);
}

static void drop_lane(void *arg, struct walk_thread *w)
{
	struct lane *l = w->user;

	(void)arg;
	if (!l)
		return;
	task_close(&l->task);
	resolved_release(&l->stack);
	free(l);
	w->user = NULL;
}

static int find_interpreter(
	struct target *t, const struct target_options *o, struct err *err)
{
	struct runtime_query q = {
		.pid = t->pid, .mem = t->mem, .maps = &t->maps, .source = o->abi
	};

	if (maps_load(&t->maps, t->pid, err) < 0 ||
		runtime_find(&q, &t->runtime, err) < 0) {
		why_explain(t->pid, err);
		return err_wrap(err, "cannot attach to process %d", (int)t->pid);
	}
	if (t->runtime.refused[0])
		log_warn("process %d: %s; the layouts of Python %s are taken from "
			 "pystrobe's own table",
			(int)t->pid, t->runtime.refused, t->runtime.version.text);
	if (o->asyncio)
		runtime_load_asyncio(&q, &t->runtime);
	return 0;
}

struct target *target_open(pid_t pid, const struct target_options *o, struct err *err)
{
	struct target *t = xcalloc(1, sizeof(*t));
	struct procstat_now figures;
	struct walk_root root;

	t->pid = pid;
	t->mem = mem_live_new(pid);
	t->stat.fd = -1;
	if (procstat_open(&t->stat, pid) != ST_OK ||
		procstat_now(&t->stat, &figures) != ST_OK) {
		err_set(err, ERR_GONE, "there is no process %d", (int)pid);
		goto fail;
	}
	if (find_interpreter(t, o, err) < 0)
		goto fail;
	t->start_ticks = figures.start_ticks;
	t->program = figures.program;
	t->other_namespace = task_other_namespace(pid);
	t->series.pid = pid;
	t->series.start_ns = procstat_wall_ns(figures.start_ticks);
	label_process(t, o->rate_hz);
	walk_root_from(&root, &t->runtime, t->mem, &t->maps);
	maps_release(&t->maps);
	t->walker = walker_new(t->mem, &t->runtime.abi, &root, drop_lane, t);
	objects_init(&t->objects, t->mem, &t->runtime.abi, NAME_READS);
	t->edges = edges_new();
	t->attached_ns = clock_wall_ns();
	if (o->asyncio)
		t->tasks = aiotasks_new(&t->objects, t->runtime.interp_head_addr);
	if (o->native) {
		t->natives = natives_new(pid, t->mem, &t->runtime, err);
		if (!t->natives)
			goto fail;
	}
	return t;
fail:
	target_free(t);
	return NULL;
}

void target_free(struct target *t)
{
	if (!t)
		return;
	if (t->stat_tid)
		close(t->stat_fd);
	resolver_free(t->resolver);
	walker_free(t->walker);
	edges_free(t->edges);
	target_native_release(t);
	natives_free(t->natives);
	aiotasks_free(t->tasks);
	names_release(&t->names);
	objects_release(&t->objects);
	chunk_release(&t->chunk);
	series_release(&t->series);
	procstat_close(&t->stat);
	maps_release(&t->maps);
	mem_free(t->mem);
	free(t);
}

void target_event(
	struct target *t, const struct tick *k, enum event_kind kind, const char *text)
{
	struct event e = {
		.series = t->series.id,
		.time_ns = clock_mono_ns() + k->wall_ns,
		.kind = kind,
	};

	snprintf(e.text, sizeof(e.text), "%s", text);
	k->sink->ops->event(k->sink, &e);
}

void target_flush(struct target *t, struct sink *sink)
{
	t->second++;
	if (!t->chunk.n_ticks && !t->chunk.n_metrics)
		return;
	t->chunk.series = t->series.id;
	sink->ops->chunk(sink, &t->chunk);
}

/* ---- what is not urgent ------------------------------------------------------------- */

/* The switches of a few threads at a time; all of them would cost too much. */
static void update_switches(struct target *t, struct metric *m)
{
	size_t n, i;
	struct walk_thread **w = walker_threads(t->walker, &n);

	for (i = 0; i < n && i < 4; i++) {
		struct lane *l = w[t->next_switch++ % n]->user;

		if (l && l->task.tid)
			task_switches(
				t->pid, l->task.tid, &l->voluntary, &l->involuntary);
	}
	for (i = 0; i < n; i++) {
		const struct lane *l = w[i]->user;

		m->n_voluntary += l ? l->voluntary : 0;
		m->n_involuntary += l ? l->involuntary : 0;
	}
}

bool target_metrics(struct target *t, const struct tick *k)
{
	int64_t every = k->options->metric_ns ? k->options->metric_ns : NS_PER_SEC / 10;
	struct procstat_now now;
	struct metric m = { 0 };

	if (k->now_ns - t->metric_ns < every)
		return false;
	t->metric_ns = k->now_ns;
	if (procstat_now(&t->stat, &now) != ST_OK)
		return true;
	m.time_ns = clock_mono_ns() + k->wall_ns;
	m.rss_bytes = now.rss_bytes;
	m.cpu_ns = now.cpu_ns;
	m.n_threads = now.n_threads;
	update_switches(t, &m);
	chunk_metric(&t->chunk, &m);
	return true;
}

enum program target_program(const struct target *t)
{
	struct procstat_now now;
	enum status st = procstat_now(&t->stat, &now);

	if (st == ST_GONE)
		return PROGRAM_ENDED;
	return st == ST_OK && now.program != t->program ? PROGRAM_OTHER : PROGRAM_SAME;
}

static void tell_name(
	struct target *t, const struct tick *k, struct lane *l, const char *name)
{
	struct thread_info info = {
		.series = t->series.id,
		.thread = l->id,
		.tid = l->task.tid,
		.is_main = l->walk->flags & WALK_MAIN,
		.since_ns = k->now_ns + k->wall_ns,
	};

	l->named = true;
	if (!strncmp(l->name, name, sizeof(l->name) - 1))
		return;
	snprintf(l->name, sizeof(l->name), "%s", name);
	memcpy(info.name, l->name, sizeof(info.name));
	k->sink->ops->thread(k->sink, &info);
}

bool target_names(struct target *t, const struct tick *k)
{
	bool renames = k->now_ns - t->names_ns >= RENAMES_EVERY;
	size_t n, i;
	struct walk_thread **w;
	uint64_t interp = 0;

	if (!renames && (!t->names_due || k->now_ns - t->names_ns < NAMES_EVERY))
		return false;
	t->names_due = false;
	t->names_ns = k->now_ns;
	w = walker_threads(t->walker, &n);
	for (i = 0; i < n; i++) {
		const struct thread_name *name;
		struct lane *l = w[i]->user;
		char kernel[32];

		if (!l || (l->named && !renames))
			continue;
		if (w[i]->interp_addr != interp) {
			interp = w[i]->interp_addr;
			objects_budget(&t->objects, NAME_READS);
			names_update(&t->names, &t->objects, interp, renames);
		}
		name = names_find(&t->names, interp, w[i]->pthread);
		if (name) {
			tell_name(t, k, l, name->name);
		} else if (!l->named && !(w[i]->flags & WALK_MAIN) && l->task.tid) {
			task_name(t->pid, l->task.tid, kernel, sizeof(kernel));
			tell_name(t, k, l, kernel);
		}
	}
	return true;
}
