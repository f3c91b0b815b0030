/* merge.c - see merge.h */
#include "format/merge.h"

#include "base/alloc.h"
#include "format/remap.h"
#include "query/lanes.h"

#include <stdlib.h>
#include <string.h>

struct scan {
	struct merge *m;
	struct export *ex;
	enum remap_how how;
	bool roots;
	struct remap *remaps; /* one for all, or one per thread when threads are roots */
	size_t n_remaps, cap_remaps;
};

static struct remap *remap_for(struct scan *s, uint32_t thread)
{
	size_t index = s->roots ? thread : 0;

	while (s->n_remaps <= index) {
		GROW(s->remaps, s->cap_remaps, s->n_remaps + 1);
		s->remaps[s->n_remaps++] = (struct remap){ .how = s->how };
	}
	if (s->roots && !s->remaps[index].base) {
		const char *label = s->ex->threads[thread].label;
		const struct func f = {
			.name = symbols_str(s->ex->symbols, label, strlen(label)),
			.flags = FUNC_MARK,
		};

		s->remaps[index].base = symbols_stack(s->ex->symbols, 0,
			symbols_frame(
				s->ex->symbols, symbols_func(s->ex->symbols, &f), 0));
	}
	return &s->remaps[index];
}

static int keep_run(void *arg, const struct symbols *symbols, const struct lane_run *run)
{
	struct scan *s = arg;
	struct merge *m = s->m;
	uint32_t thread = export_thread(s->ex, run->series, run->thread);
	uint64_t *context, *entry;
	struct remap *remap;
	struct merged *e;
	stack_id stack;

	remap = remap_for(s, thread);
	remap_set(remap, symbols, s->ex->symbols);
	stack = remap_stack(remap, run->stack);
	context = map_put(&m->context_of,
		(uint64_t)thread << 32 | (uint32_t)run->state << 16 | run->wait);
	if (!*context)
		*context = m->context_of.n;
	entry = map_put(&m->entry_of, (*context - 1) << 32 | stack);
	if (!*entry) {
		GROW(m->at, m->cap, m->n + 1);
		m->at[m->n++] =
			(struct merged){ thread, stack, run->state, run->wait, 0, 0 };
		*entry = m->n;
	}
	e = &m->at[*entry - 1];
	e->n += run->weight.n;
	e->ns += run->weight.ns;
	if (!m->from_ns || run->from_ns < m->from_ns)
		m->from_ns = run->from_ns;
	if (run->until_ns > m->until_ns)
		m->until_ns = run->until_ns;
	return 0;
}

int merge_scan(
	struct merge *m, struct export *ex, bool by_func, bool roots, struct err *err)
{
	struct scan s = { .m = m,
		.ex = ex,
		.how = by_func ? REMAP_FUNCTIONS : REMAP_LINES,
		.roots = roots };
	int ret = lanes_scan(ex->source, ex->filter, keep_run, &s, err);
	size_t i;

	for (i = 0; i < s.n_remaps; i++)
		remap_release(&s.remaps[i]);
	free(s.remaps);
	return ret;
}

void merge_release(struct merge *m)
{
	free(m->at);
	map_release(&m->context_of);
	map_release(&m->entry_of);
}
