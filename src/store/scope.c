/* scope.c - see scope.h */
#include "store/scope.h"

#include "base/alloc.h"

#include <stdlib.h>

/* What the tables of an answer are in: the one or the other. */
struct held {
	struct store *s;
	struct block *block;
	struct atlas *atlas;
};

static void let_go(void *what)
{
	struct held *h = what;

	if (h->block)
		block_drop(h->s, h->block);
	if (h->atlas)
		atlas_drop(h->s, h->atlas);
	free(h);
}

/* Takes the references over. */
static void pin(struct query *q, struct block *b, struct atlas *a)
{
	struct held *h = xmalloc(sizeof(*h));

	*h = (struct held){ q->s, b, a };
	ask_pin(q->a, let_go, h);
}

void query_pin(struct query *q, struct block *b)
{
	pthread_mutex_lock(&q->s->lock);
	block_hold(b);
	pthread_mutex_unlock(&q->s->lock);
	pin(q, b, NULL);
}

int query_symbols(struct query *q, struct part *p)
{
	if (p->symbols) {
		query_pin(q, p->block);
		return 0;
	}
	if (!q->atlas) {
		q->atlas = atlas_hold(q->s);
		pin(q, NULL, q->atlas);
	}
	p->symbols = atlas_symbols(q->atlas);
	p->chart = atlas_chart(q->s, q->atlas, p->block, q->v, q->err);
	return p->chart ? 0 : -1;
}

/* Caller holds s->lock. */
static void choose_blocks(struct query *q)
{
	struct store *s = q->s;
	const int64_t day = level_ns[N_LEVELS - 1];
	size_t i;

	q->parts = xcalloc(s->blocks.n + 1, sizeof(*q->parts));
	for (i = 0; i < s->blocks.n; i++) {
		struct block *b = s->blocks.blocks[i];
		struct part *p = &q->parts[q->n_parts];

		if (b->dead || b->from_ns >= q->a->until_ns ||
			b->until_ns <= q->a->from_ns)
			continue;
		p->block = block_hold(b);
		p->symbols = b->symbols;
		p->leaves = b->leaves;
		p->from = q->a->from_ns <= b->from_ns ? bucket_of(b->from_ns, day)
						      : q->a->from_ns;
		p->until = q->a->until_ns >= b->until_ns
				   ? bucket_of(b->until_ns - 1, day) + day
				   : q->a->until_ns;
		p->whole = q->a->from_ns <= b->from_ns && q->a->until_ns >= b->until_ns;
		q->n_parts++;
	}
}

/* Caller holds s->lock. */
static void choose_tail(struct query *q)
{
	struct second *x;
	size_t n = 0;

	for (x = q->s->queue; x; x = x->next)
		n++;
	q->tail = xcalloc(n + 1, sizeof(struct second *));
	for (x = q->s->queue; x; x = x->next) {
		atomic_fetch_add(&x->refs, 1);
		q->tail[q->n_tail++] = x;
	}
}

static bool has_part(const struct query *q, const struct block *b)
{
	size_t i;

	for (i = 0; i < q->n_parts && q->parts[i].block != b; i++)
		;
	return i < q->n_parts;
}

/* The tail was taken before the view: what has been written in between is in both. Of a
 * block that had nothing then, and so is no part of the query, the tail stays. */
static void drop_written(struct query *q)
{
	struct key mark;
	size_t i, n = 0;

	for (i = 0; i < q->n_tail; i++) {
		if (has_part(q, q->tail[i]->block) && second_mark(q->tail[i], &mark) &&
			q->v && view_has(q->v, CF_RAW, &mark))
			second_drop(q->s, q->tail[i]);
		else
			q->tail[n++] = q->tail[i];
	}
	q->n_tail = n;
}

static int by_id(const void *a, const void *b)
{
	series_id x = *(const series_id *)a, y = *(const series_id *)b;

	return x < y ? -1 : x > y;
}

static void add_series(struct query *q, series_id id)
{
	GROW(q->series, q->cap_series, q->n_series + 1);
	q->series[q->n_series++] = id;
}

static int series_of_part(struct query *q, struct part *p)
{
	struct series_list *l = &p->series;
	size_t i, n = 0;
	int ret = series_list_read(l, q->v, p->block, q->err);

	for (i = 0; i < l->n; i++) {
		if (ask_wants(q->a, l->ids[i])) {
			add_series(q, l->ids[i]);
			l->ids[n++] = l->ids[i];
		}
	}
	l->n = n;
	return ret;
}

void query_end(struct query *q)
{
	size_t i;

	for (i = 0; i < q->n_tail; i++)
		second_drop(q->s, q->tail[i]);
	for (i = 0; i < q->n_parts; i++) {
		free(q->parts[i].series.ids);
		block_drop(q->s, q->parts[i].block);
	}
	view_free(q->v);
	free(q->tail);
	free(q->parts);
	free(q->series);
	pthread_rwlock_unlock(&q->s->db_lock);
}

int query_begin(struct query *q, struct store *s, struct ask *a, struct err *err)
{
	size_t i, k, n = 0;

	*q = (struct query){ .s = s, .a = a, .err = err };
	pthread_rwlock_rdlock(&s->db_lock);
	pthread_mutex_lock(&s->lock);
	choose_tail(q);
	choose_blocks(q);
	pthread_mutex_unlock(&s->lock);
	if (s->db)
		q->v = view_new(s->db, a->once ? VIEW_ONCE : VIEW_AGAIN);
	drop_written(q);
	for (i = 0; i < q->n_parts && q->v; i++) {
		if (series_of_part(q, &q->parts[i]) < 0) {
			query_end(q);
			return -1;
		}
	}
	for (i = 0; i < q->n_tail; i++) {
		for (k = 0; k < q->tail[i]->n_chunks; k++) {
			if (ask_wants(a, q->tail[i]->chunks[k].series))
				add_series(q, q->tail[i]->chunks[k].series);
		}
	}
	if (q->n_series)
		qsort(q->series, q->n_series, sizeof(*q->series), by_id);
	for (i = 0; i < q->n_series; i++) {
		if (!n || q->series[n - 1] != q->series[i])
			q->series[n++] = q->series[i];
	}
	q->n_series = n;
	return 0;
}

bool part_has(const struct part *p, series_id id)
{
	return p->series.n &&
	       bsearch(&id, p->series.ids, p->series.n, sizeof(id), by_id) != NULL;
}
