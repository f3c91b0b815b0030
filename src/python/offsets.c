/* offsets.c - see offsets.h; Include/internal/pycore_debug_offsets.h (3.14+),
 * pycore_runtime.h (3.13) */
#include "python/offsets.h"

#include "python/abi_desc.h"

#include <inttypes.h>
#include <string.h>

static const char cookie[8] = "xdebugpy";

enum {
	MAX_WORDS = 256,
	MAX_SIZE = 8 << 20, /* of any structure; _PyRuntime has some hundred KiB */
};

struct head {
	char cookie[8];
	uint64_t version, free_threaded;
};

bool offsets_probe(struct mem *mem, uint64_t addr, struct offsets_head *out)
{
	struct head head;

	if (mem_read(mem, addr, &head, sizeof(head)) != ST_OK ||
		memcmp(head.cookie, cookie, sizeof(cookie)) ||
		head.version > UINT32_MAX || head.version < 0x030d0000 ||
		head.free_threaded > 1)
		return false;
	out->hexversion = (uint32_t)head.version;
	out->free_threaded = head.free_threaded;
	return true;
}

/* Puts the words of one section into *abi; which are there depends on its version. */
static int words_apply(struct abi *abi, const struct abi_word *row, size_t nrows,
	const uint64_t *word, size_t nwords, struct err *err)
{
	size_t at = 0;

	for (size_t i = 0; i < nrows; i++) {
		const struct abi_field *f;
		uint64_t v;

		if (row[i].since > abi->version)
			continue;
		if (at == nwords)
			return err_set(err, ERR_CORRUPT, "its offsets end before %s",
				row[i].name);
		v = word[at++];
		if (row[i].field < 0)
			continue;
		f = &abi_fields[row[i].field];
		if (!abi_span_holds(&f->span, abi->version, abi->free_threaded))
			continue;
		if (row[i].base >= 0) {
			uint32_t base = abi_field_get(abi, &abi_fields[row[i].base]);

			v = row[i].sign > 0 ? v + base : v - base;
		}
		/* after an addition or subtraction that wrapped it is large again */
		if (word[at - 1] > MAX_SIZE || v > MAX_SIZE)
			return err_set(err, ERR_CORRUPT,
				"its offset %s is %" PRIu64 ", which cannot be",
				row[i].name, v);
		abi_field_set(abi, f, (uint32_t)v);
	}
	return 0;
}

/* Every member inside its structure? Thread states are followed by larger ones. */
static int check_bounds(const struct abi *abi, struct err *err)
{
	for (size_t i = 0; i < abi_field_count; i++) {
		const struct abi_field *f = &abi_fields[i];
		uint32_t v = abi_field_get(abi, f);
		uint32_t size;

		memcpy(&size, (const char *)abi + f->size_at, sizeof(size));
		if (v == ABI_NONE || size == ABI_NONE || f->kind == ABI_MASK)
			continue;
		if (f->kind == ABI_SIZE ? !v : v > size || size - v < f->width)
			return err_set(err, ERR_CORRUPT,
				"its offset of %s.%s is %u in a structure of %u bytes",
				f->group, f->name, v, size);
	}
	return 0;
}

static int apply(struct abi *abi, const struct abi_word *row, size_t nrows,
	const uint64_t *word, size_t nwords, struct err *err)
{
	struct abi fresh = *abi;

	if (words_apply(&fresh, row, nrows, word, nwords, err) < 0 ||
		check_bounds(&fresh, err) < 0)
		return -1;
	*abi = fresh;
	return 0;
}

static size_t count_words(const struct abi_word *row, size_t nrows, uint16_t version)
{
	size_t n = 0;

	for (size_t i = 0; i < nrows; i++)
		n += row[i].since <= version;
	return n;
}

int offsets_apply(struct abi *abi, struct mem *mem, uint64_t addr, struct err *err)
{
	size_t n = count_words(abi_runtime_words, abi_runtime_word_count, abi->version);
	uint64_t word[MAX_WORDS];

	if (!n || n > MAX_WORDS)
		return err_set(err, ERR_VERSION, "Python %d.%d has no table of offsets",
			abi->version >> 8, abi->version & 0xff);
	if (mem_read(mem, addr, word, n * sizeof(*word)) != ST_OK)
		return err_set(
			err, ERR_CORRUPT, "cannot read its offsets at 0x%" PRIx64, addr);
	return apply(abi, abi_runtime_words, abi_runtime_word_count, word, n, err);
}

int offsets_apply_asyncio(
	struct abi *abi, struct mem *mem, uint64_t addr, uint64_t size, struct err *err)
{
	size_t n = count_words(abi_asyncio_words, abi_asyncio_word_count, abi->version);
	uint64_t word[MAX_WORDS];

	if (!n || n > MAX_WORDS || size < n * sizeof(*word))
		return err_set(err, ERR_VERSION, "it has no table of asyncio offsets");
	if (mem_read(mem, addr, word, n * sizeof(*word)) != ST_OK)
		return err_set(err, ERR_CORRUPT,
			"cannot read its asyncio offsets at 0x%" PRIx64, addr);
	return apply(abi, abi_asyncio_words, abi_asyncio_word_count, word, n, err);
}
