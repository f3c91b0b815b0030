/* runtime.c - see runtime.h; Python/pystate.c, Include/internal/pycore_runtime.h */
#include "python/runtime.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "elf/symtab.h"
#include "python/abi_desc.h"
#include "python/abi_dwarf.h"
#include "python/offsets.h"
#include "python/runtime_check.h"

/* CPython's writable data is some hundred KiB: smaller images need not be opened. */
enum { MIN_WRITABLE = 32 << 10 };

struct search {
	const struct runtime_query *q;
	struct runtime *out;
	bool seen_empty;  /* a runtime that holds no interpreter */
	bool seen_images; /* memory could be read */
	struct err why;   /* why the best candidate was refused */
};

static const char *const source_word[] = {
	[ABI_AUTO] = "auto",
	[ABI_TABLE] = "table",
	[ABI_DWARF] = "dwarf",
	[ABI_OFFSETS] = "offsets",
};

static const char *const via_word[] = {
	[VIA_DYNSYM] = "dynamic symbol",
	[VIA_SECTION] = "section",
	[VIA_SYMTAB] = "symbol table",
	[VIA_SCAN] = "memory search",
};

const char *abi_source_word(enum abi_source source)
{
	return source_word[source];
}

bool abi_source_parse(const char *word, enum abi_source *out)
{
	for (size_t i = 0; i < ARRAY_SIZE(source_word); i++) {
		if (!strcmp(word, source_word[i])) {
			*out = (enum abi_source)i;
			return true;
		}
	}
	return false;
}

enum abi_source abi_source_of(const char *word)
{
	enum abi_source source = ABI_AUTO;

	if (word)
		abi_source_parse(word, &source);
	return source;
}

const char *runtime_via_word(enum runtime_via via)
{
	return via_word[via];
}

/* ---- which layouts ------------------------------------------------------------------ */

static int unknown_version(const struct python_version *v, struct err *err)
{
	char known[256];

	abi_known(known, sizeof(known));
	err_set(err, ERR_VERSION,
		"Python %s%s%s: no layout for this version and build; known are %s",
		v->text, v->free_threaded ? " free-threaded" : "",
		v->debug ? " debug build" : "", known);
	return err_hint(err, "with its debug information installed try --abi dwarf; to "
			     "make a table see "
			     "python-abi/README.md");
}

static int layout_from_dwarf(struct image *img, struct abi *abi, struct err *err)
{
	struct buf missing = BUF_INIT;
	int debug_fd = image_debug_fd(img);
	int fd = debug_fd >= 0 ? debug_fd : image_fd(img, err);
	int ret = -1;

	if (fd < 0 || abi_from_dwarf(abi, &fd, 1, &missing, err) < 0)
		goto out;
	if (!abi_has(abi->tstate.interp) || !abi_has(abi->interp.tstate_head)) {
		err_set(err, ERR_NOT_FOUND, "no debug information for %s",
			img->map->path);
		goto out;
	}
	ret = 0;
out:
	buf_release(&missing);
	if (debug_fd >= 0)
		close(debug_fd);
	return ret;
}

/* Fills rt->abi for rt->version. `img` may be NULL: nothing to read DWARF from. */
static int choose_layout(struct runtime *rt, const struct runtime_query *q,
	struct image *img, struct err *err)
{
	const struct python_version *v = &rt->version;
	const struct abi *row =
		abi_pick(v->version, v->patch, v->free_threaded, v->debug);
	struct err ignored = ERR_INIT;

	if (row)
		rt->abi = *row;
	else
		abi_blank(&rt->abi, v->version, v->patch, v->free_threaded, v->debug);
	rt->abi_from = ABI_TABLE;
	if (q->source == ABI_DWARF) {
		rt->abi_from = ABI_DWARF;
		if (!img)
			return err_set(err, ERR_NOT_FOUND,
				"no file to read debug information from");
		return layout_from_dwarf(img, &rt->abi, err);
	}
	if (!row) {
		rt->abi_from = ABI_DWARF;
		if (q->source != ABI_AUTO || !img ||
			layout_from_dwarf(img, &rt->abi, &ignored) < 0)
			return unknown_version(v, err);
		return 0;
	}
	if (q->source == ABI_TABLE || !rt->runtime_addr ||
		v->version < ABI_VERSION(3, 13)) {
		if (q->source == ABI_OFFSETS)
			return err_set(err, ERR_VERSION,
				"Python %s carries no table of offsets (3.13 and later "
				"do)",
				v->text);
		return 0;
	}
	if (offsets_apply(&rt->abi, q->mem, rt->runtime_addr,
		    q->source == ABI_AUTO ? &ignored : err) == 0)
		rt->abi_from = ABI_OFFSETS;
	else if (q->source == ABI_OFFSETS)
		return -1;
	else
		snprintf(rt->refused, sizeof(rt->refused), "%.159s", ignored.msg);
	return 0;
}

/* ---- candidates --------------------------------------------------------------------- */

static void describe_image(struct runtime *rt, struct image *img)
{
	rt->image_start = img->start;
	rt->image_end = img->end;
	rt->build_id = image_build_id(img);
	snprintf(rt->path, sizeof(rt->path), "%s", img->map->path);
}

/* Is what lies at rt's addresses alive? Remembers why not. */
static bool accept(struct search *s, const struct runtime *rt)
{
	switch (runtime_check(s->q->mem, &rt->abi, rt->interp_head_addr)) {
	case RUNTIME_LIVE:
		*s->out = *rt;
		return true;
	case RUNTIME_EMPTY:
		s->seen_empty = true;
		return false;
	default:
		return false;
	}
}

static bool refuse(struct search *s, const struct err *why)
{
	if (!s->why.code)
		s->why = *why;
	return false;
}

/* 3.7+: _PyRuntime lies at runtime_addr of the image. */
static bool try_runtime(
	struct search *s, struct image *img, uint64_t runtime_addr, enum runtime_via via)
{
	struct runtime rt = { .via = via, .runtime_addr = runtime_addr };
	struct err err = ERR_INIT;

	if (!detect_version(img, runtime_addr, &rt.version))
		return false;
	if (choose_layout(&rt, s->q, img, &err) < 0)
		return refuse(s, &err);
	if (!abi_has(rt.abi.runtime.interp_head))
		return false;
	rt.interp_head_addr = runtime_addr + rt.abi.runtime.interp_head;
	describe_image(&rt, img);
	return accept(s, &rt);
}

static uint64_t static_variable(struct image *img, const char *name)
{
	struct symbol sym;

	return symtab_find(img, name, &sym) ? sym.addr : 0;
}

static uint64_t scan_image(
	struct search *s, struct image *img, const struct abi *abi, uint64_t near)
{
	const Elf64_Phdr *ph;

	for (size_t i = 0; (ph = image_segment(img, PT_LOAD, i)); i++) {
		struct range r = image_range(img, ph);
		uint64_t addr;

		if (!(ph->p_flags & PF_W))
			continue;
		addr = (r.addr + 7) & ~7ull;
		addr = runtime_scan(
			s->q->mem, s->q->maps, abi, addr, r.addr + r.size - addr, near);
		if (addr)
			return addr;
	}
	return 0;
}

/* 2.7 and 3.6: static variables; interp_head is only in .symtab. */
static bool try_statics(struct search *s, struct image *img, uint64_t current_addr)
{
	struct runtime rt = { .via = VIA_SYMTAB, .current_addr = current_addr };
	struct err err = ERR_INIT;

	if (!detect_version(img, 0, &rt.version) ||
		rt.version.version >= ABI_VERSION(3, 7))
		return false;
	if (choose_layout(&rt, s->q, img, &err) < 0)
		return refuse(s, &err);
	rt.interp_head_addr = static_variable(img, "interp_head");
	if (!rt.interp_head_addr) {
		rt.via = VIA_SCAN;
		rt.interp_head_addr = scan_image(s, img, &rt.abi, current_addr);
	}
	rt.gc_collecting_addr = static_variable(img, "collecting");
	rt.gil_addr = static_variable(img, rt.version.version == ABI_VERSION(2, 7)
						   ? "interpreter_lock"
						   : "gil_mutex");
	describe_image(&rt, img);
	if (rt.interp_head_addr)
		return accept(s, &rt);
	s->seen_empty = true;
	return false;
}

/* ---- passes over the images ----------------------------------------------------------- */

typedef bool (*image_fn)(struct search *s, struct image *img);

static bool pass_dynamic(struct search *s, struct image *img)
{
	struct symbol sym;

	if (symtab_dynamic(img, "_PyRuntime", &sym))
		return try_runtime(s, img, sym.addr, VIA_DYNSYM);
	if (symtab_dynamic(img, "_PyThreadState_Current", &sym))
		return try_statics(s, img, sym.addr);
	return false;
}

static bool image_is_large(const struct image *img)
{
	const Elf64_Phdr *ph;
	uint64_t writable = 0;

	for (size_t i = 0; (ph = image_segment(img, PT_LOAD, i)); i++)
		if (ph->p_flags & PF_W)
			writable += ph->p_memsz;
	return writable >= MIN_WRITABLE;
}

static bool pass_file(struct search *s, struct image *img)
{
	uint64_t value, size;
	struct range section;

	if (!image_is_large(img))
		return false;
	if (image_section(img, ".PyRuntime", &section) &&
		try_runtime(s, img, section.addr, VIA_SECTION))
		return true;
	if (image_file_symbol(img, "_PyRuntime", &value, &size) &&
		try_runtime(s, img, img->bias + value, VIA_SYMTAB))
		return true;
	return image_file_symbol(img, "_PyThreadState_Current", &value, &size) &&
	       try_statics(s, img, img->bias + value);
}

/* Says the image itself where its runtime is? Then it was looked at, and holds nothing yet: while
 * an interpreter starts up, a search of its memory finds what is none. */
static bool names_runtime(struct image *img)
{
	struct symbol sym;
	uint64_t value, size;
	struct range section;

	return symtab_dynamic(img, "_PyRuntime", &sym) ||
	       image_section(img, ".PyRuntime", &section) ||
	       image_file_symbol(img, "_PyRuntime", &value, &size);
}

/* No symbol and no section: the version is among the constants, the rest is searched. */
static bool pass_scan(struct search *s, struct image *img)
{
	struct runtime rt = { .via = VIA_SCAN };
	struct err err = ERR_INIT;

	/* 3.13+ has a cookie, which says the build too: see scan_cookies() */
	if (!image_is_large(img) || names_runtime(img) ||
		!detect_version(img, 0, &rt.version) ||
		rt.version.version >= ABI_VERSION(3, 13) ||
		choose_layout(&rt, s->q, img, &err) < 0)
		return false;
	rt.interp_head_addr = scan_image(s, img, &rt.abi, 0);
	if (!rt.interp_head_addr) {
		s->seen_empty = true;
		return false;
	}
	if (abi_has(rt.abi.runtime.interp_head))
		rt.runtime_addr = rt.interp_head_addr - rt.abi.runtime.interp_head;
	describe_image(&rt, img);
	return accept(s, &rt);
}

static bool mapping_may_start_image(const struct mapping *m)
{
	return m->offset == 0 && (m->prot & MAP_R) && m->path[0] != '[';
}

static bool pass_over(struct search *s, image_fn fn)
{
	bool found = false;

	for (size_t i = 0; i < s->q->maps->n && !found; i++) {
		const struct mapping *m = &s->q->maps->v[i];
		struct image img;

		if (!mapping_may_start_image(m))
			continue;
		if (image_open(&img, s->q->pid, s->q->mem, m)) {
			s->seen_images = true;
			found = fn(s, &img);
		}
		image_close(&img);
	}
	return found;
}

/* In no image: a packed executable unpacks itself into anonymous memory. */
static bool try_anonymous(struct search *s, uint64_t addr)
{
	struct runtime rt = { .via = VIA_SCAN, .runtime_addr = addr };
	const struct mapping *m = maps_find(s->q->maps, addr);
	struct err err = ERR_INIT;
	struct offsets_head head;

	if (!m || !offsets_probe(s->q->mem, addr, &head))
		return false;
	rt.version = detect_from_hex(head.hexversion);
	rt.version.free_threaded = head.free_threaded;
	if (choose_layout(&rt, s->q, NULL, &err) < 0)
		return refuse(s, &err);
	rt.interp_head_addr = addr + rt.abi.runtime.interp_head;
	rt.image_start = m->start;
	rt.image_end = m->end;
	snprintf(rt.path, sizeof(rt.path), "%s", m->path);
	return accept(s, &rt);
}

static bool try_cookie(struct search *s, uint64_t addr)
{
	for (size_t i = 0; i < s->q->maps->n; i++) {
		const struct mapping *m = &s->q->maps->v[i];
		bool inside, found = false;
		struct image img;

		if (!mapping_may_start_image(m) || m->start > addr)
			continue;
		inside = image_open(&img, s->q->pid, s->q->mem, m) && addr >= img.start &&
			 addr < img.end;
		if (inside)
			found = try_runtime(s, &img, addr, VIA_SCAN);
		image_close(&img);
		if (inside)
			return found;
	}
	return try_anonymous(s, addr);
}

static bool scan_cookies(struct search *s, bool of_files)
{
	const struct runtime_query *q = s->q;
	uint64_t addr = 0;

	while ((addr = runtime_scan_cookie(q->mem, q->maps, of_files, addr)))
		if (try_cookie(s, addr))
			return true;
	return false;
}

static int not_found(const struct search *s, struct err *err)
{
	const struct mapping *m = s->q->maps->n ? &s->q->maps->v[0] : NULL;
	char probe;

	if (s->why.code) {
		*err = s->why;
		return -1;
	}
	if (s->seen_empty)
		return err_set(err, ERR_NOT_READY,
			"there is a Python, but it runs no interpreter: it is starting "
			"up "
			"or has shut down");
	if (m && !s->seen_images && mem_read(s->q->mem, m->start, &probe, 1) == ST_PERM)
		return err_set(err, ERR_PERM, "its memory cannot be read");
	return err_set(err, ERR_NOT_PYTHON,
		"no Python interpreter in it (looked at the symbols, sections and memory "
		"of "
		"every mapped file)");
}

int runtime_find(const struct runtime_query *q, struct runtime *out, struct err *err)
{
	struct search s = { .q = q, .out = out };

	if (pass_over(&s, pass_dynamic) || pass_over(&s, pass_file))
		return 0;
	if (!q->no_scan && (scan_cookies(&s, true) || pass_over(&s, pass_scan) ||
				   scan_cookies(&s, false)))
		return 0;
	return not_found(&s, err);
}

bool runtime_load_asyncio(const struct runtime_query *q, struct runtime *rt)
{
	bool done = false;

	if (rt->version.version < ABI_VERSION(3, 14))
		return false;
	for (size_t i = 0; i < q->maps->n && !done; i++) {
		const struct mapping *m = &q->maps->v[i];
		struct err err = ERR_INIT;
		struct range section;
		struct image img;

		/* in the interpreter itself, or in a module that says so in its name */
		if (!mapping_may_start_image(m) ||
			(!strstr(m->path, "_asyncio") && strcmp(m->path, rt->path) != 0))
			continue;
		if (image_open(&img, q->pid, q->mem, m) &&
			image_section(&img, ".AsyncioDebug", &section))
			done = offsets_apply_asyncio(&rt->abi, q->mem, section.addr,
				       section.size, &err) == 0;
		image_close(&img);
	}
	return done;
}
