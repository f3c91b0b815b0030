/* format_test.c - see format_test.h */
#include "format_test.h"

#include "test.h"

#include "base/file.h"
#include "query/filter.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* 2026-11-21 12:00:00 UTC */
#define START_NS 1795262400000000000

struct tape *ft_read(const void *data, size_t len, struct buf *warnings, struct err *err)
{
	struct tape *t = tape_new(0);

	if (format_read(NULL, data, len, "input", START_NS, tape_sink(t), warnings, err) <
		0) {
		tape_free(t);
		return NULL;
	}
	return t;
}

struct tape *ft_text(const char *text)
{
	struct err err = ERR_INIT;
	struct tape *t = ft_read(text, strlen(text), NULL, &err);

	if (!t)
		fail_msg("%s", err.msg);
	return t;
}

struct tape *ft_file(const char *name, struct buf *warnings)
{
	struct buf data = BUF_INIT;
	struct err err = ERR_INIT;
	char path[256];
	struct tape *t;

	snprintf(path, sizeof(path), "format/data/%s", name);
	CHECK_OK(file_read(&data, AT_FDCWD, test_path(path), 1 << 24, &err), err);
	t = ft_read(data.data, data.len, warnings, &err);
	if (!t)
		fail_msg("%s: %s", name, err.msg);
	buf_release(&data);
	return t;
}

struct buf_out {
	struct format_out out;
	struct buf *b;
};

static int emit(struct format_out *out, const void *data, size_t len, struct err *err)
{
	(void)err;
	buf_add(((struct buf_out *)out)->b, data, len);
	return 0;
}

static void set_word(struct filter *f, struct format_options *o, char *word)
{
	static const struct timespec_base base = { .now_ns = START_NS };
	char *value = strchr(word, '=');
	struct err err = ERR_INIT;

	if (!value)
		fail_msg("%s", word);
	*value++ = '\0';
	if (!strcmp(word, "weight"))
		o->weight = !strcmp(value, "samples") ? WEIGHT_SAMPLES : WEIGHT_TIME;
	else if (!strcmp(word, "style"))
		o->style = (enum folded_style)atoi(value);
	else if (!strcmp(word, "threads"))
		o->threads = true;
	else if (!strcmp(word, "title"))
		o->title = "a title";
	else
		CHECK_OK(filter_set(f, word, value, &base, &err), err);
}

int ft_write(struct tape *t, const char *format, const char *words, struct buf *out,
	struct buf *warnings, struct err *err)
{
	static const char page[] = "<html><script id=\"profile\"></script></html>";
	struct format_options o = { .page = page, .page_len = sizeof(page) - 1 };
	struct buf_out to = { { emit }, out };
	char *copy = strdup(words), *save = NULL, *word;
	struct filter f;
	int ret;

	filter_init(&f);
	for (word = strtok_r(copy, " ", &save); word; word = strtok_r(NULL, " ", &save))
		set_word(&f, &o, word);
	ret = format_write(
		format_by_name(format), tape_source(t), &f, &o, &to.out, warnings, err);
	filter_release(&f);
	free(copy);
	return ret;
}

const char *ft_folded(struct tape *t, const char *words)
{
	static char text[65536];
	struct buf out = BUF_INIT;
	struct err err = ERR_INIT;

	CHECK_OK(ft_write(t, "folded", words, &out, NULL, &err), err);
	snprintf(text, sizeof(text), "%s", out.data ? out.data : "");
	buf_release(&out);
	return text;
}
