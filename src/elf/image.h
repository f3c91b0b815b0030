/*
 * image.h - one ELF file as it is mapped in a target: where it is loaded, its sections, build-id and file.
 *
 * Headers and dynamic tables are read from the target's own memory, so that an image works without its file: deleted,
 * replaced on disk, in another mount namespace, or in a core. The file is opened only where sections or .symtab are asked
 * for, and only the very file that is mapped: /proc/PID/map_files, then /proc/PID/root/PATH and PATH when the inode agrees.
 * All of it is hostile input: sizes and counts are bounded, offsets are checked, and a bad image is "not found".
 *
 * Addresses of the file (p_vaddr, sh_addr, st_value) become addresses of the target by adding `bias`. ELF64, x86-64.
 */
#ifndef ELF_IMAGE_H
#define ELF_IMAGE_H

#include "base/err.h"
#include "proc/maps.h"
#include "proc/mem.h"

#include <elf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { IMAGE_MAX_PHDR = 64, IMAGE_MAX_BUILD_ID = 32 };

struct image_file; /* libelf's view of the open file */

struct image {
	struct mem *mem; /* borrowed */
	pid_t pid; /* 0: no live process (core, snapshot): files are opened by path */
	const struct mapping *map; /* borrowed: the mapping that holds the ELF header */
	uint64_t bias;
	Elf64_Ehdr ehdr;
	Elf64_Phdr phdr[IMAGE_MAX_PHDR];
	size_t nphdr;
	uint64_t start, end;     /* target addresses of all its segments */
	struct image_file *file; /* NULL until image_file_open() */
	bool file_failed;
};

struct build_id {
	uint8_t byte[IMAGE_MAX_BUILD_ID];
	size_t len; /* 0: it has none */
};

/* A stretch of the target's memory. */
struct range {
	uint64_t addr, size;
};

/* Looks whether an ELF image starts at the mapping; false when it does not. */
bool image_open(struct image *img, pid_t pid, struct mem *mem, const struct mapping *map);
void image_close(struct image *img);

/* Segments: p_type PT_LOAD etc. as a stretch of target memory. NULL past the last. */
const Elf64_Phdr *image_segment(const struct image *img, uint32_t type, size_t nth);
struct range image_range(const struct image *img, const Elf64_Phdr *ph);

/* The build-id note, from memory. len 0 when there is none. */
struct build_id image_build_id(const struct image *img);
/* "ab12..." of a build-id; buf of 2 * IMAGE_MAX_BUILD_ID + 1 bytes. */
const char *build_id_hex(const struct build_id *id, char *buf);

/* A section of the file by name, where it is loaded. False when the file or the section table is not to be had. */
bool image_section(struct image *img, const char *name, struct range *out);

/* An open descriptor on the mapped file (owned by the image), or -1 and err. */
int image_fd(struct image *img, struct err *err);

/*
 * An open descriptor (the caller's) on a separate debug file with this build-id: DIR/.build-id/xx/yyy.debug in
 * /usr/lib/debug, seen from the target's root first, then from ours. -1 when there is none.
 */
int image_debug_fd(const struct image *img);

/* For symtab.c: name's value and size from .symtab of the file. False when not there. */
bool image_file_symbol(
	struct image *img, const char *name, uint64_t *value, uint64_t *size);

#endif
