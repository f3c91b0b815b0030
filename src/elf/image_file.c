/* image_file.c - sections and .symtab, from the file that is mapped */
#include "elf/image_file.h"

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"

enum { PATH_SIZE = 4096 + 64 };

struct image_file {
	int fd;
	Elf *elf;
};

/* Is this descriptor the mapped file? Device numbers differ on overlay and btrfs; the inode is enough with the size check
 * that libelf does. A core has no inodes: the build-id is compared by the caller who needs to be sure. */
static bool fd_is_mapping(int fd, const struct mapping *map)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	       (!map->inode || st.st_ino == map->inode);
}

static int try_open(const char *path, const struct mapping *map)
{
	/* O_NONBLOCK: a fifo that took the path's place must not hang us */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0)
		return -1;
	if (!fd_is_mapping(fd, map)) {
		close(fd);
		errno = ESTALE;
		return -1;
	}
	return fd;
}

/* map_files serves any file, deleted ones too, but needs a capability; exe serves the executable; then by path. */
static int open_mapped(const struct image *img)
{
	const struct mapping *map = img->map;
	char path[PATH_SIZE];
	int fd;

	if (img->pid) {
		snprintf(path, sizeof(path), "/proc/%d/map_files/%" PRIx64 "-%" PRIx64,
			(int)img->pid, map->start, map->end);
		fd = try_open(path, map);
		if (fd >= 0)
			return fd;
		snprintf(path, sizeof(path), "/proc/%d/exe", (int)img->pid);
		fd = try_open(path, map);
		if (fd >= 0)
			return fd;
		snprintf(path, sizeof(path), "/proc/%d/root%s", (int)img->pid, map->path);
		fd = try_open(path, map);
		if (fd >= 0)
			return fd;
	}
	return map->path[0] == '/' ? try_open(map->path, map) : -1;
}

struct image_file *image_file_open(const struct image *img, struct err *err)
{
	struct image_file *file = NULL;
	int fd = open_mapped(img);

	if (fd < 0) {
		err_sys(err, errno, "cannot open the file mapped as %s",
			img->map->path[0] ? img->map->path : "anonymous memory");
		return NULL;
	}
	file = xcalloc(1, sizeof(*file));
	file->fd = fd;
	elf_version(EV_CURRENT);
	file->elf = elf_begin(fd, ELF_C_READ, NULL);
	if (!file->elf || elf_kind(file->elf) != ELF_K_ELF ||
		gelf_getclass(file->elf) != ELFCLASS64) {
		err_set(err, ERR_CORRUPT, "%s is not an ELF file that can be read",
			img->map->path);
		image_file_close(file);
		return NULL;
	}
	return file;
}

void image_file_close(struct image_file *file)
{
	if (!file)
		return;
	elf_end(file->elf);
	close(file->fd);
	free(file);
}

static struct image_file *file_of(struct image *img)
{
	struct err err = ERR_INIT;

	if (!img->file && !img->file_failed) {
		img->file = image_file_open(img, &err);
		img->file_failed = !img->file;
	}
	return img->file;
}

int image_fd(struct image *img, struct err *err)
{
	if (!img->file)
		img->file = image_file_open(img, err);
	return img->file ? img->file->fd : -1;
}

bool image_section(struct image *img, const char *name, struct range *out)
{
	struct image_file *file = file_of(img);
	Elf_Scn *scn = NULL;
	size_t names;

	if (!file || elf_getshdrstrndx(file->elf, &names) != 0)
		return false;
	while ((scn = elf_nextscn(file->elf, scn))) {
		GElf_Shdr sh;
		const char *this;

		if (!gelf_getshdr(scn, &sh) || !(sh.sh_flags & SHF_ALLOC))
			continue;
		this = elf_strptr(file->elf, names, sh.sh_name);
		if (this && !strcmp(this, name)) {
			*out = (struct range){ img->bias + sh.sh_addr, sh.sh_size };
			return true;
		}
	}
	return false;
}

bool image_file_symbol(
	struct image *img, const char *name, uint64_t *value, uint64_t *size)
{
	struct image_file *file = file_of(img);
	Elf_Scn *scn = NULL;

	while (file && (scn = elf_nextscn(file->elf, scn))) {
		GElf_Shdr sh;
		Elf_Data *data;
		GElf_Sym sym;

		if (!gelf_getshdr(scn, &sh) || sh.sh_type != SHT_SYMTAB ||
			!(data = elf_getdata(scn, NULL)))
			continue;
		for (int i = 0; gelf_getsym(data, i, &sym); i++) {
			const char *this;

			if (sym.st_shndx == SHN_UNDEF ||
				GELF_ST_TYPE(sym.st_info) != STT_OBJECT)
				continue;
			this = elf_strptr(file->elf, sh.sh_link, sym.st_name);
			if (this && !strcmp(this, name)) {
				*value = sym.st_value;
				*size = sym.st_size;
				return true;
			}
		}
	}
	return false;
}

int image_debug_fd(const struct image *img)
{
	struct build_id id = image_build_id(img);
	char hex[2 * IMAGE_MAX_BUILD_ID + 1], path[PATH_SIZE];
	int fd = -1;

	if (id.len < 2)
		return -1;
	build_id_hex(&id, hex);
	if (img->pid) {
		snprintf(path, sizeof(path),
			"/proc/%d/root/usr/lib/debug/.build-id/%.2s/%s.debug",
			(int)img->pid, hex, hex + 2);
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	}
	if (fd < 0) {
		snprintf(path, sizeof(path), "/usr/lib/debug/.build-id/%.2s/%s.debug",
			hex, hex + 2);
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	}
	return fd;
}
