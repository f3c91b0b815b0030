/* asyncio.c - finds the tasks; see asyncio.h */
#include "python/asyncio.h"

#include "base/alloc.h"
#include "python/asyncio_impl.h"
#include "python/dict.h"
#include "python/number.h"

#include <string.h>

enum { INTERPS_MAX = 256, THREADS_MAX = 65536 };

void asyncio_init(struct asyncio *a, struct objects *o)
{
	*a = (struct asyncio){ .o = o };
}

static void forget_codes(struct asyncio *a)
{
	size_t i;

	for (i = 0; a->codes.slots && i <= a->codes.mask; i++) {
		struct code *c = (struct code *)(uintptr_t)a->codes.slots[i].value;

		if (!a->codes.slots[i].used || !c)
			continue;
		code_release(c);
		free(c);
	}
	map_clear(&a->codes);
	a->n_codes = 0;
}

static void forget_tasks(struct asyncio *a)
{
	size_t i;

	for (i = 0; i < a->n; i++) {
		free(a->tasks[i].name);
		free(a->tasks[i].frames);
		free(a->tasks[i].awaited_by);
	}
	a->n = 0;
	map_clear(&a->index);
}

void asyncio_release(struct asyncio *a)
{
	forget_tasks(a);
	forget_codes(a);
	map_release(&a->index);
	map_release(&a->codes);
	free(a->tasks);
	*a = (struct asyncio){ .o = NULL };
}

uint32_t task_index(const struct asyncio *a, uint64_t addr)
{
	const uint64_t *at = map_get(&a->index, addr);

	return at ? (uint32_t)(*at - 1) : UINT32_MAX;
}

static void note(struct asyncio *a, enum status st)
{
	if (a->status == ST_OK && st != ST_UNSUPPORTED)
		a->status = st;
}

/* False: it was there already, or there are too many. */
static bool add_task(struct asyncio *a, uint64_t interp, uint64_t addr)
{
	if (!addr || task_index(a, addr) != UINT32_MAX)
		return false;
	if (a->n >= TASKS_MAX || objects_spent(a->o)) {
		note(a, ST_LIMIT);
		return false;
	}
	GROW(a->tasks, a->cap, a->n + 1);
	a->tasks[a->n++] = (struct aio_task){ .addr = addr, .interp = interp };
	*map_put(&a->index, addr) = a->n;
	return true;
}

/* ---- 3.14+: lists through the tasks themselves ---------------------------------------- */

static void add_list(struct asyncio *a, uint64_t interp, uint64_t head)
{
	const struct abi *abi = a->o->abi;
	uint64_t node = 0;
	enum status st = objects_member(a->o, head, abi->llist.next, &node);

	while (st == ST_OK && node && node != head) {
		if (!add_task(a, interp, node - abi->task.node)) {
			if (a->status == ST_OK)
				note(a, ST_CYCLE);
			return;
		}
		st = objects_member(a->o, node, abi->llist.next, &node);
	}
	note(a, st == ST_OK && !node ? ST_TORN : st);
}

static void add_lists(struct asyncio *a, uint64_t interp)
{
	const struct abi *abi = a->o->abi;
	uint64_t tstate = 0;
	size_t n = 0;
	enum status st;

	if (!abi_has(abi->timpl.tasks_head) || !abi_has(abi->task.node))
		return;
	st = objects_member(a->o, interp, abi->interp.tstate_head, &tstate);
	while (st == ST_OK && tstate && n++ < THREADS_MAX) {
		add_list(a, interp, tstate + abi->timpl.tasks_head);
		st = objects_member(a->o, tstate, abi->tstate.next, &tstate);
	}
	note(a, st);
	if (abi_has(abi->interp.asyncio_tasks))
		add_list(a, interp, interp + abi->interp.asyncio_tasks);
}

/* ---- sets of the module asyncio.tasks --------------------------------------------------- */

static void add_set(struct asyncio *a, uint64_t interp, uint64_t set, bool weak)
{
	struct dict_iter *it = xmalloc(sizeof(*it));
	enum status st = set_open(a->o, set, it);
	uint64_t key, object;

	while (st == ST_OK && set_next(it, &key)) {
		object = key;
		if (weak && objects_member(a->o, key, a->o->abi->weakref.object,
				    &object) != ST_OK)
			continue;
		/* dead references point at None */
		if (object && objects_kind(a->o, object) != KIND_NONE)
			add_task(a, interp, object);
	}
	note(a, st == ST_OK ? it->status : st);
	free(it);
}

/* WeakSet keeps references in a set called `data` (Lib/_weakrefset.py). */
static void add_weak_set(struct asyncio *a, uint64_t interp, uint64_t weak_set)
{
	uint64_t data = 0;
	enum status st = attrs_find(a->o, weak_set, "data", &data);

	if (st == ST_OK && data && objects_kind(a->o, data) == KIND_SET)
		add_set(a, interp, data, true);
	else
		note(a, st);
}

static void add_any_set(struct asyncio *a, uint64_t interp, uint64_t object)
{
	if (!object)
		return;
	if (objects_kind(a->o, object) == KIND_SET)
		add_set(a, interp, object, false);
	else
		add_weak_set(a, interp, object);
}

/* The dict of the module asyncio.tasks; 0: it is not imported. */
static enum status tasks_dict(struct asyncio *a, uint64_t interp, uint64_t *dict)
{
	const struct abi *abi = a->o->abi;
	uint64_t modules = 0, module = 0;
	enum status st = objects_member(a->o, interp, abi->interp.modules, &modules);

	*dict = 0;
	if (st == ST_OK && modules)
		st = dict_find(a->o, modules, "asyncio.tasks", &module);
	if (st == ST_OK && module)
		st = objects_member(a->o, module, abi->module.dict, dict);
	return st;
}

static void add_sets(struct asyncio *a, uint64_t interp)
{
	static const char *const names[] = { "_all_tasks", "_scheduled_tasks",
		"_eager_tasks" };
	uint64_t dict, set;
	size_t i;

	note(a, tasks_dict(a, interp, &dict));
	for (i = 0; dict && i < ARRAY_SIZE(names); i++)
		if (dict_find(a->o, dict, names[i], &set) == ST_OK)
			add_any_set(a, interp, set);
}

/* ---- which task runs ---------------------------------------------------------------------- */

/* BaseEventLoop._thread_id: the identifier of the thread that runs the loop. */
static bool runs_in(struct asyncio *a, uint64_t loop, uint64_t ident)
{
	uint64_t value = 0, id = 0;

	return attrs_find(a->o, loop, "_thread_id", &value) == ST_OK && value &&
	       int_read_u64(a->o, value, &id) == ST_OK && id == ident;
}

/* _current_tasks: event loop -> task. */
static enum status current_from_dict(
	struct asyncio *a, uint64_t interp, uint64_t tstate, uint64_t *task)
{
	uint64_t dict, current = 0, ident = 0, loop, value;
	struct dict_iter it;
	enum status st = tasks_dict(a, interp, &dict);

	if (st == ST_OK && dict)
		st = dict_find(a->o, dict, "_current_tasks", &current);
	if (st != ST_OK || !dict || !current)
		return st;
	st = objects_member(a->o, tstate, a->o->abi->tstate.thread_id, &ident);
	if (st == ST_OK)
		st = dict_open(a->o, current, &it);
	while (st == ST_OK && dict_next(&it, &loop, &value))
		if (runs_in(a, loop, ident)) {
			*task = value;
			break;
		}
	return st;
}

enum status asyncio_current(
	struct asyncio *a, uint64_t interp, uint64_t tstate, uint64_t *task)
{
	const struct abi *abi = a->o->abi;
	uint64_t loop = 0;
	enum status st;

	*task = 0;
	if (!abi_has(abi->timpl.running_task))
		return current_from_dict(a, interp, tstate, task);
	st = objects_member(a->o, tstate, abi->timpl.running_loop, &loop);
	if (st == ST_OK && loop)
		st = objects_member(a->o, tstate, abi->timpl.running_task, task);
	return st;
}

static void mark_current(struct asyncio *a, uint64_t interp)
{
	uint64_t tstate = 0, task;
	size_t n = 0;
	enum status st =
		objects_member(a->o, interp, a->o->abi->interp.tstate_head, &tstate);

	while (st == ST_OK && tstate && n++ < THREADS_MAX) {
		uint32_t i;

		if (asyncio_current(a, interp, tstate, &task) == ST_OK && task) {
			add_task(a, interp, task);
			i = task_index(a, task);
			if (i != UINT32_MAX)
				a->tasks[i].is_current = true;
		}
		st = objects_member(a->o, tstate, a->o->abi->tstate.next, &tstate);
	}
	note(a, st);
}

enum status asyncio_load(struct asyncio *a, uint64_t head_addr)
{
	const struct abi *abi = a->o->abi;
	uint64_t interp = 0;
	size_t i;
	enum status st;

	forget_tasks(a);
	forget_codes(a);
	a->status = ST_OK;
	if (abi->version < ABI_VERSION(3, 7))
		return ST_UNSUPPORTED;
	st = objects_u64(a->o, head_addr, &interp);
	for (i = 0; st == ST_OK && interp && i < INTERPS_MAX; i++) {
		add_lists(a, interp);
		add_sets(a, interp);
		if (a->n)
			mark_current(a, interp);
		st = objects_member(a->o, interp, abi->interp.next, &interp);
	}
	note(a, st);
	for (i = 0; i < a->n; i++) {
		task_read(a, &a->tasks[i]);
		task_read_chain(a, &a->tasks[i]);
	}
	tasks_link(a);
	return a->status;
}
