/* natives.c - see natives.h */
#include "prof/natives.h"

#include "base/alloc.h"
#include "base/map.h"
#include "native/merge.h"

#include <string.h>

enum { MAX_NATIVE = 4096 };

struct natives {
	struct unwinder *unwinder;
	struct shot shot;
	enum merge_rule rule;
	struct native_step steps[MAX_NATIVE];
	uint64_t image_start, image_end; /* of the interpreter */
	struct merged_frame *merged;
	size_t cap_merged;
	/* address of a native_frame -> frame_id; of these symbols, and of this generation */
	struct map by_frame;
	struct symbols *symbols;
	uint32_t generation;
};

struct natives *natives_new(
	pid_t pid, struct mem *mem, const struct runtime *runtime, struct err *err)
{
	struct natives *n = xcalloc(1, sizeof(*n));

	n->rule = runtime->abi.version < ABI_VERSION(3, 11) ? MERGE_ONE_EACH
							    : MERGE_UNTIL_ENTRY;
	n->image_start = runtime->image_start;
	n->image_end = runtime->image_end;
	n->unwinder = unwinder_new(pid, mem, runtime->abi.version, err);
	if (!n->unwinder) {
		natives_free(n);
		return NULL;
	}
	shot_init(&n->shot, mem);
	return n;
}

void natives_free(struct natives *n)
{
	if (!n)
		return;
	unwinder_free(n->unwinder);
	shot_release(&n->shot);
	map_release(&n->by_frame);
	free(n->merged);
	free(n);
}

enum status natives_take(struct natives *n, pid_t tid)
{
	return shot_take(&n->shot, tid);
}

static frame_id intern(struct natives *n, const struct native_frame *f)
{
	uint64_t *known = map_put(&n->by_frame, (uintptr_t)f);

	if (!*known) {
		const struct func func = {
			.name = symbols_str(n->symbols, f->name, strlen(f->name)),
			.file = symbols_str(n->symbols, f->file, strlen(f->file)),
			.module = symbols_str(n->symbols, f->object, strlen(f->object)),
			.flags = FUNC_NATIVE | FUNC_LIBRARY,
		};

		*known = symbols_frame(
			n->symbols, symbols_func(n->symbols, &func), f->line);
	}
	return (frame_id)*known;
}

/* Nameless code says nothing to anybody where it only leads from one loop to the next
 * inside the interpreter, or from the thread's start to the first loop. */
static void fold_nameless(struct natives *n, size_t n_native)
{
	size_t i, first = n_native, last = 0;

	for (i = 0; i < n_native; i++) {
		if (n->steps[i].kind != NATIVE_EVAL)
			continue;
		if (first == n_native)
			first = i;
		last = i;
	}
	for (i = first; i < n_native; i++) {
		struct native_step *s = &n->steps[i];
		bool inside =
			s->frame->pc >= n->image_start && s->frame->pc < n->image_end;

		if (s->kind == NATIVE_CODE && !s->frame->has_symbol &&
			(inside || i > last))
			s->kind = NATIVE_GLUE;
	}
}

stack_id natives_stack(struct natives *n, struct resolver *r, struct symbols *symbols,
	const struct walk_thread *t, uint32_t n_frames, stack_id base, bool *merged)
{
	size_t n_native = 0, count, i;
	stack_id stack = base;
	bool complete;

	if (unwinder_stack(n->unwinder, &n->shot, n->steps, MAX_NATIVE, &n_native,
		    &complete) != ST_OK)
		n_native = 0;
	if (n->symbols != symbols || n->generation != unwinder_generation(n->unwinder)) {
		map_clear(&n->by_frame);
		n->symbols = symbols;
		n->generation = unwinder_generation(n->unwinder);
	}
	if (t)
		merge_mark_loops(t->frames, n_frames, n->steps, n_native);
	fold_nameless(n, n_native);
	GROW(n->merged, n->cap_merged, n_native + n_frames);
	count = merge_stacks(t ? t->frames : NULL, n_frames, n->steps, n_native,
		complete && n_frames == (t ? t->n_frames : 0) && !(t && t->n_skipped),
		n->rule, n->merged, merged);
	for (i = 0; i < count; i++) {
		const struct merged_frame *m = &n->merged[i];

		if (!m->is_python) {
			stack = symbols_stack(
				symbols, stack, intern(n, n->steps[m->index].frame));
			continue;
		}
		if (!t)
			BUG("a Python frame in a thread without any");
		if (t->n_skipped && m->index == t->skip_at)
			stack = resolver_skipped(r, stack, t->n_skipped);
		stack = symbols_stack(
			symbols, stack, resolver_frame_in(r, t, m->index, n_frames));
	}
	return stack;
}
