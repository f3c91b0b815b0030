/* find_elf.c - see find_elf.h */
#include "proc/find_elf.h"

#include "base/alloc.h"

#include <elf.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

enum { MAX_SECTIONS = 4096, MAX_BYTES = 32 * 1024 * 1024 };

static void *read_at(int fd, uint64_t offset, uint64_t len)
{
	uint64_t got = 0;
	char *data;

	if (!len || len > MAX_BYTES)
		return NULL;
	data = xmalloc(len + 1);
	while (got < len) {
		ssize_t n = pread(fd, data + got, len - got, (off_t)(offset + got));

		if (n <= 0) {
			free(data);
			return NULL;
		}
		got += (uint64_t)n;
	}
	data[len] = '\0';
	return data;
}

/* .PyRuntime: CPython gives _PyRuntime a section of its own from 3.10 on (3.7 to 3.9 do
 * not), and stripping keeps it. */
static bool has_runtime_section(int fd, const Elf64_Shdr *sh, size_t n, size_t names)
{
	char *text =
		names < n ? read_at(fd, sh[names].sh_offset, sh[names].sh_size) : NULL;
	bool found = false;
	size_t i;

	for (i = 0; text && i < n && !found; i++)
		found = sh[i].sh_name < sh[names].sh_size &&
			!strcmp(text + sh[i].sh_name, ".PyRuntime");
	free(text);
	return found;
}

/* Py_Main, defined here and not only wanted: extension modules import, they do not
 * define it. */
static bool defines_main(int fd, const Elf64_Shdr *syms, const Elf64_Shdr *strs)
{
	static const char wanted[] = "\0Py_Main";
	char *text = read_at(fd, strs->sh_offset, strs->sh_size);
	Elf64_Sym *sym = NULL;
	bool found = false;
	const char *at;
	size_t i, n;

	at = text ? memmem(text, strs->sh_size, wanted, sizeof(wanted)) : NULL;
	if (!at)
		goto out;
	sym = read_at(fd, syms->sh_offset, syms->sh_size);
	n = sym ? syms->sh_size / sizeof(*sym) : 0;
	for (i = 0; i < n && !found; i++)
		found = sym[i].st_shndx != SHN_UNDEF && sym[i].st_name < strs->sh_size &&
			!strcmp(text + sym[i].st_name, "Py_Main");
out:
	free(sym);
	free(text);
	return found;
}

bool find_elf_is_python(int fd)
{
	Elf64_Shdr *sh = NULL;
	Elf64_Ehdr eh;
	bool found = false;
	size_t i;

	if (pread(fd, &eh, sizeof(eh), 0) != sizeof(eh) ||
		memcmp(eh.e_ident, ELFMAG, SELFMAG) ||
		eh.e_ident[EI_CLASS] != ELFCLASS64 || eh.e_shentsize != sizeof(*sh) ||
		eh.e_shnum > MAX_SECTIONS)
		return false;
	sh = read_at(fd, eh.e_shoff, (uint64_t)eh.e_shnum * sizeof(*sh));
	if (!sh)
		return false;
	found = has_runtime_section(fd, sh, eh.e_shnum, eh.e_shstrndx);
	for (i = 0; i < eh.e_shnum && !found; i++) {
		if (sh[i].sh_type == SHT_DYNSYM && sh[i].sh_link < eh.e_shnum)
			found = defines_main(fd, &sh[i], &sh[sh[i].sh_link]);
	}
	free(sh);
	return found;
}
