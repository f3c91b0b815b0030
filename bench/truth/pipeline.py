"""Values through three generators joined by `yield from` (a loop on Python 2)."""
import sys

from truth import start

if sys.version_info[0] >= 3:
    exec('''
def inner():
    for i in range(1000):
        yield i + 1

def middle():
    yield from inner()

def outer():
    yield from middle()
''')
else:
    def inner():
        for i in range(1000):
            yield i + 1

    def middle():
        for v in inner():
            yield v

    def outer():
        for v in middle():
            yield v


def consume():
    total = 0
    for v in outer():          # noqa: F821
        total += v * v
    return total


def main():
    while True:
        consume()


start(main, root="main", possible="main(;consume(;outer(;middle(;inner)?)?)?)?")
