/* version.c - see version.h */
#include "store/version.h"

#include <dlfcn.h>
#include <limits.h>
#include <rocksdb/c.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *store_rocksdb_version(char *text, size_t size)
{
	char path[PATH_MAX];
	const char *so = NULL;
	Dl_info info;

	/* /usr/lib/x86_64-linux-gnu/librocksdb.so.7.8 -> librocksdb.so.7.8.3 */
	if (dladdr((void *)(uintptr_t)rocksdb_open, &info) && info.dli_fname &&
		realpath(info.dli_fname, path))
		so = strstr(path, ".so.");
	snprintf(text, size, "%s", so ? so + 4 : "?");
	return text;
}
