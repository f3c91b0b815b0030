/*
 * version.h - the version of RocksDB that we run with, for pystrobe --version.
 */
#ifndef STORE_VERSION_H
#define STORE_VERSION_H

#include <stddef.h>

/* "7.8.3". RocksDB's C interface does not tell; the name of its file does. "?" when it is
 * linked statically. */
const char *store_rocksdb_version(char *text, size_t size);

#endif
