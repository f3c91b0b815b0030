"""tasks - asyncio in every shape; the label says of each task what the target knows. 3.6 on.

{name: {"frames": [[function, file, line]...], "by": [names] or null}}; `by` is what the target says itself (3.14+),
or what the program was written to be.
"""
import asyncio
import json
import sys

from freeze import done, here

NEW = sys.version_info >= (3, 14)
tasks = {}
BY = {}


def create(coro, name, by=()):
    loop = asyncio.get_event_loop()
    if sys.version_info >= (3, 8):
        t = loop.create_task(coro, name=name) if name else loop.create_task(coro)
        name = t.get_name()
    else:
        t = loop.create_task(coro)
    tasks[name] = t
    BY[name] = sorted(by)
    return t


def name_of(t):
    return next(n for n, other in tasks.items() if other is t)


def chain(coro):
    """The frames of the coroutine and of what it awaits, outermost first."""
    out = []
    while coro is not None:
        for prefix in ("cr", "gi", "ag"):
            frame = getattr(coro, prefix + "_frame", None)
            if frame is not None:
                code = frame.f_code
                out.append([getattr(code, "co_qualname", code.co_name), code.co_filename, frame.f_lineno])
                coro = getattr(coro, prefix + "_await", None) if prefix != "gi" else coro.gi_yieldfrom
                break
        else:
            if type(coro).__name__ in ("coroutine_wrapper", "async_generator_asend", "async_generator_athrow"):
                out.append(None)  # Python has no way to look inside of it
            coro = None
    return out


def awaiters(t):
    """Tasks, through futures that stand in between."""
    out = set()
    for other in t._asyncio_awaited_by or ():
        out |= {name_of(other)} if isinstance(other, asyncio.Task) else awaiters(other)
    return out


def report(what, settled=True):
    """settled: everything has begun to wait for what it was written to wait for."""
    loop = asyncio.get_event_loop()
    now = getattr(asyncio, "current_task", getattr(asyncio.Task, "current_task", None))(loop)
    all_tasks = {}
    for name, t in tasks.items():
        if t.done():
            continue
        coro = t._coro if hasattr(t, "_coro") else t.get_coro()
        all_tasks[name] = {"id": id(t), "frames": chain(coro), "by": sorted(awaiters(t)) if NEW else BY[name] if settled else None, "current": t is now}
    here(json.dumps([what, all_tasks]))


async def forever():
    await asyncio.get_event_loop().create_future()


async def deep(n):
    if n:
        await deep(n - 1)
    else:
        await forever()


async def sleeper():
    await asyncio.sleep(
        100000
    )


async def in_generator():
    async for _ in agen():
        pass


async def agen():
    yield 1
    await forever()
    yield 2


class Custom:
    def __await__(self):
        yield from asyncio.sleep(100000).__await__()


async def custom():
    await Custom()


async def waits_task(t):
    await t


async def gathers(*ts):
    await asyncio.gather(
        *ts)


async def waits(*ts):
    await asyncio.wait(ts)


async def locked(lock):
    async with lock:
        await forever()


async def queued():
    await asyncio.Queue().get()


async def with_timeout():
    t = create(forever(), "inner of wait_for", ["wait_for"])
    await asyncio.wait_for(t, 100000)


async def grouped():
    async with asyncio.TaskGroup() as g:
        for i in range(2):
            t = g.create_task(forever(), name="member %d" % i)
            tasks[t.get_name()] = t
            BY[t.get_name()] = ["group"]


class MyTask(asyncio.Task):
    pass


async def main():
    report("only main")
    leaf = create(forever(), "leaf", ["waiter", "second waiter"])
    create(waits_task(leaf), "waiter", [])
    create(waits_task(leaf), "second waiter", [])
    a, b = create(forever(), "a", ["gatherer"]), create(sleeper(), "b", ["gatherer"])
    create(gathers(a, b), "gatherer", ["top"])
    create(waits_task(tasks["gatherer"]), "top", [])
    c, d = create(deep(20), "c", ["waits"]), create(in_generator(), "d", ["waits"])
    create(waits(c, d), "waits", [])
    create(custom(), "custom", [])
    create(queued(), "queued", [])
    lock = asyncio.Lock()
    create(locked(lock), "locks", [])
    create(locked(lock), "waits for lock", [])
    create(with_timeout(), "wait_for", [])
    create(forever(), u"n\xe4me \u4e2d\U0001f40d", [])
    if sys.version_info >= (3, 8):
        create(forever(), None, [])
    if sys.version_info >= (3, 11):
        create(grouped(), "group", [])
    report("created", False)
    await asyncio.sleep(0)
    report("begun", False)
    for _ in range(5):
        await asyncio.sleep(0)
    report("all wait")
    for i in range(200):
        create(forever(), "many %d" % i, [])
    await asyncio.sleep(0)
    report("many")
    tasks["a"].cancel()
    await asyncio.sleep(0)
    report("a cancelled", False)
    for name, t in list(tasks.items()):
        if t is not main_task:
            t.cancel()
    await asyncio.wait([t for t in tasks.values() if t is not main_task])
    report("ended")


loop = asyncio.new_event_loop()
asyncio.set_event_loop(loop)
main_task = create(main(), "main")
loop.run_until_complete(main_task)
loop.close()


# the same with the task that is written in Python
if sys.version_info >= (3, 7):
    import asyncio.tasks
    tasks.clear()
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    loop.set_task_factory(lambda loop, coro, **kw: asyncio.tasks._PyTask(
        coro, loop=loop, **({"name": kw["name"]} if kw.get("name") else {})))
    NEW = False

    async def small():
        create(deep(2), "python leaf", [])
        report("python task")
        await asyncio.sleep(0)
        report("python tasks")
    create(small(), "python main")
    loop.run_until_complete(tasks["python main"])
done()
