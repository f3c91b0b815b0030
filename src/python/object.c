/* object.c - see object.h */
#include "python/object.h"

#include "base/alloc.h"

#include <string.h>

/* More classes than this in one look are not kept. */
enum { TYPES_MAX = 8192, BASES_MAX = 32, TYPE_BYTES = 512 };

void objects_init(
	struct objects *o, struct mem *mem, const struct abi *abi, uint64_t max_reads)
{
	*o = (struct objects){ .mem = mem, .abi = abi };
	objects_budget(o, max_reads);
}

void objects_budget(struct objects *o, uint64_t max_reads)
{
	o->calls_limit = o->mem->n_calls + max_reads;
}

void objects_forget(struct objects *o)
{
	size_t i;

	for (i = 0; i < o->n_types; i++)
		free(o->types[i]);
	o->n_types = 0;
	map_clear(&o->index);
}

void objects_release(struct objects *o)
{
	objects_forget(o);
	map_release(&o->index);
	free(o->types);
	*o = (struct objects){ 0 };
}

bool objects_spent(const struct objects *o)
{
	return o->mem->n_calls >= o->calls_limit;
}

enum status objects_read(struct objects *o, uint64_t addr, void *dst, size_t len)
{
	if (objects_spent(o))
		return ST_LIMIT;
	return addr ? mem_read(o->mem, addr, dst, len) : ST_BAD;
}

enum status objects_u64(struct objects *o, uint64_t addr, uint64_t *v)
{
	return objects_read(o, addr, v, sizeof(*v));
}

enum status objects_member(struct objects *o, uint64_t addr, uint32_t off, uint64_t *v)
{
	*v = 0;
	if (!abi_has(off))
		return ST_UNSUPPORTED;
	return addr ? objects_u64(o, addr + off, v) : ST_BAD;
}

enum status objects_length(
	struct objects *o, uint64_t addr, uint32_t off, uint64_t *length)
{
	enum status st = objects_member(o, addr, off, length);

	if (st == ST_OK && *length > INT64_MAX / 64)
		st = ST_BAD;
	if (st != ST_OK)
		*length = 0;
	return st;
}

/* ---- kinds ------------------------------------------------------------------------- */

struct named_kind {
	const char *name;
	enum kind kind;
};

/* tp_name of static types. */
static const struct named_kind named_kinds[] = {
	{ "NoneType", KIND_NONE },
	{ "bool", KIND_BOOL },
	{ "int", KIND_INT },
	{ "long", KIND_INT },
	{ "float", KIND_FLOAT },
	{ "complex", KIND_COMPLEX },
	{ "str", KIND_STR },
	{ "unicode", KIND_STR },
	{ "bytes", KIND_BYTES },
	{ "bytearray", KIND_BYTEARRAY },
	{ "tuple", KIND_TUPLE },
	{ "list", KIND_LIST },
	{ "dict", KIND_DICT },
	{ "set", KIND_SET },
	{ "frozenset", KIND_FROZENSET },
	{ "type", KIND_TYPE },
	{ "function", KIND_FUNCTION },
	{ "method", KIND_METHOD },
	{ "instancemethod", KIND_METHOD },
	{ "builtin_function_or_method", KIND_CFUNCTION },
	{ "module", KIND_MODULE },
	{ "code", KIND_CODE },
	{ "cell", KIND_CELL },
	{ "generator", KIND_GENERATOR },
	{ "coroutine", KIND_COROUTINE },
	{ "async_generator", KIND_ASYNC_GENERATOR },
	{ "coroutine_wrapper", KIND_COROUTINE_WRAPPER },
	{ "async_generator_asend", KIND_ASYNC_SEND },
	{ "async_generator_athrow", KIND_ASYNC_THROW },
	{ "_asyncio.Future", KIND_FUTURE },
	{ "_asyncio.Task", KIND_TASK },
	{ "FutureIter", KIND_FUTURE_ITER },
	{ "_asyncio.FutureIter", KIND_FUTURE_ITER },
	{ "TaskWakeupMethWrapper", KIND_TASK_WAKEUP },
	{ "weakref", KIND_WEAKREF },
	{ "weakref.ReferenceType", KIND_WEAKREF },
	{ "BaseException", KIND_EXCEPTION },
	{ "exceptions.BaseException", KIND_EXCEPTION },
	{ "instance", KIND_INSTANCE27 },
	{ "classobj", KIND_CLASS27 },
	{ "ellipsis", KIND_ELLIPSIS },
	{ "NotImplementedType", KIND_NOT_IMPLEMENTED },
	{ "range", KIND_RANGE },
};

/* Py_TPFLAGS_*_SUBCLASS (Include/object.h), the same bits since 2.6. */
static const struct flag_kind {
	unsigned bit;
	enum kind kind;
} flag_kinds[] = {
	{ 24, KIND_INT },
	{ 25, KIND_LIST },
	{ 26, KIND_TUPLE },
	{ 27, KIND_BYTES },
	{ 28, KIND_STR },
	{ 29, KIND_DICT },
	{ 30, KIND_EXCEPTION },
	{ 31, KIND_TYPE },
};

static const struct numpy_kind {
	const char *name;
	struct numpy_scalar scalar;
} numpy_kinds[] = {
	{ "bool", { 'b', 1 } },
	{ "bool_", { 'b', 1 } },
	{ "int8", { 'i', 1 } },
	{ "int16", { 'i', 2 } },
	{ "int32", { 'i', 4 } },
	{ "int64", { 'i', 8 } },
	{ "longlong", { 'i', 8 } },
	{ "uint8", { 'u', 1 } },
	{ "uint16", { 'u', 2 } },
	{ "uint32", { 'u', 4 } },
	{ "uint64", { 'u', 8 } },
	{ "ulonglong", { 'u', 8 } },
	{ "float16", { 'f', 2 } },
	{ "float32", { 'f', 4 } },
	{ "float64", { 'f', 8 } },
};

static bool numpy_kind(struct type *t)
{
	size_t i;

	if (strncmp(t->name, "numpy.", 6) != 0)
		return false;
	for (i = 0; i < ARRAY_SIZE(numpy_kinds); i++) {
		if (strcmp(t->name + 6, numpy_kinds[i].name) != 0)
			continue;
		t->kind = KIND_NUMPY;
		t->numpy = numpy_kinds[i].scalar;
		t->is_exact = true;
		return true;
	}
	return false;
}

static bool static_kind(const char *name, bool is_27, enum kind *kind)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(named_kinds); i++) {
		if (strcmp(name, named_kinds[i].name) != 0)
			continue;
		*kind = named_kinds[i].kind;
		if (is_27 && *kind == KIND_STR && !strcmp(name, "str"))
			*kind = KIND_BYTES;
		if (is_27 && *kind == KIND_INT && !strcmp(name, "int"))
			*kind = KIND_INT27;
		return true;
	}
	return false;
}

/* _asyncio's types are made at run time from 3.12 on. */
static bool is_asyncio(const char *name)
{
	return !strncmp(name, "_asyncio.", 9) || !strcmp(name, "FutureIter") ||
	       !strcmp(name, "TaskWakeupMethWrapper");
}

/* The nearest built-in ancestor decides for classes made in Python. */
static void kind_of_base(struct objects *o, struct type *t, bool is_27)
{
	struct type up = *t;
	char name[sizeof(t->name)];
	uint64_t text;
	size_t i;

	for (i = 0; i < BASES_MAX && up.base; i++) {
		uint64_t base = up.base;

		if (objects_member(o, base, o->abi->type.name, &text) != ST_OK ||
			objects_member(o, base, o->abi->type.flags, &up.flags) != ST_OK ||
			objects_member(o, base, o->abi->type.base, &up.base) != ST_OK ||
			mem_read_cstr(o->mem, text, name, sizeof(name)) != ST_OK)
			return;
		if ((!(up.flags & TYPE_FLAG_HEAP) || is_asyncio(name)) &&
			static_kind(name, is_27, &t->kind))
			return;
	}
}

static void find_kind(struct objects *o, struct type *t)
{
	bool is_27 = o->abi->version < ABI_VERSION(3, 0);
	size_t i;

	if ((!t->is_heap || is_asyncio(t->name)) &&
		static_kind(t->name, is_27, &t->kind)) {
		t->is_exact = true;
		return;
	}
	if (!t->is_heap && numpy_kind(t))
		return;
	for (i = 0; i < ARRAY_SIZE(flag_kinds); i++)
		if (t->flags >> flag_kinds[i].bit & 1) {
			t->kind = flag_kinds[i].kind;
			return;
		}
	if (is_27 && t->flags >> 23 & 1)
		t->kind = KIND_INT27;
	else
		kind_of_base(o, t, is_27);
}

/* ---- types ------------------------------------------------------------------------- */

static size_t type_bytes(const struct abi *abi)
{
	return abi->type.size < TYPE_BYTES ? abi->type.size : TYPE_BYTES;
}

static enum status load_type(struct objects *o, uint64_t addr, struct type *t)
{
	const struct abi *abi = o->abi;
	uint8_t bytes[TYPE_BYTES];
	size_t len = type_bytes(abi);
	uint64_t name;
	enum status st = objects_read(o, addr, bytes, len);

	if (st != ST_OK)
		return st;
	*t = (struct type){ .addr = addr };
	if (!abi_get_ptr(bytes, len, abi->type.name, &name) ||
		!abi_get_u64(bytes, len, abi->type.flags, &t->flags))
		return ST_UNSUPPORTED;
	abi_get_ptr(bytes, len, abi->type.base, &t->base);
	abi_get_ptr(bytes, len, abi->type.dict, &t->dict);
	abi_get_i64(bytes, len, abi->type.basicsize, &t->basicsize);
	abi_get_i64(bytes, len, abi->type.itemsize, &t->itemsize);
	abi_get_i64(bytes, len, abi->type.dictoffset, &t->dictoffset);
	st = name ? mem_read_cstr(o->mem, name, t->name, sizeof(t->name)) : ST_BAD;
	if (st != ST_OK && st != ST_LIMIT)
		return st;
	t->is_heap = t->flags & TYPE_FLAG_HEAP;
	find_kind(o, t);
	return ST_OK;
}

enum status objects_type_at(struct objects *o, uint64_t addr, const struct type **t)
{
	uint64_t *known = map_get(&o->index, addr);
	struct type fresh;
	enum status st;

	*t = NULL;
	if (known) {
		*t = o->types[*known - 1];
		return ST_OK;
	}
	st = load_type(o, addr, &fresh);
	if (st != ST_OK)
		return st;
	if (o->n_types >= TYPES_MAX)
		objects_forget(o);
	GROW(o->types, o->types_cap, o->n_types + 1);
	o->types[o->n_types] = xmalloc(sizeof(fresh));
	*o->types[o->n_types] = fresh;
	*t = o->types[o->n_types++];
	*map_put(&o->index, addr) = o->n_types;
	return ST_OK;
}

enum status objects_type_of(struct objects *o, uint64_t addr, const struct type **t)
{
	uint64_t type;
	enum status st = objects_member(o, addr, o->abi->obj.type, &type);

	*t = NULL;
	return st == ST_OK ? objects_type_at(o, type, t) : st;
}

enum kind objects_kind(struct objects *o, uint64_t addr)
{
	const struct type *t;

	return objects_type_of(o, addr, &t) == ST_OK ? t->kind : KIND_OBJECT;
}

uint64_t objects_untag(const struct abi *abi, uint64_t word)
{
	uint64_t tag = abi->value.stackref_mask == ABI_NO_VALUE
			       ? 0
			       : word & (uint32_t)abi->value.stackref_mask;

	/* a number in a word of its own is no object */
	if (tag && abi->value.stackref_int_tag != ABI_NO_VALUE &&
		tag == (uint32_t)abi->value.stackref_int_tag)
		return 0;
	return word - tag;
}
