"""fib(22): calls itself twice, a call every 50 nanoseconds, 22 deep at most."""
from truth import start


def fib(n):
    if n < 2:
        return n
    return fib(n - 1) + fib(n - 2)


def main():
    while True:
        fib(22)


start(main, root="main", possible="main(;fib){0,22}")
