/* twins.c - see twins.h */
#include "query/twins.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

static uint64_t text_hash(uint64_t h, const char *text)
{
	return hash_step(h, hash_bytes(text, strlen(text)));
}

static uint64_t place_hash(const struct place *p)
{
	return text_hash(text_hash(p->first_line, p->file), p->name);
}

void twins_add(struct twins *t, const struct place *p, int side)
{
	GROW(t->v, t->cap, t->n + 1);
	t->v[t->n++] = (struct twin){ .place = p, .side = side };
	t->modules[side] |= p->module[0] != '\0';
}

static int by_key_and_line(const void *a, const void *b)
{
	const struct twin *x = a, *y = b;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	if (x->place->first_line != y->place->first_line)
		return x->place->first_line < y->place->first_line ? -1 : 1;
	return x->side - y->side;
}

static bool is_again(const struct twin *x, const struct twin *y)
{
	return x->key == y->key && x->side == y->side &&
	       x->place->first_line == y->place->first_line;
}

static void pair(struct twins *t, struct twin *a, struct twin *b)
{
	*map_put(&t->a_of, place_hash(b->place)) = (uint64_t)(uintptr_t)a->place;
	a->paired = b->paired = true;
}

static struct twin *next_single(struct twin *at, const struct twin *end, int side)
{
	while (at < end && (at->paired || at->side != side))
		at++;
	return at;
}

/* The functions of one name in one module, in order of their lines. */
static void pair_namesakes(struct twins *t, struct twin *v, const struct twin *end)
{
	struct twin *a = v, *b = v;

	for (; v + 1 < end; v++) {
		if (v[0].side != v[1].side &&
			v[0].place->first_line == v[1].place->first_line)
			pair(t, &v[0], &v[1]);
	}
	for (;;) {
		a = next_single(a, end, 0);
		b = next_single(b, end, 1);
		if (a == end || b == end)
			return;
		pair(t, a, b);
	}
}

void twins_pair(struct twins *t)
{
	bool modules = t->modules[0] && t->modules[1];
	size_t i, k, n = 0;

	for (i = 0; i < t->n; i++) {
		const struct place *p = t->v[i].place;
		uint64_t h = text_hash(p->flags & FUNC_NATIVE, p->name);

		t->v[i].key = text_hash(h, modules && p->module[0] ? p->module : p->file);
	}
	if (t->n)
		qsort(t->v, t->n, sizeof(*t->v), by_key_and_line);
	for (i = 0; i < t->n; i++) {
		if (!n || !is_again(&t->v[n - 1], &t->v[i]))
			t->v[n++] = t->v[i];
	}
	for (i = 0; i < n; i = k) {
		for (k = i + 1; k < n && t->v[k].key == t->v[i].key; k++)
			;
		pair_namesakes(t, t->v + i, t->v + k);
	}
}

const struct place *twins_of(const struct twins *t, const struct place *p)
{
	const uint64_t *known = map_get(&t->a_of, place_hash(p));

	return known ? (const struct place *)(uintptr_t)*known : p;
}

void twins_release(struct twins *t)
{
	free(t->v);
	map_release(&t->a_of);
	*t = (struct twins){ 0 };
}
