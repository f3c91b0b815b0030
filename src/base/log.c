/* log.c - see log.h */
#include "base/log.h"

#include "base/buf.h"

#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

__attribute__((format(printf, 2, 0))) static void say(
	const char *prefix, const char *fmt, va_list ap)
{
	struct buf line = BUF_INIT;
	ssize_t ignored;

	buf_str(&line, prefix);
	buf_vprintf(&line, fmt, ap);
	buf_char(&line, '\n');
	ignored = write(STDERR_FILENO, line.data, line.len);
	(void)ignored;
	buf_release(&line);
}

void log_warn(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say("pystrobe: ", fmt, ap);
	va_end(ap);
}

void log_debug(const char *fmt, ...)
{
	va_list ap;

	if (!getenv("PYSTROBE_DEBUG"))
		return;
	va_start(ap, fmt);
	say("pystrobe: debug: ", fmt, ap);
	va_end(ap);
}
