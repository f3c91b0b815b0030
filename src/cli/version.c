/* version.c - pystrobe --version: itself and the libraries it runs with */
#include "format/version.h"
#include "cli/cmd.h"
#include "http/version.h"
#include "native/version.h"
#include "store/version.h"
#include "tui/term.h"

#include <string.h>
#include <zlib.h>
#include <zstd.h>

static void put(struct buf *out, const char *library, const char *version)
{
	buf_printf(out, "  %-14s%s\n", library, version);
}

void cmd_version(struct buf *out)
{
	const char *curses = term_version(); /* "ncurses 6.4.20221231" */
	const char *space = strchr(curses, ' ');
	char text[64];

	buf_printf(out, "pystrobe %s\n", PYSTROBE_VERSION);
	put(out, "elfutils", native_elfutils_version());
	put(out, "rocksdb", store_rocksdb_version(text, sizeof(text)));
	put(out, "libmicrohttpd", http_microhttpd_version());
	put(out, "gnutls", http_gnutls_version());
	put(out, "ncurses", space ? space + 1 : curses);
	put(out, "jansson", format_jansson_version());
	put(out, "protobuf-c", format_protobuf_c_version());
	put(out, "zlib", zlibVersion());
	put(out, "zstd", ZSTD_versionString());
}
