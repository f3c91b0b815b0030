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
	OVERLAP = 256,            /* what belongs together lies in one chunk */
	BESIDE = 96, /* bytes between a version and the format it is printed with */
	MAX_CANDIDATES = 16,
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

/*
 * Versions among an image's constants. Other libraries have versions too (SQLite 3.40.1 in
 * a static program), so one counts only with evidence that it is CPython's: it stands
 * beside the format that Py_GetVersion() prints it with, or Py_Version (3.11+) has the same
 * number, or the path of the library of that version ("lib/python3.8") is there, or at
 * least that format is.
 */
enum evidence { NONE, FORMAT_SOMEWHERE, PATH, HEX, FORMAT_BESIDE };

struct candidate {
	struct python_version version;
	bool alone;  /* not the tail of a longer string */
	bool beside; /* the format is near */
};

struct constants {
	struct candidate found[MAX_CANDIDATES];
	size_t n;
	uint64_t paths
		[2]; /* bit sets of minor versions seen as pythonX.Y: of 3 and of 2 */
	bool format;
	uint64_t hex
		[64]; /* [minor] bit set of patch levels seen as PY_VERSION_HEX of 3.x */
};

/* Python/getversion.c */
static const char version_format[] = "%.80s (%.80s)";

/* A linker shares the tails of strings: "3.8.18" may be the end of "/opt/python/3.8.18". */
static void note_version(struct constants *c, const char *text, const char *data,
	const char *end, bool alone)
{
	const char *nul = memchr(text, '\0', (size_t)(end - text));
	const char *from = text - data > BESIDE ? text - BESIDE : data;
	const char *to = end - text > BESIDE ? text + BESIDE : end;
	struct candidate new = { .alone = alone };

	if (!nul || !detect_from_text(text, (size_t)(nul - text), &new.version))
		return;
	new.beside = memmem(from, (size_t)(to - from), version_format,
			     sizeof(version_format) - 1) != NULL;
	for (size_t i = 0; i < c->n; i++) {
		struct candidate *old = &c->found[i];

		if (strcmp(old->version.text, new.version.text) != 0)
			continue;
		old->alone |= new.alone;
		old->beside |= new.beside;
		return;
	}
	if (c->n < MAX_CANDIDATES)
		c->found[c->n++] = new;
}

/* "python3.8" anywhere; p is at the 3 */
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

	if (memmem(data, len, version_format, sizeof(version_format) - 1))
		c->format = true;
	for (const char *p = data + 1; p < end && (p = memchr(p, '.', (size_t)(end - p)));
		p++) {
		if (p - data < 2 || (p[-1] != '2' && p[-1] != '3'))
			continue;
		if (p - data > 7 && !memcmp(p - 7, "python", 6))
			note_path(c, p - 1, end);
		else if (p[-2] != '.' && (p[-2] < '0' || p[-2] > '9'))
			note_version(c, p - 1, data, end, !p[-2]);
	}
}

/* Py_Version is an aligned unsigned long: 0x00000000030b07f0. Chunks start as aligned as
 * their segment, and step by a multiple of 8. */
static void note_hex(struct constants *c, const char *data, size_t len)
{
	for (size_t i = 0; i + 8 <= len; i += 8) {
		uint64_t word;

		memcpy(&word, data + i, 8);
		if (word >> 24 == 3 && (word >> 16 & 0xff) < 64 &&
			(word >> 8 & 0xff) < 64 && (word & 0xff) >= 0xa0)
			c->hex[word >> 16 & 63] |= 1ull << (word >> 8 & 63);
	}
}

static void scan_segment(struct constants *c, const struct image *img, struct range r)
{
	char *chunk = xmalloc(CHUNK);

	for (uint64_t at = 0; at < r.size && at < MAX_CONSTANTS; at += CHUNK - OVERLAP) {
		size_t len = r.size - at < CHUNK ? (size_t)(r.size - at) : CHUNK;

		if (mem_read(img->mem, r.addr + at, chunk, len) != ST_OK)
			continue;
		note_chunk(c, chunk, len);
		note_hex(c, chunk, len);
	}
	free(chunk);
}

static enum evidence evidence_for(const struct constants *c, const struct candidate *v)
{
	if (v->beside)
		return FORMAT_BESIDE;
	if (v->version.version >> 8 == 3 &&
		c->hex[v->version.version & 63] >> (v->version.patch & 63) & 1)
		return HEX;
	if (c->paths[v->version.version >> 8 == 2] >> (v->version.version & 63) & 1)
		return PATH;
	return c->format && v->alone ? FORMAT_SOMEWHERE : NONE;
}

static bool version_from_constants(const struct image *img, struct python_version *out)
{
	struct constants c = { .n = 0 };
	enum evidence best = NONE;
	const Elf64_Phdr *ph;

	/* Writable data too: 2.7 keeps "lib/python2.7" there. Not .bss. */
	for (size_t i = 0; (ph = image_segment(img, PT_LOAD, i)); i++)
		scan_segment(
			&c, img, (struct range){ img->bias + ph->p_vaddr, ph->p_filesz });
	for (size_t i = 0; i < c.n; i++) {
		enum evidence e = evidence_for(&c, &c.found[i]);

		if (e > best) {
			best = e;
			*out = c.found[i].version;
		}
	}
	return best != NONE;
}

/* A symbol of CPython's. Where the image exports its API, what is not exported is not there:
 * only else is .symtab worth reading. */
static bool find_symbol(struct image *img, const char *name, struct symbol *sym)
{
	struct symbol api;

	if (symtab_dynamic(img, name, sym))
		return true;
	return !symtab_dynamic(img, "Py_GetVersion", &api) && symtab_find(img, name, sym);
}

/* Only builds with reference debugging export it, from 2.7 to 3.15. */
static bool build_is_debug(struct image *img)
{
	struct symbol sym;

	return find_symbol(img, "_Py_NegativeRefcount", &sym);
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
	} else if (find_symbol(img, "Py_Version", &sym) &&
		   mem_read_u32(img->mem, sym.addr, &hex) == ST_OK && hex >> 24 == 3) {
		*out = detect_from_hex(hex);
	} else if (!version_from_constants(img, out)) {
		return false;
	}
	out->debug = build_is_debug(img);
	return true;
}
