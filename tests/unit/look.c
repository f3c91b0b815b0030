/* look.c - see look.h */
#include "look.h"

#include "base/alloc.h"
#include "proc/snap.h"
#include "prof/edges.h"
#include "prof/resolve.h"
#include "python/asyncio.h"
#include "python/locals.h"
#include "python/names.h"
#include "python/walk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A look at a snapshot takes some thousand reads; a corrupt one is cut off here. */
enum { READS = 50000, CODES = 4096 };

const struct abi *look_abi(const struct mem *snap)
{
	const char *version = snap_value(snap, "version");
	unsigned major, minor, patch;

	if (!version || sscanf(version, "%u.%u.%u", &major, &minor, &patch) != 3)
		return NULL;
	return abi_pick((uint16_t)ABI_VERSION(major, minor), (uint8_t)patch,
		snap_number(snap, "free-threaded"), snap_number(snap, "debug"));
}

static struct walk_root root_of(const struct mem *snap)
{
	return (struct walk_root){
		.runtime_addr = snap_number(snap, "runtime"),
		.interp_head_addr = snap_number(snap, "interp-head"),
		.tstate_current_addr = snap_number(snap, "tstate-current"),
		.gc_addr = snap_number(snap, "gc"),
	};
}

struct blocks {
	char **v;
	size_t n, cap;
};

static void add_block(struct blocks *b, struct buf *text)
{
	GROW(b->v, b->cap, b->n + 1);
	buf_str(text, "");
	b->v[b->n++] = buf_detach(text, NULL);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void put_frame(
	struct objects *o, const struct raw_frame *f, struct buf *text, uint64_t *counts)
{
	struct code c = CODE_INIT;
	int32_t offset = -1;
	enum status st = code_load(o->mem, o->abi, f->code_addr, &c);

	counts[st]++;
	if (st == ST_OK)
		counts[code_offset(&c, o->mem, o->abi, f->instr, f->tlbc, &offset)]++;
	buf_printf(text, "  %s|%s|%d\n", c.name ? c.name : "?", c.file ? c.file : "?",
		code_line(&c, offset));
	code_release(&c);
}

static void look_threads(struct objects *o, const struct walk_root *root,
	struct blocks *blocks, uint64_t *counts)
{
	struct walker *w = walker_new(o->mem, o->abi, root, NULL, NULL);
	struct names names = NAMES_INIT;
	struct walk_thread **threads;
	size_t n = 0, i;
	uint32_t k;

	counts[walker_tick(w)]++;
	counts[walker_tick(w)]++; /* what the first has predicted */
	threads = walker_threads(w, &n);
	for (i = 0; i < n; i++)
		if (!names_find(&names, threads[i]->interp_addr, threads[i]->pthread))
			counts[names_update(&names, o, threads[i]->interp_addr, true)]++;
	for (i = 0; i < n; i++) {
		struct walk_thread *t = threads[i];
		const struct thread_name *name =
			names_find(&names, t->interp_addr, t->pthread);
		struct buf text = BUF_INIT;

		counts[t->status]++;
		buf_printf(&text, "thread %llu %s\n", (unsigned long long)t->pthread,
			name ? name->name : "");
		for (k = t->n_frames; k-- > 0 && !objects_spent(o);)
			put_frame(o, &t->frames[k], &text, counts);
		add_block(blocks, &text);
	}
	names_release(&names);
	walker_free(w);
}

static void look_tasks(
	struct objects *o, uint64_t head, struct blocks *blocks, uint64_t *counts)
{
	struct asyncio a;
	size_t i, k;

	asyncio_init(&a, o);
	counts[asyncio_load(&a, head)]++;
	for (i = 0; i < a.n; i++) {
		const struct aio_task *t = &a.tasks[i];
		struct blocks by = { 0 };
		struct buf text = BUF_INIT;

		counts[t->status]++;
		if (t->state != AIO_PENDING)
			continue;
		buf_printf(&text, "task %s<-", t->name);
		for (k = 0; k < t->n_awaited_by; k++) {
			GROW(by.v, by.cap, by.n + 1);
			by.v[by.n++] = a.tasks[t->awaited_by[k]].name;
		}
		if (by.n)
			qsort(by.v, by.n, sizeof(*by.v), by_text);
		for (k = 0; k < by.n; k++)
			buf_printf(&text, "%s%s", k ? "," : "", by.v[k]);
		buf_char(&text, '\n');
		for (k = 0; k < t->n_frames; k++)
			buf_printf(&text, "  %s|%s|%d\n", t->frames[k].code->name,
				t->frames[k].code->file, t->frames[k].line);
		add_block(blocks, &text);
		free(by.v);
	}
	asyncio_release(&a);
}

void look_all(const struct mem *snap, struct mem *mem, const struct abi *abi,
	struct buf *out, uint64_t counts[STATUS_COUNT])
{
	struct walk_root root = root_of(snap);
	struct blocks blocks = { 0 };
	struct objects o;
	size_t i;

	objects_init(&o, mem, abi, READS);
	look_threads(&o, &root, &blocks, counts);
	look_tasks(&o, root.interp_head_addr, &blocks, counts);
	if (blocks.n)
		qsort(blocks.v, blocks.n, sizeof(*blocks.v), by_text);
	for (i = 0; i < blocks.n; i++) {
		buf_str(out, blocks.v[i]);
		free(blocks.v[i]);
	}
	free(blocks.v);
	objects_release(&o);
}

void look_locals(const struct mem *snap, struct mem *mem, const struct abi *abi,
	struct buf *out, uint64_t counts[STATUS_COUNT])
{
	struct walk_root root = root_of(snap);
	struct walker *w = walker_new(mem, abi, &root, NULL, NULL);
	struct walk_thread **threads;
	struct objects o;
	size_t n = 0, i, v;
	uint32_t k;

	objects_init(&o, mem, abi, READS);
	walker_tick(w);
	threads = walker_threads(w, &n);
	for (i = 0; i < n; i++)
		for (k = threads[i]->n_frames; k-- > 0 && !objects_spent(&o);) {
			struct locals l = LOCALS_INIT;

			counts[locals_read(&o, threads[i]->frames[k].addr,
				&repr_limits_default, &l)]++;
			for (v = 0; v < l.n; v++)
				buf_printf(out, "%s %s: %s = %s\n",
					local_kind_word(l.v[v].kind), l.v[v].name,
					l.v[v].type, l.v[v].text);
			locals_release(&l);
		}
	objects_release(&o);
	walker_free(w);
}

static void forget_thread(void *arg, struct walk_thread *t)
{
	(void)arg;
	if (t->user)
		resolved_release(t->user);
	free(t->user);
}

/* What the sampler does with a thread's frames. */
static void judge_frames(struct walk_thread *t, struct walker *w, struct edges *edges,
	struct resolver *resolver)
{
	uint32_t n = t->n_frames;

	if (t->status == ST_TORN || t->status == ST_CYCLE)
		n = walker_sound(w, t);
	else if (t->status != ST_OK && t->status != ST_LIMIT)
		return;
	else if (t->flags & WALK_CHANGED)
		n = edges_judge(edges, t, walker_epoch(w));
	if (!t->user)
		t->user = xcalloc(1, sizeof(struct resolved));
	resolver_stack(resolver, t->user, t, n, n < t->n_frames, 0);
	walk_taken(t);
}

void look_ticks(const struct mem *snap, struct mem *mem, const struct abi *abi,
	unsigned ticks, uint64_t counts[STATUS_COUNT])
{
	struct walk_root root = root_of(snap);
	struct walker *w = walker_new(mem, abi, &root, forget_thread, NULL);
	struct symbols *symbols = symbols_new();
	struct resolver *resolver = resolver_new(w, mem, abi, symbols);
	struct edges *edges = edges_new();
	struct walk_thread **threads;
	size_t n = 0, i;

	while (ticks--) {
		counts[walker_tick(w)]++;
		threads = walker_threads(w, &n);
		for (i = 0; i < n; i++) {
			struct walk_thread *t = threads[i];

			if (t->flags & (WALK_TORN | WALK_DOUBTED))
				counts[walker_again(w, t, ticks % 8 == 0)]++;
			counts[t->status]++;
			judge_frames(t, w, edges, resolver);
			if (ticks % 3 == 0 && i % 2)
				t->flags |= WALK_PARKED;
		}
		walker_look(w);
	}
	edges_free(edges);
	resolver_free(resolver);
	symbols_free(symbols);
	walker_free(w);
}
