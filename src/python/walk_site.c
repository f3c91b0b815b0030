/* walk_site.c - the instruction at which a frame stands: a return, a call, or neither */
#include "python/walk_impl.h"

/* Up to 3.10 the instructions are a bytes object, and the frame has an index into it. */
static uint64_t opcode_addr(struct walker *w, const struct raw_frame *f)
{
	const struct abi *a = w->abi;
	const struct wcode *c;

	if (a->value.frame_kind)
		return f->instr;
	c = codes_find(w, f->code_addr);
	if (!c || !c->bytecode || (int64_t)f->instr < 0)
		return 0;
	return c->bytecode + a->bytes.data + f->instr * (uint64_t)a->value.lasti_unit;
}

static bool is_return(const struct abi_values *v, uint8_t op)
{
	return op == v->op_return || op == v->op_return_const ||
	       op == v->op_return_traced || op == v->op_return_const_traced;
}

uint32_t site_of(struct walker *w, const struct raw_frame *f, uint32_t code)
{
	uint64_t *site, addr;
	uint8_t op;

	if (w->sites.n > CODES_MAX)
		map_clear(&w->sites);
	site = map_put(&w->sites, hash_step(f->instr, code));
	if (*site)
		return (uint32_t)*site;
	addr = opcode_addr(w, f);
	if (!addr || !chase(w, addr, &op, 1))
		return 0;
	*site = SITE_SEEN;
	if (is_return(&w->abi->value, op))
		*site |= SITE_RETURN;
	if (w->calls && (w->calls[op / 64] >> op % 64 & 1))
		*site |= SITE_CALL;
	return (uint32_t)*site;
}

void site_flags(struct walker *w, struct walk_thread *p)
{
	const struct raw_frame *leaf;

	p->flags &= ~(uint32_t)WALK_IN_C;
	if (!w->calls || !p->n_frames || (p->status != ST_OK && p->status != ST_LIMIT))
		return;
	leaf = &p->frames[p->n_frames - 1];
	if (site_of(w, leaf, leaf->code) & SITE_CALL)
		p->flags |= WALK_IN_C;
}
