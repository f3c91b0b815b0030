/* dict.c - see dict.h */
#include "python/dict.h"

#include "base/alloc.h"
#include "python/str.h"

#include <string.h>

/* Slots of the largest table that is believed. */
#define SLOTS_MAX (UINT64_C(1) << 32)

enum { HEAD_BYTES = 64, KEYS_GENERAL = 0 };

static enum status read_head(
	struct objects *o, uint64_t addr, uint32_t size, uint8_t *head, size_t *len)
{
	*len = size < HEAD_BYTES ? size : HEAD_BYTES;
	return objects_read(o, addr, head, *len);
}

/* Bytes of the index of a table with `slots` slots (3.6-3.10: DK_IXSIZE). */
static uint64_t index_bytes(uint64_t slots)
{
	if (slots <= 0xff)
		return slots;
	if (slots <= 0xffff)
		return 2 * slots;
	return slots <= 0xffffffff ? 4 * slots : 8 * slots;
}

/* Where the entries of a table of 3.6 or later are and how many: the order of insertion. */
static enum status open_keys(struct dict_iter *it, uint64_t keys)
{
	struct objects *o = it->o;
	const struct abi *abi = o->abi;
	uint8_t head[HEAD_BYTES], log2_size, log2_bytes, kind = KEYS_GENERAL;
	uint64_t slots, skip;
	size_t len;
	enum status st = read_head(o, keys, abi->dictkeys.size, head, &len);

	if (st != ST_OK)
		return st;
	if (!abi_get_u64(head, len, abi->dictkeys.nentries, &it->n))
		return ST_UNSUPPORTED;
	if (abi_get_u8(head, len, abi->dictkeys.log2_size, &log2_size)) {
		abi_get_u8(head, len, abi->dictkeys.log2_bytes, &log2_bytes);
		abi_get_u8(head, len, abi->dictkeys.kind, &kind);
		if (log2_size > 40 || log2_bytes > 44)
			return ST_BAD;
		slots = UINT64_C(1) << log2_size;
		skip = UINT64_C(1) << log2_bytes;
	} else {
		if (!abi_get_u64(head, len, abi->dictkeys.entries_size, &slots))
			return ST_UNSUPPORTED;
		skip = index_bytes(slots);
	}
	if (slots > SLOTS_MAX || it->n > slots)
		return ST_BAD;
	it->entries = keys + abi->dictkeys.indices + skip;
	it->width = kind == KEYS_GENERAL ? abi->dictentry.size : abi->dictentry_str.size;
	it->key = kind == KEYS_GENERAL ? abi->dictentry.key : abi->dictentry_str.key;
	it->value =
		kind == KEYS_GENERAL ? abi->dictentry.value : abi->dictentry_str.value;
	return it->width <= DICT_ENTRY_MAX ? ST_OK : ST_UNSUPPORTED;
}

/* 2.7: an open table, free and deleted slots among the others. */
static enum status open_table(struct dict_iter *it, const uint8_t *head, size_t len)
{
	const struct abi *abi = it->o->abi;
	uint64_t mask;

	if (!abi_get_u64(head, len, abi->dict.mask, &mask) ||
		!abi_get_ptr(head, len, abi->dict.table, &it->entries))
		return ST_UNSUPPORTED;
	if (mask >= SLOTS_MAX)
		return ST_BAD;
	it->n = mask + 1;
	it->width = abi->dictentry.size;
	it->key = abi->dictentry.key;
	it->value = abi->dictentry.value;
	return it->width <= DICT_ENTRY_MAX ? ST_OK : ST_UNSUPPORTED;
}

static enum status done(struct dict_iter *it, enum status st)
{
	if (st != ST_OK)
		it->n = 0;
	it->status = st;
	it->block = it->n; /* nothing fetched */
	it->in_block = 0;
	return st;
}

static void reset(struct dict_iter *it, struct objects *o)
{
	it->o = o;
	it->entries = it->values = it->n = it->at = it->used = 0;
}

static uint32_t values_start(const struct abi *abi)
{
	return abi_has(abi->dictvalues.values) ? abi->dictvalues.values : 0;
}

enum status dict_open(struct objects *o, uint64_t dict, struct dict_iter *it)
{
	const struct abi *abi = o->abi;
	uint8_t head[HEAD_BYTES];
	uint64_t keys;
	size_t len;
	enum status st;

	reset(it, o);
	st = read_head(o, dict, abi->dict.size, head, &len);
	if (st != ST_OK)
		return done(it, st);
	abi_get_u64(head, len, abi->dict.used, &it->used);
	if (abi->value.dict_kind == 0)
		return done(it, open_table(it, head, len));
	if (!abi_get_ptr(head, len, abi->dict.keys, &keys))
		return done(it, ST_UNSUPPORTED);
	st = open_keys(it, keys);
	abi_get_ptr(head, len, abi->dict.values, &it->values);
	if (it->values)
		it->values += values_start(abi);
	return done(it, st);
}

static enum status fetch(struct dict_iter *it)
{
	size_t n = it->n - it->at < DICT_BLOCK ? (size_t)(it->n - it->at) : DICT_BLOCK;
	enum status st = objects_read(
		it->o, it->entries + it->at * it->width, it->bytes, n * it->width);

	if (st == ST_OK && it->values)
		st = objects_read(it->o, it->values + it->at * 8, it->split, n * 8);
	it->block = it->at;
	it->in_block = st == ST_OK ? n : 0;
	return st;
}

/* The entry at it->at, fetched; false at the end or when it cannot be read. */
static const uint8_t *entry(struct dict_iter *it, size_t *slot)
{
	if (it->status != ST_OK || it->at >= it->n)
		return NULL;
	if (it->at < it->block || it->at - it->block >= it->in_block) {
		it->status = fetch(it);
		if (it->status != ST_OK)
			return NULL;
	}
	*slot = (size_t)(it->at++ - it->block);
	return it->bytes + *slot * it->width;
}

bool dict_next(struct dict_iter *it, uint64_t *key, uint64_t *value)
{
	const uint8_t *e;
	size_t slot = 0;

	while ((e = entry(it, &slot)) != NULL) {
		abi_get_ptr(e, it->width, it->key, key);
		abi_get_ptr(e, it->width, it->value, value);
		if (it->values)
			*value = it->split[slot];
		if (*key && *value)
			return true;
	}
	*key = *value = 0;
	return false;
}

enum status set_open(struct objects *o, uint64_t set, struct dict_iter *it)
{
	const struct abi *abi = o->abi;
	uint8_t head[HEAD_BYTES];
	uint64_t mask;
	size_t len;
	enum status st;

	reset(it, o);
	st = read_head(o, set, abi->set.size, head, &len);
	if (st != ST_OK)
		return done(it, st);
	if (!abi_get_u64(head, len, abi->set.mask, &mask) ||
		!abi_get_ptr(head, len, abi->set.table, &it->entries))
		return done(it, ST_UNSUPPORTED);
	abi_get_u64(head, len, abi->set.used, &it->used);
	it->n = mask + 1;
	it->width = abi->setentry.size;
	it->key = abi->setentry.key;
	it->value = abi->setentry.hash;
	return done(it, mask < SLOTS_MAX && it->width <= DICT_ENTRY_MAX ? ST_OK : ST_BAD);
}

/* 2.7 puts this str where an element was, and keeps the hash. */
static bool is_dummy_27(struct objects *o, uint64_t key)
{
	static const char dummy[] = "<dummy key>";
	char text[sizeof(dummy)];

	return !abi_has(o->abi->str.size) && abi_has(o->abi->bytes.data) &&
	       objects_read(o, key + o->abi->bytes.data, text, sizeof(text)) == ST_OK &&
	       !memcmp(text, dummy, sizeof(dummy));
}

/* Free slots have no key; the hash of deleted ones is -1 (Objects/setobject.c). */
bool set_next(struct dict_iter *it, uint64_t *key)
{
	const uint8_t *e;
	size_t slot = 0;
	uint64_t hash;

	while ((e = entry(it, &slot)) != NULL) {
		abi_get_ptr(e, it->width, it->key, key);
		abi_get_u64(e, it->width, it->value, &hash);
		if (*key && hash != UINT64_MAX && !is_dummy_27(it->o, *key))
			return true;
	}
	*key = 0;
	return false;
}

/* ---- looking a name up -------------------------------------------------------------- */

enum { BATCH = 64, NAME_BYTES = 144 };

struct batch {
	uint64_t key[BATCH], value[BATCH];
	size_t n;
	uint8_t bytes[BATCH][NAME_BYTES];
};

/* Is the ASCII str whose first bytes are here the name? */
static bool key_is(const struct abi *abi, const uint8_t *bytes, size_t len,
	const char *name, size_t name_len)
{
	uint64_t length;

	if (!abi_has(abi->str.length)) { /* 2.7: a byte string */
		return abi_get_u64(bytes, len, abi->bytes.length, &length) &&
		       length == name_len && abi->bytes.data + name_len <= len &&
		       !memcmp(bytes + abi->bytes.data, name, name_len);
	}
	return abi_get_u64(bytes, len, abi->str.length, &length) && length == name_len &&
	       abi->str.size + name_len <= len &&
	       !memcmp(bytes + abi->str.size, name, name_len);
}

/* Reads the start of every key; where one cannot be read whole, the rest one by one. */
static void read_keys(struct objects *o, struct batch *b, size_t want)
{
	struct mem_segment seg[BATCH];
	size_t done = 0, from = 0, i;

	for (i = 0; i < b->n; i++)
		seg[i] = (struct mem_segment){ b->key[i], b->bytes[i], want };
	while (from < b->n && !objects_spent(o)) {
		mem_readv(o->mem, seg + from, b->n - from, &done);
		from += done;
		if (from < b->n)
			memset(b->bytes[from++], 0, want);
	}
	for (; from < b->n; from++)
		memset(b->bytes[from], 0, want);
}

static enum status find_in(struct dict_iter *it, const char *name, uint64_t *value)
{
	const struct abi *abi = it->o->abi;
	size_t name_len = strlen(name), i;
	size_t want =
		(abi_has(abi->str.size) ? abi->str.size : abi->bytes.data) + name_len;
	struct batch *b = xmalloc(sizeof(*b));
	bool more = true;

	*value = 0;
	want = want < NAME_BYTES ? want : NAME_BYTES;
	while (more && !*value) {
		b->n = 0;
		while (b->n < BATCH &&
			(more = dict_next(it, &b->key[b->n], &b->value[b->n])))
			b->n++;
		read_keys(it->o, b, want);
		for (i = 0; i < b->n && !*value; i++)
			if (key_is(abi, b->bytes[i], want, name, name_len))
				*value = b->value[i];
	}
	free(b);
	return *value ? ST_OK : it->status;
}

enum status dict_find(struct objects *o, uint64_t dict, const char *key, uint64_t *value)
{
	struct dict_iter it;
	enum status st = dict_open(o, dict, &it);

	*value = 0;
	return st == ST_OK ? find_in(&it, key, value) : st;
}

/* ---- attributes of instances -------------------------------------------------------- */

/* _PyObject_ComputedDictPointer: negative offsets count from the end of the items. */
static enum status dict_slot(
	struct objects *o, uint64_t obj, const struct type *t, uint64_t *slot)
{
	int64_t off = t->dictoffset;
	uint64_t items;
	enum status st;

	*slot = 0;
	if (off < 0) {
		st = objects_member(o, obj, o->abi->varobj.length, &items);
		if (st != ST_OK)
			return st;
		if ((int64_t)items < 0)
			items = 0 - items;
		if (items > UINT32_MAX || t->itemsize < 0 || t->itemsize > 4096 ||
			t->basicsize < 0 || t->basicsize > 1 << 20)
			return ST_BAD;
		off += (t->basicsize + (int64_t)items * t->itemsize + 7) & ~(int64_t)7;
	}
	if (off <= 0 || off > (int64_t)1 << 40)
		return off ? ST_BAD : ST_OK;
	*slot = obj + (uint64_t)off;
	return ST_OK;
}

/* Names from the class's shared keys, values at `values`. */
static enum status open_split(
	struct objects *o, const struct type *t, uint64_t values, struct dict_iter *it)
{
	uint64_t keys;
	enum status st = objects_member(o, t->addr, o->abi->heaptype.cached_keys, &keys);

	if (st == ST_OK && keys) {
		it->values = values + values_start(o->abi);
		st = open_keys(it, keys);
	}
	return done(it, st);
}

/* Values inside the object, while the header in front of them says so. */
static bool values_inside(
	struct objects *o, uint64_t obj, const struct type *t, uint64_t *values)
{
	const struct abi *abi = o->abi;
	uint8_t valid = 0;

	if (abi->value.inline_values_kind != 3 || t->basicsize < 0 ||
		t->basicsize > 1 << 20 ||
		!(t->flags & (uint32_t)abi->value.flag_inline_values))
		return false;
	*values = obj + (uint64_t)t->basicsize;
	return abi_has(abi->dictvalues.valid) &&
	       objects_read(o, *values + abi->dictvalues.valid, &valid, 1) == ST_OK &&
	       valid;
}

/* 3.11+: the dict pointer in front of the object (Include/internal/pycore_object.h). */
static enum status open_managed(
	struct objects *o, uint64_t obj, const struct type *t, struct dict_iter *it)
{
	const struct abi *abi = o->abi;
	uint64_t slot = obj + (uint64_t)(int64_t)abi->value.managed_dict_offset;
	uint64_t dict = 0, values = 0;
	enum status st;

	if (values_inside(o, obj, t, &values))
		return open_split(o, t, values, it);
	st = objects_u64(o, slot, &dict);
	if (st == ST_OK && abi->value.inline_values_kind == 1) {
		st = objects_u64(o, slot - 8, &values);
		if (st == ST_OK && values)
			return open_split(o, t, values, it);
	}
	if (st == ST_OK && abi->value.inline_values_kind == 2 && dict & 1)
		return open_split(o, t, dict + 1, it);
	return st == ST_OK && dict ? dict_open(o, dict, it) : done(it, st);
}

enum status attrs_open(
	struct objects *o, uint64_t obj, const struct type *t, struct dict_iter *it)
{
	uint64_t slot = 0, dict = 0;
	enum status st;

	reset(it, o);
	if (t->kind == KIND_INSTANCE27 || t->kind == KIND_CLASS27) {
		st = objects_member(o, obj,
			t->kind == KIND_CLASS27 ? o->abi->class.dict
						: o->abi->instance.dict,
			&dict);
		return st == ST_OK ? dict_open(o, dict, it) : done(it, st);
	}
	if (o->abi->value.inline_values_kind > 0 &&
		t->flags & (uint32_t)o->abi->value.flag_managed_dict)
		return open_managed(o, obj, t, it);
	st = dict_slot(o, obj, t, &slot);
	if (st == ST_OK && slot)
		st = objects_u64(o, slot, &dict);
	return st == ST_OK && dict ? dict_open(o, dict, it) : done(it, st);
}

enum status attrs_find(struct objects *o, uint64_t obj, const char *name, uint64_t *value)
{
	const struct type *t;
	struct dict_iter it;
	enum status st = objects_type_of(o, obj, &t);

	*value = 0;
	if (st == ST_OK)
		st = attrs_open(o, obj, t, &it);
	return st == ST_OK ? find_in(&it, name, value) : st;
}
