/* code.c - see code.h */
#include "python/code.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "python/str.h"

#include <string.h>

/* A code object up to its instructions is 128 to 240 bytes. */
enum { CODE_BYTES = 512 };
/* Copies of the bytecode there can be; more is nonsense. */
enum { COPIES_MAX = 1 << 16 };

static uint32_t table_member(const struct abi *abi)
{
	return abi_has(abi->code.linetable) ? abi->code.linetable : abi->code.lnotab;
}

static size_t reach(size_t so_far, uint32_t off, size_t width)
{
	return off == ABI_NONE || off + width <= so_far ? so_far : off + width;
}

size_t code_identity_size(const struct abi *abi)
{
	size_t n = reach(0, abi->code.filename, 8);

	n = reach(n, abi->code.name, 8);
	n = reach(n, table_member(abi), 8);
	return reach(n, abi->code.firstlineno, 4);
}

bool code_identity_of(
	const struct abi *abi, const void *bytes, size_t len, struct code_identity *id)
{
	return abi_get_ptr(bytes, len, abi->code.name, &id->name) &&
	       abi_get_ptr(bytes, len, abi->code.filename, &id->file) &&
	       abi_get_ptr(bytes, len, table_member(abi), &id->table) &&
	       abi_get_i32(bytes, len, abi->code.firstlineno, &id->first_line);
}

bool code_is_same(const struct code_identity *a, const struct code_identity *b)
{
	return a->name == b->name && a->file == b->file && a->table == b->table &&
	       a->first_line == b->first_line;
}

static size_t bytes_wanted(const struct abi *abi)
{
	size_t n = code_identity_size(abi);

	n = reach(n, abi->code.qualname, 8);
	n = reach(n, abi->code.flags, 4);
	n = reach(n, abi->code.firsttraceable, 4);
	n = reach(n, abi->code.tlbc, 8);
	n = reach(n, abi->obj.type, 8);
	return n < CODE_BYTES ? n : CODE_BYTES;
}

/* Freed memory and other objects are told by their type's name. */
static bool is_code(
	struct mem *mem, const struct abi *abi, const uint8_t *bytes, size_t len)
{
	uint64_t type, name;
	char text[8];

	return abi_get_ptr(bytes, len, abi->obj.type, &type) &&
	       mem_read_u64(mem, type + abi->type.name, &name) == ST_OK &&
	       mem_read(mem, name, text, 5) == ST_OK && !memcmp(text, "code", 5);
}

static char *text_at(struct mem *mem, const struct abi *abi, uint64_t addr, size_t *len)
{
	struct buf text = BUF_INIT;
	enum status st = str_read(mem, abi, addr, STR_MAX, &text);

	if (st == ST_LIMIT)
		buf_str(&text, "...");
	else if (st != ST_OK)
		buf_str(&text, "?");
	if (!text.data)
		buf_str(&text, "");
	return buf_detach(&text, len);
}

static void load_lines(struct mem *mem, const struct abi *abi, struct code *c)
{
	struct buf table = BUF_INIT;
	size_t len = 0;

	c->lines.kind = abi->value.line_kind;
	c->lines.first_line = c->identity.first_line;
	if (bytes_read(mem, abi, c->identity.table, LINES_MAX, &table) == ST_OK &&
		table.len)
		c->lines.table = (uint8_t *)buf_detach(&table, &len);
	c->lines.len = len;
	buf_release(&table);
}

enum status code_load(
	struct mem *mem, const struct abi *abi, uint64_t addr, struct code *c)
{
	size_t len = bytes_wanted(abi);
	uint8_t bytes[CODE_BYTES];
	uint64_t name = 0;
	enum status st;

	*c = (struct code)CODE_INIT;
	if (!addr)
		return ST_BAD;
	st = mem_read(mem, addr, bytes, len);
	if (st != ST_OK)
		return st;
	if (!is_code(mem, abi, bytes, len) ||
		!code_identity_of(abi, bytes, len, &c->identity)) {
		c->identity = (struct code_identity){ 0 };
		return ST_TORN;
	}
	c->addr = addr;
	if (!abi_get_ptr(bytes, len, abi->code.qualname, &name) || !name)
		name = c->identity.name;
	abi_get_u32(bytes, len, abi->code.flags, &c->flags);
	abi_get_i32(bytes, len, abi->code.firsttraceable, &c->first_traceable);
	abi_get_ptr(bytes, len, abi->code.tlbc, &c->tlbc);
	if (abi_has(abi->code.code_adaptive))
		c->bytecode = addr + abi->code.code_adaptive;
	c->name = text_at(mem, abi, name, &c->name_len);
	c->file = text_at(mem, abi, c->identity.file, &c->file_len);
	load_lines(mem, abi, c);
	return ST_OK;
}

void code_release(struct code *c)
{
	free(c->name);
	free(c->file);
	free((void *)c->lines.table);
	free(c->copies);
	*c = (struct code)CODE_INIT;
}

static void keep_copy(struct code *c, size_t index, uint64_t start)
{
	GROW(c->copies, c->copies_cap, index + 1);
	while (c->n_copies <= index)
		c->copies[c->n_copies++] = 0;
	c->copies[index] = start;
}

/*
 * Where copy number `index` of the bytecode starts. The array of copies moves when it
 * grows, so an unknown copy is looked up afresh; a known one stays where it is while
 * interp.tlbc_generation does (Python/index_pool.c, Objects/codeobject.c).
 */
static enum status copy_start(struct code *c, struct mem *mem, const struct abi *abi,
	int32_t index, uint64_t *start)
{
	uint64_t array, count;
	enum status st;

	*start = c->bytecode;
	if (index == 0 || !c->tlbc || !abi_has(abi->codearray.entries))
		return ST_OK;
	if (index < 0 || index >= COPIES_MAX)
		return ST_BAD;
	if ((size_t)index < c->n_copies && c->copies[index]) {
		*start = c->copies[index];
		return ST_OK;
	}
	st = mem_read_u64(mem, c->addr + abi->code.tlbc, &array);
	if (st == ST_OK)
		st = mem_read_u64(mem, array + abi->codearray.count, &count);
	if (st == ST_OK && (uint64_t)index >= count)
		st = ST_BAD;
	if (st == ST_OK)
		st = mem_read_u64(
			mem, array + abi->codearray.entries + 8 * (uint64_t)index, start);
	if (st == ST_OK && !*start)
		st = ST_BAD;
	if (st == ST_OK)
		keep_copy(c, (size_t)index, *start);
	return st;
}

enum status code_offset(struct code *c, struct mem *mem, const struct abi *abi,
	uint64_t instr, int32_t tlbc_index, int32_t *offset)
{
	uint64_t start;
	enum status st;

	*offset = -1;
	if (abi->value.line_kind < 3) { /* f_lasti */
		int64_t bytes = (int64_t)(int32_t)instr * abi->value.lasti_unit;

		if (bytes > INT32_MAX)
			return ST_BAD;
		*offset = bytes < 0 ? -1 : (int32_t)bytes;
		return ST_OK;
	}
	st = copy_start(c, mem, abi, tlbc_index, &start);
	if (st != ST_OK)
		return st;
	/* prev_instr is one unit before the first instruction at the start */
	if (instr + 2 == start)
		return ST_OK;
	if (instr < start || instr - start > INT32_MAX)
		return ST_BAD;
	*offset = (int32_t)(instr - start);
	return ST_OK;
}

int32_t code_line(const struct code *c, int32_t offset)
{
	return lines_at(&c->lines, offset);
}

struct place code_place(const struct code *c, int32_t offset)
{
	return lines_place(&c->lines, offset);
}
