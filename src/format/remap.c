/* remap.c - see remap.h */
#include "format/remap.h"

#include "base/alloc.h"

void remap_set(struct remap *r, const struct symbols *from, struct symbols *to)
{
	if (from == r->from && to == r->to)
		return;
	map_clear(&r->stacks);
	map_clear(&r->frames);
	r->from = from;
	r->to = to;
}

void remap_release(struct remap *r)
{
	map_release(&r->stacks);
	map_release(&r->frames);
}

static str_id remap_str(struct remap *r, str_id id)
{
	size_t len;
	const char *text = symbols_text(r->from, id, &len);

	return symbols_str(r->to, text, len);
}

frame_id remap_frame(struct remap *r, frame_id id)
{
	uint64_t *known = map_put(&r->frames, id);

	if (!*known) {
		const struct frame *fr = symbols_frame_of(r->from, id);
		struct func f = *symbols_func_of(r->from, fr->func);

		f.name = remap_str(r, f.name);
		f.file = remap_str(r, f.file);
		f.module = remap_str(r, f.module);
		*known = 1 + (uint64_t)symbols_frame_part(r->to, symbols_func(r->to, &f),
				     r->how == REMAP_FUNCTIONS ? 0 : fr->line,
				     r->how == REMAP_PARTS ? fr->columns : 0);
	}
	return (frame_id)(*known - 1);
}

/* Root first without recursion: up to the first known ancestor, then down again. */
stack_id remap_stack(struct remap *r, stack_id id)
{
	stack_id *path = NULL;
	size_t n = 0, cap = 0;
	stack_id to = r->base;

	while (id) {
		const uint64_t *known = map_get(&r->stacks, id);

		if (known) {
			to = (stack_id)*known;
			break;
		}
		GROW(path, cap, n + 1);
		path[n++] = id;
		id = symbols_stack_of(r->from, id)->parent;
	}
	while (n) {
		const struct stack *st = symbols_stack_of(r->from, path[--n]);

		to = symbols_stack(r->to, to, remap_frame(r, st->frame));
		*map_put(&r->stacks, path[n]) = to;
	}
	free(path);
	return to;
}
