/*
 * resolve.c - see resolve.h
 *
 * Two arrays: code[number] is the code object as loaded, with the function's id; and per
 * code a small table from instruction to frame id, so that neither line tables nor symbol
 * tables are touched for what was seen before.
 */
#include "prof/resolve.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/map.h"
#include "python/code.h"
#include "python/paths.h"

#include <stdio.h>
#include <string.h>

struct site {
	uint64_t instr;
	frame_id frame; /* with columns where the version has them */
	frame_id plain; /* without; 0: not asked for yet */
	int32_t tlbc;
};

struct known {
	struct code code;
	uint32_t generation; /* of `func` and `sites` */
	func_id func;
	struct site *sites; /* open addressing by instr; mask + 1 of them */
	uint32_t n_sites, mask;
	bool used; /* since the last sweep */
};

enum {
	PATHS_READS = 2000, /* at most, for a look at sys */
	SWEEP_LEAST = 1024, /* so many code objects are known without a sweep */
	RECURSION_REACH = 8 /* frames that a cycle of calls may be long */
};

struct resolver {
	struct walker *walker;
	struct mem *mem;
	const struct abi *abi;
	struct symbols *symbols;
	struct known **known; /* by the walker's number */
	size_t cap_known, n_known, sweep_at;
	uint32_t epoch, generation;
	struct paths paths;
	int64_t paths_ns; /* when they were last looked at */
};

struct resolver *resolver_new(
	struct walker *w, struct mem *mem, const struct abi *abi, struct symbols *symbols)
{
	struct resolver *r = xcalloc(1, sizeof(*r));

	r->walker = w;
	r->mem = mem;
	r->abi = abi;
	r->symbols = symbols;
	r->epoch = walker_epoch(w);
	r->generation = 1;
	r->sweep_at = SWEEP_LEAST;
	return r;
}

static void forget(struct resolver *r, size_t number)
{
	struct known *k = r->known[number];

	if (!k)
		return;
	code_release(&k->code);
	free(k->sites);
	free(k);
	r->known[number] = NULL;
	r->n_known--;
}

static void forget_all(struct resolver *r)
{
	size_t i;

	for (i = 0; i < r->cap_known; i++)
		forget(r, i);
}

/* A program that makes code and drops it would have thousands of them: what lies at the address
 * of another by now is not met again, and what was not met since the last sweep is read again
 * if it is. */
static void sweep(struct resolver *r)
{
	size_t i;

	for (i = 0; i < r->cap_known; i++) {
		struct known *k = r->known[i];

		if (!k)
			continue;
		if (!k->used || walker_code_at(r->walker, k->code.addr) != i)
			forget(r, i);
		else
			k->used = false;
	}
	r->sweep_at = 2 * r->n_known > SWEEP_LEAST ? 2 * r->n_known : SWEEP_LEAST;
}

void resolver_free(struct resolver *r)
{
	if (!r)
		return;
	forget_all(r);
	paths_release(&r->paths);
	free(r->known);
	free(r);
}

void resolver_use(struct resolver *r, struct symbols *symbols)
{
	if (r->symbols == symbols)
		return;
	r->symbols = symbols;
	r->generation++;
}

/* sys.path may have grown since the last look (a virtual environment is set up after the
 * interpreter has started): once a second at most, and only while there is news. */
static void look_at_paths(struct resolver *r)
{
	uint64_t interp = walker_main_interp(r->walker);
	int64_t now = clock_mono_ns();
	struct objects objects;

	if (!interp || (r->paths_ns && now - r->paths_ns < NS_PER_SEC))
		return;
	r->paths_ns = now;
	objects_init(&objects, r->mem, r->abi, PATHS_READS);
	paths_load(&r->paths, &objects, interp);
	objects_release(&objects);
}

static str_id module_of(struct resolver *r, const struct code *c)
{
	char module[256];

	if (!paths_module(&r->paths, c->file, c->file_len, module, sizeof(module)))
		return 0;
	return symbols_str(r->symbols, module, strlen(module));
}

static void intern_func(struct resolver *r, struct known *k)
{
	struct func f;

	look_at_paths(r);
	f = (struct func){
		.name = symbols_str(r->symbols, k->code.name, k->code.name_len),
		.file = symbols_str(r->symbols, k->code.file, k->code.file_len),
		.first_line = k->code.identity.first_line > 0
				      ? (uint32_t)k->code.identity.first_line
				      : 0,
		.module = module_of(r, &k->code),
		.flags = paths_is_library(&r->paths, k->code.file, k->code.file_len)
				 ? FUNC_LIBRARY
				 : 0,
	};

	k->func = symbols_func(r->symbols, &f);
	k->generation = r->generation;
	k->n_sites = 0;
	if (k->sites)
		memset(k->sites, 0, (k->mask + 1) * sizeof(*k->sites));
}

/* NULL: the code object went away before it could be read; worth a try next time. */
static struct known *load(struct resolver *r, const struct raw_frame *f)
{
	struct code code = CODE_INIT;
	struct known *k;

	if (code_load(r->mem, r->abi, f->code_addr, &code) != ST_OK)
		return NULL;
	if (!walker_code_alive(r->walker, f)) {
		code_release(&code);
		return NULL;
	}
	k = xcalloc(1, sizeof(*k));
	k->code = code;
	return k;
}

static struct known *known_of(struct resolver *r, const struct raw_frame *f)
{
	struct known *k;

	if (r->epoch != walker_epoch(r->walker)) {
		forget_all(r);
		r->epoch = walker_epoch(r->walker);
	}
	if (!f->code)
		return NULL;
	if (f->code >= r->cap_known) {
		size_t old = r->cap_known;

		GROW(r->known, r->cap_known, (size_t)f->code + 1);
		memset(r->known + old, 0, (r->cap_known - old) * sizeof(*r->known));
	}
	if (!r->known[f->code]) {
		if (r->n_known >= r->sweep_at)
			sweep(r);
		r->known[f->code] = load(r, f);
		r->n_known += r->known[f->code] != NULL;
	}
	k = r->known[f->code];
	if (k && k->generation != r->generation)
		intern_func(r, k);
	if (k)
		k->used = true;
	return k;
}

static struct site *find_site(struct known *k, const struct raw_frame *f)
{
	uint32_t at = (uint32_t)(f->instr >> 1) & k->mask;

	while (k->sites[at].frame &&
		(k->sites[at].instr != f->instr || k->sites[at].tlbc != f->tlbc))
		at = (at + 1) & k->mask;
	return &k->sites[at];
}

static void grow_sites(struct known *k)
{
	struct site *old = k->sites;
	uint32_t n = k->mask + 1, i;

	if (old && k->n_sites * 2 < n)
		return;
	k->mask = old ? n * 2 - 1 : 15;
	k->sites = xcalloc(k->mask + 1, sizeof(*k->sites));
	for (i = 0; old && i < n; i++) {
		const struct raw_frame f = { .instr = old[i].instr, .tlbc = old[i].tlbc };

		if (old[i].frame)
			*find_site(k, &f) = old[i];
	}
	free(old);
}

/* Nothing for an empty range: what an interpreter says of the entry of a function. */
static uint32_t columns_of(const struct place *p)
{
	const struct columns s = {
		.column = (uint32_t)p->column,
		.end_lines = (uint32_t)(p->end_line - p->line),
		.end_column = (uint32_t)p->end_column,
	};

	if (p->line <= 0 || p->column < 0 || p->end_column < 0 || p->end_line < p->line ||
		(p->end_line == p->line && p->end_column <= p->column))
		return 0;
	return columns_pack(&s);
}

static struct site *new_site(
	struct resolver *r, struct known *k, const struct raw_frame *f)
{
	struct place place = { k->code.identity.first_line, -1, -1, -1 };
	int32_t offset = 0;
	struct site *p;
	frame_id frame;

	if (code_offset(&k->code, r->mem, r->abi, f->instr, f->tlbc, &offset) == ST_OK)
		place = code_place(&k->code, offset);
	frame = symbols_frame_part(r->symbols, k->func,
		place.line > 0 ? (uint32_t)place.line : 0, columns_of(&place));
	grow_sites(k);
	p = find_site(k, f);
	*p = (struct site){ .instr = f->instr, .frame = frame, .tlbc = f->tlbc };
	k->n_sites++;
	return p;
}

/* NULL: the code could not be read. Good until the next call. */
static struct site *site_of(struct resolver *r, const struct raw_frame *f)
{
	struct known *k = known_of(r, f);
	struct site *p;

	if (!k)
		return NULL;
	if (k->sites) {
		p = find_site(k, f);
		if (p->frame)
			return p;
	}
	return new_site(r, k, f);
}

frame_id resolver_frame(struct resolver *r, const struct raw_frame *f)
{
	const struct site *p = site_of(r, f);

	return p ? p->frame : 0;
}

/* ---- stacks ------------------------------------------------------------------------- */

void resolved_release(struct resolved *s)
{
	free(s->ids);
	*s = (struct resolved){ 0 };
}

stack_id resolver_skipped(struct resolver *r, stack_id below, uint32_t n)
{
	char text[48];
	uint32_t unit = 1;

	while (n / unit >= 100)
		unit *= 10;
	snprintf(text, sizeof(text), "(%s%u frames)", unit > 1 ? "about " : "",
		n / unit * unit);
	return symbols_mark(r->symbols, below, text);
}

/* Does the function run a few frames further out too? */
static bool recurs(const struct walk_thread *t, uint32_t i)
{
	uint32_t k, far = i < RECURSION_REACH ? i : RECURSION_REACH;

	for (k = 1; k <= far; k++) {
		if (t->frames[i - k].code == t->frames[i].code)
			return true;
	}
	return false;
}

frame_id resolver_frame_in(
	struct resolver *r, const struct walk_thread *t, uint32_t i, uint32_t n_frames)
{
	struct site *p = site_of(r, &t->frames[i]);
	const struct frame *f;

	if (!p)
		return 0;
	if (i + 1 == n_frames || !recurs(t, i))
		return p->frame;
	if (!p->plain) {
		f = symbols_frame_of(r->symbols, p->frame);
		p->plain = symbols_frame(r->symbols, f->func, f->line);
	}
	return p->plain;
}

stack_id resolver_stack(struct resolver *r, struct resolved *s,
	const struct walk_thread *t, uint32_t n_frames, bool cut, stack_id base)
{
	uint32_t i = s->n < t->n_same ? s->n : t->n_same;
	stack_id at;

	if (s->generation != r->generation || s->epoch != walker_epoch(r->walker) ||
		s->base != base)
		i = 0;
	s->base = base;
	s->generation = r->generation;
	s->epoch = walker_epoch(r->walker);
	GROW(s->ids, s->cap, n_frames);
	if (i > n_frames)
		i = n_frames;
	if (i && s->n != n_frames) /* it was the leaf, or is it now */
		i--;
	at = i ? s->ids[i - 1] : base;
	for (; i < n_frames; i++) {
		if (t->n_skipped && i == t->skip_at)
			at = resolver_skipped(r, at, t->n_skipped);
		at = symbols_stack(r->symbols, at, resolver_frame_in(r, t, i, n_frames));
		s->ids[i] = at;
	}
	s->n = n_frames;
	return cut ? symbols_mark(r->symbols, at, "(cut)") : at;
}
