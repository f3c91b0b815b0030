/*
 * embed.c - a program with CPython inside, for tests/live/test_find.py: no "python" in its
 * name, and it can be held before, during and after the interpreter's life.
 *
 * Writes a letter at each stage and goes on when it reads a byte: b before Py_Initialize,
 * r running, e after Py_Finalize. Declared here, so that it builds without headers.
 */
#include <unistd.h>

void Py_Initialize(void);
void Py_Finalize(void);
int PyRun_SimpleString(const char *);

static void stage(char letter)
{
	char go;

	if (write(1, &letter, 1) != 1 || read(0, &go, 1) != 1)
		_exit(0);
}

int main(void)
{
	stage('b');
	Py_Initialize();
	PyRun_SimpleString("x = 1");
	stage('r');
	Py_Finalize();
	stage('e');
	return 0;
}
