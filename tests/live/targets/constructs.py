# -*- coding: utf-8 -*-
"""constructs - everything that puts a frame on the stack, in words that 2.7 and 3.15 both understand.

Each freeze.here() is one comparison. See constructs3.py for what 2.7 does not have.
"""
import functools
import gc
import os
import re
import signal
import sys
import threading
import weakref

import freeze
from freeze import Fail, done, here


def plain():
    here("plain")
    here(
        "over lines"
    )


def recurse(n=50):
    if n:
        recurse(n - 1)
    else:
        here("recursion")


def mutual_a(n=5):
    return mutual_b(
        n - 1
    )


def mutual_b(n):
    return mutual_a(n) if n > 0 else here("mutual recursion")


def generator(n):
    for i in range(n):
        here("in generator")
        yield i
        here("resumed")


def outer_generator():
    for x in generator(2):
        yield (
            here("outer generator"),
            x,
        )


def with_send():
    got = yield 1
    here("sent")
    try:
        yield got
    except Fail:
        here("thrown into")
    finally:
        here("closed")


def generators():
    list(outer_generator())
    g = with_send()
    next(g)
    g.send(here("send", 3))
    try:
        g.throw(Fail)
    except StopIteration:
        here("after throw")
    g = with_send()
    next(g)
    g.send(None)
    g.close()
    sum(here("genexp", y) for y in range(2))
    for _ in (
        here("multi-line genexp", y)
        for y in
        range(2)
    ):
        here("body")


def comprehensions():
    [here("list", x) for x in range(2)]
    [
        here("nested", x + y)
        for x in range(1)
        for y in range(1)
        if here("condition", True)
    ]
    {here("set", x) for x in range(1)}
    {here("key", x): here("value", x) for x in range(1)}
    [[here("inner", y) for y in range(1)] for x in range(1)]
    [(lambda v: here("lambda in comprehension", v))(x) for x in range(1)]


def lambdas():
    f = lambda: here("lambda")
    f()
    g = lambda a, b=here("default"): (
        a,
        here("multi-line lambda"),
    )
    g(1)
    (lambda x: (lambda y: here("nested lambda"))(x))(1)


def decorator(f):
    here("decorator")

    @functools.wraps(f)
    def wrapper(*args, **kwargs):
        return f(*args, **kwargs)
    return wrapper


def decorator_with(arg):
    def make(f):
        here("decorator with argument")
        return f
    return make


def decorators():
    @decorator
    @decorator_with(
        here("decorator's argument")
    )
    def decorated(x):
        return here("decorated", x)
    decorated(
        1
    )


def classes():
    class Meta(type):
        def __new__(mcs, name, bases, attrs):
            here("metaclass")
            return type.__new__(mcs, name, bases, attrs)

        def __call__(cls, *args):
            here("metaclass call")
            return type.__call__(cls, *args)

    Base = Meta("Base", (object,), {})

    class Derived(Base):
        here("class body")
        attribute = here(
            "class body over lines", 3
        )

        class Inner(object):
            here("inner class body")

        def __init__(self, *args):
            here("init")

        @property
        def prop(self):
            return here("property", 1)

        @staticmethod
        def static():
            here("static")

        @classmethod
        def klass(cls):
            here("class method")

        def __getattr__(self, name):
            return here("getattr", 5)

        def __getitem__(self, i):
            return here("getitem", i)

        def __add__(self, other):
            return here("add", self)

        def __eq__(self, other):
            return here("eq", True)

        def __hash__(self):
            return here("hash", 7)

        def __repr__(self):
            return here("repr", "r")

        def __iter__(self):
            here("iter")
            return iter([1, 2])

        def __len__(self):
            return here("len", 1)

        def __call__(self, *args):
            return here("call")

        def __enter__(self):
            here("enter")
            return self

        def __exit__(self, *exc):
            here("exit")
            return True

        def __lt__(self, other):
            return here("lt", True)

    d = Derived(
        1,
        2
    )
    d.prop
    d.static()
    Derived.klass()
    d.missing
    d[
        1
    ]
    (d
     + 1
     + 2)
    d == 1
    {d: 1}
    repr(d)
    str([d])
    "%r" % d
    for _ in d:
        pass
    a, b = d
    bool(len(d))
    d(1,
      2)
    with d:
        here("in with")
    with d as e:
        raise Fail
    sorted([d, d])
    d.x = (
        d.prop
        or 1
    )


def multi_line():
    def f(*args, **kwargs):
        here("f")
        return f

    f(
        1,
        here("argument"),
    )
    f(f(
        f(
            here("deep")),
        here("second")
    ),
        here("last"))
    f(1)(
        2
    )(
        3
    )
    (
        f
        (1)
    )
    x = [
        here("item"),
        f(
            1
        ),
    ]
    y = {
        "a": here("dict value"),
        "b":
            here("dict value 2"),
    }
    if (
        here("condition", True)
        and f(1)
        and (
            here("third", 1)
        )
    ):
        here("then")
    while (
        here("while", False)
    ):
        pass
    assert f(
        1
    ), "never"
    z = here("left", 1) if \
        here("condition", 0) else \
        here("right", 2)
    return (x, y, z,
            here("return"))


def exceptions():
    try:
        raise Fail(
            here("exception argument")
        )
    except Fail:
        here("except")
        try:
            1 / 0
        except ZeroDivisionError:
            here("nested except")
        here("after nested")
    else:
        here("never")
    finally:
        here("finally")
    try:
        here("try")
    finally:
        here("finally without exception")
    for i in range(2):
        try:
            if i:
                continue
            here("before continue")
        finally:
            here("finally in loop")


def returning():
    try:
        return here("return in try")
    finally:
        here("finally after return")


def callbacks():
    sorted([2, 1], key=lambda x: here("key", x))
    sorted([3, 1, 2],
           key=functools.cmp_to_key(
               lambda a, b: here("cmp", a - b)))
    max([1, 2],
        key=lambda x: here("max", x))
    re.sub("a", lambda m: here("re.sub", "b"), "aa")
    list(map(lambda x: here("map", x), [1]))
    list(filter(lambda x: here("filter", x), [1]))
    functools.reduce(lambda a, b: here("reduce", a + b), [1, 2])
    functools.partial(here, "partial")()
    functools.partial(lambda x: here("partial of lambda", x), 1)()
    getattr(Attr(), "x")
    isinstance(1, Checks)
    dict(Pairs())
    "".join(here("join", "x") for _ in range(1))
    iter(lambda: here("iter with sentinel", 0), 0).__next__() if sys.version_info > (3,) and False else None
    eval("here('eval')")


class Attr(object):
    def __getattribute__(self, name):
        return here("getattribute", 1)


class CheckMeta(type):
    def __instancecheck__(cls, obj):
        return here("instancecheck", True)


Checks = CheckMeta("Checks", (object,), {})


class Pairs(object):
    def keys(self):
        here("keys")
        return ["a"]

    def __getitem__(self, k):
        return here("mapping", 1)


def code_from_text():
    exec("here('exec')\n\nhere(\n'exec over lines'\n)", {"here": here})
    eval("(\nhere('eval over lines')\n)")
    exec(compile("\n\ndef f():\n    here('compiled')\nf()\n", "a;b.py", "exec"), {"here": here})
    exec(compile("here('newline in file name')", "two\nlines;and=more", "exec"), {"here": here})
    exec(compile("here('empty file name')", "", "exec"), {"here": here})
    exec(compile("here('percent')", "%s%n /x y\t.py", "exec"), {"here": here})
    name = "n\xc3\xa4me\xf0\x9f\x90\x8d.py" if sys.version_info < (3,) else u"n\xe4me\U0001f40d.py"
    exec(compile("here('file name')", name, "exec"), {"here": here})
    exec(compile("here('first line')", "low.py", "exec"), {"here": here})
    exec(compile("\n" * 70000 + "here('line 70001')", "high.py", "exec"), {"here": here})
    # more than 255 bytes of code and lines that go back
    exec(compile("x = [\n" + ",\n".join(["1"] * 300 + ["here('far')"] + ["2"] * 300) + "\n]\n",
                 "wide.py", "exec"), {"here": here})
    exec(compile("x = 0\n" + "x = x + 1\n" * 400 + "\n" * 300 + "here('gaps')\n" + "x = x + 1\n" * 10 +
                 "here('again')\n", "gaps.py", "exec"), {"here": here})


def expression(pick, depth):
    """A random expression over many lines, with here() at its leaves."""
    def sub():
        return expression(pick, depth - 1)
    nl = "\n" * pick(3)
    if depth == 0:
        return pick(3) and "here('x', 1)" or "here(" + nl + "'x'" + "," + "\n" * pick(2) + "1)"
    kind = pick(9)
    if kind == 0:
        return "f(" + nl + sub() + "," + nl + sub() + nl + ")"
    if kind == 1:
        return "f(f(" + nl + sub() + ")," + nl + sub() + ")(" + nl + "2)"
    if kind == 2:
        return "(" + sub() + nl + "+" + "\n" * pick(2) + sub() + ")"
    if kind == 3:
        return "[" + nl + sub() + "," + nl + sub() + nl + "][" + nl + "0]"
    if kind == 4:
        return "(" + sub() + nl + " if " + nl + sub() + nl + " else 3)"
    if kind == 5:
        return "{" + nl + "'k':" + nl + sub() + "}[" + nl + "'k']"
    if kind == 6:
        return "(lambda a:" + sub() + ")(" + nl + sub() + ")"
    if kind == 7:
        return "[" + nl + sub() + nl + " for i in " + nl + "range(1)" + nl + " if " + sub() + "][0]"
    return "f.g(" + nl + sub() + ")" + ".h(" + nl + "k=" + sub() + ")"


class Chain(int):
    """Can be called, added and asked for methods; here() is inside of each."""

    def __call__(self, *args, **kwargs):
        here("call")
        return self

    def __add__(self, other):
        here("add")
        return self

    def __bool__(self):
        return here("bool", True)
    __nonzero__ = __bool__
    g = h = __call__


def random_expressions():
    state = [12345]

    def pick(n):
        state[0] = (state[0] * 1103515245 + 12345) & 0x7fffffff
        return (state[0] >> 16) % n
    for i in range(25):
        source = "def run():\n return (" + expression(pick, 2) + ")\nrun()\n"
        exec(compile(source, "random%d.py" % i, "exec"), {"here": here, "f": Chain(1)})


def big_table():
    """A line table of more than a mebibyte (3.11+; others hold the same lines in less)."""
    n = 220000
    source = "def f():\n" + "    a = 1\n" * n + "    here('big')\n" + "    a = 1\n" * 10 + "    return a\n"
    space = {"here": here}
    exec(compile(source, "big.py", "exec"), space)
    space["f"]()


def reused_addresses():
    for i in range(20):
        space = {"here": here}
        exec(compile("\n" * i + "def f%d():\n    here('generation %d')\nf%d()\n" % (i, i, i), "gen%d.py" % i, "exec"),
             space)
        del space
        gc.collect()


def signals():
    def handler(signum, frame):
        here("signal handler")
    old = signal.signal(signal.SIGUSR1, handler)
    os.kill(os.getpid(), signal.SIGUSR1)
    for _ in range(3):
        pass
    signal.signal(signal.SIGUSR1, old)


class Dies(object):
    def __del__(self):
        here("__del__")


class Cyclic(object):
    def __init__(self):
        self.me = self

    def __del__(self):
        here("__del__ in gc")


def finalizers():
    d = Dies()
    d = None
    Dies()
    if sys.version_info >= (3, 4):
        Cyclic()
        gc.collect()

    class Referent(object):
        pass
    r = Referent()
    w = weakref.ref(r, lambda _: here("weakref callback"))
    del r
    return w


def tracing():
    """Line numbers while sys.settrace and sys.setprofile are on."""
    seen = []

    def trace(frame, event, arg):
        if frame.f_code.co_name == "traced" and event not in seen:
            seen.append(event)
            here("trace function: " + event)
        return trace

    def traced(x):
        here("traced")
        y = [
            here("traced over lines"),
            x
        ]
        for i in range(1):
            here("traced loop")
        return len(
            y
        )

    def profile(frame, event, arg):
        if frame.f_code.co_name == "traced" and ("p", event) not in seen:
            seen.append(("p", event))
            here("profile function: " + event)

    sys.settrace(trace)
    try:
        traced(1)
        list(generator(1))
    finally:
        sys.settrace(None)
    traced(2)
    sys.setprofile(profile)
    try:
        traced(3)
    finally:
        sys.setprofile(None)
    traced(4)


def threads():
    ready, go, lock = threading.Event(), threading.Event(), threading.Lock()

    def worker():
        with lock:
            ready.set()
            go.wait(
            )
    t = threading.Thread(target=worker)
    t.start()
    ready.wait()
    here("beside a thread", others=True)
    other = threading.Thread(target=lambda: here("in a thread"))
    other.start()
    other.join()
    go.set()
    t.join()


CASES = [plain, recurse, mutual_a, generators, comprehensions, lambdas, decorators, classes, multi_line,
         random_expressions, exceptions, returning, callbacks, code_from_text, reused_addresses, signals, finalizers, tracing,
         threads, big_table]

if __name__ == "__main__":
    for case in CASES:
        freeze.case = case.__name__
        case()
    if sys.version_info >= (3,):
        import constructs3
        constructs3.main()
    freeze.case = "recurse"
    sys.setrecursionlimit(20000)
    threading.stack_size(256 << 20)
    deep = threading.Thread(target=lambda: recurse(3000))
    deep.start()
    deep.join()
    done()
