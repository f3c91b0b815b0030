/*
 * peek.c - answers questions about a stopped target, one line of JSON for each line read.
 *
 *	build/peek PID [auto|table|dwarf|offsets]
 *	build/peek --core FILE [EXE]
 *	build/peek --record PID
 *	stacks         every thread's frames, leaf first, by plain reads along the links: a
 *	               second opinion that shares no code with python/walk.c
 *	cold           the same from python/walk.h and prof/resolve.h, as `dump` does it
 *	warm           the same, by a walker that is kept from question to question
 *	repr ADDR      text of the object at a (hexadecimal) address
 *	locals ADDR    variables of the frame at an address
 *	tasks          asyncio's tasks: names, coroutines, who waits for whom
 *	steps          the asyncio tasks that each thread's frames stand on, for --asyncio
 *	names          thread names by interpreter and identifier
 *	write FILE     with --record: writes the pages that the questions before it needed
 *
 * The target must hold still: nothing here retries or judges torn reads.
 */
#include "base/alloc.h"
#include "base/json.h"
#include "proc/core.h"
#include "proc/maps.h"
#include "prof/aiotasks.h"
#include "prof/resolve.h"
#include "python/asyncio.h"
#include "python/code.h"
#include "python/locals.h"
#include "python/names.h"
#include "python/repr.h"
#include "python/runtime.h"

#include "recorder.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { READS = 5000000, FRAMES_MAX = 200000, LINKS_MAX = 4096 };

struct peek {
	struct objects o;
	struct runtime rt;
	struct names names;
	struct map codes; /* address -> struct code * */
	struct walk_root root;
	struct walk {
		struct walker *walker;
		struct resolver *resolver;
		struct symbols *symbols;
	} cold, warm;
};

static const struct code *code_at(struct peek *p, uint64_t addr)
{
	uint64_t *known = map_put(&p->codes, addr);
	struct code *c = (struct code *)(uintptr_t)*known;

	if (!c) {
		c = xcalloc(1, sizeof(*c));
		if (code_load(p->o.mem, p->o.abi, addr, c) != ST_OK)
			c->name = xstrndup("<no code>", c->name_len = 9);
		*known = (uint64_t)(uintptr_t)c;
	}
	return c;
}

static void forget_codes(struct peek *p)
{
	size_t i;

	for (i = 0; p->codes.slots && i <= p->codes.mask; i++)
		if (p->codes.slots[i].used) {
			code_release((struct code *)(uintptr_t)p->codes.slots[i].value);
			free((void *)(uintptr_t)p->codes.slots[i].value);
		}
	map_clear(&p->codes);
}

static void put_frame(struct peek *p, struct json *j, uint64_t addr, uint64_t code_addr,
	uint64_t instr, int32_t tlbc)
{
	struct code *c = (struct code *)code_at(p, code_addr);
	int32_t offset;
	struct place at;

	code_offset(c, p->o.mem, p->o.abi, instr, tlbc, &offset);
	at = lines_place(&c->lines, offset);
	json_object(j);
	json_key(j, "func");
	json_strn(j, c->name, c->name_len);
	json_key(j, "file");
	json_strn(j, c->file ? c->file : "", c->file_len);
	json_kint(j, "line", at.line);
	json_kint(j, "end_line", at.end_line);
	json_kint(j, "col", at.column);
	json_kint(j, "end_col", at.end_column);
	json_key(j, "addr");
	json_uint(j, addr);
	json_end(j);
}

static void put_frame_objects(struct peek *p, struct json *j, uint64_t tstate)
{
	const struct abi *abi = p->o.abi;
	uint64_t frame = 0, code = 0;
	uint32_t lasti = 0;
	size_t n = 0;

	objects_member(&p->o, tstate, abi->tstate.frame, &frame);
	while (frame && n++ < FRAMES_MAX) {
		objects_member(&p->o, frame, abi->frame.code, &code);
		objects_read(&p->o, frame + abi->frame.lasti, &lasti, 4);
		put_frame(p, j, frame, code, lasti, 0);
		if (objects_member(&p->o, frame, abi->frame.back, &frame) != ST_OK)
			break;
	}
}

static bool is_shown(struct peek *p, uint64_t code, uint64_t instr, uint8_t owner)
{
	const struct abi *abi = p->o.abi;
	struct code *c;
	int32_t offset;

	if (owner == abi->value.owner_cstack || owner == abi->value.owner_interpreter)
		return false;
	c = (struct code *)code_at(p, code);
	if (owner == abi->value.owner_generator || c->tlbc)
		return true;
	code_offset(c, p->o.mem, abi, instr, 0, &offset);
	return offset >= 2 * c->first_traceable - (abi->value.instr_is_prev ? 2 : 0);
}

static void put_interpreter_frames(struct peek *p, struct json *j, uint64_t tstate)
{
	const struct abi *abi = p->o.abi;
	uint64_t frame = 0, code, instr;
	size_t n = 0;

	if (abi_has(abi->tstate.cframe)) {
		objects_member(&p->o, tstate, abi->tstate.cframe, &frame);
		objects_member(&p->o, frame, abi->cframe.current_frame, &frame);
	} else {
		objects_member(&p->o, tstate, abi->tstate.current_frame, &frame);
	}
	while (frame && n++ < FRAMES_MAX) {
		uint8_t owner = 0;
		int32_t tlbc = 0;

		objects_member(&p->o, frame, abi->iframe.code, &code);
		objects_member(&p->o, frame, abi->iframe.instr, &instr);
		objects_read(&p->o, frame + abi->iframe.owner, &owner, 1);
		if (abi_has(abi->iframe.tlbc_index))
			objects_read(&p->o, frame + abi->iframe.tlbc_index, &tlbc, 4);
		code = objects_untag(abi, code);
		if (is_shown(p, code, instr, owner))
			put_frame(p, j, frame, code, instr, tlbc);
		if (objects_member(&p->o, frame, abi->iframe.previous, &frame) != ST_OK)
			break;
	}
}

static void put_stacks(struct peek *p, struct json *j)
{
	const struct abi *abi = p->o.abi;
	uint64_t interp = 0, tstate, ident, native;
	size_t n = 0;

	forget_codes(p);
	objects_u64(&p->o, p->rt.interp_head_addr, &interp);
	json_array(j);
	for (; interp && n < LINKS_MAX; n++) {
		objects_member(&p->o, interp, abi->interp.tstate_head, &tstate);
		for (; tstate && n < LINKS_MAX; n++) {
			objects_member(&p->o, tstate, abi->tstate.thread_id, &ident);
			objects_member(&p->o, tstate, abi->tstate.native_id, &native);
			json_object(j);
			json_key(j, "interp");
			json_uint(j, interp);
			json_key(j, "ident");
			json_uint(j, ident);
			json_key(j, "native");
			json_uint(j, native);
			json_key(j, "frames");
			json_array(j);
			if (abi->value.frame_kind == 0)
				put_frame_objects(p, j, tstate);
			else
				put_interpreter_frames(p, j, tstate);
			json_end(j);
			json_end(j);
			objects_member(&p->o, tstate, abi->tstate.next, &tstate);
		}
		objects_member(&p->o, interp, abi->interp.next, &interp);
	}
	json_end(j);
}

/* A frame_id back to what it stands for. */
static void put_resolved(
	struct json *j, const struct symbols *s, frame_id id, uint64_t addr)
{
	const struct frame *frame = symbols_frame_of(s, id);
	const struct func *func = symbols_func_of(s, frame->func);
	struct columns columns = columns_unpack(frame->columns);
	size_t len;
	const char *text = symbols_text(s, func->name, &len);

	json_object(j);
	json_key(j, "func");
	json_strn(j, text, len);
	text = symbols_text(s, func->file, &len);
	json_key(j, "file");
	json_strn(j, text, len);
	json_kint(j, "line", frame->line);
	json_kint(j, "end_line", frame->line + columns.end_lines);
	json_kint(j, "col", columns.column);
	json_kint(j, "end_col", columns.end_column);
	json_key(j, "addr");
	json_uint(j, addr);
	json_end(j);
}

static void forget_walk(struct walk *k)
{
	resolver_free(k->resolver);
	walker_free(k->walker);
	symbols_free(k->symbols);
	*k = (struct walk){ 0 };
}

static void open_walk(struct peek *p, struct walk *walk)
{
	if (walk == &p->cold)
		forget_walk(walk);
	if (walk->walker)
		return;
	walk->symbols = symbols_new();
	walk->walker = walker_new(p->o.mem, p->o.abi, &p->root, NULL, NULL);
	walk->resolver = resolver_new(walk->walker, p->o.mem, p->o.abi, walk->symbols);
}

static void put_walk(struct peek *p, struct json *j, struct walk *walk)
{
	struct walk_thread **threads;
	size_t n = 0, i;
	uint32_t k;

	open_walk(p, walk);
	walker_tick(walk->walker);
	threads = walker_threads(walk->walker, &n);
	json_array(j);
	for (i = 0; i < n; i++) {
		struct walk_thread *t = threads[i];

		json_object(j);
		json_key(j, "ident");
		json_uint(j, t->pthread);
		json_kint(j, "tid", t->tid);
		json_kstr(j, "status", status_word(t->status));
		json_kint(j, "skipped", t->n_skipped);
		json_key(j, "frames");
		json_array(j);
		for (k = t->n_frames; k-- > 0;)
			put_resolved(j, walk->symbols,
				resolver_frame(walk->resolver, &t->frames[k]),
				t->frames[k].addr);
		json_end(j);
		json_end(j);
	}
	json_end(j);
}

static void put_names(struct peek *p, struct json *j)
{
	uint64_t interp = 0, before = p->o.mem->n_calls;
	size_t i;
	enum status st = ST_OK;

	objects_u64(&p->o, p->rt.interp_head_addr, &interp);
	for (i = 0; interp && i < LINKS_MAX; i++) {
		st = names_update(&p->names, &p->o, interp, true);
		objects_member(&p->o, interp, p->o.abi->interp.next, &interp);
	}
	json_object(j);
	json_kstr(j, "status", status_word(st));
	json_kint(j, "reads", (int64_t)(p->o.mem->n_calls - before));
	json_key(j, "threads");
	json_array(j);
	for (i = 0; i < p->names.n; i++) {
		json_object(j);
		json_key(j, "ident");
		json_uint(j, p->names.v[i].ident);
		json_kstr(j, "name", p->names.v[i].name);
		json_kbool(j, "daemon", p->names.v[i].daemon);
		json_end(j);
	}
	json_end(j);
	json_end(j);
}

static void put_task(const struct asyncio *a, const struct aio_task *t, struct json *j)
{
	size_t i;

	json_object(j);
	json_key(j, "addr");
	json_uint(j, t->addr);
	json_kstr(j, "name", t->name);
	json_kint(j, "state", t->state);
	json_kbool(j, "current", t->is_current);
	json_kstr(j, "status", status_word(t->status));
	json_key(j, "awaited_by");
	json_array(j);
	for (i = 0; i < t->n_awaited_by; i++)
		json_str(j, a->tasks[t->awaited_by[i]].name);
	json_end(j);
	json_key(j, "frames");
	json_array(j);
	for (i = 0; i < t->n_frames; i++) {
		json_object(j);
		json_kstr(j, "func", t->frames[i].code->name);
		json_kstr(j, "file", t->frames[i].code->file);
		json_kint(j, "line", t->frames[i].line);
		json_kbool(j, "running", t->frames[i].is_running);
		json_end(j);
	}
	json_end(j);
	json_end(j);
}

static void put_tasks(struct peek *p, struct json *j)
{
	uint64_t before = p->o.mem->n_calls;
	struct asyncio a;
	enum status st;
	size_t i;

	asyncio_init(&a, &p->o);
	st = asyncio_load(&a, p->rt.interp_head_addr);
	json_object(j);
	json_kstr(j, "status", status_word(st));
	json_kint(j, "reads", (int64_t)(p->o.mem->n_calls - before));
	json_key(j, "tasks");
	json_array(j);
	for (i = 0; i < a.n; i++)
		put_task(&a, &a.tasks[i], j);
	json_end(j);
	json_end(j);
	asyncio_release(&a);
}

/* {ident: [name of a task, leaf first...]} */
static void put_steps(struct peek *p, struct json *j)
{
	struct aiotasks *tasks = aiotasks_new(&p->o, p->rt.interp_head_addr);
	struct walk_thread **threads;
	size_t n = 0, i;

	open_walk(p, &p->cold);
	walker_tick(p->cold.walker);
	threads = walker_threads(p->cold.walker, &n);
	json_object(j);
	for (i = 0; i < n; i++) {
		const struct symbols *s = p->cold.symbols;
		stack_id id = aiotasks_stack(tasks, p->cold.symbols, threads[i]);
		char ident[24];

		snprintf(ident, sizeof(ident), "%" PRIu64, threads[i]->pthread);
		json_key(j, ident);
		json_array(j);
		for (; id; id = symbols_stack_of(s, id)->parent) {
			frame_id frame = symbols_stack_of(s, id)->frame;
			func_id func = symbols_frame_of(s, frame)->func;

			json_str(
				j, symbols_text(s, symbols_func_of(s, func)->name, NULL));
		}
		json_end(j);
	}
	json_end(j);
	aiotasks_free(tasks);
}

static void put_locals(struct peek *p, struct json *j, uint64_t frame)
{
	struct locals l = LOCALS_INIT;
	enum status st = locals_read(&p->o, frame, &repr_limits_default, &l);
	size_t i;

	json_object(j);
	json_kstr(j, "status", status_word(st));
	json_kbool(j, "cut", l.cut);
	json_key(j, "locals");
	json_array(j);
	for (i = 0; i < l.n; i++) {
		json_object(j);
		json_kstr(j, "name", l.v[i].name);
		json_kstr(j, "kind", local_kind_word(l.v[i].kind));
		json_kstr(j, "type", l.v[i].type);
		json_kstr(j, "text", l.v[i].text);
		json_end(j);
	}
	json_end(j);
	json_end(j);
	locals_release(&l);
}

static void put_repr(struct peek *p, struct json *j, uint64_t addr)
{
	struct buf text = BUF_INIT;

	repr_put(&p->o, addr, &repr_limits_default, &text);
	json_strn(j, text.data, text.len);
	buf_release(&text);
}

/* The head says how to read it: tests/unit/test_snap.c. */
static void put_written(struct peek *p, struct json *j, const char *path)
{
	const struct python_version *v = &p->rt.version;
	struct err err = ERR_INIT;
	struct buf head = BUF_INIT;

	buf_printf(&head,
		"version %d.%d.%d\nfree-threaded %d\ndebug %d\nruntime 0x%" PRIx64
		"\ninterp-head 0x%" PRIx64 "\ntstate-current 0x%" PRIx64 "\ngc 0x%" PRIx64
		"\n",
		v->version >> 8, v->version & 255, v->patch, v->free_threaded, v->debug,
		p->root.runtime_addr, p->root.interp_head_addr,
		p->root.tstate_current_addr, p->root.gc_addr);
	if (recorder_write(p->o.mem, path, head.data, &err) < 0)
		json_str(j, err.msg);
	else
		json_bool(j, true);
	buf_release(&head);
}

static void answer(struct peek *p, const char *line, struct buf *out)
{
	struct json j;
	uint64_t addr = 0;
	char word[32] = "", path[1024] = "";

	if (sscanf(line, "write %1023[^\n]", path) == 1) {
		json_init(&j, out);
		put_written(p, &j, path);
		buf_char(out, '\n');
		return;
	}
	sscanf(line, "%31s %" SCNx64, word, &addr);
	objects_forget(&p->o);
	objects_budget(&p->o, READS);
	json_init(&j, out);
	if (!strcmp(word, "stacks"))
		put_stacks(p, &j);
	else if (!strcmp(word, "cold") || !strcmp(word, "warm"))
		put_walk(p, &j, *word == 'c' ? &p->cold : &p->warm);
	else if (!strcmp(word, "repr"))
		put_repr(p, &j, addr);
	else if (!strcmp(word, "locals"))
		put_locals(p, &j, addr);
	else if (!strcmp(word, "tasks"))
		put_tasks(p, &j);
	else if (!strcmp(word, "steps"))
		put_steps(p, &j);
	else if (!strcmp(word, "names"))
		put_names(p, &j);
	else
		json_null(&j);
	buf_char(out, '\n');
}

static int look_up(struct peek *p, const struct runtime_query *q, struct err *err)
{
	if (runtime_find(q, &p->rt, err) < 0)
		return -1;
	runtime_load_asyncio(q, &p->rt);
	objects_init(&p->o, q->mem, &p->rt.abi, READS);
	p->root = (struct walk_root){
		.runtime_addr = p->rt.runtime_addr,
		.interp_head_addr = p->rt.interp_head_addr,
		.tstate_current_addr = p->rt.current_addr,
		.gil_addr = p->rt.gil_addr,
		.gc_addr = p->rt.gc_collecting_addr,
	};
	return 0;
}

static int open_target(int argc, char **argv, struct runtime_query *q, struct maps *maps,
	struct err *err)
{
	if (!strcmp(argv[1], "--core")) {
		q->mem = mem_core_new(argv[2], err);
		if (!q->mem || (argc > 3 && core_set_exe(q->mem, argv[3], err) < 0))
			return -1;
		return core_maps(q->mem, maps, err);
	}
	if (!strcmp(argv[1], "--record")) {
		q->pid = atoi(argv[2]);
		q->mem = mem_live_new(q->pid);
		return maps_load(maps, q->pid, err);
	}
	q->pid = atoi(argv[1]);
	q->mem = mem_live_new(q->pid);
	if (argc > 2 && !abi_source_parse(argv[2], &q->source))
		return err_set(err, ERR_USAGE, "no such source of layouts");
	return maps_load(maps, q->pid, err);
}

int main(int argc, char **argv)
{
	struct peek p = { .names = NAMES_INIT, .codes = MAP_INIT };
	struct runtime_query q = { .source = ABI_AUTO };
	struct buf out = BUF_INIT;
	struct maps maps = MAPS_INIT;
	struct err err = ERR_INIT;
	char *line = NULL;
	size_t cap = 0;

	if (argc < 2 || (argv[1][0] == '-' && argc < 3))
		return 2;
	q.maps = &maps;
	if (open_target(argc, argv, &q, &maps, &err) < 0 || look_up(&p, &q, &err) < 0) {
		err_print(&err, stderr);
		maps_release(&maps);
		mem_free(q.mem);
		return 1;
	}
	/* after look_up: finding the interpreter reads much that the readers do not */
	if (!strcmp(argv[1], "--record"))
		p.o.mem = q.mem = recorder_new(q.mem);
	while (getline(&line, &cap, stdin) > 0) {
		buf_clear(&out);
		answer(&p, line, &out);
		fwrite(out.data, 1, out.len, stdout);
		fflush(stdout);
	}
	forget_codes(&p);
	forget_walk(&p.cold);
	forget_walk(&p.warm);
	map_release(&p.codes);
	names_release(&p.names);
	objects_release(&p.o);
	buf_release(&out);
	free(line);
	maps_release(&maps);
	mem_free(q.mem);
	return 0;
}
