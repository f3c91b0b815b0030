/* places.c - see places.h */
#include "http/places.h"

#include "base/alloc.h"

#include <string.h>

void places_init(struct places *p)
{
	memset(p, 0, sizeof(*p));
	places_text(p, "");
}

void places_release(struct places *p)
{
	map_release(&p->by_text);
	map_release(&p->by_row);
	free(p->texts);
	free(p->rows);
	memset(p, 0, sizeof(*p));
}

uint32_t places_text(struct places *p, const char *text)
{
	uint64_t key = hash_bytes(text, strlen(text)), *at;

	for (;; key++) { /* equal hashes of unequal texts move on */
		at = map_put(&p->by_text, key);
		if (*at == 0)
			break;
		if (!strcmp(p->texts[*at - 1], text))
			return (uint32_t)(*at - 1);
	}
	GROW(p->texts, p->cap_texts, p->n_texts + 1);
	p->texts[p->n_texts] = text;
	*at = ++p->n_texts;
	return (uint32_t)(p->n_texts - 1);
}

uint32_t places_index(struct places *p, const struct place *place)
{
	struct place_row row = {
		.name = places_text(p, place->name),
		.file = places_text(p, place->file),
		.module = places_text(p, place->module),
		.first_line = place->first_line,
		.flags = place->flags,
	};
	uint64_t key = hash_bytes(&row, sizeof(row)), *at;

	for (;; key++) {
		at = map_put(&p->by_row, key);
		if (*at == 0)
			break;
		if (!memcmp(&p->rows[*at - 1], &row, sizeof(row)))
			return (uint32_t)(*at - 1);
	}
	GROW(p->rows, p->cap_rows, p->n_rows + 1);
	p->rows[p->n_rows] = row;
	*at = ++p->n_rows;
	return (uint32_t)(p->n_rows - 1);
}

void places_write(const struct places *p, struct json *j)
{
	json_key(j, "strings");
	json_array(j);
	for (size_t i = 0; i < p->n_texts; i++)
		json_str(j, p->texts[i]);
	json_end(j);
	json_key(j, "places");
	json_object(j);
	JSON_COLUMN(j, "name", p->n_rows, p->rows[i].name);
	JSON_COLUMN(j, "file", p->n_rows, p->rows[i].file);
	JSON_COLUMN(j, "module", p->n_rows, p->rows[i].module);
	JSON_COLUMN(j, "first_line", p->n_rows, p->rows[i].first_line);
	JSON_COLUMN(j, "flags", p->n_rows, p->rows[i].flags);
	json_end(j);
}

void json_kms(struct json *j, const char *key, int64_t ns)
{
	json_kdouble(j, key, (double)ns / 1e6);
}
