"""Coroutines three deep, awaited in turn, with nothing that blocks (Python 3.5 on)."""
from truth import start


async def leaf(n):
    total = 0
    for i in range(n):
        total += i
    return total


async def middle(n):
    return await leaf(n) + await leaf(n)


async def top():
    while True:
        await middle(100)


def main():
    try:
        top().send(None)
    except StopIteration:
        pass


start(main, root="main", possible="main(;top(;middle(;leaf)?)?)?")
