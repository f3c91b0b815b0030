"""snapshot - one stop with a bit of everything, small enough to be kept: see tests/snap/record.

The label is {"names": {ident: name}, "tasks": {name: {"frames", "by"}}}.
"""
import json
import sys
import threading

from freeze import get_ident, here, settle

go = threading.Lock()
go.acquire()


class Worker(object):
    def __init__(self):
        self.number, self.text = 3, u"n\xe4me"

    def waits(self, depth, *args, **kwargs):
        if depth:
            return self.waits(
                depth - 1, *args, **kwargs
            )
        values = [1, 2.5, None, True, int(1e30), {"key": (1, 2)}, set([3])]
        free = lambda: (go.acquire(), values)
        free()


def generator(n):
    for i in range(n):
        yield i


def label():
    return json.dumps({"names": {str(ident): t.name for ident, t in threading._active.items()}, "tasks": found})


found = {}
thread = threading.Thread(target=Worker().waits, args=(20, "a"), kwargs={"k": 1}, name="worker one")
thread.daemon = True
thread.start()

settle(get_ident())

ASYNC = """
import asyncio

async def forever(n):
    if n:
        await forever(n - 1)
    await asyncio.get_event_loop().create_future()

async def agen():
    yield 1
    await forever(0)

async def iterates():
    async for _ in the_agen:
        pass

async def waits(t):
    await t

async def gathers(*ts):
    await asyncio.gather(*ts)

the_agen = agen()

def chain(coro):
    out = []
    while coro is not None:
        if type(coro).__name__ == "async_generator_asend":
            coro = the_agen
        prefix = "ag" if coro is the_agen else "cr"
        frame = getattr(coro, prefix + "_frame", None)
        if frame is None:
            break
        code = frame.f_code
        out.append([getattr(code, "co_qualname", code.co_name), code.co_filename, frame.f_lineno])
        coro = getattr(coro, prefix + "_await")
    return out

async def main():
    loop = asyncio.get_event_loop()
    tasks = {"main": main_task}
    def create(name, coro):
        tasks[name] = loop.create_task(coro, name=name) if sys.version_info >= (3, 8) else loop.create_task(coro)
        return tasks[name]
    a, b = create("a", forever(5)), create("b", iterates())
    create("c", gathers(a, b))
    create("d", waits(tasks["c"]))
    for _ in range(3):
        await asyncio.sleep(0)
    by = {"a": ["c"], "b": ["c"], "c": ["d"], "d": [], "main": []}
    def look():
      for name, t in tasks.items():
        found[name] = {"frames": chain(t._coro if hasattr(t, "_coro") else t.get_coro()), "by": by[name]}
    for x in generator(1):
        sorted([1], key=lambda v: [
            look(), here(label(), v, others=True)])

loop = asyncio.new_event_loop()
main_task = loop.create_task(main(), name="main") if sys.version_info >= (3, 8) else loop.create_task(main())
loop.run_until_complete(main_task)
"""

if sys.version_info >= (3, 7):
    exec(compile(ASYNC, "async part.py", "exec"))
else:
    sorted([1], key=lambda v: here(label(), v, others=True))
