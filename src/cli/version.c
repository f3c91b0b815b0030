/* version.c - pystrobe --version: itself and the libraries it runs with */
#include "cli/cmd.h"

#include <zlib.h>
#include <zstd.h>

void cmd_version(struct buf *out)
{
	buf_printf(out, "pystrobe %s\n", PYSTROBE_VERSION);
	buf_printf(out, "  zlib          %s\n", zlibVersion());
	buf_printf(out, "  zstd          %s\n", ZSTD_versionString());
}
