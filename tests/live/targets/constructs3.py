"""constructs3 - what 2.7 does not have: yield from, coroutines, async generators, names beyond ASCII, monitoring."""
import asyncio
import contextlib
import sys
import types

import freeze
from freeze import Fail, here


def leaf():
    yield here("leaf of yield from", 1)
    here("resumed leaf")
    return 2


def middle():
    x = yield from leaf()
    here("middle after")
    y = yield from (
        here("genexp in yield from", i)
        for i in range(2)
    )
    return x, y


def yield_from():
    list(middle())
    yield from ()


class Awaitable:
    def __await__(self):
        here("__await__")
        got = yield here("await yields", 5)
        here("await resumed")
        return got


async def coroutine(depth):
    if depth:
        return await coroutine(
            depth - 1
        )
    here("coroutine")
    await Awaitable()
    here("coroutine resumed")
    return 3


@types.coroutine
def old_style():
    here("types.coroutine")
    yield 1


async def uses_old():
    await old_style()
    here("after old style")


def drive(coro):
    while True:
        try:
            coro.send(
                None
            )
        except StopIteration as stop:
            return stop.value


async def agen(n):
    for i in range(n):
        here("async generator")
        yield i
        await asyncio.sleep(0)
        here("async generator resumed")


class Manager:
    async def __aenter__(self):
        here("aenter")
        await asyncio.sleep(0)
        return self

    async def __aexit__(self, *exc):
        here("aexit")
        return True


@contextlib.contextmanager
def manager():
    here("context manager")
    try:
        yield 1
    except Fail:
        here("context manager except")
    here("context manager end")


async def everything():
    async for x in agen(2):
        here("async for")
    [x async for x in agen(1)]
    [await asyncio.sleep(0, here("async comprehension", x)) for x in range(2)]
    async with Manager() as m:
        here("async with")
    async with Manager():
        raise Fail
    with manager():
        here("in context manager")
    with manager():
        raise Fail
    await asyncio.gather(
        task("a"),
        task("b"),
    )
    await asyncio.wait_for(task("c"), 1000)
    g = agen(3)
    await g.__anext__()
    await g.aclose()
    return here("coroutine's end")


async def task(name):
    here("task " + name)
    await asyncio.sleep(0)
    here("task resumed " + name)


def keywords(*, a, b=2, **rest):
    here("keyword only")
    return a


def annotations():
    def f(x: here("annotation", int) = here("annotated default", 3)) -> here("returns", int):
        return here(f"f-string {here('in f-string', 1)} {f'{here(chr(110), 2)}'}")
    f()
    keywords(
        a=here("keyword", 1),
        **{"c": here("kwargs", 3)}
    )
    keywords(a=1,
             b=here("b"))


def names():
    space = {"here": here}
    exec("def функция_\U00010348():\n    class Klasse\u00e4:\n        def methode_\u4e2d(self):\n"
         "            here('names')\n    Klasse\u00e4().methode_\u4e2d()\nфункция_\U00010348()", space)
    code = compile("\nhere('surrogates')", "dir\udc80\udcff/\ud83d.py", "exec")
    exec(code, space)
    if hasattr(code, "replace"):
        odd = {"co_name": "na\ud800me;x\ny\x00z"}
        if hasattr(code, "co_qualname"):
            odd["co_qualname"] = "Q.na\ud800me;x\ny\x00z"
        exec(code.replace(**odd), space)
        exec(code.replace(co_name="x" * 300, **({"co_qualname": "C." + "x" * 300} if len(odd) > 1 else {})), space)


WALRUS = """
def f():
    if (n := here('walrus', 3)) and \\
       (m := here('walrus 2', 4)):
        return [k := here('walrus in comprehension', x) for x in range(1)]
f()
"""

MATCH = """
class P:
    __match_args__ = ('x',)
    @property
    def x(self): return here('match attribute', 1)
def f(v):
    match v:
        case P(x=2):
            here('never')
        case (
            P(x=1)
        ) if here('guard', True):
            here('matched')
f(P())
"""

GROUPS = """
def f():
    try:
        raise ExceptionGroup('g', [ValueError(1), TypeError(2)])
    except* ValueError:
        here('except*')
    except* TypeError:
        here('except* 2')
f()
"""

GENERIC = """
class C[T: (here('bound', int))]:
    type A = list[T]
    def m[U](self, x: U) -> T:
        return here('generic')
C().m(1)
type B = here('type alias', int)
B.__value__
"""

MONITOR = """
import sys
mon = sys.monitoring
def traced(x):
    y = [
        here('monitored'),
        len([x])
    ]
    return y
seen = set()
def line(code, number):
    if code.co_name == 'traced' and number not in seen:
        seen.add(number)
        here('monitoring: line')
def call(code, offset, *args):
    if code.co_name == 'traced' and offset not in seen:
        seen.add(offset)
        here('monitoring: call')
mon.use_tool_id(3, 'test')
mon.register_callback(3, mon.events.LINE, line)
mon.register_callback(3, mon.events.CALL, call)
mon.register_callback(3, mon.events.PY_START, call)
mon.register_callback(3, mon.events.PY_RETURN, call)
mon.set_events(3, mon.events.LINE | mon.events.CALL | mon.events.PY_START | mon.events.PY_RETURN)
traced(1)
mon.set_events(3, 0)
mon.set_events(3, mon.events.INSTRUCTION | mon.events.LINE)
traced(2)
mon.set_events(3, 0)
mon.free_tool_id(3)
traced(3)
"""

TEMPLATES = "def f(x):\n    return t'{here('template', x)} {\nhere('template over lines')\n}'\nf(1)\n"


def newer_syntax():
    for since, source in (((3, 8), WALRUS), ((3, 10), MATCH), ((3, 11), GROUPS), ((3, 12), GENERIC),
                          ((3, 12), MONITOR), ((3, 14), TEMPLATES)):
        if sys.version_info >= since:
            freeze.case = NEWER[source]
            exec(compile(source, "since%d%d.py" % since, "exec"), {"here": here})


NEWER = {WALRUS: "walrus", MATCH: "match", GROUPS: "groups", GENERIC: "generic", MONITOR: "monitoring",
         TEMPLATES: "templates"}


def main():
    freeze.case = "yield_from"
    list(yield_from())
    freeze.case = "coroutines"
    drive(coroutine(0))
    drive(coroutine(20))
    drive(uses_old())
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    loop.run_until_complete(everything())
    loop.close()
    freeze.case = "annotations"
    annotations()
    freeze.case = "names"
    names()
    newer_syntax()
