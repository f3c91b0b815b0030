"""steps - stops inside of steps of asyncio tasks; the label is the tasks that await it, the outermost first. 3.7 on.

A task with a name of its own is called by it, one without by its coroutine's function.
"""
import asyncio
import json
import sys

from freeze import done, here

NAMES = sys.version_info >= (3, 8)


def create(coro, name):
    loop = asyncio.get_event_loop()
    return loop.create_task(coro, name=name) if NAMES else loop.create_task(coro)


def stop(*chain):
    here(json.dumps([name if NAMES else function for name, function in chain]))


MAIN, TOP, GATHERS, LEAF, PLAIN = ("main", "main"), ("the top", "top"), ("g\xe4ther", "gathers"), (
    "leaf", "leaf"), ("plain", "plain")


async def plain():
    stop(PLAIN)


async def deeper(*chain):
    stop(*chain)
    await asyncio.sleep(0)
    stop(*chain)


async def leaf():
    await asyncio.sleep(0)
    await deeper(MAIN, TOP, GATHERS, LEAF)


async def gathers():
    await asyncio.gather(create(leaf(), "leaf"), asyncio.sleep(0))


async def top():
    await create(gathers(), "g\xe4ther")


async def generated():
    await asyncio.sleep(0)
    stop(MAIN)
    yield 1


async def main():
    stop(MAIN)
    asyncio.get_event_loop().create_task(plain())
    await create(top(), "the top")
    async for _ in generated():
        stop(MAIN)


loop = asyncio.new_event_loop()
asyncio.set_event_loop(loop)
here("[]")
loop.run_until_complete(create(main(), "main"))
here("[]")
loop.call_soon(lambda: (here("[]"), loop.stop()))
loop.run_forever()
done()
