/*
 * symtab.h - finds a symbol of an image by name.
 *
 * First in the dynamic symbols, read from the target's memory through PT_DYNAMIC (no section headers needed, DT_GNU_HASH
 * makes a miss cost three reads), then in .symtab of the file, which has static symbols too when it is not stripped.
 */
#ifndef ELF_SYMTAB_H
#define ELF_SYMTAB_H

#include "elf/image.h"

struct symbol {
	uint64_t addr, size; /* in the target */
};

/* A data or function symbol that is defined in the image's dynamic table. */
bool symtab_dynamic(const struct image *img, const char *name, struct symbol *out);
/* A data symbol in the dynamic table or in .symtab (local ones too). */
bool symtab_find(struct image *img, const char *name, struct symbol *out);

#endif
