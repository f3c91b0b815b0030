/* names.c - see names.h */
#include "python/names.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "python/dict.h"
#include "python/number.h"
#include "python/str.h"

#include <string.h>

enum { THREADS_MAX = 65536, NAME_MAX_CHARS = 128, SOURCES_MAX = 1024 };

void names_forget(struct names *n)
{
	size_t i;

	for (i = 0; i < n->n; i++)
		free(n->v[i].name);
	n->n = n->n_sources = 0;
	map_clear(&n->index);
}

void names_release(struct names *n)
{
	names_forget(n);
	map_release(&n->index);
	free(n->v);
	free(n->sources);
	*n = (struct names)NAMES_INIT;
}

static struct names_source *source_of(struct names *n, uint64_t interp)
{
	size_t i;

	for (i = 0; i < n->n_sources; i++)
		if (n->sources[i].interp == interp)
			return &n->sources[i];
	if (n->n_sources >= SOURCES_MAX)
		n->n_sources = 0;
	GROW(n->sources, n->sources_cap, n->n_sources + 1);
	n->sources[n->n_sources] = (struct names_source){ .interp = interp };
	return &n->sources[n->n_sources++];
}

/* sys.modules["threading"]._active */
static enum status find_active(struct objects *o, struct names_source *s)
{
	uint64_t modules = 0, n_modules = 0, module = 0, dict = 0;
	enum status st = objects_member(o, s->interp, o->abi->interp.modules, &modules);

	if (st != ST_OK || !modules)
		return st;
	st = objects_member(o, modules, o->abi->dict.used, &n_modules);
	if (st != ST_OK || (modules == s->modules && n_modules == s->n_modules))
		return st;
	st = dict_find(o, modules, "threading", &module);
	if (st == ST_OK && module)
		st = objects_member(o, module, o->abi->module.dict, &dict);
	if (st == ST_OK && dict)
		st = dict_find(o, dict, "_active", &s->active);
	if (st == ST_OK && s->active && objects_kind(o, s->active) != KIND_DICT)
		s->active = 0;
	/* A module that is being imported has no _active yet: look again. */
	if (st == ST_OK && !s->active && !module) {
		s->modules = modules;
		s->n_modules = n_modules;
	}
	return st;
}

static uint64_t key_of(uint64_t interp, uint64_t ident)
{
	return hash_step(hash_u64(interp), ident);
}

static struct thread_name *entry_of(
	const struct names *n, uint64_t interp, uint64_t ident)
{
	const uint64_t *at = map_get(&n->index, key_of(interp, ident));

	return at ? &n->v[*at - 1] : NULL;
}

const struct thread_name *names_find(
	const struct names *n, uint64_t interp, uint64_t ident)
{
	return entry_of(n, interp, ident);
}

/* Thread._name and Thread._daemonic; _Thread__name in 2.7. */
static enum status read_thread(
	struct objects *o, uint64_t thread, struct buf *name, bool *daemon)
{
	bool is_27 = o->abi->version < ABI_VERSION(3, 0);
	uint64_t value = 0;
	int64_t flag = 0;
	enum status st = attrs_find(o, thread, is_27 ? "_Thread__name" : "_name", &value);

	buf_clear(name);
	if (st != ST_OK)
		return st;
	st = value ? str_read(o->mem, o->abi, value, NAME_MAX_CHARS, name) : ST_BAD;
	if (st == ST_LIMIT)
		st = ST_OK;
	*daemon = attrs_find(o, thread, is_27 ? "_Thread__daemonic" : "_daemonic",
			  &value) == ST_OK &&
		  value && int_read(o, value, &flag) == ST_OK && flag;
	return st;
}

static enum status update_one(struct names *n, struct objects *o, uint64_t interp,
	uint64_t ident, uint64_t thread, bool renames)
{
	struct thread_name *t = entry_of(n, interp, ident);
	struct buf name = BUF_INIT;
	bool daemon = false;
	enum status st = ST_OK;

	if (!t || t->thread != thread || renames)
		st = read_thread(o, thread, &name, &daemon);
	if (!t && st == ST_OK) {
		GROW(n->v, n->cap, n->n + 1);
		t = &n->v[n->n++];
		*t = (struct thread_name){ .interp = interp, .ident = ident };
		*map_put(&n->index, key_of(interp, ident)) = n->n;
	}
	if (t && name.len && st == ST_OK) {
		free(t->name);
		t->name = buf_detach(&name, NULL);
		t->thread = thread;
		t->daemon = daemon;
	} else if (t && !t->name) {
		t->name = xstrdup("");
	}
	if (t)
		t->seen = n->looks;
	buf_release(&name);
	return st;
}

/* Threads of the interpreter that the last look did not find have ended. */
static void drop_ended(struct names *n, uint64_t interp)
{
	size_t i, kept = 0;

	map_clear(&n->index);
	for (i = 0; i < n->n; i++) {
		struct thread_name *t = &n->v[i];

		if (t->interp == interp && t->seen != n->looks) {
			free(t->name);
			continue;
		}
		n->v[kept++] = *t;
		*map_put(&n->index, key_of(t->interp, t->ident)) = kept;
	}
	n->n = kept;
}

enum status names_update(
	struct names *n, struct objects *o, uint64_t interp, bool renames)
{
	struct names_source *s = source_of(n, interp);
	struct dict_iter it;
	uint64_t key, thread, ident;
	size_t seen = 0;
	enum status st = ST_OK;

	n->looks++;
	if (!s->active)
		st = find_active(o, s);
	if (st != ST_OK || !s->active)
		return st;
	st = dict_open(o, s->active, &it);
	if (st != ST_OK)
		s->active = 0;
	while (st == ST_OK && seen++ < THREADS_MAX && dict_next(&it, &key, &thread)) {
		if (int_read_u64(o, key, &ident) == ST_OK)
			update_one(n, o, interp, ident, thread, renames);
	}
	if (st == ST_OK)
		st = it.status;
	/* a torn or budget-cut look must not make live threads nameless */
	if (st == ST_OK)
		drop_ended(n, interp);
	return st;
}
