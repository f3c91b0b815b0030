/* dump.c - takes the picture; see dump.h */
#include "cli/dump.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/file.h"
#include "cli/probe.h"
#include "proc/core.h"
#include "proc/find.h"
#include "proc/inside.h"
#include "proc/why.h"
#include "prof/target.h"

#include <pthread.h>
#include <string.h>
#include <unistd.h>

enum {
	TRIES = 20,            /* ticks until no thread is torn */
	READS_NAMES = 100000,  /* bounds of the cold readers */
	READS_LOCALS = 200000, /* per thread */
	SOURCE_MAX = 400,      /* bytes of a source line */
	READS_TASKS = 1000000,
};
#define STOP_NS (200 * NS_PER_MS)

struct taking {
	const struct dump_options *o;
	struct target *target;
	struct resolver *resolver;
	struct symbols *symbols;
	struct tick tick; /* when threads are asked what they do */
};

static bool any_torn(struct walk_thread **v, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (v[i]->status != ST_OK || v[i]->flags & WALK_TORN)
			return true;
	}
	return false;
}

/* Ticks until every thread has held still for a copy, or we have tried enough. */
static struct walk_thread **look(struct taking *t, size_t *n, struct err *err)
{
	struct walk_thread **v = NULL;
	enum status st = ST_OK;
	int i;

	for (i = 0; i < TRIES; i++) {
		st = walker_tick(t->target->walker);
		v = walker_threads(t->target->walker, n);
		if (st == ST_OK && *n && !any_torn(v, *n))
			break;
	}
	if (*n)
		return v;
	if (st == ST_OK)
		err_set(err, ERR_NOT_READY,
			"process %d has no Python thread: it is starting up or ending",
			(int)t->target->pid);
	else
		err_set(err, st == ST_GONE ? ERR_GONE : ERR_FAILED,
			"cannot read the threads of process %d: %s", (int)t->target->pid,
			status_text(st));
	return NULL;
}

static const char *source_line(struct dump *d, pid_t pid, const char *file, uint32_t line)
{
	struct buf b = BUF_INIT;
	const char *text = NULL;

	if (file[0] && file[0] != '<' && line && !d->is_core &&
		inside_line(pid, file, line, SOURCE_MAX, &b)) {
		const char *at = b.data + strspn(b.data, " \t\f");
		size_t len = strlen(at);

		while (len && strchr(" \t", at[len - 1]))
			len--;
		if (len)
			text = arena_strndup(&d->arena, at, len);
	}
	buf_release(&b);
	return text;
}

static const char *text_of(struct dump *d, const struct symbols *s, str_id id)
{
	size_t len;
	const char *text = symbols_text(s, id, &len);

	return arena_strndup(&d->arena, text, len);
}

static void take_frame(struct taking *t, struct dump *d, const struct raw_frame *raw,
	struct dump_frame *f, bool with_source)
{
	const struct frame *frame =
		symbols_frame_of(t->symbols, resolver_frame(t->resolver, raw));
	const struct func *func = symbols_func_of(t->symbols, frame->func);

	f->name = text_of(d, t->symbols, func->name);
	if (!f->name[0])
		f->name = "(unreadable)";
	f->file = text_of(d, t->symbols, func->file);
	f->module = text_of(d, t->symbols, func->module);
	f->line = frame->line;
	f->flags = func->flags;
	f->is_generator = raw->flags & RAW_GENERATOR;
	f->is_entry = raw->flags & RAW_ENTRY;
	if (with_source)
		f->source = source_line(d, d->pid, f->file, f->line);
	if (t->o->locals)
		locals_read(
			&t->target->objects, raw->addr, &repr_limits_default, &f->locals);
}

static void take_frames(struct taking *t, struct dump *d, const struct walk_thread *w,
	struct dump_thread *out)
{
	uint32_t i;

	out->frames = arena_alloc(&d->arena, (w->n_frames + 1) * sizeof(*out->frames));
	out->n_skipped = w->n_skipped;
	objects_budget(&t->target->objects, READS_LOCALS);
	for (i = 0; i < w->n_frames; i++) {
		const struct raw_frame *raw = &w->frames[w->n_frames - 1 - i];

		if (w->n_skipped && w->n_frames - i == w->skip_at) {
			struct dump_frame *mark = &out->frames[out->n_frames++];

			mark->name = arena_printf(&d->arena, "(%u frames)", w->n_skipped);
			mark->file = mark->module = "";
			mark->flags = FUNC_MARK;
		}
		take_frame(t, d, raw, &out->frames[out->n_frames++],
			i == 0 || t->o->all_source);
	}
}

static void take_stack(
	struct taking *t, struct dump *d, stack_id id, struct dump_thread *out)
{
	const struct stack *s = symbols_stack_of(t->symbols, id);

	out->frames = arena_alloc(&d->arena, (s->depth + 1) * sizeof(*out->frames));
	for (; id; id = s->parent) {
		struct dump_frame *f = &out->frames[out->n_frames++];
		const struct frame *frame;
		const struct func *func;

		s = symbols_stack_of(t->symbols, id);
		frame = symbols_frame_of(t->symbols, s->frame);
		func = symbols_func_of(t->symbols, frame->func);
		f->name = text_of(d, t->symbols, func->name);
		f->file = text_of(d, t->symbols,
			func->flags & FUNC_NATIVE && !func->file ? func->module
								 : func->file);
		f->module = text_of(d, t->symbols, func->module);
		f->line = frame->line;
		f->flags = func->flags;
	}
}

struct shot {
	struct taking *taking;
	struct walk_thread *walk;
	pid_t tid;
	bool ok;
};

/* Reads both stacks of a thread that stands still. It is a thread of its own that stops it: one
 * that sleeps uninterruptibly, maybe for hours, runs on unstopped when its tracer has ended. */
static void *shoot(void *arg)
{
	struct shot *s = arg;
	struct target *target = s->taking->target;
	struct stop stop;

	s->ok = stop_begin(&stop, s->tid, STOP_NS) == 0 &&
		walker_again(target->walker, s->walk, true) == ST_OK &&
		natives_take(target->natives, s->tid) == ST_OK;
	stop_end(&stop);
	return NULL;
}

/* With native frames. False: it could not be stopped. */
static bool take_native(
	struct taking *t, struct dump *d, struct walk_thread *w, struct dump_thread *out)
{
	struct shot shot = { .taking = t, .walk = w, .tid = out->tid };
	pthread_t tracer;
	bool merged;

	if (!out->tid || w->status != ST_OK ||
		pthread_create(&tracer, NULL, shoot, &shot) != 0)
		return false;
	pthread_join(tracer, NULL);
	if (shot.ok)
		take_stack(t, d,
			natives_stack(t->target->natives, t->resolver, t->symbols, w,
				w->n_frames, 0, &merged),
			out);
	return shot.ok;
}

/* As the sampler would record it; right after the stacks were read. */
static void take_state(struct taking *t, struct walk_thread *w, struct dump_thread *out)
{
	struct lane lane = { .walk = w, .task = { .syscall_fd = -1 } };

	if (t->target->is_core) {
		out->tid = w->tid;
		out->state = w->flags & WALK_GIL ? STATE_GIL : 0;
		return;
	}
	lane_update_state(t->target, &lane, &t->tick);
	out->state = lane.state;
	out->wait = lane.wait;
	out->tid = lane.task.tid;
	out->has_ended = lane.task.syscall_fd < 0;
	task_close(&lane.task);
}

static void take_thread(
	struct taking *t, struct dump *d, struct walk_thread *w, struct dump_thread *out)
{
	const struct thread_name *name;
	char text[32];

	out->ident = w->pthread;
	out->interp = w->interp;
	out->is_main = w->flags & WALK_MAIN;
	out->status = w->status;
	out->name = "";
	name = names_find(&t->target->names, w->interp_addr, w->pthread);
	if (name) {
		out->name = arena_strdup(&d->arena, name->name);
		out->is_daemon = name->daemon;
	} else if (out->is_main) {
		out->name = "MainThread"; /* threading is not imported */
	} else if (out->tid && !d->is_core) {
		task_name(d->pid, out->tid, text, sizeof(text));
		out->name = arena_strdup(&d->arena, text);
	}
	if (!t->target->natives || !take_native(t, d, w, out))
		take_frames(t, d, w, out);
}

static int by_age(const void *a, const void *b)
{
	const struct dump_thread *x = a, *y = b;

	if (x->is_main != y->is_main)
		return x->is_main ? -1 : 1;
	if (x->tid != y->tid)
		return x->tid < y->tid ? -1 : 1;
	return (x->ident > y->ident) - (x->ident < y->ident);
}

/* What can be said of both a process and a core. */
static void take_build(struct taking *t, struct dump *d)
{
	d->build = probe_build(&t->target->runtime.version);
	d->python = arena_strdup(&d->arena, t->target->runtime.version.text);
	d->has_gil = !t->target->runtime.version.free_threaded;
}

static void take_core(struct taking *t, struct dump *d)
{
	const struct core_info *info = core_info(t->target->mem);

	d->pid = info->pid;
	d->is_core = true;
	d->command = arena_strdup(&d->arena, info->args[0] ? info->args : info->name);
	d->container = "";
	d->held = info->signal ? arena_printf(&d->arena,
					 "A core file: ended by signal %d (%s)",
					 info->signal, strsignal(info->signal))
			       : "A core file";
	take_build(t, d);
}

/* Layouts of asyncio are in a module that may have been loaded late. */
static void take_tasks(struct taking *t, struct dump *d)
{
	struct target *target = t->target;
	struct runtime_query q = { .pid = target->is_core ? 0 : target->pid,
		.mem = target->mem,
		.maps = &target->maps };
	struct err ignored = ERR_INIT;

	if (target->is_core || maps_load(&target->maps, target->pid, &ignored) == 0)
		runtime_load_asyncio(&q, &target->runtime);
	objects_budget(&target->objects, READS_TASKS);
	dump_tasks_take(
		&d->tasks, &target->objects, target->runtime.interp_head_addr, &d->arena);
	d->has_tasks = true;
}

static void take_process(struct taking *t, struct dump *d)
{
	struct find *find = find_new();
	const struct found *p = find_one(find, d->pid);
	char text[256];

	d->command = arena_strdup(&d->arena, p ? p->command : "");
	d->container = arena_strdup(&d->arena, p ? p->container : "");
	d->rss_bytes = p ? p->rss_bytes : 0;
	d->up_s = p ? (double)(clock_wall_ns() - p->start_ns) / 1e9 : 0;
	find_free(find);
	d->held = arena_strdup(&d->arena, why_held(d->pid, text, sizeof(text)));
	take_build(t, d);
}

static void take_names(struct taking *t, struct walk_thread **v, size_t n)
{
	size_t i, j;

	objects_budget(&t->target->objects, READS_NAMES);
	for (i = 0; i < n; i++) {
		for (j = 0; j < i && v[j]->interp_addr != v[i]->interp_addr; j++)
			;
		if (j == i)
			names_update(&t->target->names, &t->target->objects,
				v[i]->interp_addr, true);
	}
}

static size_t count_interps(const struct dump *d)
{
	size_t i, j, n = 0;

	for (i = 0; i < d->n_threads; i++) {
		for (j = 0; j < i && d->threads[j].interp != d->threads[i].interp; j++)
			;
		n += j == i;
	}
	return n;
}

int dump_take(struct dump *d, pid_t pid, const struct dump_options *o, struct err *err)
{
	struct target_options open = { .native = o->read.native,
		.abi = abi_source_of(o->read.abi) };
	struct taking t = { .o = o };
	struct walk_thread **v;
	size_t i, n = 0;
	int ret = -1;

	*d = (struct dump){ .pid = pid };
	if (!o->core && why_not(pid, err) != WHY_OK)
		return -1;
	t.target = o->core ? target_open_core(o->core, o->exe, open.abi, err)
			   : target_open(pid, &open, err);
	if (!t.target) {
		if (!o->core)
			probe_explain(pid, err);
		return -1;
	}
	t.symbols = symbols_new();
	t.resolver = resolver_new(
		t.target->walker, t.target->mem, &t.target->runtime.abi, t.symbols);
	v = look(&t, &n, err);
	if (!v) {
		if (!o->core)
			why_explain(pid, err);
		goto out;
	}
	t.tick.now_ns = clock_mono_ns();
	d->threads = xcalloc(n + 1, sizeof(*d->threads));
	d->n_threads = n;
	for (i = 0; i < n; i++)
		take_state(&t, v[i], &d->threads[i]);
	take_names(&t, v, n);
	o->core ? take_core(&t, d) : take_process(&t, d);
	for (i = 0; i < n; i++)
		take_thread(&t, d, v[i], &d->threads[i]);
	qsort(d->threads, d->n_threads, sizeof(*d->threads), by_age);
	d->n_interps = count_interps(d);
	if (o->asyncio)
		take_tasks(&t, d);
	ret = 0;
out:
	resolver_free(t.resolver);
	target_free(t.target);
	symbols_free(t.symbols);
	return ret;
}

void dump_release(struct dump *d)
{
	size_t i, k;

	for (i = 0; i < d->n_threads; i++) {
		for (k = 0; k < d->threads[i].n_frames; k++)
			locals_release(&d->threads[i].frames[k].locals);
	}
	free(d->threads);
	arena_release(&d->arena);
	*d = (struct dump){ 0 };
}
