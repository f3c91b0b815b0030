/*
 * extract.c - writes one .abi table from the DWARF of a CPython (build-time tool, not linked into pystrobe).
 *
 *   abi-extract FIELDS.def VALUES.def VERSION FLAVOUR FILE...  > cpython-3.12-x86_64.abi
 *   abi-extract python-abi/fields.def python-abi/values.def 3.12.1 - libpython3.12.so _asyncio.so
 *
 * FLAVOUR is - or letters of: t free-threaded, d debug build. The FILEs (interpreter or its separate debug file, and
 * _asyncio's where that is a module of its own) are searched in order for the structures that fields.def names.
 * Every member that fields.def promises for the version must be found, be wide enough for its kind, and every
 * enumerator that values.def names must have the number written there: otherwise it says what differs and fails.
 */
#include <dwarf.h>
#include <elfutils/libdw.h>
#include <elfutils/libdwelf.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAX_FILES = 8, MAX_NAMES = 4, MAX_TYPES = 256, MAX_ENUMERATORS = 4096, MAX_DEPTH = 16 };

struct target {
	unsigned major, minor;
	bool free_threaded;
};

/* A structure by the name under which it was found: struct tag or typedef. */
struct type {
	char name[64];
	bool found;
	Dwarf_Die die;
};

struct enumerator {
	const char *name;
	long value;
};

struct dwarf_types {
	struct type type[MAX_TYPES];
	size_t ntypes;
	struct enumerator enumerator[MAX_ENUMERATORS];
	size_t nenumerators;
};

static void die(const char *what, const char *which)
{
	fprintf(stderr, "abi-extract: %s: %s\n", which, what);
	exit(1);
}

/* ---- DWARF ---------------------------------------------------------------------------------------------------- */

static struct type *types_find(struct dwarf_types *all, const char *name)
{
	for (size_t i = 0; i < all->ntypes; i++)
		if (!strcmp(all->type[i].name, name))
			return &all->type[i];
	return NULL;
}

static void types_want(struct dwarf_types *all, const char *name)
{
	if (types_find(all, name))
		return;
	if (all->ntypes == MAX_TYPES || strlen(name) >= sizeof(all->type[0].name))
		die("too many or too long structure names", name);
	strcpy(all->type[all->ntypes++].name, name);
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
			if (!dwarf_attr_integrate(die, DW_AT_type, &attr) || !dwarf_formref_die(&attr, die))
				return false;
			break;
		default:
			return true;
		}
	}
	return false;
}

static bool die_is_declaration(Dwarf_Die *die)
{
	return dwarf_hasattr(die, DW_AT_declaration);
}

static void note_enumerators(struct dwarf_types *all, Dwarf_Die *die)
{
	Dwarf_Die child;

	if (dwarf_child(die, &child) != 0)
		return;
	do {
		Dwarf_Attribute attr;
		Dwarf_Sword value;
		const char *name = dwarf_diename(&child);

		if (!name || (strncmp(name, "FRAME_", 6) && strncmp(name, "_Py_", 4)))
			continue;
		if (!dwarf_attr(&child, DW_AT_const_value, &attr) || dwarf_formsdata(&attr, &value))
			continue;
		if (all->nenumerators < MAX_ENUMERATORS)
			all->enumerator[all->nenumerators++] = (struct enumerator){ name, (long)value };
	} while (dwarf_siblingof(&child, &child) == 0);
}

/* Remembers the wanted structures and enumerators among the children of a unit (or partial unit). */
static void note_unit(struct dwarf_types *all, Dwarf_Die *unit)
{
	Dwarf_Die child;

	if (dwarf_child(unit, &child) != 0)
		return;
	do {
		int tag = dwarf_tag(&child);
		const char *name = dwarf_diename(&child);
		struct type *type;
		Dwarf_Die peeled = child;

		if (tag == DW_TAG_enumeration_type)
			note_enumerators(all, &child);
		if (!name || (tag != DW_TAG_structure_type && tag != DW_TAG_typedef))
			continue;
		type = types_find(all, name);
		if (!type || type->found || die_is_declaration(&child))
			continue;
		if (!type_peel(&peeled) || dwarf_tag(&peeled) != DW_TAG_structure_type ||
			die_is_declaration(&peeled))
			continue;
		type->die = peeled;
		type->found = true;
	} while (dwarf_siblingof(&child, &child) == 0);
}

static void note_file(struct dwarf_types *all, Dwarf *dw)
{
	Dwarf_CU *cu = NULL;
	Dwarf_Die unit;

	while (dwarf_get_units(dw, cu, &cu, NULL, NULL, &unit, NULL) == 0)
		note_unit(all, &unit);
}

/* Where a member lies: bits from the start of the structure, and how many bits wide. */
struct place {
	uint64_t bit, width;
	Dwarf_Die type;
};

static uint64_t attr_number(Dwarf_Die *die, unsigned name, uint64_t missing)
{
	Dwarf_Attribute attr;
	Dwarf_Word value;

	if (!dwarf_attr(die, name, &attr) || dwarf_formudata(&attr, &value))
		return missing;
	return value;
}

static bool member_place(Dwarf_Die *member, struct place *place)
{
	Dwarf_Attribute attr;
	Dwarf_Word size = 0;
	uint64_t bits = attr_number(member, DW_AT_bit_size, 0);
	uint64_t start = attr_number(member, DW_AT_data_bit_offset, UINT64_MAX);
	uint64_t byte = attr_number(member, DW_AT_data_member_location, 0);

	if (!dwarf_attr_integrate(member, DW_AT_type, &attr) || !dwarf_formref_die(&attr, &place->type))
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

/* Finds `path` ("gc.collecting") in a structure; anonymous members are searched through. */
static bool type_member(Dwarf_Die *type, const char *path, struct place *place, int depth)
{
	size_t len = strcspn(path, ".");
	Dwarf_Die child;

	if (depth > MAX_DEPTH || dwarf_child(type, &child) != 0)
		return false;
	do {
		const char *name = dwarf_diename(&child);
		const char *rest = NULL;
		struct place here, inner;

		if (dwarf_tag(&child) != DW_TAG_member || !member_place(&child, &here))
			continue;
		if (!name)
			rest = path;
		else if (strlen(name) == len && !strncmp(name, path, len))
			rest = path[len] ? path + len + 1 : "";
		else
			continue;
		if (!*rest) {
			*place = here;
			return true;
		}
		if (!type_peel(&here.type) || !type_member(&here.type, rest, &inner, depth + 1))
			continue;
		inner.bit += here.bit;
		*place = inner;
		return true;
	} while (dwarf_siblingof(&child, &child) == 0);
	return false;
}

/* ---- fields.def and values.def -------------------------------------------------------------------------------- */

/* "3.13", "3.13t" (free-threaded only), "3.15g" (GIL only) and an end, against the target. */
static bool span_holds(const struct target *t, const char *since, const char *until)
{
	unsigned major, minor;
	char build = since[strlen(since) - 1];

	if ((build == 't' && !t->free_threaded) || (build == 'g' && t->free_threaded))
		return false;
	if (sscanf(since, "%u.%u", &major, &minor) != 2)
		die("not a version", since);
	if (t->major < major || (t->major == major && t->minor < minor))
		return false;
	if (!strcmp(until, "-"))
		return true;
	if (sscanf(until, "%u.%u", &major, &minor) != 2)
		die("not a version", until);
	return t->major < major || (t->major == major && t->minor <= minor);
}

struct group {
	char name[32];
	char structs[MAX_NAMES][64];
	int nstructs;
	bool holds;
	struct type *type;
	uint64_t word_bit; /* where masks count from */
};

/* "[tstate]  _ts PyThreadState   2.7 -   what it is" */
static void group_parse(struct group *g, const char *line, const struct target *t)
{
	char word[MAX_NAMES + 3][64];
	int n = 0, used, at = 0;

	memset(g, 0, sizeof(*g));
	if (sscanf(line, "[%31[^]]]%n", g->name, &at) != 1)
		die("not a [group]", line);
	while (n < MAX_NAMES + 2 && sscanf(line + at, "%63s%n", word[n], &used) == 1) {
		at += used;
		n++;
		if (n >= 3 && word[n - 2][0] >= '0' && word[n - 2][0] <= '9')
			break;
	}
	if (n < 3)
		die("group without structures or versions", line);
	g->nstructs = n - 2;
	for (int i = 0; i < g->nstructs; i++)
		strcpy(g->structs[i], word[i]);
	g->holds = span_holds(t, word[n - 2], word[n - 1]);
}

static void group_resolve(struct group *g, struct dwarf_types *all)
{
	for (int i = 0; i < g->nstructs && !g->type; i++) {
		struct type *type = types_find(all, g->structs[i]);

		if (type && type->found)
			g->type = type;
	}
}

static unsigned kind_bits(const char *kind)
{
	static const struct { const char *kind; unsigned bits; } width[] = {
		{ "ptr", 64 }, { "i64", 64 }, { "u64", 64 }, { "f64", 64 }, { "i32", 32 },
		{ "u32", 32 }, { "u16", 16 }, { "i8", 8 },   { "u8", 8 },
	};

	for (size_t i = 0; i < sizeof(width) / sizeof(width[0]); i++)
		if (!strncmp(kind, width[i].kind, strlen(width[i].kind)))
			return width[i].bits;
	return 0;
}

static bool find_alternative(Dwarf_Die *type, const char *paths, struct place *place)
{
	char path[128];

	for (const char *p = paths; *p; p += p[0] == '|') {
		size_t len = strcspn(p, "|");

		if (len >= sizeof(path))
			die("member path too long", paths);
		memcpy(path, p, len);
		path[len] = '\0';
		if (type_member(type, path, place, 0))
			return true;
		p += len;
	}
	return false;
}

/* One member line of fields.def. Prints its row; false when it is promised and not there. */
static bool field_extract(struct group *g, const char *line, const struct target *t)
{
	char name[64], paths[128], kind[16], since[16], until[16];
	struct place place;

	if (sscanf(line, "%63s %127s %15s %15s %15s", name, paths, kind, since, until) != 5)
		die("not 'name member kind since until'", line);
	if (!g->holds || !span_holds(t, since, until) || !g->type)
		return true;
	if (!find_alternative(&g->type->die, paths, &place)) {
		if (kind[strlen(kind) - 1] == '?')
			return true;
		fprintf(stderr, "abi-extract: %s.%s: struct %s has no member %s\n", g->name, name, g->type->name,
			paths);
		return false;
	}
	if (!strcmp(kind, "mask") || !strcmp(kind, "in")) {
		uint64_t bit = place.bit - g->word_bit;

		if (!strcmp(kind, "in")) {
			g->word_bit = place.bit;
			printf("%s %s %lu\n", g->name, name, (unsigned long)(place.bit / 8));
			return true;
		}
		if (bit + place.width > 32) {
			fprintf(stderr, "abi-extract: %s.%s: not in the first 32 bits\n", g->name, name);
			return false;
		}
		printf("%s %s 0x%lx\n", g->name, name, ((1UL << place.width) - 1) << bit);
		return true;
	}
	if (place.width < kind_bits(kind) || place.bit % 8) {
		fprintf(stderr, "abi-extract: %s.%s: %s is %lu bits wide, wanted %s\n", g->name, name, paths,
			(unsigned long)place.width, kind);
		return false;
	}
	printf("%s %s %lu\n", g->name, name, (unsigned long)(place.bit / 8));
	return true;
}

static bool group_begin(struct group *g, const char *line, const struct target *t, struct dwarf_types *all)
{
	Dwarf_Word size;

	group_parse(g, line, t);
	if (!g->holds)
		return true;
	group_resolve(g, all);
	if (!g->type || dwarf_aggregate_size(&g->type->die, &size) != 0) {
		fprintf(stderr, "abi-extract: %s: no struct %s in the DWARF\n", g->name, g->structs[0]);
		g->type = NULL;
		return false;
	}
	printf("\n%s size %lu\n", g->name, (unsigned long)size);
	return true;
}

static bool line_is_code(const char *line)
{
	return line[0] != '#' && line[strspn(line, " \t\n")] != '\0';
}

static void want_structs(FILE *fields, const struct target *t, struct dwarf_types *all)
{
	char line[512];
	struct group g;

	while (fgets(line, sizeof(line), fields)) {
		if (line[0] != '[')
			continue;
		group_parse(&g, line, t);
		for (int i = 0; g.holds && i < g.nstructs; i++)
			types_want(all, g.structs[i]);
	}
	rewind(fields);
}

static bool extract_fields(FILE *fields, const struct target *t, struct dwarf_types *all)
{
	char line[512];
	struct group g = { .holds = false };
	bool ok = true;

	while (fgets(line, sizeof(line), fields)) {
		if (line[0] == '[')
			ok = group_begin(&g, line, t, all) && ok;
		else if (line_is_code(line))
			ok = field_extract(&g, line, t) && ok;
	}
	return ok;
}

/* values.def against the enumerators in the DWARF: the last row that holds for the version is the one that counts. */
static bool check_values(FILE *values, const struct target *t, const struct dwarf_types *all)
{
	char line[512], name[64], number[32], since[16], until[16], builds[16], enumerator[64];
	unsigned checked = 0;
	bool ok = true;

	while (fgets(line, sizeof(line), values)) {
		if (!line_is_code(line))
			continue;
		if (sscanf(line, "%63s %31s %15s %15s %15s %63s", name, number, since, until, builds,
			    enumerator) != 6)
			die("not 'name value since until builds enumerator'", line);
		if (!span_holds(t, since, until))
			continue;
		for (size_t i = 0; i < all->nenumerators; i++) {
			if (strcmp(all->enumerator[i].name, enumerator))
				continue;
			checked++;
			if (all->enumerator[i].value == strtol(number, NULL, 0))
				break;
			fprintf(stderr, "abi-extract: values.def: %s is %s, DWARF has %s = %ld\n", name,
				number, enumerator, all->enumerator[i].value);
			ok = false;
			break;
		}
	}
	printf("\nvalues-checked: %u\n", checked);
	return ok;
}

/* ---- main ----------------------------------------------------------------------------------------------------- */

static Dwarf *file_open(const char *path)
{
	const void *id;
	ssize_t len;
	Dwarf *dw;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		die("cannot open", path);
	dw = dwarf_begin(fd, DWARF_C_READ);
	if (!dw)
		die(dwarf_errmsg(-1), path);
	len = dwelf_elf_gnu_build_id(dwarf_getelf(dw), &id);
	printf("build-id: ");
	for (ssize_t i = 0; i < len; i++)
		printf("%02x", ((const unsigned char *)id)[i]);
	printf("%s\n", len > 0 ? "" : "none");
	return dw; /* fd and dw stay open: the DIEs point into them until exit */
}

int main(int argc, char **argv)
{
	static struct dwarf_types all;
	struct target t = { 0 };
	FILE *fields, *values;
	unsigned patch;

	if (argc < 6 || argc - 5 > MAX_FILES || sscanf(argv[3], "%u.%u.%u", &t.major, &t.minor, &patch) != 3) {
		fprintf(stderr, "usage: abi-extract FIELDS.def VALUES.def 3.12.1 FLAVOUR FILE...\n");
		return 2;
	}
	t.free_threaded = strchr(argv[4], 't') != NULL;
	fields = fopen(argv[1], "r");
	values = fopen(argv[2], "r");
	if (!fields || !values)
		die("cannot open", fields ? argv[2] : argv[1]);
	printf("# Made by python-abi/extract; do not edit. Layouts of CPython on x86-64 Linux, offsets in bytes.\n");
	printf("version: %u.%u.%u\nflavour: %s\n", t.major, t.minor, patch, argv[4]);
	want_structs(fields, &t, &all);
	for (int i = 5; i < argc; i++)
		note_file(&all, file_open(argv[i]));
	if (!extract_fields(fields, &t, &all) || !check_values(values, &t, &all))
		return 1;
	return 0;
}
