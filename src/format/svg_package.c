/*
 * svg_package.c - what a function belongs to, for colour: told by its module where it is
 * known, else by its path.
 *
 *	.../site-packages/numpy/core/fft.py   numpy
 *	.../lib/python3.12/json/decoder.py    (stdlib)
 *	<frozen importlib._bootstrap>         (stdlib)
 *	/srv/app/views/user.py                views/
 *	libc.so.6                             (C code)
 */
#include "format/svg.h"

#include "base/alloc.h"

#include <string.h>

/* What stands between `from` and the next separator, without ".py". */
static size_t word_len(const char *s)
{
	size_t len = strcspn(s, "/");

	if (len > 3 && !strncmp(s + len - 3, ".py", 3))
		len -= 3;
	return len;
}

str_id svg_package(struct symbols *s, const struct func *f)
{
	static const char *const installed[] = { "/site-packages/", "/dist-packages/" };
	const char *file = symbols_text(s, f->file, NULL), *slash, *at;
	const char *module = symbols_text(s, f->module, NULL);
	size_t i;

	if (f->flags & FUNC_NATIVE)
		return symbols_str(s, "(C code)", 8);
	for (i = 0; i < ARRAY_SIZE(installed); i++) {
		at = strstr(file, installed[i]);
		if (at) {
			at += strlen(installed[i]);
			return symbols_str(s, at, word_len(at));
		}
	}
	if (f->flags & FUNC_LIBRARY)
		return symbols_str(s, "(stdlib)", 8);
	if (*module)
		return symbols_str(s, module, strcspn(module, "."));
	slash = strrchr(file, '/');
	if (!slash)
		return symbols_str(s, "(mine)", 6);
	for (at = slash; at > file && at[-1] != '/'; at--)
		;
	return symbols_str(s, at, (size_t)(slash - at) + 1);
}
