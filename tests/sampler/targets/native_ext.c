/* native_ext.c - an extension module for 2.7 to the newest: call(f) calls f(). */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

__attribute__((noinline)) static PyObject *extension_calls(PyObject *f)
{
	PyObject *volatile result = PyObject_CallObject(f, NULL);

	return result;
}

static PyObject *call(PyObject *self, PyObject *f)
{
	PyObject *volatile result = extension_calls(f);

	(void)self;
	return result;
}

static PyMethodDef methods[] = {
	{ "call", call, METH_O, NULL },
	{ NULL, NULL, 0, NULL },
};

#if PY_MAJOR_VERSION < 3
PyMODINIT_FUNC initnative_ext(void);
PyMODINIT_FUNC initnative_ext(void)
{
	Py_InitModule("native_ext", methods);
}
#else
static struct PyModuleDef module = { PyModuleDef_HEAD_INIT, "native_ext", NULL, -1,
	methods, NULL, NULL, NULL, NULL };

PyMODINIT_FUNC PyInit_native_ext(void);
PyMODINIT_FUNC PyInit_native_ext(void)
{
	return PyModule_Create(&module);
}
#endif
