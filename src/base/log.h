/*
 * log.h - what pystrobe says to the person running it, on stderr, one write a line.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>

/* Something the person should know; "pystrobe: " is put before it. */
void log_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2), cold));
/* Only with PYSTROBE_DEBUG set in the environment. */
void log_debug(const char *fmt, ...) __attribute__((format(printf, 1, 2), cold));

#endif
