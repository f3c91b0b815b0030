/*
 * symtab.c - see symtab.h
 *
 * GNU hash section, as bfd/elflink.c writes it:
 *
 *   u32 nbuckets, symoffset, bloom_size, bloom_shift | u64 bloom[bloom_size] | u32 bucket[nbuckets] | u32 chain[]
 *
 * chain[i] is the hash of symbol symoffset + i with bit 0 cleared; bit 0 set ends a chain.
 */
#include "elf/symtab.h"

#include <string.h>

enum {
	MAX_DYN = 256,
	MAX_CHAIN = 4096,
	MAX_SYMBOLS = 1 << 20,
	MAX_NAME = 256,
	BATCH = 64
};

struct dynamic {
	uint64_t symtab, strtab, strsz, gnu_hash, hash; /* target addresses, 0 = none */
};

/* The dynamic linker relocates d_ptr in place (glibc) or does not (musl, static PIE). */
static uint64_t relocated(const struct image *img, uint64_t ptr)
{
	return ptr >= img->start && ptr < img->end ? ptr : ptr + img->bias;
}

static bool dynamic_read(const struct image *img, struct dynamic *d)
{
	const Elf64_Phdr *ph = image_segment(img, PT_DYNAMIC, 0);
	Elf64_Dyn dyn[MAX_DYN];
	size_t n;

	memset(d, 0, sizeof(*d));
	if (!ph)
		return false;
	n = ph->p_memsz / sizeof(*dyn);
	n = n < MAX_DYN ? n : MAX_DYN;
	if (mem_read(img->mem, img->bias + ph->p_vaddr, dyn, n * sizeof(*dyn)) != ST_OK)
		return false;
	for (size_t i = 0; i < n && dyn[i].d_tag != DT_NULL; i++) {
		uint64_t ptr = relocated(img, dyn[i].d_un.d_ptr);

		switch (dyn[i].d_tag) {
		case DT_SYMTAB:
			d->symtab = ptr;
			break;
		case DT_STRTAB:
			d->strtab = ptr;
			break;
		case DT_STRSZ:
			d->strsz = dyn[i].d_un.d_val;
			break;
		case DT_GNU_HASH:
			d->gnu_hash = ptr;
			break;
		case DT_HASH:
			d->hash = ptr;
			break;
		default:
			break;
		}
	}
	return d->symtab && d->strtab;
}

/* Is it the symbol, by name, and defined here? */
static bool symbol_is(const struct image *img, const struct dynamic *d,
	const Elf64_Sym *sym, const char *name)
{
	size_t len = strlen(name) + 1;
	char have[MAX_NAME];

	if (sym->st_shndx == SHN_UNDEF || len > sizeof(have) || sym->st_name > d->strsz ||
		d->strsz - sym->st_name < len)
		return false;
	return mem_read(img->mem, d->strtab + sym->st_name, have, len) == ST_OK &&
	       !memcmp(have, name, len);
}

static bool symbol_at(
	const struct image *img, const struct dynamic *d, uint32_t index, Elf64_Sym *sym)
{
	return mem_read(img->mem, d->symtab + (uint64_t)index * sizeof(*sym), sym,
		       sizeof(*sym)) == ST_OK;
}

static uint32_t gnu_hash(const char *name)
{
	uint32_t h = 5381;

	for (; *name; name++)
		h = h * 33 + (uint8_t)*name;
	return h;
}

static bool gnu_find(const struct image *img, const struct dynamic *d, const char *name,
	Elf64_Sym *sym)
{
	uint32_t head[4], h = gnu_hash(name), index, entry;
	uint64_t word, buckets, chains;

	if (mem_read(img->mem, d->gnu_hash, head, sizeof(head)) != ST_OK || !head[0] ||
		!head[2])
		return false;
	if (mem_read_u64(img->mem, d->gnu_hash + sizeof(head) + 8ull * (h / 64 % head[2]),
		    &word) != ST_OK)
		return false;
	if (!(word >> (h % 64) & 1) || !(word >> ((h >> (head[3] & 31)) % 64) & 1))
		return false;
	buckets = d->gnu_hash + sizeof(head) + 8ull * head[2];
	chains = buckets + 4ull * head[0];
	if (mem_read_u32(img->mem, buckets + 4ull * (h % head[0]), &index) != ST_OK ||
		index < head[1])
		return false;
	for (unsigned n = 0; n < MAX_CHAIN; n++, index++) {
		if (mem_read_u32(img->mem, chains + 4ull * (index - head[1]), &entry) !=
			ST_OK)
			return false;
		if ((entry | 1) == (h | 1) && symbol_at(img, d, index, sym) &&
			symbol_is(img, d, sym, name))
			return true;
		if (entry & 1)
			return false;
	}
	return false;
}

/* No GNU hash: every symbol. DT_HASH has their number (nchain), else they end where the strings begin. */
static bool linear_find(const struct image *img, const struct dynamic *d,
	const char *name, Elf64_Sym *out)
{
	uint32_t n = 0, head[2];
	Elf64_Sym sym[BATCH];

	if (d->hash && mem_read(img->mem, d->hash, head, sizeof(head)) == ST_OK)
		n = head[1];
	else if (d->strtab > d->symtab &&
		 (d->strtab - d->symtab) / sizeof(*sym) < MAX_SYMBOLS)
		n = (uint32_t)((d->strtab - d->symtab) / sizeof(*sym));
	if (n > MAX_SYMBOLS)
		n = MAX_SYMBOLS;
	for (uint32_t i = 0; i < n; i += BATCH) {
		size_t some = n - i < BATCH ? n - i : BATCH;

		if (mem_read(img->mem, d->symtab + (uint64_t)i * sizeof(*sym), sym,
			    some * sizeof(*sym)) != ST_OK)
			return false;
		for (size_t k = 0; k < some; k++) {
			if (symbol_is(img, d, &sym[k], name)) {
				*out = sym[k];
				return true;
			}
		}
	}
	return false;
}

bool symtab_dynamic(const struct image *img, const char *name, struct symbol *out)
{
	struct dynamic d;
	Elf64_Sym sym;

	if (!dynamic_read(img, &d))
		return false;
	if (d.gnu_hash ? !gnu_find(img, &d, name, &sym)
		       : !linear_find(img, &d, name, &sym))
		return false;
	*out = (struct symbol){ img->bias + sym.st_value, sym.st_size };
	return true;
}

bool symtab_find(struct image *img, const char *name, struct symbol *out)
{
	uint64_t value, size;

	if (symtab_dynamic(img, name, out))
		return true;
	if (!image_file_symbol(img, name, &value, &size))
		return false;
	*out = (struct symbol){ img->bias + value, size };
	return true;
}
