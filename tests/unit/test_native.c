/* test_native.c - which native frames matter, and how they meet the Python ones */
#include "test.h"

#include "base/alloc.h"
#include "native/merge.h"
#include "native/name.h"
#include "python/abi.h"

#include <string.h>

TEST(native_symbols_are_loops_glue_or_work)
{
	static const struct {
		const char *symbol;
		uint16_t version;
		enum native_kind kind;
	} tc[] = {
		{ "_PyEval_EvalFrameDefault", ABI_VERSION(3, 12), NATIVE_EVAL },
		{ "_PyEval_EvalFrameDefault.cold", ABI_VERSION(3, 8), NATIVE_EVAL },
		{ "_TAIL_CALL_CALL_PY_EXACT_ARGS", ABI_VERSION(3, 14), NATIVE_EVAL },
		{ "PyEval_EvalFrameEx", ABI_VERSION(2, 7), NATIVE_EVAL },
		{ "PyEval_EvalFrameEx", ABI_VERSION(3, 6), NATIVE_GLUE },
		{ "_PyEval_Vector", ABI_VERSION(3, 12), NATIVE_GLUE },
		{ "function_code_fastcall.isra.0", ABI_VERSION(3, 8), NATIVE_GLUE },
		{ "__libc_start_main@@GLIBC_2.34", ABI_VERSION(3, 12), NATIVE_GLUE },
		{ "list_sort_impl", ABI_VERSION(3, 12), NATIVE_CODE },
		{ "gc_collect_main", ABI_VERSION(3, 12), NATIVE_CODE },
		{ "_ZN3foo3barEv", ABI_VERSION(3, 12), NATIVE_CODE },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(tc); i++)
		CHECK_INT(name_kind(tc[i].symbol, tc[i].version), tc[i].kind);
}

TEST(mangled_names_read_as_their_languages_write_them)
{
	static const struct {
		const char *symbol, *shown;
	} tc[] = {
		{ "plain_c", "plain_c" },
		{ "plain_c.constprop.0", "plain_c" },
		{ "_ZN3foo3barEi", "foo::bar(int)" },
		{ "_ZN4core3fmt5write17h0123456789abcdefE", "core::fmt::write" },
		{ "_RNvCs1234_7mycrate3foo", "mycrate::foo" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(tc); i++) {
		char *shown = name_demangle(tc[i].symbol);

		CHECK_STR(shown, tc[i].shown);
		free(shown);
	}
}

/*
 * Native stacks leaf first: E loop, g glue, other letters work. Python frames root first:
 * capitals are entry frames (called from C). Merged, root first: as written, work in
 * lower case, Python as it is; "!" when the two do not fit.
 */
TEST(python_frames_stand_where_their_loops_are)
{
	static const struct {
		const char *native, *python;
		enum merge_rule rule;
		bool complete;
		const char *merged;
	} tc[] = {
		{ "mEgsEgg", "FGK", MERGE_UNTIL_ENTRY, true, "!FGK" },
		{ "mEgsEgg", "FgK", MERGE_UNTIL_ENTRY, true, "FgsKm" },
		{ "Eg", "Abc", MERGE_UNTIL_ENTRY, true, "Abc" },
		{ "EgEgEg", "abc", MERGE_ONE_EACH, true, "abc" },
		{ "rEgsEgEg", "abc", MERGE_ONE_EACH, true,
			"absc"
			"r" },
		{ "mE", "Abcd", MERGE_ONE_EACH, false, "Abcdm" },
		{ "mE", "Abcd", MERGE_ONE_EACH, true, "!Abcd" },
		{ "EEg", "A", MERGE_UNTIL_ENTRY, true, "A" },
		{ "EmEgsEg", "AK", MERGE_UNTIL_ENTRY, true, "AsKm" },
		{ "EEEg", "A", MERGE_UNTIL_ENTRY, true, "!A" },
		{ "xyz", "", MERGE_UNTIL_ENTRY, true, "zyx" },
	};
	size_t i, k;

	for (i = 0; i < ARRAY_SIZE(tc); i++) {
		size_t n_native = strlen(tc[i].native), n_python = strlen(tc[i].python),
		       n;
		struct native_step native[16] = { 0 };
		struct raw_frame python[16] = { 0 };
		struct merged_frame out[32];
		char text[40] = "";
		bool sound;

		for (k = 0; k < n_native; k++) {
			char c = tc[i].native[k];

			native[k].kind = c == 'E'   ? NATIVE_EVAL
					 : c == 'g' ? NATIVE_GLUE
						    : NATIVE_CODE;
		}
		for (k = 0; k < n_python; k++)
			python[k].flags = tc[i].python[k] < 'a' ? RAW_ENTRY : 0;
		n = merge_stacks(python, n_python, native, n_native, tc[i].complete,
			tc[i].rule, out, &sound);
		if (!sound)
			strcat(text, "!");
		for (k = 0; k < n; k++)
			strncat(text,
				&(out[k].is_python ? tc[i].python
						   : tc[i].native)[out[k].index],
				1);
		CHECK_STR(text, tc[i].merged);
	}
}
