/* chunk.c - see chunk.h */
#include "prof/chunk.h"

#include "base/alloc.h"
#include "base/err.h"

#include <string.h>

void chunk_release(struct chunk *c)
{
	free(c->time_ns);
	free(c->weight_ns);
	free(c->runs);
	free(c->metrics);
	*c = (struct chunk){ 0 };
}

void chunk_clear(struct chunk *c)
{
	c->n_ticks = 0;
	c->n_runs = 0;
	c->n_metrics = 0;
	c->stats = (struct chunk_stats){ 0 };
}

uint32_t chunk_tick(struct chunk *c, int64_t time_ns, uint64_t weight_ns)
{
	if (c->n_ticks == c->cap_ticks) {
		size_t cap = grow_capacity(c->cap_ticks, c->n_ticks + 1);

		c->time_ns = xreallocarray(c->time_ns, cap, sizeof(*c->time_ns));
		c->weight_ns = xreallocarray(c->weight_ns, cap, sizeof(*c->weight_ns));
		c->cap_ticks = cap;
	}
	if (c->n_ticks >= UINT32_MAX)
		BUG("a chunk of 2^32 ticks");
	c->time_ns[c->n_ticks] = time_ns;
	c->weight_ns[c->n_ticks] = weight_ns;
	return (uint32_t)c->n_ticks++;
}

size_t chunk_run(struct chunk *c, const struct run *r)
{
	GROW(c->runs, c->cap_runs, c->n_runs + 1);
	c->runs[c->n_runs] = *r;
	return c->n_runs++;
}

void chunk_metric(struct chunk *c, const struct metric *m)
{
	GROW(c->metrics, c->cap_metrics, c->n_metrics + 1);
	c->metrics[c->n_metrics++] = *m;
}

void chunk_copy(struct chunk *to, const struct chunk *from)
{
	size_t i;

	chunk_clear(to);
	for (i = 0; i < from->n_ticks; i++)
		chunk_tick(to, from->time_ns[i], from->weight_ns[i]);
	GROW(to->runs, to->cap_runs, from->n_runs);
	if (from->n_runs)
		memcpy(to->runs, from->runs, from->n_runs * sizeof(*from->runs));
	to->n_runs = from->n_runs;
	for (i = 0; i < from->n_metrics; i++)
		chunk_metric(to, &from->metrics[i]);
	to->stats = from->stats;
	to->series = from->series;
}
