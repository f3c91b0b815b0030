/* main.c - looks a word up in the command table; nothing else */
#include "cli/cmd.h"

#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <string.h>

int main(int argc, char **argv)
{
	setlocale(LC_ALL, "");
	setlocale(LC_NUMERIC, "C");
	/* no locale set, as in most containers: terminals speak UTF-8 all the same */
	if (!strcmp(nl_langinfo(CODESET), "ANSI_X3.4-1968"))
		setlocale(LC_CTYPE, "C.UTF-8");
	signal(SIGPIPE, SIG_IGN);
	return cmd_main(argc, argv);
}
