/* version.c - see version.h */
#include "native/version.h"

#include <elfutils/libdwfl.h>

const char *native_elfutils_version(void)
{
	return dwfl_version(NULL);
}
