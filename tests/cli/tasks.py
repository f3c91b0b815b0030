# tasks.py - a task that waits for two others, each at a line of its own; 3.7 and newer.
import asyncio
import sys


async def fetch(n, ready):
    ready.append(n)
    await asyncio.sleep(100000)


async def main():
    ready = []
    both = asyncio.gather(fetch(1, ready), fetch(2, ready))
    while len(ready) < 2:
        await asyncio.sleep(0)
    loop = asyncio.get_event_loop()
    loop.call_later(0.01, lambda: (sys.stdout.write("ready\n"), sys.stdout.flush()))
    await both


asyncio.get_event_loop_policy().new_event_loop().run_until_complete(main())
