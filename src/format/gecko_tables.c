/*
 * gecko_tables.c - the symbol tables of one thread of a Firefox profile.
 *
 * Version 57 keeps them per thread, as columns; only strings are shared. Parents come
 * before children because a stack's id is larger than its parent's.
 */
#include "format/export.h"
#include "format/gecko.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

void gecko_tables_init(struct gecko_tables *t, const struct export *ex)
{
	t->n_all_stacks = symbols_count(ex->symbols, SYM_STACK);
	t->n_all_frames = symbols_count(ex->symbols, SYM_FRAME);
	t->n_all_funcs = symbols_count(ex->symbols, SYM_FUNC);
	t->stacks = xcalloc(t->n_all_stacks, sizeof(uint32_t));
	t->frames = xcalloc(t->n_all_frames, sizeof(uint32_t));
	t->funcs = xcalloc(t->n_all_funcs, sizeof(uint32_t));
	t->stack_ids = xcalloc(t->n_all_stacks, sizeof(uint32_t));
	t->frame_ids = xcalloc(t->n_all_frames, sizeof(uint32_t));
	t->func_ids = xcalloc(t->n_all_funcs, sizeof(uint32_t));
	t->n_stacks = t->n_frames = t->n_funcs = 0;
}

void gecko_tables_release(struct gecko_tables *t)
{
	free(t->stacks);
	free(t->frames);
	free(t->funcs);
	free(t->stack_ids);
	free(t->frame_ids);
	free(t->func_ids);
}

void gecko_tables_clear(struct gecko_tables *t)
{
	memset(t->stacks, 0, t->n_all_stacks * sizeof(uint32_t));
	memset(t->frames, 0, t->n_all_frames * sizeof(uint32_t));
	memset(t->funcs, 0, t->n_all_funcs * sizeof(uint32_t));
	t->n_stacks = t->n_frames = t->n_funcs = 0;
}

static void use_frame(struct gecko_tables *t, const struct export *ex, frame_id id)
{
	func_id func = symbols_frame_of(ex->symbols, id)->func;

	if (t->frames[id])
		return;
	if (!t->funcs[func]) {
		t->func_ids[t->n_funcs] = func;
		t->funcs[func] = ++t->n_funcs;
	}
	t->frame_ids[t->n_frames] = id;
	t->frames[id] = ++t->n_frames;
}

void gecko_tables_use(struct gecko_tables *t, const struct export *ex, stack_id id)
{
	uint32_t n = 0, first = t->n_stacks, i;
	stack_id at;

	/* from the leaf to what is known already, then turned round: parents first */
	for (at = id; at && !t->stacks[at];
		at = symbols_stack_of(ex->symbols, at)->parent) {
		t->stacks[at] = 1;
		t->stack_ids[first + n++] = at;
	}
	for (i = 0; i < n / 2; i++) {
		stack_id other = t->stack_ids[first + i];

		t->stack_ids[first + i] = t->stack_ids[first + n - 1 - i];
		t->stack_ids[first + n - 1 - i] = other;
	}
	for (i = 0; i < n; i++) {
		at = t->stack_ids[first + i];
		t->stacks[at] = ++t->n_stacks;
		use_frame(t, ex, symbols_stack_of(ex->symbols, at)->frame);
	}
}

static int category(unsigned flags)
{
	if (flags & FUNC_NATIVE)
		return GECKO_NATIVE;
	return flags & FUNC_LIBRARY ? GECKO_LIBRARY : GECKO_MINE;
}

static void same(struct json *j, const char *key, uint32_t n, int value)
{
	uint32_t i;

	json_key(j, key);
	json_array(j);
	for (i = 0; i < n; i++)
		json_int(j, value);
	json_end(j);
}

static void nulls(struct json *j, const char *key, uint32_t n)
{
	uint32_t i;

	json_key(j, key);
	json_array(j);
	for (i = 0; i < n; i++)
		json_null(j);
	json_end(j);
}

static void falses(struct json *j, const char *key, uint32_t n)
{
	uint32_t i;

	json_key(j, key);
	json_array(j);
	for (i = 0; i < n; i++)
		json_bool(j, false);
	json_end(j);
}

static void empty(struct json *j, const char *table, const char *const *columns)
{
	json_key(j, table);
	json_object(j);
	for (; *columns; columns++) {
		json_key(j, *columns);
		json_array(j);
		json_end(j);
	}
	json_kint(j, "length", 0);
	json_end(j);
}

static void put_stacks(const struct gecko_tables *t, struct export *ex)
{
	struct json *j = &ex->j;
	uint32_t i;

	json_key(j, "stackTable");
	json_object(j);
	json_key(j, "frame");
	json_array(j);
	for (i = 0; i < t->n_stacks; i++)
		json_uint(j,
			t->frames[symbols_stack_of(ex->symbols, t->stack_ids[i])->frame] -
				1);
	json_end(j);
	json_key(j, "prefix");
	json_array(j);
	for (i = 0; i < t->n_stacks; i++) {
		stack_id parent = symbols_stack_of(ex->symbols, t->stack_ids[i])->parent;

		if (parent)
			json_uint(j, t->stacks[parent] - 1);
		else
			json_null(j);
	}
	json_end(j);
	json_kint(j, "length", t->n_stacks);
	json_end(j);
}

static void put_frames(const struct gecko_tables *t, struct export *ex)
{
	struct json *j = &ex->j;
	uint32_t i, n = t->n_frames;

	json_key(j, "frameTable");
	json_object(j);
	same(j, "address", n, -1);
	same(j, "inlineDepth", n, 0);
	json_key(j, "category");
	json_array(j);
	for (i = 0; i < n; i++) {
		func_id func = symbols_frame_of(ex->symbols, t->frame_ids[i])->func;

		json_int(j, category(symbols_func_of(ex->symbols, func)->flags));
	}
	json_end(j);
	same(j, "subcategory", n, 0);
	json_key(j, "func");
	json_array(j);
	for (i = 0; i < n; i++)
		json_uint(j,
			t->funcs[symbols_frame_of(ex->symbols, t->frame_ids[i])->func] -
				1);
	json_end(j);
	nulls(j, "nativeSymbol", n);
	same(j, "innerWindowID", n, 0);
	json_key(j, "line");
	json_array(j);
	for (i = 0; i < n; i++) {
		uint32_t line = symbols_frame_of(ex->symbols, t->frame_ids[i])->line;

		if (line)
			json_uint(j, line);
		else
			json_null(j);
	}
	json_end(j);
	nulls(j, "column", n);
	json_kint(j, "length", n);
	json_end(j);
}

static void put_funcs(const struct gecko_tables *t, struct export *ex)
{
	struct json *j = &ex->j;
	uint32_t i, n = t->n_funcs;

	json_key(j, "funcTable");
	json_object(j);
	json_key(j, "name");
	json_array(j);
	for (i = 0; i < n; i++)
		json_uint(j, symbols_func_of(ex->symbols, t->func_ids[i])->name);
	json_end(j);
	falses(j, "isJS", n);
	falses(j, "relevantForJS", n);
	same(j, "resource", n, -1);
	json_key(j, "fileName");
	json_array(j);
	for (i = 0; i < n; i++) {
		str_id file = symbols_func_of(ex->symbols, t->func_ids[i])->file;

		if (file)
			json_uint(j, file);
		else
			json_null(j);
	}
	json_end(j);
	json_key(j, "lineNumber");
	json_array(j);
	for (i = 0; i < n; i++) {
		uint32_t line = symbols_func_of(ex->symbols, t->func_ids[i])->first_line;

		if (line)
			json_uint(j, line);
		else
			json_null(j);
	}
	json_end(j);
	nulls(j, "columnNumber", n);
	json_kint(j, "length", n);
	json_end(j);
}

int gecko_tables_write(const struct gecko_tables *t, struct export *ex, struct err *err)
{
	static const char *const resource[] = { "lib", "name", "host", "type", NULL };
	static const char *const native[] = { "libIndex", "address", "name",
		"functionSize", NULL };

	put_stacks(t, ex);
	if (export_drain(ex, err) < 0)
		return -1;
	put_frames(t, ex);
	if (export_drain(ex, err) < 0)
		return -1;
	put_funcs(t, ex);
	empty(&ex->j, "resourceTable", resource);
	empty(&ex->j, "nativeSymbols", native);
	return export_drain(ex, err);
}
