/*
 * map.h - hash map from a 64-bit key to a 64-bit value, open addressing, no removal
 * other than of everything. Keys are mixed with a seed of the process, so that a hostile
 * target cannot choose addresses that collide.
 */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct map_slot {
	uint64_t key, value;
	bool used;
};

struct map {
	struct map_slot *slots;
	size_t n, mask; /* entries; slots - 1, or 0 when none */
};

#define MAP_INIT           \
	{                  \
		NULL, 0, 0 \
	}

void map_release(struct map *m);
/* Forgets all entries, keeps the memory. */
void map_clear(struct map *m);
/* The value's place, or NULL. Valid until the next map_put. */
uint64_t *map_get(const struct map *m, uint64_t key);
/* The value's place; a new entry starts at 0. Valid until the next map_put. */
uint64_t *map_put(struct map *m, uint64_t key);

/* 64 well-mixed bits of a key and the process's random seed. */
uint64_t hash_u64(uint64_t key);
/* The same for bytes. */
uint64_t hash_bytes(const void *data, size_t len);
/* Order matters: hash of "a after h". For incremental hashes of sequences. */
uint64_t hash_step(uint64_t h, uint64_t a);

#endif
