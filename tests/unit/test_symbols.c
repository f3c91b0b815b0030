/* test_symbols.c - interning, and the chunk that uses the ids */
#include "test.h"

#include "prof/chunk.h"
#include "prof/symbols.h"

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
