/* locals.c - see locals.h */
#include "python/locals.h"

#include "base/alloc.h"
#include "python/code.h"
#include "python/dict.h"
#include "python/str.h"

#include <string.h>

enum { VARIABLES_MAX = 4096, NAMES_MAX = 200, NAME_CHARS = 200 };

/* pycore_code.h */
enum { FAST_LOCAL = 0x20, FAST_CELL = 0x40, FAST_FREE = 0x80 };

/* co_flags: variables are in the frame, not in a dict */
enum { CODE_OPTIMIZED = 0x1 };

struct reader {
	struct objects *o;
	const struct repr_limits *limits;
	struct locals *out;
	const char *wanted; /* only this one, without its text */
	uint64_t found;
	uint64_t frame, code;
	uint32_t flags;
	uint64_t n_args; /* how many of the first variables are arguments */
};

const char *local_kind_word(enum local_kind kind)
{
	static const char *const words[] = { "argument", "local", "cell", "free",
		"name" };

	return kind < ARRAY_SIZE(words) ? words[kind] : "?";
}

void locals_release(struct locals *l)
{
	size_t i;

	for (i = 0; i < l->n; i++) {
		free(l->v[i].name);
		free(l->v[i].type);
		free(l->v[i].text);
	}
	free(l->v);
	*l = (struct locals)LOCALS_INIT;
}

static char *type_text(struct objects *o, uint64_t value)
{
	struct buf text = BUF_INIT;
	const struct type *t;
	struct type copy;

	if (objects_type_of(o, value, &t) == ST_OK) {
		copy = *t;
		repr_put_type(o, &copy, &text);
	} else {
		buf_char(&text, '?');
	}
	return buf_detach(&text, NULL);
}

static void add(
	struct reader *r, const struct buf *name, enum local_kind kind, uint64_t value)
{
	struct locals *out = r->out;
	struct buf text = BUF_INIT;

	if (r->wanted) {
		if (name->len && !strcmp(name->data, r->wanted))
			r->found = value;
		return;
	}
	if (out->n >= VARIABLES_MAX || objects_spent(r->o)) {
		out->cut = true;
		return;
	}
	repr_put(r->o, value, r->limits, &text);
	GROW(out->v, out->cap, out->n + 1);
	out->v[out->n++] = (struct local){
		.kind = kind,
		.name = xstrndup(name->len ? name->data : "", name->len),
		.type = type_text(r->o, value),
		.text = buf_detach(&text, NULL),
		.value = value,
	};
}

static void add_named(
	struct reader *r, uint64_t name, enum local_kind kind, uint64_t value)
{
	struct buf text = BUF_INIT;
	enum status st = str_read(r->o->mem, r->o->abi, name, NAME_CHARS, &text);

	if (st != ST_OK && st != ST_LIMIT)
		buf_char(&text, '?');
	add(r, &text, kind, value);
	buf_release(&text);
}

/* What a cell holds; 0 for an empty one. Before its function has made the cell, an
 * argument's place holds the value itself. */
static uint64_t content_of(struct objects *o, uint64_t value)
{
	uint64_t inside = value;

	if (objects_kind(o, value) == KIND_CELL &&
		objects_member(o, value, o->abi->cell.ref, &inside) != ST_OK)
		return 0;
	return inside;
}

static enum status member32(struct objects *o, uint64_t addr, uint32_t off, uint32_t *v)
{
	*v = 0;
	if (!abi_has(off))
		return ST_UNSUPPORTED;
	return objects_read(o, addr + off, v, sizeof(*v));
}

/* argcount (which holds the positional-only ones), keyword-only ones, *args, **kwargs */
static enum status count_arguments(struct reader *r)
{
	const struct abi *abi = r->o->abi;
	uint32_t args, kwonly;
	enum status st = member32(r->o, r->code, abi->code.argcount, &args);

	if (st == ST_OK)
		st = member32(r->o, r->code, abi->code.flags, &r->flags);
	member32(r->o, r->code, abi->code.kwonly, &kwonly);
	r->n_args = (uint64_t)args + kwonly + !!(r->flags & CODE_VARARGS) +
		    !!(r->flags & CODE_VARKEYWORDS);
	return st;
}

/* The items of a tuple, at most max of them, into words. */
static enum status tuple_items(
	struct objects *o, uint64_t tuple, uint64_t *words, size_t max, size_t *n)
{
	uint64_t length = 0;
	enum status st = objects_length(o, tuple, o->abi->tuple.length, &length);

	*n = 0;
	if (st != ST_OK || !length)
		return st;
	*n = length < max ? (size_t)length : max;
	st = objects_read(o, tuple + o->abi->tuple.items, words, 8 * *n);
	if (st != ST_OK)
		*n = 0;
	return st;
}

/* ---- up to 3.10: three tuples of names, one array of values ---------------------------- */

/* Is one of the first n_args names the same object? Names are interned. */
static bool is_argument(
	const struct reader *r, const uint64_t *names, size_t n, uint64_t name)
{
	size_t i;

	for (i = 0; i < n && i < r->n_args; i++)
		if (names[i] == name)
			return true;
	return false;
}

static enum status read_group(struct reader *r, const uint64_t *names, size_t n,
	uint64_t first, const uint64_t *varnames, size_t n_varnames, enum local_kind kind)
{
	uint64_t *values = xcalloc(n + 1, sizeof(*values));
	uint64_t at = r->frame + r->o->abi->frame.localsplus + 8 * first;
	enum status st = n ? objects_read(r->o, at, values, 8 * n) : ST_OK;
	size_t i;

	for (i = 0; st == ST_OK && i < n; i++) {
		enum local_kind k = kind;
		uint64_t value = values[i];

		if (kind == LOCAL_PLAIN && first + i < r->n_args)
			k = LOCAL_ARGUMENT;
		if (kind == LOCAL_CELL && is_argument(r, varnames, n_varnames, names[i]))
			k = LOCAL_ARGUMENT;
		if (kind != LOCAL_PLAIN)
			value = content_of(r->o, value);
		if (value)
			add_named(r, names[i], k, value);
	}
	free(values);
	return st;
}

static enum status read_old(struct reader *r)
{
	const struct abi *abi = r->o->abi;
	const uint32_t member[] = { abi->code.varnames, abi->code.cellvars,
		abi->code.freevars };
	static const enum local_kind kinds[] = { LOCAL_PLAIN, LOCAL_CELL, LOCAL_FREE };
	uint64_t *names[3] = { NULL }, tuple;
	size_t n[3] = { 0 }, first = 0, i;
	enum status st = ST_OK;

	for (i = 0; st == ST_OK && i < 3; i++) {
		names[i] = xcalloc(VARIABLES_MAX, sizeof(*names[i]));
		st = objects_member(r->o, r->code, member[i], &tuple);
		if (st == ST_OK)
			st = tuple_items(r->o, tuple, names[i], VARIABLES_MAX, &n[i]);
	}
	for (i = 0; st == ST_OK && i < 3; i++) {
		st = read_group(r, names[i], n[i], first, names[0], n[0], kinds[i]);
		first += n[i];
	}
	for (i = 0; i < 3; i++)
		free(names[i]);
	return st;
}

/* ---- from 3.11: one tuple of names with a byte of kinds each --------------------------- */

static enum local_kind kind_of(const struct reader *r, size_t i, uint8_t bits)
{
	if (i < r->n_args)
		return LOCAL_ARGUMENT;
	if (bits & FAST_FREE)
		return LOCAL_FREE;
	return bits & FAST_CELL ? LOCAL_CELL : LOCAL_PLAIN;
}

static enum status read_new(struct reader *r)
{
	const struct abi *abi = r->o->abi;
	uint64_t *names = xcalloc(VARIABLES_MAX, sizeof(*names));
	uint64_t *values = xcalloc(VARIABLES_MAX, sizeof(*values));
	struct buf kinds = BUF_INIT;
	uint64_t tuple, bytes;
	size_t n = 0, i;
	enum status st = objects_member(r->o, r->code, abi->code.localsplusnames, &tuple);

	if (st == ST_OK)
		st = tuple_items(r->o, tuple, names, VARIABLES_MAX, &n);
	if (st == ST_OK)
		st = objects_member(r->o, r->code, abi->code.localspluskinds, &bytes);
	if (st == ST_OK)
		st = bytes_read(r->o->mem, abi, bytes, VARIABLES_MAX, &kinds);
	if (st == ST_OK && n)
		st = objects_read(r->o, r->frame + abi->iframe.localsplus, values, 8 * n);
	for (i = 0; st == ST_OK && i < n && i < kinds.len; i++) {
		uint8_t bits = (uint8_t)kinds.data[i];
		uint64_t value = objects_untag(abi, values[i]);

		if (bits & (FAST_CELL | FAST_FREE))
			value = content_of(r->o, value);
		if (value)
			add_named(r, names[i], kind_of(r, i, bits), value);
	}
	buf_release(&kinds);
	free(names);
	free(values);
	return st;
}

/* ---- class bodies and modules: names in a dict ------------------------------------------ */

static enum status read_names(struct reader *r, uint64_t dict)
{
	struct dict_iter *it = xmalloc(sizeof(*it));
	struct buf name = BUF_INIT;
	uint64_t key, value;
	size_t n = 0;
	enum status st = dict_open(r->o, dict, it);

	while (st == ST_OK && dict_next(it, &key, &value)) {
		buf_clear(&name);
		if (str_read(r->o->mem, r->o->abi, key, NAME_CHARS, &name) != ST_OK ||
			name.len < 1 || (name.len > 1 && !memcmp(name.data, "__", 2)))
			continue;
		if (n++ >= NAMES_MAX) {
			r->out->cut = true;
			break;
		}
		add(r, &name, LOCAL_NAME, value);
	}
	if (st == ST_OK)
		st = it->status;
	buf_release(&name);
	free(it);
	return st;
}

static enum status read_all(struct reader *r)
{
	struct objects *o = r->o;
	const struct abi *abi = o->abi;
	bool is_new = abi->value.frame_kind > 0;
	uint64_t dict = 0;
	enum status st;

	st = objects_member(
		o, r->frame, is_new ? abi->iframe.code : abi->frame.code, &r->code);
	if (st != ST_OK)
		return st;
	if (is_new)
		r->code = objects_untag(abi, r->code);
	if (objects_kind(o, r->code) != KIND_CODE)
		return ST_TORN;
	st = count_arguments(r);
	if (st != ST_OK)
		return st;
	if (!(r->flags & CODE_OPTIMIZED))
		objects_member(o, r->frame,
			is_new ? abi->iframe.locals : abi->frame.locals, &dict);
	if (dict && objects_kind(o, dict) == KIND_DICT)
		return read_names(r, dict);
	return is_new ? read_new(r) : read_old(r);
}

enum status locals_read(struct objects *o, uint64_t frame_addr,
	const struct repr_limits *limits, struct locals *out)
{
	struct reader r = { .o = o, .limits = limits, .out = out, .frame = frame_addr };

	return read_all(&r);
}

enum status locals_find(
	struct objects *o, uint64_t frame_addr, const char *name, uint64_t *value)
{
	struct locals none = LOCALS_INIT;
	struct reader r = { .o = o, .out = &none, .frame = frame_addr, .wanted = name };
	enum status st = read_all(&r);

	*value = r.found;
	return st;
}
