/* abi_dwarf.c - see abi_dwarf.h */
#include "python/abi_dwarf.h"

#include "elf/dwarf_types.h"
#include "python/abi_desc.h"

#include <inttypes.h>
#include <string.h>

/* One name of a list: "_ts PyThreadState", "f_executable|f_code" */
static bool list_next(const char **p, char sep, const char **word, size_t *len)
{
	if (!**p)
		return false;
	*word = *p;
	*len = strcspn(*p, (char[]){ sep, '\0' });
	*p += *len;
	if (**p)
		(*p)++;
	return true;
}

static bool struct_size(
	struct dwarf_types *types, const struct abi_field *f, uint64_t *size)
{
	const char *p = f->structs, *name;
	size_t len;

	while (list_next(&p, ' ', &name, &len))
		if (dwarf_types_size(types, name, len, size))
			return true;
	return false;
}

/* The first structure that was found, and in it the first path. */
static bool struct_member(struct dwarf_types *types, const struct abi_field *f,
	uint64_t *bit, uint64_t *width)
{
	const char *p = f->structs, *name, *path;
	size_t len, path_len;
	uint64_t size;

	while (list_next(&p, ' ', &name, &len)) {
		const char *paths = f->paths;

		if (!dwarf_types_size(types, name, len, &size))
			continue;
		while (list_next(&paths, '|', &path, &path_len))
			if (dwarf_types_member(
				    types, name, len, path, path_len, bit, width))
				return true;
		return false;
	}
	return false;
}

/* The number of a field: offset, size, or mask within the 32-bit word at *mask_base. */
static bool field_number(struct dwarf_types *types, const struct abi_field *f,
	uint64_t *mask_base, uint32_t *out)
{
	uint64_t bit, width;

	if (f->kind == ABI_SIZE) {
		if (!struct_size(types, f, &bit) || bit >= ABI_NONE)
			return false;
		*out = (uint32_t)bit;
		return true;
	}
	if (!struct_member(types, f, &bit, &width) || bit / 8 >= ABI_NONE)
		return false;
	if (f->kind == ABI_MASK) {
		if (bit < *mask_base || !width || bit - *mask_base + width > 32)
			return false;
		*out = (uint32_t)(((1ull << width) - 1) << (bit - *mask_base));
		return true;
	}
	if (bit % 8 || width < 8u * f->width)
		return false;
	if (f->kind == ABI_MASK_BASE)
		*mask_base = bit;
	*out = (uint32_t)(bit / 8);
	return true;
}

static int check_enumerators(
	const struct abi *abi, struct dwarf_types *types, struct err *err)
{
	struct buf wrong = BUF_INIT;
	int ret = 0;

	for (size_t i = 0; i < abi_enumerator_count; i++) {
		const struct abi_enumerator *e = &abi_enumerators[i];
		int64_t number;

		if (abi_span_holds(&e->span, abi->version, abi->free_threaded) &&
			dwarf_types_enumerator(types, e->name, &number) &&
			number != e->number)
			buf_printf(&wrong, "%s%s is %" PRId64 " (%d)",
				wrong.len ? ", " : "", e->name, number, e->number);
	}
	if (wrong.len)
		ret = err_set(err, ERR_CORRUPT,
			"its debug information contradicts values.def: %s", wrong.data);
	buf_release(&wrong);
	return ret;
}

static void want_all(const struct abi *abi, struct dwarf_types *types)
{
	for (size_t i = 0; i < abi_field_count; i++) {
		const char *p = abi_fields[i].structs, *name;
		size_t len;

		while (abi_fields[i].kind == ABI_SIZE && list_next(&p, ' ', &name, &len))
			if (abi_span_holds(&abi_fields[i].span, abi->version,
				    abi->free_threaded))
				dwarf_types_want_struct(types, name, len);
	}
	for (size_t i = 0; i < abi_enumerator_count; i++)
		dwarf_types_want_enumerator(types, abi_enumerators[i].name);
}

static int fill(
	struct abi *abi, struct dwarf_types *types, struct buf *missing, struct err *err)
{
	uint64_t mask_base = 0;
	int found = 0;

	for (size_t i = 0; i < abi_field_count; i++) {
		const struct abi_field *f = &abi_fields[i];
		uint32_t number;

		if (!abi_span_holds(&f->span, abi->version, abi->free_threaded))
			continue;
		if (field_number(types, f, &mask_base, &number)) {
			abi_field_set(abi, f, number);
			found++;
		} else if (!f->optional) {
			buf_printf(missing, "%s.%s (%s %s)\n", f->group, f->name,
				f->structs, f->paths);
		}
	}
	return check_enumerators(abi, types, err) < 0 ? -1 : found;
}

int abi_from_dwarf(
	struct abi *abi, const int *fd, size_t n, struct buf *missing, struct err *err)
{
	struct dwarf_types *types = dwarf_types_new();
	int ret = -1;

	want_all(abi, types);
	for (size_t i = 0; i < n; i++)
		if (dwarf_types_add(types, fd[i], err) < 0)
			goto out;
	ret = fill(abi, types, missing, err);
out:
	dwarf_types_free(types);
	return ret;
}
