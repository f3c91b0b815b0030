/* map.c - see map.h */
#include "base/map.h"

#include "base/alloc.h"

#include <string.h>
#include <sys/random.h>
#include <xxhash.h>

static uint64_t seed;

__attribute__((constructor)) static void choose_seed(void)
{
	if (getrandom(&seed, sizeof(seed), GRND_NONBLOCK) != sizeof(seed))
		seed = (uint64_t)(uintptr_t)&seed;
}

uint64_t hash_step(uint64_t h, uint64_t a)
{
	__uint128_t product;

	product =
		(__uint128_t)(h ^ 0x9e3779b97f4a7c15u) * (a ^ seed ^ 0xbf58476d1ce4e5b9u);
	h = (uint64_t)product ^ (uint64_t)(product >> 64);
	return h ^ (h >> 29);
}

uint64_t hash_u64(uint64_t key)
{
	return hash_step(seed, key);
}

uint64_t hash_bytes(const void *data, size_t len)
{
	return XXH3_64bits_withSeed(data, len, seed);
}

void map_release(struct map *m)
{
	free(m->slots);
	*m = (struct map)MAP_INIT;
}

void map_clear(struct map *m)
{
	if (m->n)
		memset(m->slots, 0, (m->mask + 1) * sizeof(*m->slots));
	m->n = 0;
}

static struct map_slot *find(const struct map *m, uint64_t key)
{
	size_t i = hash_u64(key) & m->mask;

	while (m->slots[i].used && m->slots[i].key != key)
		i = (i + 1) & m->mask;
	return &m->slots[i];
}

uint64_t *map_get(const struct map *m, uint64_t key)
{
	struct map_slot *s;

	if (!m->slots)
		return NULL;
	s = find(m, key);
	return s->used ? &s->value : NULL;
}

static void grow(struct map *m)
{
	struct map bigger = { .n = m->n, .mask = m->slots ? m->mask * 2 + 1 : 31 };
	size_t i;

	bigger.slots = xcalloc(bigger.mask + 1, sizeof(*bigger.slots));
	for (i = 0; m->slots && i <= m->mask; i++) {
		if (m->slots[i].used)
			*find(&bigger, m->slots[i].key) = m->slots[i];
	}
	free(m->slots);
	*m = bigger;
}

uint64_t *map_put(struct map *m, uint64_t key)
{
	struct map_slot *s;

	if (!m->slots || (m->n + 1) * 4 > (m->mask + 1) * 3)
		grow(m);
	s = find(m, key);
	if (!s->used) {
		*s = (struct map_slot){ .key = key, .used = true };
		m->n++;
	}
	return &s->value;
}
