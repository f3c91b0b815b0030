/* repr_named.c - what repr() shows by name, and objects with their attributes; see repr_impl.h */
#include "python/repr_impl.h"

#include "base/alloc.h"
#include "python/dict.h"
#include "python/str.h"

#include <stdio.h>
#include <string.h>

enum { SLOT_BYTES = 40, BASES_MAX = 32, SLOTS_MAX = 256 };

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
		put_any(w, ref);
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
	str_put_bytes(w->out, name, len);
	buf_char(w->out, '=');
	put_any(w, value);
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

void put_named(struct writer *w, uint64_t addr, const struct type *t)
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
