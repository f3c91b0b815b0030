"""target.py - what the browser tests record: two busy functions, a waiter, hostile names."""
import sys
import threading
import time


def leaf_hot():
    end = time.perf_counter() + 0.006
    while time.perf_counter() < end:
        pass


def leaf_warm():
    end = time.perf_counter() + 0.002
    while time.perf_counter() < end:
        pass


def busy_parent():
    while True:
        "größe" and leaf_hot() or leaf_warm()  # parts of one line
        time.sleep(0.002)


def waiter():
    threading.Event().wait()


MARKUP = '<img src=x onerror="window.hacked=1">'
TURNED = "\u202eturned\n</script><script>window.hacked=1</script>"
LONG = "<b>long</b>" + "x" * 10000


def named(name):
    """A function that sleeps, with that name, in a file of that name."""
    scope = {"time": time}
    exec(compile("def leaf():\n    while True: time.sleep(0.001)\n", name + ".py", "exec"), scope)
    code = scope["leaf"].__code__
    if sys.version_info >= (3, 11):
        code = code.replace(co_name=name, co_qualname=name)
    elif sys.version_info >= (3, 8):
        code = code.replace(co_name=name)
    scope["leaf"].__code__ = code
    return scope["leaf"]


threading.Thread(target=waiter, name="waiter", daemon=True).start()
for hostile in (MARKUP, TURNED, LONG):
    threading.Thread(target=named(hostile), name=hostile, daemon=True).start()
print("ready", flush=True)
busy_parent()
