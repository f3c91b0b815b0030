/* aiotasks.c - see aiotasks.h */
#include "prof/aiotasks.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "python/asyncio.h"

enum { CHAIN_MAX = 32, STACK_READS = 2000, LOAD_READS = 40000, LOAD_REST = 50 };
#define LOADED_FOR (100 * NS_PER_MS)

struct aiotasks {
	struct asyncio asyncio;
	struct objects *objects;
	uint64_t head_addr;
	int64_t loaded_ns, load_ns; /* the last time; not before that time */
};

struct aiotasks *aiotasks_new(struct objects *o, uint64_t head_addr)
{
	struct aiotasks *t = xcalloc(1, sizeof(*t));

	asyncio_init(&t->asyncio, o);
	t->objects = o;
	t->head_addr = head_addr;
	return t;
}

void aiotasks_free(struct aiotasks *t)
{
	if (!t)
		return;
	asyncio_release(&t->asyncio);
	free(t);
}

/* Before 3.14 a task does not know its awaiters: all tasks are read to find them. */
static void load(struct aiotasks *t, uint64_t task)
{
	int64_t began = clock_mono_ns();

	if (abi_has(t->objects->abi->task.awaited_by) || began < t->load_ns ||
		(asyncio_knows(&t->asyncio, task) && began - t->loaded_ns < LOADED_FOR))
		return;
	objects_budget(t->objects, LOAD_READS);
	asyncio_load(&t->asyncio, t->head_addr);
	t->loaded_ns = clock_mono_ns();
	t->load_ns = t->loaded_ns + LOAD_REST * (t->loaded_ns - began);
}

/* Does the thread's stack hold the frame of the task's coroutine? */
static bool is_stepped(struct aiotasks *t, uint64_t task, const struct walk_thread *w)
{
	uint64_t frame;
	uint32_t i;

	if (asyncio_frame(&t->asyncio, task, &frame) != ST_OK)
		return false;
	for (i = w->n_frames; frame && i > 0; i--)
		if (w->frames[i - 1].addr == frame)
			return true;
	return !frame;
}

static frame_id mark(struct aiotasks *t, struct symbols *symbols, uint64_t task)
{
	struct func f = { .flags = FUNC_TASK };
	struct buf name = BUF_INIT;

	if (asyncio_label(&t->asyncio, task, &name) != ST_OK || !name.len) {
		buf_clear(&name);
		buf_str(&name, "(task)");
	}
	f.name = symbols_str(symbols, name.data, name.len);
	buf_release(&name);
	return symbols_frame(symbols, symbols_func(symbols, &f), 0);
}

static bool holds(const uint64_t *chain, size_t n, uint64_t task)
{
	while (n-- > 0)
		if (chain[n] == task)
			return true;
	return false;
}

stack_id aiotasks_stack(
	struct aiotasks *t, struct symbols *symbols, const struct walk_thread *w)
{
	uint64_t chain[CHAIN_MAX], task = 0;
	stack_id stack = 0;
	size_t n = 0;

	if (t->objects->abi->version < ABI_VERSION(3, 7))
		return 0;
	objects_budget(t->objects, STACK_READS);
	if (asyncio_current(&t->asyncio, w->interp_addr, w->tstate_addr, &task) !=
			ST_OK ||
		!task || !is_stepped(t, task, w))
		return 0;
	load(t, task);
	objects_budget(t->objects, STACK_READS);
	while (task && n < CHAIN_MAX && !holds(chain, n, task)) {
		chain[n++] = task;
		if (asyncio_awaiter(&t->asyncio, task, &task) != ST_OK)
			break;
	}
	while (n > 0)
		stack = symbols_stack(symbols, stack, mark(t, symbols, chain[--n]));
	return stack;
}
