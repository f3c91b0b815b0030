/* sniff.c - see sniff.h */
#include "format/sniff.h"

#include <stdbool.h>
#include <string.h>

static bool has(const char *head, size_t len, const char *what)
{
	return memmem(head, len, what, strlen(what)) != NULL;
}

static bool is_object(const char *head, size_t len)
{
	size_t i = 0;

	while (i < len && strchr(" \t\r\n\xef\xbb\xbf", head[i]) && head[i])
		i++;
	return i < len && head[i] == '{';
}

int sniff_speedscope(const char *head, size_t len)
{
	if (!is_object(head, len))
		return 0;
	if (has(head, len, "speedscope.app/file-format-schema.json"))
		return 95;
	return has(head, len, "\"shared\"") && has(head, len, "\"frames\"") ? 50 : 0;
}

int sniff_cpuprofile(const char *head, size_t len)
{
	if (!is_object(head, len))
		return 0;
	if (has(head, len, "\"nodes\"") && has(head, len, "\"callFrame\""))
		return 85;
	return has(head, len, "\"functionName\"") && has(head, len, "\"lineNumber\"") ? 60
										      : 0;
}
