/* test_base.c - buffers, bytes, maps, JSON, UTF-8 */
#include "test.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/bytes.h"
#include "base/json.h"
#include "base/map.h"
#include "base/utf8.h"

#include <math.h>
#include <string.h>

TEST(varints_of_any_size_read_back_equal)
{
	static const uint64_t values[] = { 0, 1, 127, 128, 16383, 16384, UINT32_MAX,
		(uint64_t)1 << 63, UINT64_MAX };
	struct buf b = BUF_INIT;
	struct reader r;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(values); i++)
		put_varint(&b, values[i]);
	put_svarint(&b, -5);
	put_svarint(&b, INT64_MIN);
	r = reader_of(b.data, b.len);
	for (i = 0; i < ARRAY_SIZE(values); i++)
		CHECK(get_varint(&r) == values[i]);
	CHECK(get_svarint(&r) == -5);
	CHECK(get_svarint(&r) == INT64_MIN);
	CHECK(!r.bad && reader_left(&r) == 0);
	buf_release(&b);
}

TEST(a_reader_past_its_end_turns_bad_and_yields_zeros)
{
	struct reader r = reader_of("\x05\x61", 2);
	size_t len;

	CHECK_STR(get_string(&r, &len), "");
	CHECK(r.bad);
	CHECK_INT(get_be32(&r), 0);
	r = reader_of("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 12);
	CHECK_INT(get_varint(&r), 0);
	CHECK(r.bad);
}

TEST(a_map_finds_ten_thousand_keys_and_no_other)
{
	struct map m = MAP_INIT;
	uint64_t i;

	CHECK(map_get(&m, 0) == NULL);
	for (i = 0; i < 10000; i++)
		*map_put(&m, i * 4096) = i;
	for (i = 0; i < 10000; i++)
		CHECK_INT(*map_get(&m, i * 4096), i);
	CHECK(map_get(&m, 1) == NULL);
	CHECK_INT(m.n, 10000);
	map_clear(&m);
	CHECK(map_get(&m, 4096) == NULL);
	map_release(&m);
}

TEST(json_nests_and_escapes_what_a_hostile_name_may_hold)
{
	static const char name[] = "</script>\"\n\x01\xff\xe2\x80\xa8\xf0\x9f\x92\xa9";
	struct buf b = BUF_INIT;
	struct json j;

	json_init(&j, &b);
	json_object(&j);
	json_kstr(&j, "name", name);
	json_key(&j, "v");
	json_array(&j);
	json_int(&j, -1);
	json_double(&j, 0.1);
	json_double(&j, NAN);
	json_end(&j);
	json_kbool(&j, "ok", true);
	json_end(&j);
	CHECK_STR(b.data, "{\"name\":\"<\\/script>\\\"\\n\\u0001\xef\xbf\xbd\\u2028"
			  "\xf0\x9f\x92\xa9\",\"v\":[-1,0.1,null],\"ok\":true}");
	buf_release(&b);
}

TEST(json_numbers_read_back_equal)
{
	static const struct {
		double v;
		const char *text;
	} rows[] = {
		{ 0, "0" },
		{ -0.5, "-0.5" },
		{ 1e-6, "0.000001" },
		{ 1e-7, "1e-07" },
		{ 1795262400000.25, "1795262400000.25" },
		{ 12.345678, "12.345678" },
		{ 1.0 / 3, "0.333333333333333" },
		{ 1e300, "1e+300" },
		{ 100, "100" },
	};
	struct buf b = BUF_INIT;
	struct json j;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		buf_clear(&b);
		json_init(&j, &b);
		json_double(&j, rows[i].v);
		if (i != 6)
			CHECK_STR(b.data, rows[i].text);
		CHECK(strtod(b.data, NULL) == rows[i].v);
	}
	buf_clear(&b);
	json_init(&j, &b);
	json_array(&j);
	json_int(&j, INT64_MIN);
	json_uint(&j, UINT64_MAX);
	json_int(&j, 0);
	json_end(&j);
	CHECK_STR(b.data, "[-9223372036854775808,18446744073709551615,0]");
	buf_release(&b);
}

TEST(utf8_takes_what_is_well_formed_and_nothing_else)
{
	static const struct {
		const char *bytes;
		size_t valid;
	} tc[] = {
		{ "a", 1 },
		{ "\xc3\xa9", 2 },
		{ "\xe2\x82\xac", 3 },
		{ "\xf0\x9f\x92\xa9", 4 },
		{ "\xc0\x80", 0 },
		{ "\xed\xa0\x80", 0 },
		{ "\xf4\x90\x80\x80", 0 },
		{ "\xe2\x82", 0 },
		{ "\x80", 0 },
	};
	struct buf b = BUF_INIT;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(tc); i++)
		CHECK_INT(utf8_valid_at(tc[i].bytes, strlen(tc[i].bytes)), tc[i].valid);
	utf8_put(&b, 0x1f4a9);
	utf8_put(&b, 0xd800);
	CHECK_STR(b.data, "\xf0\x9f\x92\xa9\xef\xbf\xbd");
	buf_release(&b);
}
