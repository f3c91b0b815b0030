/* unwind.c - see unwind.h; libdwfl's callbacks read the shot, never the moving target */
#include "native/unwind.h"

#include "base/alloc.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/map.h"
#include "native/name.h"
#include "proc/maps.h"

#include <elfutils/libdwfl.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { MAX_CACHED_FRAMES = 256 * 1024 };

struct unwinder {
	pid_t pid;
	struct mem *mem;
	Dwfl *dwfl;
	bool attached;
	const struct shot *shot; /* during unwinder_stack */
	int64_t reported_ns;     /* when the mappings were last looked at */
	struct map by_pc;        /* pc -> struct native_frame * */
	struct arena arena;      /* its frames and texts */
	uint32_t generation;     /* of both */
	uint16_t version;        /* of the interpreter, see name_kind */
	/* the walk under way */
	struct native_step *steps;
	size_t n, max;
	bool strange; /* met a pc in no known object */
};

/* The file behind a mapping as the target sees it: its own root first, because a path of
 * another mount namespace may name another file here. */
static int find_elf(Dwfl_Module *mod, void **userdata, const char *name, Dwarf_Addr base,
	char **file_name, Elf **elf)
{
	char path[PATH_MAX];
	pid_t pid = 0;
	int fd;

	memcpy(&pid, userdata, sizeof(pid));
	if (name[0] == '/' && pid) {
		snprintf(path, sizeof(path), "/proc/%d/root%s", (int)pid, name);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd >= 0) {
			*file_name = strdup(path);
			return fd;
		}
	}
	return dwfl_linux_proc_find_elf(mod, userdata, name, base, file_name, elf);
}

/* Every module carries the pid, for find_elf. */
static int mark_module(
	Dwfl_Module *mod, void **userdata, const char *name, Dwarf_Addr start, void *arg)
{
	struct unwinder *u = arg;
	(void)mod;
	(void)name;
	(void)start;

	memcpy(userdata, &u->pid, sizeof(u->pid));
	return DWARF_CB_OK;
}

static pid_t next_thread(Dwfl *dwfl, void *arg, void **thread_arg)
{
	struct unwinder *u = arg;
	(void)dwfl;

	if (*thread_arg)
		return 0;
	*thread_arg = u;
	return u->pid;
}

static bool get_thread(Dwfl *dwfl, pid_t tid, void *arg, void **thread_arg)
{
	(void)dwfl;
	(void)tid;
	*thread_arg = arg;
	return true;
}

static bool read_word(Dwfl *dwfl, Dwarf_Addr addr, Dwarf_Word *result, void *arg)
{
	struct unwinder *u = arg;
	uint64_t word;
	(void)dwfl;

	if (!shot_word(u->shot, addr, &word) &&
		mem_read_u64(u->mem, addr, &word) != ST_OK)
		return false;
	*result = word;
	return true;
}

static bool set_registers(Dwfl_Thread *thread, void *arg)
{
	struct unwinder *u = arg;
	Dwarf_Word regs[SHOT_REGS];
	int i;

	for (i = 0; i < SHOT_REGS; i++)
		regs[i] = u->shot->regs[i];
#if defined(__aarch64__)
	dwfl_thread_state_register_pc(thread, regs[SHOT_PC]);
	return dwfl_thread_state_registers(thread, 0, SHOT_PC, regs);
#else
	return dwfl_thread_state_registers(thread, 0, SHOT_REGS, regs);
#endif
}

static const Dwfl_Thread_Callbacks thread_callbacks = {
	.next_thread = next_thread,
	.get_thread = get_thread,
	.memory_read = read_word,
	.set_initial_registers = set_registers,
};

static bool report_one(
	struct unwinder *u, const struct mapping *m, const char *name, uint64_t end)
{
	char shown[PATH_MAX + 16];

	/* As libdwfl knows those to be read from the process's memory. */
	snprintf(shown, sizeof(shown), "%s%s", name, m->deleted ? " (deleted)" : "");
	return dwfl_report_module(u->dwfl, shown, m->start, end) != NULL;
}

/*
 * Every object, from the mapping of its file's beginning to the last of that file. Not by
 * dwfl_linux_proc_report, which begins where the file is first mapped: libffi has a page of
 * itself just below, for closures, and everything in it would be looked for elsewhere.
 */
static int report_objects(struct unwinder *u, struct err *err)
{
	struct maps maps = MAPS_INIT;
	char vdso[32];
	bool ok = true;
	size_t i, k;

	if (maps_load(&maps, u->pid, err) < 0)
		return -1;
	snprintf(vdso, sizeof(vdso), "[vdso: %d]", (int)u->pid);
	for (i = 0; i < maps.n && ok; i = k) {
		const struct mapping *m = &maps.v[i];
		uint64_t end = m->end;

		k = i + 1;
		if (!strcmp(m->path, "[vdso]"))
			ok = report_one(u, m, vdso, end);
		if (m->path[0] != '/' || m->offset)
			continue;
		for (; k < maps.n &&
			(!maps.v[k].path[0] || !strcmp(maps.v[k].path, m->path));
			k++) {
			if (maps.v[k].path[0])
				end = maps.v[k].end;
		}
		ok = report_one(u, m, m->path, end);
	}
	maps_release(&maps);
	return ok ? 0
		  : err_set(err, ERR_FAILED, "cannot read the mappings of process %d: %s",
			    (int)u->pid, dwfl_errmsg(-1));
}

static void forget_frames(struct unwinder *u)
{
	map_clear(&u->by_pc);
	arena_clear(&u->arena);
	u->generation++;
}

/* Looks at the process's mappings (again); what was cached per address is forgotten. */
static int report_modules(struct unwinder *u, struct err *err)
{
	int ret;

	u->reported_ns = clock_mono_ns();
	dwfl_report_begin(u->dwfl);
	ret = report_objects(u, err);
	dwfl_report_end(u->dwfl, NULL, NULL);
	if (ret < 0)
		return -1;
	dwfl_getmodules(u->dwfl, mark_module, u, 0);
	forget_frames(u);
	if (!u->attached &&
		!dwfl_attach_state(u->dwfl, NULL, u->pid, &thread_callbacks, u))
		return err_set(err, ERR_FAILED, "cannot unwind process %d: %s",
			(int)u->pid, dwfl_errmsg(-1));
	u->attached = true;
	return 0;
}

struct unwinder *unwinder_new(
	pid_t pid, struct mem *mem, uint16_t version, struct err *err)
{
	static char *default_path; /* NULL: libdwfl's own: .debug and /usr/lib/debug */
	static const Dwfl_Callbacks callbacks = {
		.find_elf = find_elf,
		.find_debuginfo = dwfl_standard_find_debuginfo,
		.debuginfo_path = &default_path,
	};
	struct unwinder *u = xcalloc(1, sizeof(*u));

	u->pid = pid;
	u->mem = mem;
	u->version = version;
	u->dwfl = dwfl_begin(&callbacks);
	if (!u->dwfl) {
		err_set(err, ERR_FAILED, "libdwfl: %s", dwfl_errmsg(-1));
		goto fail;
	}
	if (report_modules(u, err) < 0)
		goto fail;
	return u;
fail:
	unwinder_free(u);
	return NULL;
}

void unwinder_free(struct unwinder *u)
{
	if (!u)
		return;
	if (u->dwfl)
		dwfl_end(u->dwfl);
	map_release(&u->by_pc);
	arena_release(&u->arena);
	free(u);
}

static const char *keep(struct unwinder *u, const char *text)
{
	return text && text[0] ? arena_strdup(&u->arena, text) : "";
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* lookup: an address inside the instruction that runs or has called. */
static const struct native_frame *describe(
	struct unwinder *u, uint64_t pc, uint64_t lookup)
{
	struct native_frame *f = arena_alloc(&u->arena, sizeof(*f));
	Dwfl_Module *mod = dwfl_addrmodule(u->dwfl, lookup);
	const char *path = NULL, *symbol = NULL;
	Dwarf_Addr start = 0;
	Dwfl_Line *line;

	*f = (struct native_frame){ pc, "", "", "", 0, false, NATIVE_CODE };
	if (!mod) {
		f->name = arena_printf(&u->arena, "0x%llx", (unsigned long long)pc);
		return f;
	}
	path = dwfl_module_info(mod, NULL, &start, NULL, NULL, NULL, NULL, NULL);
	f->object = keep(u, base_name(path ? path : ""));
	symbol = dwfl_module_addrname(mod, lookup);
	if (symbol) {
		char *shown = name_demangle(symbol);

		f->name = keep(u, shown);
		f->kind = name_kind(symbol, u->version);
		f->has_symbol = true;
		free(shown);
	} else {
		f->name = arena_printf(&u->arena, "%s+0x%llx", f->object,
			(unsigned long long)(lookup - start));
	}
	line = dwfl_module_getsrc(mod, lookup);
	if (line) {
		int number = 0;
		const char *file = dwfl_lineinfo(line, NULL, &number, NULL, NULL, NULL);

		f->file = keep(u, file);
		f->line = number > 0 ? (uint32_t)number : 0;
	}
	return f;
}

static int on_frame(Dwfl_Frame *state, void *arg)
{
	struct unwinder *u = arg;
	const struct native_frame *f;
	uint64_t *slot;
	Dwarf_Addr pc;
	Dwarf_Word sp;
	bool activation;
	uint64_t lookup;

	if (!dwfl_frame_pc(state, &pc, &activation) || u->n == u->max)
		return DWARF_CB_ABORT;
	lookup = activation ? pc : pc - 1;
	slot = map_put(&u->by_pc, lookup);
	if (!*slot) {
		if (!dwfl_addrmodule(u->dwfl, lookup))
			u->strange = true;
		*slot = (uintptr_t)describe(u, pc, lookup);
	}
	f = (const struct native_frame *)(uintptr_t)*slot; // NOLINT: stored just above
	if (dwfl_frame_reg(state, SHOT_SP, &sp) != 0)
		sp = 0;
	u->steps[u->n++] = (struct native_step){ f, sp, f->kind };
	return DWARF_CB_OK;
}

/* New objects (dlopen) are looked for at most once a second. */
static void refresh(struct unwinder *u)
{
	struct err ignored = ERR_INIT;

	if (clock_mono_ns() - u->reported_ns > NS_PER_SEC)
		report_modules(u, &ignored);
	u->strange = false;
}

enum status unwinder_stack(struct unwinder *u, const struct shot *s,
	struct native_step *steps, size_t max, size_t *n, bool *complete)
{
	int ret;

	if (u->strange)
		refresh(u);
	if (u->by_pc.n > MAX_CACHED_FRAMES)
		forget_frames(u);
	u->shot = s;
	u->steps = steps;
	u->n = 0;
	u->max = max;
	ret = dwfl_getthread_frames(u->dwfl, u->pid, on_frame, u);
	u->shot = NULL;
	*n = u->n;
	*complete = ret == 0;
	return u->n ? ST_OK : ST_UNSUPPORTED;
}

uint32_t unwinder_generation(const struct unwinder *u)
{
	return u->generation;
}
