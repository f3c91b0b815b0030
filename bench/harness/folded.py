"""Stacks as the profilers write them, made alike.

A stack is a tuple of (function, file, line), root first; the function without its class, the
file without its folders; line 0 where there is none. Weights are as the tool says: samples, or
microseconds.

    py-spy    <module> (app.py:10);rec (app.py:9);leaf (app.py:4) 999
    tachyon   tid:41;app.py:<module>:10;app.py:rec:9 12
    austin    P41;T0:41;/x/app.py:<module>:10;/x/app.py:rec:9 174
    pystrobe  <module> (app.py:10);rec (app.py:9) 12
"""
import re

PARENTHESES = re.compile(r"(.*) \((.*?)(?::(\d+))?\)$")
COLONS = re.compile(r"(.*?):([^:]*)(?::(-?\d+))?$")


def frame(text):
    if text[:1] in (":", "<", "[") and text[-1:] in (":", ">", "]"):
        return text, "", 0                  # no frame but a mark, as :INVALID: or <GC>
    match = PARENTHESES.match(text)
    if match:
        function, file, line = match.groups()
    else:
        match = COLONS.match(text)
        file, function, line = match.groups() if match else ("", text, 0)
    return function.rsplit(".", 1)[-1], file.rsplit("/", 1)[-1], int(line or 0)


def read_folded(path, drop=None):
    """{stack: weight}; leading frames that start with `drop` name a thread and go."""
    stacks, known = {}, {}
    with open(path, errors="replace") as file:
        for row in file:
            text, _, weight = row.rstrip("\n").rpartition(" ")
            if not text or not weight.isdigit():
                continue
            parts = text.split(";")
            while drop and parts and parts[0].startswith(drop):
                parts.pop(0)
            stack = tuple(known.get(p) or known.setdefault(p, frame(p)) for p in parts)
            stacks[stack] = stacks.get(stack, 0) + int(weight)
    return stacks


def read_austin(path):
    stacks, known = {}, {}
    with open(path, errors="replace") as file:
        for row in file:
            text, _, weight = row.rstrip("\n").rpartition(" ")
            if not text.startswith("P") or not weight.isdigit():
                continue
            parts = text.split(";")[2:]
            stack = tuple(known.get(p) or known.setdefault(p, frame(p)) for p in parts)
            stacks[stack] = stacks.get(stack, 0) + int(weight)
    return stacks
