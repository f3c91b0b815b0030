/*
 * version.h - the versions of the libraries that formats need, for pystrobe --version.
 */
#ifndef FORMAT_VERSION_H
#define FORMAT_VERSION_H

const char *format_jansson_version(void);
const char *format_protobuf_c_version(void);

#endif
