/*
 * test_format_fuzz.c - every reader, with its recorded files bent in many small ways.
 *
 * Bounded and repeatable: the same seed makes the same files. Nothing is asserted but
 * that reading ends, keeps within bounds and can be written again; SAN=address,undefined
 * is what gives it teeth. A file that once broke a reader goes to tests/format/data/broken
 * and is read whole here for ever.
 */
#include "format_test.h"
#include "test.h"

#include "base/alloc.h"
#include "base/file.h"
#include "format/inflate.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROUNDS = 150 };

static uint64_t next(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

/* One of: bytes changed, a piece cut out, a piece doubled, cut off, numbers made large. */
static void bend(struct buf *b, uint64_t *seed)
{
	static const char *const nasty[] = { "18446744073709551615", "-1", "1e308",
		"null", "{}", "[]", "\"\"", "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f",
		"\x80\x80", ";", "\n" };
	size_t at = next(seed) % b->len, n = 1 + next(seed) % 16;
	const char *word = nasty[next(seed) % ARRAY_SIZE(nasty)];

	if (n > b->len - at)
		n = b->len - at;
	switch (next(seed) % 6) {
	case 0:
		b->data[at] = (char)next(seed);
		break;
	case 1:
		b->data[at] ^= (char)(1u << next(seed) % 8);
		break;
	case 2:
		memmove(b->data + at, b->data + at + n, b->len - at - n);
		b->len -= n;
		break;
	case 3:
		buf_add(b, b->data + at, 0);
		buf_reserve(b, n);
		memmove(b->data + at + n, b->data + at, b->len - at);
		b->len += n;
		break;
	case 4:
		n = strlen(word) < b->len - at ? strlen(word) : b->len - at;
		memcpy(b->data + at, word, n);
		break;
	default:
		b->len = at + 1;
	}
	b->data[b->len] = '\0';
}

static void read_and_write(const struct format_ops *f, const struct buf *b)
{
	/* exactly as long as it is: a reader that runs over is seen */
	char *exact = malloc(b->len ? b->len : 1);
	struct tape *t = tape_new(0);
	struct buf warnings = BUF_INIT, out = BUF_INIT;
	struct err err = ERR_INIT;

	if (b->len)
		memcpy(exact, b->data, b->len);
	if (format_read(f, exact, b->len, "bent", 0, tape_sink(t), &warnings, &err) == 0)
		ft_write(t, "folded", "threads=1", &out, NULL, &err);
	else
		CHECK(err.msg[0]);
	free(exact);
	tape_free(t);
	buf_release(&warnings);
	buf_release(&out);
}

static void fuzz(const char *path, uint64_t seed)
{
	struct buf whole = BUF_INIT, bent = BUF_INIT;
	const struct format_ops *f;
	struct err err = ERR_INIT;
	int i, k;

	CHECK_OK(file_read(&whole, AT_FDCWD, path, 1 << 20, &err), err);
	if (!whole.len)
		return;
	f = format_sniff(whole.data, whole.len);
	read_and_write(f, &whole);
	if (inflate_needed(whole.data, whole.len)) { /* bend what is inside */
		inflate_all(&bent, whole.data, whole.len, 1 << 20);
		buf_clear(&whole);
		buf_add(&whole, bent.data, bent.len);
	}
	for (i = 0; i < ROUNDS; i++) {
		buf_clear(&bent);
		buf_add(&bent, whole.data, whole.len);
		for (k = 0; k < 1 + i % 4 && bent.len; k++)
			bend(&bent, &seed);
		/* by content, and as what it was */
		read_and_write(i % 3 ? f : NULL, &bent);
	}
	buf_release(&whole);
	buf_release(&bent);
}

TEST(no_bent_file_breaks_a_reader)
{
	static const char *const folders[] = { "format/data", "format/data/broken" };
	size_t i, n = 0;

	for (i = 0; i < ARRAY_SIZE(folders); i++) {
		char folder[256], path[512];
		struct dirent **list;
		int k, n_files;

		snprintf(folder, sizeof(folder), "%s", test_path(folders[i]));
		n_files = scandir(folder, &list, NULL, alphasort);
		for (k = 0; k < n_files; k++) {
			snprintf(path, sizeof(path), "%s/%s", folder, list[k]->d_name);
			if (list[k]->d_type == DT_REG) {
				fuzz(path, 88172645463325252u + n);
				n++;
			}
			free(list[k]);
		}
		if (n_files >= 0)
			free(list);
	}
	CHECK(n >= 14);
}

/* Every format reads noise, and every other format's files, when it is told to. */
TEST(a_reader_survives_what_was_never_its_format)
{
	const struct format_ops *f;
	uint64_t seed = 2463534242u;
	struct buf noise = BUF_INIT;
	int i, k;

	for (f = format_list(); f->name; f++) {
		for (i = 0; f->read && i < 40; i++) {
			buf_clear(&noise);
			for (k = 0; k < 40 * i; k++)
				buf_char(&noise, (char)(next(&seed) >> (i % 2 ? 0 : 57)));
			read_and_write(f, &noise);
		}
	}
	buf_release(&noise);
}
