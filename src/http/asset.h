/*
 * asset.h - the files of the dashboard, which are part of the binary (see web/embed).
 */
#ifndef HTTP_ASSET_H
#define HTTP_ASSET_H

#include <stddef.h>

struct asset {
	const char *name; /* "index.html"; NULL ends the table */
	const char *data; /* not terminated */
	size_t len;
};

/* Made by web/embed. */
extern const struct asset assets[];

/* What the HTTP server needs of each, prepared once. */
struct served_asset {
	const struct asset *asset;
	const char *type;
	char etag[24];
	char *zipped; /* gzip; NULL where it does not pay */
	size_t zipped_len;
};

/* By name, or NULL. */
const struct asset *asset_find(const char *name);

struct asset_set {
	struct served_asset *all;
	size_t n;
};
void asset_set_init(struct asset_set *set);
void asset_set_release(struct asset_set *set);
/* "/" is index.html. NULL when there is none. */
const struct served_asset *asset_set_find(const struct asset_set *set, const char *path);

#endif
