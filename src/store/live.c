/* live.c - series and their threads as the writer knows them, see inside.h */
#include "store/inside.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

enum { FORGET_COMMITS = 60 }; /* series and threads that have ended: a minute */

struct live_series *live_of(struct store *s, series_id id)
{
	uint64_t *at = map_get(&s->series_index, id);

	return at ? (struct live_series *)(uintptr_t)*at : NULL;
}

static void live_free(struct live_series *l)
{
	series_release(&l->series);
	free(l->threads);
	free(l);
}

void live_learn(struct store *s, const struct series *from)
{
	struct live_series *l = live_of(s, from->id);
	size_t i;

	if (l)
		return;
	l = xcalloc(1, sizeof(*l));
	l->series.id = from->id;
	l->series.pid = from->pid;
	l->series.start_ns = from->start_ns;
	for (i = 0; i < from->n_labels; i++)
		series_label(&l->series, from->labels[i].key, from->labels[i].value);
	l->next = s->series;
	s->series = l;
	*map_put(&s->series_index, from->id) = (uint64_t)(uintptr_t)l;
}

static void put_thread(
	struct store *s, struct block *b, const struct thread_info *t, uint32_t commit)
{
	struct key key = key_thread(b->id, t->series, t->thread, writer_seq(s, commit));

	encode_thread(&s->value, t);
	batch_put(s->batch, s->db, CF_META, &key, &s->value);
}

/* Where the thread is, or belongs: they are sorted by their numbers, which only grow. */
static size_t thread_at(const struct live_series *l, thread_id id)
{
	size_t from = 0, until = l->n_threads;

	if (until && l->threads[until - 1].info.thread < id)
		return until;
	while (from < until) {
		size_t middle = from + (until - from) / 2;

		if (l->threads[middle].info.thread < id)
			from = middle + 1;
		else
			until = middle;
	}
	return from;
}

/* Threads without samples for a minute of commits have ended, or cannot be read: the next
 * block does without their names. */
static void forget_threads(struct live_series *l, uint32_t commit)
{
	size_t i, kept = 0;

	for (i = 0; i < l->n_threads; i++) {
		if (commit - l->threads[i].commit < FORGET_COMMITS)
			l->threads[kept++] = l->threads[i];
	}
	l->n_threads = kept;
}

void live_define(struct store *s, struct block *b, struct live_series *l, uint32_t commit)
{
	struct key key = key_series(b->id, l->series.id);
	size_t i;

	if (l->defined_in == b->id)
		return;
	encode_series(&s->value, &l->series);
	batch_put(s->batch, s->db, CF_META, &key, &s->value);
	forget_threads(l, commit);
	for (i = 0; i < l->n_threads; i++)
		put_thread(s, b, &l->threads[i].info, commit);
	l->defined_in = b->id;
}

void live_thread(
	struct store *s, struct block *b, const struct thread_info *t, uint32_t commit)
{
	struct live_series *l = live_of(s, t->series);
	size_t i;

	if (!l)
		return;
	if (l->n_threads == l->cap_threads)
		forget_threads(l, commit);
	i = thread_at(l, t->thread);
	if (i == l->n_threads || l->threads[i].info.thread != t->thread) {
		GROW(l->threads, l->cap_threads, l->n_threads + 1);
		memmove(&l->threads[i + 1], &l->threads[i],
			(l->n_threads - i) * sizeof(*l->threads));
		l->n_threads++;
	}
	l->threads[i] = (struct live_thread){ *t, commit };
	if (l->defined_in == b->id)
		put_thread(s, b, t, commit);
	else
		live_define(s, b, l, commit);
}

void live_see(struct live_series *l, const struct chunk *c, uint32_t commit)
{
	size_t k, i;

	for (k = 0; k < c->n_runs; k++) {
		i = thread_at(l, c->runs[k].thread);
		if (i < l->n_threads && l->threads[i].info.thread == c->runs[k].thread)
			l->threads[i].commit = commit;
	}
}

void live_forget(struct store *s, uint32_t commit)
{
	struct live_series **at = &s->series, *l;
	bool any = false;

	while ((l = *at)) {
		if (!l->finished || commit - l->finished_at < FORGET_COMMITS) {
			at = &l->next;
			continue;
		}
		*at = l->next;
		live_free(l);
		any = true;
	}
	if (!any)
		return;
	map_clear(&s->series_index);
	for (l = s->series; l; l = l->next)
		*map_put(&s->series_index, l->series.id) = (uint64_t)(uintptr_t)l;
}

void live_forget_all(struct store *s)
{
	struct live_series *l;

	while ((l = s->series)) {
		s->series = l->next;
		live_free(l);
	}
	map_release(&s->series_index);
}
