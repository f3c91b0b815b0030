/* image.c - program headers and notes from the target's memory */
#include "elf/image.h"

#include "elf/image_file.h"

#include <string.h>

static const uint64_t page = 4096;

static bool ehdr_is_ours(const Elf64_Ehdr *eh)
{
	return !memcmp(eh->e_ident, ELFMAG, SELFMAG) &&
	       eh->e_ident[EI_CLASS] == ELFCLASS64 &&
	       eh->e_ident[EI_DATA] == ELFDATA2LSB && eh->e_machine == EM_X86_64 &&
	       (eh->e_type == ET_EXEC || eh->e_type == ET_DYN) &&
	       eh->e_phentsize == sizeof(Elf64_Phdr) && eh->e_phnum > 0 &&
	       eh->e_phnum <= IMAGE_MAX_PHDR;
}

const Elf64_Phdr *image_segment(const struct image *img, uint32_t type, size_t nth)
{
	for (size_t i = 0; i < img->nphdr; i++)
		if (img->phdr[i].p_type == type && nth-- == 0)
			return &img->phdr[i];
	return NULL;
}

struct range image_range(const struct image *img, const Elf64_Phdr *ph)
{
	return (struct range){ img->bias + ph->p_vaddr, ph->p_memsz };
}

bool image_open(struct image *img, pid_t pid, struct mem *mem, const struct mapping *map)
{
	const Elf64_Phdr *ph;

	memset(img, 0, sizeof(*img));
	img->pid = pid;
	img->mem = mem;
	img->map = map;
	if (!(map->prot & MAP_R) ||
		mem_read(mem, map->start, &img->ehdr, sizeof(img->ehdr)) != ST_OK ||
		!ehdr_is_ours(&img->ehdr) || img->ehdr.e_phoff > page)
		return false;
	img->nphdr = img->ehdr.e_phnum;
	if (mem_read(mem, map->start + img->ehdr.e_phoff, img->phdr,
		    img->nphdr * sizeof(*img->phdr)) != ST_OK)
		return false;
	/* The header lies at file offset 0: the segment that maps it gives the bias. */
	for (size_t i = 0; (ph = image_segment(img, PT_LOAD, i)); i++) {
		if (ph->p_offset / page * page == map->offset) {
			img->bias = map->start - ph->p_vaddr / page * page;
			break;
		}
	}
	if (!ph)
		return false;
	img->start = UINT64_MAX;
	for (size_t i = 0; (ph = image_segment(img, PT_LOAD, i)); i++) {
		struct range r = image_range(img, ph);

		if (r.addr + r.size < r.addr)
			return false;
		img->start = r.addr < img->start ? r.addr : img->start;
		img->end = r.addr + r.size > img->end ? r.addr + r.size : img->end;
	}
	return true;
}

void image_close(struct image *img)
{
	image_file_close(img->file);
	img->file = NULL;
}

/* Elf64_Nhdr, name padded to 4 ("GNU\0"), description padded to 4 */
static bool note_find_build_id(const uint8_t *note, size_t len, struct build_id *id)
{
	size_t at = 0;

	while (len - at >= sizeof(Elf64_Nhdr)) {
		Elf64_Nhdr nh;
		size_t name, desc;

		memcpy(&nh, note + at, sizeof(nh));
		name = at + sizeof(nh);
		if (nh.n_namesz > len - name)
			return false;
		desc = name + ((nh.n_namesz + 3u) & ~3u);
		if (desc > len || nh.n_descsz > len - desc)
			return false;
		if (nh.n_type == NT_GNU_BUILD_ID && nh.n_namesz == 4 &&
			!memcmp(note + name, "GNU", 4) && nh.n_descsz &&
			nh.n_descsz <= IMAGE_MAX_BUILD_ID) {
			memcpy(id->byte, note + desc, nh.n_descsz);
			id->len = nh.n_descsz;
			return true;
		}
		at = desc + ((nh.n_descsz + 3u) & ~3u);
		if (at > len)
			return false;
	}
	return false;
}

struct build_id image_build_id(const struct image *img)
{
	struct build_id id = { .len = 0 };
	const Elf64_Phdr *ph;

	for (size_t i = 0; (ph = image_segment(img, PT_NOTE, i)); i++) {
		struct range r = image_range(img, ph);
		uint8_t note[1024];

		if (r.size > sizeof(note))
			r.size = sizeof(note);
		if (mem_read(img->mem, r.addr, note, r.size) == ST_OK &&
			note_find_build_id(note, r.size, &id))
			break;
	}
	return id;
}

const char *build_id_hex(const struct build_id *id, char *buf)
{
	static const char digit[] = "0123456789abcdef";

	for (size_t i = 0; i < id->len; i++) {
		buf[2 * i] = digit[id->byte[i] >> 4];
		buf[2 * i + 1] = digit[id->byte[i] & 15];
	}
	buf[2 * id->len] = '\0';
	return buf;
}
