/* mem_core.c - the memory of a process from its ELF core file; see mem.h and core.h */
#include "base/alloc.h"
#include "base/buf.h"
#include "proc/core.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SEGMENTS_MAX = 1 << 20, FILES_MAX = 1 << 20, PAGE = 4096 };
#define NOTES_MAX (64u << 20)

/* elf_prstatus and elf_prpsinfo of x86-64 (linux/elfcore.h) */
enum {
	PRSTATUS_SIGNAL = 12,
	PRSTATUS_PID = 32,
	PRSTATUS_FS_BASE = 112 + 21 * 8,
	PRSTATUS_SIZE = 336,
	PRPSINFO_PID = 24,
	PRPSINFO_NAME = 40,
	PRPSINFO_ARGS = 56,
	PRPSINFO_SIZE = 136,
};

/* Memory that is in the core. */
struct segment {
	uint64_t addr, in_file, size; /* size: bytes in the core */
	uint64_t end;                 /* of the mapping, dumped or not */
	uint32_t flags;               /* PF_R etc. */
};

/* A mapped file. fd -1: not tried yet, -2: cannot be used. */
struct file {
	uint64_t start, end, offset;
	char *path;
	int fd;
};

struct mem_core {
	struct mem base;
	int fd;
	char *path;
	struct segment *segments; /* ascending */
	struct file *files;       /* ascending */
	size_t n_segments, n_files;
	uint64_t entry; /* of the main program (AT_ENTRY) */
	struct core_info info;
};

static struct mem_core *of_mem(const struct mem *mem)
{
	return (struct mem_core *)(uintptr_t)mem;
}

/* ---- reading -------------------------------------------------------------------------- */

/* All of len bytes, or false. */
static bool pread_all(int fd, void *dst, size_t len, uint64_t at)
{
	size_t done = 0;

	while (done < len) {
		ssize_t got;

		if (at + done > INT64_MAX)
			return false;
		got = pread(fd, (char *)dst + done, len - done, (off_t)(at + done));
		if (got <= 0)
			return false;
		done += (size_t)got;
	}
	return true;
}

/* The last of n elements of `stride` bytes that begins (first word) at or below addr. */
static const void *at_or_below(const void *v, size_t n, size_t stride, uint64_t addr)
{
	size_t low = 0, high = n;

	while (low < high) {
		size_t mid = (low + high) / 2;
		uint64_t start;

		memcpy(&start, (const char *)v + mid * stride, sizeof(start));
		if (start <= addr)
			low = mid + 1;
		else
			high = mid;
	}
	return low ? (const char *)v + (low - 1) * stride : NULL;
}

static const struct segment *segment_at(const struct mem_core *m, uint64_t addr)
{
	const struct segment *s =
		at_or_below(m->segments, m->n_segments, sizeof(*s), addr);

	return s && addr - s->addr < s->size ? s : NULL;
}

static struct file *file_at(const struct mem_core *m, uint64_t addr)
{
	const struct file *f = at_or_below(m->files, m->n_files, sizeof(*f), addr);

	return f && addr < f->end ? &m->files[f - m->files] : NULL;
}

/* Is it the file that was mapped? Its first page, with the build-id, is in the core. */
static bool is_that_file(const struct mem_core *m, const struct file *f, int fd)
{
	uint8_t ours[PAGE], theirs[PAGE];
	const struct segment *s = NULL;
	struct stat st;
	size_t i, len;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return false;
	for (i = 0; i < m->n_files && !s; i++)
		if (!m->files[i].offset && !strcmp(m->files[i].path, f->path))
			s = segment_at(m, m->files[i].start);
	if (!s)
		return true; /* nothing to compare with */
	len = s->size < PAGE ? (size_t)s->size : PAGE;
	return pread_all(m->fd, ours, len, s->in_file) && pread_all(fd, theirs, len, 0) &&
	       !memcmp(ours, theirs, len);
}

static int file_fd(const struct mem_core *m, struct file *f)
{
	if (f->fd != -1)
		return f->fd;
	f->fd = open(f->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (f->fd >= 0 && !is_that_file(m, f, f->fd)) {
		close(f->fd);
		f->fd = -1;
	}
	if (f->fd < 0)
		f->fd = -2;
	return f->fd;
}

/* Bytes at addr that one source has, at most len; 0: nobody has them. */
static size_t core_read(struct mem *mem, uint64_t addr, void *dst, size_t len)
{
	const struct mem_core *m = of_mem(mem);
	const struct segment *s = segment_at(m, addr);
	struct file *f;
	uint64_t left;

	if (s) {
		left = s->size - (addr - s->addr);
		len = left < len ? (size_t)left : len;
		return pread_all(m->fd, dst, len, s->in_file + (addr - s->addr)) ? len
										 : 0;
	}
	f = file_at(m, addr);
	if (!f || file_fd(m, f) < 0)
		return 0;
	left = f->end - addr;
	len = left < len ? (size_t)left : len;
	s = at_or_below(m->segments, m->n_segments, sizeof(*s), addr + len - 1);
	if (s && s->addr > addr && s->size) /* what was written to is in the core */
		len = (size_t)(s->addr - addr);
	return pread_all(f->fd, dst, len, f->offset + (addr - f->start)) ? len : 0;
}

static void core_free(struct mem *mem)
{
	struct mem_core *m = of_mem(mem);
	size_t i;

	for (i = 0; i < m->n_files; i++) {
		if (m->files[i].fd >= 0)
			close(m->files[i].fd);
		free(m->files[i].path);
	}
	if (m->fd >= 0)
		close(m->fd);
	free(m->files);
	free(m->segments);
	free(m->info.threads);
	free(m->path);
	free(m);
}

/* ---- notes ---------------------------------------------------------------------------- */

static uint64_t word(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static int32_t half(const uint8_t *p)
{
	int32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static void note_thread(struct mem_core *m, const uint8_t *d, size_t len)
{
	struct core_info *info = &m->info;

	if (len < PRSTATUS_SIZE || info->n_threads >= SEGMENTS_MAX)
		return;
	if (!info->n_threads)
		info->signal = half(d + PRSTATUS_SIGNAL) & 0xffff;
	info->threads =
		xreallocarray(info->threads, info->n_threads + 1, sizeof(*info->threads));
	info->threads[info->n_threads++] = (struct core_thread){
		.tid = half(d + PRSTATUS_PID),
		.fs_base = word(d + PRSTATUS_FS_BASE),
	};
}

static void note_process(struct mem_core *m, const uint8_t *d, size_t len)
{
	if (len < PRPSINFO_SIZE)
		return;
	m->info.pid = half(d + PRPSINFO_PID);
	memcpy(m->info.name, d + PRPSINFO_NAME, 16);
	memcpy(m->info.args, d + PRPSINFO_ARGS, 80);
}

static void note_auxv(struct mem_core *m, const uint8_t *d, size_t len)
{
	size_t i;

	for (i = 0; i + 16 <= len; i += 16)
		if (word(d + i) == AT_ENTRY)
			m->entry = word(d + i + 8);
}

/* count, page size, count times (start, end, offset in pages), then the names */
static void note_files(struct mem_core *m, const uint8_t *d, size_t len)
{
	uint64_t n = len >= 16 ? word(d) : 0, page = len >= 16 ? word(d + 8) : 0, i;
	const char *name, *end = (const char *)d + len;

	if (m->files || n > FILES_MAX || n > (len - 16) / 24 || page > 1 << 20)
		return;
	m->files = xcalloc((size_t)n + 1, sizeof(*m->files));
	name = (const char *)d + 16 + n * 24;
	for (i = 0; i < n; i++) {
		const uint8_t *e = d + 16 + i * 24;
		const char *nul = memchr(name, '\0', (size_t)(end - name));
		struct file f = { word(e), word(e + 8), 0, NULL, -1 };

		if (!nul || f.start >= f.end || word(e + 16) > UINT64_MAX / (page + 1))
			return;
		f.offset = word(e + 16) * page;
		f.path = xstrndup(name, (size_t)(nul - name));
		m->files[m->n_files++] = f;
		name = nul + 1;
	}
}

/* namesz, descsz, type, then name and description, each padded to 4 bytes */
static void parse_notes(struct mem_core *m, const uint8_t *d, size_t len)
{
	size_t at = 0;

	while (len - at >= 12) {
		uint64_t name = (uint32_t)half(d + at), desc = (uint32_t)half(d + at + 4);
		uint32_t type = (uint32_t)half(d + at + 8);
		uint64_t start = at + 12 + ((name + 3) & ~3ull);
		uint64_t next = start + ((desc + 3) & ~3ull);

		if (start + desc > len)
			return;
		if (type == NT_PRSTATUS)
			note_thread(m, d + start, (size_t)desc);
		else if (type == NT_PRPSINFO)
			note_process(m, d + start, (size_t)desc);
		else if (type == NT_AUXV)
			note_auxv(m, d + start, (size_t)desc);
		else if (type == NT_FILE)
			note_files(m, d + start, (size_t)desc);
		if (next >= len)
			return;
		at = (size_t)next;
	}
}

static int read_notes(struct mem_core *m, const Elf64_Phdr *ph, struct err *err)
{
	struct buf notes = BUF_INIT;
	int ret = -1;

	if (ph->p_filesz > NOTES_MAX)
		return err_set(err, ERR_LIMIT, "%s: notes of %" PRIu64 " bytes", m->path,
			(uint64_t)ph->p_filesz);
	if (!pread_all(m->fd, buf_reserve(&notes, (size_t)ph->p_filesz),
		    (size_t)ph->p_filesz, ph->p_offset)) {
		err_set(err, ERR_CORRUPT, "%s is cut off: its notes are missing",
			m->path);
		goto out;
	}
	parse_notes(m, (const uint8_t *)notes.data, (size_t)ph->p_filesz);
	ret = 0;
out:
	buf_release(&notes);
	return ret;
}

/* ---- opening -------------------------------------------------------------------------- */

static int compare_segments(const void *a, const void *b)
{
	const struct segment *x = a, *y = b;

	return x->addr < y->addr ? -1 : x->addr > y->addr;
}

static int compare_files(const void *a, const void *b)
{
	const struct file *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

/* More than 65534 program headers: their number is in the first section header. */
static uint64_t count_headers(const struct mem_core *m, const Elf64_Ehdr *eh)
{
	Elf64_Shdr sh;

	if (eh->e_phnum != PN_XNUM)
		return eh->e_phnum;
	return pread_all(m->fd, &sh, sizeof(sh), eh->e_shoff) ? sh.sh_info : 0;
}

static void add_segment(struct mem_core *m, const Elf64_Phdr *ph, uint64_t file_size)
{
	struct segment *s = &m->segments[m->n_segments];
	uint64_t here = ph->p_offset < file_size ? file_size - ph->p_offset : 0;

	if (ph->p_vaddr + ph->p_memsz < ph->p_vaddr)
		return;
	*s = (struct segment){ ph->p_vaddr, ph->p_offset,
		ph->p_filesz < here ? ph->p_filesz : here, ph->p_vaddr + ph->p_memsz,
		ph->p_flags };
	if (s->size > ph->p_memsz)
		s->size = ph->p_memsz;
	m->n_segments++;
}

static int load(struct mem_core *m, struct err *err)
{
	Elf64_Ehdr eh;
	Elf64_Phdr *ph = NULL;
	struct stat st;
	uint64_t n, i;
	int ret = -1;

	if (fstat(m->fd, &st) < 0 || !S_ISREG(st.st_mode))
		return err_set(err, ERR_FAILED, "%s is not a regular file", m->path);
	if (!pread_all(m->fd, &eh, sizeof(eh), 0) ||
		memcmp(eh.e_ident, ELFMAG, SELFMAG) != 0 ||
		eh.e_ident[EI_CLASS] != ELFCLASS64 || eh.e_type != ET_CORE ||
		eh.e_machine != EM_X86_64 || eh.e_phentsize != sizeof(*ph))
		return err_set(
			err, ERR_CORRUPT, "%s is not a core file of x86-64", m->path);
	n = count_headers(m, &eh);
	if (!n || n > SEGMENTS_MAX)
		return err_set(
			err, ERR_CORRUPT, "%s has %" PRIu64 " segments", m->path, n);
	ph = xcalloc((size_t)n, sizeof(*ph));
	m->segments = xcalloc((size_t)n, sizeof(*m->segments));
	if (!pread_all(m->fd, ph, (size_t)n * sizeof(*ph), eh.e_phoff)) {
		err_set(err, ERR_CORRUPT, "%s is cut off: its headers are missing",
			m->path);
		goto out;
	}
	for (i = 0; i < n; i++) {
		if (ph[i].p_type == PT_LOAD)
			add_segment(m, &ph[i], (uint64_t)st.st_size);
		else if (ph[i].p_type == PT_NOTE && read_notes(m, &ph[i], err) < 0)
			goto out;
	}
	qsort(m->segments, m->n_segments, sizeof(*m->segments), compare_segments);
	if (m->n_files)
		qsort(m->files, m->n_files, sizeof(*m->files), compare_files);
	ret = 0;
out:
	free(ph);
	return ret;
}

struct mem *mem_core_new(const char *core_path, struct err *err)
{
	static const struct mem_ops ops = { .read_some = core_read, .free = core_free };
	struct mem_core *m = xcalloc(1, sizeof(*m));

	m->base.ops = &ops;
	m->path = xstrdup(core_path);
	m->fd = open(core_path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (m->fd < 0) {
		err_sys(err, errno, "cannot open %s", core_path);
		core_free(&m->base);
		return NULL;
	}
	if (load(m, err) < 0) {
		core_free(&m->base);
		return NULL;
	}
	return &m->base;
}

/* ---- what else it says ------------------------------------------------------------------ */

const struct core_info *core_info(const struct mem *core)
{
	return &of_mem(core)->info;
}

static void put_mapping(struct buf *text, uint64_t start, uint64_t end, uint32_t flags,
	const struct file *f)
{
	size_t i;

	buf_printf(text, "%" PRIx64 "-%" PRIx64 " %c%c%cp %08" PRIx64 " 00:00 0 ", start,
		end, flags & PF_R ? 'r' : '-', flags & PF_W ? 'w' : '-',
		flags & PF_X ? 'x' : '-', f ? f->offset + (start - f->start) : 0);
	for (i = 0; f && f->path[i]; i++)
		buf_char(text, f->path[i] == '\n' ? '?' : f->path[i]);
	buf_char(text, '\n');
}

int core_maps(const struct mem *core, struct maps *out, struct err *err)
{
	const struct mem_core *m = of_mem(core);
	struct buf text = BUF_INIT;
	size_t i;
	int ret;

	for (i = 0; i < m->n_segments; i++) {
		const struct segment *s = &m->segments[i];

		if (s->end > s->addr && (!i || m->segments[i - 1].end <= s->addr))
			put_mapping(
				&text, s->addr, s->end, s->flags, file_at(m, s->addr));
	}
	ret = maps_parse(out, text.data ? text.data : "", text.len, err);
	buf_release(&text);
	return ret;
}

/* The file that holds the entry point is the main program; all its mappings change. */
int core_set_exe(struct mem *core, const char *path, struct err *err)
{
	struct mem_core *m = of_mem(core);
	const struct file *program = file_at(m, m->entry);
	char *old;
	size_t i;

	if (access(path, R_OK) < 0)
		return err_sys(err, errno, "cannot read %s", path);
	if (!program)
		return err_set(err, ERR_CORRUPT,
			"%s does not say which mapping is the main program", m->path);
	old = xstrdup(program->path);
	for (i = 0; i < m->n_files; i++) {
		struct file *f = &m->files[i];

		if (strcmp(f->path, old) != 0)
			continue;
		if (f->fd >= 0)
			close(f->fd);
		f->fd = -1;
		free(f->path);
		f->path = xstrdup(path);
	}
	program = file_at(m, m->entry);
	if (file_fd(m, &m->files[program - m->files]) < 0) {
		err_set(err, ERR_CORRUPT,
			"%s is not the program that left this core: their first pages "
			"differ",
			path);
		free(old);
		return -1;
	}
	free(old);
	return 0;
}
