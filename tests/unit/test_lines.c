/* test_lines.c - the four line tables, and numbers as Python writes them */
#include "test.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "python/lines.h"
#include "python/number.h"
#include "python/str.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { UNSIGNED_LNOTAB, LNOTAB, RANGES, LOCATIONS };

/* Bytes of "0001 ff7f" */
static size_t from_hex(const char *hex, uint8_t *out)
{
	unsigned byte;
	size_t n = 0;
	int used;

	while (sscanf(hex, " %2x%n", &byte, &used) == 1) {
		out[n++] = (uint8_t)byte;
		hex += used;
	}
	return n;
}

static struct place place_of(int kind, const char *hex, int first, int offset)
{
	uint8_t *table = xmalloc(256);
	struct lines t = { kind, first, table, from_hex(hex, table) };
	struct place p;

	/* exactly as large as it is, so that a sanitizer sees a read beyond */
	t.table = table = xreallocarray(table, t.len ? t.len : 1, 1);
	p = lines_place(&t, offset);
	free(table);
	return p;
}

TEST(a_line_table_gives_the_line_that_traceback_prints)
{
	static const struct {
		int kind;
		const char *hex;
		int first, offset, line;
	} tc[] = {
		/* py-spy's case: addresses 0 10 18 22, a line each */
		{ LNOTAB, "0001 0a01 0801 0401", 3, 30, 7 },
		{ LNOTAB, "0001 0a01 0801 0401", 3, 9, 4 },
		{ LNOTAB, "0001 0a01 0801 0401", 3, 10, 5 },
		{ LNOTAB, "0001 0a01 0801 0401", 3, -1, 3 }, /* not started */
		{ LNOTAB, "06ff 0602", 10, 6, 9 },           /* a line back */
		{ UNSIGNED_LNOTAB, "06ff", 10, 6, 265 },     /* 2.7 knows no way back */
		{ LNOTAB, "ff00 0201", 1, 256, 1 },          /* a gap of 257 bytes */
		{ LNOTAB, "ff00 0201", 1, 257, 2 },
		{ LNOTAB, "007f 007f 0002", 1, 0, 257 },
		{ LNOTAB, "06", 5, 100, 5 }, /* half a pair */
		/* PEP 626: lengths, -128 has no line, empty ranges only move the line */
		{ RANGES, "0401 0602 0280 0401", 10, 0, 11 },
		{ RANGES, "0401 0602 0280 0401", 10, 3, 11 },
		{ RANGES, "0401 0602 0280 0401", 10, 4, 13 },
		{ RANGES, "0401 0602 0280 0401", 10, 10, 0 },
		{ RANGES, "0401 0602 0280 0401", 10, 12, 14 },
		{ RANGES, "0401 0602 0280 0401", 10, 99, 0 }, /* beyond the table */
		{ RANGES, "007f 0441", 10, 0, 10 + 127 + 0x41 },
		/* PEP 657: short, one line, no columns, long, none */
		{ LOCATIONS, "8000", 10, 0, 10 },
		{ LOCATIONS, "8100", 10, 3, 10 }, /* two code units */
		{ LOCATIONS, "8100", 10, 4, 0 },  /* beyond */
		{ LOCATIONS, "d8 0102", 10, 0, 11 },
		{ LOCATIONS, "e0 0102", 10, 0, 12 },
		{ LOCATIONS, "e8 06", 10, 0, 13 },         /* svarint 6 = +3 */
		{ LOCATIONS, "e8 07", 10, 0, 7 },          /* 7 = -3 */
		{ LOCATIONS, "e8 4410", 10, 0, 10 + 514 }, /* two bytes: 4 | 16 << 6 */
		{ LOCATIONS, "f8", 10, 0, 0 },
		{ LOCATIONS, "f8 e8 04", 10, 2, 12 },
		{ LOCATIONS, "f0 02 03 05 08 8000", 10, 0, 11 },
		{ LOCATIONS, "f0 02 03 05 08 8000", 10, 2, 11 },
		{ LOCATIONS, "f0 42 8000", 10, 2,
			11 }, /* varints cut by the next entry */
		{ LOCATIONS, "e8 7f7f7f7f7f7f7f7f", 10, 0, 0 }, /* no such line */
		{ LOCATIONS, "", 10, 0, 10 },
		{ 99, "8000", 10, 0, 10 },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(tc); i++) {
		int line =
			place_of(tc[i].kind, tc[i].hex, tc[i].first, tc[i].offset).line;

		if (line != tc[i].line)
			fail_msg("row %zu, %s at %d: line %d, not %d", i, tc[i].hex,
				tc[i].offset, line, tc[i].line);
	}
}

TEST(a_location_table_gives_columns_and_the_last_line)
{
	struct place p = place_of(LOCATIONS, "f0 02 03 05 08", 10, 0);

	CHECK_INT(p.line, 11);
	CHECK_INT(p.end_line, 14);
	CHECK_INT(p.column, 4);
	CHECK_INT(p.end_column, 7);
	p = place_of(
		LOCATIONS, "98 25", 10, 0); /* short form 3: columns 24 + 2, and 5 on */
	CHECK_INT(p.column, 26);
	CHECK_INT(p.end_column, 31);
	p = place_of(LOCATIONS, "d0 1122", 10, 0);
	CHECK_INT(p.line, 10);
	CHECK_INT(p.column, 0x11);
	CHECK_INT(p.end_column, 0x22);
}

TEST(random_tables_end_and_stay_inside)
{
	uint8_t bytes[64];
	unsigned seed = 1;
	int round;
	size_t i;

	for (round = 0; round < 20000; round++) {
		struct lines t = { round & 3, 5, NULL, 0 };
		uint8_t *exact;

		for (i = 0; i < sizeof(bytes); i++) {
			seed = seed * 1103515245 + 12345;
			bytes[i] = (uint8_t)(seed >> 16);
		}
		t.len = bytes[0] % sizeof(bytes);
		t.table = exact = xmalloc(t.len + 1);
		memcpy(exact, bytes, t.len);
		lines_at(&t, bytes[1] * 4);
		free(exact);
	}
}

TEST(floats_are_written_as_python_writes_them)
{
	static const struct {
		double v;
		const char *text;
	} tc[] = {
		{ 0.0, "0.0" },
		{ -0.0, "-0.0" },
		{ 1.0, "1.0" },
		{ 0.1, "0.1" },
		{ 1.0 / 3, "0.3333333333333333" },
		{ 1e15, "1000000000000000.0" },
		{ 1e16, "1e+16" },
		{ 1e22, "1e+22" },
		{ 1.5e300, "1.5e+300" },
		{ 0.0001, "0.0001" },
		{ 0.00001, "1e-05" },
		{ 123456789.125, "123456789.125" },
		{ 5e-324, "5e-324" },
		{ (double)NAN, "nan" },
		{ (double)-INFINITY, "-inf" },
		{ 9007199254740993.0, "9007199254740992.0" },
	};
	struct buf out = BUF_INIT;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(tc); i++) {
		buf_clear(&out);
		double_put(&out, tc[i].v);
		CHECK_STR(out.data, tc[i].text);
	}
	buf_release(&out);
}

TEST(bytes_that_are_no_utf8_are_escaped)
{
	struct buf out = BUF_INIT;

	str_put_bytes(&out, "a\xff\xc3\xa4\x80z", 6);
	CHECK_STR(out.data, "a\\xff\xc3\xa4\\x80z");
	buf_release(&out);
}
