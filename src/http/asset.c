/* asset.c - see asset.h */
#include "http/asset.h"

#include "base/alloc.h"
#include "http/gzip.h"

#include <stdio.h>
#include <string.h>
#include <xxhash.h>

static const struct {
	const char *ending, *type;
} types[] = {
	{ ".html", "text/html; charset=utf-8" },
	{ ".js", "text/javascript; charset=utf-8" },
	{ ".css", "text/css; charset=utf-8" },
	{ ".svg", "image/svg+xml" },
	{ ".webmanifest", "application/manifest+json" },
	{ ".txt", "text/plain; charset=utf-8" },
};

static const char *type_of(const char *name)
{
	size_t len = strlen(name), n;

	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		n = strlen(types[i].ending);
		if (len > n && !strcmp(name + len - n, types[i].ending))
			return types[i].type;
	}
	return "application/octet-stream";
}

const struct asset *asset_find(const char *name)
{
	for (const struct asset *a = assets; a->name; a++)
		if (!strcmp(a->name, name))
			return a;
	return NULL;
}

void asset_set_init(struct asset_set *set)
{
	size_t n = 0;

	while (assets[n].name)
		n++;
	set->all = xcalloc(n + 1, sizeof(*set->all));
	set->n = n;
	for (size_t i = 0; i < n; i++) {
		struct served_asset *s = &set->all[i];
		struct buf zipped = BUF_INIT;

		s->asset = &assets[i];
		s->type = type_of(assets[i].name);
		snprintf(s->etag, sizeof(s->etag), "\"%016llx\"",
			(unsigned long long)XXH3_64bits(assets[i].data, assets[i].len));
		gzip_pack(&zipped, assets[i].data, assets[i].len, GZIP_SMALL);
		if (zipped.len < assets[i].len)
			s->zipped = buf_detach(&zipped, &s->zipped_len);
		buf_release(&zipped);
	}
}

void asset_set_release(struct asset_set *set)
{
	for (size_t i = 0; i < set->n; i++)
		free(set->all[i].zipped);
	free(set->all);
	*set = (struct asset_set){ 0 };
}

const struct served_asset *asset_set_find(const struct asset_set *set, const char *path)
{
	const char *name = strcmp(path, "/") ? path + 1 : "index.html";

	for (size_t i = 0; i < set->n; i++)
		if (!strcmp(set->all[i].asset->name, name))
			return &set->all[i];
	return NULL;
}
