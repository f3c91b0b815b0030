/*
 * dict.h - dicts, sets and the attributes of objects, read from outside.
 *
 * Follows Objects/dictobject.c of each version: the open table of 2.7; compact tables
 * with dk_size (3.6-3.10) or log2 sizes and short entries for str keys (3.11+); split
 * tables, whose values lie apart from the keys; and instances that keep their attributes
 * without a dict: behind a pointer (3.11, 3.12) or inside the object (3.13+).
 */
#ifndef PYTHON_DICT_H
#define PYTHON_DICT_H

#include "python/object.h"

/* Entries fetched by one read. */
enum { DICT_BLOCK = 32, DICT_ENTRY_MAX = 24 };

struct dict_iter {
	struct objects *o;
	uint64_t entries;    /* address of the first one */
	uint64_t values;     /* split: address of the first value, else 0 */
	uint64_t n, at;      /* entries, and the next one */
	uint64_t used;       /* what len() says; 0 when not known */
	uint32_t width;      /* bytes an entry */
	uint32_t key, value; /* offsets in an entry */
	uint64_t block;      /* first entry of the block that is here */
	size_t in_block;
	enum status status; /* why it ended: ST_OK at the end */
	uint8_t bytes[DICT_BLOCK * DICT_ENTRY_MAX];
	uint64_t split[DICT_BLOCK];
};

/* Starts over a dict (or subclass) object. On failure the iteration is empty. */
enum status dict_open(struct objects *o, uint64_t dict, struct dict_iter *it);
/* The next key and value, both addresses of objects; false at the end, see it->status. */
bool dict_next(struct dict_iter *it, uint64_t *key, uint64_t *value);
/* The value under a str key. ST_OK and *value 0: not there. Keys are fetched in batches. */
enum status dict_find(struct objects *o, uint64_t dict, const char *key, uint64_t *value);

/* The attributes that an instance has of its own, in whatever way it keeps them (without
 * __slots__). An object without attributes is ST_OK and empty. */
enum status attrs_open(
	struct objects *o, uint64_t obj, const struct type *t, struct dict_iter *it);
/* One attribute of an instance by name, from its dict only; *value 0: not there. */
enum status attrs_find(
	struct objects *o, uint64_t obj, const char *name, uint64_t *value);

/* Sets and frozensets: the same with keys only. */
enum status set_open(struct objects *o, uint64_t set, struct dict_iter *it);
bool set_next(struct dict_iter *it, uint64_t *key);

#endif
