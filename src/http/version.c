/* version.c - see version.h */
#include "http/version.h"

#include <gnutls/gnutls.h>
#include <microhttpd.h>
#include <stddef.h>

const char *http_microhttpd_version(void)
{
	return MHD_get_version();
}

const char *http_gnutls_version(void)
{
	return gnutls_check_version(NULL);
}
