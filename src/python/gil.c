/*
 * gil.c - who holds the GIL, whether garbage is collected, whether an exception is being
 * handled: all from bytes that the tick has copied anyway.
 *
 * CPython: Python/ceval_gil.c, Include/internal/pycore_gil.h, Python/pystate.c; up to 3.11
 * the runtime names the thread state that holds the GIL, from 3.12 each interpreter's GIL
 * names its last holder and whether it is locked.
 */
#include "python/walk_impl.h"

static uint64_t interp_get(const struct walker *w, const struct winterp *in, int index)
{
	return fieldset_get(&w->interpset, in->copy, index);
}

static uint64_t root_get(const struct walker *w, int index)
{
	return fieldset_get(&w->rootset, w->root_copy, index);
}

static uint64_t holder_of(const struct walker *w, const struct winterp *in)
{
	const struct abi *a = w->abi;
	uint64_t holder;

	if (w->r_current >= 0)
		return root_get(w, w->r_current);
	if (in->gil_addr && in->gil_addr != in->addr + a->interp.gil)
		return in->gil_ok && ld32(in->gil_copy + a->gil.locked) == 1
			       ? ld64(in->gil_copy + a->gil.holder)
			       : 0;
	holder = interp_get(w, in, w->i_gil_holder);
	return (uint32_t)interp_get(w, in, w->i_gil_locked) == 1 ? holder : 0;
}

void gil_update(struct walker *w)
{
	uint32_t i;

	for (i = 0; i < w->n_interps; i++) {
		struct winterp *in = w->interps[i];

		if (!in->ok)
			continue;
		in->gil_holder = holder_of(w, in);
		in->gc = (uint32_t)(w->r_gc >= 0 ? root_get(w, w->r_gc)
						 : interp_get(w, in, w->i_gc)) != 0;
		in->code_count = interp_get(w, in, w->i_generation);
		in->code_generation =
			hash_step(hash_u64((uint64_t)in->id), in->code_count);
		in->head = interp_get(w, in, w->i_head);
		in->main = interp_get(w, in, w->i_main);
	}
}

/* The address of None is learnt: an exception slot that holds an instance of NoneType. */
static bool is_none(struct walker *w, uint64_t addr)
{
	uint64_t type, name;
	char text[12] = "";

	if (addr == w->none_addr || addr == w->not_none_addr)
		return addr == w->none_addr;
	if (mem_read_u64(w->mem, addr + w->abi->obj.type, &type) == ST_OK &&
		mem_read_u64(w->mem, type + w->abi->type.name, &name) == ST_OK &&
		mem_read(w->mem, name, text, 9) == ST_OK && !strcmp(text, "NoneType"))
		w->none_addr = addr;
	else
		w->not_none_addr = addr;
	return addr == w->none_addr;
}

/* The value at the top of the stack of handled exceptions, from 3.7 on. */
static uint64_t handled(struct walker *w, struct wthread *t)
{
	const struct abi *a = w->abi;
	uint64_t item = ts_u64(w, t, a->tstate.exc_info);
	uint64_t inside = t->pub.tstate_addr + a->tstate.exc_state;
	uint32_t off = a->errstack.exc_type != ABI_NONE ? a->errstack.exc_type
							: a->errstack.exc_value;

	if (a->tstate.exc_info == ABI_NONE)
		return ts_u64(w, t, a->tstate.exc_type);
	if (item == inside) {
		t->exc_addr = 0;
		return ts_u64(w, t, a->tstate.exc_state + off);
	}
	if (item != t->exc_addr) { /* a generator handles exceptions of its own */
		t->exc_addr = item;
		t->exc_ok = chase(w, item, t->exc, EXC_LEN);
	}
	return t->exc_ok ? ld64(t->exc + off) : 0;
}

static bool handles_exception(struct walker *w, struct wthread *t)
{
	const struct abi *a = w->abi;
	uint64_t raised = ts_u64(w, t,
		a->tstate.current_exception != ABI_NONE ? a->tstate.current_exception
							: a->tstate.curexc_type);
	uint64_t value = handled(w, t);

	return raised || (value && !is_none(w, value));
}

void gil_thread_flags(struct walker *w, struct wthread *t)
{
	const struct abi *a = w->abi;
	const struct winterp *in = t->interp;
	struct walk_thread *p = &t->pub;
	uint32_t flags = 0, state = ts_u32(w, t, a->tstate.state);

	if (a->free_threaded ? (int32_t)state == a->value.tstate_attached
			     : in->gil_holder == p->tstate_addr)
		flags |= WALK_GIL;
	if (a->tstate.gil_requested != ABI_NONE && ts_u32(w, t, a->tstate.gil_requested))
		flags |= WALK_GIL_WANTED;
	if (a->tstate.state != ABI_NONE && (int32_t)state == a->value.tstate_suspended)
		flags |= WALK_SUSPENDED;
	if (in->gc && (flags & WALK_GIL))
		flags |= WALK_GC;
	if (handles_exception(w, t))
		flags |= WALK_EXC;
	p->flags &= ~(uint32_t)(WALK_GIL | WALK_GIL_WANTED | WALK_SUSPENDED | WALK_GC |
				WALK_EXC);
	p->flags |= flags;
}

/* Members of the GIL that tell: last holder, switches, and of its condition variable (as
 * glibc has it) the sequence of waits and the number of waiters. */
static void want_mark_of(struct fieldset *s, const struct abi *a, uint32_t gil, int *mark)
{
	enum { WSEQ = 0, WREFS = 36 };

	mark[0] = fieldset_add(s, gil + a->gil.holder, 8);
	mark[1] = fieldset_add(s, gil + a->gil.switches, 8);
	mark[2] = fieldset_add(s, gil + a->gil.cond + WSEQ, 8);
	mark[3] = fieldset_add(s, gil + a->gil.cond + WREFS, 4);
}

void gil_want_mark(struct walker *w)
{
	const struct abi *a = w->abi;

	w->r_mark[0] = w->i_mark[0] = -1;
	if (a->gil.switches == ABI_NONE || a->gil.cond == ABI_NONE || a->free_threaded)
		return;
	if (a->interp.gil != ABI_NONE)
		want_mark_of(&w->interpset, a, a->interp.gil, w->i_mark);
	else if (a->runtime.gil != ABI_NONE && w->root.runtime_addr)
		want_mark_of(&w->rootset, a, a->runtime.gil, w->r_mark);
}

/*
 * A GIL counts how often another thread took it than had it last (take_gil() of
 * Python/ceval_gil.c: last_holder, switch_number). With several interpreters threads may
 * be swapped behind its back, so only a single one has turns.
 */
void gil_turn(struct walker *w)
{
	const struct abi *a = w->abi;
	const struct winterp *in = w->interps[0];
	uint64_t holder = 0, switches = 0, turn;

	w->turn_known = w->n_interps == 1;
	if (w->r_mark[0] >= 0) {
		uint64_t current = root_get(w, w->r_current);

		holder = root_get(w, w->r_mark[0]);
		switches = root_get(w, w->r_mark[1]);
		w->turn_known &= !current || current == holder;
	} else if (w->i_mark[0] >= 0 &&
		   (!in->gil_addr || in->gil_addr == in->addr + a->interp.gil)) {
		holder = interp_get(w, in, w->i_mark[0]);
		switches = interp_get(w, in, w->i_mark[1]);
	} else if (w->i_mark[0] >= 0 && in->gil_ok &&
		   a->gil.switches + 8 <= sizeof(in->gil_copy)) {
		holder = ld64(in->gil_copy + a->gil.holder);
		switches = ld64(in->gil_copy + a->gil.switches);
	} else {
		w->turn_known = false;
	}
	turn = hash_step(hash_step(1, holder), switches);
	w->turn_moved = !w->turn_known || turn != w->turn;
	w->turn = turn;
	w->turn_holder = holder;
}

bool walker_gil_mark(const struct walker *w, uint64_t *mark)
{
	uint64_t h = 1;
	uint32_t i, k;

	if (w->r_mark[0] < 0 && w->i_mark[0] < 0)
		return false;
	for (k = 0; w->r_mark[0] >= 0 && k < 4; k++)
		h = hash_step(h, root_get(w, w->r_mark[k]));
	for (i = 0; w->i_mark[0] >= 0 && i < w->n_interps; i++) {
		for (k = 0; k < 4; k++)
			h = hash_step(h, interp_get(w, w->interps[i], w->i_mark[k]));
	}
	*mark = h;
	return true;
}

bool walker_in_gil(const struct walker *w, uint64_t addr)
{
	const struct abi *a = w->abi;
	uint32_t i;

	if (w->root.gil_addr && addr - w->root.gil_addr < w->root.gil_len)
		return true;
	if (a->runtime.gil != ABI_NONE &&
		addr - (w->root.runtime_addr + a->runtime.gil) < a->gil.size)
		return true;
	if (a->interp.gil == ABI_NONE)
		return false;
	for (i = 0; i < w->n_interps; i++) {
		if (addr - (w->interps[i]->addr + a->interp.gil) < a->gil.size ||
			addr - w->interps[i]->gil_addr < a->gil.size)
			return true;
	}
	return false;
}
