/* detect.c - see detect.h; Include/patchlevel.h */
#include "python/detect.h"

#include "base/alloc.h"
#include "elf/symtab.h"
#include "python/abi.h"
#include "python/offsets.h"

#include <stdio.h>
#include <string.h>

enum {
	CHUNK = 256 << 10,
	MAX_CONSTANTS = 64 << 20, /* constants of one image that are searched */
	OVERLAP = 32,             /* longest string looked for, across chunk borders */
	MAX_CANDIDATES = 8,
};

/* 0xMMmmppLS: L = a alpha, b beta, c candidate, f final; S = serial */
struct python_version detect_from_hex(uint32_t hex)
{
	static const char *const level[16] = { [0xa] = "a", [0xb] = "b", [0xc] = "rc" };
	struct python_version v = { .version = (uint16_t)(hex >> 16),
		.patch = (uint8_t)(hex >> 8) };
	const char *pre = level[hex >> 4 & 15];

	snprintf(v.text, sizeof(v.text), "%u.%u.%u", hex >> 24, hex >> 16 & 0xff,
		hex >> 8 & 0xff);
	if (pre)
		snprintf(v.text + strlen(v.text), sizeof(v.text) - strlen(v.text), "%s%u",
			pre, hex & 15);
	return v;
}

static bool number(const char **p, const char *end, unsigned max, unsigned *out)
{
	const char *start = *p;

	for (*out = 0; *p < end && **p >= '0' && **p <= '9'; (*p)++)
		if ((*out = *out * 10 + (unsigned)(**p - '0')) > max)
			return false;
	return *p > start && (*start != '0' || *p == start + 1);
}

bool detect_from_text(const char *text, size_t len, struct python_version *out)
{
	const char *p = text, *end = text + len;
	unsigned major, minor, patch;

	if (len >= sizeof(out->text) || !number(&p, end, 3, &major) || p == end ||
		*p++ != '.' || !number(&p, end, 99, &minor) || p == end || *p++ != '.' ||
		!number(&p, end, 99, &patch))
		return false;
	if (!(major == 2 && minor == 7) && !(major == 3 && minor >= 1))
		return false;
	/* what may follow: a1 b2 rc1, and + for a checkout */
	p += strspn(p, "abrc");
	while (p < end && ((*p >= '0' && *p <= '9') || *p == '+'))
		p++;
	if (p < end)
		return false;
	*out = (struct python_version){ .version = ABI_VERSION(major, minor),
		.patch = (uint8_t)patch };
	memcpy(out->text, text, len);
	return true;
}

/* Strings among an image's constants that look like a version, and library paths. */
struct constants {
	struct python_version found[MAX_CANDIDATES];
	size_t n;
	uint64_t paths[2]; /* bit set of minor versions seen as "pythonX.Y", 3 and 2 */
};

/* A linker shares the tails of strings: "3.8.18" may be the end of "/opt/python/3.8.18".
 * One that stands alone goes before those. */
static void note_version(struct constants *c, const char *text, size_t len, bool alone)
{
	struct python_version v;

	if (!detect_from_text(text, len, &v))
		return;
	for (size_t i = 0; i < c->n; i++)
		if (!alone && !strcmp(c->found[i].text, v.text))
			return;
	if (c->n < MAX_CANDIDATES)
		c->n++;
	else if (!alone)
		return;
	if (alone) {
		memmove(&c->found[1], &c->found[0], (c->n - 1) * sizeof(v));
		c->found[0] = v;
	} else {
		c->found[c->n - 1] = v;
	}
}

/* "python3.8" anywhere */
static void note_path(struct constants *c, const char *p, const char *end)
{
	unsigned minor = 0;
	int which = *p == '2';

	if (end - p < 3 || (*p != '2' && *p != '3') || p[1] != '.')
		return;
	for (p += 2; p < end && *p >= '0' && *p <= '9' && minor < 64; p++)
		minor = minor * 10 + (unsigned)(*p - '0');
	if (minor < 64)
		c->paths[which] |= 1ull << minor;
}

static void note_chunk(struct constants *c, const char *data, size_t len)
{
	const char *end = data + len;

	for (const char *p = data + 1; p < end && (p = memchr(p, '.', (size_t)(end - p)));
		p++) {
		const char *nul;

		if (p - data < 2 || (p[-1] != '2' && p[-1] != '3'))
			continue;
		if (p - data > 7 && !memcmp(p - 7, "python", 6))
			note_path(c, p - 1, end);
		else if (p[-2] != '.' && (p[-2] < '0' || p[-2] > '9') &&
			 (nul = memchr(p, '\0', (size_t)(end - p))))
			note_version(c, p - 1, (size_t)(nul - (p - 1)), !p[-2]);
	}
}

static void scan_segment(struct constants *c, const struct image *img, struct range r)
{
	char *chunk = xmalloc(CHUNK);

	for (uint64_t at = 0; at < r.size && at < MAX_CONSTANTS; at += CHUNK - OVERLAP) {
		size_t len = r.size - at < CHUNK ? (size_t)(r.size - at) : CHUNK;

		if (mem_read(img->mem, r.addr + at, chunk, len) == ST_OK)
			note_chunk(c, chunk, len);
	}
	free(chunk);
}

static bool version_from_constants(const struct image *img, struct python_version *out)
{
	struct constants c = { .n = 0 };
	const Elf64_Phdr *ph;

	/* Writable data too: 2.7 keeps "lib/python2.7" there. Not .bss. */
	for (size_t i = 0; (ph = image_segment(img, PT_LOAD, i)); i++)
		scan_segment(
			&c, img, (struct range){ img->bias + ph->p_vaddr, ph->p_filesz });
	for (size_t i = 0; i < c.n; i++) {
		uint16_t v = c.found[i].version;

		if (c.paths[v >> 8 == 2] >> (v & 63) & 1) {
			*out = c.found[i];
			return true;
		}
	}
	return false;
}

/* Only builds with reference debugging export it, from 2.7 to 3.15. */
static bool build_is_debug(struct image *img)
{
	struct symbol sym;

	return symtab_find(img, "_Py_NegativeRefcount", &sym);
}

bool detect_version(struct image *img, uint64_t runtime_addr, struct python_version *out)
{
	struct offsets_head head;
	struct symbol sym;
	uint32_t hex;

	memset(out, 0, sizeof(*out));
	if (runtime_addr && offsets_probe(img->mem, runtime_addr, &head)) {
		*out = detect_from_hex(head.hexversion);
		out->free_threaded = head.free_threaded;
	} else if (symtab_find(img, "Py_Version", &sym) &&
		   mem_read_u32(img->mem, sym.addr, &hex) == ST_OK && hex >> 24 == 3) {
		*out = detect_from_hex(hex);
	} else if (!version_from_constants(img, out)) {
		return false;
	}
	out->debug = build_is_debug(img);
	return true;
}
