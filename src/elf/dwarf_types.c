/* dwarf_types.c - see dwarf_types.h; DWARF 5 sections 5.7 (structures) and 5.7.6 (members) */
#include "elf/dwarf_types.h"

#include "base/alloc.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <string.h>

enum { MAX_DEPTH = 16, MAX_NAME = 64, MAX_FILES = 8 };

struct type {
	char name[MAX_NAME];
	bool found;
	Dwarf_Die die;
};

struct enumerator {
	const char *name; /* borrowed from the caller */
	bool found;
	int64_t number;
};

struct dwarf_types {
	struct type *type;
	size_t ntypes, types_cap;
	struct enumerator *enumerator;
	size_t nenumerators, enumerators_cap;
	Dwarf *file[MAX_FILES];
	size_t nfiles;
};

struct dwarf_types *dwarf_types_new(void)
{
	return xcalloc(1, sizeof(struct dwarf_types));
}

void dwarf_types_free(struct dwarf_types *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->nfiles; i++)
		dwarf_end(t->file[i]);
	free(t->type);
	free(t->enumerator);
	free(t);
}

static struct type *type_find(struct dwarf_types *t, const char *name, size_t len)
{
	for (size_t i = 0; i < t->ntypes; i++)
		if (!strncmp(t->type[i].name, name, len) && !t->type[i].name[len])
			return &t->type[i];
	return NULL;
}

void dwarf_types_want_struct(struct dwarf_types *t, const char *name, size_t len)
{
	if (len >= MAX_NAME)
		BUG("structure name '%.*s' is too long", (int)len, name);
	if (type_find(t, name, len))
		return;
	GROW(t->type, t->types_cap, t->ntypes + 1);
	t->type[t->ntypes] = (struct type){ .found = false };
	memcpy(t->type[t->ntypes++].name, name, len);
}

void dwarf_types_want_enumerator(struct dwarf_types *t, const char *name)
{
	GROW(t->enumerator, t->enumerators_cap, t->nenumerators + 1);
	t->enumerator[t->nenumerators++] = (struct enumerator){ .name = name };
}

/* Follows typedefs and qualifiers to the type itself. */
static bool type_peel(Dwarf_Die *die)
{
	for (int depth = 0; depth < MAX_DEPTH; depth++) {
		Dwarf_Attribute attr;

		switch (dwarf_tag(die)) {
		case DW_TAG_typedef:
		case DW_TAG_const_type:
		case DW_TAG_volatile_type:
		case DW_TAG_atomic_type:
			if (!dwarf_attr_integrate(die, DW_AT_type, &attr) ||
				!dwarf_formref_die(&attr, die))
				return false;
			break;
		default:
			return true;
		}
	}
	return false;
}

static void note_enumerators(struct dwarf_types *t, Dwarf_Die *die)
{
	Dwarf_Die child;

	if (dwarf_child(die, &child) != 0)
		return;
	do {
		const char *name = dwarf_diename(&child);
		Dwarf_Attribute attr;
		Dwarf_Sword number;

		for (size_t i = 0; name && i < t->nenumerators; i++) {
			struct enumerator *e = &t->enumerator[i];

			if (e->found || strcmp(e->name, name) != 0 ||
				!dwarf_attr(&child, DW_AT_const_value, &attr) ||
				dwarf_formsdata(&attr, &number) != 0)
				continue;
			e->found = true;
			e->number = number;
		}
	} while (dwarf_siblingof(&child, &child) == 0);
}

static void note_type(struct dwarf_types *t, Dwarf_Die *die)
{
	const char *name = dwarf_diename(die);
	Dwarf_Die peeled = *die;
	struct type *type;

	if (!name || dwarf_hasattr(die, DW_AT_declaration))
		return;
	type = type_find(t, name, strlen(name));
	if (!type || type->found || !type_peel(&peeled) ||
		dwarf_tag(&peeled) != DW_TAG_structure_type ||
		dwarf_hasattr(&peeled, DW_AT_declaration))
		return;
	type->die = peeled;
	type->found = true;
}

static void note_unit(struct dwarf_types *t, Dwarf_Die *unit)
{
	Dwarf_Die child;

	if (dwarf_child(unit, &child) != 0)
		return;
	do {
		switch (dwarf_tag(&child)) {
		case DW_TAG_enumeration_type:
			note_enumerators(t, &child);
			break;
		case DW_TAG_structure_type:
		case DW_TAG_typedef:
			note_type(t, &child);
			break;
		default:
			break;
		}
	} while (dwarf_siblingof(&child, &child) == 0);
}

int dwarf_types_add(struct dwarf_types *t, int fd, struct err *err)
{
	Dwarf_CU *cu = NULL;
	Dwarf_Die unit;
	Dwarf *dw;

	if (t->nfiles == MAX_FILES)
		return err_set(err, ERR_LIMIT, "too many files with debug information");
	dw = dwarf_begin(fd, DWARF_C_READ);
	if (!dw)
		return err_set(
			err, ERR_NOT_FOUND, "no debug information: %s", dwarf_errmsg(-1));
	t->file[t->nfiles++] = dw;
	while (dwarf_get_units(dw, cu, &cu, NULL, NULL, &unit, NULL) == 0)
		note_unit(t, &unit);
	return 0;
}

bool dwarf_types_size(struct dwarf_types *t, const char *name, size_t len, uint64_t *size)
{
	struct type *type = type_find(t, name, len);
	Dwarf_Word bytes;

	if (!type || !type->found || dwarf_aggregate_size(&type->die, &bytes) != 0)
		return false;
	*size = bytes;
	return true;
}

struct place {
	uint64_t bit, width;
	Dwarf_Die type;
};

static uint64_t attr_number(Dwarf_Die *die, unsigned name, uint64_t missing)
{
	Dwarf_Attribute attr;
	Dwarf_Word number;

	if (!dwarf_attr(die, name, &attr) || dwarf_formudata(&attr, &number) != 0)
		return missing;
	return number;
}

static bool member_place(Dwarf_Die *member, struct place *place)
{
	Dwarf_Attribute attr;
	Dwarf_Word size = 0;
	uint64_t bits = attr_number(member, DW_AT_bit_size, 0);
	uint64_t start = attr_number(member, DW_AT_data_bit_offset, UINT64_MAX);
	uint64_t byte = attr_number(member, DW_AT_data_member_location, 0);

	if (!dwarf_attr_integrate(member, DW_AT_type, &attr) ||
		!dwarf_formref_die(&attr, &place->type))
		return false;
	if (dwarf_aggregate_size(&place->type, &size) != 0)
		size = 0; /* flexible array */
	if (bits && start == UINT64_MAX) {
		/* DWARF 2 and 3 count from the most significant bit of a storage unit. */
		uint64_t unit = attr_number(member, DW_AT_byte_size, size);
		uint64_t from_top = attr_number(member, DW_AT_bit_offset, 0);

		start = byte * 8 + unit * 8 - from_top - bits;
	}
	place->bit = start == UINT64_MAX ? byte * 8 : start;
	place->width = bits ? bits : size * 8;
	return true;
}

static bool member_find(
	Dwarf_Die *type, const char *path, size_t len, struct place *place, int depth)
{
	const char *dot = memchr(path, '.', len);
	size_t first = dot ? (size_t)(dot - path) : len;
	Dwarf_Die child;

	if (depth > MAX_DEPTH || dwarf_child(type, &child) != 0)
		return false;
	do {
		const char *name = dwarf_diename(&child);
		size_t used = name ? first + (dot != NULL) : 0;
		struct place here, inner;

		if (dwarf_tag(&child) != DW_TAG_member || !member_place(&child, &here) ||
			(name && (strlen(name) != first ||
					 memcmp(name, path, first) != 0)))
			continue;
		if (name && !dot) {
			*place = here;
			return true;
		}
		if (!type_peel(&here.type) || !member_find(&here.type, path + used,
						      len - used, &inner, depth + 1))
			continue;
		inner.bit += here.bit;
		*place = inner;
		return true;
	} while (dwarf_siblingof(&child, &child) == 0);
	return false;
}

bool dwarf_types_member(struct dwarf_types *t, const char *name, size_t len,
	const char *path, size_t path_len, uint64_t *bit, uint64_t *width)
{
	struct type *type = type_find(t, name, len);
	struct place place;

	if (!type || !type->found || !member_find(&type->die, path, path_len, &place, 0))
		return false;
	*bit = place.bit;
	*width = place.width;
	return true;
}

bool dwarf_types_enumerator(struct dwarf_types *t, const char *name, int64_t *number)
{
	for (size_t i = 0; i < t->nenumerators; i++) {
		if (t->enumerator[i].found && !strcmp(t->enumerator[i].name, name)) {
			*number = t->enumerator[i].number;
			return true;
		}
	}
	return false;
}
