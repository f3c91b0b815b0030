/* asyncio_task.c - one task: its fields and its chain of coroutines; see asyncio.h */
#include "python/asyncio_impl.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "python/dict.h"
#include "python/number.h"
#include "python/str.h"

#include <string.h>

enum { NAME_CHARS = 200, CODES_MAX = 20000, STACK_BYTES_MAX = 1 << 20 };

static bool has_frame(enum kind kind)
{
	return kind == KIND_COROUTINE || kind == KIND_GENERATOR ||
	       kind == KIND_ASYNC_GENERATOR;
}

uint64_t task_attribute(struct asyncio *a, uint64_t task, const char *name)
{
	uint64_t value = 0;

	if (attrs_find(a->o, task, name, &value) != ST_OK ||
		objects_kind(a->o, value) == KIND_NONE)
		return 0;
	return value;
}

/* From 3.12 on a name that nobody asked for is still a number: "Task-%d". */
static enum status put_name(struct asyncio *a, uint64_t name, struct buf *out)
{
	int64_t number;
	enum status st;

	if (!name)
		return ST_OK;
	if (objects_kind(a->o, name) == KIND_INT) {
		st = int_read(a->o, name, &number);
		if (st == ST_OK)
			buf_printf(out, "Task-%lld", (long long)number);
		return st;
	}
	if (objects_kind(a->o, name) != KIND_STR)
		return ST_BAD;
	st = str_read(a->o->mem, a->o->abi, name, NAME_CHARS, out);
	return st == ST_LIMIT ? ST_OK : st;
}

static uint64_t name_of(struct asyncio *a, uint64_t task, bool is_native)
{
	uint64_t name = 0;

	if (!is_native)
		return task_attribute(a, task, "_name");
	objects_member(a->o, task, a->o->abi->task.name, &name);
	return name;
}

enum status asyncio_name(struct asyncio *a, uint64_t task, struct buf *out)
{
	bool is_native = objects_kind(a->o, task) == KIND_TASK;

	return put_name(a, name_of(a, task, is_native), out);
}

uint64_t task_coroutine(struct asyncio *a, uint64_t task)
{
	uint64_t coro = 0;

	if (objects_kind(a->o, task) != KIND_TASK)
		return task_attribute(a, task, "_coro");
	objects_member(a->o, task, a->o->abi->task.coro, &coro);
	return coro;
}

static bool is_numbered(const char *name, size_t len)
{
	return !len || (len > 5 && !memcmp(name, "Task-", 5) &&
			       strspn(name + 5, "0123456789") == len - 5);
}

enum status asyncio_label(struct asyncio *a, uint64_t task, struct buf *out)
{
	size_t before = out->len;
	uint64_t coro, name = 0;
	enum status st = asyncio_name(a, task, out);

	if (st != ST_OK || !is_numbered(out->data + before, out->len - before))
		return st;
	coro = task_coroutine(a, task);
	if (!has_frame(objects_kind(a->o, coro)))
		return ST_OK;
	st = objects_member(a->o, coro, a->o->abi->gen.qualname, &name);
	if (st != ST_OK || !name || objects_kind(a->o, name) != KIND_STR)
		return st;
	out->len = before;
	return put_name(a, name, out);
}

static void read_native(struct asyncio *a, struct aio_task *t)
{
	const struct abi *abi = a->o->abi;
	uint32_t state = 0;

	t->status = objects_member(a->o, t->addr, abi->task.coro, &t->coro);
	objects_member(a->o, t->addr, abi->task.loop, &t->loop);
	objects_member(a->o, t->addr, abi->task.fut_waiter, &t->waits_for);
	if (abi_has(abi->task.state))
		objects_read(a->o, t->addr + abi->task.state, &state, sizeof(state));
	t->state = state <= AIO_FINISHED ? (enum aio_state)state : AIO_PENDING;
}

/* Tasks of other implementations, and of asyncio without its C module. */
static void read_foreign(struct asyncio *a, struct aio_task *t)
{
	struct buf state = BUF_INIT;
	uint64_t value = task_attribute(a, t->addr, "_state");

	t->coro = task_attribute(a, t->addr, "_coro");
	t->loop = task_attribute(a, t->addr, "_loop");
	t->waits_for = task_attribute(a, t->addr, "_fut_waiter");
	if (value && str_read(a->o->mem, a->o->abi, value, 16, &state) == ST_OK &&
		state.len) {
		t->state = *state.data == 'C'   ? AIO_CANCELLED
			   : *state.data == 'F' ? AIO_FINISHED
						: AIO_PENDING;
	}
	t->status = t->coro ? ST_OK : ST_BAD;
	buf_release(&state);
}

void task_read(struct asyncio *a, struct aio_task *t)
{
	bool is_native = objects_kind(a->o, t->addr) == KIND_TASK;
	struct buf name = BUF_INIT;

	if (is_native)
		read_native(a, t);
	else
		read_foreign(a, t);
	if (t->waits_for && objects_kind(a->o, t->waits_for) == KIND_NONE)
		t->waits_for = 0;
	if (put_name(a, name_of(a, t->addr, is_native), &name) != ST_OK)
		buf_clear(&name);
	if (!name.data)
		buf_str(&name, "");
	t->name = buf_detach(&name, NULL);
}

/* ---- the chain ---------------------------------------------------------------------------- */

static const struct code *code_at(struct asyncio *a, uint64_t addr)
{
	uint64_t *known = map_get(&a->codes, addr);
	struct code *c;

	if (known)
		return (const struct code *)(uintptr_t)*known;
	if (a->n_codes >= CODES_MAX || objects_spent(a->o))
		return NULL;
	c = xcalloc(1, sizeof(*c));
	if (code_load(a->o->mem, a->o->abi, addr, c) != ST_OK) {
		free(c);
		return NULL;
	}
	a->n_codes++;
	*map_put(&a->codes, addr) = (uint64_t)(uintptr_t)c;
	return c;
}

/* What is known of the frame of a coroutine, generator or async generator. */
struct suspended {
	uint64_t frame, code, instr;
	int32_t tlbc;
	int8_t state;
	bool is_running, has_begun;
};

/* Up to 3.10: a frame object. */
static enum status open_old(struct asyncio *a, uint64_t gen, struct suspended *s)
{
	const struct abi *abi = a->o->abi;
	uint32_t lasti = 0;
	uint8_t running = 0;
	enum status st = objects_member(a->o, gen, abi->gen.frame, &s->frame);

	if (st != ST_OK || !s->frame)
		return st == ST_OK ? ST_GONE : st;
	st = objects_member(a->o, s->frame, abi->frame.code, &s->code);
	if (st == ST_OK)
		st = objects_read(
			a->o, s->frame + abi->frame.lasti, &lasti, sizeof(lasti));
	if (st == ST_OK && abi_has(abi->gen.running))
		st = objects_read(a->o, gen + abi->gen.running, &running, 1);
	if (st == ST_OK && abi_has(abi->frame.state)) {
		st = objects_read(a->o, s->frame + abi->frame.state, &s->state, 1);
		running = s->state == abi->value.gen_executing;
	}
	s->instr = lasti;
	s->is_running = running;
	s->has_begun = (int32_t)lasti >= 0;
	return st;
}

/* From 3.11: a frame inside of the object. */
static enum status open_new(struct asyncio *a, uint64_t gen, struct suspended *s)
{
	const struct abi *abi = a->o->abi;
	enum status st;

	if (!abi_has(abi->gen.frame_state) || !abi_has(abi->gen.iframe))
		return ST_UNSUPPORTED;
	s->frame = gen + abi->gen.iframe;
	st = objects_read(a->o, gen + abi->gen.frame_state, &s->state, 1);
	if (st != ST_OK)
		return st;
	if (s->state == abi->value.gen_cleared || s->state == abi->value.gen_completed)
		return ST_GONE;
	st = objects_member(a->o, s->frame, abi->iframe.code, &s->code);
	if (st == ST_OK)
		st = objects_member(a->o, s->frame, abi->iframe.instr, &s->instr);
	if (st == ST_OK && abi_has(abi->iframe.tlbc_index))
		st = objects_read(a->o, s->frame + abi->iframe.tlbc_index, &s->tlbc,
			sizeof(s->tlbc));
	s->code = objects_untag(abi, s->code);
	s->is_running = s->state == abi->value.gen_executing;
	s->has_begun = s->state != abi->value.gen_created;
	return st;
}

static enum status open_frame(struct asyncio *a, uint64_t gen, struct suspended *s)
{
	return a->o->abi->value.frame_kind > 0 ? open_new(a, gen, s)
					       : open_old(a, gen, s);
}

enum status asyncio_frame(struct asyncio *a, uint64_t task, uint64_t *frame)
{
	uint64_t coro = task_coroutine(a, task);
	struct suspended s = { 0 };
	enum status st;

	*frame = 0;
	if (!coro || !has_frame(objects_kind(a->o, coro)))
		return ST_OK;
	st = open_frame(a, coro, &s);
	*frame = s.frame;
	return st;
}

/* Coroutines are suspended only where they await. Others also yield: the instruction says
 * which, up to 3.12 (genobject.c: _PyGen_yf), and the state of the frame from 3.13 on. */
static bool is_awaiting(struct asyncio *a, const struct suspended *s, enum kind kind)
{
	const struct abi *abi = a->o->abi;
	uint64_t bytecode = 0;
	uint8_t unit[2] = { 0 };

	if (!s->has_begun || s->is_running)
		return false;
	if (abi->value.gen_yield_from != ABI_NO_VALUE)
		return s->state == abi->value.gen_yield_from ||
		       (abi->value.gen_yf_locked != ABI_NO_VALUE &&
			       s->state == abi->value.gen_yf_locked);
	if (kind == KIND_COROUTINE)
		return true;
	/* YIELD_VALUE is followed by RESUME: 1 after yield, 2 yield from, 3 await */
	if (abi->value.frame_kind > 0)
		return objects_read(a->o, s->instr + 2, unit, 2) == ST_OK &&
		       (unit[1] & 3) >= 2;
	return objects_member(a->o, s->code, abi->code.bytecode, &bytecode) == ST_OK &&
	       objects_read(a->o,
		       bytecode + abi->bytes.data +
			       (s->instr & 0x7fffffff) * (uint64_t)abi->value.lasti_unit +
			       2,
		       unit, 1) == ST_OK &&
	       unit[0] == abi->value.op_yield_from;
}

/* Address of the word just above the frame's value stack. */
static enum status stack_top(struct asyncio *a, const struct suspended *s, uint64_t *top)
{
	const struct abi *abi = a->o->abi;
	uint32_t depth = 0;
	enum status st;

	if (abi_has(abi->iframe.stackpointer)) {
		st = objects_member(a->o, s->frame, abi->iframe.stackpointer, top);
	} else if (abi_has(abi->iframe.stacktop)) {
		st = objects_read(
			a->o, s->frame + abi->iframe.stacktop, &depth, sizeof(depth));
		*top = s->frame + abi->iframe.localsplus + 8 * (uint64_t)depth;
	} else if (abi_has(abi->frame.stacktop)) {
		return objects_member(a->o, s->frame, abi->frame.stacktop, top);
	} else {
		st = objects_member(a->o, s->frame, abi->frame.valuestack, top);
		if (st == ST_OK)
			st = objects_read(a->o, s->frame + abi->frame.stackdepth, &depth,
				sizeof(depth));
		*top += 8 * (uint64_t)depth;
		return depth ? st : ST_BAD;
	}
	if (st == ST_OK && (*top < s->frame || *top - s->frame > STACK_BYTES_MAX))
		return ST_BAD;
	return st;
}

/* What a suspended frame awaits, 0 for nothing. */
static uint64_t awaited(struct asyncio *a, const struct suspended *s, enum kind kind)
{
	const struct abi *abi = a->o->abi;
	uint64_t top, word;

	if (!is_awaiting(a, s, kind) || stack_top(a, s, &top) != ST_OK || !top)
		return 0;
	if (objects_u64(a->o, top + 8 * (uint64_t)(int64_t)abi->value.await_slot,
		    &word) != ST_OK)
		return 0;
	return objects_untag(abi, word);
}

static void push_frame(struct asyncio *a, struct aio_task *t, const struct suspended *s)
{
	const struct code *c = code_at(a, s->code);
	int32_t offset = -1;

	if (!c) {
		t->status = ST_TORN;
		return;
	}
	/* code_offset notes copies of the bytecode in the code that we own */
	code_offset((struct code *)(uintptr_t)c, a->o->mem, a->o->abi, s->instr, s->tlbc,
		&offset);
	GROW(t->frames, t->frames_cap, t->n_frames + 1);
	t->frames[t->n_frames++] = (struct aio_frame){
		.code = c,
		.addr = s->frame,
		.line = code_line(c, offset),
		.is_running = s->is_running,
	};
}

/* One step inwards: from an awaitable to what it stands for or awaits itself. */
static uint64_t step(struct asyncio *a, struct aio_task *t, uint64_t obj)
{
	const struct abi *abi = a->o->abi;
	enum kind kind = objects_kind(a->o, obj);
	struct suspended s = { 0 };
	uint64_t next = 0;
	enum status st;

	switch (kind) {
	case KIND_COROUTINE_WRAPPER:
		objects_member(a->o, obj, abi->corowrapper.coroutine, &next);
		return next;
	case KIND_ASYNC_SEND:
		objects_member(a->o, obj, abi->asend.gen, &next);
		return next;
	case KIND_ASYNC_THROW:
		objects_member(a->o, obj, abi->athrow.gen, &next);
		return next;
	case KIND_FUTURE_ITER:
		if (!t->waits_for)
			objects_member(a->o, obj, abi->futureiter.future, &t->waits_for);
		return 0;
	case KIND_COROUTINE:
	case KIND_GENERATOR:
	case KIND_ASYNC_GENERATOR:
		break;
	default:
		return 0;
	}
	st = open_frame(a, obj, &s);
	if (st != ST_OK) {
		if (st != ST_GONE)
			t->status = st;
		return 0;
	}
	push_frame(a, t, &s);
	return awaited(a, &s, kind);
}

void task_read_chain(struct asyncio *a, struct aio_task *t)
{
	uint64_t obj = t->coro, tortoise = 0;
	size_t n = 0, hare = 1;

	while (obj && n < 2 * TASK_FRAMES_MAX && t->n_frames < TASK_FRAMES_MAX) {
		if (obj == tortoise) {
			t->status = ST_CYCLE;
			return;
		}
		if (n++ == hare) { /* Brent's cycle check */
			tortoise = obj;
			hare *= 2;
		}
		obj = step(a, t, obj);
	}
	if (obj)
		t->status = ST_LIMIT;
}
