# neighbours.py - functions whose names lie in memory before objects that are referred to more and more, and less again;
# 2.7 to the newest. Says "ready".
import sys
import threading
import types

names = ["n%03d" % i for i in range(400)]       # one after the other in memory
held = []


def template():
    for name in names[1::2]:
        held.append(name)
    if len(held) > 100000:
        del held[:]


def renamed(code, name):
    if hasattr(code, "co_qualname"):
        return code.replace(co_name=name, co_qualname=name)
    if hasattr(code, "replace"):
        return code.replace(co_name=name)
    return types.CodeType(*([code.co_argcount] + [0] * (sys.version_info[0] > 2) + [
        code.co_nlocals, code.co_stacksize, code.co_flags, code.co_code, code.co_consts, code.co_names,
        code.co_varnames, code.co_filename, name, code.co_firstlineno, code.co_lnotab, (), ()]))


functions = [types.FunctionType(renamed(template.__code__, name), globals()) for name in names[::2]]
{name: 0 for name in names}     # their hashes are known


def run():
    while True:
        for function in functions:
            function()


thread = threading.Thread(target=run, name="run")
thread.daemon = True
thread.start()
sys.stdout.write("ready\n")
sys.stdout.flush()
sys.stdin.readline()
