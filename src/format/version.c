/* version.c - see version.h */
#include "format/version.h"

#include <jansson.h>
#include <protobuf-c/protobuf-c.h>

const char *format_jansson_version(void)
{
	return jansson_version_str();
}

const char *format_protobuf_c_version(void)
{
	return protobuf_c_version();
}
