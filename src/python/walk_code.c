/*
 * walk_code.c - code objects by address, each with a number; and the proof that the object
 * at an address is still the one that got the number.
 *
 * A code object that dies leaves its address to the next one, often with the same links,
 * the same first line and the same frame on top. What cannot be the same: co_version
 * (3.12+, a counter), or, before that, all addresses and the hash of the name at once.
 * From 3.14 the interpreter counts the deaths of code objects, in 3.13 (with a GIL) their
 * births: each gets the count as its co_version (init_code() of Objects/codeobject.c).
 * Nothing need be read while the count stands. Otherwise a code object is proved again when
 * the frames on top of which it stands have changed, at most once in PROOF_NS.
 */
#include "python/walk_impl.h"

#include "base/alloc.h"
#include "base/clock.h"

enum { BATCH = 64 };
#define UNCOUNTED UINT64_MAX
#define PROOF_NS  (1 * NS_PER_MS)

void codes_init(struct walker *w)
{
	const struct abi *a = w->abi;
	const uint32_t last[] = { a->code.filename, a->code.name, a->code.qualname,
		a->code.linetable, a->code.lnotab, a->code.firstlineno, a->code.framesize,
		a->code.version, a->code.firsttraceable, a->code.consts, a->code.bytecode,
		a->code.nlocalsplus, a->code.stacksize };
	size_t i;

	w->codes.n = 1;
	w->codes.next_number = 1;
	for (i = 0; i < ARRAY_SIZE(last); i++) {
		if (last[i] != ABI_NONE && last[i] + 8 > w->codes.head_len)
			w->codes.head_len = last[i] + 8;
	}
	if (w->codes.head_len > sizeof(((struct code_proof *)0)->head))
		w->codes.head_len = sizeof(((struct code_proof *)0)->head);
}

void codes_release(struct codes *c)
{
	free(c->v);
	map_release(&c->by_addr);
}

static uint64_t head_u64(const struct walker *w, const struct code_proof *p, uint32_t off)
{
	uint64_t v;

	abi_get_u64(p->head, w->codes.head_len, off, &v);
	return v;
}

static uint32_t head_u32(const struct walker *w, const struct code_proof *p, uint32_t off)
{
	uint32_t v;

	abi_get_u32(p->head, w->codes.head_len, off, &v);
	return v;
}

/* Its length, its hash and its first characters. Not what lies around them: the reference
 * counts of this object and of the next change all the time. */
static uint64_t name_hash(const struct walker *w, const struct code_proof *p)
{
	const struct abi *a = w->abi;
	bool old = a->version < ABI_VERSION(3, 0);
	uint32_t at = old ? a->bytes.length : a->str.length;
	uint32_t text = old ? a->bytes.data : a->str.size;
	uint64_t len;

	if (!p->name_ok || at > sizeof(p->name) - 16 || text > sizeof(p->name))
		return 0;
	memcpy(&len, p->name + at, sizeof(len));
	if (len > sizeof(p->name) - text)
		len = sizeof(p->name) - text;
	return hash_step(hash_bytes(p->name + at, 16), hash_bytes(p->name + text, len));
}

static uint64_t identity_of(const struct walker *w, const struct code_proof *p)
{
	const struct abi *a = w->abi;
	const uint64_t words[] = {
		head_u64(w, p, a->code.name),
		head_u64(w, p, a->code.filename),
		head_u64(w, p, a->code.qualname),
		head_u64(w, p, a->code.linetable),
		head_u64(w, p, a->code.lnotab),
		head_u64(w, p, a->code.consts),
		head_u64(w, p, a->code.bytecode),
		(uint64_t)head_u32(w, p, a->code.firstlineno) << 32 |
			head_u32(w, p, a->code.version),
		name_hash(w, p),
	};

	return hash_bytes(words, sizeof(words));
}

/* The size of an interpreter frame; 3.11 does not keep it: Objects/codeobject.c. */
static uint32_t frame_bytes(const struct walker *w, const struct code_proof *p)
{
	const struct abi *a = w->abi;
	uint32_t words = head_u32(w, p, a->code.framesize);

	if (a->code.framesize == ABI_NONE && a->iframe.localsplus != ABI_NONE)
		words = head_u32(w, p, a->code.nlocalsplus) +
			head_u32(w, p, a->code.stacksize) + a->iframe.localsplus / 8;
	return words < CHUNK_MAX_BYTES / 8 ? words * 8 : 0;
}

static void fill(struct walker *w, struct wcode *c, const struct code_proof *p)
{
	const struct abi *a = w->abi;

	c->identity = identity_of(w, p);
	c->number = w->codes.next_number++;
	c->bytes = frame_bytes(w, p);
	c->locals = (int32_t)head_u32(w, p, a->code.nlocalsplus);
	c->name_addr = head_u64(w, p, a->code.name);
	c->bytecode = head_u64(w, p, a->code.bytecode);
	c->first = c->end = 0;
	if (a->code.code_adaptive != ABI_NONE) {
		c->first = c->addr + a->code.code_adaptive +
			   2 * (uint64_t)head_u32(w, p, a->code.firsttraceable);
		c->end = c->addr + a->code.code_adaptive +
			 2 * head_u64(w, p, a->varobj.length);
	}
	c->checked_ns = w->now_ns;
}

/* The type of code objects is learnt from the first, whose type is called "code". */
static bool is_code(struct walker *w, const struct code_proof *p)
{
	uint64_t type = head_u64(w, p, w->abi->obj.type), name;
	char text[8] = "";

	if (w->codes.type)
		return type == w->codes.type;
	if (mem_read_u64(w->mem, type + w->abi->type.name, &name) != ST_OK ||
		mem_read(w->mem, name, text, 5) != ST_OK || strcmp(text, "code"))
		return false;
	w->codes.type = type;
	return true;
}

static bool needs_name(const struct walker *w)
{
	return w->abi->code.version == ABI_NONE;
}

struct wcode *codes_find(struct walker *w, uint64_t addr)
{
	const uint64_t *at = map_get(&w->codes.by_addr, addr);

	return at ? &w->codes.v[*at] : NULL;
}

bool codes_trim(struct walker *w)
{
	if (w->codes.n <= CODES_MAX && w->codes.next_number <= 2 * CODES_MAX)
		return false;
	w->codes.n = 1;
	w->codes.next_number = 1;
	w->codes.epoch++;
	map_clear(&w->codes.by_addr);
	map_clear(&w->sites);
	return true;
}

struct wcode *codes_get(struct walker *w, const struct wthread *t, uint64_t addr)
{
	struct wcode *c = codes_find(w, addr);
	struct code_proof p = { .head_ok = true };

	if (c)
		return c;
	if (!addr || addr % 8 || !chase(w, addr, p.head, w->codes.head_len) ||
		!is_code(w, &p))
		return NULL;
	if (needs_name(w))
		p.name_ok = chase(
			w, head_u64(w, &p, w->abi->code.name), p.name, sizeof(p.name));
	if (w->codes.n >= 2 * CODES_MAX)
		return NULL;
	GROW(w->codes.v, w->codes.cap, w->codes.n + 1);
	c = &w->codes.v[w->codes.n];
	*c = (struct wcode){
		.addr = addr, .generation = UNCOUNTED, .owner = t->interp->id
	};
	fill(w, c, &p);
	*map_put(&w->codes.by_addr, addr) = w->codes.n;
	w->codes.n++;
	return c;
}

static bool is_proved(
	const struct walker *w, const struct wthread *t, const struct wcode *c)
{
	if (!c->number) /* nothing was there: by now the next code object may be */
		return false;
	return c->generation == t->interp->code_generation ||
	       w->now_ns - c->checked_ns < PROOF_NS;
}

/* Does the count vouch for what was read? A birth that it does not know was after it, or it
 * has come to its end and is 0. */
static bool vouches(
	const struct walker *w, const struct winterp *in, const struct code_proof *p)
{
	const struct abi *a = w->abi;

	return a->interp.code_generation != ABI_NONE ||
	       (a->interp.next_version != ABI_NONE &&
		       head_u32(w, p, a->code.version) < in->code_count);
}

/* From 3.13 an interpreter counts its own code objects: in the next one at its address all
 * else may be the same, too. */
static bool has_another_owner(
	const struct walker *w, const struct wcode *c, int64_t owner)
{
	return c->owner != owner && w->abi->version >= ABI_VERSION(3, 13);
}

/* One code object after its proof was read: the same, replaced, or gone. in: NULL when its
 * interpreter is. */
static void judge(struct walker *w, struct wcode *c, const struct code_proof *p,
	const struct winterp *in)
{
	int64_t owner = in ? in->id : c->owner;
	bool other = has_another_owner(w, c, owner);

	c->checked_ns = w->now_ns;
	c->generation = UNCOUNTED;
	if (!p->head_ok || !is_code(w, p)) {
		c->identity = 0;
		c->number = 0;
		return;
	}
	if (in && vouches(w, in, p))
		c->generation = in->code_generation;
	c->owner = owner;
	if (c->number && !other && identity_of(w, p) == c->identity)
		return;
	w->stats.n_code_changes++;
	fill(w, c, p);
	/* Its name was read at the old name's address. */
	if (needs_name(w) && c->name_addr) {
		struct code_proof again = *p;

		again.name_ok = chase(w, c->name_addr, again.name, sizeof(again.name));
		c->identity = identity_of(w, &again);
	}
}

static void plan_proof(struct walker *w, struct wcode *c, struct code_proof *p)
{
	c->checked_ns = w->now_ns; /* planned once */
	plan_add(w, c->addr, p->head, w->codes.head_len, &p->head_ok);
	p->name_ok = false;
	if (needs_name(w) && c->name_addr)
		plan_add(w, c->name_addr, p->name, sizeof(p->name), &p->name_ok);
}

void codes_plan(struct walker *w, const struct wthread *t, uint32_t from)
{
	uint32_t i;

	for (i = from; i < t->pub.n_frames && w->n_proofs < PROOFS_MAX; i++) {
		struct wcode *c = codes_find(w, t->pub.frames[i].code_addr);
		struct planned_proof *at = &w->proofs[w->n_proofs];

		/* the count is that of the last read */
		if (!c || c->generation == t->interp->code_generation ||
			w->now_ns - c->checked_ns < PROOF_NS)
			continue;
		at->index = (uint32_t)(c - w->codes.v);
		at->interp = t->interp->addr;
		plan_proof(w, c, &at->proof);
		w->n_proofs++;
	}
}

void codes_judge_planned(struct walker *w)
{
	const struct planned_proof *p;

	for (p = w->proofs; p < w->proofs + w->n_proofs; p++)
		judge(w, &w->codes.v[p->index], &p->proof, interp_at(w, p->interp));
	w->n_proofs = 0;
}

void codes_prove(struct walker *w, const struct wthread *t, uint32_t n)
{
	struct code_proof proof[BATCH];
	uint32_t index[BATCH], n_planned = 0, i, k;

	for (i = 0; i < n; i++) {
		struct wcode *c = codes_find(w, w->chain[i].code_addr);

		if (c && !is_proved(w, t, c)) {
			index[n_planned] = (uint32_t)(c - w->codes.v);
			plan_proof(w, c, &proof[n_planned++]);
		}
		if (n_planned < BATCH && i + 1 < n)
			continue;
		plan_read(w);
		for (k = 0; k < n_planned; k++)
			judge(w, &w->codes.v[index[k]], &proof[k], t->interp);
		n_planned = 0;
	}
}

struct wcode *codes_living(struct walker *w, const struct wthread *t, uint64_t addr)
{
	struct wcode *c = codes_get(w, t, addr);
	struct code_proof proof;

	if (c && !is_proved(w, t, c)) {
		plan_proof(w, c, &proof);
		plan_read(w);
		judge(w, c, &proof, t->interp);
	}
	return c && c->number ? c : NULL;
}

bool walker_code_alive(struct walker *w, const struct raw_frame *f)
{
	struct wcode *c = codes_find(w, f->code_addr);
	struct code_proof p = { .head_ok = true };

	if (!c || c->number != f->code || !chase(w, c->addr, p.head, w->codes.head_len))
		return false;
	if (needs_name(w))
		p.name_ok = chase(w, c->name_addr, p.name, sizeof(p.name));
	return identity_of(w, &p) == c->identity;
}

uint32_t walker_code_at(struct walker *w, uint64_t code_addr)
{
	const struct wcode *c = codes_find(w, code_addr);

	return c ? c->number : 0;
}

uint32_t walker_epoch(const struct walker *w)
{
	return w->codes.epoch;
}
