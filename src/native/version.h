/*
 * version.h - the version of elfutils that we run with, for pystrobe --version.
 */
#ifndef NATIVE_VERSION_H
#define NATIVE_VERSION_H

/* "0.188" */
const char *native_elfutils_version(void);

#endif
