/*
 * repr.c - see repr.h
 *
 * One file because the kinds call each other: a list of objects of lists.
 */
#include "python/repr.h"

#include "base/alloc.h"
#include "base/utf8.h"
#include "python/dict.h"
#include "python/number.h"
#include "python/str.h"

#include <stdio.h>
#include <string.h>

const struct repr_limits repr_limits_default = { .bytes = 400, .depth = 4, .items = 40 };

enum { DEPTH_MAX = 16, SLOT_BYTES = 40, BASES_MAX = 32, SLOTS_MAX = 256 };

struct writer {
	struct objects *o;
	struct buf *out;
	size_t start, bytes; /* of this value's text, and how many are allowed */
	unsigned depth, max_depth, max_items;
	uint64_t open[DEPTH_MAX]; /* containers that we are inside of */
};

static void put(struct writer *w, uint64_t addr);

static bool is_full(const struct writer *w)
{
	return w->out->len - w->start >= w->bytes || objects_spent(w->o);
}

static size_t room(const struct writer *w)
{
	size_t used = w->out->len - w->start;

	return used < w->bytes ? w->bytes - used : 0;
}

static void put_unreadable(struct writer *w, uint64_t addr)
{
	buf_printf(w->out, "<unreadable at 0x%llx>", (unsigned long long)addr);
}

/* ---- text ---------------------------------------------------------------------------- */

/* \ud800 to \udfff: what str_read makes of a lone surrogate. */
static bool is_surrogate(const char *s, size_t len)
{
	return len >= 6 && s[1] == 'u' && s[2] == 'd' && strchr("89abcdef", s[3]) && s[3];
}

/* Escapes as repr() does; the text is UTF-8 with lone surrogates escaped already. */
static void put_quoted(struct writer *w, const char *s, size_t len, bool is_bytes)
{
	bool has_single = memchr(s, '\'', len), has_double = memchr(s, '"', len);
	char quote = has_single && !has_double ? '"' : '\'';
	size_t i;

	buf_char(w->out, quote);
	for (i = 0; i < len; i++) {
		unsigned char c = (unsigned char)s[i];

		if (c == '\n')
			buf_str(w->out, "\\n");
		else if (c == '\r')
			buf_str(w->out, "\\r");
		else if (c == '\t')
			buf_str(w->out, "\\t");
		else if (c < 0x20 || c == 0x7f || (is_bytes && c > 0x7f))
			buf_printf(w->out, "\\x%02x", c);
		else if (c == (unsigned char)quote ||
			 (c == '\\' && (is_bytes || !is_surrogate(s + i, len - i))))
			buf_printf(w->out, "\\%c", c);
		else
			buf_char(w->out, (char)c);
	}
	buf_char(w->out, quote);
}

static void put_str(struct writer *w, uint64_t addr)
{
	struct buf text = BUF_INIT;
	size_t max = room(w) < 8 ? 8 : room(w);
	enum status st = str_read(w->o->mem, w->o->abi, addr, max, &text);

	if (st != ST_OK && st != ST_LIMIT) {
		put_unreadable(w, addr);
	} else {
		if (w->o->abi->version < ABI_VERSION(3, 0))
			buf_char(w->out, 'u');
		put_quoted(w, text.data ? text.data : "", text.len, false);
		if (st == ST_LIMIT)
			buf_str(w->out, "...");
	}
	buf_release(&text);
}

static void put_bytes(struct writer *w, uint64_t addr, bool is_array)
{
	const struct abi *abi = w->o->abi;
	uint32_t length_at = is_array ? abi->bytearray.length : abi->bytes.length;
	size_t max = room(w) < 8 ? 8 : room(w), n;
	struct buf raw = BUF_INIT;
	uint64_t length, data = addr + abi->bytes.data;
	enum status st = objects_length(w->o, addr, length_at, &length);

	if (st == ST_OK && is_array && length)
		st = objects_member(w->o, addr, abi->bytearray.data, &data);
	n = length < max ? (size_t)length : max;
	if (st == ST_OK && n)
		st = objects_read(w->o, data, buf_reserve(&raw, n), n);
	if (st != ST_OK) {
		put_unreadable(w, addr);
	} else {
		buf_str(w->out, is_array ? "bytearray(" : "");
		buf_str(w->out, is_array || abi->version >= ABI_VERSION(3, 0) ? "b" : "");
		put_quoted(w, raw.data ? raw.data : "", n, true);
		buf_str(w->out, n < length ? "..." : "");
		buf_str(w->out, is_array ? ")" : "");
	}
	buf_release(&raw);
}

/* ---- containers ---------------------------------------------------------------------- */

/* Enters a container: false, and "..." is written, when it holds itself or is too deep. */
static bool enter(struct writer *w, uint64_t addr, const char *open, const char *close)
{
	unsigned i;
	bool inside = false;

	for (i = 0; i < w->depth && i < DEPTH_MAX; i++)
		inside = inside || w->open[i] == addr;
	if (inside || w->depth >= w->max_depth || w->depth >= DEPTH_MAX) {
		buf_printf(w->out, "%s...%s", open, close);
		return false;
	}
	w->open[w->depth++] = addr;
	return true;
}

static void leave(struct writer *w)
{
	w->depth--;
}

/* Before item i of n: ", ", or "..." and false when enough has been shown. */
static bool next_item(struct writer *w, size_t i)
{
	if (i)
		buf_str(w->out, ", ");
	if (i < w->max_items && !is_full(w))
		return true;
	buf_str(w->out, "...");
	return false;
}

static void put_items(struct writer *w, uint64_t addr, uint64_t items, uint64_t n,
	const char *open, const char *close)
{
	uint64_t word[64];
	size_t i, here;

	if (!n) {
		buf_printf(w->out, "%s%s", open, close);
		return;
	}
	if (!enter(w, addr, open, close))
		return;
	buf_str(w->out, open);
	for (i = 0; i < n; i++) {
		here = i % ARRAY_SIZE(word);
		if (!next_item(w, i))
			break;
		if (here == 0) {
			size_t want = n - i < ARRAY_SIZE(word) ? (size_t)(n - i)
							       : ARRAY_SIZE(word);

			if (objects_read(w->o, items + 8 * i, word, 8 * want) != ST_OK) {
				buf_str(w->out, "...");
				break;
			}
		}
		put(w, word[here]);
	}
	buf_str(w->out, n == 1 && *open == '(' ? "," : "");
	buf_str(w->out, close);
	leave(w);
}

static void put_tuple(struct writer *w, uint64_t addr)
{
	uint64_t n;

	if (objects_length(w->o, addr, w->o->abi->tuple.length, &n) != ST_OK)
		put_unreadable(w, addr);
	else
		put_items(w, addr, addr + w->o->abi->tuple.items, n, "(", ")");
}

static void put_list(struct writer *w, uint64_t addr)
{
	uint64_t n, items;

	if (objects_length(w->o, addr, w->o->abi->list.length, &n) != ST_OK ||
		objects_member(w->o, addr, w->o->abi->list.items, &items) != ST_OK)
		put_unreadable(w, addr);
	else
		put_items(w, addr, items, n, "[", "]");
}

static void put_dict(struct writer *w, uint64_t addr)
{
	struct dict_iter *it;
	uint64_t key, value;
	size_t i;

	it = xmalloc(sizeof(*it));
	dict_open(w->o, addr, it);
	if (it->status == ST_OK && !it->used) {
		buf_str(w->out, "{}");
		goto out;
	}
	if (!enter(w, addr, "{", "}"))
		goto out;
	buf_char(w->out, '{');
	for (i = 0; dict_next(it, &key, &value) && next_item(w, i); i++) {
		put(w, key);
		buf_str(w->out, ": ");
		put(w, value);
	}
	if (it->status != ST_OK)
		buf_str(w->out, "...");
	buf_char(w->out, '}');
	leave(w);
out:
	free(it);
}

static void put_set(struct writer *w, uint64_t addr, bool is_frozen)
{
	bool braces = w->o->abi->version >= ABI_VERSION(3, 0);
	const char *open =
		is_frozen || !braces ? (is_frozen ? "frozenset(" : "set(") : "";
	struct dict_iter *it = xmalloc(sizeof(*it));
	uint64_t key;
	size_t i;

	set_open(w->o, addr, it);
	if (it->status == ST_OK && !it->used) {
		buf_printf(w->out, "%sset(%s)", is_frozen ? "frozen" : "",
			braces ? "" : "[]");
	} else if (enter(w, addr, "{", "}")) {
		buf_printf(w->out, "%s%s", open, braces ? "{" : "[");
		for (i = 0; set_next(it, &key) && next_item(w, i); i++)
			put(w, key);
		buf_str(w->out, it->status != ST_OK ? "..." : "");
		buf_printf(w->out, "%s%s", braces ? "}" : "]", *open ? ")" : "");
		leave(w);
	}
	free(it);
}

/* ---- everything that is shown by name ------------------------------------------------- */

/* __module__ and __qualname__ of classes made in Python; others have it all in tp_name. */
void repr_put_type(struct objects *o, const struct type *t, struct buf *out)
{
	uint64_t module = 0, name = 0;
	size_t before = out->len;

	if (!t->is_heap || strchr(t->name, '.')) {
		/* 2.7: exceptions.ValueError */
		buf_str(out,
			strncmp(t->name, "exceptions.", 11) ? t->name : t->name + 11);
		return;
	}
	if (t->dict)
		dict_find(o, t->dict, "__module__", &module);
	if (module && str_read(o->mem, o->abi, module, 128, out) == ST_OK) {
		if (out->len - before == 8 && !memcmp(out->data + before, "builtins", 8))
			out->len = before;
		else
			buf_char(out, '.');
	}
	if (objects_member(o, t->addr, o->abi->heaptype.ht_qualname, &name) != ST_OK ||
		str_read(o->mem, o->abi, name, 128, out) != ST_OK)
		buf_str(out, t->name);
}

static void put_member_text(struct writer *w, uint64_t addr, uint32_t off)
{
	uint64_t text;

	if (objects_member(w->o, addr, off, &text) != ST_OK || !text ||
		str_read(w->o->mem, w->o->abi, text, 128, w->out) == ST_BAD)
		buf_char(w->out, '?');
}

static void put_function(struct writer *w, uint64_t addr)
{
	const struct abi *abi = w->o->abi;

	buf_str(w->out, "<function ");
	put_member_text(w, addr,
		abi_has(abi->func.qualname) ? abi->func.qualname : abi->func.name);
	buf_char(w->out, '>');
}

static void put_method(struct writer *w, uint64_t addr)
{
	const struct abi *abi = w->o->abi;
	uint64_t func = 0;

	buf_str(w->out, "<bound method ");
	if (objects_member(w->o, addr, abi->method.func, &func) == ST_OK &&
		objects_kind(w->o, func) == KIND_FUNCTION)
		put_member_text(w, func,
			abi_has(abi->func.qualname) ? abi->func.qualname
						    : abi->func.name);
	else
		buf_char(w->out, '?');
	buf_char(w->out, '>');
}

static void put_cfunction(struct writer *w, uint64_t addr)
{
	const struct abi *abi = w->o->abi;
	uint64_t def = 0, name = 0;
	char text[64];

	if (objects_member(w->o, addr, abi->cfunc.ml, &def) == ST_OK &&
		objects_member(w->o, def, abi->methoddef.name, &name) == ST_OK && name &&
		mem_read_cstr(w->o->mem, name, text, sizeof(text)) == ST_OK) {
		buf_str(w->out, "<built-in function ");
		str_put_bytes(w->out, text, strlen(text));
		buf_char(w->out, '>');
	} else {
		buf_str(w->out, "<built-in function ?>");
	}
}

static void put_module(struct writer *w, uint64_t addr)
{
	const struct abi *abi = w->o->abi;
	uint64_t dict = 0, name = 0;

	if (objects_member(w->o, addr, abi->module.name, &name) != ST_OK || !name) {
		name = 0;
		if (objects_member(w->o, addr, abi->module.dict, &dict) == ST_OK && dict)
			dict_find(w->o, dict, "__name__", &name);
	}
	buf_str(w->out, "<module ");
	if (name)
		put_str(w, name);
	buf_char(w->out, '>');
}

static void put_class(struct writer *w, uint64_t addr)
{
	const struct type *t;

	if (objects_type_at(w->o, addr, &t) != ST_OK) {
		put_unreadable(w, addr);
		return;
	}
	buf_str(w->out, "<class '");
	repr_put_type(w->o, t, w->out);
	buf_str(w->out, "'>");
}

static void put_generator(struct writer *w, uint64_t addr, const struct type *t)
{
	const struct abi *abi = w->o->abi;
	uint64_t code = 0;

	buf_printf(w->out, "<%s object ", t->name);
	if (abi_has(abi->gen.qualname))
		put_member_text(w, addr, abi->gen.qualname);
	else if (objects_member(w->o, addr, abi->gen.code, &code) == ST_OK)
		put_member_text(w, code, abi->code.name);
	buf_printf(w->out, " at 0x%llx>", (unsigned long long)addr);
}

static void put_exception(struct writer *w, uint64_t addr, const struct type *t)
{
	uint64_t args = 0;

	repr_put_type(w->o, t, w->out);
	if (objects_member(w->o, addr, w->o->abi->exc.args, &args) == ST_OK && args &&
		objects_kind(w->o, args) == KIND_TUPLE)
		put_tuple(w, args);
	else
		buf_str(w->out, "(...)");
}

static void put_cell(struct writer *w, uint64_t addr)
{
	uint64_t ref = 0;

	if (objects_member(w->o, addr, w->o->abi->cell.ref, &ref) != ST_OK) {
		put_unreadable(w, addr);
	} else if (!ref) {
		buf_str(w->out, "<cell: empty>");
	} else if (enter(w, addr, "<cell: ", ">")) {
		buf_str(w->out, "<cell: ");
		put(w, ref);
		buf_char(w->out, '>');
		leave(w);
	}
}

/* ---- objects with attributes ----------------------------------------------------------- */

static size_t put_attribute(
	struct writer *w, size_t i, const char *name, size_t len, uint64_t value)
{
	if (i == 0)
		buf_char(w->out, ' ');
	if (!next_item(w, i))
		return SIZE_MAX;
	buf_add(w->out, name, len);
	buf_char(w->out, '=');
	put(w, value);
	return i + 1;
}

static size_t put_dict_attributes(
	struct writer *w, uint64_t addr, const struct type *t, size_t i)
{
	struct dict_iter *it = xmalloc(sizeof(*it));
	struct buf name = BUF_INIT;
	uint64_t key, value;

	attrs_open(w->o, addr, t, it);
	while (i != SIZE_MAX && dict_next(it, &key, &value)) {
		buf_clear(&name);
		if (str_read(w->o->mem, w->o->abi, key, 64, &name) == ST_OK && name.len)
			i = put_attribute(w, i, name.data, name.len, value);
	}
	buf_release(&name);
	free(it);
	return i;
}

/* One PyMemberDef of a class's __slots__ (Include/descrobject.h): name 0, type 8, offset 16. */
static size_t put_slot(struct writer *w, uint64_t addr, const uint8_t *def, size_t i)
{
	uint64_t name_at, offset, value = 0;
	char name[64];

	memcpy(&name_at, def, 8);
	memcpy(&offset, def + 16, 8);
	if (offset > 1 << 20 || !name_at ||
		mem_read_cstr(w->o->mem, name_at, name, sizeof(name)) != ST_OK ||
		objects_u64(w->o, addr + offset, &value) != ST_OK || !value)
		return i;
	return put_attribute(w, i, name, strlen(name), value);
}

/* The definitions lie behind the class object; their number is its length. */
static size_t put_slots(struct writer *w, uint64_t addr, const struct type *t, size_t i)
{
	uint8_t def[SLOT_BYTES];
	uint64_t type = t->addr, n, at;
	unsigned up;

	for (up = 0; up < BASES_MAX && type && i != SIZE_MAX && !objects_spent(w->o);
		up++) {
		const struct type *here, *meta;
		uint64_t base, k;

		if (objects_type_at(w->o, type, &here) != ST_OK || !here->is_heap)
			break;
		base = here->base;
		if (objects_length(w->o, type, w->o->abi->varobj.length, &n) != ST_OK ||
			objects_type_of(w->o, type, &meta) != ST_OK ||
			meta->basicsize < 0 || meta->basicsize > 1 << 16)
			break;
		at = type + (uint64_t)meta->basicsize;
		for (k = 0; k < n && k < SLOTS_MAX && i != SIZE_MAX; k++)
			if (objects_read(w->o, at + k * SLOT_BYTES, def, sizeof(def)) ==
				ST_OK)
				i = put_slot(w, addr, def, i);
		type = base;
	}
	return i;
}

static void put_object(struct writer *w, uint64_t addr, const struct type *t)
{
	struct type copy = *t; /* the cache may drop it meanwhile */
	size_t i;

	buf_char(w->out, '<');
	if (t->kind == KIND_INSTANCE27) {
		uint64_t class = 0, name = 0;

		if (objects_member(w->o, addr, w->o->abi->instance.class, &class) !=
				ST_OK ||
			objects_member(w->o, class, w->o->abi->class.name, &name) !=
				ST_OK ||
			str_read(w->o->mem, w->o->abi, name, 64, w->out) == ST_BAD)
			buf_char(w->out, '?');
	} else {
		repr_put_type(w->o, t, w->out);
	}
	buf_printf(w->out, " at 0x%llx", (unsigned long long)addr);
	/* attributes of the value itself, not of what is inside of it */
	if (w->depth == 0 && enter(w, addr, "", "")) {
		i = put_dict_attributes(w, addr, &copy, 0);
		put_slots(w, addr, &copy, i);
		leave(w);
	}
	buf_char(w->out, '>');
}

/* A subclass of a built-in type: its class, then the value as its base shows it. */
static void put_prefix(struct writer *w, const struct type *t)
{
	if (t->is_exact)
		return;
	repr_put_type(w->o, t, w->out);
	buf_char(w->out, '(');
}

static void put_value(struct writer *w, uint64_t addr, const struct type *t)
{
	switch (t->kind) {
	case KIND_STR:
		put_str(w, addr);
		break;
	case KIND_BYTES:
	case KIND_BYTEARRAY:
		put_bytes(w, addr, t->kind == KIND_BYTEARRAY);
		break;
	case KIND_TUPLE:
		put_tuple(w, addr);
		break;
	case KIND_LIST:
		put_list(w, addr);
		break;
	case KIND_DICT:
		put_dict(w, addr);
		break;
	case KIND_SET:
	case KIND_FROZENSET:
		put_set(w, addr, t->kind == KIND_FROZENSET);
		break;
	default: {
		enum status st = number_put(w->o, addr, t, w->out);

		if (st != ST_OK && st != ST_LIMIT)
			put_unreadable(w, addr);
	}
	}
}

static bool is_value(enum kind kind)
{
	return (kind >= KIND_BOOL && kind <= KIND_FROZENSET) || kind == KIND_NUMPY;
}

/* numpy.int64(3): the type tells something that the value does not. */
static void put_numpy(struct writer *w, uint64_t addr, const struct type *t)
{
	buf_printf(w->out, "%s(", t->name);
	put_value(w, addr, t);
	buf_char(w->out, ')');
}

static void put_known(struct writer *w, uint64_t addr, const struct type *t)
{
	static const char *const words[] = {
		[KIND_NONE] = "None",
		[KIND_ELLIPSIS] = "Ellipsis",
		[KIND_NOT_IMPLEMENTED] = "NotImplemented",
	};

	if (t->kind < ARRAY_SIZE(words) && words[t->kind]) {
		buf_str(w->out, words[t->kind]);
		return;
	}
	switch (t->kind) {
	case KIND_NUMPY:
		put_numpy(w, addr, t);
		break;
	case KIND_FUNCTION:
		put_function(w, addr);
		break;
	case KIND_METHOD:
		put_method(w, addr);
		break;
	case KIND_CFUNCTION:
		put_cfunction(w, addr);
		break;
	case KIND_MODULE:
		put_module(w, addr);
		break;
	case KIND_TYPE:
		put_class(w, addr);
		break;
	case KIND_GENERATOR:
	case KIND_COROUTINE:
	case KIND_ASYNC_GENERATOR:
		put_generator(w, addr, t);
		break;
	case KIND_EXCEPTION:
		put_exception(w, addr, t);
		break;
	case KIND_CELL:
		put_cell(w, addr);
		break;
	default:
		put_object(w, addr, t);
	}
}

static void put(struct writer *w, uint64_t addr)
{
	const struct type *found;
	struct type t;

	if (!addr) {
		buf_str(w->out, "<NULL>");
		return;
	}
	if (objects_type_of(w->o, addr, &found) != ST_OK) {
		put_unreadable(w, addr);
		return;
	}
	t = *found; /* the cache may drop it while its content is read */
	if (!is_value(t.kind) || t.kind == KIND_NUMPY) {
		put_known(w, addr, &t);
		return;
	}
	put_prefix(w, &t);
	put_value(w, addr, &t);
	if (!t.is_exact)
		buf_char(w->out, ')');
}

/* Control characters in names and the like must not reach a terminal. */
static void clean(struct buf *out, size_t from)
{
	size_t i;

	for (i = from; i < out->len; i++)
		if ((unsigned char)out->data[i] < 0x20 || out->data[i] == 0x7f)
			out->data[i] = '?';
}

void repr_put(struct objects *o, uint64_t addr, const struct repr_limits *limits,
	struct buf *out)
{
	struct writer w = {
		.o = o,
		.out = out,
		.start = out->len,
		.bytes = limits->bytes,
		.max_depth = limits->depth < DEPTH_MAX ? limits->depth : DEPTH_MAX,
		.max_items = limits->items,
	};
	put(&w, addr);
	clean(out, w.start);
}
