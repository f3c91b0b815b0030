/*
 * symbols.h - strings, functions, frames and stacks as small dense ids.
 *
 * Tables only grow. One thread adds; any number of threads may look up ids they have
 * been given, without a lock: entries never move and are complete before their id is
 * handed out. Id 0 always exists: "", the unknown function, no frame, the empty stack.
 * When a table set has grown too large its owner starts a new one (see store blocks).
 */
#ifndef PROF_SYMBOLS_H
#define PROF_SYMBOLS_H

#include <stddef.h>
#include <stdint.h>

typedef uint32_t str_id;
typedef uint32_t func_id;
typedef uint32_t frame_id;
typedef uint32_t stack_id;

enum func_flags {
	FUNC_LIBRARY =
		1 << 0, /* standard library, site-packages, frozen, zip: not "mine" */
	FUNC_NATIVE = 1 << 1, /* C, C++, Rust: module is the object, file its source */
	FUNC_MARK = 1 << 2,   /* not a function: "(cut)", "(5000 frames)", "(other)" */
	FUNC_TASK = 1 << 3,   /* an asyncio task's name */
};

struct func {
	str_id name;   /* qualified where the version has it */
	str_id file;   /* as the target names it */
	str_id module; /* 0 when not known */
	uint32_t first_line;
	uint32_t flags; /* enum func_flags */
};

struct frame {
	func_id func;
	uint32_t line;    /* 0: not known */
	uint32_t columns; /* which part of the line: columns_pack; 0: not known */
};

/* Where an expression is that begins on a frame's line: columns count bytes of UTF-8
 * from 0, end_column is the first one behind it. */
struct columns {
	uint32_t column, end_lines, end_column; /* end_lines: lines below the frame's */
};

/* In 32 bits. 0 where there is nothing to tell, or a number is too large: columns to
 * 4095, 255 lines. */
uint32_t columns_pack(const struct columns *s);
struct columns columns_unpack(uint32_t packed);

struct stack {
	stack_id parent; /* towards the root; 0 above the root */
	frame_id frame;
	uint32_t depth; /* the root has 1 */
};

enum symbol_kind { SYM_STR, SYM_FUNC, SYM_FRAME, SYM_STACK, SYM_KINDS };

struct symbols;

struct symbols *symbols_new(void);
void symbols_free(struct symbols *s);

/* Room for n more entries of a kind, where it is known how many will come. */
void symbols_reserve(struct symbols *s, enum symbol_kind kind, size_t n);
/* Each returns the id of an equal entry, adding it when new. Strings are bytes, cut at
 * 64 KiB; the text is copied. */
str_id symbols_str(struct symbols *s, const char *text, size_t len);
func_id symbols_func(struct symbols *s, const struct func *f);
frame_id symbols_frame(struct symbols *s, func_id func, uint32_t line);
/* The same, for a part of the line. */
frame_id symbols_frame_part(
	struct symbols *s, func_id func, uint32_t line, uint32_t columns);
stack_id symbols_stack(struct symbols *s, stack_id parent, frame_id frame);
/* A mark on top of a stack, FUNC_MARK: what stands there is no function. */
stack_id symbols_mark(struct symbols *s, stack_id parent, const char *text);

/* Lookups; an id that was never handed out yields entry 0, so that a damaged file cannot
 * lead astray. Borrowed for the life of the tables. len may be NULL. */
const char *symbols_text(const struct symbols *s, str_id id, size_t *len);
const struct func *symbols_func_of(const struct symbols *s, func_id id);
const struct frame *symbols_frame_of(const struct symbols *s, frame_id id);
const struct stack *symbols_stack_of(const struct symbols *s, stack_id id);

/* Entries of a kind, entry 0 included: the next id to be handed out. */
uint32_t symbols_count(const struct symbols *s, enum symbol_kind kind);
/* Bytes of memory held. */
size_t symbols_memory(const struct symbols *s);

#endif
