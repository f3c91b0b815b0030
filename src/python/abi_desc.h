/*
 * abi_desc.h - what the .def files say, as data: for code that treats all
 * members of struct abi alike (reading them from DWARF or from the target, comparing
 * them). Made by python-abi/gen.
 */
#ifndef PYTHON_ABI_DESC_H
#define PYTHON_ABI_DESC_H

#include "python/abi.h"

enum abi_kind { ABI_SIZE, ABI_WORD, ABI_EMBEDDED, ABI_MASK, ABI_MASK_BASE };

/* Which versions and builds have a thing. */
struct abi_span {
	uint16_t since, until; /* ABI_VERSION, inclusive */
	char builds;           /* 'a' any, 't' free-threaded, 'g' with a GIL */
};

struct abi_field {
	const char *group, *name;
	const char *structs; /* names of the C structure, separated by spaces */
	const char *paths;   /* member paths, separated by |; "" for the size */
	enum abi_kind kind;
	uint8_t width;    /* bytes that are read at the offset; 0 when embedded */
	bool optional;    /* a build may lack it */
	uint16_t at;      /* where the number is in struct abi */
	uint16_t size_at; /* where its group's size is */
	struct abi_span span;
};

extern const struct abi_field abi_fields[];
extern const size_t abi_field_count;

/* A row of values.def that has an enumerator in DWARF. */
struct abi_enumerator {
	const char *name; /* "FRAME_OWNED_BY_THREAD" */
	int32_t number;
	struct abi_span span;
};

extern const struct abi_enumerator abi_enumerators[];
extern const size_t abi_enumerator_count;

/* A row of values.def; of several that hold the last counts. */
struct abi_value_row {
	uint16_t at; /* in struct abi */
	int32_t number;
	struct abi_span span;
};

extern const struct abi_value_row abi_value_rows[];
extern const size_t abi_value_row_count;

/* A row of calls.def. */
struct abi_calls_row {
	struct abi_span span;
	uint64_t opcodes[4]; /* a bit each */
};

extern const struct abi_calls_row abi_calls_rows[];
extern const size_t abi_calls_row_count;

/* A word of a table that CPython carries in itself (offsets.def). */
struct abi_word {
	const char *name;
	uint16_t since;
	int16_t field; /* index in abi_fields, -1 when not used */
	int16_t base;  /* index of the field to add or subtract, -1 for none */
	int8_t sign;
};

extern const struct abi_word abi_runtime_words[], abi_asyncio_words[];
extern const size_t abi_runtime_word_count, abi_asyncio_word_count;

bool abi_span_holds(const struct abi_span *span, uint16_t version, bool free_threaded);

/* An abi of that version and build with its values, and with every offset ABI_NONE. */
void abi_blank(
	struct abi *abi, uint16_t version, uint8_t patch, bool free_threaded, bool debug);

/* The number of a field in an abi, to read and to write. */
static inline uint32_t abi_field_get(const struct abi *abi, const struct abi_field *f)
{
	uint32_t v;

	memcpy(&v, (const char *)abi + f->at, sizeof(v));
	return v;
}

static inline void abi_field_set(struct abi *abi, const struct abi_field *f, uint32_t v)
{
	memcpy((char *)abi + f->at, &v, sizeof(v));
}

#endif
