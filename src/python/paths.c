/* paths.c - see paths.h; the members of sys are those of Python/sysmodule.c */
#include "python/paths.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "python/dict.h"
#include "python/str.h"

#include <string.h>

void paths_release(struct paths *p)
{
	size_t i;

	for (i = 0; i < p->n_entries; i++)
		free(p->entry[i]);
	for (i = 0; i < p->n_prefixes; i++)
		free(p->prefix[i]);
	free(p->stdlib);
	*p = (struct paths)PATHS_INIT;
}

/* The str at addr without trailing slashes; NULL when it is none, or empty. */
static char *path_at(struct objects *o, uint64_t addr)
{
	struct buf text = BUF_INIT;
	char *path = NULL;

	if (!addr || str_read(o->mem, o->abi, addr, PATHS_MAX_CHARS, &text) != ST_OK)
		goto out;
	while (text.len > 1 && text.data[text.len - 1] == '/')
		text.len--;
	if (text.len)
		path = xstrndup(text.data, text.len);
out:
	buf_release(&text);
	return path;
}

static char *path_member(struct objects *o, uint64_t sys, const char *name)
{
	uint64_t value = 0;

	return dict_find(o, sys, name, &value) == ST_OK ? path_at(o, value) : NULL;
}

static enum status load_entries(struct paths *p, struct objects *o, uint64_t sys)
{
	uint64_t list = 0, items = 0, n = 0, addr[PATHS_MAX], i;
	enum status st = dict_find(o, sys, "path", &list);

	if (st != ST_OK || !list)
		return st == ST_OK ? ST_NO_INTERP : st;
	if (objects_kind(o, list) != KIND_LIST)
		return ST_BAD;
	st = objects_length(o, list, o->abi->list.length, &n);
	if (st == ST_OK)
		st = objects_member(o, list, o->abi->list.items, &items);
	if (n > PATHS_MAX)
		n = PATHS_MAX;
	if (st == ST_OK && n)
		st = objects_read(o, items, addr, (size_t)n * sizeof(*addr));
	for (i = 0; st == ST_OK && i < n; i++) {
		char *path = path_at(o, addr[i]);

		if (path)
			p->entry[p->n_entries++] = path;
	}
	return st;
}

enum status paths_load(struct paths *p, struct objects *o, uint64_t interp)
{
	static const char *const prefixes[] = { "prefix", "base_prefix", "exec_prefix",
		"base_exec_prefix" };
	struct paths fresh = PATHS_INIT;
	uint64_t sys = 0;
	enum status st = objects_member(o, interp, o->abi->interp.sysdict, &sys);
	size_t i;

	if (st == ST_OK)
		st = sys ? load_entries(&fresh, o, sys) : ST_NO_INTERP;
	if (st != ST_OK)
		goto out;
	for (i = 0; i < ARRAY_SIZE(prefixes); i++) {
		char *path = path_member(o, sys, prefixes[i]);

		if (path)
			fresh.prefix[fresh.n_prefixes++] = path;
	}
	fresh.stdlib = path_member(o, sys, "_stdlib_dir");
	paths_release(p);
	*p = fresh;
	fresh = (struct paths)PATHS_INIT;
out:
	paths_release(&fresh);
	return st;
}

/* Is file below dir? *rest: what follows the slash. */
static bool is_below(const char *file, size_t len, const char *dir, const char **rest)
{
	size_t n = strlen(dir);

	if (len <= n + 1 || memcmp(file, dir, n) != 0 || (file[n] != '/' && n != 1))
		return false;
	*rest = file + n + (n != 1);
	return true;
}

static bool starts_with(const char *s, const char *end, const char *with)
{
	size_t n = strlen(with);

	return (size_t)(end - s) >= n && !memcmp(s, with, n);
}

static bool ends_with(const char *s, const char *with)
{
	size_t n = strlen(s), w = strlen(with);

	return n >= w && !strcmp(s + n - w, with);
}

static bool is_packages(const char *dir)
{
	return ends_with(dir, "/site-packages") || ends_with(dir, "/dist-packages");
}

static bool is_archive(const char *path)
{
	return ends_with(path, ".zip") || ends_with(path, ".egg") ||
	       ends_with(path, ".whl");
}

bool paths_is_library(const struct paths *p, const char *file, size_t len)
{
	const char *rest, *end = file + len;
	size_t i;

	if (starts_with(file, end, "<frozen "))
		return true;
	if (p->stdlib && is_below(file, len, p->stdlib, &rest))
		return true;
	for (i = 0; i < p->n_prefixes; i++) {
		if (is_below(file, len, p->prefix[i], &rest) &&
			(starts_with(rest, end, "lib/python") ||
				starts_with(rest, end, "lib64/python") ||
				starts_with(rest, end, "local/lib/python")))
			return true;
	}
	for (i = 0; i < p->n_entries; i++) {
		if ((is_packages(p->entry[i]) || (i && is_archive(p->entry[i]))) &&
			is_below(file, len, p->entry[i], &rest))
			return true;
	}
	return false;
}

/* json/decoder.py -> json.decoder, json/__init__.py -> json */
static bool dotted(const char *rest, const char *end, char *dst, size_t size)
{
	size_t n = (size_t)(end - rest), i;

	for (i = n; i-- > 0 && rest[i] != '/';) {
		if (rest[i] == '.') {
			n = i;
			break;
		}
	}
	if (!n || n >= size)
		return false;
	for (i = 0; i < n; i++)
		dst[i] = rest[i] == '/' ? '.' : rest[i];
	dst[n] = '\0';
	if (n > 9 && !strcmp(dst + n - 9, ".__init__"))
		dst[n - 9] = '\0';
	return true;
}

bool paths_module(
	const struct paths *p, const char *file, size_t len, char *dst, size_t size)
{
	const char *best = NULL, *rest, *end = file + len;
	size_t i;

	if (starts_with(file, end, "<frozen ") && file[len - 1] == '>') {
		size_t n = len - 9;

		if (!n || n >= size)
			return false;
		memcpy(dst, file + 8, n);
		dst[n] = '\0';
		return true;
	}
	for (i = 0; i < p->n_entries; i++) {
		if (is_below(file, len, p->entry[i], &rest) && (!best || rest > best))
			best = rest;
	}
	return best && dotted(best, end, dst, size);
}
