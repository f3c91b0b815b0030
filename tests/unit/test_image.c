/* test_image.c - ELF images as they are mapped: this process, and broken ones */
#include "test.h"

#include "base/alloc.h"
#include "elf/symtab.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct self {
	struct maps maps;
	struct mem *mem;
};

static void self_init(struct self *s)
{
	struct err err = ERR_INIT;

	*s = (struct self){ .maps = MAPS_INIT, .mem = mem_live_new(getpid()) };
	CHECK_OK(maps_load(&s->maps, getpid(), &err), err);
}

static void self_release(struct self *s)
{
	maps_release(&s->maps);
	mem_free(s->mem);
}

/* The image with an address of it. */
static bool self_image(struct self *s, struct image *img, uint64_t addr)
{
	for (size_t i = 0; i < s->maps.n; i++) {
		if (s->maps.v[i].offset || s->maps.v[i].path[0] != '/' ||
			!image_open(img, getpid(), s->mem, &s->maps.v[i]))
			continue;
		if (addr >= img->start && addr < img->end)
			return true;
		image_close(img);
	}
	return false;
}

/* stdout's object is libc's own, whatever a sanitizer intercepts. */
static uint64_t libc_address(void)
{
	return (uint64_t)(uintptr_t)stdout;
}

__attribute__((used)) static int only_in_symtab[] = { 16, 384, 1 };

TEST(a_library_of_this_process_is_found_with_its_symbols)
{
	struct symbol sym;
	struct image img;
	struct self s;

	self_init(&s);
	CHECK(self_image(&s, &img, libc_address()));
	CHECK(symtab_dynamic(&img, "environ", &sym));
	CHECK(sym.addr >= img.start && sym.addr < img.end);
	CHECK_INT(sym.size, sizeof(char *));
	CHECK(!symtab_dynamic(&img, "no_such_symbol_in_libc", &sym));
	CHECK(!symtab_dynamic(&img, "", &sym));
	image_close(&img);
	self_release(&s);
}

TEST(a_static_variable_of_this_program_is_found_in_its_file)
{
	struct symbol sym;
	struct image img;
	struct range section;
	struct self s;

	self_init(&s);
	CHECK(self_image(&s, &img, (uint64_t)(uintptr_t)only_in_symtab));
	CHECK(symtab_find(&img, "only_in_symtab", &sym));
	CHECK(sym.addr == (uint64_t)(uintptr_t)only_in_symtab);
	CHECK_INT(sym.size, sizeof(only_in_symtab));
	CHECK(image_section(&img, ".data", &section));
	CHECK(sym.addr >= section.addr && sym.addr < section.addr + section.size);
	CHECK(!image_section(&img, ".no-such-section", &section));
	CHECK(image_build_id(&img).len > 0);
	image_close(&img);
	self_release(&s);
}

/* ---- broken images ------------------------------------------------------------------ */

struct copy {
	struct mem mem;
	uint64_t base;
	const uint8_t *data;
	size_t len;
};

static ssize_t copy_readv(struct mem *mem, const struct mem_segment *seg, size_t n)
{
	struct copy *c = (struct copy *)mem;
	ssize_t got = 0;

	for (size_t i = 0; i < n; i++) {
		if (seg[i].addr < c->base || seg[i].addr - c->base > c->len ||
			c->len - (seg[i].addr - c->base) < seg[i].len)
			break;
		memcpy(seg[i].dst, c->data + (seg[i].addr - c->base), seg[i].len);
		got += (ssize_t)seg[i].len;
	}
	if (!got && n) {
		errno = EFAULT;
		return -1;
	}
	return got;
}

static uint32_t next_random(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*state >> 33);
}

/* What a fuzzer does, in little: headers and dynamic tables with bytes changed. */
TEST(images_with_broken_headers_end_as_not_found)
{
	static const struct mem_ops ops = { .readv = copy_readv };
	struct mapping map = { .prot = MAP_R, .path = (char *)"" };
	uint64_t seed = 1;
	struct image img;
	struct self s;
	uint8_t *data;
	size_t len;

	self_init(&s);
	CHECK(self_image(&s, &img, libc_address()));
	len = (size_t)(img.end - img.start) / 4096 * 4096;
	data = xcalloc(1, len);
	for (size_t at = 0; at < len; at += 4096)
		mem_read(s.mem, img.start + at, data + at, 4096);
	map.start = img.start;
	map.end = img.end;
	for (int round = 0; round < 2000; round++) {
		struct copy c = { .mem = { .ops = &ops },
			.base = img.start,
			.data = data,
			.len = len };
		const Elf64_Phdr *dyn = image_segment(&img, PT_DYNAMIC, 0);
		size_t dyn_at = (size_t)(image_range(&img, dyn).addr - img.start);
		uint8_t saved[8];
		size_t at[8];
		struct image broken;
		struct symbol sym;

		for (size_t i = 0; i < ARRAY_SIZE(at); i++) {
			at[i] = i % 2 ? next_random(&seed) % 1024
				      : dyn_at + next_random(&seed) % dyn->p_memsz;
			saved[i] = data[at[i]];
			data[at[i]] = (uint8_t)next_random(&seed);
		}
		if (image_open(&broken, 0, &c.mem, &map)) {
			symtab_dynamic(&broken, "_PyRuntime", &sym);
			image_build_id(&broken);
		}
		image_close(&broken);
		for (size_t i = ARRAY_SIZE(at); i-- > 0;)
			data[at[i]] = saved[i];
	}
	free(data);
	image_close(&img);
	self_release(&s);
}
