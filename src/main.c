/* main.c - looks a word up in the command table; nothing else */
#include "cli/cmd.h"

#include <locale.h>
#include <signal.h>

int main(int argc, char **argv)
{
	setlocale(LC_ALL, "");
	setlocale(LC_NUMERIC, "C");
	signal(SIGPIPE, SIG_IGN);
	return cmd_main(argc, argv);
}
