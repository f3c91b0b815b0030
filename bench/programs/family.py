"""family.py CHILDREN: a parent that waits and CHILDREN processes that compute for a
millisecond and sleep for two hundred: a host's worth of workers. Their pids follow READY."""
import os
import sys
import time

from progress import Progress, ready

children = []


def leaf():
    until = time.time() + 0.001
    while time.time() < until:
        pass


def child():
    parent = os.getppid()
    while os.getppid() == parent:
        leaf()
        time.sleep(0.2)


for _ in range(int(sys.argv[1])):
    pid = os.fork()
    if not pid:
        child()
        os._exit(0)
    children.append(pid)
ready(" ".join(map(str, children)))
Progress().run(lambda: time.sleep(1))
