# interpreters.py COUNT SECONDS - interpreters one after the other, each with a function of its own name that runs for so
# long, mostly all at the addresses of the last; 3.8 to the newest. Says "ready", waits for a line, and then says of each
# a 0, when it was called and when it returned, on one line.
import sys
import time

try:
    import _interpreters
except ImportError:
    import _xxsubinterpreters as _interpreters

COUNT, LONG = int(sys.argv[1]), float(sys.argv[2])
SOURCE = """
import time

def made_%03d(end):
    while time.time() < end:
        pass

made_%03d(%r)
"""
run = getattr(_interpreters, "exec", None) or _interpreters.run_string


def generation(n):
    interpreter = _interpreters.create()
    began = time.time()
    run(interpreter, SOURCE % (n, n, began + LONG))
    ended = time.time()
    _interpreters.destroy(interpreter)
    return 0, began, ended


sys.stdout.write("ready\n")
sys.stdout.flush()
sys.stdin.readline()
calls = [generation(n) for n in range(COUNT)]
sys.stdout.write(" ".join("%d %.6f %.6f" % call for call in calls) + "\n")
sys.stdout.flush()
sys.stdin.readline()
