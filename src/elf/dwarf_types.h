/*
 * dwarf_types.h - sizes of structures, places of their members and numbers of enumerators,
 * from DWARF (libdw).
 *
 * Say what is wanted, then add files; of several definitions of a name the first counts.
 * One instance reads each file once.
 */
#ifndef ELF_DWARF_TYPES_H
#define ELF_DWARF_TYPES_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dwarf_types;

struct dwarf_types *dwarf_types_new(void);
void dwarf_types_free(struct dwarf_types *t);

/* A structure by tag or typedef; an enumerator by name. */
void dwarf_types_want_struct(struct dwarf_types *t, const char *name, size_t len);
void dwarf_types_want_enumerator(struct dwarf_types *t, const char *name);

/* Reads an ELF file with debug information. The descriptor stays the caller's and must stay
 * open until the free. No debug information in it is ERR_NOT_FOUND. */
int dwarf_types_add(struct dwarf_types *t, int fd, struct err *err);

/* Bytes of a structure; false when it was not found. */
bool dwarf_types_size(
	struct dwarf_types *t, const char *name, size_t len, uint64_t *size);
/* A member by path, "gc.collecting" (unnamed members are looked through): first bit from
 * the start of the structure, and width in bits (0: unknown, a flexible array). */
bool dwarf_types_member(struct dwarf_types *t, const char *name, size_t len,
	const char *path, size_t path_len, uint64_t *bit, uint64_t *width);
bool dwarf_types_enumerator(struct dwarf_types *t, const char *name, int64_t *number);

#endif
