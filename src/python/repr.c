/* repr.c - see repr.h */
#include "python/repr_impl.h"

#include "python/number.h"

const struct repr_limits repr_limits_default = { .bytes = 400, .depth = 4, .items = 40 };

void put_unreadable(struct writer *w, uint64_t addr)
{
	buf_printf(w->out, "<unreadable at 0x%llx>", (unsigned long long)addr);
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
	return kind >= KIND_BOOL && kind <= KIND_FROZENSET;
}

/* numpy.int64(3): the type tells something that the value does not. */
static void put_numpy(struct writer *w, uint64_t addr, const struct type *t)
{
	buf_printf(w->out, "%s(", t->name);
	put_value(w, addr, t);
	buf_char(w->out, ')');
}

void put_any(struct writer *w, uint64_t addr)
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
	if (t.kind == KIND_NUMPY) {
		put_numpy(w, addr, &t);
		return;
	}
	if (!is_value(t.kind)) {
		put_named(w, addr, &t);
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
		.max_depth =
			limits->depth < REPR_DEPTH_MAX ? limits->depth : REPR_DEPTH_MAX,
		.max_items = limits->items,
	};
	put_any(&w, addr);
	clean(out, w.start);
}
