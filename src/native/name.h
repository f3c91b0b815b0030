/*
 * name.h - what a symbol of native code means: its readable name, and whether it is an
 * evaluation loop, the interpreter's plumbing, or work.
 */
#ifndef NATIVE_NAME_H
#define NATIVE_NAME_H

#include "native/unwind.h"

/* C++ and Rust (legacy and v0) demangled, compiler suffixes (.cold, .constprop.0, .lto_priv.3)
 * and Rust's hash cut off. The caller frees. */
char *name_demangle(const char *symbol);
/* By the symbol as it stands in the file, for an interpreter of this ABI_VERSION. */
enum native_kind name_kind(const char *symbol, uint16_t version);

#endif
