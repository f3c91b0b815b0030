/*
 * html.h - one page with the dashboard's flame graph and the data inside, written.
 */
#ifndef FORMAT_HTML_H
#define FORMAT_HTML_H

#include "base/err.h"

struct export;

int html_write(struct export *ex, struct err *err);

#endif
