"""churn.py [THREADS]: calls and returns and little else, some 10 million a second: the
hardest stack to read, and the program that a reader disturbs most (its hottest cache lines
are the ones that are read)."""
import sys
import threading

from progress import Progress, ready

progress = Progress()


def f3(x):
    return x + 1


def f2(x):
    return f3(x) + f3(x)


def f1(x):
    return f2(x) + f2(x)


def f0(x):
    return f1(x) + f1(x)


def unit():
    for i in range(300):
        f0(i)


def for_ever():
    while True:
        unit()


for _ in range(int(sys.argv[1]) - 1 if len(sys.argv) > 1 else 0):
    thread = threading.Thread(target=for_ever)
    thread.daemon = True
    thread.start()
ready()
progress.run(unit)
