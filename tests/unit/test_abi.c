/* test_abi.c - layout tables, the target's own offsets, versions */
#include "test.h"

#include "base/alloc.h"
#include "python/abi_desc.h"
#include "python/detect.h"
#include "python/offsets.h"
#include "python/runtime.h"
#include "python/runtime_check.h"

#include <errno.h>
#include <string.h>

/* Memory of a target that does not exist: [base, base + len) */
struct fake {
	struct mem mem;
	uint64_t base;
	uint8_t *data;
	size_t len;
};

static ssize_t fake_readv(struct mem *mem, const struct mem_segment *seg, size_t n)
{
	struct fake *f = (struct fake *)mem;
	ssize_t got = 0;

	for (size_t i = 0; i < n; i++) {
		uint64_t at = seg[i].addr - f->base;

		if (seg[i].addr < f->base || at > f->len || f->len - at < seg[i].len)
			break;
		memcpy(seg[i].dst, f->data + at, seg[i].len);
		got += (ssize_t)seg[i].len;
	}
	if (!got && n) {
		errno = EFAULT;
		return -1;
	}
	return got;
}

static const struct mem_ops fake_ops = { .readv = fake_readv };

#define FAKE(array)                                                                    \
	{                                                                              \
		.mem = { .ops = &fake_ops }, .base = 0x10000, .data = (void *)(array), \
		.len = sizeof(array)                                                   \
	}

TEST(a_member_that_a_version_lacks_is_refused_and_never_offset_zero)
{
	const struct abi *abi = abi_pick(ABI_VERSION(3, 8), 18, false, false);
	uint8_t copy[64] = { 1, 2, 3, 4, 5, 6, 7, 8 };
	uint64_t v = 99;

	CHECK(abi != NULL);
	CHECK(!abi_has(abi->tstate.current_frame));
	CHECK(!abi_get_ptr(copy, sizeof(copy), abi->tstate.current_frame, &v));
	CHECK_INT(v, 0);
	CHECK(abi_get_ptr(copy, sizeof(copy), abi->tstate.prev, &v));
	CHECK(v == 0x0807060504030201);
}

TEST(a_getter_refuses_what_is_not_wholly_inside_the_copied_bytes)
{
	uint8_t copy[16] = { 0 };
	uint64_t v;
	uint8_t b;

	CHECK(abi_get_ptr(copy, 16, 8, &v));
	CHECK(!abi_get_ptr(copy, 16, 9, &v));
	CHECK(!abi_get_ptr(copy, 16, 16, &v));
	CHECK(!abi_get_ptr(copy, 16, 0xfffffff8, &v));
	CHECK(abi_get_u8(copy, 16, 15, &b));
	CHECK(!abi_get_u8(copy, 16, 16, &b));
	CHECK(!abi_get_ptr(copy, 0, 0, &v));
}

TEST(opcodes_that_call_are_known_for_every_version_with_a_table)
{
	static const struct {
		uint16_t version;
		uint8_t opcode;
		bool calls;
	} tc[] = {
		{ ABI_VERSION(2, 7), 131, true },   /* CALL_FUNCTION */
		{ ABI_VERSION(3, 8), 161, true },   /* CALL_METHOD */
		{ ABI_VERSION(3, 8), 162, false },  /* CALL_FINALLY */
		{ ABI_VERSION(3, 11), 166, true },  /* PRECALL */
		{ ABI_VERSION(3, 12), 171, true },  /* CALL */
		{ ABI_VERSION(3, 12), 173, false }, /* CALL_INTRINSIC_1 */
		{ ABI_VERSION(3, 15), 251, true },  /* INSTRUMENTED_CALL_FUNCTION_EX */
		{ ABI_VERSION(3, 15), 0, false },
	};

	for (size_t i = 0; i < abi_table_count; i++)
		CHECK(abi_calls(abi_tables[i].version) != NULL);
	CHECK(abi_calls(ABI_VERSION(3, 99)) == NULL);
	for (size_t i = 0; i < ARRAY_SIZE(tc); i++) {
		const uint64_t *calls = abi_calls(tc[i].version);

		CHECK_INT(calls[tc[i].opcode / 64] >> tc[i].opcode % 64 & 1, tc[i].calls);
	}
}

TEST(masks_are_shifted_down_and_a_missing_mask_is_zero)
{
	const struct abi *t = abi_pick(ABI_VERSION(3, 14), 0, true, false);

	CHECK(t != NULL);
	CHECK_INT(abi_bits(0x1 << 8, t->strstate.kind), 1);
	CHECK_INT(abi_bits(0xffffffff, t->strstate.kind), 7);
	CHECK_INT(abi_bits(0xffffffff, ABI_NONE), 0);
}

TEST(every_version_that_is_promised_has_a_release_and_a_debug_table)
{
	static const int minors[] = { 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 };

	for (int debug = 0; debug < 2; debug++) {
		CHECK(abi_pick(ABI_VERSION(2, 7), 18, false, debug) != NULL);
		for (size_t i = 0; i < ARRAY_SIZE(minors); i++)
			CHECK(abi_pick(ABI_VERSION(3, minors[i]), 0, false, debug) !=
				NULL);
		for (int minor = 13; minor <= 15; minor++)
			CHECK(abi_pick(ABI_VERSION(3, minor), 0, true, debug) != NULL);
	}
	CHECK(abi_pick(ABI_VERSION(3, 5), 0, false, false) == NULL);
	CHECK(abi_pick(ABI_VERSION(3, 99), 0, false, false) == NULL);
}

TEST(the_first_patch_levels_of_3_7_have_a_layout_of_their_own)
{
	static const struct {
		uint8_t patch;
		uint32_t tstate_current;
	} tc[] = { { 0, 1392 }, { 3, 1392 }, { 4, 1480 }, { 17, 1480 } };

	for (size_t i = 0; i < ARRAY_SIZE(tc); i++)
		CHECK_INT(abi_pick(ABI_VERSION(3, 7), tc[i].patch, false, false)
				  ->runtime.tstate_current,
			tc[i].tstate_current);
}

TEST(the_known_versions_are_listed_once_and_cut_to_the_room_there_is)
{
	char text[256], small[12];

	abi_known(text, sizeof(text));
	CHECK_STR(text,
		"2.7, 3.6, 3.7, 3.8, 3.9, 3.10, 3.11, 3.12, 3.13, 3.13t, 3.14, 3.14t, "
		"3.15, 3.15t");
	abi_known(small, sizeof(small));
	CHECK(strlen(small) < sizeof(small));
}

TEST(no_table_has_a_member_outside_its_structure)
{
	for (size_t i = 0; i < abi_table_count; i++) {
		for (size_t k = 0; k < abi_field_count; k++) {
			const struct abi_field *f = &abi_fields[k];
			uint32_t at = abi_field_get(&abi_tables[i], f), size;

			memcpy(&size, (const char *)&abi_tables[i] + f->size_at, 4);
			if (f->kind == ABI_MASK || at == ABI_NONE || size == ABI_NONE)
				continue;
			CHECK(f->kind == ABI_SIZE || at + f->width <= size);
		}
	}
}

TEST(a_version_reads_from_its_text)
{
	static const struct {
		const char *text;
		int version, patch;
	} good[] = {
		{ "2.7.18", 0x207, 18 },
		{ "2.7.18+", 0x207, 18 },
		{ "3.6.0", 0x306, 0 },
		{ "3.15.0rc1", 0x30f, 0 },
		{ "3.15.0a10", 0x30f, 0 },
	};
	static const char *const bad[] = { "", "3", "3.", "3.8", "3.8.", "1.2.13",
		"3.0.11", "2.6.1", "3.08.1", "3.8.18.1", "3.8.x", "3.8.1 (default)",
		"3.8.99999", "03.8.1", "3.8.1 " };
	struct python_version v;

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		CHECK(detect_from_text(good[i].text, strlen(good[i].text), &v));
		CHECK_INT(v.version, good[i].version);
		CHECK_INT(v.patch, good[i].patch);
		CHECK_STR(v.text, good[i].text);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		CHECK(!detect_from_text(bad[i], strlen(bad[i]), &v));
}

TEST(a_version_reads_from_its_hex_number)
{
	CHECK_STR(detect_from_hex(0x030d00f0).text, "3.13.0");
	CHECK_STR(detect_from_hex(0x030f00c2).text, "3.15.0rc2");
	CHECK_STR(detect_from_hex(0x030f00a7).text, "3.15.0a7");
	CHECK_INT(detect_from_hex(0x030b07f0).version, ABI_VERSION(3, 11));
	CHECK_INT(detect_from_hex(0x030b07f0).patch, 7);
}

/* The words that a target with this layout would carry. Returns their number. */
static size_t words_of(const struct abi *abi, uint64_t *word, size_t max)
{
	size_t n = 0;

	for (size_t i = 0; i < abi_runtime_word_count; i++) {
		const struct abi_word *w = &abi_runtime_words[i];
		uint64_t v = 0;

		if (w->since > abi->version)
			continue;
		if (w->field >= 0)
			v = abi_field_get(abi, &abi_fields[w->field]);
		if (v == ABI_NONE)
			v = 0;
		if (w->base >= 0)
			v = (uint64_t)((int64_t)v -
				       w->sign * (int64_t)abi_field_get(
							 abi, &abi_fields[w->base]));
		CHECK(n < max);
		word[n++] = v;
	}
	memcpy(&word[0], "xdebugpy", 8);
	word[1] = (uint64_t)abi->version << 16 | 0xf0;
	word[2] = abi->free_threaded;
	return n;
}

TEST(offsets_that_the_target_carries_are_used)
{
	uint64_t word[256] = { 0 };
	struct fake fake = FAKE(word);
	struct offsets_head head;
	struct err err = ERR_INIT;

	for (int minor = 13; minor <= 15; minor++) {
		for (int ft = 0; ft < 2; ft++) {
			const struct abi *row =
				abi_pick(ABI_VERSION(3, minor), 0, ft, false);
			struct abi moved = *row, got = *row;

			/* a patch level that grew the interpreter by 16 bytes */
			moved.interp.size += 16;
			moved.interp.modules += 16;
			words_of(&moved, word, ARRAY_SIZE(word));
			CHECK(offsets_probe(&fake.mem, 0x10000, &head));
			CHECK_INT(head.free_threaded, ft);
			CHECK_OK(offsets_apply(&got, &fake.mem, 0x10000, &err), err);
			CHECK_INT(got.interp.modules, row->interp.modules + 16);
			CHECK_MEM(&got, &moved, sizeof(got));
		}
	}
}

TEST(offsets_that_cannot_be_change_nothing)
{
	const struct abi *row = abi_pick(ABI_VERSION(3, 14), 0, false, false);
	static const uint64_t wrong[] = { UINT64_MAX, 1ull << 40, 9 << 20, 0xffffffff };
	uint64_t word[256] = { 0 }, saved;
	struct fake fake = FAKE(word);
	size_t n = words_of(row, word, ARRAY_SIZE(word));

	for (size_t i = 3; i < n; i++) {
		for (size_t k = 0; k < ARRAY_SIZE(wrong); k++) {
			struct abi got = *row;
			struct err err = ERR_INIT;

			saved = word[i];
			word[i] = wrong[k];
			/* refused, or a word that is not used */
			offsets_apply(&got, &fake.mem, 0x10000, &err);
			CHECK_MEM(&got, row, sizeof(got));
			word[i] = saved;
		}
	}
	/* a member past the end of its structure, each within the absolute limit */
	for (size_t i = 3; i < n; i++) {
		struct abi got = *row;
		struct err err = ERR_INIT;

		saved = word[i];
		word[i] += 1 << 20;
		if (offsets_apply(&got, &fake.mem, 0x10000, &err) == 0)
			for (size_t k = 0; k < abi_field_count; k++)
				CHECK(abi_fields[k].kind == ABI_SIZE ||
					abi_field_get(&got, &abi_fields[k]) ==
						abi_field_get(row, &abi_fields[k]));
		word[i] = saved;
	}
}

TEST(offsets_that_end_early_are_an_error)
{
	struct abi abi = *abi_pick(ABI_VERSION(3, 15), 0, false, false);
	uint64_t word[50] = { 0 };
	struct fake fake = FAKE(word);
	struct err err = ERR_INIT;

	CHECK_INT(offsets_apply(&abi, &fake.mem, 0x10000, &err), -1);
	CHECK_INT(err.code, ERR_CORRUPT);
}

TEST(a_runtime_is_alive_only_when_a_thread_points_back)
{
	const struct abi *abi = abi_pick(ABI_VERSION(3, 8), 18, false, false);
	/* 0: head; 8..: interpreter, tstate_head at +8; 40..: thread state, interp at +16 */
	uint64_t word[16] = { 0x10008 };
	struct fake fake = FAKE(word);

	CHECK_INT(abi->interp.tstate_head, 8);
	CHECK_INT(abi->tstate.interp, 16);
	CHECK_INT(runtime_check(&fake.mem, abi, 0x10000), RUNTIME_EMPTY);
	word[2] = 0x10028;
	word[7] = 0x10008;
	CHECK_INT(runtime_check(&fake.mem, abi, 0x10000), RUNTIME_LIVE);
	word[7] = 0x10010;
	CHECK_INT(runtime_check(&fake.mem, abi, 0x10000), RUNTIME_BAD);
	word[2] = 0xdead0000;
	CHECK_INT(runtime_check(&fake.mem, abi, 0x10000), RUNTIME_BAD);
	word[0] = 0x10009;
	CHECK_INT(runtime_check(&fake.mem, abi, 0x10000), RUNTIME_BAD);
	word[0] = 0;
	CHECK_INT(runtime_check(&fake.mem, abi, 0x10000), RUNTIME_EMPTY);
}

TEST(the_words_of_the_abi_option_parse)
{
	enum abi_source source;

	CHECK(abi_source_parse("offsets", &source));
	CHECK_INT(source, ABI_OFFSETS);
	CHECK_STR(abi_source_word(ABI_DWARF), "dwarf");
	CHECK(!abi_source_parse("", &source));
	CHECK(!abi_source_parse("guess", &source));
}
