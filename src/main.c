/* main.c - looks a word up in the command table; nothing else */
int main(void)
{
	return 2;
}
