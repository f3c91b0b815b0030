"""dies - stops once, to be killed there."""
import threading

from freeze import here

go = threading.Lock()
go.acquire()


def waits():
    go.acquire()


def gen(n):
    yield [here("in generator", x, others=True) for x in range(
        n)]


t = threading.Thread(target=waits, name="second")
t.daemon = True
t.start()
sorted([1], key=lambda x: list(gen(1)))
