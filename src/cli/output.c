/* output.c - see output.h */
#include "cli/output.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/log.h"
#include "http/asset.h"
#include "query/filter.h"
#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

const struct opt output_rows[] = {
	OPT("output", 'o', string, output_options, path, "PATH",
		"where to; the format follows the ending: .svg .html .folded .txt "
		".speedscope.json .cpuprofile .pb.gz .trace.json .gecko.json; anything "
		"else "
		"is a store directory; - is standard output",
		.offer = OFFER_FILES),
	OPT("format", 'f', string, output_options, format, "FORMAT",
		"whatever the ending: store svg html folded speedscope cpuprofile pprof "
		"trace gecko jsonl text"),
	OPT("weight", 0, choice, output_options, weight, "WHAT",
		"what a value counts, in formats that hold one", .initial = "time",
		.choices = "time|samples", .offer = OFFER_CHOICES),
	OPT("threads", 't', flag, output_options, threads, NULL,
		"threads apart, in formats that merge stacks"),
	OPT("style", 0, choice, output_options, style, "STYLE",
		"frames of folded text: func (file:line), func(module), file:func:line",
		.initial = "file-line", .choices = "file-line|module|colon",
		.offer = OFFER_CHOICES),
	OPT("title", 0, string, output_options, title, "TEXT",
		"what a picture is called"),
	OPT_END,
};

int output_choose(const struct output_options *o, const char *path,
	const struct format_ops **format, struct err *err)
{
	const struct format_ops *f;
	struct buf known = BUF_INIT;

	*format = NULL;
	if (!o->format) {
		*format = path ? format_by_path(path) : NULL;
		return 0;
	}
	if (!strcmp(o->format, "store"))
		return 0;
	*format = format_by_name(o->format);
	if (*format && (*format)->write)
		return 0;
	for (f = format_list(); f->name; f++) {
		if (f->write)
			buf_printf(&known, " %s", f->name);
	}
	err_set(err, ERR_USAGE, "--format: '%s' is not one of: store%s", o->format,
		known.data ? known.data : "");
	buf_release(&known);
	return -1;
}

/* "app.py-20261121-140307.svg", or ".pystrobe" for a store */
static char *default_path(const struct format_ops *format, const char *name)
{
	const char *ending = format ? format->endings : ".pystrobe";
	time_t now = time(NULL);
	struct tm tm;
	char when[32];

	localtime_r(&now, &tm);
	strftime(when, sizeof(when), "%Y%m%d-%H%M%S", &tm);
	return xasprintf("%s-%s%.*s", name, when, (int)strcspn(ending, " "), ending);
}

static char *temporary_dir(struct err *err)
{
	const char *tmp = getenv("TMPDIR");
	char *dir = xasprintf("%s/pystrobe-XXXXXX", tmp && *tmp ? tmp : "/tmp");

	if (mkdtemp(dir))
		return dir;
	err_sys(err, errno, "cannot make a temporary directory like %s", dir);
	free(dir);
	return NULL;
}

/* Better now than after an hour of recording. */
static int check_writable(const char *path, struct err *err)
{
	char *dir = xstrdup(path);
	char *slash = strrchr(dir, '/');
	struct stat st;
	int ret = 0;

	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		ret = err_set(err, ERR_USAGE, "%s is a directory", path);
	if (slash)
		slash[slash == dir] = '\0';
	if (ret == 0 && access(slash ? dir : ".", W_OK) < 0)
		ret = err_sys(err, errno, "cannot write into %s", slash ? dir : ".");
	free(dir);
	return ret;
}

int output_prepare(struct output *out, const struct output_options *o, const char *name,
	struct err *err)
{
	*out = (struct output){ .o = o };
	if (output_choose(o, o->path, &out->format, err) < 0)
		return -1;
	if (o->path && !strcmp(o->path, "-") && !out->format)
		return err_set(err, ERR_USAGE,
			"a store cannot go to standard output; name a format with -f");
	out->path = o->path ? xstrdup(o->path) : default_path(out->format, name);
	if (!out->format) {
		struct stat st;

		out->is_new = stat(out->path, &st) < 0;
		if (!out->is_new && !S_ISDIR(st.st_mode))
			return err_set(err, ERR_USAGE,
				"%s is a file, and its ending names no format; choose "
				"one "
				"with -f",
				out->path);
		out->store_dir = xstrdup(out->path);
		return 0;
	}
	if (strcmp(out->path, "-") && check_writable(out->path, err) < 0)
		return -1;
	out->store_dir = temporary_dir(err);
	out->temporary = out->store_dir != NULL;
	return out->store_dir ? 0 : -1;
}

int output_finish(struct output *out, struct source *source, struct err *err)
{
	struct err ignored = ERR_INIT;
	struct filter all;
	int ret;

	if (!out->format)
		return 0;
	filter_init(&all);
	ret = filter_set(&all, "timeout", "1h", NULL, err);
	if (ret == 0)
		ret = output_write(out->format, out->o, source, &all, out->path, err);
	filter_release(&all);
	if (ret < 0 && out->temporary) {
		/* nothing that was sampled is thrown away */
		char *kept = xasprintf(
			"%s.pystrobe", strcmp(out->path, "-") ? out->path : "recording");

		if (rename(out->store_dir, kept) == 0) {
			err_hint(err, "the samples are kept in %s", kept);
			out->temporary = false;
		} else {
			out->temporary = false;
			err_hint(err, "the samples are kept in %s", out->store_dir);
		}
		free(kept);
	}
	(void)ignored;
	return ret;
}

void output_release(struct output *out, bool failed_early)
{
	struct err err = ERR_INIT;

	if ((out->temporary || (failed_early && out->is_new)) &&
		file_remove_tree(out->store_dir, &err) < 0)
		log_warn("%s", err.msg);
	free(out->store_dir);
	free(out->path);
	*out = (struct output){ 0 };
}

static void say_warnings(struct buf *warnings)
{
	char *line, *rest = warnings->data;

	while (rest && (line = strsep(&rest, "\n")))
		if (*line)
			log_warn("%s", line);
}

static enum folded_style style_of(const char *word)
{
	if (word && !strcmp(word, "module"))
		return FOLDED_MODULE;
	return word && !strcmp(word, "colon") ? FOLDED_COLON : FOLDED_FILE_LINE;
}

int output_write(const struct format_ops *format, const struct output_options *o,
	struct source *source, const struct filter *filter, const char *path,
	struct err *err)
{
	struct format_options fo = { .weight = o->weight && !strcmp(o->weight, "samples")
						       ? WEIGHT_SAMPLES
						       : WEIGHT_TIME,
		.style = style_of(o->style),
		.threads = o->threads,
		.title = o->title };
	const struct asset *page = asset_find("flame-standalone.html");
	bool to_stdout = !strcmp(path, "-");
	struct buf warnings = BUF_INIT;
	char *part = NULL;
	int ret = -1, fd = STDOUT_FILENO;

	if (page) {
		fo.page = page->data;
		fo.page_len = page->len;
	}
	if (!to_stdout) {
		part = xasprintf("%s.part-%d", path, (int)getpid());
		fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
		if (fd < 0) {
			err_sys(err, errno, "cannot create %s", path);
			goto out;
		}
	} else {
		fflush(stdout);
	}
	ret = format_write_fd(format, source, filter, &fo, fd, path, &warnings, err);
	if (!o->quiet)
		say_warnings(&warnings);
	if (to_stdout)
		goto out;
	if (close(fd) < 0 && ret == 0)
		ret = err_sys(err, errno, "cannot write %s", path);
	if (ret == 0 && rename(part, path) < 0)
		ret = err_sys(err, errno, "cannot rename %s to %s", part, path);
	if (ret < 0)
		unlink(part);
out:
	buf_release(&warnings);
	free(part);
	return ret;
}
