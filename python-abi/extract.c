/*
 * extract.c - writes one .abi table from the DWARF of a CPython. A build-time tool:
 *
 *   build/abi-extract VERSION FLAVOUR FILE... > python-abi/cpython-3.12-x86_64.abi
 *   build/abi-extract 3.12.1 - libpython3.12.so.1.0 _asyncio.cpython-312-x86_64-linux-gnu.so
 *
 * FLAVOUR is - or letters of: t free-threaded, d debug build, p partial (members that are
 * missing are left out of the table instead of being an error: for objects made from
 * headers only, which lack the structures of .c files). The FILEs are the interpreter or
 * its separate debug file, and _asyncio's where that is a module of its own.
 */
#include "base/alloc.h"
#include "python/abi_desc.h"
#include "python/abi_dwarf.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

enum { MAX_FILES = 8 };

static void print_table(const struct abi *abi, const char *flavour)
{
	const char *group = "";

	printf("# Made by python-abi/extract; do not edit. Offsets in bytes, x86-64 "
	       "Linux.\n");
	printf("version: %d.%d.%d\nflavour: %s\n", abi->version >> 8, abi->version & 0xff,
		abi->patch, flavour);
	for (size_t i = 0; i < abi_field_count; i++) {
		const struct abi_field *f = &abi_fields[i];
		uint32_t number = abi_field_get(abi, f);

		if (number == ABI_NONE)
			continue;
		if (strcmp(group, f->group) != 0)
			printf("\n");
		group = f->group;
		printf(f->kind == ABI_MASK ? "%s %s 0x%x\n" : "%s %s %u\n", f->group,
			f->name, number);
	}
}

int main(int argc, char **argv)
{
	int fd[MAX_FILES], nfds = 0, major, minor, patch, ret = 1;
	struct buf missing = BUF_INIT;
	struct err err = ERR_INIT;
	struct abi abi;

	if (argc < 4 || argc - 3 > MAX_FILES ||
		sscanf(argv[1], "%d.%d.%d", &major, &minor, &patch) != 3) {
		fprintf(stderr, "usage: abi-extract 3.12.1 FLAVOUR FILE...\n");
		return 2;
	}
	for (; nfds < argc - 3; nfds++) {
		fd[nfds] = open(argv[3 + nfds], O_RDONLY | O_CLOEXEC);
		if (fd[nfds] < 0) {
			err_sys(&err, errno, "cannot open %s", argv[3 + nfds]);
			goto out;
		}
	}
	abi_blank(&abi, ABI_VERSION(major, minor), (uint8_t)patch,
		strchr(argv[2], 't') != NULL, strchr(argv[2], 'd') != NULL);
	if (abi_from_dwarf(&abi, fd, (size_t)nfds, &missing, &err) < 0)
		goto out;
	if (missing.len && !strchr(argv[2], 'p')) {
		err_set(&err, ERR_NOT_FOUND,
			"fields.def promises for %s what the files lack:\n%s", argv[1],
			missing.data);
		goto out;
	}
	print_table(&abi, argv[2]);
	ret = 0;
out:
	if (ret)
		err_print(&err, stderr);
	buf_release(&missing);
	return ret;
}
