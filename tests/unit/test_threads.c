/* test_threads.c - where a walk starts: python/threads.c */
#include "test.h"

#include "base/alloc.h"
#include "python/walk.h"

TEST(musl_is_known_by_the_name_of_its_library)
{
	static const struct {
		const char *path;
		bool musl;
	} tc[] = {
		{ "/lib/ld-musl-x86_64.so.1", true },
		{ "/usr/lib/x86_64-linux-musl/libc.so", true },
		{ "/lib/x86_64-linux-gnu/libc.so.6", false },
		{ "/usr/lib/libc-2.31.so", false },
		{ "/usr/lib/mylibc.so", false },
		{ "", false },
	};
	const struct runtime rt = { .path = "" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(tc); i++) {
		struct mapping m = { .path = (char *)(uintptr_t)tc[i].path };
		const struct maps maps = { .v = &m, .n = 1 };
		struct walk_root root;

		walk_root_from(&root, &rt, NULL, &maps);
		CHECK_INT(root.musl, tc[i].musl);
	}
}
