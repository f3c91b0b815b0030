/*
 * wish.h - what the body of a POST asks for: {"pid": 4242, "rate_hz": 100}
 */
#ifndef HTTP_WISH_H
#define HTTP_WISH_H

#include "base/err.h"

#include <stddef.h>
#include <sys/types.h>

struct wish {
	pid_t pid;
	double rate_hz; /* of all processes; 0 when not said: as it is */
};

/* ERR_USAGE when it is not JSON, or not within bounds. */
int wish_read(struct wish *w, const char *body, size_t len, struct err *err);

#endif
