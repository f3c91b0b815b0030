/* fold.c - see fold.h */
#include "query/fold.h"

#include "base/alloc.h"
#include "base/arena.h"

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

enum {
	UNSEEN = 0,
	SEEN = 1 << 0,
	MATCH = 1 << 1,
	MODULE = 1 << 2,
	ROOT = 1 << 3,
	GONE = 1 << 4
};

struct fold_func {
	func_id out;
	uint8_t bits;
};

struct fold_frame {
	frame_id out;
	uint8_t bits;
};

struct fold_stack {
	stack_id out;
	uint8_t bits; /* MATCH, MODULE, ROOT: some frame of it so far has it */
};

/* Memory of one input table; arrays by input id, grown as ids appear. */
struct fold_table {
	const struct symbols *from;
	struct fold_func *funcs;
	struct fold_frame *frames;
	struct fold_stack *stacks;
	size_t n_funcs, n_frames, n_stacks;
};

/* --- threads --- */

static int note_thread(void *arg, const struct thread_info *t)
{
	struct fold *fold = arg;
	char tid[24];
	size_t i;

	snprintf(tid, sizeof(tid), "%d", (int)t->tid);
	for (i = 0; i < fold->f->threads.n; i++) {
		const char *word = fold->f->threads.word[i];

		if (!fnmatch(word, t->name, 0) || !strcmp(word, tid))
			*map_put(&fold->threads, (uint64_t)t->series << 32 | t->thread) =
				1;
	}
	return 0;
}

int fold_init(struct fold *fold, const struct filter *f, struct source *s, struct ask *a,
	enum fold_detail detail, struct err *err)
{
	if (f->lines && detail < FOLD_LINES)
		detail = FOLD_LINES;
	*fold = (struct fold){ .f = f, .detail = detail, .out = symbols_new() };
	if (f->threads.n && s->ops->threads(s, a, note_thread, fold, err) != 0) {
		fold_release(fold);
		return -1;
	}
	return 0;
}

void fold_release(struct fold *fold)
{
	size_t i;

	for (i = 0; i < fold->n_tables; i++) {
		free(fold->tables[i].funcs);
		free(fold->tables[i].frames);
		free(fold->tables[i].stacks);
	}
	free(fold->tables);
	free(fold->scratch);
	map_release(&fold->threads);
	symbols_free(fold->out);
	*fold = (struct fold){ 0 };
}

bool fold_wants(const struct fold *fold, series_id series, thread_id thread,
	unsigned state, wait_id wait)
{
	const struct filter *f = fold->f;
	size_t i;

	if (f->states && !(f->states & state))
		return false;
	if (f->n_waits) {
		for (i = 0; i < f->n_waits && f->waits[i] != wait; i++)
			;
		if (i == f->n_waits)
			return false;
	}
	return !f->threads.n || map_get(&fold->threads, (uint64_t)series << 32 | thread);
}

/* --- functions --- */

static bool pattern_hits(const struct pattern *p, const char *name, const char *file)
{
	char path[1024];

	if (!p->set)
		return false;
	if (p->on_path) {
		snprintf(path, sizeof(path), "%s:%s", file, name);
		return !regexec(&p->re, path, 0, NULL, 0);
	}
	snprintf(path, sizeof(path), "%s", name); /* hostile names are long */
	return !regexec(&p->re, path, 0, NULL, 0);
}

static bool any_glob(const struct words *w, const char *text)
{
	size_t i;

	for (i = 0; i < w->n; i++) {
		if (!fnmatch(w->word[i], text, 0))
			return true;
	}
	return false;
}

/* Returns the flags with FUNC_LIBRARY as --mine-path and --library-path have it. */
static uint32_t own_flags(const struct filter *f, uint32_t flags, const char *file)
{
	if (any_glob(&f->library_paths, file))
		flags |= FUNC_LIBRARY;
	if (any_glob(&f->mine_paths, file))
		flags &= ~(uint32_t)FUNC_LIBRARY;
	return flags;
}

static uint8_t func_bits(const struct filter *f, uint32_t flags, const char *name,
	const char *file, const char *module)
{
	uint8_t bits = SEEN;

	if (pattern_hits(&f->function, name, file))
		bits |= MATCH;
	if (pattern_hits(&f->root, name, file))
		bits |= ROOT;
	if (f->modules.n && any_glob(&f->modules, module))
		bits |= MODULE;
	if (pattern_hits(&f->hide, name, file) || (f->mine && flags & FUNC_LIBRARY) ||
		((f->no_native || f->mine) && flags & FUNC_NATIVE))
		bits |= GONE;
	return bits;
}

static str_id copy_text(struct symbols *out, const struct symbols *from, str_id id)
{
	size_t len;
	const char *text = symbols_text(from, id, &len);

	return symbols_str(out, text, len);
}

/* Makes room for id in an array by id; new entries are zero. */
#define NEED(array, n, id, limit)                                                  \
	do {                                                                       \
		if ((id) >= (n)) {                                                 \
			size_t more = (limit) > (id) ? (limit) : (size_t)(id) + 1; \
			(array) = xreallocarray((array), more, sizeof(*(array)));  \
			memset((array) + (n), 0, (more - (n)) * sizeof(*(array))); \
			(n) = more;                                                \
		}                                                                  \
	} while (0)

static struct fold_func fold_func_of(struct fold *fold, struct fold_table *t, func_id id)
{
	const struct func *in = symbols_func_of(t->from, id);
	struct func f = *in;

	NEED(t->funcs, t->n_funcs, id, symbols_count(t->from, SYM_FUNC));
	if (!t->funcs[id].bits) {
		const char *name = symbols_text(t->from, in->name, NULL);
		const char *file = symbols_text(t->from, in->file, NULL);

		f.flags = own_flags(fold->f, in->flags, file);
		t->funcs[id].bits = func_bits(fold->f, f.flags, name, file,
			symbols_text(t->from, in->module, NULL));
		f.name = copy_text(fold->out, t->from, in->name);
		f.file = copy_text(fold->out, t->from, in->file);
		f.module = copy_text(fold->out, t->from, in->module);
		t->funcs[id].out = symbols_func(fold->out, &f);
	}
	return t->funcs[id];
}

static struct fold_frame fold_frame_of(
	struct fold *fold, struct fold_table *t, frame_id id)
{
	const struct frame *in = symbols_frame_of(t->from, id);

	NEED(t->frames, t->n_frames, id, symbols_count(t->from, SYM_FRAME));
	if (!t->frames[id].bits) {
		struct fold_func func = fold_func_of(fold, t, in->func);

		t->frames[id].bits = func.bits;
		t->frames[id].out = symbols_frame_part(fold->out, func.out,
			fold->detail >= FOLD_LINES ? in->line : 0,
			fold->detail >= FOLD_COLUMNS ? in->columns : 0);
	}
	return t->frames[id];
}

/* --- stacks --- */

static struct fold_table *table_of(struct fold *fold, const struct symbols *from)
{
	size_t i;

	/* Answers come block by block: the newest table is nearly always it. */
	for (i = fold->n_tables; i-- > 0;) {
		if (fold->tables[i].from == from)
			return &fold->tables[i];
	}
	GROW(fold->tables, fold->cap_tables, fold->n_tables + 1);
	fold->tables[fold->n_tables] = (struct fold_table){ .from = from };
	if (!fold->n_tables) /* those after it bring mostly the same */
		symbols_reserve(fold->out, SYM_STACK, symbols_count(from, SYM_STACK));
	return &fold->tables[fold->n_tables++];
}

static void fold_one(struct fold *fold, struct fold_table *t, stack_id id)
{
	const struct stack *in = symbols_stack_of(t->from, id);
	struct fold_stack parent = { 0, SEEN };
	struct fold_frame frame = fold_frame_of(fold, t, in->frame);
	struct fold_stack *s = &t->stacks[id];

	if (in->parent)
		parent = t->stacks[in->parent];
	s->bits = parent.bits | (frame.bits & (MATCH | MODULE | ROOT));
	if ((fold->f->root.set && !(s->bits & ROOT)) || frame.bits & GONE)
		s->out = parent.out;
	else
		s->out = symbols_stack(fold->out, parent.out, frame.out);
}

stack_id fold_stack(struct fold *fold, const struct symbols *from, stack_id id)
{
	struct fold_table *t = table_of(fold, from);
	const struct filter *f = fold->f;
	stack_id at = id;
	size_t n = 0;
	uint8_t bits;

	if (id >= symbols_count(from, SYM_STACK))
		at = id = 0;
	NEED(t->stacks, t->n_stacks, id, symbols_count(from, SYM_STACK));
	t->stacks[0].bits = SEEN;
	while (!(t->stacks[at].bits & SEEN)) {
		GROW(fold->scratch, fold->cap_scratch, n + 1);
		fold->scratch[n++] = at;
		at = symbols_stack_of(from, at)->parent;
	}
	while (n)
		fold_one(fold, t, fold->scratch[--n]);
	bits = t->stacks[id].bits;
	if ((f->function.set && !(bits & MATCH)) || (f->modules.n && !(bits & MODULE)) ||
		(f->root.set && !(bits & ROOT)))
		return FOLD_DROP;
	return t->stacks[id].out;
}

frame_id fold_mark(struct symbols *out, const char *text)
{
	const struct func f = { .name = symbols_str(out, text, strlen(text)),
		.flags = FUNC_MARK };

	return symbols_frame(out, symbols_func(out, &f), 0);
}

stack_id fold_graft(struct fold *fold, struct map *memo, stack_id prefix, stack_id id)
{
	stack_id at = id, out = prefix;
	size_t n = 0;

	for (; at; at = symbols_stack_of(fold->out, at)->parent) {
		const uint64_t *known = map_get(memo, (uint64_t)prefix << 32 | at);

		if (known) {
			out = (stack_id)*known;
			break;
		}
		GROW(fold->scratch, fold->cap_scratch, n + 1);
		fold->scratch[n++] = at;
	}
	while (n) {
		at = fold->scratch[--n];
		out = symbols_stack(
			fold->out, out, symbols_stack_of(fold->out, at)->frame);
		*map_put(memo, (uint64_t)prefix << 32 | at) = out;
	}
	return out;
}
