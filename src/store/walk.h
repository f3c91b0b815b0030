/*
 * walk.h - reading the samples of one block in a range, from the coarsest roll-ups that
 * are exact for it. Inside store only: queries, the writer's roll-ups and the check.
 */
#ifndef STORE_WALK_H
#define STORE_WALK_H

#include "store/inside.h"

/* The series that a block has, sorted. */
struct series_list {
	series_id *ids;
	size_t n, cap;
};

struct walk {
	struct store *s;
	struct view *v;
	struct ask *a;
	struct err *err;
	/* of sums, points, and sums of all series */
	struct cursor *cursors[3][N_LEVELS], *raw;
	struct chunk chunk;
	struct sums_scratch scratch;
	struct sum_list list;
	uint64_t bytes;
	unsigned steps;
	/* of the walk at hand */
	struct block *block;
	const struct symbols *symbols;
	/* What turns leaf numbers into stacks; neither: they stay what they are. */
	const struct symbols *leaves;
	const struct chart *chart;
	enum family family;
	chunk_fn *on_chunk;
	sums_fn *on_sums;
	point_fn *on_point;
	void *arg;
	const struct series_list *all; /* those that series 0 stands for */
	int top;                       /* the level that each of them begins with */
};

struct walk *walk_new(struct store *s, struct view *v, struct ask *a, struct err *err);
void walk_free(struct walk *w);
/* Sums, points and chunks of one block and series, from levels below `below` (0: from raw
 * only). Stacks are leaf numbers unless symbols and leaves or chart are set. */
int walk_sums(struct walk *w, struct block *b, series_id series, int below, int64_t from,
	int64_t until, sums_fn *fn, void *arg);
int walk_points(struct walk *w, struct block *b, series_id series, int below,
	int64_t from, int64_t until, point_fn *fn, void *arg);
int walk_chunks(struct walk *w, struct block *b, series_id series, int64_t from,
	int64_t until, chunk_fn *fn, void *arg);
/* Sums of these series, all that the block has, where neither they nor their threads
 * matter: from buckets of all of them where there are some. */
int walk_merged(struct walk *w, struct block *b, const struct series_list *all, int below,
	int64_t from, int64_t until, sums_fn *fn, void *arg);
/* Gives w->chunk to whoever is set. */
int walk_give_chunk(struct walk *w);
/* Bytes of values read so far. */
uint64_t walk_bytes(const struct walk *w);

/* What the block's records name. The caller frees l->ids. */
int series_list_read(
	struct series_list *l, struct view *v, const struct block *b, struct err *err);

#endif
