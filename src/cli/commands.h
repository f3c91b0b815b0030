/*
 * commands.h - the list of commands, in the order in which help shows them.
 */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

#include "cli/cmd.h"

/* clang-format off */
#define CMD_LIST(X) \
	X(ps)       \
	X(dump)               \
	X(top) \
	X(record) \
	X(serve)              \
	X(view)              \
	X(report)              \
	X(export)              \
	X(diff)              \
	X(bench)             \
	X(store)    \
	X(completion) \
	X(man)
/* clang-format on */

#define X(name) extern const struct cmd cmd_##name;
CMD_LIST(X)
#undef X

#endif
