/* target_core.c - a process that is a core file: opened like a followed one, read once */
#include "prof/target.h"

#include "base/alloc.h"
#include "proc/core.h"

enum { NAME_READS = 4096 };

struct target *target_open_core(
	const char *core, const char *exe, enum abi_source abi, struct err *err)
{
	struct target *t = xcalloc(1, sizeof(*t));
	struct runtime_query q = { 0 };
	struct walk_root root;

	t->stat.fd = -1;
	t->mem = mem_core_new(core, err);
	if (!t->mem || (exe && core_set_exe(t->mem, exe, err) < 0) ||
		core_maps(t->mem, &t->maps, err) < 0)
		goto fail;
	q.source = abi;
	q.mem = t->mem;
	q.maps = &t->maps;
	if (runtime_find(&q, &t->runtime, err) < 0) {
		err_wrap(err, "%s", core);
		goto fail;
	}
	t->pid = core_info(t->mem)->pid;
	walk_root_from(&root, &t->runtime, t->mem, &t->maps);
	t->walker = walker_new(t->mem, &t->runtime.abi, &root, NULL, NULL);
	objects_init(&t->objects, t->mem, &t->runtime.abi, NAME_READS);
	t->edges = edges_new();
	t->is_core = true;
	return t;
fail:
	target_free(t);
	return NULL;
}
