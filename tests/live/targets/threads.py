"""threads - threads of every kind; the label says which. argv: the case. For 2.7 and 3.6 on.

Each stop's label is a dictionary: "case", and what the test needs to know besides the frames.
"""
import ctypes
import json
import os
import sys
import threading

import freeze
from freeze import done, here

api = ctypes.pythonapi


def stop(case, **more):
    here(json.dumps(dict(more, case=case)), others=True)


def deep(n):
    if n:
        deep(n - 1)
    else:
        here(json.dumps({"case": "deep"}))


def recursion():
    """100 000 frames; on a thread of its own, because up to 3.10 each takes some of C's stack."""
    sys.setrecursionlimit(200000)
    threading.stack_size(1 << 30)
    t = threading.Thread(target=deep, args=(100000 - 5,))
    t.start()
    t.join()


def waits(ready, go):
    ready.set()
    go.wait(
    )


def beside(function):
    """Calls function while another thread waits, as daemon."""
    ready, go = threading.Event(), threading.Event()
    t = threading.Thread(target=waits, args=(ready, go), name="waits")
    t.daemon = True
    t.start()
    ready.wait()
    function(t)
    go.set()
    t.join()


def daemon():
    beside(lambda t: stop("daemon", ident=t.ident))


def forked():
    """The child has one thread only, and its parent's Thread objects."""
    def fork(_):
        pid = os.fork()
        if pid == 0:
            here(json.dumps({"case": "after fork"}))
            os._exit(0)
        os.waitpid(pid, 0)
    beside(fork)


def native():
    """A thread that C has made calls Python."""
    libc = ctypes.CDLL(None)
    function = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p)

    @function
    def called(arg):
        here(json.dumps({"case": "native thread"}))

    thread = ctypes.c_ulong()
    libc.pthread_create.argtypes = [ctypes.c_void_p] * 4
    libc.pthread_create(ctypes.byref(thread), None, ctypes.cast(called, ctypes.c_void_p), None)
    libc.pthread_join.argtypes = [ctypes.c_ulong, ctypes.c_void_p]
    libc.pthread_join(thread, None)


def empty():
    """A thread state without a thread, and without a frame."""
    api.PyInterpreterState_Head.restype = ctypes.c_void_p
    api.PyThreadState_New.restype = ctypes.c_void_p
    api.PyThreadState_New.argtypes = [ctypes.c_void_p]
    state = api.PyThreadState_New(api.PyInterpreterState_Head())
    stop("empty state", state=state)


INSIDE = """
import json, sys
import freeze
freeze.case = %r
def inside():
    freeze.here(json.dumps({"case": "sub-interpreter"}))
inside()
"""


def interpreter_module():
    for name in ("_interpreters", "_xxsubinterpreters"):
        try:
            return __import__(name)
        except ImportError:
            pass


def subinterpreters(*how):
    """One inside of another's call; each with its own GIL (how: "isolated", 3.12+), or sharing one."""
    m = interpreter_module()
    if not m:
        return
    try:
        if sys.version_info >= (3, 13):
            ids = [m.create(how[0] if how else "legacy") for _ in range(2)]
        else:
            ids = [m.create(**({"isolated": bool(how)})) for _ in range(2)]
    except TypeError:
        ids = [m.create() for _ in range(2)]
    for i in ids:
        failed = m.run_string(i, INSIDE % freeze.case)
        assert not failed, failed
    for i in ids:
        m.destroy(i)


def hot():
    """A loop that the JIT has compiled, where there is one: stops in it, and in what it calls."""
    def inner(i, n):
        x = i + 1
        if i == n:
            here(json.dumps({"case": "hot"}))
        return x

    def outer(n):
        total = 0
        for i in range(n + 1):
            total += inner(
                i, n
            )
        return total

    for n in (20000, 20001):
        outer(n)


CASES = dict(deep=recursion, daemon=daemon, forked=forked, native=native, empty=empty, subinterpreters=subinterpreters,
             isolated=lambda: subinterpreters("isolated"), hot=hot)
freeze.case = sys.argv[1]
CASES[sys.argv[1]]()
done()
