/*
 * sniff.h - telling the JSON formats apart by their first bytes.
 */
#ifndef FORMAT_SNIFF_H
#define FORMAT_SNIFF_H

#include <stddef.h>

int sniff_speedscope(const char *head, size_t len);
int sniff_cpuprofile(const char *head, size_t len);

#endif
