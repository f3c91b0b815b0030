/*
 * opt.h - command lines from tables: the same rows make the parser, --help, the shell
 * completions and the manual pages, so that none of them can say something else.
 *
 * A command describes itself in a struct opt_page: usage, groups of options, examples.
 * Each row names a member of the command's own options struct by its offset. A group may
 * be shared by several commands: its rows are relative to a struct that the command
 * embeds, and the group says where (`base`).
 *
 *	static const struct opt rows[] = {
 *		OPT("rate", 'r', rate, record_options, rate, "HZ",
 *			"samples a second, or max", .initial = "100"),
 *		OPT_END,
 *	};
 *
 * Long options may be shortened while they stay unambiguous; `--name=value`, `-r100`,
 * `-r 100` and clusters `-sn` all work; options and positionals may be mixed; everything
 * behind `--` is a command with its arguments where the page takes one, else positionals.
 */
#ifndef BASE_OPT_H
#define BASE_OPT_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct opt;

/* What a shell should offer for a value. */
enum opt_offer { OFFER_NOTHING, OFFER_FILES, OFFER_DIRS, OFFER_PIDS, OFFER_CHOICES };

struct opt_kind {
	bool takes_value;
	/* Reads `text` into the member at `field`. On failure the message says what a
	 * good value looks like; the parser puts the option's name before it. */
	int (*parse)(const struct opt *o, void *field, const char *text, struct err *err);
};

struct opt {
	const char *name; /* "rate"; without the dashes */
	char letter;      /* 'r', or 0 */
	const struct opt_kind *kind;
	size_t offset;
	const char *metavar; /* "HZ"; NULL for flags */
	const char *help;    /* one line, lower case, no full stop */
	const char *initial; /* default, read by the same parser; NULL: zero */
	const char *choices; /* "never|auto|always" for opt_choice */
	enum opt_offer offer;
};

/* A row. Optional members follow by name: .initial = "100", .offer = OFFER_FILES. */
#define OPT(name_, letter_, kind_, type_, member_, metavar_, help_, ...)          \
	{                                                                         \
		.name = (name_), .letter = (letter_), .kind = &opt_##kind_,       \
		.offset = offsetof(struct type_, member_), .metavar = (metavar_), \
		.help = (help_), __VA_ARGS__                                      \
	}
#define OPT_END              \
	{                    \
		.name = NULL \
	}
#define OPT_GROUP(title_, rows_, base_)                             \
	{                                                           \
		.title = (title_), .rows = (rows_), .base = (base_) \
	}
#define OPT_GROUP_END         \
	{                     \
		.title = NULL \
	}

/* The kinds, with the C type of the member. */
extern const struct opt_kind opt_flag;     /* bool: true when given */
extern const struct opt_kind opt_string;   /* const char *: borrowed from argv */
extern const struct opt_kind opt_list;     /* struct opt_list: may be given again */
extern const struct opt_kind opt_count;    /* unsigned: how often the flag was given */
extern const struct opt_kind opt_unsigned; /* unsigned: a number from 0 */
extern const struct opt_kind opt_number;   /* double: 0 or more */
extern const struct opt_kind opt_seconds;  /* double: a span, see units.h */
extern const struct opt_kind opt_rate;     /* double: hertz, "10k", "1khz"; max is 0 */
extern const struct opt_kind opt_size;     /* uint64_t: bytes, see units.h */
extern const struct opt_kind opt_choice;   /* const char *: one of choices */

struct opt_list {
	const char **v; /* borrowed from argv */
	size_t n, cap;
};

struct opt_group {
	const char *title;      /* "Filters"; "": goes on below the title before */
	const struct opt *rows; /* the last one has no name */
	size_t base;            /* offset of the struct that the rows are relative to */
};

struct opt_example {
	const char *command, *what;
};

struct opt_page {
	const char *name;               /* "record" */
	const char *summary;            /* "sample processes into a store or a file" */
	const char *usage;              /* "[OPTIONS] (PID... | -- COMMAND [ARGS])" */
	const char *about;              /* a paragraph or more, wrapped by the printer */
	const struct opt_group *groups; /* the last one has no title; NULL: no options */
	struct opt_example examples[3];
	enum opt_offer offer; /* for positionals */
	const char *choices;  /* for positionals, with OFFER_CHOICES */
	bool takes_command;   /* "-- COMMAND" */
};

static inline bool opt_has_group(const struct opt_page *page, size_t g)
{
	return page->groups && page->groups[g].title;
}

struct opt_args {
	const char **v; /* positionals, in order */
	size_t n, cap;
	char **command; /* behind "--", NULL-terminated; NULL when there was none */
};

/*
 * Reads argv[1..] into *options (defaults first) and *args. Returns 0, 1 when --help was
 * asked for, or -1 with ERR_USAGE and one line that says what is wrong.
 */
int opt_parse(const struct opt_page *page, int argc, char **argv, void *options,
	struct opt_args *args, struct err *err);
/* Frees lists in *options and the arrays of *args. */
void opt_release(const struct opt_page *page, void *options, struct opt_args *args);

/* --help as text for a terminal of so many columns; bold when `colour`. */
void opt_help(const struct opt_page *page, struct buf *out, size_t columns, bool colour);
/* "-r, --rate HZ" */
void opt_name(const struct opt *o, struct buf *out);
/* Appends text wrapped at words, every line but the first indented. */
void opt_wrap(struct buf *out, const char *text, size_t columns, size_t indent);

/* The word nearest to a mistyped one, or NULL when none is near. */
const char *opt_nearest(const char *word, const char *const *words, size_t n);

#endif
