/* asyncio_link.c - who waits for whom; see asyncio.h */
#include "python/asyncio_impl.h"

#include "base/alloc.h"
#include "python/dict.h"
#include "python/locals.h"

#include <string.h>

static void add_edge(struct asyncio *a, uint64_t task, uint64_t awaiter)
{
	uint32_t from = task_index(a, awaiter), to = task_index(a, task);
	struct aio_task *t;
	size_t i;

	if (from == UINT32_MAX || to == UINT32_MAX || from == to)
		return;
	t = &a->tasks[to];
	/* most tasks have one awaiter; a few have many and then they are distinct */
	for (i = 0; i < t->n_awaited_by && i < 64; i++)
		if (t->awaited_by[i] == from)
			return;
	if (t->n_awaited_by >= AWAITERS_MAX)
		return;
	GROW(t->awaited_by, t->awaited_by_cap, t->n_awaited_by + 1);
	t->awaited_by[t->n_awaited_by++] = from;
}

/* ---- 3.14+: futures and tasks say themselves who awaits them ------------------------------- */

/* Told of a task that waits; false: that is enough. */
typedef bool found_fn(struct asyncio *a, uint64_t task, void *arg);

static bool walk_awaiters(
	struct asyncio *a, uint64_t future, unsigned depth, found_fn *found, void *arg);

static bool visit(
	struct asyncio *a, uint64_t awaiter, unsigned depth, found_fn *found, void *arg)
{
	if (task_index(a, awaiter) != UINT32_MAX ||
		objects_kind(a->o, awaiter) == KIND_TASK)
		return found(a, awaiter, arg);
	return depth >= NESTED_MAX || walk_awaiters(a, awaiter, depth + 1, found, arg);
}

/* gather() and the like stand in between as futures: theirs are followed too. */
static bool walk_awaiters(
	struct asyncio *a, uint64_t future, unsigned depth, found_fn *found, void *arg)
{
	const struct abi *abi = a->o->abi;
	enum kind kind = objects_kind(a->o, future);
	struct dict_iter *it;
	uint64_t by = 0, key;
	uint8_t is_set = 0;
	size_t n = 0;
	bool more = true;

	if (kind == KIND_TASK || kind == KIND_FUTURE) {
		if (objects_member(a->o, future, abi->task.awaited_by, &by) != ST_OK ||
			!abi_has(abi->task.awaited_by_is_set) ||
			objects_read(a->o, future + abi->task.awaited_by_is_set, &is_set,
				1) != ST_OK)
			return true;
	} else { /* implemented in Python: always a set */
		by = task_attribute(a, future, "_Future__asyncio_awaited_by");
		is_set = 1;
	}
	if (!by)
		return true;
	if (!is_set)
		return visit(a, by, depth, found, arg);
	it = xmalloc(sizeof(*it));
	set_open(a->o, by, it);
	while (more && n++ < AWAITERS_MAX && !objects_spent(a->o) && set_next(it, &key))
		more = visit(a, key, depth, found, arg);
	free(it);
	return more;
}

static bool found_edge(struct asyncio *a, uint64_t awaiter, void *task)
{
	add_edge(a, *(const uint64_t *)task, awaiter);
	return true;
}

static bool found_first(struct asyncio *a, uint64_t awaiter, void *first)
{
	(void)a;
	*(uint64_t *)first = awaiter;
	return false;
}

bool asyncio_knows(struct asyncio *a, uint64_t task)
{
	uint32_t at = task_index(a, task);

	return at != UINT32_MAX && a->tasks[at].coro == task_coroutine(a, task);
}

enum status asyncio_awaiter(struct asyncio *a, uint64_t task, uint64_t *awaiter)
{
	const struct aio_task *t;

	*awaiter = 0;
	if (abi_has(a->o->abi->task.awaited_by)) {
		walk_awaiters(a, task, 0, found_first, awaiter);
		return objects_spent(a->o) ? ST_LIMIT : ST_OK;
	}
	if (!asyncio_knows(a, task))
		return ST_OK;
	t = &a->tasks[task_index(a, task)];
	if (t->n_awaited_by)
		*awaiter = a->tasks[t->awaited_by[0]].addr;
	return ST_OK;
}

/* ---- before: from the awaiter to what it waits for ------------------------------------------- */

static void add_waited(struct asyncio *a, uint64_t awaiter, uint64_t obj, unsigned depth);

static void add_each(
	struct asyncio *a, uint64_t awaiter, uint64_t container, unsigned depth)
{
	const struct abi *abi = a->o->abi;
	enum kind kind = objects_kind(a->o, container);
	uint64_t n = 0, items = container + abi->tuple.items, item, i;
	struct dict_iter *it;

	if (kind == KIND_SET || kind == KIND_FROZENSET) {
		it = xmalloc(sizeof(*it));
		set_open(a->o, container, it);
		for (i = 0; i < AWAITERS_MAX && set_next(it, &item); i++)
			add_waited(a, awaiter, item, depth);
		free(it);
		return;
	}
	if (kind == KIND_LIST) {
		objects_length(a->o, container, abi->list.length, &n);
		if (objects_member(a->o, container, abi->list.items, &items) != ST_OK)
			return;
	} else if (kind == KIND_TUPLE) {
		objects_length(a->o, container, abi->tuple.length, &n);
	}
	for (i = 0; i < n && i < AWAITERS_MAX; i++)
		if (objects_u64(a->o, items + 8 * i, &item) != ST_OK)
			return;
		else
			add_waited(a, awaiter, item, depth);
}

/* A task is waited for; of a gathering future the children are. */
static void add_waited(struct asyncio *a, uint64_t awaiter, uint64_t obj, unsigned depth)
{
	uint64_t children = 0;

	if (!obj || depth > NESTED_MAX || objects_spent(a->o))
		return;
	if (task_index(a, obj) != UINT32_MAX) {
		add_edge(a, obj, awaiter);
		return;
	}
	switch (objects_kind(a->o, obj)) {
	case KIND_SET:
	case KIND_FROZENSET:
	case KIND_LIST:
	case KIND_TUPLE:
		add_each(a, awaiter, obj, depth + 1);
		break;
	case KIND_FUTURE:
	case KIND_OBJECT:
		if (attrs_find(a->o, obj, "_children", &children) == ST_OK && children)
			add_each(a, awaiter, children, depth + 1);
		break;
	default:
		break;
	}
}

/* Functions of asyncio that wait for their arguments through callbacks. */
static const struct waiter_function {
	const char *file, *name, *local, *attribute;
} waiter_functions[] = {
	{ "asyncio/tasks.py", "_wait", "fs", NULL },
	{ "asyncio/tasks.py", "wait_for", "fut", NULL },
	{ "asyncio/tasks.py", "_cancel_and_wait", "fut", NULL },
	{ "asyncio/taskgroups.py", "TaskGroup.__aexit__", "self", "_tasks" },
	{ "asyncio/taskgroups.py", "TaskGroup._aexit", "self", "_tasks" },
};

static bool ends_with(const char *s, size_t len, const char *end)
{
	size_t n = strlen(end);

	return len >= n && !memcmp(s + len - n, end, n);
}

static void link_by_arguments(struct asyncio *a, const struct aio_task *t)
{
	size_t i, k;

	for (i = 0; i < t->n_frames; i++) {
		const struct aio_frame *f = &t->frames[i];

		for (k = 0; k < ARRAY_SIZE(waiter_functions); k++) {
			const struct waiter_function *w = &waiter_functions[k];
			uint64_t value = 0;

			if (strcmp(f->code->name, w->name) != 0 ||
				!ends_with(f->code->file, f->code->file_len, w->file))
				continue;
			locals_find(a->o, f->addr, w->local, &value);
			if (value && w->attribute)
				value = task_attribute(a, value, w->attribute);
			add_waited(a, t->addr, value, 0);
		}
	}
}

void tasks_link(struct asyncio *a)
{
	bool has_links = abi_has(a->o->abi->task.awaited_by);
	size_t i;

	for (i = 0; i < a->n && !objects_spent(a->o); i++) {
		struct aio_task *t = &a->tasks[i];
		uint64_t addr = t->addr;

		if (has_links) {
			walk_awaiters(a, addr, 0, found_edge, &addr);
			continue;
		}
		add_waited(a, addr, t->waits_for, 0);
		link_by_arguments(a, t);
	}
	if (objects_spent(a->o) && a->status == ST_OK)
		a->status = ST_LIMIT;
}
