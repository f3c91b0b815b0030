# native.py LIBRARY FOLDER [FUNCTION] - one thread that goes round through every way into C and back, some ms each, or
# stays with one; 2.7 to the newest. LIBRARY is native.cc's; FOLDER may hold native_ext. Says "ready" and the
# ways there are; answers every line with how often it went round.
import ctypes
import hashlib
import json
import re
import sys
import threading
import time
import zlib

sys.path.insert(0, sys.argv[2])
try:
    import native_ext
except ImportError:
    native_ext = None

library = ctypes.CDLL(sys.argv[1])
library.native_wheel.argtypes = [ctypes.c_double]
CALLBACK = ctypes.CFUNCTYPE(None)
blob = b"abcdefgh" * 30000
tree = [{"key%d" % i: [i, str(i), None]} for i in range(300)]
numbers = [i * 7919 % 1000 for i in range(300)]
text = "a" * 17
laps = [0]
begun = threading.Event()


def compress():
    zlib.compress(blob, 6)


def digest():
    hashlib.sha256(blob).hexdigest()


def dump():
    json.dumps(tree)


def match():
    re.match("(a|aa)+b", text)


def key_of(n):
    for _ in range(20):
        n += 1
    return n


def sort():
    sorted(numbers, key=key_of)


def called():
    spin_a()


def spin_a():
    spin_b()


def spin_b():
    end = time.time() + 0.01
    while time.time() < end:
        pass


called_back = CALLBACK(called)
visited_back = CALLBACK(lambda: visited())


def visited():
    spin_a()


def ctypes_calls():
    library.native_calls(called_back)


def elsewhere():
    library.native_elsewhere(visited_back)


def wheel():
    library.native_wheel(0.01)


def extension():
    native_ext.call(called)


def work():
    begun.set()
    while True:
        for function in ways:
            end = time.time() + 0.01
            while time.time() < end:
                function()
        laps[0] += 1


ways = [compress, digest, dump, match, sort, ctypes_calls, elsewhere, wheel]
if native_ext:
    ways.append(extension)
ready = "ready " + " ".join(f.__name__ for f in ways) + "\n"
if len(sys.argv) > 3:
    ways = [f for f in ways if f.__name__ == sys.argv[3]]
thread = threading.Thread(target=work, name="worker")
thread.daemon = True
thread.start()
assert library.native_thread() == 0
begun.wait()     # only then threading knows its name
sys.stdout.write(ready)
sys.stdout.flush()
while sys.stdin.readline():
    sys.stdout.write("%d\n" % laps[0])
    sys.stdout.flush()
