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
        leaf_hot()
        leaf_warm()
        time.sleep(0.002)


def waiter():
    threading.Event().wait()


HOSTILE = '<img src=x onerror="window.hacked=1">'
scope = {"time": time}
exec(compile("def hostile_leaf():\n    while True: time.sleep(0.001)\n", HOSTILE + ".py", "exec"), scope)
code = scope["hostile_leaf"].__code__
if sys.version_info >= (3, 11):
    code = code.replace(co_name=HOSTILE, co_qualname=HOSTILE)
elif sys.version_info >= (3, 8):
    code = code.replace(co_name=HOSTILE)
scope["hostile_leaf"].__code__ = code

for name, function in (("waiter", waiter), (HOSTILE, scope["hostile_leaf"])):
    threading.Thread(target=function, name=name, daemon=True).start()
print("ready", flush=True)
busy_parent()
