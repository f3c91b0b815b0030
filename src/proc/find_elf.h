/*
 * find_elf.h - does this file carry a CPython interpreter? Reads section headers and, if
 * they do not tell, the dynamic symbols; nothing is loaded, everything is bounded.
 */
#ifndef PROC_FIND_ELF_H
#define PROC_FIND_ELF_H

#include <stdbool.h>

bool find_elf_is_python(int fd);

#endif
