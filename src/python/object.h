/*
 * object.h - what kind of thing an object of the target is.
 *
 * The context of every cold reader (dicts, representations, asyncio): memory, layouts, a
 * cache of types by address, and a budget of memory reads, so that no corrupt or huge
 * structure can hold us up. Types are told by tp_flags and, for the static types of the
 * interpreter, by tp_name (Include/object.h, Include/cpython/object.h).
 */
#ifndef PYTHON_OBJECT_H
#define PYTHON_OBJECT_H

#include "base/map.h"
#include "base/status.h"
#include "proc/mem.h"
#include "python/abi.h"

enum kind {
	KIND_OBJECT, /* everything without a kind of its own */
	KIND_NONE,
	KIND_BOOL,
	KIND_INT,   /* of any size; long in 2.7 */
	KIND_INT27, /* int of 2.7 */
	KIND_FLOAT,
	KIND_COMPLEX,
	KIND_STR,   /* unicode in 2.7 */
	KIND_BYTES, /* str in 2.7 */
	KIND_BYTEARRAY,
	KIND_TUPLE,
	KIND_LIST,
	KIND_DICT,
	KIND_SET,
	KIND_FROZENSET,
	KIND_TYPE,
	KIND_FUNCTION,
	KIND_METHOD,
	KIND_CFUNCTION,
	KIND_MODULE,
	KIND_CODE,
	KIND_CELL,
	KIND_GENERATOR,
	KIND_COROUTINE,
	KIND_ASYNC_GENERATOR,
	KIND_COROUTINE_WRAPPER,
	KIND_ASYNC_SEND,
	KIND_ASYNC_THROW,
	KIND_FUTURE, /* _asyncio.Future and subclasses other than tasks */
	KIND_TASK,   /* _asyncio.Task and subclasses */
	KIND_FUTURE_ITER,
	KIND_TASK_WAKEUP,
	KIND_WEAKREF,
	KIND_EXCEPTION,
	KIND_INSTANCE27, /* of an old-style class */
	KIND_CLASS27,
	KIND_NUMPY, /* numpy scalar, see type.numpy */
	KIND_ELLIPSIS,
	KIND_NOT_IMPLEMENTED,
	KIND_RANGE,
};

/* Payload of a numpy scalar: i1-i8, u1-u8, f2-f8, b1. */
struct numpy_scalar {
	char code;     /* 'i' 'u' 'f' 'b' */
	uint8_t width; /* bytes */
};

struct type {
	uint64_t addr;
	uint64_t flags, base, dict;
	int64_t basicsize, itemsize, dictoffset;
	enum kind kind; /* of its instances */
	bool is_heap;   /* made at run time, most often in Python */
	bool is_exact;  /* the built-in type itself, not a subclass */
	struct numpy_scalar numpy;
	char name[96]; /* tp_name: "int", "collections.deque", "MyClass" */
};

/* Py_TPFLAGS_HEAPTYPE */
#define TYPE_FLAG_HEAP (1u << 9)

struct objects {
	struct mem *mem;       /* borrowed */
	const struct abi *abi; /* borrowed */
	struct map index;      /* type address -> position in types, plus 1 */
	struct type **types;
	size_t n_types, types_cap;
	uint64_t calls_limit; /* mem->n_calls may not go beyond */
};

/* Reading ends with ST_LIMIT after max_reads memory reads. */
void objects_init(
	struct objects *o, struct mem *mem, const struct abi *abi, uint64_t max_reads);
void objects_release(struct objects *o);
/* Forgets the types: classes may have died and their addresses be reused. */
void objects_forget(struct objects *o);
/* A new budget; types stay known. */
void objects_budget(struct objects *o, uint64_t max_reads);
bool objects_spent(const struct objects *o);

/* Within the budget. */
enum status objects_read(struct objects *o, uint64_t addr, void *dst, size_t len);
enum status objects_u64(struct objects *o, uint64_t addr, uint64_t *v);
/* A member of the object at addr; ST_UNSUPPORTED when the version has none. */
enum status objects_member(struct objects *o, uint64_t addr, uint32_t off, uint64_t *v);
/* A signed length member; ST_BAD when negative or absurd. */
enum status objects_length(
	struct objects *o, uint64_t addr, uint32_t off, uint64_t *length);

/* The type of an object, or *t NULL. Borrowed until objects_release or the next call. */
enum status objects_type_of(struct objects *o, uint64_t addr, const struct type **t);
/* The type whose type object is at addr. */
enum status objects_type_at(struct objects *o, uint64_t addr, const struct type **t);
/* Kind of the object at addr; KIND_OBJECT when it cannot be told. */
enum kind objects_kind(struct objects *o, uint64_t addr);

/* A word of a frame's values as an object: the tag taken off; 0 for none. */
uint64_t objects_untag(const struct abi *abi, uint64_t word);

#endif
