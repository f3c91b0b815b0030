/*
 * cmd.h - the commands: one struct cmd each, all of them in the table of cmd.c.
 *
 * A command is its page (options, help, examples; see base/opt.h), the size of its options
 * struct, and what it does. cmd_main() parses, runs, speaks to the user and turns the
 * outcome into the exit status: 0 done, 1 failed, 2 wrong use.
 */
#ifndef CLI_CMD_H
#define CLI_CMD_H

#include "base/buf.h"
#include "base/err.h"
#include "base/opt.h"

#include <stdbool.h>
#include <stddef.h>

struct cmd {
	struct opt_page page;
	size_t options_size;
	/* Returns the exit status, or -1 with *err filled in. `options` is the parsed
	 * struct, zeroed first; strings in it live as long as argv. */
	int (*run)(const void *options, const struct opt_args *args, struct err *err);
	bool hidden; /* not in the list of commands */
};

extern const struct cmd *const cmd_table[];
extern const size_t cmd_count;

/* By name or unambiguous beginning of one; NULL with an error that suggests one. */
const struct cmd *cmd_find(const char *word, struct err *err);
/* The whole program. */
int cmd_main(int argc, char **argv);
/* "pystrobe 0.1.0", then a line for each library in use. */
void cmd_version(struct buf *out);

#endif
