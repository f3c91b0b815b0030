/*
 * abi.h - where CPython keeps things: struct offsets, bit masks and encodings of one version and build.
 *
 * A `struct abi` describes one CPython: version, flavour, and for each structure that pystrobe reads its size and the
 * offsets of its members, so that code reads abi->tstate.next. Groups and members are named in python-abi/fields.def,
 * which also says what each is for; abi->value.NAME are the numbers of python-abi/values.def (enum values, encodings).
 *
 * An offset that the version does not have is ABI_NONE, never 0; a value it does not have is ABI_NO_VALUE. The getters
 * refuse both ABI_NONE and anything that does not lie inside the bytes that were copied, so they are safe on torn or
 * hostile memory. Masks (kind `mask`) apply to the little-endian 32-bit word at the group's word: tstate.status, str.state.
 *
 * The rows of abi_tables are const and shared. A target owns a copy, which may be changed by what the target itself says
 * (_Py_DebugOffsets from 3.13 on, DWARF); see abi_pick() and python/offsets.h.
 */
#ifndef PYTHON_ABI_H
#define PYTHON_ABI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "abi_fields.h"

#define ABI_NONE     0xffffffffu
#define ABI_NO_VALUE INT32_MIN

#define ABI_VERSION(major, minor) ((uint16_t)((major) << 8 | (minor)))

struct abi {
	char name[40];      /* table it came from: "cpython-3.13-x86_64-t" */
	uint16_t version;   /* ABI_VERSION(3, 13) */
	uint8_t patch;      /* first patch level the table is for */
	uint8_t patch_last; /* last one, 255 = all later ones */
	bool free_threaded; /* Py_GIL_DISABLED */
	bool debug;         /* Py_DEBUG */
	ABI_GROUPS
	struct abi_values value;
};

/* Every table compiled in, sorted by version, flavour and patch level. */
extern const struct abi abi_tables[];
extern const size_t abi_table_count;

/*
 * The row for a version and build, NULL when there is none. An exact patch range wins; otherwise the nearest patch level of
 * the same minor version, whose layouts only differ where tables with a patch range say so.
 */
const struct abi *abi_pick(
	uint16_t version, uint8_t patch, bool free_threaded, bool debug);

/* The opcodes of a version that call, a bit each in four words (python-abi/calls.def); NULL: they are not known. Static. */
const uint64_t *abi_calls(uint16_t version);

/* "2.7, 3.6, ... 3.15, 3.14t" into text (always terminated). */
void abi_known(char *text, size_t size);

/*
 * Value at `off` in the first `len` copied bytes of a structure. False, and *out = 0, when the version has no such
 * member or it does not lie within the bytes.
 */
static inline bool abi_get(
	const void *buf, size_t len, uint32_t off, void *out, size_t width)
{
	if (off == ABI_NONE || off > len || len - off < width) {
		memset(out, 0, width);
		return false;
	}
	memcpy(out, (const char *)buf + off, width);
	return true;
}

static inline bool abi_get_ptr(const void *buf, size_t len, uint32_t off, uint64_t *out)
{
	return abi_get(buf, len, off, out, sizeof(*out));
}

static inline bool abi_get_u64(const void *buf, size_t len, uint32_t off, uint64_t *out)
{
	return abi_get(buf, len, off, out, sizeof(*out));
}

static inline bool abi_get_i64(const void *buf, size_t len, uint32_t off, int64_t *out)
{
	return abi_get(buf, len, off, out, sizeof(*out));
}

static inline bool abi_get_u32(const void *buf, size_t len, uint32_t off, uint32_t *out)
{
	return abi_get(buf, len, off, out, sizeof(*out));
}

static inline bool abi_get_i32(const void *buf, size_t len, uint32_t off, int32_t *out)
{
	return abi_get(buf, len, off, out, sizeof(*out));
}

static inline bool abi_get_u16(const void *buf, size_t len, uint32_t off, uint16_t *out)
{
	return abi_get(buf, len, off, out, sizeof(*out));
}

static inline bool abi_get_u8(const void *buf, size_t len, uint32_t off, uint8_t *out)
{
	return abi_get(buf, len, off, out, sizeof(*out));
}

static inline bool abi_get_i8(const void *buf, size_t len, uint32_t off, int8_t *out)
{
	return abi_get(buf, len, off, out, sizeof(*out));
}

static inline bool abi_has(uint32_t off)
{
	return off != ABI_NONE;
}

/* The bits of a mask, shifted down: abi_bits(state, abi->strstate.kind). 0 when the version has no such mask. */
static inline uint32_t abi_bits(uint32_t word, uint32_t mask)
{
	return mask == ABI_NONE || mask == 0 ? 0 : (word & mask) / (mask & -mask);
}

#endif
