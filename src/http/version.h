/*
 * version.h - the versions of the server's libraries, for pystrobe --version.
 */
#ifndef HTTP_VERSION_H
#define HTTP_VERSION_H

const char *http_microhttpd_version(void);
const char *http_gnutls_version(void);

#endif
