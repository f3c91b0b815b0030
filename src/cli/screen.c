/* screen.c - see screen.h */
#include "cli/screen.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

size_t screen_columns(FILE *f)
{
	const char *text = getenv("COLUMNS");
	struct winsize ws;
	int n = text ? atoi(text) : 0;

	if (n >= 20 && n <= 10000)
		return (size_t)n;
	if (ioctl(fileno(f), TIOCGWINSZ, &ws) == 0 && ws.ws_col >= 20)
		return ws.ws_col;
	return 100;
}

bool screen_colour(FILE *f)
{
	const char *term = getenv("TERM");
	const char *no = getenv("NO_COLOR");
	const char *force = getenv("CLICOLOR_FORCE");

	if (no && *no)
		return false;
	if (force && *force && strcmp(force, "0"))
		return true;
	return isatty(fileno(f)) && term && strcmp(term, "dumb");
}

const char *ink(bool colour, enum ink i)
{
	static const char *const codes[INK_COUNT] = {
		[INK_PLAIN] = "\033[0m",
		[INK_BOLD] = "\033[1m",
		[INK_DIM] = "\033[2m",
		[INK_NAME] = "\033[1;36m",
		[INK_FILE] = "\033[34m",
		[INK_LINE] = "\033[33m",
		[INK_GOOD] = "\033[32m",
		[INK_WARN] = "\033[33m",
		[INK_BAD] = "\033[31m",
		[INK_HEAD] = "\033[1m",
	};

	return colour ? codes[i] : "";
}
