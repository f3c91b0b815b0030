/* test_symbols.c - interning, and the chunk that uses the ids */
#include "test.h"

#include "base/alloc.h"
#include "prof/chunk.h"
#include "prof/symbols.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

TEST(equal_symbols_get_equal_ids_and_read_back)
{
	struct symbols *s = symbols_new();
	struct func f = { .name = symbols_str(s, "main", 4), .first_line = 3 };
	func_id fn = symbols_func(s, &f);
	stack_id root = symbols_stack(s, 0, symbols_frame(s, fn, 7));
	stack_id leaf = symbols_stack(s, root, symbols_frame(s, fn, 8));

	CHECK_INT(symbols_str(s, "main", 4), f.name);
	CHECK_INT(symbols_func(s, &f), fn);
	CHECK_INT(symbols_stack(s, root, symbols_frame(s, fn, 8)), leaf);
	CHECK(leaf != root);
	CHECK_INT(symbols_stack_of(s, leaf)->parent, root);
	CHECK_INT(symbols_stack_of(s, leaf)->depth, 2);
	CHECK_INT(symbols_frame_of(s, symbols_stack_of(s, leaf)->frame)->line, 8);
	CHECK_STR(symbols_text(s, symbols_func_of(s, fn)->name, NULL), "main");
	symbols_free(s);
}

TEST(parts_of_a_line_are_frames_of_their_own)
{
	static const struct {
		struct columns in;
		bool kept;
	} rows[] = {
		{ { 8, 0, 12 }, true },
		{ { 0, 255, 1 }, true },
		{ { 4095, 3, 4095 }, true },
		{ { 4096, 0, 4100 }, false },
		{ { 4, 0, 4096 }, false },
		{ { 4, 256, 5 }, false },
	};
	struct symbols *s = symbols_new();
	frame_id plain = symbols_frame(s, 0, 7), seen = plain;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		uint32_t packed = columns_pack(&rows[i].in);
		frame_id id = symbols_frame_part(s, 0, 7, packed);
		struct columns out = columns_unpack(symbols_frame_of(s, id)->columns);

		CHECK_INT(symbols_frame_part(s, 0, 7, packed), id);
		CHECK_INT(symbols_frame_of(s, id)->line, 7);
		if (!rows[i].kept) {
			CHECK_INT(id, plain);
			continue;
		}
		CHECK(id > seen);
		seen = id;
		CHECK_INT(out.column, rows[i].in.column);
		CHECK_INT(out.end_lines, rows[i].in.end_lines);
		CHECK_INT(out.end_column, rows[i].in.end_column);
	}
	symbols_free(s);
}

TEST(an_id_nobody_handed_out_is_the_unknown_one)
{
	struct symbols *s = symbols_new();

	CHECK_STR(symbols_text(s, 12345, NULL), "");
	CHECK_INT(symbols_stack_of(s, UINT32_MAX)->depth, 0);
	symbols_free(s);
}

TEST(a_hundred_thousand_strings_stay_where_they_are)
{
	struct symbols *s = symbols_new();
	const char *first;
	char name[32];
	str_id id = 0;
	int i;

	first = symbols_text(s, symbols_str(s, "first", 5), NULL);
	for (i = 0; i < 100000; i++) {
		int n = snprintf(name, sizeof(name), "function_%d", i);

		id = symbols_str(s, name, (size_t)n);
	}
	CHECK_INT(id, 100001);
	CHECK_STR(symbols_text(s, id, NULL), "function_99999");
	CHECK(symbols_text(s, 1, NULL) == first);
	CHECK_STR(first, "first");
	symbols_free(s);
}
