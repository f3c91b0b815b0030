# family.py KIND COUNT - starts children in one way; 3.6 to the newest (fork, exec also 2.7).
# Says "ready", waits for a line, starts them, says their pids, waits for a line, ends them.
import os
import signal
import sys
import time

# Ends with its parent: nobody here knows the pid of what a shell has started.
WORK = "import os, time\n" \
       "def child_of_%s():\n    parent, end = os.getppid(), time.time() + 600\n" \
       "    while os.getppid() == parent and time.time() < end: time.sleep(0.001)\n" \
       "child_of_%s()\n"


def child_of_multiprocessing(kind):
    def work():
        while True:
            time.sleep(0.001)
    work()


def forked(kind):
    pid = os.fork()
    if not pid:
        exec(WORK % (kind, kind), {})
        os._exit(0)
    return pid


def execed(kind):
    pid = os.fork()
    if not pid:
        os.execv(sys.executable, [sys.executable, "-c", WORK % (kind, kind)])
    return pid


def spawned(kind):
    return os.posix_spawn(sys.executable, [sys.executable, "-c", WORK % (kind, kind)], os.environ)


def shelled(kind):
    """Below a program that is no Python."""
    import subprocess
    return subprocess.Popen(["sh", "-c", "%s -c \"$0\"; :" % sys.executable, WORK % (kind, kind)]).pid


def prefork(kind):
    """A server: a listening socket, workers that accept."""
    import socket
    global server
    if "server" not in globals():
        server = socket.socket()
        server.bind(("127.0.0.1", 0))
        server.listen(5)
    pid = os.fork()
    if not pid:
        def child_of_prefork():
            server.accept()
        child_of_prefork()
        os._exit(0)
    return pid


def by_multiprocessing(kind):
    import multiprocessing
    process = multiprocessing.get_context(kind).Process(target=child_of_multiprocessing, args=(kind,))
    process.daemon = True
    process.start()
    return process.pid


def gone(kind):
    pid = os.fork()
    if not pid:
        os._exit(0)
    return pid


KINDS = {"fork": forked, "exec": execed, "posix_spawn": spawned, "shell": shelled, "prefork": prefork,
         "mp-fork": by_multiprocessing, "mp-spawn": by_multiprocessing, "mp-forkserver": by_multiprocessing,
         "gone": gone}

if __name__ == "__main__":
    kind = sys.argv[1]
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    pids = []
    for _ in range(int(sys.argv[2])):
        name = kind.split("-")[-1]
        pids.append(KINDS[kind](name))
    sys.stdout.write(" ".join(map(str, pids)) + "\n")
    sys.stdout.flush()
    sys.stdin.readline()
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except OSError:
            pass
    os._exit(0)
