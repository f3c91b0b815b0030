/*
 * output.h - where a recording or an export goes: a store directory, or a file in a format
 * that is chosen by -f or by the ending of its name.
 */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

#include "base/opt.h"
#include "format/format.h"
#include "prof/source.h"

struct filter;

struct output_options {
	const char *path, *format, *weight, *style, *title;
	bool threads;
	bool quiet; /* no warnings */
};

extern const struct opt output_rows[];

struct output {
	const struct output_options *o;
	const struct format_ops *format; /* NULL: a store */
	char *path; /* what the person asked for, or the name made for it; "-": stdout */
	char *store_dir; /* where to record: path itself, or temporary */
	bool temporary;
	bool is_new; /* the store was not there before */
};

/* Decides all names and checks that the output can be made. name: "app.py", for a
 * default. */
int output_prepare(struct output *out, const struct output_options *o, const char *name,
	struct err *err);
/* Writes the format from what was recorded; nothing to do for a store. */
int output_finish(struct output *out, struct source *source, struct err *err);
/* Removes what was temporary, and a new store when nothing came of it. */
void output_release(struct output *out, bool failed_early);

/* Writes a source in a format to a path ("-": standard output), through a file beside it
 * that is renamed, so that a failure leaves no half of a file. Warnings go to stderr. */
int output_write(const struct format_ops *format, const struct output_options *o,
	struct source *source, const struct filter *filter, const char *path,
	struct err *err);
/* By -f, else by path; *format NULL: a store. */
int output_choose(const struct output_options *o, const char *path,
	const struct format_ops **format, struct err *err);

#endif
