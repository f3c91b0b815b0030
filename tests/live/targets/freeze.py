"""freeze - a target stops itself and says what its own stack is. For 2.7 and 3.6 on.

freeze.here("label") writes one line of JSON to the descriptor PEEK_OUT - every thread's frames, leaf first, as
f_code and f_lineno have them, which is what traceback prints - and then waits in os.read(PEEK_IN) until the test has
looked and sends a byte. The frame of here() itself is not in the answer: it is on the line marked FREEZE.
"""
import itertools
import json
import os
import sys
import time

try:
    from thread import get_ident
except ImportError:
    from _thread import get_ident

OUT = int(os.environ["PEEK_OUT"])
IN = int(os.environ["PEEK_IN"])
count = 0
case = ""  # what is being tried, for the table of README.md
try:
    from sysconfig import get_config_var
    FREE = bool(get_config_var("Py_GIL_DISABLED"))
except ImportError:
    FREE = False
VERSION = "%d.%d%s" % (sys.version_info[0], sys.version_info[1], "t" if FREE else "")


def text(s):
    """Names of 2.7 are bytes: sent as the characters of the same numbers."""
    return s.decode("latin-1") if isinstance(s, bytes) else s


def frames(f):
    out = []
    while f is not None:
        code = f.f_code
        out.append([text(getattr(code, "co_qualname", code.co_name)), text(code.co_filename), f.f_lineno])
        f = f.f_back
    return out


def columns(f):
    """Per frame the end line, column and end column of what is executed; None where the version or the code has none."""
    out, known = [], {}
    while f is not None:
        key = id(f.f_code), f.f_lasti
        if key not in known:
            known[key] = None
            if hasattr(f.f_code, "co_positions"):
                for _, end_line, column, end_column in itertools.islice(f.f_code.co_positions(), f.f_lasti // 2, f.f_lasti // 2 + 1):
                    known[key] = None if None in (end_line, column, end_column) else [end_line, column, end_column]
        out.append(known[key])
        f = f.f_back
    return out


def send(message):
    data = (json.dumps(message) + "\n").encode("ascii")
    while data:
        data = data[os.write(OUT, data):]


def settle(me):
    """Until every other thread has stayed where it is while this one let go of the GIL thirty times."""
    same, before = 0, None
    while same < 30:
        now = [(ident, frames(f)) for ident, f in sys._current_frames().items() if ident != me]
        same = same + 1 if now == before else 0
        before = now
        time.sleep(0.0005)


def here(label="", value=None, others=False):
    """Freezes; returns value. others: the other threads block for good, and are compared too."""
    global count
    count += 1
    me = get_ident()
    threads, places = {}, {}
    if others:
        settle(me)
        for ident, f in sys._current_frames().items():
            threads[ident], places[ident] = frames(f), columns(f)
    threads[me], places[me] = frames(sys._getframe(1)), columns(sys._getframe(1))
    send({"label": text(label), "n": count, "v": sys.version_info[0], "version": VERSION, "case": case, "me": me, "pid": os.getpid(),
          "threads": [[ident, stack, places[ident]] for ident, stack in threads.items()]})
    os.read(IN, 1)  # FREEZE
    return value


def done():
    send({"done": count})


class Fail(Exception):
    pass
