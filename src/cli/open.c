/* open.c - see open.h */
#include "cli/open.h"

#include "base/log.h"
#include "format/format.h"
#include "prof/tape.h"
#include "store/admin.h"
#include "store/store.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

static void say_warnings(struct buf *warnings)
{
	char *line, *rest = warnings->data;

	while (rest && (line = strsep(&rest, "\n")))
		if (*line)
			log_warn("%s", line);
}

static int open_profile(struct opened *o, const char *path, struct err *err)
{
	struct buf warnings = BUF_INIT;
	int ret;

	o->tape = tape_new(0);
	ret = format_read_path(NULL, path, 0, tape_sink(o->tape), &warnings, err);
	say_warnings(&warnings);
	buf_release(&warnings);
	o->source = tape_source(o->tape);
	return ret;
}

int open_path(struct opened *o, const char *path, struct err *err)
{
	struct stat st;

	*o = (struct opened){ 0 };
	if (stat(path, &st) < 0)
		return err_sys(err, errno, "cannot open %s", path);
	if (S_ISDIR(st.st_mode) || store_is_packed(path)) {
		o->store = store_open_any(path, err);
		if (!o->store)
			return -1;
		o->source = store_source(o->store);
		return 0;
	}
	return open_profile(o, path, err);
}

void open_release(struct opened *o)
{
	struct err ignored = ERR_INIT;

	source_close(o->source);
	if (o->store)
		store_close(o->store, &ignored);
	tape_free(o->tape);
	*o = (struct opened){ 0 };
}
