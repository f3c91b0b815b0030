/*
 * name.c - see name.h
 *
 * The names are CPython's own (Python/ceval.c, Objects/call.c, Modules/main.c...), all
 * versions from 2.7 on in one table: a name that a version does not have does no harm.
 */
#include "native/name.h"

#include "base/alloc.h"
#include "python/abi.h"

#include <libiberty/demangle.h>
#include <string.h>

/* Between a Python call and the next loop, and between main() and the first. A trailing
 * '*' stands for anything. */
static const char *const glue[] = {
	"PyCFunction_Call*",
	"PyEval_*",
	"PyFunction_*",
	"PyObject_Call*",
	"PyObject_Vectorcall*",
	"PyRun_*",
	"PyVectorcall_Call",
	"Py_BytesMain",
	"Py_Main",
	"Py_RunMain",
	"_PyCFunction_*",
	"_PyEval_*",
	"_PyFunction_*",
	"_PyMethodDef_*",
	"_PyMethodDescr_FastCall*",
	"_PyObject_Call*",
	"_PyObject_FastCall*",
	"_PyObject_MakeTpCall*",
	"_PyObject_Vectorcall*",
	"_PyRun_*",
	"_PyVectorcall_Call",
	"_Py_UnixMain",
	"__clone*",
	"__libc_start_*",
	"_start",
	"bootstrap_pthread",
	"builtin_exec*",
	"call_function",
	"cfunction_call*",
	"cfunction_vectorcall*",
	"clone",
	"clone3",
	"do_call*",
	"ext_do_call",
	"fast_function",
	"function_call",
	"function_code_fastcall",
	"gen_iternext",
	"gen_send_ex*",
	"instancemethod_call",
	"main",
	"method_call",
	"method_vectorcall*",
	"object_vacall",
	"partial_call*",
	"partial_vectorcall*",
	"pymain_*",
	"pythread_wrapper",
	"run_eval_code_obj",
	"run_mod",
	"slot_tp_*",
	"start_thread",
	"t_bootstrap",
	"thread_run",
	"thread_start",
	"type_call",
	"vectorcall_*",
	"wrap_call",
	"wrapper_call",
};

static size_t stem_length(const char *symbol)
{
	static const char *const suffixes[] = { ".cold", ".constprop", ".isra",
		".lto_priv", ".part", ".llvm", ".localalias", "@" };
	size_t len = strlen(symbol), i;

	for (i = 0; i < ARRAY_SIZE(suffixes); i++) {
		const char *at = strstr(symbol, suffixes[i]);

		if (at && at != symbol && (size_t)(at - symbol) < len)
			len = (size_t)(at - symbol);
	}
	return len;
}

static bool matches(const char *pattern, const char *name, size_t len)
{
	size_t n = strlen(pattern);

	if (pattern[n - 1] == '*')
		return len >= n - 1 && !strncmp(pattern, name, n - 1);
	return len == n && !strncmp(pattern, name, n);
}

/* The loop is PyEval_EvalFrameEx in 2.7; from 3.6 on that only calls it, and 3.14 built
 * with tail calls has a function for each instruction. */
static bool is_eval_loop(const char *symbol, size_t len, uint16_t version)
{
	if (version < ABI_VERSION(3, 0))
		return matches("PyEval_EvalFrameEx", symbol, len);
	return matches("_PyEval_EvalFrameDefault", symbol, len) ||
	       matches("_TAIL_CALL_*", symbol, len);
}

enum native_kind name_kind(const char *symbol, uint16_t version)
{
	size_t len = stem_length(symbol), i;

	if (is_eval_loop(symbol, len, version))
		return NATIVE_EVAL;
	for (i = 0; i < ARRAY_SIZE(glue); i++) {
		if (matches(glue[i], symbol, len))
			return NATIVE_GLUE;
	}
	return NATIVE_CODE;
}

char *name_demangle(const char *symbol)
{
	char *stem = xstrndup(symbol, stem_length(symbol));
	char *shown = rust_demangle(stem, DMGL_AUTO);

	if (!shown)
		shown = cplus_demangle_v3(stem, DMGL_PARAMS | DMGL_ANSI);
	if (!shown)
		return stem;
	free(stem);
	return shown;
}
